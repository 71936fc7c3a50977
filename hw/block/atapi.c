/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CD-ROM: the PACKET protocol (ATA/ATAPI-6, 9.11 and 9.12), how media come and go, and the few ATA
 * commands that a packet device has.
 */
#include <errno.h>
#include <string.h>

#include "core/block-iov.h"
#include "hw/block/atapi-priv.h"

#define PACKET_DMA     0x01 /* Features */
#define PACKET_OVERLAP 0x02

/* ---- ends of commands ---- */

static void end(Atapi *atapi, guint8 status, guint8 error)
{
    IdeDevice *ide = atapi->ide;

    ide->registers[IDE_COUNT] = REASON_IO | REASON_CD;
    ide->status = STATUS_DRDY | STATUS_DSC | status;
    ide->error = error;
    ide_raise(ide);
}

void atapi_good(Atapi *atapi)
{
    end(atapi, 0, 0);
}

void atapi_check(Atapi *atapi, guint8 key, guint16 asc)
{
    atapi->sense_key = key;
    atapi->asc = asc;
    end(atapi, STATUS_ERR, (guint8)(key << 4 | ERROR_ABRT));
}

/* ---- data in ---- */

void atapi_block_sent(IdeDevice *ide)
{
    atapi_send(ide->packet);
}

void atapi_send(Atapi *atapi)
{
    IdeDevice *ide = atapi->ide;
    guint32 length = MIN(atapi->left, atapi->limit), pos = atapi->pos;

    if (length == 0) {
        atapi_sent(atapi);
        return;
    }
    atapi->pos += length;
    atapi->left -= length;
    ide->registers[IDE_COUNT] = REASON_IO;
    ide->registers[IDE_LBA_MID] = (guint8)length;
    ide->registers[IDE_LBA_HIGH] = (guint8)(length >> 8);
    ide_pio_start(ide, TRUE, pos, length, IDE_PHASE_PACKET_READ);
    ide_raise(ide);
}

/* The bus master takes a reply. */
void atapi_reply_ready(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;
    const IdeDma *dma = ide->channel->dma;

    iov_from_buffer(dma->list.iov, dma->list.niov, 0, ide->buffer, atapi->left);
    if (ide_dma_end(ide, dma->list.length)) {
        atapi_good(atapi);
    }
}

void atapi_reply(Atapi *atapi, guint32 length, guint32 allocation)
{
    atapi->pos = 0;
    atapi->left = MIN(length, allocation);
    atapi->sectors = 0;
    if (atapi->left == 0) {
        atapi_good(atapi);
    } else if (atapi->dma) {
        ide_dma_request(atapi->ide, atapi->left, TRUE, IDE_PHASE_PACKET_REPLY);
    } else {
        atapi_send(atapi);
    }
}

/* ---- data out ---- */

static void accept_block(Atapi *atapi);

void atapi_block_received(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;

    if (atapi->left > 0) {
        accept_block(atapi);
    } else {
        atapi_mode_selected(atapi, atapi->expected);
    }
}

static void accept_block(Atapi *atapi)
{
    IdeDevice *ide = atapi->ide;
    guint32 length = MIN(atapi->left, atapi->limit), pos = atapi->pos;

    atapi->pos += length;
    atapi->left -= length;
    ide->registers[IDE_COUNT] = 0;
    ide->registers[IDE_LBA_MID] = (guint8)length;
    ide->registers[IDE_LBA_HIGH] = (guint8)(length >> 8);
    ide_pio_start(ide, FALSE, pos, length, IDE_PHASE_PACKET_WRITE);
    ide_raise(ide);
}

void atapi_receive_ready(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;
    const IdeDma *dma = ide->channel->dma;

    iov_to_buffer(dma->list.iov, dma->list.niov, 0, ide->buffer, atapi->expected);
    if (ide_dma_end(ide, dma->list.length)) {
        atapi_mode_selected(atapi, atapi->expected);
    }
}

