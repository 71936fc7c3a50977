/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB 2.0 host controllers: EHCI, six ports each. Devices that are slower than high speed need a
 * companion: a UHCI with masterbus= (uhci.h). Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps usb_ehci_ops, ich9_ehci1_ops, ich9_ehci2_ops;
