/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices and buses: the tree of what the machine is made of.
 *
 * A device type is one const DeviceOps. Its options table alone feeds `-device NAME,help`, parsing,
 * `info qtree` and introspection; its state table alone feeds saved state. A device never knows
 * its address or interrupt number: it publishes regions and interrupt lines, and the board or the
 * bus it is plugged into wires them. Everything here: vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/irq.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/state.h"

typedef struct Machine Machine;
typedef struct Device Device;
typedef struct DeviceOps DeviceOps;
typedef struct Bus Bus;
typedef struct BusOps BusOps;
typedef struct HotplugOps HotplugOps;

/* Names of bus kinds. A device with `bus` NULL belongs to the board itself. */
#define BUS_ISA "ISA"
#define BUS_PCI "PCI"
#define BUS_IDE "IDE"
#define BUS_USB "usb-bus"
#define BUS_PS2 "PS2"

/* A property in the object tree that is no option: it is there while the device is. */
typedef struct DeviceProperty {
    const char *name; /* NULL ends a table */
    const char *type; /* as in ObjectProperty */
    const char *help;
    GVariant *(*get)(Device *dev); /* floating or not */
    /* NULL = it cannot be set. Values that are not of a fitting type are for it to refuse. */
    gboolean (*set)(Device *dev, GVariant *value, GError **error);
} DeviceProperty;

struct DeviceOps {
    const char *name;          /* as in -device NAME */
    const char *alias;         /* another name for -device; NULL = none */
    const char *summary;       /* one line for -device help */
    const char *category;      /* heading in -device help: "Storage", "Input", "Display"... */
    const char *bus;           /* BUS_x that it plugs into, or NULL */
    gsize size;                /* of its state struct, which begins with a Device (or PciDevice) */
    gboolean board_only;       /* only a board may make one; -device refuses it */
    const OptionSpec *options; /* NULL = none */
    const DeviceProperty *properties; /* NULL = none */
    const StateTable *state;          /* NULL = none */
    /* Required. Options are set; claims resources, publishes regions and lines. May fail. */
    gboolean (*realize)(Device *dev, GError **error);
    /* Undoes realize. NULL = nothing to undo. */
    void (*unrealize)(Device *dev);
    /* Power-on state. NULL = nothing to reset. Called after realize and at every machine reset. */
    void (*reset)(Device *dev);
    /* `info TOPIC` at the monitor. Both NULL, or both set: appends text for people. */
    const char *info_topic;
    void (*info)(Device *dev, GString *out);
    /* The same for programs, as QMP's query-TOPIC answers: a list (aa{sv}, floating). NULL = there
     * is no such query. */
    GVariant *(*query)(Device *dev);
    /* Interrupt inputs (device_input()): how many, at most 64, and the new level of one. 0 and NULL
     * mean none. */
    guint inputs;
    void (*set_input)(Device *dev, guint n, int level);
    /* Its name as a part of the device that it is plugged into, in the object tree (object.h):
     * "ps2kbd" of the i8042. NULL = it is none, and has a place of its own there. */
    const char *part;
    gboolean no_hotplug; /* cannot come or go while the machine is there, whatever the bus says */
};

/* First member of every device's state. */
struct Device {
    const DeviceOps *ops;
    Machine *machine;
    char *id;           /* user's or board's name for it; NULL = anonymous */
    Bus *bus;           /* where it is plugged, NULL for the root */
    GPtrArray *buses;   /* of Bus*, owned: what can be plugged into it */
    GPtrArray *regions; /* of Region*, in the order published */
    GPtrArray *irqs;    /* of IrqLine*, outputs, in the order published */
    GHashTable *warned; /* literals that device_warn_once() has said */
    gboolean realized;
    /* Told of the level set on an input, before the device is (qtest); NULL = nobody listens. */
    void (*input_tap)(void *opaque, guint n, int level);
    void *input_tap_opaque;
    guint64 input_levels;  /* bit n: the last level of input n */
    guint64 *input_raises; /* how often each input was raised, for `info irq` */
    /* For the object tree. */
    gboolean by_user;    /* made by -device or device_add */
    gboolean hotplugged; /* by device_add, while the machine was there */
    gboolean unplugging; /* the guest was asked to let it go */
    guint number;        /* of the anonymous ones, among the user's or among the board's */
    guint bus_number;    /* of its bus, whose next one gets the next */
};

struct BusOps {
    const char *kind; /* BUS_x */
    gsize size;       /* of its struct, which begins with a Bus */
    /* Options that the bus adds to each device plugged into it (addr=, iobase=, unit=). They are
     * taken out of `options` here, the place is checked and the device's resources get wired once
     * plugged(). NULL = none. */
    gboolean (*place)(Bus *bus, Device *dev, OptionList *options, GError **error);
    /* The device is realized: wire it. NULL = nothing. */
    gboolean (*plugged)(Bus *bus, Device *dev, GError **error);
    void (*unplugged)(Bus *bus, Device *dev);
    /* Where a device sits, for `info qtree` ("addr = 01.1"). NULL = says nothing. */
    void (*describe)(Bus *bus, Device *dev, GString *out);
    /* The bus goes, its devices are gone: frees what it holds. NULL = nothing. */
    void (*finish)(Bus *bus);
    /* The options of place(), for help and introspection (`offset` means nothing), and the present
     * value of one of them, of the row's type (floating). Both NULL, or both set. */
    const OptionSpec *place_options;
    GVariant *(*get_place)(Bus *bus, Device *dev, const OptionSpec *spec);
};

