/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What disks and CD-ROMs share: registers, resets, the ends of commands, and their drive. */
#include <string.h>

#include "core/error.h"
#include "core/option.h"
#include "hw/block/ide-priv.h"

/* ---- registers ---- */

void ide_register_write(IdeDevice *ide, guint n, guint8 value)
{
    /* While BSY or DRQ is set writes have an indeterminate result (7.8 and so on): none. */
    if (ide->status & (STATUS_BSY | STATUS_DRQ)) {
        return;
    }
    if (n == IDE_ERROR) {
        ide->previous_feature = ide->feature;
        ide->feature = value;
        return;
    }
    if (n >= IDE_COUNT && n <= IDE_LBA_HIGH) {
        ide->previous[n] = ide->registers[n];
    }
    ide->registers[n] = value;
}

/* A software reset ends when both devices are through with it: device 0 stays busy until device 1
 * asserts PDIAG- (9.2). */
static gboolean is_resetting(const IdeChannel *channel)
{
    return (channel->devices[0] && channel->devices[0]->resetting) ||
           (channel->devices[1] && channel->devices[1]->resetting);
}

guint8 ide_register_read(IdeDevice *ide, guint n, gboolean previous)
{
    if (n == IDE_STATUS) {
        return is_resetting(ide->channel) ? STATUS_BSY : ide->status;
    }
    /* With BSY set, what is read from the other registers is the status (7.15.6.1). */
    if (ide->status & STATUS_BSY) {
        return ide->status;
    }
    if (n == IDE_ERROR) {
        return ide->error;
    }
    return previous && n >= IDE_COUNT && n <= IDE_LBA_HIGH ? ide->previous[n] : ide->registers[n];
}

void ide_raise(IdeDevice *ide)
{
    ide->intrq = TRUE;
    ide_update_intrq(ide->channel);
}

void ide_lower(IdeDevice *ide)
{
    ide->intrq = FALSE;
    ide_update_intrq(ide->channel);
}

static guint8 idle_status(const IdeDevice *ide)
{
    /* A CD-ROM shows DRDY from its first accepted command on (9.12). */
    return ide->kind->is_cdrom ? STATUS_DRDY : STATUS_DRDY | STATUS_DSC;
}

void ide_end(IdeDevice *ide)
{
    ide->status = idle_status(ide);
    ide->error = 0;
    ide_raise(ide);
}

void ide_fail(IdeDevice *ide, guint8 error)
{
    ide->status = idle_status(ide) | STATUS_ERR;
    ide->error = error;
    ide_raise(ide);
}

void ide_abort(IdeDevice *ide)
{
    ide_fail(ide, ERROR_ABRT);
}

void ide_command(IdeDevice *ide, guint8 command)
{
    void (*run)(IdeDevice *) = ide->kind->commands[command];

    if (ide->held || is_resetting(ide->channel)) {
        return;
    }
    /* Only DEVICE RESET, which disks do not have, may interrupt a command (8.10, 7.4). */
    if ((ide->status & (STATUS_BSY | STATUS_DRQ)) && (command != 0x08 || !run)) {
        device_warn_once(&ide->device, "command written while another one is under way");
        return;
    }
    ide->registers[IDE_STATUS] = command;
    ide_lower(ide);
    if (run) {
        run(ide);
    } else {
        ide_abort(ide);
    }
}

/* ---- resets ---- */

void ide_set_signature(IdeDevice *ide)
{
    ide->registers[IDE_COUNT] = 1;
    ide->registers[IDE_LBA_LOW] = 1;
    ide->registers[IDE_LBA_MID] = ide->kind->signature_mid;
    ide->registers[IDE_LBA_HIGH] = ide->kind->signature_high;
    ide->registers[IDE_DEVICE] &= (guint8)~0x0f;
}

