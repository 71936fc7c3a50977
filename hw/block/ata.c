/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of disks (ATA/ATAPI-6, clause 8): what moves sectors is in ata-run.c. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "hw/block/ata-priv.h"

/* ---- commands of both kinds ---- */

/* 8.19: the subcommand in Features does not matter, it is always aborted. */
void ata_nop(IdeDevice *ide)
{
    ide_abort(ide);
}

/* 8.11. Both devices do it at once; device 0 reports, and is the selected one afterwards. */
void ata_diagnostic(IdeDevice *ide)
{
    IdeChannel *channel = ide->channel;

    for (guint i = 0; i < 2; i++) {
        IdeDevice *one = channel->devices[i];

        if (one && !(one->status & STATUS_BSY)) {
            ide_dma_cancel(one);
            one->pio = (IdePio){0};
            one->status = one->kind->reset_status;
            one->error = 1;
            ide_set_signature(one);
        }
    }
    if (channel->devices[0]) {
        channel->select &= (guint8)~DEVICE_SELECT;
    }
    ide_raise(ide);
}

/* STANDBY, IDLE and their IMMEDIATE forms, SLEEP (8.15, 8.16, 8.36, 8.40, 8.41). */
void ata_power(IdeDevice *ide)
{
    guint8 command = ide->registers[IDE_STATUS];

    ide->standby = command == 0xe0 || command == 0xe2 || command == 0xe6 || command == 0x94 ||
                   command == 0x96 || command == 0x99;
    ide_end(ide);
}

/* 8.6 */
void ata_check_power(IdeDevice *ide)
{
    ide->registers[IDE_COUNT] = ide->standby ? 0x00 : 0xff;
    ide_end(ide);
}

/* SET FEATURES 03h (8.46.10, table 44): the mode becomes the selected one in IDENTIFY. */
static gboolean set_transfer_mode(IdeDevice *ide)
{
    guint8 mode = ide->registers[IDE_COUNT];
    guint n = mode & 7;
    gboolean fine;

    switch (mode >> 3) {
    case 0: return n <= 1;        /* PIO default, with or without IORDY */
    case 1: return n <= 4;        /* PIO mode n */
    case 4: fine = n <= 2; break; /* multiword DMA */
    case 8: fine = n <= 5; break; /* Ultra DMA */
    default: fine = FALSE; break;
    }
    if (!fine || !ide->channel->dma) {
        return FALSE;
    }
    ide->transfer_mode = mode;
    return TRUE;
}

static void flush_done(IdeDevice *ide, int result)
{
    if (result == 0) {
        ide_end(ide);
    } else {
        ide_abort(ide);
    }
}

void ata_set_features(IdeDevice *ide)
{
    gboolean fine = TRUE;

    switch (ide->feature) {
    case 0x02: ide->write_cache = TRUE; break;
    case 0x82: /* what the cache holds is written first (8.46.4) */
        ide->write_cache = FALSE;
        ide_submit_flush(ide, flush_done);
        return;
    case 0x03: fine = set_transfer_mode(ide); break;
    case 0x05: /* advanced power management on, off */
    case 0x85:
    case 0x42: /* automatic acoustic management on, off */
    case 0xc2:
    case 0x55: /* read look-ahead off, on */
    case 0xaa:
    case 0x66: /* keep settings over a software reset, or not */
    case 0xcc: break;
    default: fine = FALSE; break;
    }
    if (fine) {
        ide_end(ide);
    } else {
        ide_abort(ide);
    }
}

/* ---- disks ---- */

void ata_sector_taken(IdeDevice *ide)
{
    ide->status = STATUS_DRDY | STATUS_DSC; /* a PIO data-in command ends without interrupt (9.7) */
}

/* Gives the host 512 bytes of the buffer. */
void ata_give_sector(IdeDevice *ide)
{
    ide_pio_start(ide, TRUE, 0, IDE_SECTOR, IDE_PHASE_TAKEN);
    ide_raise(ide);
}

static void identify(IdeDevice *ide)
{
    guint16 words[256];

    ata_identify(ide, words);
    for (guint i = 0; i < 256; i++) {
        ide->buffer[2 * i] = (guint8)words[i];
        ide->buffer[2 * i + 1] = (guint8)(words[i] >> 8);
    }
    ata_give_sector(ide);
}

/* 8.12, 8.13 */
static void flush(IdeDevice *ide)
{
    ide_submit_flush(ide, flush_done);
}

/* 8.39: a count of 0 switches it off. */
static void set_multiple(IdeDevice *ide)
{
    guint8 count = ide->registers[IDE_COUNT];

    if (count > ATA_MULTIPLE_MAX || (count & (count - 1)) != 0) {
        ide_abort(ide);
        return;
    }
    ide->multiple = count;
    ide_end(ide);
}

/* ATA-5, 8.16: heads - 1 in Device, sectors in Count. */
static void init_parameters(IdeDevice *ide)
{
    if (ide->registers[IDE_COUNT] == 0) {
        ide_abort(ide);
        return;
    }
    ide->current_heads = (ide->registers[IDE_DEVICE] & 0x0f) + 1u;
    ide->current_sectors = ide->registers[IDE_COUNT];
    ide_end(ide);
}

