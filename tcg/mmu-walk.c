/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page walks (SDM vol. 3, 4.3 to 4.7): linear to physical with rights, accessed and dirty bits.
 */
#include "tcg/mmu-priv.h"

#include "core/machine.h"
#include "tcg/run.h"

/* Bits of entries (SDM vol. 3, tables 4-5 to 4-20). */
enum {
    PTE_P = 1 << 0,
    PTE_W = 1 << 1,
    PTE_U = 1 << 2,
    PTE_A = 1 << 5,
    PTE_D = 1 << 6,
    PTE_PS = 1 << 7,
    PTE_G = 1 << 8,
};
#define PTE_NX       (1ULL << 63)
#define PTE_ADDRESS  0x000ffffffffff000ULL
#define PTE_RESERVED (PTE_ADDRESS & ~((1ULL << MMU_PHYSICAL_BITS) - 1))

/* Error code of #PF. */
enum { PF_P = 1 << 0, PF_W = 1 << 1, PF_U = 1 << 2, PF_RSVD = 1 << 3, PF_I = 1 << 4 };

/* One walk on its way down. */
typedef struct Walk {
    TcgCpu *cpu;
    guint64 linear;
    MmuAccess access;
    TlbKind kind;
    guint64 entry;    /* the last one read */
    guint64 entry_at; /* its physical address */
    guint entry_size; /* 4 or 8 */
    guint64 rights;   /* PTE_W and PTE_U of all levels, PTE_NX of any */
    gboolean raises;  /* faults are the guest's; else the walk only says no */
} Walk;

static guint32 error_code(const Walk *walk, guint32 bits)
{
    const TcgCpu *cpu = walk->cpu;

    if (walk->access == MMU_WRITE) {
        bits |= PF_W;
    }
    if (walk->kind == TLB_USER) {
        bits |= PF_U;
    }
    if (walk->access == MMU_EXECUTE &&
        ((cpu->cr4 & CR4_SMEP) || ((cpu->cr4 & CR4_PAE) && (cpu->efer & EFER_NXE)))) {
        bits |= PF_I;
    }
    return bits;
}

static gboolean fault(const Walk *walk, guint32 bits)
{
    if (walk->raises) {
        tcg_raise_page_fault(walk->cpu, walk->linear, error_code(walk, bits));
    }
    return FALSE;
}

/* ---- table entries, which may lie anywhere ---- */

guint64 mmu_load_physical(TcgCpu *cpu, guint64 physical, guint size)
{
    const TcgSlot *slot = tcg_find_slot(cpu->accel, physical);
    guint64 value;

    if (slot && slot->ram) {
        return mmu_host_load(slot->slot.host + (physical - slot->slot.addr), size);
    }
    tcg_leave_guest(cpu);
    value = address_space_load(cpu->vcpu->machine->memory, physical, size);
    tcg_enter_guest(cpu);
    return value;
}

