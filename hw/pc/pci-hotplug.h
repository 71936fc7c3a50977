/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices that come and go on buses without hot-plug hardware of their own, by ACPI: the ports
 * through which the methods of the tables (data/acpi/slots.asl) learn which slots are meant, and
 * let go of one. The numbers are those that QEMU's boards have (its docs/specs/acpi_pci_hotplug).
 *
 * Such buses are the host bridge's, if it is plain PCI, and those behind bridges to plain PCI. They
 * do not come or go later, and are numbered as they are made.
 *
 * Embedded by the power management device, which places `region` and has the event. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

#define PCI_HOTPLUG_BUSES 16 /* their slots fill half of the room for tables */

typedef struct PciHotplug {
    Machine *machine;
    PciBus *root;
    PciBus *buses[PCI_HOTPLUG_BUSES];
    guint count, selected;
    Region region;
    void (*event)(void *opaque); /* tells the guest to look */
    void *opaque;
    /* A bit for each slot of a bus: a device has come; it is to go; the guest has let go of it and
     * it is about to. */
    guint32 up[PCI_HOTPLUG_BUSES], down[PCI_HOTPLUG_BUSES], ejected[PCI_HOTPLUG_BUSES];
    Deferred *eject;
    MachineListener *listener;
} PciHotplug;

extern const StateTable pci_hotplug_state;

void pci_hotplug_init(PciHotplug *hotplug, PciBus *root, void (*event)(void *opaque), void *opaque);
void pci_hotplug_finish(PciHotplug *hotplug);

/* The number of a bus for the methods; -1 = it has none. */
gint pci_hotplug_number(const PciHotplug *hotplug, const PciBus *bus);

/* From the owner's reset(), when the event's registers are reset. */
void pci_hotplug_reset(PciHotplug *hotplug);
