/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/mmu.h"

#include "core/machine.h"
#include "tcg/block.h"
#include "tcg/mmu-priv.h"
#include "tcg/run.h"
#include "tcg/watch.h"

#define FLAGS_SLOW (TLB_IO | TLB_READONLY | TLB_LOGGED | TLB_CODE | TLB_WATCH)

/* ---- filling ---- */

static guint64 *line_mask(const TcgRam *ram, guint64 offset)
{
    return &ram->code_lines[offset >> PAGE_BITS];
}

static gboolean page_has_code(const TcgRam *ram, guint64 offset)
{
    return __atomic_load_n(line_mask(ram, offset), __ATOMIC_RELAXED) != 0;
}

/* Sets the tags by what the flags say. */
static void entry_set_tags(TlbEntry *entry, guint index)
{
    guint64 page = entry->page & PAGE_MASK;
    guint64 flags = entry->page & ~PAGE_MASK;

    entry->read_tag = (flags & (TLB_IO | TLB_WATCH)) ? tlb_no_tag(index) : page;
    entry->write_tag = (flags & FLAGS_SLOW) || !(flags & TLB_DIRTY) ? tlb_no_tag(index) : page;
}

/* Remembers where large pages are, of which the TLB has only parts. */
static void note_large(TcgCpu *cpu, guint64 linear, guint64 size)
{
    if (size > PAGE_SIZE) {
        cpu->large_first = MIN(cpu->large_first, linear & ~(size - 1));
        cpu->large_last = MAX(cpu->large_last, linear | (size - 1));
    }
}

/* Enters the page; raises #PF, or #GP for a non-canonical address. */
static TlbEntry *entry_fill(TcgCpu *cpu, guint64 linear, MmuAccess access, TlbKind kind)
{
    guint index = tlb_index(linear);
    TlbEntry *entry = &cpu->tlbs[kind][index];
    TlbInfo *info = &cpu->tlb_infos[kind][index];
    const TcgSlot *slot;
    MmuPage page;
    guint64 flags = TLB_VALID;

    if (tcg_is_long(cpu) && !tcg_is_canonical(linear)) {
        tcg_raise_gp(cpu);
    }
    mmu_walk(cpu, linear, access, kind, TRUE, &page);
    slot = tcg_find_slot(cpu->accel, page.physical);
    info->physical = page.physical;
    info->ram = slot ? slot->ram : NULL;
    flags |= (page.writable ? TLB_DIRTY : 0) | (page.global ? TLB_GLOBAL : 0);
    note_large(cpu, linear, page.size);
    if (tcg_watch_page(cpu, linear & PAGE_MASK)) {
        flags |= TLB_WATCH;
    }
    if (!info->ram) {
        flags |= TLB_IO;
    } else {
        guint8 *host = slot->slot.host + (page.physical - slot->slot.addr);
        entry->addend = (guint64)host - (linear & PAGE_MASK);
        flags |= (slot->slot.readonly ? TLB_READONLY : 0) |
                 (slot->slot.dirty_log ? TLB_LOGGED : 0) |
                 (page_has_code(info->ram, (guint64)(host - info->ram->host)) ? TLB_CODE : 0);
    }
    entry->page = (linear & PAGE_MASK) | flags;
    entry_set_tags(entry, index);
    cpu->tlb_used[kind] = TRUE;
    return entry;
}

/* The entry for an access, entered if need be. */
static TlbEntry *entry_for(TcgCpu *cpu, guint64 linear, MmuAccess access, TlbKind kind)
{
    TlbEntry *entry = &cpu->tlbs[kind][tlb_index(linear)];

    if ((entry->page & (PAGE_MASK | TLB_VALID)) == ((linear & PAGE_MASK) | TLB_VALID) &&
        (access != MMU_WRITE || (entry->page & TLB_DIRTY))) {
        return entry;
    }
    return entry_fill(cpu, linear, access, kind);
}

static TlbInfo *info_of(TcgCpu *cpu, const TlbEntry *entry, TlbKind kind)
{
    return &cpu->tlb_infos[kind][entry - cpu->tlbs[kind]];
}

static guint64 physical_of(TcgCpu *cpu, const TlbEntry *entry, TlbKind kind, guint64 linear)
{
    return info_of(cpu, entry, kind)->physical | (linear & ~PAGE_MASK);
}

static guint64 ram_offset(const TlbEntry *entry, const TlbInfo *info, guint64 linear)
{
    return linear + entry->addend - (guint64)info->ram->host;
}

/* ---- slow accesses ---- */

static gboolean crosses_page(guint64 linear, guint size)
{
    return (linear & ~PAGE_MASK) + size > PAGE_SIZE;
}

