/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory controller hub of the Q35 (82G33) chipset: the PCI Express host bridge, PAM, SMRAM and
 * the window of memory-mapped configuration space.
 *
 * The board makes it on its own bus and hands it the RAM, whose first byte is at address 0, and
 * the container for PCI memory, the lowest layer of system memory; that makes the bus "pcie.0"
 * with `mch_ops` at 00.0. Vm lock held.
 */
#pragma once

#include "hw/pc/acpi-info.h"
#include "hw/pc/pam.h"
#include "hw/pci/pci-host.h"

extern const DeviceOps q35_pcihost_ops;
extern const PciDeviceOps mch_ops;

/* Makes the host bridge on `bus`, with its PCI device. The regions must outlive it. */
Device *q35_create(Machine *machine, Bus *bus, Region *ram, Region *pci_memory, GError **error);

PciBus *q35_pci_bus(Device *dev);
PciHost *q35_pci_host(Device *dev);
Pam *q35_pam(Device *dev);

/* Fills in the window of configuration space. */
void q35_acpi_info(Device *dev, AcpiInfo *info);
