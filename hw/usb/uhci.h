/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB 1.1 host controllers: UHCI, two ports each. Vm lock held. */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps piix3_uhci_ops, piix4_uhci_ops;
