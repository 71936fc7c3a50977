/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fast handlers: specialised code for the instructions that programs consist of. Each does the
 * same as the operation's OpFn, which it calls itself where its shortcut ends (a TLB miss, a
 * device, an unusual operand): fast_slow().
 *
 * They are templates: an inline function with constants for operation, form and size, and a table
 * of its instances. Records are set up by fast_operands(); a chooser returns NULL for what its
 * family has no handler for.
 */
#pragma once

#include "tcg/block.h"
#include "tcg/flags.h"
#include "tcg/mmu.h"

#define FAST_INLINE static inline __attribute__((always_inline))

/* Families. `live`: are the flags that it writes read by anything? */
Handler fast_alu_handler(const TcgCpu *cpu, const Insn *insn, gboolean live, Record *record);
Handler fast_shift_handler(const TcgCpu *cpu, const Insn *insn, gboolean live, Record *record);
Handler fast_move_handler(const TcgCpu *cpu, const Insn *insn, Record *record);
Handler fast_branch_handler(const TcgCpu *cpu, const Insn *insn, Record *record);
Handler fast_bits_handler(const TcgCpu *cpu, const Insn *insn, Record *record);
Handler fast_fpu_handler(const TcgCpu *cpu, const Insn *insn, Record *record);

/* Of Jcc. */
Handler fast_branch_of(guint condition);

/* To where a branch leads that has not been taken, or since when things have changed. */
const Record *fast_link(TcgCpu *cpu, const Record *record, guint which, guint64 target);
const Record *fast_link_far(TcgCpu *cpu, const Record *record);

/* The whole instruction, the plain way. */
const Record *fast_slow(TcgCpu *cpu, const Record *record);
/* Likewise of one that ends its block. */
const Record *fast_slow_end(TcgCpu *cpu, const Record *record);

/* ---- registers, by byte offset; guest memory, which need not be aligned ---- */

typedef guint8 __attribute__((may_alias)) FastU8;
typedef guint16 __attribute__((may_alias, aligned(1))) FastU16;
typedef guint32 __attribute__((may_alias, aligned(1))) FastU32;
typedef guint64 __attribute__((may_alias, aligned(1))) FastU64;

FAST_INLINE void *fast_at(TcgCpu *cpu, guint offset)
{
    return (guint8 *)cpu + offset;
}

FAST_INLINE guint64 fast_reg(TcgCpu *cpu, guint offset, guint size)
{
    switch (size) {
    case 1: return *(FastU8 *)fast_at(cpu, offset);
    case 2: return *(FastU16 *)fast_at(cpu, offset);
    case 4: return *(FastU32 *)fast_at(cpu, offset);
    default: return *(FastU64 *)fast_at(cpu, offset);
    }
}

FAST_INLINE void fast_set_reg(TcgCpu *cpu, guint offset, guint64 value, guint size)
{
    switch (size) {
    case 1: *(FastU8 *)fast_at(cpu, offset) = (guint8)value; break;
    case 2: *(FastU16 *)fast_at(cpu, offset) = (guint16)value; break;
    case 4: *(FastU64 *)fast_at(cpu, offset) = (guint32)value; break;
    default: *(FastU64 *)fast_at(cpu, offset) = value; break;
    }
}

/* ---- memory ---- */

/* The effective address, without the segment's base. */
FAST_INLINE guint64 fast_effective(TcgCpu *cpu, const Record *record)
{
    guint64 address = *(FastU64 *)fast_at(cpu, record->base) +
                      (*(FastU64 *)fast_at(cpu, record->index) << record->scale) +
                      (guint64)record->disp;

    if (record->flags & (RECORD_ADDRESS32 | RECORD_ADDRESS16)) {
        address = record->flags & RECORD_ADDRESS32 ? (guint32)address : (guint16)address;
    }
    return address;
}

/* One test for 64-bit addresses, which are the most, and one more for 32-bit ones. */
FAST_INLINE guint64 fast_linear(TcgCpu *cpu, const Record *record)
{
    guint64 base = *(FastU64 *)fast_at(cpu, record->segment);
    guint64 linear = *(FastU64 *)fast_at(cpu, record->base) +
                     (*(FastU64 *)fast_at(cpu, record->index) << record->scale) +
                     (guint64)record->disp + base;

    if (G_LIKELY(!(record->flags & (RECORD_ADDRESS32 | RECORD_ADDRESS16 | RECORD_LEGACY)))) {
        return linear;
    }
    if (G_UNLIKELY((record->flags & (RECORD_ADDRESS16 | RECORD_LEGACY)) != RECORD_LEGACY)) {
        linear = base + fast_effective(cpu, record);
    }
    return record->flags & RECORD_LEGACY ? (guint32)linear : linear;
}

