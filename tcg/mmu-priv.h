/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of tcg/mmu share: the result of a page walk.
 */
#pragma once

#include "tcg/mmu.h"

/* As CPUID 80000008h tells. */
#define MMU_PHYSICAL_BITS 40

typedef struct MmuPage {
    guint64 physical;  /* of the 4 KiB page that holds the address */
    guint64 size;      /* of the page as mapped */
    gboolean writable; /* by this privilege, and already dirty */
    gboolean global;
} MmuPage;

/*
 * Walks the tables for an access with the rights of `kind`; sets accessed and dirty bits. FALSE, or
 * with `raises` #PF, if it is not allowed.
 */
gboolean mmu_walk(TcgCpu *cpu, guint64 linear, MmuAccess access, TlbKind kind, gboolean raises,
                  MmuPage *page);
