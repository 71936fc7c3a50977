/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that users add and remove: `-device` while the machine is put together, `device_add`
 * and `device_del` while it is there. Whether a bus allows the latter, and how the guest is told
 * and asked, is its HotplugOps (device.h). Vm lock held.
 */
#pragma once

#include "core/machine.h"

/* A type of machine->device_types by name, or NULL. */
const DeviceOps *machine_device_type(Machine *machine, const char *name);
/* A kind of bus of machine->bus_types, or NULL. */
const BusOps *machine_bus_type(Machine *machine, const char *kind);

/* For people: all types that users can make, by category; the options of one, and those that its
 * kind of bus adds (NULL = none). */
void device_types_help(const DeviceOps *const *types, GString *out);
void device_type_help(const DeviceOps *ops, const BusOps *bus, GString *out);

/*
 * Takes driver=, id= and bus= out of `options` and makes the device on the named bus, or on the
 * first of its kind. The rest are options of the device and its bus. NULL with `error` set on
 * failure, and nothing is left behind then.
 */
Device *device_add(Machine *machine, OptionList *options, GError **error);

/* The device that a user means by an id, or by a path of the object tree. */
Device *device_find_for_user(Machine *machine, const char *id_or_path, GError **error);

/* Whether device_unplug() may be tried. */
gboolean device_is_hotpluggable(const Device *dev);

/*
 * Wants a device gone. TRUE: it is gone, or the guest was asked and it goes once the guest has let
 * go of it, which the event DEVICE_DELETED tells.
 */
gboolean device_unplug(Device *dev, GError **error);

/*
 * For HotplugOps: the guest has let go. The device goes, with all below it and the drives that
 * they had. Not from inside the device's own callbacks.
 */
void device_unplug_finish(Device *dev);

/* For HotplugOps: the guest will not let go; the device stays, and device_unplug() may be tried
 * again. */
void device_unplug_refused(Device *dev);
