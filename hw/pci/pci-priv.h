/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hw/pci/ share. Vm lock held. */
#pragma once

#include "hw/pci/pci.h"

/* Makes the mapped BARs what the configuration space says. */
void pci_update_bars(PciDevice *pci);
void pci_unmap_bars(PciDevice *pci);

/* A write by the device to where messages go. */
void pci_send_message(PciDevice *pci, guint64 addr, guint32 data);

/* The guest has written to the configuration space: what is enabled and unmasked now is sent. */
void msi_config_written(PciDevice *pci);
void msix_config_written(PciDevice *pci);

/* Power-on state; fine without the capability. */
void msi_reset(PciDevice *pci);
void msix_reset(PciDevice *pci);

/* pcie.c; fine without the capability. */
void pcie_reset(PciDevice *pci);

/* pci-bridge.c: power-on values of a type 1 header, and where INTx of what is behind goes. */
void pci_bridge_reset_header(PciDevice *pci);
void pci_bridge_reroute(PciDevice *pci);

/* Offset of BAR `n`'s register; PCI_ROM_SLOT has its own place. */
guint pci_bar_offset(guint n);

/* Loads romfile= (or the ops' default) into the ROM BAR; nothing to do without one. */
gboolean pci_load_rom(PciDevice *pci, GError **error);
void pci_free_rom(PciDevice *pci);
