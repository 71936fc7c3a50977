/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "ramfb": a display whose frame lies in guest RAM. The firmware says where by writing the fw_cfg
 * file etc/ramfb. It is the source of one display. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps ramfb_ops;