void atapi_receive(Atapi *atapi, guint32 length)
{
    g_assert(length <= IDE_BUFFER_SIZE);
    atapi->pos = 0;
    atapi->left = atapi->expected = length;
    if (length == 0) {
        atapi_mode_selected(atapi, 0);
    } else if (atapi->dma) {
        ide_dma_request(atapi->ide, length, FALSE, IDE_PHASE_PACKET_RECEIVE);
    } else {
        accept_block(atapi);
    }
}

/* ---- medium and tray ---- */

gboolean atapi_ready(const Atapi *atapi)
{
    return drive_has_medium(atapi->ide->drive) && !atapi->tray_open &&
           atapi->ide->drive->length >= CD_SECTOR;
}

guint32 atapi_sectors(const Atapi *atapi)
{
    return (guint32)MIN(atapi->ide->drive->length / CD_SECTOR, G_MAXUINT32);
}

gboolean atapi_require_medium(Atapi *atapi)
{
    if (atapi_ready(atapi)) {
        return TRUE;
    }
    atapi_check(atapi, SENSE_NOT_READY, atapi->tray_open ? ASC_TRAY_OPEN : ASC_NO_MEDIUM);
    return FALSE;
}

void atapi_update_tray(Atapi *atapi)
{
    drive_set_tray(atapi->ide->drive, atapi->locked, atapi->tray_open);
}

/* The host has taken the medium out of the open tray; one that it puts in is seen with the tray. */
static void medium_changed(void *opaque, gboolean present)
{
    IdeDevice *ide = opaque;
    Atapi *atapi = ide->packet;

    if (!present) {
        atapi->medium_new = FALSE;
        atapi->medium_gone = TRUE;
    }
}

/* The host moves the tray, with force if need be: it is not locked then any more. */
static void tray_moved(void *opaque, gboolean open)
{
    IdeDevice *ide = opaque;
    Atapi *atapi = ide->packet;

    atapi->tray_open = open;
    atapi->eject_wanted = FALSE;
    if (open) {
        atapi->locked = FALSE;
        atapi->medium_new = FALSE;
        atapi->medium_gone = drive_has_medium(ide->drive);
    } else if (drive_has_medium(ide->drive)) {
        atapi->attention = ASC_MEDIUM_CHANGED;
        atapi->medium_new = TRUE;
        atapi->medium_gone = FALSE;
    }
    atapi_update_tray(atapi);
}

static void eject_requested(void *opaque)
{
    IdeDevice *ide = opaque;
    Atapi *atapi = ide->packet;

    atapi->eject_wanted = TRUE;
}

static const DriveUser cd_drive_user = {
    .medium = medium_changed,
    .tray = tray_moved,
    .eject_request = eject_requested,
};

/* ---- ATA commands ---- */

void atapi_packet_given(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;

    memcpy(atapi->cdb, ide->buffer, sizeof(atapi->cdb));
    ide->status = STATUS_BSY;
    atapi_packet(atapi);
}

/* A0h (8.23): the host will write twelve bytes, which no interrupt asks for. */
static void packet(IdeDevice *ide)
{
    Atapi *atapi = ide->packet;
    guint32 limit = ide->registers[IDE_LBA_MID] | ide->registers[IDE_LBA_HIGH] << 8;

    if ((ide->feature & PACKET_OVERLAP) || ((ide->feature & PACKET_DMA) && !ide->channel->dma)) {
        ide_abort(ide);
        return;
    }
    atapi->dma = (ide->feature & PACKET_DMA) != 0;
    /* Blocks are even, but for the last one (8.23.5). */
    limit &= ~1u;
    atapi->limit = limit ? limit : 0xfffe;
    ide->registers[IDE_COUNT] = REASON_CD;
    ide_pio_start(ide, FALSE, 0, sizeof(atapi->cdb), IDE_PHASE_PACKET);
}

/* Commands of disks by which a driver finds out that this is none (8.17.5.2, 8.27.5.2). */
static void not_a_disk(IdeDevice *ide)
{
    ide_set_signature(ide);
    ide_abort(ide);
}

/* 08h (8.10): works even while BSY is set. */
static void device_reset(IdeDevice *ide)
{
    ide_device_reset(ide, FALSE);
}

void atapi_identify_taken(IdeDevice *ide)
{
    ide->status = STATUS_DRDY;
}

