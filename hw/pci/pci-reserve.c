/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci-reserve.h"

#include "core/error.h"

/* What the firmware is to leave free for devices that come; it is QEMU's, described in its
 * docs/pcie_pci_bridge.txt. All ones: as the firmware thinks. */
#define CAPABILITY_VENDOR  0x09
#define RESERVE_SIZE       32
#define RESERVE_TYPE       1 /* in the fourth byte */
#define RESERVE_BUSES      4
#define RESERVE_IO         8
#define RESERVE_MEMORY     16
#define RESERVE_PREFETCH32 20
#define RESERVE_PREFETCH64 24

typedef struct Sizes {
    guint64 io, memory, prefetch32, prefetch64;
} Sizes;

static gboolean parse_size(const char *name, const char *text, guint64 max, guint64 *size,
                           GError **error)
{
    *size = G_MAXUINT64;
    if (!text) {
        return TRUE;
    }
    if (!option_parse_size(name, text, 'B', size, error)) {
        return FALSE;
    }
    return *size <= max || error_set(error, "%s=%s is too much", name, text);
}

static gboolean parse(const PciReserve *reserve, Sizes *sizes, GError **error)
{
    if (reserve->prefetch32 && reserve->prefetch64) {
        return error_set(error, "pref32-reserve and pref64-reserve cannot be used together");
    }
    return parse_size("io-reserve", reserve->io, 1u << 16, &sizes->io, error) &&
           parse_size("mem-reserve", reserve->memory, 1u << 31, &sizes->memory, error) &&
           parse_size("pref32-reserve", reserve->prefetch32, 1u << 31, &sizes->prefetch32, error) &&
           parse_size("pref64-reserve", reserve->prefetch64, 1ULL << 40, &sizes->prefetch64, error);
}

gboolean pci_reserve_check(const PciReserve *reserve, GError **error)
{
    Sizes sizes;

    return parse(reserve, &sizes, error);
}

gboolean pci_reserve_is_empty(const PciReserve *reserve)
{
    return reserve->buses < 0 && !reserve->io && !reserve->memory && !reserve->prefetch32 &&
           !reserve->prefetch64;
}

void pci_reserve_add(PciDevice *pci, const PciReserve *reserve)
{
    Sizes sizes;
    guint at;

    if (pci_reserve_is_empty(reserve) || !parse(reserve, &sizes, NULL)) {
        return;
    }
    at = pci_add_capability(pci, CAPABILITY_VENDOR, RESERVE_SIZE);
    pci->config[at + 2] = RESERVE_SIZE;
    pci->config[at + 3] = RESERVE_TYPE;
    pci_set_long(pci, at + RESERVE_BUSES, (guint32)reserve->buses);
    pci_set_long(pci, at + RESERVE_IO, (guint32)sizes.io);
    pci_set_long(pci, at + RESERVE_IO + 4, (guint32)(sizes.io >> 32));
    pci_set_long(pci, at + RESERVE_MEMORY, (guint32)sizes.memory);
    pci_set_long(pci, at + RESERVE_PREFETCH32, (guint32)sizes.prefetch32);
    pci_set_long(pci, at + RESERVE_PREFETCH64, (guint32)sizes.prefetch64);
    pci_set_long(pci, at + RESERVE_PREFETCH64 + 4, (guint32)(sizes.prefetch64 >> 32));
}
