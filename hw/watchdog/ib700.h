/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog of the IB700 single-board computers, on the ISA bus: writing to port 443h starts it
 * anew, writing to 441h stops it. It counts guest time. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps ib700_ops;
