/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floppy drives: media and their formats, heads, the disk change line, the bus they are on. */
#include "core/error.h"
#include "core/log.h"
#include "core/option.h"
#include "hw/block/fdc-priv.h"

/* Data rates as the CCR counts them. */
#define RATE_500K 0x01
#define RATE_300K 0x02
#define RATE_250K 0x04
#define RATE_1M   0x08

/* A 40-track medium passes a head at 300 or 360 revolutions a minute, by the drive. */
#define RATE_40_TRACKS (RATE_250K | RATE_300K)

#define MOST_CYLINDERS 84 /* where the stop is */

static const FloppyFormat formats[] = {
    {5760, 80, 2, 36, RATE_1M},      {2880, 80, 2, 18, RATE_500K},
    {2400, 80, 2, 15, RATE_500K},    {1440, 80, 2, 9, RATE_250K},
    {720, 40, 2, 9, RATE_40_TRACKS}, {640, 40, 2, 8, RATE_40_TRACKS},
    {360, 40, 1, 9, RATE_40_TRACKS}, {320, 40, 1, 8, RATE_40_TRACKS},
    {3200, 80, 2, 20, RATE_500K},    {3360, 80, 2, 21, RATE_500K},
    {3444, 82, 2, 21, RATE_500K},    {3486, 83, 2, 21, RATE_500K},
    {3520, 80, 2, 22, RATE_500K},    {3680, 80, 2, 23, RATE_500K},
    {3840, 80, 2, 24, RATE_500K},    {6400, 80, 2, 40, RATE_1M},
    {7040, 80, 2, 44, RATE_1M},      {7680, 80, 2, 48, RATE_1M},
    {1600, 80, 2, 10, RATE_250K},    {1640, 82, 2, 10, RATE_250K},
    {1660, 83, 2, 10, RATE_250K},    {2080, 80, 2, 13, RATE_500K},
    {2240, 80, 2, 14, RATE_500K},
};

static const char *const type_names[] = {"144", "288", "120", "none", "auto", NULL};

/* ---- media ---- */

/* A file of another size, such as a boot sector alone, is the start of a usual medium. */
static const FloppyFormat *find_format(guint64 length)
{
    guint64 sectors = length / BLOCK_SECTOR_SIZE;

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].sectors == sectors) {
            return &formats[i];
        }
    }
    if (sectors > formats[0].sectors) {
        return NULL;
    }
    return sectors > formats[1].sectors ? &formats[0] : &formats[1];
}

static FloppyType natural_type(const FloppyFormat *format)
{
    if (format->rates == RATE_1M) {
        return FLOPPY_288;
    }
    return format->per_track == 15 || format->cylinders == 40 ? FLOPPY_120 : FLOPPY_144;
}

/* 3.5 inch drives take 5.25 inch formats, too: there is no sleeve that would not fit. */
static gboolean takes(FloppyType type, const FloppyFormat *format)
{
    FloppyType natural = natural_type(format);

    return type == natural || type == FLOPPY_288 || (type == FLOPPY_144 && natural == FLOPPY_120);
}

static void set_format(FloppyDrive *floppy)
{
    const FloppyFormat *format = find_format(floppy->drive->length);

    floppy->format = (FloppyFormat){0};
    floppy->passing = 0;
    if (!drive_has_medium(floppy->drive)) {
        return;
    }
    if (format && takes(floppy->type, format)) {
        floppy->format = *format;
    } else {
        report_warning("drive '%s' cannot read a medium of %" G_GUINT64_FORMAT " KiB%s",
                       floppy->drive->id, floppy->drive->length / 1024,
                       format ? ": it is of another kind (drive-type=)" : "");
    }
}

static void medium_changed(void *opaque, gboolean present)
{
    FloppyDrive *floppy = opaque;

    floppy->changed = TRUE;
    set_format(floppy);
}

static const DriveUser drive_user = {.medium = medium_changed};

gboolean floppy_is_readable(const FloppyDrive *floppy, guint rate, guint head)
{
    const FloppyFormat *format = &floppy->format;

    return format->sectors && head < format->heads && floppy_cylinder(floppy) < format->cylinders &&
           (!floppy->fdc->check_rate || (format->rates >> rate & 1));
}

/* Whether an 80-track drive has a 40-track medium in: the host may step twice for a cylinder, as
 * the AT does. Firmware that does not is served as well. */
static gboolean steps_twice(const FloppyDrive *floppy)
{
    return floppy->type == FLOPPY_120 && floppy->format.cylinders == 40;
}

guint floppy_cylinder(const FloppyDrive *floppy)
{
    gboolean beyond = floppy->position >= floppy->format.cylinders;

    return beyond && steps_twice(floppy) ? floppy->position / 2 : floppy->position;
}

gboolean floppy_is_over(const FloppyDrive *floppy, guint cylinder)
{
    return floppy->position == cylinder ||
           (steps_twice(floppy) && floppy->position == 2 * cylinder);
}

/* ---- heads ---- */

void floppy_step(FloppyDrive *floppy, int steps)
{
    if (!steps) {
        return;
    }
    floppy->position = (guint8)CLAMP(floppy->position + steps, 0, MOST_CYLINDERS);
    floppy->changed = !drive_has_medium(floppy->drive);
}

/* ---- bus ---- */

typedef struct FloppyBus {
    Bus bus;
} FloppyBus;

