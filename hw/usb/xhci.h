/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "qemu-xhci": a USB 3 host controller (eXtensible Host Controller Interface 1.1). Each of its
 * ports has a USB 2 and a USB 3 side (p2=, p3=). Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps qemu_xhci_ops;
