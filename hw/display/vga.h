/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VGA cards: "VGA", the PCI card of `-vga std` (Bochs VBE, linear framebuffer in BAR 0, registers
 * in BAR 2), "secondary-vga", "bochs-display" and "isa-vga". Each is the source of one display.
 */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps vga_pci_ops;
extern const PciDeviceOps secondary_vga_ops;
extern const PciDeviceOps bochs_display_ops;
extern const DeviceOps isa_vga_ops;
