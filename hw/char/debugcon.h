/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `isa-debugcon`: a port whose bytes go to a character device (Bochs' port E9h; firmware uses
 * 402h). Region 0 = 1 port, which reads as `readback`. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps isa_debugcon_ops;
