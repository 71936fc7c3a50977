/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves: MOV, MOVZX, MOVSX, MOVSXD, LEA, XCHG of registers, CMOVcc, SETcc, PUSH, POP, CDQE and
 * the like.
 */
#include "tcg/fast.h"

#include <stddef.h>

/* ---- MOV ---- */

enum { MOVE_RR, MOVE_RI, MOVE_RM, MOVE_MR, MOVE_MI, MOVES };

FAST_INLINE const Record *move(TcgCpu *cpu, const Record *record, guint form, guint size,
                               gboolean plain)
{
    guint8 *host;

    switch (form) {
    case MOVE_RR: fast_set_reg(cpu, record->dst, fast_reg(cpu, record->src, size), size); break;
    case MOVE_RI: fast_set_reg(cpu, record->dst, record->imm, size); break;
    case MOVE_RM:
        host = fast_read_at(cpu, fast_linear_of(cpu, record, plain), size);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
        fast_set_reg(cpu, record->dst, mmu_host_load(host, size), size);
        break;
    default:
        host = fast_write_at(cpu, fast_linear_of(cpu, record, plain), size);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
        mmu_host_store(host, form == MOVE_MI ? record->imm : fast_reg(cpu, record->src, size),
                       size);
        break;
    }
    return record_next(cpu, record);
}

