/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2): the address register at
 * port CF8h and the data window at CFCh. A host bridge embeds one. Vm lock held.
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
} PciHost;

void pci_host_init(PciHost *host, PciBus *bus);
void pci_host_finish(PciHost *host);
void pci_host_reset(PciHost *host);

/* What answers byte accesses to CF8h-CFBh; the handlers see the offset from CF8h. */
void pci_host_set_bypass(PciHost *host, const IoOps *ops, void *opaque);
