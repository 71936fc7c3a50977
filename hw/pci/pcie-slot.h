/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hot-plug slot behind a PCI Express port (PCI Express Base Specification 3.0, 6.7 and 7.8.9):
 * slot registers in the port's Express capability, and the HotplugOps of the bus behind.
 *
 * A device that comes is told by presence and link change and by a press of the attention button;
 * one that shall go, by a press: the guest then switches the slot's power and indicator off, which
 * lets it go. With its power off a slot's device goes at once. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

typedef struct PcieSlot {
    PciDevice *port;
    gboolean interrupting; /* an enabled event is in the status: INTx level */
    GPtrArray *leaving;    /* of Device*: the guest is to let go of them */
} PcieSlot;

/* From realize, behind pcie_init(); `number` is what the guest shows to people. Devices may come
 * and go if `hotplug`. */
void pcie_slot_init(PcieSlot *slot, PciDevice *port, guint number, gboolean hotplug);
void pcie_slot_finish(PcieSlot *slot);
/* The port's reset. */
void pcie_slot_reset(PcieSlot *slot);

/* Brings status bits up to date: before the guest reads them. */
void pcie_slot_refresh(PcieSlot *slot);
/* After pci_config_write_default() on bytes from `addr` on; `old_control` is what SLTCTL was. */
void pcie_slot_config_written(PcieSlot *slot, guint addr, guint size, guint16 old_control);
guint16 pcie_slot_control(const PcieSlot *slot);
