/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of all device types, and making a device that a user asked for. Vm lock held.
 */
#pragma once

#include "core/device.h"
#include "core/machine.h"

/* Every device type that -device knows or lists, ended by NULL. */
extern const DeviceOps *const device_types[];

/* A type by name, or NULL. */
const DeviceOps *device_type_find(const char *name);

/*
 * What `-device` and `device_add` do: takes driver=, id= and bus= out of `options` and makes the
 * device on the named bus, or on the first of its kind. The rest are options of the device and
 * its bus. NULL with `error` set on failure.
 */
Device *device_add(Machine *machine, OptionList *options, GError **error);
