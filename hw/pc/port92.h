/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System control port A of the PS/2 (port 92h): the second switch of address line 20, and a fast
 * reset.
 *
 * Region 0 = one port. Line 0 = A20 (high: enabled). Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps port92_ops;