/* Sets bits of an entry, unless it has changed meanwhile: FALSE. */
static gboolean set_entry_bits(Walk *walk, guint64 bits)
{
    TcgCpu *cpu = walk->cpu;
    const TcgSlot *slot = tcg_find_slot(cpu->accel, walk->entry_at);
    guint64 value = walk->entry | bits;
    guint8 *host;

    if (!slot || !slot->ram || slot->slot.readonly) {
        return TRUE; /* tables in ROM or nowhere: hardware could not write them either */
    }
    host = slot->slot.host + (walk->entry_at - slot->slot.addr);
    if (walk->entry_size == 8) {
        guint64 expected = walk->entry;
        if (!__atomic_compare_exchange_n((guint64 *)(void *)host, &expected, value, FALSE,
                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return FALSE;
        }
    } else {
        guint32 expected = (guint32)walk->entry;
        if (!__atomic_compare_exchange_n((guint32 *)(void *)host, &expected, (guint32)value, FALSE,
                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return FALSE;
        }
    }
    walk->entry = value;
    region_mark_dirty(slot->ram->region, (guint64)(host - slot->ram->host), walk->entry_size);
    return TRUE;
}

/* Reads the entry at `at` and checks presence and reserved bits. */
static gboolean step(Walk *walk, guint64 at, guint size, guint64 reserved)
{
    walk->entry_at = at;
    walk->entry_size = size;
    walk->entry = mmu_load_physical(walk->cpu, at, size);
    if (!(walk->entry & PTE_P)) {
        return fault(walk, 0);
    }
    if (walk->entry & reserved) {
        return fault(walk, PF_P | PF_RSVD);
    }
    return TRUE;
}

/* Gathers an entry's rights. */
static void gather(Walk *walk)
{
    walk->rights &= walk->entry | PTE_NX;
    walk->rights |= walk->entry & PTE_NX;
}

/* Marks a table entry accessed. FALSE: it has changed, walk again. */
static gboolean touch(Walk *walk)
{
    return (walk->entry & PTE_A) || set_entry_bits(walk, PTE_A);
}

/* ---- rights ---- */

static gboolean is_allowed(const Walk *walk)
{
    const TcgCpu *cpu = walk->cpu;
    gboolean user_page = (walk->rights & PTE_U) != 0;

    if (walk->access == MMU_EXECUTE && (walk->rights & PTE_NX)) {
        return FALSE;
    }
    if (walk->kind == TLB_USER) {
        return user_page && (walk->access != MMU_WRITE || (walk->rights & PTE_W));
    }
    if (user_page && walk->access == MMU_EXECUTE && (cpu->cr4 & CR4_SMEP)) {
        return FALSE;
    }
    if (user_page && walk->access != MMU_EXECUTE && (cpu->cr4 & CR4_SMAP) &&
        walk->kind == TLB_KERNEL) {
        return FALSE;
    }
    return walk->access != MMU_WRITE || (walk->rights & PTE_W) || !(cpu->cr0 & CR0_WP);
}

/* May this privilege write at all? So that a read of a page whose dirty bit is set need not walk
 * again for the first write. */
static gboolean may_write(const Walk *walk)
{
    Walk write = *walk;

    write.access = MMU_WRITE;
    return is_allowed(&write);
}

/* The leaf: rights, then accessed and dirty bits. 1 done, 0 fault, -1 again. */
static int finish(Walk *walk, guint64 base, guint64 page_size, MmuPage *page)
{
    guint64 bits = PTE_A | (walk->access == MMU_WRITE ? PTE_D : 0);

    gather(walk);
    if (!is_allowed(walk)) {
        fault(walk, PF_P);
        return 0;
    }
    if ((walk->entry & bits) != bits && !set_entry_bits(walk, bits)) {
        return -1;
    }
    page->physical = (base + (walk->linear & (page_size - 1))) & PAGE_MASK;
    page->size = page_size;
    page->writable = (walk->entry & PTE_D) && may_write(walk);
    page->global = (walk->entry & PTE_G) && (walk->cpu->cr4 & CR4_PGE);
    return 1;
}

/* ---- the three formats ---- */

static int walk_32bit(Walk *walk, MmuPage *page)
{
    const TcgCpu *cpu = walk->cpu;
    guint32 linear = (guint32)walk->linear;

    if (!step(walk, (cpu->cr3 & 0xfffff000) + ((linear >> 22) << 2), 4, 0)) {
        return 0;
    }
    if ((walk->entry & PTE_PS) && (cpu->cr4 & CR4_PSE)) {
        /* PSE-36: bits 20-13 are address bits 39-32 (table 4-4). */
        guint64 base = (walk->entry & 0xffc00000) | ((walk->entry >> 13 & 0xff) << 32);
        if (walk->entry & (1 << 21)) {
            fault(walk, PF_P | PF_RSVD);
            return 0;
        }
        return finish(walk, base, 4 << 20, page);
    }
    gather(walk);
    if (!touch(walk)) {
        return -1;
    }
    if (!step(walk, (walk->entry & 0xfffff000) + ((linear >> 12 & 0x3ff) << 2), 4, 0)) {
        return 0;
    }
    return finish(walk, walk->entry & 0xfffff000, PAGE_SIZE, page);
}

/* PAE and 4-level paging from a table of level 4 (PML4) or 2 (page directory) down. */
static int walk_64bit(Walk *walk, guint64 table, guint level, MmuPage *page)
{
    const TcgCpu *cpu = walk->cpu;
    gboolean is_long = tcg_is_long(cpu);
    guint64 reserved = PTE_RESERVED | ((cpu->efer & EFER_NXE) ? 0 : PTE_NX) |
                       (is_long ? 0 : 0x7ff0000000000000ULL);

    for (;; level--) {
        guint shift = 12 + 9 * (level - 1);
        guint64 size = 1ULL << shift;
        gboolean may_be_leaf = level == 2 || (level == 3 && is_long);

        if (!step(walk, table + ((walk->linear >> shift & 0x1ff) << 3), 8, reserved)) {
            return 0;
        }
        if (level == 1 || (may_be_leaf && (walk->entry & PTE_PS))) {
            guint64 base = walk->entry & PTE_ADDRESS;
            if (level > 1 && (base & (size - 1) & ~0x1000ULL)) { /* bit 12 is PAT */
                fault(walk, PF_P | PF_RSVD);
                return 0;
            }
            return finish(walk, base & ~(size - 1), size, page);
        }
        if (level == 4 && (walk->entry & PTE_PS)) {
            fault(walk, PF_P | PF_RSVD);
            return 0;
        }
        gather(walk);
        if (!touch(walk)) {
            return -1;
        }
        table = walk->entry & PTE_ADDRESS;
    }
}

static int walk_pae(Walk *walk, MmuPage *page)
{
    guint64 pdpte = walk->cpu->pdpte[walk->linear >> 30 & 3];

    if (!(pdpte & PTE_P)) {
        fault(walk, 0);
        return 0;
    }
    return walk_64bit(walk, pdpte & PTE_ADDRESS, 2, page);
}

gboolean mmu_walk(TcgCpu *cpu, guint64 linear, MmuAccess access, TlbKind kind, gboolean raises,
                  MmuPage *page)
{
    Walk walk = {.cpu = cpu, .linear = linear, .access = access, .kind = kind, .raises = raises};
    int result;

    if (!(cpu->cr0 & CR0_PG)) {
        *page = (MmuPage){.physical = linear & PAGE_MASK, .size = PAGE_SIZE, .writable = TRUE};
        return TRUE;
    }
    do {
        walk.rights = PTE_W | PTE_U;
        if (!(cpu->cr4 & CR4_PAE)) {
            result = walk_32bit(&walk, page);
        } else if (!tcg_is_long(cpu)) {
            result = walk_pae(&walk, page);
        } else {
            result = walk_64bit(&walk, cpu->cr3 & PTE_ADDRESS, 4, page);
        }
    } while (result < 0);
    return result > 0;
}

gboolean mmu_load_pdptes(TcgCpu *cpu, guint64 cr3)
{
    guint64 pdpte[4];

    for (guint i = 0; i < 4; i++) {
        pdpte[i] = mmu_load_physical(cpu, (cr3 & 0xffffffe0) + 8 * i, 8);
        /* Bits 2-1, 8-5 and those above the address are reserved (table 4-8). */
        if ((pdpte[i] & PTE_P) && (pdpte[i] & (PTE_RESERVED | 0xfff00000000001e6ULL))) {
            return FALSE;
        }
    }
    memcpy(cpu->pdpte, pdpte, sizeof(pdpte));
    return TRUE;
}
