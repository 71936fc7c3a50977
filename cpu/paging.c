/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/paging.h"

#include <string.h>

/* Intel SDM vol. 3, 2.5 and 2.2.1 */
#define CR0_PG   (1ull << 31)
#define CR4_PSE  (1ull << 4)
#define CR4_PAE  (1ull << 5)
#define CR4_LA57 (1ull << 12)
#define EFER_LMA (1ull << 10)

/* Intel SDM vol. 3, 4.3 to 4.5: bits of paging-structure entries */
#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE   (1ull << 1)
#define PTE_USER    (1ull << 2)
#define PTE_LARGE   (1ull << 7)
#define PTE_NX      (1ull << 63)
#define PTE_ADDR    0x000ffffffffff000ull

#define TABLE_SIZE 4096

/* How tables are shaped in the present mode. */
typedef struct Mode {
    guint levels;       /* 2 to 5 */
    guint entry_size;   /* 4 or 8 bytes */
    guint index_bits;   /* 10 or 9 */
    guint large_levels; /* bit n: an entry of level n may be a large page (level 1 is the last) */
    gboolean long_mode;
    gboolean pae_top; /* level 3 has four entries and no permissions */
} Mode;

typedef struct Walk {
    Mode mode;
    CpuReadFn read;
    void *opaque;
    void (*fn)(const CpuMapping *mapping, void *fn_opaque);
    void *fn_opaque;
    guint tables_left;
    gboolean complete;
} Walk;

gboolean cpu_paging_enabled(const CpuRegisters *regs)
{
    return (regs->cr0 & CR0_PG) != 0;
}

static Mode paging_mode(const CpuRegisters *regs)
{
    if (regs->efer & EFER_LMA) {
        return (Mode){.levels = regs->cr4 & CR4_LA57 ? 5 : 4,
                      .entry_size = 8,
                      .index_bits = 9,
                      .large_levels = 1 << 2 | 1 << 3,
                      .long_mode = TRUE};
    }
    if (regs->cr4 & CR4_PAE) {
        return (Mode){
            .levels = 3, .entry_size = 8, .index_bits = 9, .large_levels = 1 << 2, .pae_top = TRUE};
    }
    return (Mode){.levels = 2,
                  .entry_size = 4,
                  .index_bits = 10,
                  .large_levels = regs->cr4 & CR4_PSE ? 1 << 2 : 0};
}

static guint64 top_table(const CpuRegisters *regs, const Mode *mode)
{
    if (mode->long_mode) {
        return regs->cr3 & PTE_ADDR;
    }
    /* CR3 outside long mode is 32 bits; the PAE top table is aligned to 32 bytes (4.4.1). */
    return regs->cr3 & (mode->pae_top ? 0xffffffe0ull : 0xfffff000ull);
}

static guint level_shift(const Mode *mode, guint level)
{
    return 12 + (level - 1) * mode->index_bits;
}

static guint level_entries(const Mode *mode, guint level)
{
    return mode->pae_top && level == 3 ? 4 : 1u << mode->index_bits;
}

static guint64 load_entry(const Mode *mode, const guint8 *table, guint index)
{
    if (mode->entry_size == 4) {
        guint32 entry;
        memcpy(&entry, table + index * 4, sizeof(entry));
        return GUINT32_FROM_LE(entry);
    }
    guint64 entry;
    memcpy(&entry, table + index * 8, sizeof(entry));
    return GUINT64_FROM_LE(entry);
}

static gboolean is_leaf(const Mode *mode, guint64 entry, guint level)
{
    return level == 1 || ((mode->large_levels >> level & 1) && (entry & PTE_LARGE));
}

