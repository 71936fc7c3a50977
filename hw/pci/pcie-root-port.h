/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI Express root port of no real model: a bridge on the root bus with a link to one slot, into
 * which a device may come and go (pcie-slot.h). Events interrupt by MSI or INTA. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps pcie_root_port_ops;