/* How devices come to a bus and leave it while the machine is there (hotplug.h). */
struct HotplugOps {
    /* A new device is there, plugged and reset: tells the guest. On failure the device goes again.
     * NULL = nothing to be told. */
    gboolean (*added)(Bus *bus, Device *dev, GError **error);
    /*
     * Somebody wants the device gone: asks the guest to let go of it. When it has, at once or much
     * later, device_unplug_finish() is called; if it will not, device_unplug_refused(). At a reset
     * of the machine nobody holds it any more: to be finished. NULL = it may go at once.
     */
    gboolean (*request)(Bus *bus, Device *dev, GError **error);
};

struct Bus {
    const BusOps *ops;
    char *name; /* "pci.0", "ide.1" */
    Device *parent;
    GPtrArray *children; /* of Device*, owned */
    guint next_number;   /* of a device that comes */
    /* Set by who makes the bus, or by the controller that tells the guest of changes, which finds
     * itself by hotplug_opaque. NULL = what is there at start stays. */
    const HotplugOps *hotplug;
    void *hotplug_opaque;
};

/*
 * Makes a device of `ops`, sets its options from `options` (may be NULL; consumed entries are
 * marked used, unknown ones fail), plugs it into `bus` and realizes it. The bus owns it. `id` may
 * be NULL. Returns NULL with `error` set on failure, leaving nothing behind.
 */
Device *device_create(Machine *machine, const DeviceOps *ops, Bus *bus, const char *id,
                      OptionList *options, GError **error);

/* The same for -device and device_add (hotplug.h). */
Device *device_create_for_user(Machine *machine, const DeviceOps *ops, Bus *bus, const char *id,
                               OptionList *options, GError **error);

/*
 * -global: what devices of a driver have for a property where nothing else is said, from now on.
 * The last one given for a property counts.
 */
void device_set_global(Machine *machine, const char *driver, const char *property,
                       const char *value);
/* Warns of those whose driver no device had so far. */
void device_check_globals(Machine *machine);
void device_free_globals(Machine *machine); /* for core/machine.c */

/* Unrealizes and frees a device and all below it. */
void device_destroy(Device *dev);

static inline gboolean device_is_called(const DeviceOps *ops, const char *name)
{
    return g_str_equal(ops->name, name) || (ops->alias && g_str_equal(ops->alias, name));
}

/* Makes a bus below `parent`; the name is formatted. */
Bus *bus_create(Device *parent, const BusOps *ops, const char *name_format, ...)
    G_GNUC_PRINTF(3, 4);

/* From realize: publish what the board or bus will wire, in the order it documents. */
void device_publish_region(Device *dev, Region *region);
void device_publish_irq(Device *dev, IrqLine *line);

/* For whoever wires: the n-th published region or line; NULL if there is none. */
Region *device_region(Device *dev, guint n);
void device_connect_irq(Device *dev, guint n, IrqLine line);

static inline void device_set_input(void *opaque, guint n, int level)
{
    Device *dev = opaque;
    guint64 bit = 1ULL << n;

    if (level && !(dev->input_levels & bit)) {
        dev->input_raises[n]++;
    }
    dev->input_levels = level ? dev->input_levels | bit : dev->input_levels & ~bit;
    if (dev->input_tap) {
        dev->input_tap(dev->input_tap_opaque, n, level);
    }
    dev->ops->set_input(dev, n, level);
}

/* A line to the n-th interrupt input of a device that has some. */
static inline IrqLine device_input(Device *dev, guint n)
{
    g_assert(n < dev->ops->inputs);
    return (IrqLine){device_set_input, dev, n};
}

/* Resets a device and everything below it, children first. */
void device_reset_tree(Device *dev);

/* Calls fn for the device and all below, parents first; stops when fn returns FALSE. */
gboolean device_foreach(Device *dev, gboolean (*fn)(Device *dev, void *opaque), void *opaque);

/* Finds by id; NULL if there is none. */
Device *device_find(Device *root, const char *id);
/* First device of a type, or NULL. */
Device *device_find_ops(Device *root, const DeviceOps *ops);
/* Finds a bus by name ("ide.1"), or the first of a kind. NULL if there is none. */
Bus *bus_find(Device *root, const char *name);
Bus *bus_find_kind(Device *root, const char *kind);

/* Logs (guest_errors), once per device and `what` (a literal), what the guest did wrong. */
void device_warn_once(Device *dev, const char *what);

/* Its path in the object tree, as programs know it; g_free. */
char *device_path(const Device *dev);

/* The device tree as text: `info qtree`. */
void device_print_tree(Device *root, GString *out);

/* How often each interrupt input below `root` was raised: `info irq`. */
void device_print_irq_counts(Device *root, GString *out);
