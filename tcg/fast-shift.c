/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shifts and rotates of registers, two-operand multiplication.
 */
#include "tcg/fast.h"

enum { SHIFT_SHL, SHIFT_SHR, SHIFT_SAR, SHIFT_OPS };

/* `count` is 1 to size * 8 - 1. SDM vol. 2: OF is defined for a count of 1 only; here it is always
 * what current processors make of it. */
FAST_INLINE void shift_flags(TcgCpu *cpu, guint op, guint64 a, guint64 result, guint count,
                             guint size)
{
    guint bits = 8 * size;
    guint64 cf, of;

    switch (op) {
    case SHIFT_SHL:
        cf = a >> (bits - count) & 1;
        of = (result >> (bits - 1) & 1) ^ cf;
        break;
    case SHIFT_SHR:
        cf = a >> (count - 1) & 1;
        of = ((result ^ (result << 1)) >> (bits - 1)) & 1;
        break;
    default:
        cf = (guint64)((gint64)flags_extend(a, size) >> (count - 1)) & 1;
        of = 0;
        break;
    }
    cpu->flags.result = flags_extend(result, size);
    cpu->flags.carry = cf << 63 | (cf ^ of) << 62;
    cpu->flags.aux = 0;
}

FAST_INLINE const Record *shift(TcgCpu *cpu, const Record *record, guint op, gboolean by_cl,
                                guint size, gboolean live)
{
    guint count = (guint)(by_cl ? cpu->gpr[CPU_RCX] : record->imm) & (8 * size - 1);
    guint64 a = fast_reg(cpu, record->dst, size), result;

    if (by_cl && count == 0) {
        fast_set_reg(cpu, record->dst, a, size); /* clears the upper half */
        return record_next(cpu, record);
    }
    result = op == SHIFT_SHL   ? a << count
             : op == SHIFT_SHR ? a >> count
                               : (guint64)((gint64)flags_extend(a, size) >> count);
    if (live) {
        shift_flags(cpu, op, a, result, count, size);
    }
    fast_set_reg(cpu, record->dst, result, size);
    return record_next(cpu, record);
}

#define SHIFT_ONE(op, by_cl, size, live)                                                           \
    static const Record *shift_##op##_##by_cl##_##size##_##live(TcgCpu *cpu, const Record *record) \
    {                                                                                              \
        return shift(cpu, record, SHIFT_##op, by_cl, size, live);                                  \
    }
#define SHIFT_ALL(op)      \
    SHIFT_ONE(op, 0, 1, 0) \
    SHIFT_ONE(op, 0, 1, 1) \
    SHIFT_ONE(op, 0, 2, 0) \
    SHIFT_ONE(op, 0, 2, 1) \
    SHIFT_ONE(op, 0, 4, 0) \
    SHIFT_ONE(op, 0, 4, 1) \
    SHIFT_ONE(op, 0, 8, 0) \
    SHIFT_ONE(op, 0, 8, 1) \
    SHIFT_ONE(op, 1, 4, 0) \
    SHIFT_ONE(op, 1, 4, 1) \
    SHIFT_ONE(op, 1, 8, 0) \
    SHIFT_ONE(op, 1, 8, 1)
#define SHIFT_PAIR(op, by_cl, size)                                          \
    {                                                                        \
        shift_##op##_##by_cl##_##size##_0, shift_##op##_##by_cl##_##size##_1 \
    }
#define SHIFT_ROW(op)                                                                             \
    [SHIFT_##op] = {                                                                              \
        {SHIFT_PAIR(op, 0, 1), SHIFT_PAIR(op, 0, 2), SHIFT_PAIR(op, 0, 4), SHIFT_PAIR(op, 0, 8)}, \
        {{NULL, NULL}, {NULL, NULL}, SHIFT_PAIR(op, 1, 4), SHIFT_PAIR(op, 1, 8)},                 \
    }

SHIFT_ALL(SHL)
SHIFT_ALL(SHR)
SHIFT_ALL(SAR)

/* By CL, size, flags live. */
static const Handler shift_handlers[SHIFT_OPS][2][4][2] = {SHIFT_ROW(SHL), SHIFT_ROW(SHR),
                                                           SHIFT_ROW(SAR)};

/* ---- rotates ---- */

FAST_INLINE const Record *rotate(TcgCpu *cpu, const Record *record, gboolean left, gboolean by_cl,
                                 guint size, gboolean live)
{
    guint bits = 8 * size, count = (guint)(by_cl ? cpu->gpr[CPU_RCX] : record->imm) & (bits - 1);
    guint64 a = fast_reg(cpu, record->dst, size), result, cf, of;

    if (by_cl && count == 0) {
        fast_set_reg(cpu, record->dst, a, size); /* clears the upper half */
        return record_next(cpu, record);
    }
    result = left ? a << count | a >> (bits - count) : a >> count | a << (bits - count);
    result &= flags_mask(size);
    if (live) {
        cf = (left ? result : result >> (bits - 1)) & 1;
        of = (left ? cf ^ result >> (bits - 1) : (result ^ (result << 1)) >> (bits - 1)) & 1;
        cpu->flags.carry = cf << 63 | (cf ^ of) << 62;
    }
    fast_set_reg(cpu, record->dst, result, size);
    return record_next(cpu, record);
}

#define ROTATE_ONE(left, by_cl, size, live)                                              \
    static const Record *rotate_##left##_##by_cl##_##size##_##live(TcgCpu *cpu,          \
                                                                   const Record *record) \
    {                                                                                    \
        return rotate(cpu, record, left, by_cl, size, live);                             \
    }
