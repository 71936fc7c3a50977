/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all PCI-to-PCI bridges share (PCI-to-PCI Bridge Architecture Specification 1.2): a type 1
 * header with bus numbers and three windows, through which what is behind shows in what is before.
 *
 * A bridge's state begins with a PciBridge and its PciDeviceOps say `bridge`. Bus mastering of what
 * is behind is that device's own; the bridge's bit is kept and does not matter. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

typedef struct PciBridge {
    PciDevice pci;
    Region memory, io; /* what the bus behind sees as its own */
    /* Parts of these in the bus before, while they are open. */
    Region memory_window, prefetch_window, io_window;
    Region vga_memory, vga_ports[2];
    IrqLine wires[4];
    guint8 wire_levels;  /* bit n: virtual wire n of the bus behind is asserted */
    guint8 wire_pirq[4]; /* and holds this input of the router before it */
} PciBridge;

extern const StateTable pci_bridge_state;
#define PCI_BRIDGE_STATE                                                      \
    {                                                                         \
        "bridge", STATE_STRUCT, 0, 1, sizeof(PciBridge), 1, &pci_bridge_state \
    }

/* From realize and unrealize. The bus gets the device's id for its name, or else the format's with
 * the first free number. */
void pci_bridge_init(PciBridge *bridge, const char *name_format);
void pci_bridge_finish(PciBridge *bridge);

typedef enum PciWindow { PCI_WINDOW_IO, PCI_WINDOW_MEMORY, PCI_WINDOW_PREFETCH } PciWindow;

/* What a window's registers say; it is closed where base is above limit. */
void pci_bridge_window(const PciDevice *pci, PciWindow window, guint64 *base, guint64 *limit);

/* The ops' config_write, or called by it. */
void pci_bridge_config_write(PciDevice *pci, guint addr, guint32 value, guint size);

/* Bridges of no real model, for more slots: from PCI, and from PCI Express, to PCI. */
extern const PciDeviceOps pci_bridge_ops, pcie_pci_bridge_ops;