void ide_finish_reset(IdeDevice *ide)
{
    ide->resetting = FALSE;
    memset(ide->previous, 0, sizeof(ide->previous));
    ide->previous_feature = 0;
    ide->feature = 0;
    ide->registers[IDE_DEVICE] = 0;
    ide->error = 1; /* diagnostic code: no error (table 26) */
    ide_set_signature(ide);
    memset(&ide->run, 0, sizeof(ide->run));
    if (ide->kind->reset) {
        ide->kind->reset(ide, ide->reset_hard);
    }
    ide->status = ide->held ? STATUS_BSY : ide->kind->reset_status;
}

void ide_device_reset(IdeDevice *ide, gboolean hard)
{
    ide->status = STATUS_BSY;
    ide->pio = (IdePio){0};
    ide->phase = IDE_PHASE_NONE;
    ide->reset_hard = hard;
    ide_dma_cancel(ide);
    ide_lower(ide);
    if (ide->io_busy) {
        ide->resetting = TRUE; /* BSY stays until the request has ended */
    } else {
        ide_finish_reset(ide);
    }
}

void ide_device_hold(IdeDevice *ide, gboolean hold)
{
    ide->held = hold;
    if (hold) {
        ide_device_reset(ide, FALSE);
    } else if (!ide->resetting) {
        ide->status = ide->kind->reset_status;
    }
}

/* Machine reset. */
void ide_device_power_on(Device *dev)
{
    IdeDevice *ide = (IdeDevice *)dev;

    ide->held = FALSE;
    if (ide->io_busy) {
        ide->resetting = TRUE;
        drive_drain(ide->drive);
    }
    ide_device_reset(ide, TRUE);
}

/* ---- requests to the drive ---- */

static void request_done(BlockRequest *request, int result)
{
    IdeDevice *ide = request->opaque;

    ide->io_busy = FALSE;
    if (ide->resetting) {
        ide_dma_cancel(ide);
        ide_finish_reset(ide);
    } else {
        ide->io_done(ide, result);
    }
    if (ide->channel->host) {
        ide->channel->host->progress(ide->channel->opaque);
    }
}

void ide_submit(IdeDevice *ide, BlockOp op, guint64 offset, const struct iovec *iov, guint niov,
                guint64 length, void (*done)(IdeDevice *ide, int result))
{
    g_assert(!ide->io_busy);
    ide->status = STATUS_BSY;
    ide->io_busy = TRUE;
    ide->io_done = done;
    ide->request = (BlockRequest){
        .op = op,
        .offset = offset,
        .length = length,
        .iov = iov,
        .niov = niov,
        .done = request_done,
        .opaque = ide,
        .prompt = ide->channel->host != NULL, /* drivers of parallel ATA are used to seek times */
    };
    drive_submit(ide->drive, &ide->request);
}

void ide_submit_buffer(IdeDevice *ide, BlockOp op, guint64 offset, guint32 pos, guint32 length,
                       void (*done)(IdeDevice *ide, int result))
{
    g_assert(pos + length <= IDE_BUFFER_SIZE);
    ide->iov = (struct iovec){ide->buffer + pos, length};
    ide_submit(ide, op, offset, &ide->iov, 1, length, done);
}

void ide_submit_flush(IdeDevice *ide, void (*done)(IdeDevice *ide, int result))
{
    ide_submit(ide, BLOCK_OP_FLUSH, 0, NULL, 0, 0, done);
}

static void first_sector_done(IdeDevice *ide, int result)
{
    if (result < 0) {
        memset(ide->buffer, 0, IDE_SECTOR);
    }
}

void ide_read_first_sector(IdeDevice *ide, guint8 *sector)
{
    ide_submit_buffer(ide, BLOCK_OP_READ, 0, 0, IDE_SECTOR, first_sector_done);
    drive_drain(ide->drive);
    memcpy(sector, ide->buffer, IDE_SECTOR);
}

/* ---- lifecycle ---- */

/* As DriveOnError; auto comes last. */
static const char *const on_error_names[] = {"report", "ignore", "stop", "enospc", "auto", NULL};
static const char *const translation_names[] = {"none", "lba", "large", "rechs", "auto", NULL};

