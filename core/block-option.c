/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The -drive option and its short forms: from text to an open drive in its place. */
#include <string.h>

#include "core/block-priv.h"
#include "core/board.h"
#include "core/error.h"

const char *const drive_interface_names[] = {"ide",  "none", "floppy", "virtio",
                                             "scsi", "sd",   "pflash", NULL};
const char *const drive_cache_names[] = {"writeback",  "none",   "writethrough",
                                         "directsync", "unsafe", NULL};
static const char *const media_names[] = {"disk", "cdrom", NULL};
static const char *const on_error_names[] = {"report", "ignore", "stop", "enospc", NULL};
static const char *const discard_names[] = {"ignore", "unmap", "off", "on", NULL};
static const char *const locking_names[] = {"auto", "on", "off", NULL};

/* Units that one bus of an interface has; 0 = units only. */
guint drive_units_per_bus(Machine *machine, DriveInterface interface)
{
    static const guint units[DRIVE_IF_COUNT] = {[DRIVE_IF_IDE] = 2, [DRIVE_IF_SCSI] = 7};
    const BoardOps *board = machine->board;

    if (interface == DRIVE_IF_IDE && board && board->units_per_ide_bus) {
        return board->units_per_ide_bus;
    }
    return units[interface];
}

typedef struct DriveConfig {
    char *file, *id, *format, *serial, *aio;
    int interface, media, cache, on_write_error, on_read_error, discard, locking;
    gint64 index, bus, unit;
    gboolean readonly, snapshot;
} DriveConfig;

#define FIELD(name) G_STRUCT_OFFSET(DriveConfig, name)
#define PLACE       .min = (guint64)-1, .max = 255

const OptionSpec drive_options[] = {
    {"file", OPTION_STRING, FIELD(file), NULL, "Image file or block device"},
    {"if", OPTION_ENUM, FIELD(interface), "ide", "Interface; none for use by -device drive=ID",
     .values = drive_interface_names},
    {"index", OPTION_INT, FIELD(index), "-1", "Place, counted over all buses", PLACE},
    {"bus", OPTION_INT, FIELD(bus), "-1", "Bus number of the place", PLACE},
    {"unit", OPTION_INT, FIELD(unit), "-1", "Unit number on the bus", PLACE},
    {"media", OPTION_ENUM, FIELD(media), "disk", "Kind of medium", .values = media_names},
    {"readonly", OPTION_BOOL, FIELD(readonly), "off", "Refuse writes"},
    {"read-only", OPTION_BOOL, FIELD(readonly), "off", "The same as readonly"},
    {"format", OPTION_STRING, FIELD(format), NULL, "Image format (default: looked up in the file)"},
    {"snapshot", OPTION_BOOL, FIELD(snapshot), "off", "Writes are temporary"},
    {"id", OPTION_STRING, FIELD(id), NULL, "Name, for -device drive= and the monitor"},
    {"cache", OPTION_ENUM, FIELD(cache), "writeback", "Use of the host's cache",
     .values = drive_cache_names},
    {"serial", OPTION_STRING, FIELD(serial), NULL, "Serial number shown to the guest"},
    {"werror", OPTION_ENUM, FIELD(on_write_error), "enospc", "What a failed write does",
     .values = on_error_names},
    {"rerror", OPTION_ENUM, FIELD(on_read_error), "report", "What a failed read does",
     .values = on_error_names},
    {"aio", OPTION_STRING, FIELD(aio), NULL,
     "I/O engine: io_uring or threads (default: what works)"},
    {"discard", OPTION_ENUM, FIELD(discard), "ignore", "Whether the guest's TRIM frees host space",
     .values = discard_names},
    {"file.locking", OPTION_ENUM, FIELD(locking), "auto", "Locks against other programs' use",
     .values = locking_names},
    OPTION_END,
};

static const char *word(const char *text)
{
    return text && *text ? text : NULL;
}

/* Where the drive goes: from index=, bus= and unit=, or the first free place. */
static gboolean choose_place(Machine *machine, DriveConfig *config, GError **error)
{
    guint per_bus = drive_units_per_bus(machine, config->interface);
    Drive *there;

    if (config->index >= 0) {
        if (config->bus >= 0 || config->unit >= 0) {
            return error_set(error, "index cannot be used together with bus and unit");
        }
        config->bus = per_bus ? config->index / per_bus : 0;
        config->unit = per_bus ? config->index % per_bus : config->index;
    }
    if (per_bus && config->unit >= per_bus) {
        return error_set(error, "unit %d is too big for if=%s (0 to %u)", (int)config->unit,
                         drive_interface_names[config->interface], per_bus - 1);
    }
    if (config->unit < 0) {
        gboolean fixed_bus = config->bus >= 0;

        config->bus = MAX(config->bus, 0);
        config->unit = 0;
        while (drive_find_place(machine, config->interface, config->bus, config->unit)) {
            config->unit++;
            if (per_bus && config->unit >= per_bus && !fixed_bus) {
                config->unit = 0;
                config->bus++;
            }
        }
        if (per_bus && config->unit >= per_bus) {
            return error_set(error, "no unit is free on bus %d of if=%s", (int)config->bus,
                             drive_interface_names[config->interface]);
        }
    }
    config->bus = MAX(config->bus, 0);
    there = drive_find_place(machine, config->interface, config->bus, config->unit);
    if (there) {
        return error_set(
            error, "drive with bus=%d, unit=%d (index=%d) exists: '%s'; choose another index=",
            (int)config->bus, (int)config->unit,
            (int)(per_bus ? config->bus * per_bus + config->unit : config->unit), there->id);
    }
    return TRUE;
}

