/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/msix.h"

#include <string.h>

#include "hw/pci/pci-priv.h"

#define CAPABILITY_ID   0x11
#define CAPABILITY_SIZE 12

/* Offsets in the capability. */
#define CONTROL 2
#define TABLE   4
#define PENDING 8

#define CONTROL_ENABLE 0x8000
#define CONTROL_MASK   0x4000

/* Words of a table entry. */
#define ENTRY_WORDS   4
#define ENTRY_ADDRESS 0
#define ENTRY_UPPER   1
#define ENTRY_DATA    2
#define ENTRY_CONTROL 3
#define ENTRY_MASK    0x1

static guint16 control(const PciDevice *pci)
{
    return pci_get_word(pci, pci->msix_capability + CONTROL);
}

static gboolean is_masked(const Msix *msix, guint vector)
{
    return control(msix->pci) & CONTROL_MASK ||
           msix->table[vector * ENTRY_WORDS + ENTRY_CONTROL] & ENTRY_MASK;
}

static void send(Msix *msix, guint vector)
{
    const guint32 *entry = &msix->table[vector * ENTRY_WORDS];

    msix->pending[vector / 64] &= ~(1ull << vector % 64);
    pci_send_message(msix->pci, (guint64)entry[ENTRY_UPPER] << 32 | entry[ENTRY_ADDRESS],
                     entry[ENTRY_DATA]);
}

static void send_pending(Msix *msix, guint vector)
{
    if (msix->pending[vector / 64] >> vector % 64 & 1 && msix_enabled(msix->pci) &&
        !is_masked(msix, vector)) {
        send(msix, vector);
    }
}

gboolean msix_enabled(const PciDevice *pci)
{
    return pci->msix && control(pci) & CONTROL_ENABLE;
}

guint msix_vectors(const PciDevice *pci)
{
    return pci->msix ? pci->msix->vectors : 0;
}

void msix_notify(PciDevice *pci, guint vector)
{
    Msix *msix = pci->msix;

    if (!msix_enabled(pci) || vector >= msix->vectors) {
        return;
    }
    if (is_masked(msix, vector)) {
        msix->pending[vector / 64] |= 1ull << vector % 64;
    } else {
        send(msix, vector);
    }
}

void msix_config_written(PciDevice *pci)
{
    for (guint vector = 0; pci->msix && vector < pci->msix->vectors; vector++) {
        send_pending(pci->msix, vector);
    }
}

void msix_reset(PciDevice *pci)
{
    Msix *msix = pci->msix;

    if (!msix) {
        return;
    }
    pci_set_word(pci, pci->msix_capability + CONTROL, (guint16)(msix->vectors - 1));
    memset(msix->table, 0, sizeof msix->table);
    memset(msix->pending, 0, sizeof msix->pending);
    for (guint vector = 0; vector < msix->vectors; vector++) {
        msix->table[vector * ENTRY_WORDS + ENTRY_CONTROL] = ENTRY_MASK;
    }
}

/* ---- memory ---- */

static guint64 table_read(void *opaque, guint64 addr, guint size)
{
    return ((const Msix *)opaque)->table[addr / 4];
}

static void table_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Msix *msix = opaque;
    guint word = (guint)(addr / 4);

    switch (word % ENTRY_WORDS) {
    case ENTRY_ADDRESS: msix->table[word] = (guint32)value & ~3u; break;
    case ENTRY_CONTROL:
        msix->table[word] = (guint32)value & ENTRY_MASK;
        send_pending(msix, word / ENTRY_WORDS);
        break;
    default: msix->table[word] = (guint32)value; break;
    }
}

static guint64 pending_read(void *opaque, guint64 addr, guint size)
{
    const Msix *msix = opaque;

    return msix->pending[addr / 8] >> addr % 8 * 8 & G_MAXUINT32;
}

static const IoOps table_ops = {table_read, table_write, .min_size = 4, .max_size = 4};
static const IoOps pending_ops = {pending_read, NULL, .min_size = 4, .max_size = 4};

/* ---- lifecycle ---- */

static guint pending_size(guint vectors)
{
    return (vectors + 63) / 64 * 8;
}

void msix_init(Msix *msix, PciDevice *pci, guint vectors, guint n, Region *container,
               guint32 table_offset, guint32 pending_offset)
{
    guint at = pci_add_capability(pci, CAPABILITY_ID, CAPABILITY_SIZE);

    g_assert(vectors && vectors <= MSIX_VECTORS_MAX && n < PCI_BARS && !pci->msix);
    g_assert(table_offset % 8 == 0 && pending_offset % 8 == 0);
    msix->pci = pci;
    msix->vectors = vectors;
    pci->msix = msix;
    pci->msix_capability = (guint8)at;
    pci_set_long(pci, at + TABLE, table_offset | n);
    pci_set_long(pci, at + PENDING, pending_offset | n);
    pci->writable[at + CONTROL + 1] = (CONTROL_ENABLE | CONTROL_MASK) >> 8;
    region_init_io(&msix->table_region, "msix-table", &table_ops, msix, vectors * MSIX_ENTRY_SIZE);
    region_init_io(&msix->pending_region, "msix-pba", &pending_ops, msix, pending_size(vectors));
    region_add(container, table_offset, &msix->table_region, 1);
    region_add(container, pending_offset, &msix->pending_region, 1);
    msix_reset(pci);
}

void msix_init_bar(Msix *msix, PciDevice *pci, guint vectors, guint n)
{
    guint32 half = MAX(2048u, 1u << g_bit_storage(vectors * MSIX_ENTRY_SIZE - 1));

    region_init_container(&msix->bar, "msix", half * 2);
    msix_init(msix, pci, vectors, n, &msix->bar, 0, half);
    pci_register_bar(pci, n, PCI_BAR_MEM32, &msix->bar);
}

void msix_finish(Msix *msix)
{
    if (!msix->pci) {
        return;
    }
    region_remove(&msix->table_region);
    region_remove(&msix->pending_region);
    region_finish(&msix->table_region);
    region_finish(&msix->pending_region);
    if (msix->bar.size) {
        region_finish(&msix->bar);
    }
    msix->pci->msix = NULL;
}

static const StateField state_fields[] = {
    STATE_ARRAY(U32, Msix, table),
    STATE_ARRAY(U64, Msix, pending),
    STATE_END,
};

const StateTable msix_state = {1, state_fields, NULL};
