/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APICs, for accelerators that have none of their own: one device a processor. Intel SDM
 * vol. 3, chapter 11; AMD APM vol. 2, chapter 16. xAPIC mode only.
 *
 * The board makes as many as there are processors, in the order of their numbers, which are their
 * initial ids; core/apic.h is how the processors reach them. Inputs: 0 = LINT0, to which the
 * board wires the 8259's INTR on every processor, 1 = LINT1, the NMI button. They map their own
 * registers, which the guest may move, and, once for all, the 1 MiB at FEE00000h to which devices
 * write interrupt messages. Timers count guest time at 1 GHz. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps apic_ops;
