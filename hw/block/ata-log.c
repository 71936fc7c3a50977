/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READ LOG EXT (ATA8-ACS, 7.24): the directory, and which queued command failed (A.14). */
#include <string.h>

#include "hw/block/ata-priv.h"

#define LOG_DIRECTORY   0x00
#define LOG_QUEUE_ERROR 0x10

static void put_queue_error(const IdeQueueError *error, guint8 *log)
{
    guint8 sum = 0;

    log[0] = error->tag;
    log[2] = error->status;
    log[3] = error->error;
    for (guint i = 0; i < 3; i++) {
        log[4 + i] = (guint8)(error->lba >> (8 * i));
        log[8 + i] = (guint8)(error->lba >> (24 + 8 * i));
    }
    log[7] = DEVICE_LBA;
    log[12] = (guint8)error->count;
    log[13] = (guint8)(error->count >> 8);
    for (guint i = 0; i < IDE_SECTOR - 1; i++) {
        sum = (guint8)(sum + log[i]);
    }
    log[IDE_SECTOR - 1] = (guint8)-sum;
}

void ata_read_log(IdeDevice *ide)
{
    guint count = ide->registers[IDE_COUNT] | (guint)ide->previous[IDE_COUNT] << 8;
    guint page = ide->registers[IDE_LBA_MID] | (guint)ide->previous[IDE_LBA_MID] << 8;
    guint8 log = ide->registers[IDE_LBA_LOW];

    if (!ide->channel->host || page != 0 || count != 1 ||
        (log != LOG_DIRECTORY && log != LOG_QUEUE_ERROR)) {
        ide_abort(ide);
        return;
    }
    memset(ide->buffer, 0, IDE_SECTOR);
    if (log == LOG_DIRECTORY) {
        ide->buffer[0] = 1; /* version */
        ide->buffer[2 * LOG_QUEUE_ERROR] = 1;
    } else {
        put_queue_error(&ide->queue_error, ide->buffer);
    }
    ata_give_sector(ide);
}