/* The address `n` bytes on; outside long mode addresses wrap at 4 GiB. */
static guint64 linear_add(const TcgCpu *cpu, guint64 linear, guint64 n)
{
    return tcg_is_long(cpu) ? linear + n : (guint32)(linear + n);
}

/* What an access to at most two pages would raise, or hit that is watched. */
static void check_entries(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access, TlbKind kind)
{
    gsize first = MIN(length, PAGE_SIZE - (linear & ~PAGE_MASK));
    guint64 flags = entry_for(cpu, linear, access, kind)->page;

    if (first < length) {
        flags |= entry_for(cpu, linear_add(cpu, linear, first), access, kind)->page;
    }
    if (flags & TLB_WATCH) {
        tcg_watch_access(cpu, linear, first, access);
        if (first < length) {
            tcg_watch_access(cpu, linear_add(cpu, linear, first), length - first, access);
        }
    }
}

static void store_io(TcgCpu *cpu, guint64 physical, guint64 value, guint size)
{
    tcg_leave_guest(cpu);
    address_space_store(cpu->vcpu->machine->memory, physical, value, size);
    tcg_enter_guest(cpu);
}

guint64 mmu_load_slow(TcgCpu *cpu, guint64 linear, guint size, TlbKind kind)
{
    TlbEntry *entry;

    if (crosses_page(linear, size)) {
        guint64 value = 0;
        check_entries(cpu, linear, size, MMU_READ, kind);
        for (guint i = 0; i < size; i++) {
            value |= mmu_load_slow(cpu, linear_add(cpu, linear, i), 1, kind) << (8 * i);
        }
        return value;
    }
    entry = entry_for(cpu, linear, MMU_READ, kind);
    if (entry->page & TLB_WATCH) {
        tcg_watch_access(cpu, linear, size, MMU_READ);
    }
    if (entry->page & TLB_IO) {
        return mmu_load_physical(cpu, physical_of(cpu, entry, kind, linear), size);
    }
    return mmu_host_load((const void *)(linear + entry->addend), size);
}

/* A page that held code but does so no more is written without ado from now on. */
static void entry_forget_code(TlbEntry *entry, const TlbInfo *info, guint64 linear, guint index)
{
    if (!page_has_code(info->ram, ram_offset(entry, info, linear))) {
        entry->page &= ~(guint64)TLB_CODE;
        entry_set_tags(entry, index);
    }
}

void mmu_store_slow(TcgCpu *cpu, guint64 linear, guint64 value, guint size, TlbKind kind)
{
    TlbEntry *entry;
    TlbInfo *info;

    if (crosses_page(linear, size)) {
        check_entries(cpu, linear, size, MMU_WRITE, kind);
        for (guint i = 0; i < size; i++) {
            mmu_store_slow(cpu, linear_add(cpu, linear, i), value >> (8 * i) & 0xff, 1, kind);
        }
        return;
    }
    entry = entry_for(cpu, linear, MMU_WRITE, kind);
    if (entry->page & TLB_WATCH) {
        tcg_watch_access(cpu, linear, size, MMU_WRITE);
    }
    if (entry->page & (TLB_IO | TLB_READONLY)) {
        store_io(cpu, physical_of(cpu, entry, kind, linear), value, size);
        return;
    }
    mmu_host_store((void *)(linear + entry->addend), value, size);
    info = info_of(cpu, entry, kind);
    if (entry->page & (TLB_LOGGED | TLB_CODE)) {
        region_mark_dirty(info->ram->region, ram_offset(entry, info, linear), size);
    }
    if (entry->page & TLB_CODE) {
        entry_forget_code(entry, info, linear, tlb_index(linear));
    }
}

guint64 mmu_load_system(TcgCpu *cpu, guint64 linear, guint size)
{
    return mmu_load_slow(cpu, linear, size, TLB_KERNEL);
}

void mmu_store_system(TcgCpu *cpu, guint64 linear, guint64 value, guint size)
{
    mmu_store_slow(cpu, linear, value, size, TLB_KERNEL);
}

/* ---- longer ones ---- */

void mmu_check(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access)
{
    if (access == MMU_EXECUTE) {
        mmu_fetch_page(cpu, linear);
        return;
    }
    check_entries(cpu, linear, length, access, cpu->mmu);
}

