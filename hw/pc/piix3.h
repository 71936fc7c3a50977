/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 82371SB (PIIX3) PCI-to-ISA bridge at 01.0: the ISA bus, routing of PCI interrupts to ISA
 * lines, and the reset control register at port CF9h.
 *
 * Its inputs 0..3 are PIRQA..PIRQD; its lines 0..15 are the ISA interrupts, which the board
 * wires to the interrupt controllers. Vm lock held.
 */
#pragma once

#include "hw/isa/isa.h"
#include "hw/pci/pci-host.h"

extern const PciDeviceOps piix3_ops;

IsaBus *piix3_isa_bus(Device *dev);

/* Puts the reset control register behind the host bridge's port CF8h. */
void piix3_connect_host(Device *dev, PciHost *host);

/* Input n of the ISA interrupts, for board devices that are not on the ISA bus. */
IrqLine piix3_isa_irq(Device *dev, guint n);