static Fdc *bus_fdc(Bus *bus)
{
    return (Fdc *)bus->parent;
}

/* unit=0|1; without it the first free one. */
static gboolean floppy_place(Bus *bus, Device *dev, OptionList *options, GError **error)
{
    Fdc *fdc = bus_fdc(bus);
    FloppyDrive *floppy = (FloppyDrive *)dev;
    g_autofree char *text = option_list_take(options, "unit");
    guint64 unit = fdc->drives[0] ? 1 : 0;

    if (text && !option_parse_uint("unit", text, &unit, error)) {
        return FALSE;
    }
    if (unit >= FDC_DRIVES) {
        return error_set(error, "unit=%" G_GUINT64_FORMAT " is not on a floppy controller (0 or 1)",
                         unit);
    }
    if (fdc->drives[unit]) {
        return error_set(error, "unit %" G_GUINT64_FORMAT " of %s is taken by '%s'", unit,
                         bus->name, fdc->drives[unit]->drive->id);
    }
    floppy->fdc = fdc;
    floppy->unit = (guint)unit;
    return TRUE;
}

static gboolean floppy_plugged(Bus *bus, Device *dev, GError **error)
{
    FloppyDrive *floppy = (FloppyDrive *)dev;

    floppy->fdc->drives[floppy->unit] = floppy;
    return TRUE;
}

static void floppy_unplugged(Bus *bus, Device *dev)
{
    FloppyDrive *floppy = (FloppyDrive *)dev;

    if (floppy->fdc->drives[floppy->unit] == floppy) {
        drive_drain(floppy->drive);
        floppy->fdc->drives[floppy->unit] = NULL;
    }
}

static void floppy_describe(Bus *bus, Device *dev, GString *out)
{
    g_string_append_printf(out, "unit = %u", ((FloppyDrive *)dev)->unit);
}

static const OptionSpec floppy_place_options[] = {
    {"unit", OPTION_UINT, .max = 1, .help = "0 (A:) or 1 (B:); unset: the first free one"},
    OPTION_END,
};

static GVariant *floppy_get_place(Bus *bus, Device *dev, const OptionSpec *spec)
{
    return g_variant_new_uint64(((FloppyDrive *)dev)->unit);
}

const BusOps floppy_bus_ops = {
    .kind = BUS_FLOPPY,
    .size = sizeof(FloppyBus),
    .place = floppy_place,
    .plugged = floppy_plugged,
    .unplugged = floppy_unplugged,
    .describe = floppy_describe,
    .place_options = floppy_place_options,
    .get_place = floppy_get_place,
};

/* ---- lifecycle ---- */

static void choose_type(FloppyDrive *floppy)
{
    const FloppyFormat *format =
        drive_has_medium(floppy->drive) ? find_format(floppy->drive->length) : NULL;

    if (floppy->type == FLOPPY_AUTO) {
        floppy->type = format ? natural_type(format) : (FloppyType)floppy->fdc->fallback;
    }
    if (floppy->type == FLOPPY_AUTO) {
        floppy->type = FLOPPY_288;
    }
}

static gboolean realize(Device *dev, GError **error)
{
    FloppyDrive *floppy = (FloppyDrive *)dev;

    floppy->drive = drive_for_device(dev->machine, floppy->drive_id, DRIVE_MEDIA_DISK, error);
    if (!floppy->drive) {
        g_prefix_error(error, "floppy: ");
        return FALSE;
    }
    if (!drive_claim(floppy->drive, dev, &drive_user, floppy, error)) {
        return FALSE;
    }
    choose_type(floppy);
    set_format(floppy);
    floppy->changed = TRUE;
    return TRUE;
}

static void unrealize(Device *dev)
{
    drive_release(((FloppyDrive *)dev)->drive);
}

static void reset(Device *dev)
{
    FloppyDrive *floppy = (FloppyDrive *)dev;

    floppy->position = 0;
    floppy->passing = 0;
    floppy->changed = TRUE;
}

static gboolean loaded(void *object, GError **error)
{
    FloppyDrive *floppy = object;

    if (floppy->position > MOST_CYLINDERS) {
        return error_set(error, "a floppy drive's head is beyond the last cylinder");
    }
    return TRUE;
}

static const StateField floppy_fields[] = {
    STATE_FIELD(U8, FloppyDrive, position),
    STATE_FIELD(U8, FloppyDrive, passing),
    STATE_FIELD(BOOL, FloppyDrive, changed),
    STATE_END,
};

static const StateTable floppy_state = {1, floppy_fields, loaded};

static const OptionSpec floppy_options[] = {
    {"drive", OPTION_STRING, G_STRUCT_OFFSET(FloppyDrive, drive_id), NULL,
     "Id of a -drive with if=none, or name of a -blockdev"},
    {"drive-type", OPTION_ENUM, G_STRUCT_OFFSET(FloppyDrive, type), "auto",
     "Kind of drive: 3.5 inch with 1.44 or 2.88 MB, 5.25 inch with 1.2 MB; auto: by the medium",
     .values = type_names},
    OPTION_END,
};

const DeviceOps floppy_ops = {
    .name = "floppy",
    .summary = "floppy drive",
    .category = "Storage",
    .bus = BUS_FLOPPY,
    .size = sizeof(FloppyDrive),
    .options = floppy_options,
    .state = &floppy_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
    .no_hotplug = TRUE,
};