#define MOVE_ONE(form, size, plain)                                                        \
    static const Record *move_##form##_##size##_##plain(TcgCpu *cpu, const Record *record) \
    {                                                                                      \
        return move(cpu, record, MOVE_##form, size, plain);                                \
    }
#define MOVE_SIZES(form, plain) \
    MOVE_ONE(form, 1, plain)    \
    MOVE_ONE(form, 2, plain)    \
    MOVE_ONE(form, 4, plain)    \
    MOVE_ONE(form, 8, plain)
#define MOVE_ROW(form, plain)                                                                   \
    [MOVE_##form] = {move_##form##_1_##plain, move_##form##_2_##plain, move_##form##_4_##plain, \
                     move_##form##_8_##plain}

MOVE_SIZES(RR, 0)
MOVE_SIZES(RI, 0)
MOVE_SIZES(RM, 0)
MOVE_SIZES(MR, 0)
MOVE_SIZES(MI, 0)
MOVE_SIZES(RM, 1)
MOVE_SIZES(MR, 1)
MOVE_SIZES(MI, 1)

/* The address is plain, form, size. */
static const Handler move_handlers[2][MOVES][4] = {
    {MOVE_ROW(RR, 0), MOVE_ROW(RI, 0), MOVE_ROW(RM, 0), MOVE_ROW(MR, 0), MOVE_ROW(MI, 0)},
    {MOVE_ROW(RM, 1), MOVE_ROW(MR, 1), MOVE_ROW(MI, 1)},
};

/* ---- with extension ---- */

/* Where the source is. */
enum { EXTEND_REG, EXTEND_MEM, EXTEND_PLAIN, EXTEND_FROM };

FAST_INLINE const Record *extend(TcgCpu *cpu, const Record *record, gboolean is_signed,
                                 guint source, guint from, guint to)
{
    guint64 value;

    if (source != EXTEND_REG) {
        guint64 linear = fast_linear_of(cpu, record, source == EXTEND_PLAIN);
        guint8 *host = fast_read_at(cpu, linear, from);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
        value = mmu_host_load(host, from);
    } else {
        value = fast_reg(cpu, record->src, from);
    }
    fast_set_reg(cpu, record->dst, is_signed ? flags_extend(value, from) : value, to);
    return record_next(cpu, record);
}

#define EXTEND_ONE(is_signed, source, from, to)                                              \
    static const Record *extend_##is_signed##_##source##_##from##_##to(TcgCpu *cpu,          \
                                                                       const Record *record) \
    {                                                                                        \
        return extend(cpu, record, is_signed, EXTEND_##source, from, to);                    \
    }
#define EXTEND_SIZES(is_signed, source) \
    EXTEND_ONE(is_signed, source, 1, 4) \
    EXTEND_ONE(is_signed, source, 2, 4) \
    EXTEND_ONE(is_signed, source, 1, 8) \
    EXTEND_ONE(is_signed, source, 2, 8) \
    EXTEND_ONE(is_signed, source, 4, 8)
#define EXTEND_ROW(is_signed, source)                                                     \
    {                                                                                     \
        {extend_##is_signed##_##source##_1_4, extend_##is_signed##_##source##_2_4, NULL}, \
            {extend_##is_signed##_##source##_1_8, extend_##is_signed##_##source##_2_8,    \
             extend_##is_signed##_##source##_4_8},                                        \
    }

EXTEND_SIZES(0, REG)
EXTEND_SIZES(0, MEM)
EXTEND_SIZES(0, PLAIN)
EXTEND_SIZES(1, REG)
EXTEND_SIZES(1, MEM)
EXTEND_SIZES(1, PLAIN)

/* Signed, where the source is, to 8 bytes, size of the source. */
static const Handler extend_handlers[2][EXTEND_FROM][2][3] = {
    {EXTEND_ROW(0, REG), EXTEND_ROW(0, MEM), EXTEND_ROW(0, PLAIN)},
    {EXTEND_ROW(1, REG), EXTEND_ROW(1, MEM), EXTEND_ROW(1, PLAIN)},
};

static Handler extend_handler(const Insn *insn, gboolean is_signed, const Record *record)
{
    guint from = insn->operands[1].size, to = insn->operands[0].size;
    guint source = insn->operands[1].kind != OPERAND_MEMORY ? EXTEND_REG
                   : record->flags & RECORD_PLAIN           ? EXTEND_PLAIN
                                                            : EXTEND_MEM;

    if (to < 4 || from >= to) {
        return NULL;
    }
    return extend_handlers[is_signed][source][to == 8][fast_size_index(from)];
}

/* ---- LEA ---- */

static const Record *lea_4(TcgCpu *cpu, const Record *record)
{
    fast_set_reg(cpu, record->dst, fast_effective(cpu, record), 4);
    return record_next(cpu, record);
}

static const Record *lea_8(TcgCpu *cpu, const Record *record)
{
    fast_set_reg(cpu, record->dst, fast_effective(cpu, record), 8);
    return record_next(cpu, record);
}

static const Record *lea_plain(TcgCpu *cpu, const Record *record)
{
    fast_set_reg(cpu, record->dst, fast_linear_of(cpu, record, TRUE), 8);
    return record_next(cpu, record);
}

static Handler lea_handler(const Insn *insn, const Record *record)
{
    switch (insn->operand_size) {
    case 4: return lea_4;
    case 8: return record->flags & RECORD_PLAIN ? lea_plain : lea_8;
    default: return NULL;
    }
}

/* ---- the stack, flat and 32 or 64 bits wide ---- */

FAST_INLINE guint64 stack_linear(TcgCpu *cpu, guint64 rsp, guint width)
{
    return width == 8 ? rsp : (guint32)(cpu->base[CPU_SS] + (guint32)rsp);
}

FAST_INLINE const Record *push(TcgCpu *cpu, const Record *record, gboolean immediate, guint width)
{
    guint64 rsp = cpu->gpr[CPU_RSP] - width;
    guint8 *host = fast_write_at(cpu, stack_linear(cpu, rsp, width), width);

    if (G_UNLIKELY(!host)) {
        return fast_slow(cpu, record);
    }
    mmu_host_store(host, immediate ? record->imm : fast_reg(cpu, record->dst, width), width);
    cpu->gpr[CPU_RSP] = width == 8 ? rsp : (guint32)rsp;
    return record_next(cpu, record);
}

FAST_INLINE const Record *pop(TcgCpu *cpu, const Record *record, guint width)
{
    guint64 rsp = cpu->gpr[CPU_RSP];
    guint8 *host = fast_read_at(cpu, stack_linear(cpu, rsp, width), width);

    if (G_UNLIKELY(!host)) {
        return fast_slow(cpu, record);
    }
    cpu->gpr[CPU_RSP] = width == 8 ? rsp + 8 : (guint32)(rsp + 4);
    fast_set_reg(cpu, record->dst, mmu_host_load(host, width), width); /* POP RSP: this wins */
    return record_next(cpu, record);
}

static const Record *push_reg_4(TcgCpu *cpu, const Record *record)
{
    return push(cpu, record, FALSE, 4);
}

static const Record *push_reg_8(TcgCpu *cpu, const Record *record)
{
    return push(cpu, record, FALSE, 8);
}

static const Record *push_imm_4(TcgCpu *cpu, const Record *record)
{
    return push(cpu, record, TRUE, 4);
}

static const Record *push_imm_8(TcgCpu *cpu, const Record *record)
{
    return push(cpu, record, TRUE, 8);
}

static const Record *pop_reg_4(TcgCpu *cpu, const Record *record)
{
    return pop(cpu, record, 4);
}

static const Record *pop_reg_8(TcgCpu *cpu, const Record *record)
{
    return pop(cpu, record, 8);
}

FAST_INLINE const Record *leave(TcgCpu *cpu, const Record *record, guint width)
{
    guint64 rbp = cpu->gpr[CPU_RBP];
    guint8 *host = fast_read_at(cpu, stack_linear(cpu, rbp, width), width);

    if (G_UNLIKELY(!host)) {
        return fast_slow(cpu, record);
    }
    cpu->gpr[CPU_RSP] = width == 8 ? rbp + 8 : (guint32)(rbp + 4);
    cpu->gpr[CPU_RBP] = mmu_host_load(host, width);
    return record_next(cpu, record);
}

static const Record *leave_4(TcgCpu *cpu, const Record *record)
{
    return leave(cpu, record, 4);
}

static const Record *leave_8(TcgCpu *cpu, const Record *record)
{
    return leave(cpu, record, 8);
}

static Handler stack_handler(const TcgCpu *cpu, const Insn *insn)
{
    gboolean wide = tcg_is_64bit(cpu);
    guint kind = insn->operands[0].kind;

    if (!(cpu->mode & MODE_FLAT_DATA) || !(cpu->mode & MODE_STACK32) ||
        insn->operand_size != (wide ? 8 : 4)) {
        return NULL;
    }
    switch (insn->op) {
    case OP_LEAVE: return wide ? leave_8 : leave_4;
    case OP_POP: return kind != OPERAND_REG ? NULL : wide ? pop_reg_8 : pop_reg_4;
    default: break;
    }
    if (kind == OPERAND_IMM) {
        return wide ? push_imm_8 : push_imm_4;
    }
    return kind != OPERAND_REG ? NULL : wide ? push_reg_8 : push_reg_4;
}

/* ---- CMOVcc, SETcc: the condition is in imm ---- */

FAST_INLINE const Record *cmov(TcgCpu *cpu, const Record *record, gboolean memory, guint size)
{
    guint64 value;

    if (memory) {
        guint8 *host = fast_read(cpu, record, size);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
        value = mmu_host_load(host, size);
    } else {
        value = fast_reg(cpu, record->src, size);
    }
    if (!flags_condition(&cpu->flags, (guint)record->imm)) {
        value = fast_reg(cpu, record->dst, size);
    }
    fast_set_reg(cpu, record->dst, value, size);
    return record_next(cpu, record);
}

static const Record *cmov_reg_4(TcgCpu *cpu, const Record *record)
{
    return cmov(cpu, record, FALSE, 4);
}

static const Record *cmov_reg_8(TcgCpu *cpu, const Record *record)
{
    return cmov(cpu, record, FALSE, 8);
}

static const Record *cmov_mem_4(TcgCpu *cpu, const Record *record)
{
    return cmov(cpu, record, TRUE, 4);
}

static const Record *cmov_mem_8(TcgCpu *cpu, const Record *record)
{
    return cmov(cpu, record, TRUE, 8);
}

static const Record *setcc_reg(TcgCpu *cpu, const Record *record)
{
    fast_set_reg(cpu, record->dst, (guint64)flags_condition(&cpu->flags, (guint)record->imm), 1);
    return record_next(cpu, record);
}

static Handler cmov_handler(const Insn *insn, Record *record)
{
    gboolean memory = insn->operands[1].kind == OPERAND_MEMORY;

    record->imm = (guint64)(insn->op - OP_CMOVO);
    switch (insn->operands[0].size) {
    case 4: return memory ? cmov_mem_4 : cmov_reg_4;
    case 8: return memory ? cmov_mem_8 : cmov_reg_8;
    default: return NULL;
    }
}

/* ---- small ones ---- */

static const Record *nop(TcgCpu *cpu, const Record *record)
{
    return record_next(cpu, record);
}

static const Record *cdqe(TcgCpu *cpu, const Record *record)
{
    cpu->gpr[CPU_RAX] = (guint64)(gint32)cpu->gpr[CPU_RAX];
    return record_next(cpu, record);
}

static const Record *cdq(TcgCpu *cpu, const Record *record)
{
    cpu->gpr[CPU_RDX] = (guint32)((gint32)cpu->gpr[CPU_RAX] >> 31);
    return record_next(cpu, record);
}

static const Record *cqo(TcgCpu *cpu, const Record *record)
{
    cpu->gpr[CPU_RDX] = (guint64)((gint64)cpu->gpr[CPU_RAX] >> 63);
    return record_next(cpu, record);
}

FAST_INLINE const Record *xchg(TcgCpu *cpu, const Record *record, guint size)
{
    guint64 a = fast_reg(cpu, record->dst, size), b = fast_reg(cpu, record->src, size);

    fast_set_reg(cpu, record->dst, b, size);
    fast_set_reg(cpu, record->src, a, size);
    return record_next(cpu, record);
}

static const Record *xchg_4(TcgCpu *cpu, const Record *record)
{
    return xchg(cpu, record, 4);
}

static const Record *xchg_8(TcgCpu *cpu, const Record *record)
{
    return xchg(cpu, record, 8);
}

static Handler xchg_handler(const Insn *insn)
{
    if (insn->operands[0].kind != OPERAND_REG || insn->operands[1].kind != OPERAND_REG) {
        return NULL;
    }
    return insn->operands[0].size == 4 ? xchg_4 : insn->operands[0].size == 8 ? xchg_8 : NULL;
}

/* ---- choosing ---- */

static Handler mov_handler(const Insn *insn, const Record *record)
{
    const Operand *to = &insn->operands[0], *from = &insn->operands[1];
    guint size = fast_size_index(to->size), form;

    if (to->kind == OPERAND_MEMORY) {
        form = from->kind == OPERAND_IMM ? MOVE_MI : MOVE_MR;
    } else {
        form = from->kind == OPERAND_MEMORY ? MOVE_RM
               : from->kind == OPERAND_IMM  ? MOVE_RI
                                            : MOVE_RR;
    }
    return move_handlers[record->flags & RECORD_PLAIN ? 1 : 0][form][size];
}

Handler fast_move_handler(const TcgCpu *cpu, const Insn *insn, Record *record)
{
    switch (insn->op) {
    case OP_MOV: return mov_handler(insn, record);
    case OP_MOVZX: return extend_handler(insn, FALSE, record);
    case OP_MOVSX:
    case OP_MOVSXD: return extend_handler(insn, TRUE, record);
    case OP_LEA: return lea_handler(insn, record);
    case OP_PUSH:
    case OP_POP:
    case OP_LEAVE: return stack_handler(cpu, insn);
    case OP_NOP: return nop;
    case OP_CDQE: return cdqe;
    case OP_CDQ: return cdq;
    case OP_CQO: return cqo;
    case OP_XCHG: return xchg_handler(insn);
    default: break;
    }
    if (insn->op >= OP_CMOVO && insn->op <= OP_CMOVNLE) {
        return cmov_handler(insn, record);
    }
    if (insn->op >= OP_SETO && insn->op <= OP_SETNLE && fast_is_reg(&insn->operands[0])) {
        record->imm = (guint64)(insn->op - OP_SETO);
        return setcc_reg;
    }
    return NULL;
}
