/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X (PCI Local Bus Specification 3.0, 6.8.2): a table of vectors in memory, each with an
 * address, data and a mask of its own, and an array of pending bits.
 *
 * A device embeds a Msix and puts it into a BAR of its own (msix_init_bar()) or into one that it
 * has (msix_init()); its state table names MSIX_STATE. Vm lock held. What sends messages, and what
 * becomes of INTx meanwhile: hw/pci/msi.h.
 */
#pragma once

#include "hw/pci/pci.h"

#define MSIX_VECTORS_MAX 128
#define MSIX_ENTRY_SIZE  16

typedef struct Msix {
    PciDevice *pci;
    guint vectors;
    guint32 table[MSIX_VECTORS_MAX * MSIX_ENTRY_SIZE / 4];
    guint64 pending[MSIX_VECTORS_MAX / 64];
    Region table_region, pending_region;
    Region bar; /* of msix_init_bar() */
} Msix;

extern const StateTable msix_state;
#define MSIX_STATE(Struct, field)                                                             \
    {                                                                                         \
#field, STATE_STRUCT, G_STRUCT_OFFSET(Struct, field), 1, sizeof(Msix), 1, &msix_state \
    }

/*
 * From realize: adds the capability. Table and pending bits (8 bytes each 64 vectors) appear at
 * these offsets, of 8 bytes alignment, of `container`, which BAR `n` shows.
 */
void msix_init(Msix *msix, PciDevice *pci, guint vectors, guint n, Region *container,
               guint32 table_offset, guint32 pending_offset);

/* The same in memory BAR `n` of its own. */
void msix_init_bar(Msix *msix, PciDevice *pci, guint vectors, guint n);

/* From unrealize. */
void msix_finish(Msix *msix);

gboolean msix_enabled(const PciDevice *pci);

/* Sends the message of a vector, or makes it pending while it is masked. A vector that does not
 * exist (a guest's register chose it) sends nothing. */
void msix_notify(PciDevice *pci, guint vector);

guint msix_vectors(const PciDevice *pci); /* 0 = has no MSI-X */
