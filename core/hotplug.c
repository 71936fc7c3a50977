/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/hotplug.h"

#include <string.h>

#include "core/block.h"
#include "core/error.h"
#include "core/event.h"
#include "core/object.h"

/* ---- types ---- */

const DeviceOps *machine_device_type(Machine *machine, const char *name)
{
    for (guint i = 0; machine->device_types && machine->device_types[i]; i++) {
        if (device_is_called(machine->device_types[i], name)) {
            return machine->device_types[i];
        }
    }
    return NULL;
}

const BusOps *machine_bus_type(Machine *machine, const char *kind)
{
    for (guint i = 0; machine->bus_types && machine->bus_types[i]; i++) {
        if (strcmp(machine->bus_types[i]->kind, kind) == 0) {
            return machine->bus_types[i];
        }
    }
    return NULL;
}

/* ---- adding ---- */

static const DeviceOps *choose_type(Machine *machine, const char *driver, GError **error)
{
    const DeviceOps *ops;

    if (!driver) {
        error_set(error, "Parameter 'driver' is missing, as in VGA,id=ID (see `-device help`)");
        return NULL;
    }
    ops = machine_device_type(machine, driver);
    if (!ops) {
        error_set(error, "'%s' is not a valid device model name (see `-device help`)", driver);
        return NULL;
    }
    if (ops->board_only || (ops->no_hotplug && machine->assembled)) {
        error_set(error,
                  ops->board_only ? "Parameter 'driver' expects a pluggable device type: %s is a "
                                    "part of the board"
                                  : "Parameter 'driver' expects a pluggable device type: %s can "
                                    "only be there from the start (-device)",
                  driver);
        return NULL;
    }
    return ops;
}

static Bus *choose_bus(Machine *machine, const DeviceOps *ops, const char *name, GError **error)
{
    Bus *bus = NULL;

    if (name) {
        bus = machine->root ? bus_find(machine->root, name) : NULL;
        if (!bus) {
            error_set(error, "Bus '%s' not found (see `info qtree`)", name);
            return NULL;
        }
    } else {
        bus = machine->root && ops->bus ? bus_find_kind(machine->root, ops->bus) : NULL;
        if (!bus) {
            error_set(error, "No '%s' bus found for device '%s'", ops->bus ? ops->bus : "System",
                      ops->name);
            return NULL;
        }
    }
    if (g_strcmp0(bus->ops->kind, ops->bus) != 0) {
        error_set(error, "Device '%s' can't go on %s bus %s", ops->name, bus->ops->kind, bus->name);
        return NULL;
    }
    if (machine->assembled && !bus->hotplug) {
        error_set(error, "Bus '%s' does not support hotplugging", bus->name);
        return NULL;
    }
    return bus;
}

Device *device_add(Machine *machine, OptionList *options, GError **error)
{
    g_autofree char *driver = option_list_take(options, "driver");
    g_autofree char *id = option_list_take(options, "id");
    g_autofree char *bus_name = option_list_take(options, "bus");
    const DeviceOps *ops = choose_type(machine, driver, error);
    Bus *bus = ops ? choose_bus(machine, ops, bus_name, error) : NULL;
    Device *dev;

    if (!bus || (id && !option_check_id(id, error))) {
        return NULL;
    }
    dev = device_create_for_user(machine, ops, bus, id, options, error);
    if (dev && dev->hotplugged && bus->hotplug->added && !bus->hotplug->added(bus, dev, error)) {
        g_clear_pointer(&dev, device_destroy);
    }
    return dev;
}

/* ---- finding ---- */

Device *device_find_for_user(Machine *machine, const char *id_or_path, GError **error)
{
    Device *dev = NULL;
    Object object;

    if (id_or_path[0] != '/') {
        dev = machine->root ? device_find(machine->root, id_or_path) : NULL;
        if (!dev) {
            g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND,
                        "Device '%s' not found", id_or_path);
        }
    } else if (object_resolve(machine, id_or_path, &object, error)) {
        dev = object_device(&object);
        if (!dev) {
            error_set(error, "%s is not a hotpluggable device", id_or_path);
        }
    }
    return dev;
}

/* ---- removing ---- */

gboolean device_is_hotpluggable(const Device *dev)
{
    return !dev->ops->no_hotplug && !dev->ops->board_only;
}

gboolean device_unplug(Device *dev, GError **error)
{
    Bus *bus = dev->bus;

    if (!bus || !bus->hotplug) {
        return error_set(error, "Bus '%s' does not support hotplugging", bus ? bus->name : "");
    }
    if (!device_is_hotpluggable(dev)) {
        return error_set(error, "Device '%s' does not support hotplugging", dev->ops->name);
    }
    if (dev->unplugging) {
        return error_set(error, "Device %s is already in the process of unplug",
                         dev->id ? dev->id : dev->ops->name);
    }
    if (!bus->hotplug->request) {
        device_unplug_finish(dev);
        return TRUE;
    }
    /* Before it asks: the answer may come at once, and the device is gone then. */
    dev->unplugging = TRUE;
    if (!bus->hotplug->request(bus, dev, error)) {
        dev->unplugging = FALSE;
        return FALSE;
    }
    return TRUE;
}

static gboolean take_drives(Device *dev, void *opaque)
{
    drives_of_device(dev, opaque);
    return TRUE;
}

static void tell(Machine *machine, const char *event, const char *id, const char *path)
{
    if (id) {
        event_emit(machine, event, "{'device': <%s>, 'path': <%s>}", id, path);
    } else {
        event_emit(machine, event, "{'path': <%s>}", path);
    }
}

void device_unplug_finish(Device *dev)
{
    Machine *machine = dev->machine;
    Object object = object_of_device(dev);
    g_autofree char *path = object_path(&object);
    g_autofree char *id = g_strdup(dev->id);
    g_autoptr(GPtrArray) drives = g_ptr_array_new();

    device_foreach(dev, take_drives, drives);
    device_destroy(dev);
    /* They were made for it: a new device gets new ones. */
    for (guint i = 0; i < drives->len; i++) {
        drive_remove(g_ptr_array_index(drives, i), NULL);
    }
    tell(machine, "DEVICE_DELETED", id, path);
}

void device_unplug_refused(Device *dev)
{
    Object object = object_of_device(dev);
    g_autofree char *path = object_path(&object);

    dev->unplugging = FALSE;
    tell(dev->machine, "DEVICE_UNPLUG_GUEST_ERROR", dev->id, path);
}
