/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data phase of PIO commands: the Data register and the buffer behind it. */
#include "hw/block/ide-priv.h"

void ide_pio_start(IdeDevice *ide, gboolean to_host, guint32 pos, guint32 length, IdePhase phase)
{
    g_assert(length > 0 && pos + length <= IDE_BUFFER_SIZE);
    ide->pio = (IdePio){.pos = pos, .end = pos + length, .to_host = to_host};
    ide->phase = (guint8)phase;
    ide->status = STATUS_DRDY | STATUS_DRQ | (ide->kind->is_cdrom ? 0 : STATUS_DSC);
    ide->error = 0;
}

/* The data phase is over if its last byte has passed. */
static void check_end(IdeDevice *ide)
{
    if (ide->pio.pos >= ide->pio.end) {
        ide->status &= (guint8)~STATUS_DRQ;
        ide_run_phase(ide);
    }
}

static gboolean in_phase(const IdeDevice *ide, gboolean to_host)
{
    return (ide->status & (STATUS_DRQ | STATUS_BSY)) == STATUS_DRQ && ide->pio.to_host == to_host &&
           ide->pio.pos < ide->pio.end;
}

guint32 ide_data_read(IdeDevice *ide, guint size)
{
    guint32 value = 0;

    if (!in_phase(ide, TRUE)) {
        return 0xffffffff;
    }
    for (guint i = 0; i < size && ide->pio.pos < ide->pio.end; i++) {
        value |= (guint32)ide->buffer[ide->pio.pos++] << (8 * i);
    }
    check_end(ide);
    return value;
}

void ide_data_write(IdeDevice *ide, guint32 value, guint size)
{
    if (!in_phase(ide, FALSE)) {
        return;
    }
    for (guint i = 0; i < size && ide->pio.pos < ide->pio.end; i++) {
        ide->buffer[ide->pio.pos++] = (guint8)(value >> (8 * i));
    }
    check_end(ide);
}
