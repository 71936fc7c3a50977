/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci-priv.h"

guint pci_bar_offset(guint n)
{
    return n == PCI_ROM_SLOT ? PCI_ROM_ADDRESS : PCI_BAR0 + n * 4;
}

static gboolean bar_is_64bit(const PciBar *bar)
{
    return bar->type == PCI_BAR_MEM64 || bar->type == PCI_BAR_MEM64_PREFETCH;
}

void pci_register_bar(PciDevice *pci, guint n, PciBarType type, Region *region)
{
    guint64 size = region_size(region);
    guint64 mask = ~(size - 1);
    guint offset = pci_bar_offset(n);
    PciBar *bar = &pci->bars[n];

    g_assert(n <= PCI_ROM_SLOT && !bar->region);
    g_assert(size >= 4 && (size & (size - 1)) == 0);
    bar->region = region;
    bar->type = type;
    if (n == PCI_ROM_SLOT) {
        mask |= 1; /* bit 0 enables the ROM's decoder (6.2.5.2) */
    } else {
        g_assert(!bar_is_64bit(bar) || n + 1 < PCI_BARS);
        pci_set_long(pci, offset, type);
    }
    for (guint i = 0; i < (bar_is_64bit(bar) ? 8u : 4u); i++) {
        pci->writable[offset + i] = mask >> (i * 8);
    }
}

/* Where the registers want a BAR; G_MAXUINT64 = nowhere. */
static guint64 bar_wanted(const PciDevice *pci, guint n)
{
    const PciBar *bar = &pci->bars[n];
    guint16 command = pci_get_word(pci, PCI_COMMAND);
    guint64 mask = ~(region_size(bar->region) - 1);
    guint64 addr = pci_get_long(pci, pci_bar_offset(n));
    guint64 limit = bar->type == PCI_BAR_IO ? G_MAXUINT16 : G_MAXUINT32;

    if (!(command & (bar->type == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY))) {
        return G_MAXUINT64;
    }
    if (n == PCI_ROM_SLOT && !(addr & 1)) {
        return G_MAXUINT64;
    }
    if (bar_is_64bit(bar)) {
        addr |= (guint64)pci_get_long(pci, pci_bar_offset(n) + 4) << 32;
        limit = region_size(pci->bus->memory) - 1;
    }
    addr &= mask;
    /* Zero is how firmware leaves a BAR that it does not use. One that ends at the top of its
     * space is being sized by a driver that left decoding on. */
    guint64 last = addr + region_size(bar->region) - 1;
    if (addr == 0 || last < addr || last >= limit) {
        return G_MAXUINT64;
    }
    return addr;
}

void pci_update_bars(PciDevice *pci)
{
    Machine *machine = pci->bus->machine;

    memory_transaction_begin(machine->io);
    memory_transaction_begin(machine->memory);
    for (guint n = 0; n <= PCI_ROM_SLOT; n++) {
        PciBar *bar = &pci->bars[n];
        if (!bar->region) {
            continue;
        }
        guint64 addr = bar_wanted(pci, n);
        if (bar->mapped && addr == bar->addr) {
            continue;
        }
        if (bar->mapped) {
            region_remove(bar->region);
            bar->mapped = FALSE;
        }
        if (addr != G_MAXUINT64) {
            Region *parent = bar->type == PCI_BAR_IO ? pci->bus->io : pci->bus->memory;
            region_add(parent, addr, bar->region, 1);
            bar->mapped = TRUE;
            bar->addr = addr;
        }
    }
    memory_transaction_commit(machine->memory);
    memory_transaction_commit(machine->io);
}

void pci_unmap_bars(PciDevice *pci)
{
    for (guint n = 0; n <= PCI_ROM_SLOT; n++) {
        if (pci->bars[n].mapped) {
            region_remove(pci->bars[n].region);
            pci->bars[n].mapped = FALSE;
        }
    }
}

guint64 pci_bar_address(const PciDevice *pci, guint n)
{
    return pci->bars[n].mapped ? pci->bars[n].addr : G_MAXUINT64;
}
