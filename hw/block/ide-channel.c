/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel: decodes its ports, knows which device is selected, and answers for devices that are
 * not there. Every register write reaches both devices; the selected one answers reads and carries
 * out commands (ATA/ATAPI-6, 6.3 and 9.16).
 */
#include <string.h>

#include "core/error.h"
#include "core/option.h"
#include "hw/block/ide-priv.h"

/* Nobody drives the bus, and the host pulls DD7 down so that BSY reads as clear. */
#define FLOATING 0x7f

typedef struct IdeBus {
    Bus bus;
    IdeChannel *channel;
} IdeBus;

static IdeDevice *selected(IdeChannel *channel)
{
    return channel->devices[channel->select & DEVICE_SELECT ? 1 : 0];
}

void ide_update_intrq(IdeChannel *channel)
{
    const IdeDevice *ide = selected(channel);
    gboolean level = ide && ide->intrq && !(channel->device_control & CONTROL_NIEN);

    if (level == channel->intrq) {
        return;
    }
    channel->intrq = level;
    if (level && channel->dma && channel->dma->ops->interrupt) {
        channel->dma->ops->interrupt(channel->dma);
    }
    if (channel->set_intrq) {
        channel->set_intrq(channel->opaque, level);
    }
}

/* Reads a register other than Data. */
static guint8 read_register(IdeChannel *channel, guint n)
{
    IdeDevice *ide = selected(channel);
    guint8 value;

    if (!ide) {
        /* Device 0 answers for a missing device 1: with its own registers, but status 0; nobody
         * answers for a missing device 0 (9.16.1, 9.16.2). */
        ide = channel->select & DEVICE_SELECT ? channel->devices[0] : NULL;
        if (!ide) {
            return FLOATING;
        }
        if (n == IDE_STATUS) {
            return 0;
        }
    }
    if (n == IDE_DEVICE) {
        return channel->select;
    }
    value = ide_register_read(ide, n, channel->device_control & CONTROL_HOB);
    if (n == IDE_STATUS) {
        ide_lower(ide);
    }
    return value;
}

static void select_device(IdeChannel *channel, guint8 value)
{
    channel->select = value | 0xa0; /* bits 7 and 5 are obsolete and read as ones */
    ide_update_intrq(channel);
}

static void write_register(IdeChannel *channel, guint n, guint8 value)
{
    IdeDevice *ide = selected(channel);

    channel->device_control &= (guint8)~CONTROL_HOB;
    if (n == IDE_STATUS) {
        /* EXECUTE DEVICE DIAGNOSTIC is for both (8.11), whoever is selected. */
        if (value == 0x90 && channel->devices[0]) {
            ide = channel->devices[0];
        }
        if (ide) {
            ide_command(ide, value);
        }
        return;
    }
    for (guint i = 0; i < 2; i++) {
        if (channel->devices[i]) {
            ide_register_write(channel->devices[i], n, value);
        }
    }
    if (n == IDE_DEVICE && !(ide && (ide->status & STATUS_BSY))) {
        select_device(channel, value);
    }
}

static guint64 command_read(void *opaque, guint64 addr, guint size)
{
    IdeChannel *channel = opaque;
    IdeDevice *ide = selected(channel);
    guint64 value = 0;

    if (addr == IDE_DATA) {
        return ide ? ide_data_read(ide, size) : G_MAXUINT64 << 8 | FLOATING;
    }
    for (guint i = 0; i < size; i++) {
        value |= (guint64)read_register(channel, (guint)(addr + i) & 7) << (8 * i);
    }
    return value;
}

static void command_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    IdeChannel *channel = opaque;

    if (addr == IDE_DATA) {
        if (selected(channel)) {
            ide_data_write(selected(channel), (guint32)value, size);
        }
        return;
    }
    for (guint i = 0; i < size && addr + i < 8; i++) {
        write_register(channel, (guint)(addr + i), (guint8)(value >> (8 * i)));
    }
}

static const IoOps command_ops = {
    .read = command_read,
    .write = command_write,
    .min_size = 1,
    .max_size = 4,
};

/* Alternate Status: like Status, without clearing the interrupt (7.3). */
static guint64 control_read(void *opaque, guint64 addr, guint size)
{
    IdeChannel *channel = opaque;
    IdeDevice *ide = selected(channel);

    if (ide) {
        return ide_register_read(ide, IDE_STATUS, FALSE);
    }
    return channel->select & DEVICE_SELECT && channel->devices[0] ? 0 : FLOATING;
}

static void control_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    IdeChannel *channel = opaque;
    guint8 changed = channel->device_control ^ (guint8)value;

    channel->device_control = (guint8)value;
    if (changed & CONTROL_SRST) {
        for (guint i = 0; i < 2; i++) {
            if (channel->devices[i]) {
                ide_device_hold(channel->devices[i], (value & CONTROL_SRST) != 0);
            }
        }
        select_device(channel, 0);
    }
    ide_update_intrq(channel);
}

static const IoOps control_ops = {
    .read = control_read,
    .write = control_write,
    .min_size = 1,
    .max_size = 1,
};

