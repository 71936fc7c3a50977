/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An instruction that sets the flags and the Jcc behind it, by one handler: the condition is that
 * of the operands. The flags are written nevertheless, for whoever reads them after the branch.
 * Both records stay as they are: the way past a TLB miss goes through the second one.
 */
#include "tcg/fast-alu.h"

/* Condition codes, without the lowest bit, which inverts (SDM vol. 1, appendix B). */
enum { COND_B = 1, COND_Z = 2, COND_BE = 3, COND_S = 4, COND_L = 6, COND_LE = 7 };

FAST_INLINE gboolean difference_condition(guint condition, guint64 a, guint64 b, guint64 result,
                                          guint size)
{
    guint64 mask = flags_mask(size);
    gint64 x = (gint64)flags_extend(a, size), y = (gint64)flags_extend(b, size);

    switch (condition) {
    case COND_B: return (a & mask) < (b & mask);
    case COND_Z: return x == y;
    case COND_BE: return (a & mask) <= (b & mask);
    case COND_S: return (gint64)flags_extend(result, size) < 0;
    case COND_L: return x < y;
    default: return x <= y;
    }
}

/* CF and OF are 0. */
FAST_INLINE gboolean logic_condition(guint condition, guint64 result, guint size)
{
    gint64 value = (gint64)flags_extend(result, size);

    switch (condition) {
    case COND_B: return FALSE;
    case COND_Z:
    case COND_BE: return value == 0;
    case COND_S:
    case COND_L: return value < 0;
    default: return value <= 0;
    }
}

FAST_INLINE gboolean fused_condition(TcgCpu *cpu, guint op, guint condition, guint64 a, guint64 b,
                                     guint64 result, guint size)
{
    gboolean value;

    switch (op) {
    case ALU_CMP:
    case ALU_SUB: value = difference_condition(condition >> 1, a, b, result, size); break;
    case ALU_TEST:
    case ALU_AND: value = logic_condition(condition >> 1, result, size); break;
    default: return flags_condition(&cpu->flags, condition);
    }
    return (condition & 1) ? !value : value;
}

FAST_INLINE const Record *fused(TcgCpu *cpu, const Record *record, guint op, guint form, guint size,
                                guint condition)
{
    guint8 *host = NULL;
    guint64 a, b, result;

    if (alu_has_memory(form)) { /* CMP and TEST: it is read */
        host = alu_host(cpu, record, form, size, FALSE);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
    }
    a = alu_to_memory(form) ? mmu_host_load(host, size) : fast_reg(cpu, record->dst, size);
    b = alu_source(cpu, record, form, size, host);
    result = alu_result(cpu, op, a, b);
    alu_flags(cpu, op, a, b, result, size);
    if (op != ALU_CMP && op != ALU_TEST) {
        fast_set_reg(cpu, record->dst, result, size);
    }
    return fast_branch(cpu, record + 1, fused_condition(cpu, op, condition, a, b, result, size));
}

