/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hw/pci/ share. Vm lock held. */
#pragma once

#include "hw/pci/pci.h"

/* Makes the mapped BARs what the configuration space says. */
void pci_update_bars(PciDevice *pci);
void pci_unmap_bars(PciDevice *pci);

/* Offset of BAR `n`'s register; PCI_ROM_SLOT has its own place. */
guint pci_bar_offset(guint n);

/* Loads romfile= (or the ops' default) into the ROM BAR; nothing to do without one. */
gboolean pci_load_rom(PciDevice *pci, GError **error);
void pci_free_rom(PciDevice *pci);