/* Likewise where the chooser knows that nothing but base and displacement counts (RECORD_PLAIN). */
FAST_INLINE guint64 fast_linear_of(TcgCpu *cpu, const Record *record, gboolean plain)
{
    return plain ? *(FastU64 *)fast_at(cpu, record->base) + (guint64)record->disp
                 : fast_linear(cpu, record);
}

/* Host address of `size` bytes at `linear`, or NULL: the plain way, please. */
FAST_INLINE guint8 *fast_read_at(TcgCpu *cpu, guint64 linear, guint size)
{
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    return G_LIKELY(linear - entry->read_tag <= PAGE_SIZE - size)
               ? (guint8 *)(linear + entry->addend)
               : NULL;
}

FAST_INLINE guint8 *fast_write_at(TcgCpu *cpu, guint64 linear, guint size)
{
    const TlbEntry *entry = &cpu->tlb[tlb_index(linear)];

    return G_LIKELY(linear - entry->write_tag <= PAGE_SIZE - size)
               ? (guint8 *)(linear + entry->addend)
               : NULL;
}

FAST_INLINE guint8 *fast_read(TcgCpu *cpu, const Record *record, guint size)
{
    return fast_read_at(cpu, fast_linear(cpu, record), size);
}

FAST_INLINE guint8 *fast_write(TcgCpu *cpu, const Record *record, guint size)
{
    return fast_write_at(cpu, fast_linear(cpu, record), size);
}

/* ---- on to another block ---- */

/*
 * Goes on with another block, as the loop would: run_blocks() does it if something has come up.
 * Where the compiler makes no jumps of such calls (TCG_TAIL_CALLS is 0: no optimization, a
 * sanitizer), it always does, since the stack would grow.
 */
FAST_INLINE const Record *record_enter(TcgCpu *cpu, const Record *next)
{
    if (TCG_TAIL_CALLS && G_LIKELY(cpu->budget > 0) &&
        G_LIKELY(!__atomic_load_n(&cpu->attention, __ATOMIC_RELAXED))) {
        cpu->budget -= next->count;
        return next->run(cpu, next);
    }
    return next;
}

/* By link `which` of the record, to page_rip + target. */
FAST_INLINE const Record *fast_follow(TcgCpu *cpu, const Record *record, guint which,
                                      guint64 target)
{
    const Record *next = record->link[which];

    return G_LIKELY(next) ? record_enter(cpu, next) : fast_link(cpu, record, which, target);
}

/* In 64-bit mode, to another page. */
FAST_INLINE const Record *fast_follow_far(TcgCpu *cpu, const Record *record)
{
    if (G_LIKELY(record->key == cpu->key && (guint64)record->disp == cpu->page_rip)) {
        cpu->page_rip = (cpu->page_rip + record->imm) & PAGE_MASK;
        return record_enter(cpu, record->link[1]);
    }
    return fast_link_far(cpu, record);
}

/* To rip, in 64-bit mode, if it is known where that is. */
FAST_INLINE const Record *fast_jump(TcgCpu *cpu, guint64 rip)
{
    const Jump *jump = &cpu->jumps[jump_index(rip)];

    if (G_LIKELY(jump->linear == rip && jump->key == cpu->key)) {
        cpu->page_rip = rip & PAGE_MASK;
        return record_enter(cpu, jump->record);
    }
    cpu->rip = rip;
    return NULL;
}

/* Of a Jcc's record. */
FAST_INLINE const Record *fast_branch(TcgCpu *cpu, const Record *record, gboolean taken)
{
    return taken ? fast_follow(cpu, record, 0, record->imm)
                 : fast_follow(cpu, record, 1, (guint64)record->offset + record->length);
}

/* ---- for choosers ---- */

/* Byte offset of a general register operand; OPERAND_REG or _HIGH. */
guint16 fast_reg_offset(const Operand *operand);

static inline gboolean fast_is_reg(const Operand *operand)
{
    return operand->kind == OPERAND_REG || operand->kind == OPERAND_HIGH;
}

/* 0 to 3 of sizes 1, 2, 4, 8. */
static inline guint fast_size_index(guint size)
{
    return (guint)__builtin_ctz(size);
}
