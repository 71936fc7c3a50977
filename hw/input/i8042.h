/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC's keyboard controller, an 8042 with an auxiliary port, as in the PS/2 and every PC since.
 *
 * Regions: 0 = data (1 port at 60h), 1 = status and command (1 port at 64h). Lines: 0 = keyboard
 * (IRQ 1), 1 = auxiliary device (IRQ 12), 2 = A20 gate (1 = address line 20 passes). A reset that
 * the guest pulses on the output port becomes a machine reset. It makes the keyboard and, with
 * mouse=on, the mouse that are plugged into it. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps i8042_ops;
