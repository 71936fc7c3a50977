/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message signalled interrupts (PCI Local Bus Specification 3.0, 6.8.1): a capability with one
 * address and up to 32 consecutive vectors. All its state lies in the configuration space.
 *
 * While messages of either kind are enabled, the device's INTx pin is silent: a device may drive
 * pci_set_irq() and send messages, and the guest sees what it has chosen. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

/* From realize: `vectors` is a power of two up to 32; `masking`: each can be masked. */
void msi_init(PciDevice *pci, guint vectors, gboolean masking);

gboolean msi_enabled(const PciDevice *pci);

/* Sends the message of a vector, or makes it pending while it is masked. Vectors beyond what the
 * guest has allocated share those that there are. */
void msi_notify(PciDevice *pci, guint vector);

/* The same through MSI-X if that is enabled, else MSI. FALSE if neither is: the device has its
 * INTx pin. */
gboolean pci_notify(PciDevice *pci, guint vector);
gboolean pci_messages_enabled(const PciDevice *pci);