/* unit=0|1; without it the first free one. */
static gboolean ide_place(Bus *bus, Device *dev, OptionList *options, GError **error)
{
    IdeChannel *channel = ((IdeBus *)bus)->channel;
    IdeDevice *ide = (IdeDevice *)dev;
    g_autofree char *text = option_list_take(options, "unit");
    guint64 unit = channel->devices[0] ? 1 : 0;

    if (text && !option_parse_uint("unit", text, &unit, error)) {
        return FALSE;
    }
    if (channel->host && (unit > 0 || channel->devices[0])) {
        return error_set(error, "%s takes one device", bus->name);
    }
    if (unit > 1) {
        return error_set(error, "unit=%" G_GUINT64_FORMAT " is not on an IDE channel (0 or 1)",
                         unit);
    }
    if (channel->devices[unit]) {
        return error_set(error, "unit %" G_GUINT64_FORMAT " of %s is taken by '%s'", unit,
                         bus->name, channel->devices[unit]->drive->id);
    }
    ide->channel = channel;
    ide->unit = (guint)unit;
    return TRUE;
}

static gboolean ide_plugged(Bus *bus, Device *dev, GError **error)
{
    IdeDevice *ide = (IdeDevice *)dev;

    ide->channel->devices[ide->unit] = ide;
    if (ide->channel->host) {
        ide_device_reset(ide, TRUE); /* what it says about itself now must be right */
        ide->channel->host->changed(ide->channel->opaque);
    }
    return TRUE;
}

static void ide_unplugged(Bus *bus, Device *dev)
{
    IdeDevice *ide = (IdeDevice *)dev;

    if (ide->channel->devices[ide->unit] == ide) {
        ide->channel->devices[ide->unit] = NULL;
        ide_update_intrq(ide->channel);
        if (ide->channel->host) {
            ide->channel->host->changed(ide->channel->opaque);
        }
    }
}

static void ide_describe(Bus *bus, Device *dev, GString *out)
{
    g_string_append_printf(out, "unit = %u", ((IdeDevice *)dev)->unit);
}

static const OptionSpec ide_place_options[] = {
    {"unit", OPTION_UINT, .max = 1, .help = "0 (master) or 1 (slave); unset: the first free one"},
    OPTION_END,
};

static GVariant *ide_get_place(Bus *bus, Device *dev, const OptionSpec *spec)
{
    return g_variant_new_uint64(((IdeDevice *)dev)->unit);
}

const BusOps ide_bus_ops = {
    .kind = BUS_IDE,
    .size = sizeof(IdeBus),
    .place = ide_place,
    .plugged = ide_plugged,
    .unplugged = ide_unplugged,
    .describe = ide_describe,
    .place_options = ide_place_options,
    .get_place = ide_get_place,
};

void ide_channel_init(IdeChannel *channel, Device *controller, guint n,
                      void (*set_intrq)(void *opaque, gboolean level), void *opaque)
{
    IdeBus *bus = (IdeBus *)bus_create(controller, &ide_bus_ops, "ide.%u", n);

    bus->channel = channel;
    channel->select = 0xa0;
    channel->set_intrq = set_intrq;
    channel->opaque = opaque;
    region_init_io(&channel->command, "ide-command", &command_ops, channel, 8);
    region_init_io(&channel->control, "ide-control", &control_ops, channel, 1);
}

void ide_channel_init_sata(IdeChannel *channel, Device *controller, const char *bus_name, guint n,
                           const IdeHostOps *host, void *opaque)
{
    IdeBus *bus = (IdeBus *)bus_create(controller, &ide_bus_ops, "%s", bus_name);

    bus->channel = channel;
    channel->select = 0xa0;
    channel->host = host;
    channel->serial_base = 2 + n;
    channel->opaque = opaque;
}

void ide_channel_finish(IdeChannel *channel)
{
    region_finish(&channel->command);
    region_finish(&channel->control);
}

Bus *ide_bus(Device *controller, guint n)
{
    return n < controller->buses->len ? g_ptr_array_index(controller->buses, n) : NULL;
}

/* Makes the device for one drive. */
static gboolean create_drive(Bus *bus, Drive *drive, GError **error)
{
    const DeviceOps *ops = drive->media == DRIVE_MEDIA_CDROM ? &ide_cd_ops : &ide_hd_ops;
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "drive", drive->id);
    option_list_add(options, "unit", drive->unit ? "1" : "0");
    return device_create(bus->parent->machine, ops, bus, NULL, options, error) != NULL;
}

gboolean ide_create_drives(Device *controller, guint first_bus, GError **error)
{
    for (guint n = 0; n < controller->buses->len; n++) {
        for (guint unit = 0; unit < 2; unit++) {
            Drive *drive = drive_find_place(controller->machine, DRIVE_IF_IDE, first_bus + n, unit);

            if (drive && !create_drive(ide_bus(controller, n), drive, error)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

gboolean ide_geometry(Device *controller, guint n, guint unit, IdeGeometry *geometry)
{
    const IdeBus *bus = (const IdeBus *)ide_bus(controller, n);
    const IdeDevice *ide = bus && unit < 2 ? bus->channel->devices[unit] : NULL;

    if (!ide || ide->kind->is_cdrom) {
        return FALSE;
    }
    *geometry = ide->geometry;
    return TRUE;
}

gboolean ide_boot_place(Device *dev, guint *channel, guint *unit, gint64 *bootindex)
{
    const IdeDevice *ide = (const IdeDevice *)dev;
    guint n;

    if (dev->ops != &ide_hd_ops && dev->ops != &ide_cd_ops) {
        return FALSE;
    }
    g_ptr_array_find(dev->bus->parent->buses, dev->bus, &n);
    *channel = n;
    *unit = ide->unit;
    *bootindex = ide->bootindex;
    return TRUE;
}
