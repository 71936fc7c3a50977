/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hw/pc/board.h and hw/pc/devices.h declare. */
#pragma once

#include "core/board.h"

extern const BoardOps *const board_types[];
const BoardOps *board_find(const char *name);
extern const DeviceOps *const device_types[];
const DeviceOps *device_type_find(const char *name);
Device *device_add(Machine *machine, OptionList *options, GError **error);
