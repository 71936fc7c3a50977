/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware files (BIOS, option ROMs): found by name in machine->firmware_dirs (-L, then the
 * distribution's folders) or by path. Vm lock held; called while the machine is being made.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

/* Path of a file: `name` itself if it is one, else in the machine's folders. NULL with `error`. */
char *firmware_find(Machine *machine, const char *name, GError **error);

/* Reads a file of 1 to `max_size` bytes. NULL with `error`: missing, unreadable, empty, too big. */
GBytes *firmware_load(Machine *machine, const char *name, gsize max_size, GError **error);