#define FIELD(name) G_STRUCT_OFFSET(IdeDevice, name)
#define COMMON_OPTIONS                                                                           \
    {"drive", OPTION_STRING, FIELD(drive_id), NULL,                                              \
     "Id of a -drive with if=none, or name of a -blockdev"},                                     \
        {"serial", OPTION_STRING, FIELD(serial), NULL, "Serial number (at most 20 characters)"}, \
        {"model", OPTION_STRING, FIELD(model), NULL, "Model (at most 40 characters)"},           \
        {"ver", OPTION_STRING, FIELD(version), NULL, "Firmware version (at most 8 characters)"}, \
        {"rerror",                                                                               \
         OPTION_ENUM,                                                                            \
         FIELD(option_read_error),                                                               \
         "auto",                                                                                 \
         "What a failed read does; auto: as the drive says",                                     \
         .values = on_error_names},                                                              \
        {"werror",                                                                               \
         OPTION_ENUM,                                                                            \
         FIELD(option_write_error),                                                              \
         "auto",                                                                                 \
         "What a failed write does",                                                             \
         .values = on_error_names},                                                              \
    {                                                                                            \
        "bootindex", OPTION_INT, FIELD(bootindex), "-1", "Place in the firmware's boot order",   \
            .min = (guint64)-1, .max = G_MAXINT32                                                \
    }

const OptionSpec ide_hd_options[] = {
    COMMON_OPTIONS,
    {"cyls", OPTION_UINT, FIELD(option_cylinders), "0", "Cylinders (0: from the partition table)",
     .max = 65535},
    {"heads", OPTION_UINT, FIELD(option_heads), "0", "Heads", .max = 16},
    {"secs", OPTION_UINT, FIELD(option_sectors), "0", "Sectors of a track", .max = 255},
    {"bios-chs-trans", OPTION_ENUM, FIELD(option_translation), "auto",
     "Geometry translation by the BIOS", .values = translation_names},
    {"write-cache", OPTION_BOOL, FIELD(write_cache), "on", "Writes end before they are flushed"},
    OPTION_END,
};

const OptionSpec ide_cd_options[] = {
    COMMON_OPTIONS,
    OPTION_END,
};

static gboolean check_text(const char *name, const char *text, gsize most, GError **error)
{
    return !text || strlen(text) <= most ||
           error_set(error, "%s='%s' is too long (at most %u characters)", name, text, (guint)most);
}

gboolean ide_device_realize(IdeDevice *ide, const IdeKind *kind, GError **error)
{
    const char *type = ide->device.ops->name;

    ide->kind = kind;
    if (!ide->drive_id && !kind->is_cdrom) {
        return error_set(error, "%s needs drive=, the id of a -drive with if=none or a -blockdev",
                         type);
    }
    ide->drive = drive_for_device(ide->device.machine, ide->drive_id,
                                  kind->is_cdrom ? DRIVE_MEDIA_CDROM : DRIVE_MEDIA_DISK, error);
    if (!ide->drive) {
        g_prefix_error(error, "%s: ", type);
        return FALSE;
    }
    if (!drive_claim(ide->drive, &ide->device, kind->drive_user, ide, error)) {
        return FALSE;
    }
    if (!ide->serial && ide->drive->serial) {
        ide->serial = g_strdup(ide->drive->serial);
    }
    if (ide->option_read_error < DRIVE_ON_ERROR_COUNT) {
        ide->drive->on_read_error = (DriveOnError)ide->option_read_error;
    }
    if (ide->option_write_error < DRIVE_ON_ERROR_COUNT) {
        ide->drive->on_write_error = (DriveOnError)ide->option_write_error;
    }
    if (!check_text("serial", ide->serial, 20, error) ||
        !check_text("model", ide->model, 40, error) || !check_text("ver", ide->version, 8, error) ||
        (kind->realize && !kind->realize(ide, error))) {
        ide_device_unrealize(ide);
        return FALSE;
    }
    return TRUE;
}

void ide_device_unrealize(IdeDevice *ide)
{
    ide->resetting = TRUE;
    drive_release(ide->drive);
    ide_dma_cancel(ide);
    g_clear_pointer(&ide->iov_part, g_free);
}
