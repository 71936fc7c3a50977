/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The high precision event timer (IA-PC HPET specification 1.0a): a 64-bit counter at 100 MHz of
 * guest time with 3 to 32 comparators, the first of them periodic if it likes.
 *
 * Region 0 = its 1 KiB of registers, at FED00000h on the PC. Lines: 0 and 1 = IRQ 0 and IRQ 8,
 * which the comparators 0 and 1 take over from the 8254 and the RTC in legacy replacement mode;
 * 2 to 33 = inputs 0 to 31 of the I/O APIC, of those that `hpet-intcap` lists; HPET_LINE_REPLACES
 * is high in legacy replacement mode. Inputs: 0 = OUT of the 8254's counter 0, 1 = the RTC's
 * interrupt; they go through to lines 0 and 1 otherwise. Vm lock held.
 */
#pragma once

#include "core/device.h"

#define HPET_ROUTES        32
#define HPET_LINE_REPLACES (2 + HPET_ROUTES)

extern const DeviceOps hpet_ops;
