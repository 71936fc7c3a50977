/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handlers that every record may have: calling the operation's OpFn, and leaving a block.
 */
#include "core/apic.h"
#include "tcg/fast.h"
#include "tcg/operand.h"
#include "tcg/run.h"

/* ---- leaving ---- */

const Record *record_leave(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    cpu->rip = tcg_this_rip(cpu);
    return NULL;
}

const Record *record_stale(TcgCpu *cpu, const Record *record)
{
    return record_leave(cpu, record);
}

const Record *record_close(TcgCpu *cpu, const Record *record)
{
    const Record *next = record->link[0];

    return G_LIKELY(next) ? record_enter(cpu, next) : fast_link(cpu, record, 0, record->imm);
}

const Record *record_close_far(TcgCpu *cpu, const Record *record)
{
    return fast_follow_far(cpu, record);
}

const Record *record_undefined(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    tcg_raise(cpu, EXC_UD);
}

const Record *record_too_long(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    tcg_raise_gp(cpu);
}

/* ---- calling an OpFn ---- */

static const Record *run_op(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    ((OpFn)record->imm)(cpu, record->insn);
    return record_next(cpu, record);
}

static const Record *run_op_end(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    cpu->rip = tcg_next_rip(cpu);
    ((OpFn)record->imm)(cpu, record->insn);
    return NULL;
}

const Record *record_repeat(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    cpu->rip = tcg_next_rip(cpu);
    ((OpFn)record->imm)(cpu, record->insn);
    return cpu->rip == tcg_next_rip(cpu)
               ? fast_follow(cpu, record, 1, (guint64)record->offset + record->length)
               : NULL;
}

/* Interrupts are taken between blocks, so the next instruction is safe from them. What is pending
 * already has nobody call for attention: the loop has to look. */
const Record *record_sti(TcgCpu *cpu, const Record *record)
{
    guint pending = cpu->apic ? apic_pending(cpu->apic)
                              : (guint)__atomic_load_n(&cpu->accel->intr, __ATOMIC_ACQUIRE);

    if (pending || cpu->cpl != 0) {
        return fast_slow_end(cpu, record);
    }
    cpu->rflags |= FLAG_IF;
    return record_next(cpu, record);
}

static const Record *run_nothing(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    tcg_raise(cpu, EXC_UD);
}

Handler record_op_handler(const Insn *insn, Record *record)
{
    OpFn function = tcg_ops[insn->op];

    record->imm = (guint64)function;
    if (!function) {
        return run_nothing;
    }
    return record_ends_block(insn) ? run_op_end : run_op;
}

/* ---- what the block builder asks ---- */

gboolean record_ends_block(const Insn *insn)
{
    const OpInfo *info = &decode_op_info[insn->op];

    return (insn->flags & INSN_ENDS_BLOCK) || (info->attr & OP_SHADOW) ||
           ((info->attr & OP_STRING) && (insn->prefixes & (PREFIX_REP | PREFIX_REPNE)));
}

gboolean record_is_shift(const Insn *insn)
{
    switch (insn->op) {
    case OP_ROL:
    case OP_ROR:
    case OP_RCL:
    case OP_RCR:
    case OP_SHL:
    case OP_SHR:
    case OP_SAR:
    case OP_SHLD:
    case OP_SHRD: return TRUE;
    default: return FALSE;
    }
}

/* Anything but plain work on registers counts. */
gboolean record_may_fault(const Insn *insn)
{
    const OpInfo *info = &decode_op_info[insn->op];

    if (insn->flags & (INSN_READS | INSN_WRITES)) {
        return TRUE;
    }
    if (info->extension != EXT_BASE || info->attr) {
        return (info->attr & ~(guint)OP_LOCKABLE) || info->extension != EXT_BASE;
    }
    switch (insn->op) {
    case OP_DIV:
    case OP_IDIV:
    case OP_AAM:
    case OP_PUSHA:
    case OP_POPA:
    case OP_ENTER:
    case OP_LEAVE:
    case OP_XLAT:
    case OP_BOUND:
    case OP_RDTSC:
    case OP_RDPMC:
    case OP_UD0:
    case OP_UD1:
    case OP_UD2: return TRUE;
    default: return FALSE;
    }
}
