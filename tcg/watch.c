/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/watch.h"

#include "tcg/block.h"
#include "tcg/request.h"

/* DR7 (SDM vol. 3, 18.2.4): enabled locally or globally, R/W and LEN of breakpoint n. */
enum { RW_EXECUTE = 0, RW_WRITE = 1, RW_IO = 2, RW_ACCESS = 3 };

static gboolean is_enabled(const TcgCpu *cpu, guint n)
{
    return (cpu->dr[7] >> (2 * n) & 3) != 0;
}

static guint kind_of(const TcgCpu *cpu, guint n)
{
    return (guint)(cpu->dr[7] >> (16 + 4 * n)) & 3;
}

static guint64 length_of(const TcgCpu *cpu, guint n)
{
    static const guint8 lengths[] = {1, 2, 8, 4};

    return lengths[cpu->dr[7] >> (18 + 4 * n) & 3];
}

/* First byte: addresses are taken as aligned to the length. */
static guint64 start_of(const TcgCpu *cpu, guint n)
{
    return cpu->dr[n] & ~(length_of(cpu, n) - 1);
}

static gboolean overlaps(guint64 a, guint64 a_length, guint64 b, guint64 b_length)
{
    return a - b < b_length || b - a < a_length;
}

void tcg_watch_update(TcgCpu *cpu)
{
    mmu_flush(cpu, TRUE);
    tcg_request_clear(cpu);
}

gboolean tcg_watch_page(const TcgCpu *cpu, guint64 linear_page)
{
    for (guint n = 0; n < 4 && (cpu->dr[7] & 0xff); n++) {
        if (is_enabled(cpu, n) && (kind_of(cpu, n) & RW_WRITE) &&
            overlaps(linear_page, PAGE_SIZE, start_of(cpu, n), length_of(cpu, n))) {
            return TRUE;
        }
    }
    for (guint i = 0; i < cpu->debug->watchpoint_count; i++) {
        const CpuWatchpoint *watch = &cpu->debug->watchpoints[i];
        if (overlaps(linear_page, PAGE_SIZE, watch->addr, watch->length)) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean tcg_break_page(const TcgCpu *cpu, guint64 linear_page)
{
    for (guint n = 0; n < 4 && (cpu->dr[7] & 0xff); n++) {
        if (is_enabled(cpu, n) && kind_of(cpu, n) == RW_EXECUTE &&
            (cpu->dr[n] & PAGE_MASK) == linear_page) {
            return TRUE;
        }
    }
    for (guint i = 0; i < cpu->debug->breakpoint_count; i++) {
        if ((cpu->debug->breakpoints[i] & PAGE_MASK) == linear_page) {
            return TRUE;
        }
    }
    return FALSE;
}

static guint32 guest_hits(const TcgCpu *cpu, guint64 linear, gsize size, MmuAccess access)
{
    guint32 hits = 0;

    for (guint n = 0; n < 4; n++) {
        if (is_enabled(cpu, n) && overlaps(linear, size, start_of(cpu, n), length_of(cpu, n)) &&
            (kind_of(cpu, n) == RW_ACCESS ||
             (kind_of(cpu, n) == RW_WRITE && access == MMU_WRITE))) {
            hits |= 1u << n;
        }
    }
    return hits;
}

static const CpuWatchpoint *debugger_hit(const TcgCpu *cpu, guint64 linear, gsize size,
                                         MmuAccess access)
{
    guint wanted = access == MMU_WRITE ? CPU_WATCH_WRITE : CPU_WATCH_READ;

    for (guint i = 0; i < cpu->debug->watchpoint_count; i++) {
        const CpuWatchpoint *watch = &cpu->debug->watchpoints[i];
        if ((watch->access & wanted) && overlaps(linear, size, watch->addr, watch->length)) {
            return watch;
        }
    }
    return NULL;
}

void tcg_watch_access(TcgCpu *cpu, guint64 linear, gsize size, MmuAccess access)
{
    guint32 hits = guest_hits(cpu, linear, size, access);
    const CpuWatchpoint *watch = debugger_hit(cpu, linear, size, access);

    if (!hits && !watch) {
        return;
    }
    if (cpu->current && !cpu->stepping) {
        tcg_redo_stepping(cpu);
    }
    cpu->pending_db |= hits;
    if (watch) {
        cpu->debug_hit = (CpuDebugHit){CPU_DEBUG_WATCHPOINT, watch->addr, watch->access};
    }
}

void tcg_watch_io(TcgCpu *cpu, guint port, guint size)
{
    guint32 hits = 0;

    for (guint n = 0; n < 4 && (cpu->cr4 & CR4_DE); n++) {
        if (is_enabled(cpu, n) && kind_of(cpu, n) == RW_IO &&
            overlaps(port, size, start_of(cpu, n), length_of(cpu, n))) {
            hits |= 1u << n;
        }
    }
    if (hits && cpu->current && !cpu->stepping) {
        tcg_redo_stepping(cpu);
    }
    cpu->pending_db |= hits;
}

guint32 tcg_break_hits(const TcgCpu *cpu, guint64 linear)
{
    guint32 hits = 0;

    for (guint n = 0; n < 4; n++) {
        if (is_enabled(cpu, n) && kind_of(cpu, n) == RW_EXECUTE && cpu->dr[n] == linear) {
            hits |= 1u << n;
        }
    }
    return hits;
}
