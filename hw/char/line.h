/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What devices share that a character device is on: claiming it by the property chardev=ID. Vm lock
 * held.
 */
#pragma once

#include "core/char.h"
#include "core/device.h"

/* The character device `id` with the device as its user; NULL with an error that says which. */
Chardev *char_line_open(Device *dev, const char *id, const CharUser *user, GError **error);
