/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/error.h"
#include "core/firmware.h"
#include "hw/pci/pci-priv.h"

#define ROM_MAX_SIZE (8u * 1024 * 1024)
#define ROM_MIN_SIZE 2048u /* a ROM BAR cannot be smaller (6.2.5.2) */

static guint64 round_up_power_of_2(guint64 n)
{
    guint64 size = ROM_MIN_SIZE;
    while (size < n) {
        size *= 2;
    }
    return size;
}

/*
 * A ROM that was made for another device id of the same family still has to be accepted by the
 * firmware, which compares the PCI data structure (PCI Firmware Specification 3.0, 5.1.2) with the
 * configuration space; so the ids are set to the device's, and the checksum byte that balances
 * the image is adjusted by what that changed.
 */
static void fit_ids(PciDevice *pci, guint8 *rom, gsize length)
{
    if (length < 0x20 || rom[0] != 0x55 || rom[1] != 0xaa) {
        return;
    }
    gsize pcir = rom[0x18] | rom[0x19] << 8;
    if (pcir + 8 > length || memcmp(rom + pcir, "PCIR", 4) != 0) {
        return;
    }
    guint8 *ids = rom + pcir + 4;
    guint8 difference = 0;
    for (guint i = 0; i < 4; i++) {
        difference += ids[i] - pci->config[PCI_VENDOR_ID + i];
        ids[i] = pci->config[PCI_VENDOR_ID + i];
    }
    rom[6] += difference;
}

gboolean pci_load_rom(PciDevice *pci, GError **error)
{
    const char *name = pci->romfile ? pci->romfile : pci->pci_ops->romfile;
    PciBar *bar = &pci->bars[PCI_ROM_SLOT];

    if (!name || !name[0] || !pci->rombar || bar->region) {
        return TRUE;
    }
    g_autoptr(GBytes) bytes = firmware_load(pci->bus->machine, name, ROM_MAX_SIZE, error);
    if (!bytes) {
        return FALSE;
    }
    gsize length = 0;
    const void *data = g_bytes_get_data(bytes, &length);
    if (!region_init_rom(&bar->rom, "pci-rom", round_up_power_of_2(length), error)) {
        return FALSE;
    }
    memcpy(region_host(&bar->rom), data, length);
    fit_ids(pci, region_host(&bar->rom), length);
    pci_register_bar(pci, PCI_ROM_SLOT, PCI_BAR_MEM32, &bar->rom);
    return TRUE;
}

void pci_free_rom(PciDevice *pci)
{
    PciBar *bar = &pci->bars[PCI_ROM_SLOT];
    if (bar->region == &bar->rom) {
        region_finish(&bar->rom);
        bar->region = NULL;
    }
}
