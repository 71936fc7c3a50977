/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O APIC (82093AA): 24 inputs, each with a redirection entry that says which message goes to
 * which local APIC.
 *
 * Region 0 = its 4 KiB of registers, at FEC00000h on the PC. Messages leave through the
 * accelerator's send_msi; EOIs of level-triggered vectors come back through machine->eoi, which
 * realizing it sets. Vm lock held.
 */
#pragma once

#include "core/device.h"

#define IOAPIC_PINS 24

extern const DeviceOps ioapic_ops;

/* Input pin 0..23. */
IrqLine ioapic_input(Device *dev, guint n);
