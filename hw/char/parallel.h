/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `isa-parallel`: a standard parallel port (SPP) with a printer, which is a character device.
 *
 * Region 0 = 3 ports; line 0 = interrupt. Usual places: 378h, 278h, 3BCh, IRQ 7; `index` picks
 * one, `iobase` and `irq` set others. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps isa_parallel_ops;