static guint64 leaf_address(const Mode *mode, guint64 entry, guint level)
{
    guint64 offset_mask = (1ull << level_shift(mode, level)) - 1;

    if (mode->entry_size == 4 && level == 2) {
        /* PSE-36: bits 20 to 13 of a 4 MiB entry are address bits 39 to 32 (table 4-4). */
        return (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
    }
    return entry & PTE_ADDR & ~offset_mask;
}

/* Takes the permissions of one more level into account. */
static void narrow(const Mode *mode, guint64 entry, guint level, CpuMapping *mapping)
{
    if (mode->pae_top && level == 3) {
        return;
    }
    mapping->writable = mapping->writable && (entry & PTE_WRITE);
    mapping->user = mapping->user && (entry & PTE_USER);
    mapping->executable = mapping->executable && !(entry & PTE_NX);
}

static guint64 sign_extend(const Mode *mode, guint64 linear)
{
    guint top_bit = 11 + mode->levels * mode->index_bits;

    if (mode->long_mode && (linear >> top_bit & 1)) {
        return linear | ~((1ull << (top_bit + 1)) - 1);
    }
    return linear;
}

gboolean cpu_translate(const CpuRegisters *regs, guint64 linear, CpuReadFn read, void *opaque,
                       CpuMapping *mapping)
{
    Mode mode = paging_mode(regs);
    guint width = mode.long_mode ? 12 + mode.levels * mode.index_bits : 32;
    guint64 low = linear & ((1ull << width) - 1);

    if (sign_extend(&mode, low) != linear) {
        return FALSE;
    }
    *mapping = (CpuMapping){.writable = TRUE, .user = TRUE, .executable = TRUE};
    if (!cpu_paging_enabled(regs)) {
        mapping->linear = mapping->physical = linear & ~0xfffull;
        mapping->size = 0x1000;
        return TRUE;
    }
    guint64 table = top_table(regs, &mode);
    for (guint level = mode.levels;; level--) {
        guint index = low >> level_shift(&mode, level) & (level_entries(&mode, level) - 1);
        guint8 bytes[8];

        if (!read(table + index * mode.entry_size, bytes, mode.entry_size, opaque)) {
            return FALSE;
        }
        guint64 entry = load_entry(&mode, bytes, 0);
        if (!(entry & PTE_PRESENT)) {
            return FALSE;
        }
        narrow(&mode, entry, level, mapping);
        if (is_leaf(&mode, entry, level)) {
            mapping->size = 1ull << level_shift(&mode, level);
            mapping->linear = linear & ~(mapping->size - 1);
            mapping->physical = leaf_address(&mode, entry, level);
            mapping->entry = entry;
            return TRUE;
        }
        table = entry & PTE_ADDR;
    }
}

static void walk_table(Walk *walk, guint64 table, guint level, const CpuMapping *above)
{
    const Mode *mode = &walk->mode;
    guint entries = level_entries(mode, level);
    guint8 bytes[TABLE_SIZE];

    if (walk->tables_left == 0) {
        walk->complete = FALSE;
        return;
    }
    walk->tables_left--;
    if (!walk->read(table, bytes, entries * mode->entry_size, walk->opaque)) {
        return;
    }
    for (guint i = 0; i < entries; i++) {
        guint64 entry = load_entry(mode, bytes, i);
        CpuMapping mapping = *above;

        if (!(entry & PTE_PRESENT)) {
            continue;
        }
        mapping.linear = sign_extend(mode, above->linear | (guint64)i << level_shift(mode, level));
        narrow(mode, entry, level, &mapping);
        if (is_leaf(mode, entry, level)) {
            mapping.size = 1ull << level_shift(mode, level);
            mapping.physical = leaf_address(mode, entry, level);
            mapping.entry = entry;
            walk->fn(&mapping, walk->fn_opaque);
        } else {
            walk_table(walk, entry & PTE_ADDR, level - 1, &mapping);
        }
    }
}

gboolean cpu_foreach_mapping(const CpuRegisters *regs, CpuReadFn read, void *opaque,
                             guint max_tables,
                             void (*fn)(const CpuMapping *mapping, void *fn_opaque),
                             void *fn_opaque)
{
    Walk walk = {.mode = paging_mode(regs),
                 .read = read,
                 .opaque = opaque,
                 .fn = fn,
                 .fn_opaque = fn_opaque,
                 .tables_left = max_tables,
                 .complete = TRUE};
    CpuMapping all = {.writable = TRUE, .user = TRUE, .executable = TRUE};

    if (cpu_paging_enabled(regs)) {
        walk_table(&walk, top_table(regs, &walk.mode), walk.mode.levels, &all);
    }
    return walk.complete;
}
