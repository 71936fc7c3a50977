/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `isa-debug-exit`: a port through which a test guest ends the program: writing V makes its exit
 * status (V << 1) | 1. Region 0 = `iosize` ports, usually at 501h. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps isa_debug_exit_ops;
