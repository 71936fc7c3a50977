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

/* For cards without a ROM of their own: the firmware takes their BIOS, the image `rom`, from fw_cfg
 * as `file`, if the board has fw_cfg by now. (A board that makes the card itself sees to it.) */
gboolean vga_offer_bios(Machine *machine, const char *rom, const char *file, GError **error);
