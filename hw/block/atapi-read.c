/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * READ (10), READ (12) and READ CD (MMC-3, 6.15 and 6.18): sectors from the image to the host. In
 * PIO and for READ CD's raw sectors they go through the buffer, else straight into guest memory.
 */
#include <errno.h>
#include <string.h>

#include "core/block-iov.h"
#include "hw/block/atapi-priv.h"

/* Byte 9 of READ CD. */
#define PART_SYNC      0x80
#define PART_SUBHEADER 0x40
#define PART_HEADER    0x20
#define PART_DATA      0x10
#define PART_ECC       0x08
#define PART_ERRORS    0x06

#define SYNC_SIZE   12
#define HEADER_SIZE 4
#define ECC_SIZE    288

/* Making a raw sector takes some 20 us, with the lock held. */
#define RAW_AT_ONCE 16

/* The host could not read sector atapi->lba. */
static void failed(Atapi *atapi, int result)
{
    ide_dma_cancel(atapi->ide);
    if (result == -ENOMEDIUM) {
        atapi_check(atapi, SENSE_NOT_READY, ASC_NO_MEDIUM);
        return;
    }
    atapi->sense_lba = (guint32)atapi->lba;
    atapi_check(atapi, SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
}

/* TRUE if the request went well; else it is repeated by single sectors, or has failed. */
static gboolean request_fine(Atapi *atapi, int result)
{
    if (result == 0) {
        return TRUE;
    }
    if (atapi->requested > 1 && result != -ENOMEDIUM) {
        atapi->step = 1;
        atapi_read_next(atapi->ide);
    } else {
        failed(atapi, result);
    }
    return FALSE;
}

/* Turns `requested` sectors of data at the end of the buffer into what READ CD asked for, at its
 * beginning. A sector grows by at most 304 bytes and never overtakes the next one's data. */
static void make_parts(Atapi *atapi)
{
    guint8 *buffer = atapi->ide->buffer, *to = buffer;
    const guint8 *from = buffer + IDE_BUFFER_SIZE - atapi->requested * CD_SECTOR;
    guint8 raw[CD_RAW_SECTOR];

    for (guint32 i = 0; i < atapi->requested; i++) {
        const guint8 *part = raw;

        memcpy(raw + SYNC_SIZE + HEADER_SIZE, from + i * CD_SECTOR, CD_SECTOR);
        cd_make_sector(raw, (guint32)atapi->lba + i);
        if (atapi->parts & PART_SYNC) {
            memcpy(to, part, SYNC_SIZE);
            to += SYNC_SIZE;
        }
        part += SYNC_SIZE;
        if (atapi->parts & PART_HEADER) {
            memcpy(to, part, HEADER_SIZE);
            to += HEADER_SIZE;
        }
        part += HEADER_SIZE;
        if (atapi->parts & PART_DATA) {
            memcpy(to, part, CD_SECTOR);
            to += CD_SECTOR;
        }
        part += CD_SECTOR;
        if (atapi->parts & PART_ECC) {
            memcpy(to, part, ECC_SIZE);
            to += ECC_SIZE;
        }
    }
}

static void advance(Atapi *atapi)
{
    atapi->lba += atapi->requested;
    atapi->sectors -= atapi->requested;
}

/* Sectors have come into the buffer. */
static void buffered(IdeDevice *ide, int result)
{
    Atapi *atapi = ide->packet;
    const IdeDma *dma = ide->channel->dma;
    guint32 length = atapi->requested * atapi->sector_size;

    if (!request_fine(atapi, result)) {
        return;
    }
    if (atapi->parts != PART_DATA) {
        make_parts(atapi);
    }
    advance(atapi);
    if (atapi->dma) {
        iov_from_buffer(dma->list.iov, dma->list.niov, atapi->dma_offset, ide->buffer, length);
        atapi->dma_offset += length;
        atapi_read_next(ide);
    } else {
        atapi->pos = 0;
        atapi->left = length;
        atapi_send(atapi);
    }
}

/* Sectors have come straight into guest memory. */
static void moved(IdeDevice *ide, int result)
{
    Atapi *atapi = ide->packet;

    if (request_fine(atapi, result)) {
        atapi->dma_offset += (guint64)atapi->requested * CD_SECTOR;
        advance(atapi);
        atapi_read_next(ide);
    }
}

static void read_direct(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;
    const IdeDma *dma = ide->channel->dma;
    guint64 length = (guint64)atapi->requested * CD_SECTOR;
    guint niov;

    ide->iov_part = g_renew(struct iovec, ide->iov_part, dma->list.niov);
    niov = iov_slice(ide->iov_part, dma->list.iov, dma->list.niov, atapi->dma_offset, length);
    ide_submit(ide, BLOCK_OP_READ, atapi->lba * CD_SECTOR, ide->iov_part, niov, length, moved);
}

/* Reads on. With DMA the scatter list may be shorter than what was asked for. */
void atapi_read_next(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;
    const IdeDma *dma = ide->channel->dma;
    guint32 room = atapi->parts == PART_DATA ? IDE_BUFFER_SIZE / CD_SECTOR : RAW_AT_ONCE, length;
    gboolean direct = atapi->dma && atapi->parts == PART_DATA;

    atapi->requested = MIN(atapi->sectors, atapi->step);
    if (!direct) {
        atapi->requested = MIN(atapi->requested, room);
    }
    if (atapi->dma) {
        atapi->requested = (guint32)MIN(atapi->requested, (dma->list.length - atapi->dma_offset) /
                                                              atapi->sector_size);
    }
    if (atapi->requested == 0) {
        if (!atapi->dma || ide_dma_end(ide, atapi->dma_offset)) {
            atapi_good(atapi);
        }
        return;
    }
    if (direct) {
        read_direct(ide);
        return;
    }
    length = atapi->requested * CD_SECTOR;
    ide_submit_buffer(ide, BLOCK_OP_READ, atapi->lba * CD_SECTOR,
                      atapi->parts == PART_DATA ? 0 : IDE_BUFFER_SIZE - length, length, buffered);
}

void atapi_sent(Atapi *atapi)
{
    if (atapi->sectors > 0) {
        atapi_read_next(atapi->ide);
    } else {
        atapi_good(atapi);
    }
}

static void start(Atapi *atapi, guint64 lba, guint32 sectors, guint8 parts, guint32 sector_size)
{
    if (!atapi_require_medium(atapi)) {
        return;
    }
    if (lba > atapi_sectors(atapi) || sectors > atapi_sectors(atapi) - lba) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
        return;
    }
    if (sectors == 0 || sector_size == 0) {
        atapi_good(atapi);
        return;
    }
    atapi->lba = lba;
    atapi->sectors = sectors;
    atapi->step = G_MAXUINT32;
    atapi->parts = parts;
    atapi->sector_size = sector_size;
    atapi->dma_offset = 0;
    if (atapi->dma) {
        ide_dma_request(atapi->ide, (guint64)sectors * sector_size, TRUE, IDE_PHASE_PACKET_SECTORS);
    } else {
        atapi_read_next(atapi->ide);
    }
}

void atapi_read(Atapi *atapi, guint64 lba, guint32 sectors)
{
    start(atapi, lba, sectors, PART_DATA, CD_SECTOR);
}

void atapi_read_cd(Atapi *atapi, guint64 lba, guint32 sectors)
{
    guint8 type = (atapi->cdb[1] >> 2) & 7, parts = atapi->cdb[9] & 0xf8;
    guint32 size = (parts & PART_SYNC ? SYNC_SIZE : 0) + (parts & PART_HEADER ? HEADER_SIZE : 0) +
                   (parts & PART_DATA ? CD_SECTOR : 0) + (parts & PART_ECC ? ECC_SIZE : 0);

    /* All our sectors are mode 1, which has no subheaders; C2 errors and sub-channels are not
     * kept in an image. */
    if (type != 0 && type != 2) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_MODE_FOR_TRACK);
    } else if ((atapi->cdb[9] & PART_ERRORS) || (atapi->cdb[10] & 7)) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
    } else {
        start(atapi, lba, sectors, parts & (guint8)~PART_SUBHEADER, size);
    }
}
