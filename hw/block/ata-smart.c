/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMART (ATA/ATAPI-6, 8.55): a disk that is well. Enough for firmware and tools that ask whether
 * it is about to fail.
 */
#include <string.h>

#include "hw/block/ata-priv.h"

/* Subcommands, in Features. */
enum {
    SMART_READ_DATA = 0xd0,
    SMART_READ_THRESHOLDS = 0xd1, /* ATA-3 */
    SMART_AUTOSAVE = 0xd2,
    SMART_SAVE = 0xd3, /* ATA-3 */
    SMART_OFFLINE = 0xd4,
    SMART_READ_LOG = 0xd5,
    SMART_ENABLE = 0xd8,
    SMART_DISABLE = 0xd9,
    SMART_STATUS = 0xda,
};

/* Attributes by the ids that vendors share: id, flags, value, threshold. */
static const guint8 attributes[][4] = {
    {1, 0x03, 100, 6},  /* read error rate */
    {9, 0x32, 100, 0},  /* power-on hours */
    {12, 0x32, 100, 0}, /* power cycles */
    {194, 0x02, 100, 0} /* temperature */,
};

/* The last byte makes the sum of all 512 zero. */
static void put_checksum(guint8 *data)
{
    guint8 sum = 0;

    for (guint i = 0; i < 511; i++) {
        sum = (guint8)(sum + data[i]);
    }
    data[511] = (guint8)-sum;
}

static void put_data(guint8 *data)
{
    data[0] = 1; /* structure revision */
    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
        guint8 *entry = data + 2 + 12 * i;

        entry[0] = attributes[i][0];
        entry[1] = attributes[i][1];
        entry[3] = attributes[i][2];
        entry[4] = attributes[i][2]; /* worst so far */
    }
    data[362] = 0x82; /* off-line collection has ended well */
    data[367] = 0x01; /* EXECUTE OFF-LINE IMMEDIATE is there */
    data[368] = 0x03; /* saves attributes */
    data[372] = 1;    /* minutes of a short self-test */
}

static void put_thresholds(guint8 *data)
{
    data[0] = 1;
    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
        data[2 + 12 * i] = attributes[i][0];
        data[3 + 12 * i] = attributes[i][3];
    }
}

/* The log directory and an error log without errors (8.55.6.8). */
static gboolean put_log(guint8 *data, guint8 address)
{
    if (address > 1 && address != 6) {
        return FALSE;
    }
    data[0] = 1;
    return TRUE;
}

static gboolean give(IdeDevice *ide)
{
    guint8 *data = ide->buffer;

    memset(data, 0, IDE_SECTOR);
    switch (ide->feature) {
    case SMART_READ_DATA: put_data(data); break;
    case SMART_READ_THRESHOLDS: put_thresholds(data); break;
    case SMART_READ_LOG:
        if (ide->registers[IDE_COUNT] != 1 || !put_log(data, ide->registers[IDE_LBA_LOW])) {
            return FALSE;
        }
        break;
    default: return FALSE;
    }
    put_checksum(data);
    ata_give_sector(ide);
    return TRUE;
}

void ata_smart(IdeDevice *ide)
{
    guint8 feature = ide->feature;

    if (ide->registers[IDE_LBA_MID] != 0x4f || ide->registers[IDE_LBA_HIGH] != 0xc2 ||
        (!ide->smart_enabled && feature != SMART_ENABLE)) {
        ide_abort(ide);
        return;
    }
    switch (feature) {
    case SMART_ENABLE: ide->smart_enabled = TRUE; break;
    case SMART_DISABLE: ide->smart_enabled = FALSE; break;
    case SMART_STATUS: /* 4Fh and C2h staying as they are means: no threshold exceeded */
    case SMART_AUTOSAVE:
    case SMART_SAVE:
    case SMART_OFFLINE: break;
    default:
        if (!give(ide)) {
            ide_abort(ide);
        }
        return;
    }
    ide_end(ide);
}
