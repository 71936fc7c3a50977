/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB 1.1 host controllers: UHCI, two ports each: of their own, or those of an EHCI whose companion
 * they are. Vm lock held. */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps piix3_uhci_ops, piix4_uhci_ops;
extern const PciDeviceOps ich9_uhci1_ops, ich9_uhci2_ops, ich9_uhci3_ops;
extern const PciDeviceOps ich9_uhci4_ops, ich9_uhci5_ops, ich9_uhci6_ops;
