/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MC146818 real-time clock with 256 bytes of CMOS memory, as in the PIIX3.
 *
 * Regions: 0 = index and data (2 ports at 70h), 1 = the same for the extended bank (2 ports at
 * 72h). Line 0 = IRQ (IRQ 8 of the PC). The time is computed when somebody looks; a timer runs only
 * while an interrupt that is enabled is to come. Vm lock held.
 *
 * Options: `start` (date at start in seconds since 1970, -1 = the host's), `base-offset-ns` (added
 * to it: the time zone for -rtc base=localtime) and `clock`, by which the time goes on: host (the
 * host's wall clock and its steps), rt (the host's monotonic clock) or vm (the guest clock, which
 * stands still while the machine is paused).
 */
#pragma once

#include "core/device.h"

extern const DeviceOps mc146818_ops;

/* CMOS bytes for the board and its firmware: 0 to 255; time and control registers excluded. */
void mc146818_set_cmos(Device *dev, guint index, guint8 value);
guint8 mc146818_get_cmos(Device *dev, guint index);

/* Bit 7 of port 70h: the guest has masked NMI. */
gboolean mc146818_nmi_masked(Device *dev);