static guint piece_size(gsize left)
{
    return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

void mmu_read(TcgCpu *cpu, guint64 linear, void *buffer, gsize length)
{
    guint8 *to = buffer;
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    if (G_LIKELY(linear - entry->read_tag <= PAGE_SIZE - length)) {
        memcpy(buffer, (const void *)(linear + entry->addend), length);
        return;
    }
    mmu_check(cpu, linear, length, MMU_READ);
    for (gsize done = 0; done < length;) {
        guint size = piece_size(length - done);
        guint64 value = mmu_load(cpu, linear_add(cpu, linear, done), size);
        memcpy(to + done, &value, size);
        done += size;
    }
}

void mmu_write(TcgCpu *cpu, guint64 linear, const void *buffer, gsize length)
{
    const guint8 *from = buffer;
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    if (G_LIKELY(linear - entry->write_tag <= PAGE_SIZE - length)) {
        memcpy((void *)(linear + entry->addend), buffer, length);
        return;
    }
    mmu_check(cpu, linear, length, MMU_WRITE);
    for (gsize done = 0; done < length;) {
        guint size = piece_size(length - done);
        guint64 value = 0;
        memcpy(&value, from + done, size);
        mmu_store(cpu, linear_add(cpu, linear, done), value, size);
        done += size;
    }
}

guint8 *mmu_span(TcgCpu *cpu, guint64 linear, gsize *length, MmuAccess access)
{
    TlbEntry *entry = entry_for(cpu, linear, access, cpu->mmu);
    guint64 slow = access == MMU_WRITE ? FLAGS_SLOW : TLB_IO | TLB_WATCH;

    *length = MIN(*length, PAGE_SIZE - (linear & ~PAGE_MASK));
    return (entry->page & slow) ? NULL : (guint8 *)(linear + entry->addend);
}

/* ---- read-modify-write ---- */

guint64 mmu_rmw_begin(TcgCpu *cpu, guint64 linear, guint size, gboolean locked, MmuRmw *rmw)
{
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    rmw->linear = linear;
    rmw->size = (guint8)size;
    rmw->locked = locked;
    rmw->exclusive = FALSE;
    rmw->host = NULL;
    if (G_LIKELY(linear - entry->write_tag <= PAGE_SIZE - size)) {
        rmw->host = (guint8 *)(linear + entry->addend);
        rmw->old = mmu_host_load(rmw->host, size);
        return rmw->old;
    }
    mmu_check(cpu, linear, size, MMU_WRITE);
    if (!crosses_page(linear, size)) {
        entry = entry_for(cpu, linear, MMU_WRITE, cpu->mmu);
        if (!(entry->page & FLAGS_SLOW)) {
            rmw->host = (guint8 *)(linear + entry->addend);
            rmw->old = mmu_host_load(rmw->host, size);
            return rmw->old;
        }
    }
    if (locked && cpu->vcpu->machine->vcpus->len > 1) {
        tcg_exclusive_begin(cpu);
        rmw->exclusive = TRUE;
    }
    rmw->old = mmu_load(cpu, linear, size);
    return rmw->old;
}

/* Compares and exchanges at host memory. x86 does this at any address; C only promises it for
 * aligned ones, so the instruction is written out. */
static gboolean host_cmpxchg(guint8 *host, guint64 expected, guint64 value, guint size)
{
    gboolean done;

    switch (size) {
    case 1:
        __asm__ volatile("lock cmpxchgb %b3, %1"
                         : "=@ccz"(done), "+m"(*host), "+a"(expected)
                         : "q"(value)
                         : "memory");
        break;
    case 2:
        __asm__ volatile("lock cmpxchgw %w3, %1"
                         : "=@ccz"(done), "+m"(*host), "+a"(expected)
                         : "r"(value)
                         : "memory");
        break;
    case 4:
        __asm__ volatile("lock cmpxchgl %k3, %1"
                         : "=@ccz"(done), "+m"(*host), "+a"(expected)
                         : "r"(value)
                         : "memory");
        break;
    default:
        __asm__ volatile("lock cmpxchgq %3, %1"
                         : "=@ccz"(done), "+m"(*host), "+a"(expected)
                         : "r"(value)
                         : "memory");
        break;
    }
    return done;
}

gboolean mmu_rmw_end(TcgCpu *cpu, MmuRmw *rmw, guint64 value)
{
    if (G_LIKELY(rmw->host)) {
        if (G_UNLIKELY(rmw->locked)) {
            return host_cmpxchg(rmw->host, rmw->old, value, rmw->size);
        }
        mmu_host_store(rmw->host, value, rmw->size);
        return TRUE;
    }
    mmu_store(cpu, rmw->linear, value, rmw->size);
    if (rmw->exclusive) {
        tcg_exclusive_end(cpu);
    }
    return TRUE;
}

gboolean mmu_cmpxchg16(TcgCpu *cpu, guint64 linear, guint64 expected[2], const guint64 value[2])
{
    const TlbEntry *entry = entry_for(cpu, linear, MMU_WRITE, cpu->mmu);
    guint64 old[2];
    gboolean same;

    if (!(entry->page & FLAGS_SLOW)) {
        guint8 *host = (guint8 *)(linear + entry->addend);
        __asm__ volatile("lock cmpxchg16b %1"
                         : "=@ccz"(same), "+m"(*(guint64(*)[2])(void *)host), "+a"(expected[0]),
                           "+d"(expected[1])
                         : "b"(value[0]), "c"(value[1])
                         : "memory");
        return same;
    }
    mmu_check(cpu, linear, 16, MMU_WRITE);
    tcg_exclusive_begin(cpu);
    mmu_read(cpu, linear, old, 16);
    same = old[0] == expected[0] && old[1] == expected[1];
    mmu_write(cpu, linear, same ? value : old, 16);
    tcg_exclusive_end(cpu);
    expected[0] = old[0];
    expected[1] = old[1];
    return same;
}

/* ---- the TLB as a whole ---- */

static void entry_clear(TlbEntry *entry, guint index)
{
    entry->read_tag = entry->write_tag = tlb_no_tag(index);
    entry->page = 0;
}

void mmu_flush(TcgCpu *cpu, gboolean global)
{
    for (guint kind = 0; kind < TLB_KINDS; kind++) {
        if (!cpu->tlb_used[kind]) {
            continue;
        }
        cpu->tlb_used[kind] = !global;
        for (guint i = 0; i < TLB_SIZE; i++) {
            TlbEntry *entry = &cpu->tlbs[kind][i];
            if (global || !(entry->page & TLB_GLOBAL)) {
                entry_clear(entry, i);
            }
        }
    }
    for (guint i = 0; i < TLB_CODE_SIZE; i++) {
        if (global || !cpu->itlb[i].global) {
            cpu->itlb[i].linear = 1;
        }
    }
    if (global) {
        cpu->large_first = G_MAXUINT64;
        cpu->large_last = 0;
    }
    cpu->tlb_flushes++;
    code_cache_unmap(cpu, global);
}

void mmu_flush_page(TcgCpu *cpu, guint64 linear)
{
    guint index = tlb_index(linear);

    if (linear >= cpu->large_first && linear <= cpu->large_last) {
        mmu_flush(cpu, TRUE);
        return;
    }
    for (guint kind = 0; kind < TLB_KINDS; kind++) {
        if ((cpu->tlbs[kind][index].page & PAGE_MASK) == (linear & PAGE_MASK)) {
            entry_clear(&cpu->tlbs[kind][index], index);
        }
    }
    cpu->itlb[(linear >> PAGE_BITS) & (TLB_CODE_SIZE - 1)].linear = 1;
    cpu->tlb_page_flushes++;
    code_cache_unmap_page(cpu, linear);
}

void mmu_open(TcgCpu *cpu)
{
    for (guint kind = 0; kind < TLB_KINDS; kind++) {
        cpu->tlb_used[kind] = TRUE;
    }
    mmu_flush(cpu, TRUE);
}

void mmu_page_is_code(TcgCpu *cpu, const guint8 *host_page)
{
    for (guint kind = 0; kind < TLB_KINDS; kind++) {
        for (guint i = 0; cpu->tlb_used[kind] && i < TLB_SIZE; i++) {
            TlbEntry *entry = &cpu->tlbs[kind][i];
            if (entry->write_tag + entry->addend == (guint64)host_page) {
                entry->page |= TLB_CODE;
                entry_set_tags(entry, i);
            }
        }
    }
}

const TlbCode *mmu_fetch_page(TcgCpu *cpu, guint64 linear)
{
    TlbCode *code = &cpu->itlb[(linear >> PAGE_BITS) & (TLB_CODE_SIZE - 1)];
    TlbKind kind = cpu->cpl == 3 ? TLB_USER : TLB_KERNEL;
    const TcgSlot *slot;
    MmuPage page;

    if (code->linear == (linear & PAGE_MASK) && code->user == (kind == TLB_USER)) {
        return code;
    }
    if (tcg_is_long(cpu) && !tcg_is_canonical(linear)) {
        tcg_raise_gp(cpu);
    }
    mmu_walk(cpu, linear, MMU_EXECUTE, kind, TRUE, &page);
    slot = tcg_find_slot(cpu->accel, page.physical);
    code->linear = linear & PAGE_MASK;
    code->physical = page.physical;
    code->user = kind == TLB_USER;
    code->global = page.global;
    code->ram = slot ? slot->ram : NULL;
    code->host = code->ram ? slot->slot.host + (page.physical - slot->slot.addr) : NULL;
    note_large(cpu, linear, page.size);
    return code;
}
