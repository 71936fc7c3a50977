/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test device that kvm-unit-tests expect of a PC (`-device pc-testdev`): a processor test can
 * set ISA interrupt lines, has ports and memory that come to a device, and can have a page's
 * mapping forgotten.
 *
 * Ports: E0h-E3h and E8h-EBh a register of 32 bits each way, E4h-E7h the address of a page to
 * forget, 2000h-2017h the lines. Memory: 64 KiB at FF000000h. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps pc_testdev_ops;