/* "ide1-cd0", "floppy0", "none0": the names that QEMU gives. */
static char *default_id(Machine *machine, const DriveConfig *config)
{
    const char *interface = drive_interface_names[config->interface];
    const char *media = config->media == DRIVE_MEDIA_CDROM ? "-cd" : "-hd";

    if (drive_units_per_bus(machine, config->interface)) {
        return g_strdup_printf("%s%d%s%d", interface, (int)config->bus, media, (int)config->unit);
    }
    return g_strdup_printf("%s%d", interface, (int)config->unit);
}

static gboolean choose_id(Machine *machine, DriveConfig *config, GError **error)
{
    if (!word(config->id)) {
        g_free(config->id);
        config->id = default_id(machine, config);
    }
    if (drive_find(machine, config->id)) {
        return error_set(error, "a drive with id '%s' exists already", config->id);
    }
    return TRUE;
}

static Drive *drive_new(BlockManager *manager, const DriveConfig *config)
{
    Drive *drive = g_new0(Drive, 1);

    drive->manager = manager;
    drive->id = g_strdup(config->id);
    drive->interface = config->interface;
    drive->bus = (guint)config->bus;
    drive->unit = (guint)config->unit;
    drive->media = config->media;
    drive->readonly = config->readonly || config->media == DRIVE_MEDIA_CDROM;
    drive->snapshot = config->snapshot;
    drive->serial = g_strdup(word(config->serial));
    drive->cache = config->cache;
    drive->on_read_error = config->on_read_error;
    drive->on_write_error = config->on_write_error;
    drive->discard = config->discard == 1 || config->discard == 3;
    drive->lock_image = config->locking != 2;
    drive->format = g_strdup(word(config->format));
    g_queue_init(&drive->requests);
    g_queue_init(&drive->parked);
    g_queue_init(&drive->held);
    return drive;
}

Drive *drive_add_anonymous(Machine *machine, const char *name, DriveMedia media, GError **error)
{
    BlockManager *manager = machine->blocks;
    DriveConfig config = {0};
    Drive *drive = NULL;

    options_set_defaults(drive_options, &config);
    config.interface = DRIVE_IF_NONE;
    config.media = media;
    config.id = name ? g_strdup(name) : block_node_new_name(manager);
    if (choose_place(machine, &config, error)) {
        drive = drive_new(manager, &config);
        drive->anonymous = TRUE;
        drive->engine = block_engine_get(manager, NULL, error);
        if (drive->engine) {
            g_ptr_array_add(manager->drives, drive);
        } else {
            drive_free(drive);
            drive = NULL;
        }
    }
    options_clear(drive_options, &config);
    return drive;
}

/* Makes the drive that `config` describes. */
static Drive *add(Machine *machine, DriveConfig *config, GError **error)
{
    BlockManager *manager = machine->blocks;
    const char *aio = word(config->aio);
    Drive *drive;

    if (!choose_place(machine, config, error) || !choose_id(machine, config, error)) {
        return NULL;
    }
    if (!word(config->file) && config->interface == DRIVE_IF_IDE &&
        config->media == DRIVE_MEDIA_DISK) {
        error_set(error, "drive '%s' has no medium: say file=, or media=cdrom for an empty CD-ROM",
                  config->id);
        return NULL;
    }
    /* QEMU's name for the kernel's older interface: what is asked for is the kernel's. */
    if (aio && strcmp(aio, "native") == 0) {
        aio = "io_uring";
    }
    drive = drive_new(manager, config);
    drive->engine = block_engine_get(manager, aio, error);
    if (drive->engine && word(config->file)) {
        BlockImage *image =
            drive_open_image(drive, config->file, drive->format, drive->readonly, error);

        if (image) {
            drive_set_image(drive, image);
        }
    }
    if (!drive->engine || (word(config->file) && !drive->image)) {
        drive_free(drive);
        return NULL;
    }
    g_ptr_array_add(manager->drives, drive);
    return drive;
}

static Drive *add_list(Machine *machine, OptionList *list, GError **error)
{
    DriveConfig config = {0};
    Drive *drive = NULL;

    options_set_defaults(drive_options, &config);
    if (!option_list_get(list, "snapshot")) {
        config.snapshot = machine->blocks->snapshot;
    }
    if (options_apply(drive_options, &config, list, error) &&
        option_list_check_used(list, "drive", error)) {
        drive = add(machine, &config, error);
    }
    options_clear(drive_options, &config);
    return drive;
}

Drive *drive_add(Machine *machine, const char *options, GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(options, NULL, error);

    return list ? add_list(machine, list, error) : NULL;
}

Drive *drive_add_ide(Machine *machine, guint n, DriveMedia media, const char *file, GError **error)
{
    g_autoptr(OptionList) list = option_list_new();
    g_autofree char *index = g_strdup_printf("%u", n);

    option_list_add(list, "index", index);
    option_list_add(list, "media", media_names[media]);
    if (file) {
        option_list_add(list, "file", file);
    }
    return add_list(machine, list, error);
}

Drive *drive_add_floppy(Machine *machine, guint n, const char *file, GError **error)
{
    g_autoptr(OptionList) list = option_list_new();

    option_list_add(list, "if", "floppy");
    option_list_add(list, "index", n ? "1" : "0");
    option_list_add(list, "file", file);
    return add_list(machine, list, error);
}

Drive *drive_add_pflash(Machine *machine, const char *file, GError **error)
{
    g_autoptr(OptionList) list = option_list_new();

    option_list_add(list, "if", "pflash");
    option_list_add(list, "format", "raw");
    option_list_add(list, "file", file);
    return add_list(machine, list, error);
}