/* A1h (8.18) */
static void identify_packet(IdeDevice *ide)
{
    g_autofree char *serial = g_strdup_printf("VT%05u", ide->channel->serial_base + ide->unit + 1);
    guint16 words[256] = {0};

    words[0] = 0x85c0; /* CD-ROM, removable, DRQ within 50 us, 12-byte packets */
    ata_put_string(words + 10, 10, ide->serial ? ide->serial : serial);
    ata_put_string(words + 23, 4, ide->version ? ide->version : "1.0");
    ata_put_string(words + 27, 20, ide->model ? ide->model : "Vitrine DVD-ROM");
    ata_identify_modes(ide, words);
    words[71] = 30; /* us from PACKET to bus release, and from SERVICE to BSY clear */
    words[72] = 30;
    words[80] = 0x0078; /* ATA-3 to ATA/ATAPI-6 */
    words[82] = 0x4210; /* NOP, DEVICE RESET, PACKET */
    words[83] = 0x4000;
    words[84] = 0x4000;
    words[85] = 0x4210;
    words[87] = 0x4000;
    words[93] = ide->unit ? 0x6100 : 0x6001;
    if (ide->channel->host) {
        words[76] = 0x000e; /* Serial ATA, up to 6 Gb/s */
        words[80] = 0x01f8;
        words[93] = 0;
    }
    for (guint i = 0; i < 256; i++) {
        ide->buffer[2 * i] = (guint8)words[i];
        ide->buffer[2 * i + 1] = (guint8)(words[i] >> 8);
    }
    ide_pio_start(ide, TRUE, 0, 512, IDE_PHASE_PACKET_TAKEN);
    ide_raise(ide);
}

static void (*const cd_commands[256])(IdeDevice *) = {
    [0x00] = ata_nop,          [0x08] = device_reset,   [0x20] = not_a_disk,
    [0x21] = not_a_disk,       [0x90] = ata_diagnostic, [0xa0] = packet,
    [0xa1] = identify_packet,  [0xe0] = ata_power,      [0xe1] = ata_power,
    [0xe2] = ata_power,        [0xe3] = ata_power,      [0xe5] = ata_check_power,
    [0xe6] = ata_power,        [0xe7] = ide_end,        [0xec] = not_a_disk,
    [0xef] = ata_set_features,
};

/* ---- lifecycle ---- */

static gboolean cd_setup(IdeDevice *ide, GError **error)
{
    IdeCd *cd = (IdeCd *)ide;

    cd->atapi.ide = ide;
    ide->packet = &cd->atapi;
    return TRUE;
}

static void cd_reset(IdeDevice *ide, gboolean hard)
{
    Atapi *atapi = ide->packet;

    atapi->left = 0;
    atapi->sectors = 0;
    ide->standby = FALSE;
    if (hard) {
        ide->transfer_mode = ide->channel->dma ? 0x42 : 0x0c;
        atapi->locked = FALSE;
        atapi->sense_key = SENSE_NONE;
        atapi->asc = 0;
        atapi->attention = ASC_POWER_ON;
        atapi->eject_wanted = FALSE;
        atapi_update_tray(atapi);
    }
}

static const IdeKind cd_kind = {
    .is_cdrom = TRUE,
    .reset_status = 0,
    .signature_mid = 0x14,
    .signature_high = 0xeb,
    .commands = cd_commands,
    .realize = cd_setup,
    .reset = cd_reset,
    .drive_user = &cd_drive_user,
};

static gboolean cd_realize(Device *dev, GError **error)
{
    return ide_device_realize((IdeDevice *)dev, &cd_kind, error);
}

static void cd_unrealize(Device *dev)
{
    ide_device_unrealize((IdeDevice *)dev);
}

const DeviceOps ide_cd_ops = {
    .name = "ide-cd",
    .summary = "IDE CD-ROM",
    .category = "Storage",
    .bus = BUS_IDE,
    .size = sizeof(IdeCd),
    .options = ide_cd_options,
    .state = &ide_cd_state,
    .realize = cd_realize,
    .unrealize = cd_unrealize,
    .reset = ide_device_power_on,
};