/* RECALIBRATE (ATA-3) and SEEK (ATA-6, 8.35). */
static void recalibrate(IdeDevice *ide)
{
    ide_end(ide);
}

static void seek(IdeDevice *ide)
{
    guint64 lba;

    if (ata_get_lba(ide, FALSE, &lba) && lba < ata_sectors(ide)) {
        ide_end(ide);
    } else {
        ide_fail(ide, ERROR_IDNF | ERROR_ABRT);
    }
}

/* 8.28, 8.29 */
static void native_max(IdeDevice *ide)
{
    ata_set_lba(ide, MIN(ata_sectors(ide), 1u << 28) - 1, FALSE);
    ide_end(ide);
}

static void native_max_ext(IdeDevice *ide)
{
    ata_set_lba(ide, ata_sectors(ide) - 1, TRUE);
    ide_end(ide);
}

/* READ BUFFER and WRITE BUFFER (8.26, 8.60) */
static void read_buffer(IdeDevice *ide)
{
    ata_give_sector(ide);
}

static void write_buffer(IdeDevice *ide)
{
    ide_pio_start(ide, FALSE, 0, IDE_SECTOR, IDE_PHASE_GIVEN);
}

static void (*const hd_commands[256])(IdeDevice *) = {
    [0x00] = ata_nop,
    [0x06] = ata_trim,
    [0x10] = recalibrate,
    [0x20] = ata_read_pio, /* READ SECTOR(S), and without retries */
    [0x21] = ata_read_pio,
    [0x24] = ata_read_pio, /* EXT */
    [0x25] = ata_read_dma, /* EXT */
    [0x27] = native_max_ext,
    [0x29] = ata_read_multiple, /* EXT */
    [0x2f] = ata_read_log,
    [0x30] = ata_write_pio,
    [0x31] = ata_write_pio,
    [0x34] = ata_write_pio,      /* EXT */
    [0x35] = ata_write_dma,      /* EXT */
    [0x39] = ata_write_multiple, /* EXT */
    [0x3d] = ata_write_dma,      /* FUA EXT */
    [0x40] = ata_verify,
    [0x41] = ata_verify,
    [0x42] = ata_verify, /* EXT */
    [0x70] = seek,
    [0x90] = ata_diagnostic,
    [0x91] = init_parameters,
    [0x94] = ata_power, /* ATA-3's opcodes of E0h to E6h */
    [0x95] = ata_power,
    [0x96] = ata_power,
    [0x97] = ata_power,
    [0x98] = ata_check_power,
    [0x99] = ata_power,
    [0xb0] = ata_smart,
    [0xc4] = ata_read_multiple,
    [0xc5] = ata_write_multiple,
    [0xc6] = set_multiple,
    [0xc8] = ata_read_dma,
    [0xc9] = ata_read_dma,
    [0xca] = ata_write_dma,
    [0xcb] = ata_write_dma,
    [0xe0] = ata_power, /* STANDBY IMMEDIATE */
    [0xe1] = ata_power, /* IDLE IMMEDIATE */
    [0xe2] = ata_power, /* STANDBY */
    [0xe3] = ata_power, /* IDLE */
    [0xe4] = read_buffer,
    [0xe5] = ata_check_power,
    [0xe6] = ata_power, /* SLEEP */
    [0xe7] = flush,
    [0xe8] = write_buffer,
    [0xea] = flush, /* EXT */
    [0xec] = identify,
    [0xef] = ata_set_features,
    [0xf8] = native_max,
};

/* ---- lifecycle ---- */

static gboolean hd_setup(IdeDevice *ide, GError **error)
{
    if (!drive_has_medium(ide->drive)) {
        return error_set(error, "ide-hd needs a medium, but drive '%s' is empty", ide->drive->id);
    }
    memset(ide->buffer, 0, IDE_SECTOR);
    ata_guess_geometry(ide);
    return TRUE;
}

static void hd_reset(IdeDevice *ide, gboolean hard)
{
    ide->standby = FALSE;
    ide->queue_error = (IdeQueueError){.tag = IDE_QUEUE_ERROR_OTHER};
    if (hard) {
        ide->multiple = ATA_MULTIPLE_MAX;
        ide->transfer_mode = ide->channel->dma ? 0x42 : 0x0c; /* Ultra DMA 2, or PIO 4 */
        ide->smart_enabled = TRUE;
        ide->current_heads = ide->geometry.heads;
        ide->current_sectors = ide->geometry.sectors;
    }
}

static const IdeKind hd_kind = {
    .reset_status = STATUS_DRDY | STATUS_DSC,
    .commands = hd_commands,
    .realize = hd_setup,
    .reset = hd_reset,
};

static gboolean hd_realize(Device *dev, GError **error)
{
    return ide_device_realize((IdeDevice *)dev, &hd_kind, error);
}

static void hd_unrealize(Device *dev)
{
    ide_device_unrealize((IdeDevice *)dev);
}

const DeviceOps ide_hd_ops = {
    .name = "ide-hd",
    .summary = "IDE disk",
    .category = "Storage",
    .bus = BUS_IDE,
    .size = sizeof(IdeDevice),
    .options = ide_hd_options,
    .state = &ide_hd_state,
    .realize = hd_realize,
    .unrealize = hd_unrealize,
    .reset = ide_device_power_on,
};
