/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 82441FX (i440FX) host bridge: PCI configuration ports, PAM and SMRAM.
 *
 * The board makes it on its own bus and hands it the RAM, whose first byte is at address 0, and
 * the container for PCI memory, the lowest layer of system memory; that makes the PCI bus "pci.0"
 * with `i440fx_ops` at 00.0. Vm lock held.
 */
#pragma once

#include "hw/pc/pam.h"
#include "hw/pci/pci-host.h"

extern const DeviceOps i440fx_pcihost_ops;
extern const PciDeviceOps i440fx_ops;

/* Makes the host bridge on `bus`, with its PCI device. The regions must outlive it. */
Device *i440fx_create(Machine *machine, Bus *bus, Region *ram, Region *pci_memory, GError **error);

PciBus *i440fx_pci_bus(Device *dev);
PciHost *i440fx_pci_host(Device *dev);
Pam *i440fx_pam(Device *dev);
