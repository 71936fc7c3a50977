/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI Express capability (PCI Express Base Specification 3.0, 7.8), which makes the
 * configuration space 4 KiB, of which what is not used reads as zero. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

/* Kinds of devices (7.8.2). */
typedef enum PcieType {
    PCIE_ENDPOINT = 0x0,
    PCIE_ROOT_PORT = 0x4,
    PCIE_PCI_BRIDGE = 0x7,          /* to a bus of conventional PCI */
    PCIE_INTEGRATED_ENDPOINT = 0x9, /* on the root bus: has no link */
} PcieType;

/* Offsets in the capability. */
#define PCIE_FLAGS        0x02
#define PCIE_DEVCAP       0x04
#define PCIE_DEVCTL       0x08
#define PCIE_DEVSTA       0x0a
#define PCIE_LNKCAP       0x0c
#define PCIE_LNKCTL       0x10
#define PCIE_LNKSTA       0x12
#define PCIE_SLTCAP       0x14
#define PCIE_SLTCTL       0x18
#define PCIE_SLTSTA       0x1a
#define PCIE_RTCTL        0x1c
#define PCIE_RTSTA        0x20
#define PCIE_LNKCAP2      0x2c
#define PCIE_LNKCTL2      0x30
#define PCIE_CAP_SIZE     0x3c
#define PCIE_FLAGS_SLOT   0x0100
#define PCIE_LNKCAP_DLLLA 0x00100000u /* says when the link is active */
#define PCIE_LNKSTA_DLLLA 0x2000u

/* From realize. */
void pcie_init(PciDevice *pci, PcieType type);

/* What endpoints call: adds it where the device sits behind a port, or (`integrated`) on the root
 * bus of a PCI Express board; nothing on PCI. */
void pcie_init_endpoint(PciDevice *pci, gboolean integrated);
