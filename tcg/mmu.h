/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as instructions see it: linear addresses through segmentation's result, paging and the
 * software TLB to host memory or devices (SDM vol. 3, chapter 4).
 *
 * All run on the vCPU's thread inside an instruction and may raise #PF (or #GP and #SS for a
 * non-canonical address) without returning. In legacy modes addresses are already cut to 32 bits
 * by the caller. Sizes are 1, 2, 4 or 8 unless said otherwise; values are zero-extended.
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "tcg/cpu.h"

typedef enum MmuAccess { MMU_READ, MMU_WRITE, MMU_EXECUTE } MmuAccess;

/* Past the TLB's fast path. `kind`: with whose rights. */
guint64 mmu_load_slow(TcgCpu *cpu, guint64 linear, guint size, TlbKind kind);
void mmu_store_slow(TcgCpu *cpu, guint64 linear, guint64 value, guint size, TlbKind kind);

static inline guint64 mmu_host_load(const void *host, guint size)
{
    switch (size) {
    case 1: return *(const guint8 *)host;
    case 2: {
        guint16 value;
        memcpy(&value, host, 2);
        return value;
    }
    case 4: {
        guint32 value;
        memcpy(&value, host, 4);
        return value;
    }
    default: {
        guint64 value;
        memcpy(&value, host, 8);
        return value;
    }
    }
}

static inline void mmu_host_store(void *host, guint64 value, guint size)
{
    switch (size) {
    case 1: memcpy(host, &value, 1); break;
    case 2: memcpy(host, &value, 2); break;
    case 4: memcpy(host, &value, 4); break;
    default: memcpy(host, &value, 8); break;
    }
}

/* With the rights of the current privilege. */
static inline guint64 mmu_load(TcgCpu *cpu, guint64 linear, guint size)
{
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    if (G_LIKELY(linear - entry->read_tag <= PAGE_SIZE - size)) {
        return mmu_host_load((const void *)(linear + entry->addend), size);
    }
    return mmu_load_slow(cpu, linear, size, cpu->mmu);
}

static inline void mmu_store(TcgCpu *cpu, guint64 linear, guint64 value, guint size)
{
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    if (G_LIKELY(linear - entry->write_tag <= PAGE_SIZE - size)) {
        mmu_host_store((void *)(linear + entry->addend), value, size);
    } else {
        mmu_store_slow(cpu, linear, value, size, cpu->mmu);
    }
}

/* Descriptor tables, TSS, IDT: supervisor rights whatever the CPL is. */
guint64 mmu_load_system(TcgCpu *cpu, guint64 linear, guint size);
void mmu_store_system(TcgCpu *cpu, guint64 linear, guint64 value, guint size);

/* Any length up to a page (FXSAVE, 80-bit and 128-bit operands). Stores check all of it first. */
void mmu_read(TcgCpu *cpu, guint64 linear, void *buffer, gsize length);
void mmu_write(TcgCpu *cpu, guint64 linear, const void *buffer, gsize length);

/*
 * Raises what an access to `length` bytes (at most a page) would raise; the access itself cannot
 * fault then, until the guest next runs. For what writes several things, or registers first.
 */
void mmu_check(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access);

/*
 * Host address of plain memory at `linear` for reads or writes of up to *length bytes, which is
 * cut to what lies within the page; NULL if each access must go through mmu_load or mmu_store
 * (device, ROM, logged, code, watch). Faults as the access would. Valid until the next call of
 * any mmu_ function. For string instructions.
 */
guint8 *mmu_span(TcgCpu *cpu, guint64 linear, gsize *length, MmuAccess access);

/* ---- read-modify-write ---- */

/*
 * One read-modify-write; faults in it are a write's. Used in a loop, which with LOCK repeats when
 * another processor was quicker:
 *     do {
 *         old = mmu_rmw_begin(cpu, linear, size, locked, &rmw);
 *     } while (!mmu_rmw_end(cpu, &rmw, f(old)));
 * Nothing but f may happen between the two. Registers and flags change after the loop.
 */
typedef struct MmuRmw {
    guint8 *host; /* NULL: not plain memory */
    guint64 linear, old;
    guint8 size;
    gboolean locked;
    gboolean exclusive; /* the others wait: locked, and not possible with host instructions */
} MmuRmw;
guint64 mmu_rmw_begin(TcgCpu *cpu, guint64 linear, guint size, gboolean locked, MmuRmw *rmw);
gboolean mmu_rmw_end(TcgCpu *cpu, MmuRmw *rmw, guint64 value);
/* CMPXCHG16B at a 16-byte boundary: `value` and `expected` are low, high. TRUE if exchanged; else
 * `expected` is what was there (which has been written back, as hardware does). */
gboolean mmu_cmpxchg16(TcgCpu *cpu, guint64 linear, guint64 expected[2], const guint64 value[2]);

/* Guest physical memory or a device, past paging. */
guint64 mmu_load_physical(TcgCpu *cpu, guint64 physical, guint size);

/* ---- the TLB ---- */

/* An empty TLB, for a processor that is all zero. */
void mmu_open(TcgCpu *cpu);
/* The page of host memory holds decoded code now: writes take the slow path. */
void mmu_page_is_code(TcgCpu *cpu, const guint8 *host_page);

/* `global` too: CR0, CR4, a machine reset. Otherwise CR3. */
void mmu_flush(TcgCpu *cpu, gboolean global);
void mmu_flush_page(TcgCpu *cpu, guint64 linear); /* INVLPG */

/* PAE paging: loads the four PDPTEs from CR3. FALSE = reserved bits set: #GP. */
gboolean mmu_load_pdptes(TcgCpu *cpu, guint64 cr3);

/* The page for instruction fetch at `linear`; raises #PF. The entry holds until the next flush or
 * fetch. */
const TlbCode *mmu_fetch_page(TcgCpu *cpu, guint64 linear);
