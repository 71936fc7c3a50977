/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Near branches of full width: Jcc, JMP, CALL, RET. With MODE_FLAT_CODE, so that no limit is to be
 * checked. Record.imm is the target's offset from page_rip, or what is released by RET n.
 */
#include "tcg/fast.h"

FAST_INLINE const Record *branch(TcgCpu *cpu, const Record *record, guint condition)
{
    return fast_branch(cpu, record, flags_condition(&cpu->flags, condition));
}

#define BRANCH(condition)                                                      \
    static const Record *branch_##condition(TcgCpu *cpu, const Record *record) \
    {                                                                          \
        return branch(cpu, record, condition);                                 \
    }

BRANCH(0)
BRANCH(1)
BRANCH(2)
BRANCH(3)
BRANCH(4)
BRANCH(5)
BRANCH(6)
BRANCH(7)
BRANCH(8)
BRANCH(9)
BRANCH(10)
BRANCH(11)
BRANCH(12)
BRANCH(13)
BRANCH(14)
BRANCH(15)

static const Handler branch_handlers[16] = {
    branch_0, branch_1, branch_2,  branch_3,  branch_4,  branch_5,  branch_6,  branch_7,
    branch_8, branch_9, branch_10, branch_11, branch_12, branch_13, branch_14, branch_15,
};

Handler fast_branch_of(guint condition)
{
    return branch_handlers[condition];
}

static const Record *jump(TcgCpu *cpu, const Record *record)
{
    return fast_follow(cpu, record, 0, record->imm);
}

static const Record *jump_far(TcgCpu *cpu, const Record *record)
{
    return fast_follow_far(cpu, record);
}

const Record *fast_link(TcgCpu *cpu, const Record *record, guint which, guint64 target)
{
    const Record *next = code_link(cpu, record, which, target);

    return next ? record_enter(cpu, next) : NULL;
}

const Record *fast_link_far(TcgCpu *cpu, const Record *record)
{
    const Record *next = code_link_far(cpu, (Record *)record);

    return next ? record_enter(cpu, next) : NULL;
}

/* The block at `rip`, if it is known. */
FAST_INLINE const Record *enter_cached(TcgCpu *cpu, guint64 rip, guint width)
{
    const Record *next;

    if (width == 8) {
        return fast_jump(cpu, rip);
    }
    cpu->rip = rip;
    next = code_find_cached(cpu);
    return G_LIKELY(next) ? record_enter(cpu, next) : NULL;
}

/* ---- CALL and RET ---- */

FAST_INLINE guint64 stack_linear(TcgCpu *cpu, guint64 rsp, guint width)
{
    return width == 8 ? rsp : (guint32)(cpu->base[CPU_SS] + (guint32)rsp);
}

FAST_INLINE gboolean push_return(TcgCpu *cpu, const Record *record, guint width)
{
    guint64 rsp = cpu->gpr[CPU_RSP] - width;
    guint8 *host = fast_write_at(cpu, stack_linear(cpu, rsp, width), width);

    if (G_UNLIKELY(!host)) {
        return FALSE;
    }
    mmu_host_store(host, record_next_rip(cpu, record), width);
    cpu->gpr[CPU_RSP] = width == 8 ? rsp : (guint32)rsp;
    return TRUE;
}

FAST_INLINE const Record *call(TcgCpu *cpu, const Record *record, guint width)
{
    return push_return(cpu, record, width) ? fast_follow(cpu, record, 0, record->imm)
                                           : fast_slow_end(cpu, record);
}

static const Record *call_4(TcgCpu *cpu, const Record *record)
{
    return call(cpu, record, 4);
}

static const Record *call_8(TcgCpu *cpu, const Record *record)
{
    return call(cpu, record, 8);
}

static const Record *call_far(TcgCpu *cpu, const Record *record)
{
    return push_return(cpu, record, 8) ? fast_follow_far(cpu, record) : fast_slow_end(cpu, record);
}

