/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bridge asks the firmware to leave free behind it, for devices that come later: options of
 * the bridge, and a capability of vendor 1b36 that SeaBIOS and OVMF know. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

/* Options: -1 and NULL = not said. */
typedef struct PciReserve {
    gint64 buses;
    char *io, *memory, *prefetch32, *prefetch64; /* sizes */
} PciReserve;

#define PCI_RESERVE_OPTIONS(Struct, field)                                                 \
    {"bus-reserve",                                                                        \
     OPTION_INT,                                                                           \
     G_STRUCT_OFFSET(Struct, field.buses),                                                 \
     "-1",                                                                                 \
     "how many bus numbers the firmware leaves free behind it",                            \
     (guint64)-1,                                                                          \
     255},                                                                                 \
        {"io-reserve", OPTION_STRING, G_STRUCT_OFFSET(Struct, field.io), NULL,             \
         "how many ports it leaves free; 0 = none"},                                       \
        {"mem-reserve", OPTION_STRING, G_STRUCT_OFFSET(Struct, field.memory), NULL,        \
         "how much memory below 4 GiB"},                                                   \
        {"pref32-reserve", OPTION_STRING, G_STRUCT_OFFSET(Struct, field.prefetch32), NULL, \
         "how much prefetchable memory below 4 GiB"},                                      \
    {                                                                                      \
        "pref64-reserve", OPTION_STRING, G_STRUCT_OFFSET(Struct, field.prefetch64), NULL,  \
            "how much prefetchable memory"                                                 \
    }

gboolean pci_reserve_check(const PciReserve *reserve, GError **error);
gboolean pci_reserve_is_empty(const PciReserve *reserve);
/* Adds the capability, if there is anything to say; after pci_reserve_check(). */
void pci_reserve_add(PciDevice *pci, const PciReserve *reserve);
