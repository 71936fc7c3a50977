/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices that come and go on a bus without hot-plug hardware of its own, by ACPI: the ports
 * through which the methods of the tables (data/acpi/pc.asl) learn which slots are meant, and let
 * go of one. The numbers are those that QEMU's boards have (its docs/specs/acpi_pci_hotplug).
 *
 * Embedded by the power management device, which places `region` and has the event. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

typedef struct PciHotplug {
    Machine *machine;
    PciBus *bus;
    Region region;
    void (*event)(void *opaque); /* tells the guest to look */
    void *opaque;
    /* A bit for each slot: a device has come; it is to go; the guest has let go of it and it is
     * about to. */
    guint32 up, down, ejected;
    Deferred *eject;
    MachineListener *listener;
} PciHotplug;

extern const StateTable pci_hotplug_state;

void pci_hotplug_init(PciHotplug *hotplug, PciBus *bus, void (*event)(void *opaque), void *opaque);
void pci_hotplug_finish(PciHotplug *hotplug);

/* From the owner's reset(), when the event's registers are reset. */
void pci_hotplug_reset(PciHotplug *hotplug);
