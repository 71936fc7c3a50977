/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `isa-serial`: a 16550A UART on the ISA bus.
 *
 * Region 0 = 8 ports; line 0 = interrupt. Usual places: 3F8h/4, 2F8h/3, 3E8h/4, 2E8h/3; `index`
 * picks one, `iobase` and `irq` set others. `chardev` names the character device on the line. Vm
 * lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps isa_serial_ops;
