/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC's pair of 8259A interrupt controllers, with the edge/level control registers of the
 * EISA-class south bridges.
 *
 * Regions: 0 = master (2 ports at 20h), 1 = slave (2 ports at A0h), 2 = ELCR (2 ports at 4D0h).
 * Lines: 0 = INTR, which goes to the accelerator unless the board connects it elsewhere. Realizing
 * it sets machine->pic_acknowledge. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps i8259_ops;

/* Input IR0..IR7 of the master (0-7) and of the slave (8-15); input 2 is the cascade. */
IrqLine i8259_input(Device *dev, guint n);

/* The vector of the pending interrupt, as two INTA cycles bring it: acknowledges it. */
guint i8259_acknowledge(Device *dev);
