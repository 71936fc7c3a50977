/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DATA SET MANAGEMENT with TRIM (ATA8-ACS, 7.10): the guest's file system tells what it does not
 * need any more, and with discard=unmap the host gets the space back. The ranges come by DMA.
 */
#include <string.h>

#include "core/block-iov.h"
#include "hw/block/ata-priv.h"

#define FEATURE_TRIM 0x01
#define RANGE_SIZE   8

static void next_range(IdeDevice *ide);

static void range_done(IdeDevice *ide, int result)
{
    if (result < 0) {
        ide_abort(ide);
    } else {
        next_range(ide);
    }
}

/* Entries are 48 bits of address and 16 of length; a length of 0 is no range. */
static void next_range(IdeDevice *ide)
{
    IdeRun *run = &ide->run;
    guint64 entry, lba, count;

    while (run->buffer_pos < run->left * IDE_SECTOR) {
        memcpy(&entry, ide->buffer + run->buffer_pos, RANGE_SIZE);
        entry = GUINT64_FROM_LE(entry);
        lba = entry & 0xffffffffffffULL;
        count = entry >> 48;
        run->buffer_pos += RANGE_SIZE;
        if (count == 0) {
            continue;
        }
        if (lba >= ata_sectors(ide) || count > ata_sectors(ide) - lba) {
            ide_fail(ide, ERROR_IDNF | ERROR_ABRT);
            return;
        }
        ide_submit(ide, BLOCK_OP_DISCARD, lba * IDE_SECTOR, NULL, 0, count * IDE_SECTOR,
                   range_done);
        return;
    }
    ide_end(ide);
}

void ata_trim_ready(IdeDevice *ide)
{
    const IdeDma *dma = ide->channel->dma;

    iov_to_buffer(dma->list.iov, dma->list.niov, 0, ide->buffer, ide->run.left * IDE_SECTOR);
    if (ide_dma_end(ide, dma->list.length)) {
        next_range(ide);
    }
}

void ata_trim(IdeDevice *ide)
{
    guint32 sectors = ide->registers[IDE_COUNT] | (guint32)ide->previous[IDE_COUNT] << 8;

    if (!ide->drive->discard || !ide->channel->dma || !(ide->feature & FEATURE_TRIM) ||
        sectors == 0 || sectors > ATA_TRIM_MAX || drive_is_readonly(ide->drive)) {
        ide_abort(ide);
        return;
    }
    ide->run = (IdeRun){.write = TRUE, .left = sectors};
    ide_dma_request(ide, (guint64)sectors * IDE_SECTOR, FALSE, IDE_PHASE_TRIM);
}
