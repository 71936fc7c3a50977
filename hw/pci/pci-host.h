/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2): the address register at
 * port CF8h and the data window at CFCh; and PCI Express's window in memory, where a board has
 * one. A host bridge embeds one. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

typedef struct PciHost {
    PciBus *bus;
    guint32 address;
    Region address_port; /* 4 ports, at CF8h */
    Region data_port;    /* 4 ports, at CFCh */
    /* Only a dword access reaches the address register; narrower ones pass to the bus, where a
     * south bridge has its reset control at CF9h. NULL = nothing there. */
    const IoOps *bypass;
    void *bypass_opaque;
    /* The enhanced mechanism (PCI Express Base Specification 3.0, 7.2.2): all of configuration
     * space as memory, 1 MiB a bus. */
    Region ecam;
} PciHost;

/* Shows configuration space at `base` of `memory`: 1 MiB for each of `buses` (at most 256) from bus
 * 0 on. 0 buses: not at all. */
void pci_host_set_ecam(PciHost *host, Region *memory, guint64 base, guint buses);
/* What answers byte accesses to CF8h-CFBh; the handlers see the offset from CF8h. */
void pci_host_set_bypass(PciHost *host, const IoOps *ops, void *opaque);

/* ---- as a device, which owns the bus ---- */

typedef struct PciHostDevice {
    Device device;
    PciHost host;
} PciHostDevice;

/* From the device's own realize(): makes the bus, and the ports appear. */
void pci_host_realize(PciHostDevice *dev, const char *bus);

extern const StateTable pci_host_state;
void pci_host_unrealize(Device *dev);
void pci_host_reset(Device *dev);
void pci_host_info(Device *dev, GString *out);
GVariant *pci_host_query(Device *dev);

/* All else that is the same for all of them. */
#define PCI_HOST_OPS                                                               \
    .category = "Bridge", .board_only = TRUE, .state = &pci_host_state,            \
    .unrealize = pci_host_unrealize, .reset = pci_host_reset, .info_topic = "pci", \
    .info = pci_host_info, .query = pci_host_query
