/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of all types of devices and buses, which app/ gives to the machine. Constant.
 */
#pragma once

#include "core/device.h"

/* Every device type that -device knows or lists, ended by NULL. */
extern const DeviceOps *const device_types[];

/* Every kind of bus, ended by NULL. */
extern const BusOps *const bus_types[];

/* A type by name, or NULL. */
const DeviceOps *device_type_find(const char *name);