#define ROTATE_ALL(left)      \
    ROTATE_ONE(left, 0, 2, 0) \
    ROTATE_ONE(left, 0, 2, 1) \
    ROTATE_ONE(left, 0, 4, 0) \
    ROTATE_ONE(left, 0, 4, 1) \
    ROTATE_ONE(left, 0, 8, 0) \
    ROTATE_ONE(left, 0, 8, 1) \
    ROTATE_ONE(left, 1, 4, 0) \
    ROTATE_ONE(left, 1, 4, 1) \
    ROTATE_ONE(left, 1, 8, 0) \
    ROTATE_ONE(left, 1, 8, 1)
#define ROTATE_PAIR(left, by_cl, size)                                             \
    {                                                                              \
        rotate_##left##_##by_cl##_##size##_0, rotate_##left##_##by_cl##_##size##_1 \
    }
#define ROTATE_ROW(left)                                                                           \
    {                                                                                              \
        {{NULL, NULL}, ROTATE_PAIR(left, 0, 2), ROTATE_PAIR(left, 0, 4), ROTATE_PAIR(left, 0, 8)}, \
            {{NULL, NULL}, {NULL, NULL}, ROTATE_PAIR(left, 1, 4), ROTATE_PAIR(left, 1, 8)},        \
    }

ROTATE_ALL(0)
ROTATE_ALL(1)

/* To the left, by CL, size, flags live. */
static const Handler rotate_handlers[2][2][4][2] = {ROTATE_ROW(0), ROTATE_ROW(1)};

/* ---- IMUL ---- */

FAST_INLINE const Record *multiply(TcgCpu *cpu, const Record *record, gboolean memory,
                                   gboolean three, guint size)
{
    guint64 a, b, result;
    gboolean overflow;

    if (memory) {
        guint8 *host = fast_read(cpu, record, size);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
        a = mmu_host_load(host, size);
    } else {
        a = fast_reg(cpu, record->src, size);
    }
    b = three ? record->imm : fast_reg(cpu, record->dst, size);
    if (size == 8) {
        gint64 product;
        overflow = __builtin_mul_overflow((gint64)a, (gint64)b, &product);
        result = (guint64)product;
    } else {
        gint32 product;
        overflow = __builtin_mul_overflow((gint32)a, (gint32)b, &product);
        result = (guint32)product;
    }
    cpu->flags.result = flags_extend(result, size);
    cpu->flags.carry = (guint64)overflow << 63; /* CF = OF */
    cpu->flags.aux = 0;
    fast_set_reg(cpu, record->dst, result, size);
    return record_next(cpu, record);
}

#define MULTIPLY(memory, three, size)                                                            \
    static const Record *multiply_##memory##_##three##_##size(TcgCpu *cpu, const Record *record) \
    {                                                                                            \
        return multiply(cpu, record, memory, three, size);                                       \
    }

MULTIPLY(0, 0, 4)
MULTIPLY(0, 0, 8)
MULTIPLY(0, 1, 4)
MULTIPLY(0, 1, 8)
MULTIPLY(1, 0, 4)
MULTIPLY(1, 0, 8)
MULTIPLY(1, 1, 4)
MULTIPLY(1, 1, 8)

/* From memory, three operands, of 8 bytes. */
static const Handler multiply_handlers[2][2][2] = {
    {{multiply_0_0_4, multiply_0_0_8}, {multiply_0_1_4, multiply_0_1_8}},
    {{multiply_1_0_4, multiply_1_0_8}, {multiply_1_1_4, multiply_1_1_8}},
};

/* ---- choosing ---- */

/* Constant counts of 0, or of the operand's size and more, are left to the OpFn. */
static gboolean is_plain_count(const Insn *insn)
{
    guint bits = 8 * insn->operands[0].size, count = (guint)insn->imm & (bits == 64 ? 63 : 31);

    return insn->operands[1].kind != OPERAND_IMM || (count > 0 && count < bits);
}

static Handler shift_handler(const Insn *insn, guint op, gboolean live)
{
    guint size = fast_size_index(insn->operands[0].size);

    return is_plain_count(insn)
               ? shift_handlers[op][insn->operands[1].kind != OPERAND_IMM][size][live]
               : NULL;
}

static Handler rotate_handler(const Insn *insn, gboolean live)
{
    guint size = fast_size_index(insn->operands[0].size);

    return is_plain_count(insn) ? rotate_handlers[insn->op == OP_ROL]
                                                 [insn->operands[1].kind != OPERAND_IMM][size][live]
                                : NULL;
}

static Handler multiply_handler(const Insn *insn)
{
    guint size = insn->operands[0].size;

    return size < 4 ? NULL
                    : multiply_handlers[insn->operands[1].kind == OPERAND_MEMORY]
                                       [insn->op == OP_IMUL_3][size == 8];
}

Handler fast_shift_handler(const TcgCpu *cpu, const Insn *insn, gboolean live, Record *record)
{
    if (!fast_is_reg(&insn->operands[0])) {
        return NULL;
    }
    switch (insn->op) {
    case OP_SHL: return shift_handler(insn, SHIFT_SHL, live);
    case OP_SHR: return shift_handler(insn, SHIFT_SHR, live);
    case OP_SAR: return shift_handler(insn, SHIFT_SAR, live);
    case OP_ROL:
    case OP_ROR: return rotate_handler(insn, live);
    case OP_IMUL_2:
    case OP_IMUL_3: return multiply_handler(insn);
    default: return NULL;
    }
}