FAST_INLINE const Record *ret(TcgCpu *cpu, const Record *record, guint width)
{
    guint64 rsp = cpu->gpr[CPU_RSP], target;
    guint8 *host = fast_read_at(cpu, stack_linear(cpu, rsp, width), width);

    if (G_UNLIKELY(!host)) {
        return fast_slow_end(cpu, record);
    }
    target = mmu_host_load(host, width);
    if (width == 8 && G_UNLIKELY(!tcg_is_canonical(target))) {
        return fast_slow_end(cpu, record);
    }
    rsp += width + record->imm;
    cpu->gpr[CPU_RSP] = width == 8 ? rsp : (guint32)rsp;
    return enter_cached(cpu, target, width);
}

static const Record *ret_4(TcgCpu *cpu, const Record *record)
{
    return ret(cpu, record, 4);
}

static const Record *ret_8(TcgCpu *cpu, const Record *record)
{
    return ret(cpu, record, 8);
}

/* ---- through a register or memory ---- */

FAST_INLINE const Record *indirect(TcgCpu *cpu, const Record *record, gboolean is_call,
                                   gboolean memory, guint width)
{
    guint64 target;

    if (memory) {
        guint8 *host = fast_read(cpu, record, width);
        if (G_UNLIKELY(!host)) {
            return fast_slow_end(cpu, record);
        }
        target = mmu_host_load(host, width);
    } else {
        target = fast_reg(cpu, record->dst, width);
    }
    if ((width == 8 && G_UNLIKELY(!tcg_is_canonical(target))) ||
        (is_call && !push_return(cpu, record, width))) {
        return fast_slow_end(cpu, record);
    }
    return enter_cached(cpu, target, width);
}

#define INDIRECT(is_call, memory, width)                                               \
    static const Record *indirect_##is_call##_##memory##_##width(TcgCpu *cpu,          \
                                                                 const Record *record) \
    {                                                                                  \
        return indirect(cpu, record, is_call, memory, width);                          \
    }

INDIRECT(0, 0, 4)
INDIRECT(0, 0, 8)
INDIRECT(0, 1, 4)
INDIRECT(0, 1, 8)
INDIRECT(1, 0, 4)
INDIRECT(1, 0, 8)
INDIRECT(1, 1, 4)
INDIRECT(1, 1, 8)

/* Call, through memory, 8 bytes wide. */
static const Handler indirect_handlers[2][2][2] = {
    {{indirect_0_0_4, indirect_0_0_8}, {indirect_0_1_4, indirect_0_1_8}},
    {{indirect_1_0_4, indirect_1_0_8}, {indirect_1_1_4, indirect_1_1_8}},
};

/* ---- choosing ---- */

static Handler indirect_handler(const TcgCpu *cpu, const Insn *insn)
{
    return indirect_handlers[insn->op == OP_CALL][insn->operands[0].kind == OPERAND_MEMORY]
                            [tcg_is_64bit(cpu)];
}

Handler fast_branch_handler(const TcgCpu *cpu, const Insn *insn, Record *record)
{
    gboolean wide = tcg_is_64bit(cpu), is_relative = insn->operands[0].kind == OPERAND_REL;
    gboolean is_far;
    gboolean stack = (cpu->mode & MODE_FLAT_DATA) && (cpu->mode & MODE_STACK32);

    if ((cpu->mode & MODE_BITS) == MODE_16 || !(cpu->mode & MODE_FLAT_CODE) ||
        insn->operand_size != (wide ? 8 : 4)) {
        return NULL;
    }
    if (is_relative) {
        record->imm = insn->imm + record->offset + record->length;
    }
    is_far = wide && is_relative && record->imm >= PAGE_SIZE;
    if (insn->op >= OP_JO && insn->op <= OP_JNLE) {
        return branch_handlers[insn->op - OP_JO];
    }
    switch (insn->op) {
    case OP_JMP: return is_far ? jump_far : is_relative ? jump : indirect_handler(cpu, insn);
    case OP_CALL:
        if (!stack) {
            return NULL;
        }
        return is_far         ? call_far
               : !is_relative ? indirect_handler(cpu, insn)
               : wide         ? call_8
                              : call_4;
    case OP_RET:
        record->imm = insn->operands[0].kind == OPERAND_IMM ? insn->imm : 0;
        return !stack ? NULL : wide ? ret_8 : ret_4;
    default: return NULL;
    }
}
