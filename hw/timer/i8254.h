/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8254 programmable interval timer: three counters at 1.193182 MHz.
 *
 * Region 0 = its 4 ports (at 40h on the PC). Line 0 = OUT of counter 0 (IRQ 0). Input 0 = high
 * while what is at that line ignores it (an HPET in legacy replacement mode). Counts and outputs
 * are computed when somebody looks; a timer runs only for counter 0, whose output is wired, and
 * only while another edge is to come and is heard. Vm lock held.
 */
#pragma once

#include "core/device.h"

#define I8254_HZ 1193182

extern const DeviceOps i8254_ops;

/* Sets a counter's GATE input. After reset the gates of 0 and 1 are high, that of 2 is low. */
void i8254_set_gate(Device *dev, guint channel, gboolean level);
gboolean i8254_gate(Device *dev, guint channel);

/* The present level of a counter's OUT. */
gboolean i8254_out(Device *dev, guint channel);