/* All conditions but those of OF and PF alone. */
#define FUSED_ONE(op, form, size, condition)                                              \
    static const Record *fused_##op##_##form##_##size##_##condition(TcgCpu *cpu,          \
                                                                    const Record *record) \
    {                                                                                     \
        return fused(cpu, record, ALU_##op, FORM_##form, size, condition);                \
    }
#define FUSED(op, form, size)     \
    FUSED_ONE(op, form, size, 2)  \
    FUSED_ONE(op, form, size, 3)  \
    FUSED_ONE(op, form, size, 4)  \
    FUSED_ONE(op, form, size, 5)  \
    FUSED_ONE(op, form, size, 6)  \
    FUSED_ONE(op, form, size, 7)  \
    FUSED_ONE(op, form, size, 8)  \
    FUSED_ONE(op, form, size, 9)  \
    FUSED_ONE(op, form, size, 12) \
    FUSED_ONE(op, form, size, 13) \
    FUSED_ONE(op, form, size, 14) \
    FUSED_ONE(op, form, size, 15)
#define FUSED_NAME(op, form, size, condition) fused_##op##_##form##_##size##_##condition
#define FUSED_ROW(op, form, size)                                             \
    {                                                                         \
        [2] = FUSED_NAME(op, form, size, 2), FUSED_NAME(op, form, size, 3),   \
        FUSED_NAME(op, form, size, 4), FUSED_NAME(op, form, size, 5),         \
        FUSED_NAME(op, form, size, 6), FUSED_NAME(op, form, size, 7),         \
        FUSED_NAME(op, form, size, 8),                                        \
        FUSED_NAME(op, form, size, 9), [12] = FUSED_NAME(op, form, size, 12), \
        FUSED_NAME(op, form, size, 13), FUSED_NAME(op, form, size, 14),       \
        FUSED_NAME(op, form, size, 15),                                       \
    }
#define FUSED_SIZES(op, form) \
    FUSED(op, form, 1)        \
    FUSED(op, form, 2)        \
    FUSED(op, form, 4)        \
    FUSED(op, form, 8)
#define FUSED_WIDE(op, form) \
    FUSED(op, form, 4)       \
    FUSED(op, form, 8)
#define FUSED_ALL_ROWS(op, form)                                                             \
    [FORM_##form] = {FUSED_ROW(op, form, 1), FUSED_ROW(op, form, 2), FUSED_ROW(op, form, 4), \
                     FUSED_ROW(op, form, 8)}
#define FUSED_WIDE_ROWS(op, form) \
    [FORM_##form] = {[2] = FUSED_ROW(op, form, 4), FUSED_ROW(op, form, 8)}

FUSED_SIZES(CMP, RR)
FUSED_SIZES(CMP, RI)
FUSED_SIZES(CMP, RM)
FUSED_SIZES(CMP, MR)
FUSED_SIZES(CMP, MI)
FUSED_SIZES(CMP, RP)
FUSED_SIZES(CMP, PR)
FUSED_SIZES(CMP, PI)
FUSED_SIZES(TEST, RR)
FUSED_SIZES(TEST, RI)
FUSED_SIZES(TEST, MI)
FUSED_SIZES(TEST, PI)
FUSED_WIDE(AND, RR)
FUSED_WIDE(AND, RI)
FUSED_WIDE(SUB, RR)
FUSED_WIDE(SUB, RI)
FUSED_WIDE(ADD, RR)
FUSED_WIDE(ADD, RI)

/* Operation, form, size, condition; NULL where there is none. */
static const Handler fused_handlers[ALU_OPS][FORMS][4][16] = {
    [ALU_ADD] = {FUSED_WIDE_ROWS(ADD, RR), FUSED_WIDE_ROWS(ADD, RI)},
    [ALU_AND] = {FUSED_WIDE_ROWS(AND, RR), FUSED_WIDE_ROWS(AND, RI)},
    [ALU_SUB] = {FUSED_WIDE_ROWS(SUB, RR), FUSED_WIDE_ROWS(SUB, RI)},
    [ALU_CMP] = {FUSED_ALL_ROWS(CMP, RR), FUSED_ALL_ROWS(CMP, RI), FUSED_ALL_ROWS(CMP, RM),
                 FUSED_ALL_ROWS(CMP, MR), FUSED_ALL_ROWS(CMP, MI), FUSED_ALL_ROWS(CMP, RP),
                 FUSED_ALL_ROWS(CMP, PR), FUSED_ALL_ROWS(CMP, PI)},
    [ALU_TEST] = {FUSED_ALL_ROWS(TEST, RR), FUSED_ALL_ROWS(TEST, RI), FUSED_ALL_ROWS(TEST, MI),
                  FUSED_ALL_ROWS(TEST, PI)},
};

/* ---- INC, DEC ---- */

FAST_INLINE const Record *step(TcgCpu *cpu, const Record *record, gboolean up, guint size,
                               guint condition)
{
    guint64 a = fast_reg(cpu, record->dst, size), result;
    gboolean value;

    result = alu_unary(cpu, up ? UNARY_INC : UNARY_DEC, a, size);
    fast_set_reg(cpu, record->dst, result, size);
    value = logic_condition(condition >> 1, result, size); /* Z or S */
    return fast_branch(cpu, record + 1, (condition & 1) ? !value : value);
}

#define STEP(up, size, condition)                                                            \
    static const Record *step_##up##_##size##_##condition(TcgCpu *cpu, const Record *record) \
    {                                                                                        \
        return step(cpu, record, up, size, condition);                                       \
    }
#define STEPS(up, size) STEP(up, size, 4) STEP(up, size, 5) STEP(up, size, 8) STEP(up, size, 9)
#define STEP_ROW(up, size)                                                                  \
    {                                                                                       \
        [4] = step_##up##_##size##_4, step_##up##_##size##_5, [8] = step_##up##_##size##_8, \
        step_##up##_##size##_9,                                                             \
    }

STEPS(0, 4)
STEPS(0, 8)
STEPS(1, 4)
STEPS(1, 8)

/* Up, 8 bytes, condition. */
static const Handler step_handlers[2][2][16] = {{STEP_ROW(0, 4), STEP_ROW(0, 8)},
                                                {STEP_ROW(1, 4), STEP_ROW(1, 8)}};

/* ---- choosing ---- */

Handler fast_fused_handler(const TcgCpu *cpu, Record *record)
{
    const Insn *insn = record->insn, *next = record[1].insn;
    guint size = insn->operands[0].size, condition;

    if (next->op < OP_JO || next->op > OP_JNLE || insn->op > OP_DEC) {
        return NULL;
    }
    condition = next->op - OP_JO;
    if (record[1].run != fast_branch_of(condition) ||
        record->run != fast_alu_handler(cpu, insn, TRUE, record)) {
        return NULL;
    }
    if (insn->op == OP_INC || insn->op == OP_DEC) {
        return fast_is_reg(&insn->operands[0]) && size >= 4
                   ? step_handlers[insn->op == OP_INC][size == 8][condition]
                   : NULL;
    }
    return insn->op > OP_TEST ? NULL
                              : fused_handlers[insn->op - OP_ADD][fast_alu_form(insn, record)]
                                              [fast_size_index(size)][condition];
}
