/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types of objects that there can be: see object.h. */
#include <string.h>

#include "core/backend.h"
#include "core/board.h"
#include "core/char.h"
#include "core/hotplug.h"
#include "core/object.h"

typedef struct BaseType {
    const char *name, *parent;
    gboolean is_abstract;
} BaseType;

static const BaseType base_types[] = {
    {"object", NULL, TRUE},
    {"interface", NULL, TRUE},
    {"container", "object", FALSE},
    {"machine", "object", TRUE},
    {"device", "object", TRUE},
    {"isa-device", "device", TRUE},
    {"pci-device", "device", TRUE},
    {"ide-device", "device", TRUE},
    {"usb-device", "device", TRUE},
    {"sys-bus-device", "device", TRUE},
    {"cpu", "device", TRUE},
    {"x86_64-cpu", "cpu", TRUE},
    {"bus", "object", TRUE},
    {"chardev", "object", TRUE},
    {"qemu-console", "object", FALSE},
    {"frontend", "object", TRUE},
    {"user-creatable", "interface", TRUE},
    {"memory-backend", "object", TRUE},
    {"rng-backend", "object", TRUE},
    {"secret_common", "object", TRUE},
};

static const char *parent_of_device(const DeviceOps *ops)
{
    static const char *const kinds[][2] = {
        {BUS_ISA, "isa-device"},
        {BUS_PCI, "pci-device"},
        {BUS_IDE, "ide-device"},
        {BUS_USB, "usb-device"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (ops->bus && !strcmp(ops->bus, kinds[i][0])) {
            return kinds[i][1];
        }
    }
    return ops->board_only ? "sys-bus-device" : "device";
}

/* Names that are made of a prefix, a part's name and a suffix. */
static gboolean report_named(const char *prefix, const char *name, const char *suffix,
                             const char *parent, ObjectTypeFn fn, void *opaque)
{
    g_autofree char *full = g_strconcat(prefix, name, suffix, NULL);

    return fn(full, parent, FALSE, opaque);
}

static gboolean foreach_part_type(Machine *machine, ObjectTypeFn fn, void *opaque)
{
    gboolean more = TRUE;

    for (guint i = 0; more && machine->board_types && machine->board_types[i]; i++) {
        more = report_named("", machine->board_types[i]->name, "-machine", "machine", fn, opaque);
    }
    for (guint i = 0; more && machine->bus_types && machine->bus_types[i]; i++) {
        more = fn(machine->bus_types[i]->kind, "bus", FALSE, opaque);
    }
    for (guint i = 0; more && machine->device_types && machine->device_types[i]; i++) {
        const DeviceOps *ops = machine->device_types[i];

        more = fn(ops->name, parent_of_device(ops), FALSE, opaque);
    }
    return more;
}

void object_foreach_type(Machine *machine, ObjectTypeFn fn, void *opaque)
{
    gboolean more = TRUE;

    for (guint i = 0; more && i < G_N_ELEMENTS(base_types); i++) {
        more = fn(base_types[i].name, base_types[i].parent, base_types[i].is_abstract, opaque);
    }
    more = more && foreach_part_type(machine, fn, opaque);
    for (guint i = 0; more && backend_types[i]; i++) {
        more = fn(backend_types[i]->name, backend_types[i]->parent, FALSE, opaque);
    }
    for (guint i = 0; more && chardev_types[i]; i++) {
        more = report_named("chardev-", chardev_types[i]->name, "", "chardev", fn, opaque);
    }
    for (guint i = 0; more && machine->frontend_names && machine->frontend_names[i]; i++) {
        more = report_named("frontend-", machine->frontend_names[i], "", "frontend", fn, opaque);
    }
}

/* ---- kinds ---- */

typedef struct ParentSearch {
    const char *name;
    gboolean found;
    const char *parent; /* a literal of the tables */
} ParentSearch;

static gboolean match_name(const char *name, const char *parent, gboolean is_abstract, void *opaque)
{
    ParentSearch *search = opaque;

    if (strcmp(name, search->name) != 0) {
        return TRUE;
    }
    search->found = TRUE;
    search->parent = parent;
    return FALSE;
}

gboolean object_type_is(Machine *machine, const char *name, const char *ancestor)
{
    /* An interface, beside the parent that each backend has. */
    if (!strcmp(ancestor, "user-creatable") && backend_type_find(name)) {
        return TRUE;
    }
    while (name && strcmp(name, ancestor) != 0) {
        ParentSearch search = {name};

        object_foreach_type(machine, match_name, &search);
        name = search.parent;
    }
    return name != NULL;
}

/* ---- options ---- */

static gboolean report_options(const OptionSpec *options, ObjectPropertyFn fn, void *opaque)
{
    gboolean more = TRUE;

    for (const OptionSpec *spec = options; more && spec && spec->name; spec++) {
        GVariant *floating = option_default(spec);
        g_autoptr(GVariant) value = floating ? g_variant_ref_sink(floating) : NULL;

        more = fn(&(ObjectProperty){spec->name, option_type(spec), spec->help, value}, opaque);
    }
    return more;
}

static const OptionSpec *chardev_options(const char *type, gboolean *found)
{
    for (guint i = 0; chardev_types[i]; i++) {
        if (g_str_has_prefix(type, "chardev-") &&
            !strcmp(chardev_types[i]->name, type + strlen("chardev-"))) {
            *found = TRUE;
            return chardev_types[i]->options;
        }
    }
    return NULL;
}

gboolean object_foreach_option(Machine *machine, const char *type, ObjectPropertyFn fn,
                               void *opaque)
{
    const DeviceOps *device = machine_device_type(machine, type);
    const BackendOps *backend = backend_type_find(type);
    ParentSearch search = {type};

    if (device) {
        const BusOps *bus = device->bus ? machine_bus_type(machine, device->bus) : NULL;

        if (!bus || report_options(bus->place_options, fn, opaque)) {
            report_options(device->options, fn, opaque);
        }
        return TRUE;
    }
    if (backend) {
        report_options(backend->options, fn, opaque);
        return TRUE;
    }
    report_options(chardev_options(type, &search.found), fn, opaque);
    if (!search.found) {
        object_foreach_type(machine, match_name, &search);
    }
    return search.found;
}
