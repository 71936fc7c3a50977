/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables, as a debugger reads them: linear addresses to physical ones in every paging mode
 * (Intel SDM vol. 3, chapter 4). Tables are read through a callback and nothing is written, no
 * accessed or dirty bit either. Pure functions: any thread. The tables are the guest's, so they
 * may be nonsense; every walk is bounded.
 */
#pragma once

#include <glib.h>

#include "cpu/registers.h"

/* Reads guest physical memory; FALSE if nothing is there. */
typedef gboolean (*CpuReadFn)(guint64 addr, void *buffer, gsize length, void *opaque);

typedef struct CpuMapping {
    guint64 linear;                      /* first byte of the page; sign-extended in 64-bit modes */
    guint64 physical;                    /* where that byte is */
    guint64 size;                        /* of the page, in bytes */
    gboolean writable, user, executable; /* by all levels */
    guint64 entry;                       /* the last level's entry; 0 with paging off */
} CpuMapping;

/*
 * Finds the page that holds `linear`. FALSE if it is not mapped, not canonical, or past 4 GiB
 * outside long mode. With paging off every 4 KiB page below 4 GiB maps to itself.
 */
gboolean cpu_translate(const CpuRegisters *regs, guint64 linear, CpuReadFn read, void *opaque,
                       CpuMapping *mapping);

/*
 * Calls `fn` for every mapped page in ascending order of addresses (the upper half, being
 * sign-extended, comes last). Reads at most `max_tables` tables; FALSE if that was not enough.
 * Nothing is called with paging off.
 */
gboolean cpu_foreach_mapping(const CpuRegisters *regs, CpuReadFn read, void *opaque,
                             guint max_tables,
                             void (*fn)(const CpuMapping *mapping, void *fn_opaque),
                             void *fn_opaque);

/* TRUE if CR0.PG is set. */
gboolean cpu_paging_enabled(const CpuRegisters *regs);
