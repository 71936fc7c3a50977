/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two-operand arithmetic and logic, INC, DEC, NEG, NOT.
 */
#include "tcg/fast-alu.h"

FAST_INLINE const Record *alu(TcgCpu *cpu, const Record *record, guint op, guint form, guint size,
                              gboolean live)
{
    gboolean to_memory = alu_to_memory(form);
    gboolean writes = op != ALU_CMP && op != ALU_TEST;
    guint8 *host = NULL;
    guint64 a, b, result;

    if (alu_has_memory(form)) {
        host = alu_host(cpu, record, form, size, writes);
        if (G_UNLIKELY(!host)) {
            return fast_slow(cpu, record);
        }
    }
    a = to_memory ? mmu_host_load(host, size) : fast_reg(cpu, record->dst, size);
    b = alu_source(cpu, record, form, size, host);
    result = alu_result(cpu, op, a, b);
    if (live) {
        alu_flags(cpu, op, a, b, result, size);
    }
    if (writes && to_memory) {
        mmu_host_store(host, result, size);
    } else if (writes) {
        fast_set_reg(cpu, record->dst, result, size);
    }
    return record_next(cpu, record);
}

#define ALU_ONE(op, form, size, live)                                                           \
    static const Record *alu_##op##_##form##_##size##_##live(TcgCpu *cpu, const Record *record) \
    {                                                                                           \
        return alu(cpu, record, ALU_##op, FORM_##form, size, live);                             \
    }
#define ALU_SIZES(op, form) \
    ALU_ONE(op, form, 1, 1) \
    ALU_ONE(op, form, 2, 1) \
    ALU_ONE(op, form, 4, 1) \
    ALU_ONE(op, form, 8, 1) \
    ALU_ONE(op, form, 4, 0) \
    ALU_ONE(op, form, 8, 0)
#define ALU_FORMS(op) \
    ALU_SIZES(op, RR) \
    ALU_SIZES(op, RI) \
    ALU_SIZES(op, RM) \
    ALU_SIZES(op, MR) \
    ALU_SIZES(op, MI) \
    ALU_SIZES(op, RP) \
    ALU_SIZES(op, PR) \
    ALU_SIZES(op, PI)

ALU_FORMS(ADD)
ALU_FORMS(OR)
ALU_FORMS(ADC)
ALU_FORMS(SBB)
ALU_FORMS(AND)
ALU_FORMS(SUB)
ALU_FORMS(XOR)
ALU_FORMS(CMP)
ALU_FORMS(TEST)

/* The last index: are the flags live? For bytes and words they are always written. */
#define ALU_ROW(op, form)                                   \
    [FORM_##form] = {                                       \
        {alu_##op##_##form##_1_1, alu_##op##_##form##_1_1}, \
        {alu_##op##_##form##_2_1, alu_##op##_##form##_2_1}, \
        {alu_##op##_##form##_4_0, alu_##op##_##form##_4_1}, \
        {alu_##op##_##form##_8_0, alu_##op##_##form##_8_1}, \
    }
#define ALU_ROWS(op)                                                                  \
    [ALU_##op] = {ALU_ROW(op, RR), ALU_ROW(op, RI), ALU_ROW(op, RM), ALU_ROW(op, MR), \
                  ALU_ROW(op, MI), ALU_ROW(op, RP), ALU_ROW(op, PR), ALU_ROW(op, PI)}

static const Handler alu_handlers[ALU_OPS][FORMS][4][2] = {
    ALU_ROWS(ADD), ALU_ROWS(OR),  ALU_ROWS(ADC), ALU_ROWS(SBB),  ALU_ROWS(AND),
    ALU_ROWS(SUB), ALU_ROWS(XOR), ALU_ROWS(CMP), ALU_ROWS(TEST),
};

/* ---- one operand ---- */

FAST_INLINE const Record *unary(TcgCpu *cpu, const Record *record, guint op, gboolean memory,
                                guint size)
{
    guint8 *host = memory ? fast_write(cpu, record, size) : NULL;
    guint64 a, result;

    if (memory && G_UNLIKELY(!host)) {
        return fast_slow(cpu, record);
    }
    a = memory ? mmu_host_load(host, size) : fast_reg(cpu, record->dst, size);
    result = alu_unary(cpu, op, a, size);
    if (memory) {
        mmu_host_store(host, result, size);
    } else {
        fast_set_reg(cpu, record->dst, result, size);
    }
    return record_next(cpu, record);
}

/* Without flags: they are dead. */
FAST_INLINE const Record *unary_quiet(TcgCpu *cpu, const Record *record, guint op, guint size)
{
    guint64 a = fast_reg(cpu, record->dst, size);

    fast_set_reg(cpu, record->dst,
                 op == UNARY_INC   ? a + 1
                 : op == UNARY_DEC ? a - 1
                 : op == UNARY_NEG ? -a
                                   : ~a,
                 size);
    return record_next(cpu, record);
}

#define UNARY_ONE(op, memory, size)                                                        \
    static const Record *unary_##op##_##memory##_##size(TcgCpu *cpu, const Record *record) \
    {                                                                                      \
        return unary(cpu, record, UNARY_##op, memory, size);                               \
    }
#define UNARY_QUIET(op, size)                                                         \
    static const Record *unary_quiet_##op##_##size(TcgCpu *cpu, const Record *record) \
    {                                                                                 \
        return unary_quiet(cpu, record, UNARY_##op, size);                            \
    }
#define UNARY_ALL(op)   \
    UNARY_ONE(op, 0, 1) \
    UNARY_ONE(op, 0, 2) \
    UNARY_ONE(op, 0, 4) \
    UNARY_ONE(op, 0, 8) \
    UNARY_ONE(op, 1, 1) \
    UNARY_ONE(op, 1, 2) \
    UNARY_ONE(op, 1, 4) \
    UNARY_ONE(op, 1, 8) \
    UNARY_QUIET(op, 4)  \
    UNARY_QUIET(op, 8)

UNARY_ALL(INC)
UNARY_ALL(DEC)
UNARY_ALL(NEG)
UNARY_ALL(NOT)

#define UNARY_ROW(op, memory)                                                            \
    {                                                                                    \
        unary_##op##_##memory##_1, unary_##op##_##memory##_2, unary_##op##_##memory##_4, \
            unary_##op##_##memory##_8                                                    \
    }
#define UNARY_QUIET_ROW(op)                                                            \
    {                                                                                  \
        unary_##op##_0_1, unary_##op##_0_2, unary_quiet_##op##_4, unary_quiet_##op##_8 \
    }
#define UNARY_ROWS(op) [UNARY_##op] = {UNARY_ROW(op, 0), UNARY_ROW(op, 1), UNARY_QUIET_ROW(op)}

/* Register, memory, register with dead flags. */
static const Handler unary_handlers[UNARY_OPS][3][4] = {UNARY_ROWS(INC), UNARY_ROWS(DEC),
                                                        UNARY_ROWS(NEG), UNARY_ROWS(NOT)};

/* ---- choosing ---- */

int fast_alu_form(const Insn *insn, const Record *record)
{
    const Operand *to = &insn->operands[0], *from = &insn->operands[1];
    gboolean plain = (record->flags & RECORD_PLAIN) != 0;

    if (to->size != from->size && from->kind != OPERAND_IMM) {
        return -1;
    }
    if (to->kind == OPERAND_MEMORY) {
        return fast_is_reg(from)           ? (plain ? FORM_PR : FORM_MR)
               : from->kind == OPERAND_IMM ? (plain ? FORM_PI : FORM_MI)
                                           : -1;
    }
    if (!fast_is_reg(to)) {
        return -1;
    }
    return fast_is_reg(from)              ? FORM_RR
           : from->kind == OPERAND_IMM    ? FORM_RI
           : from->kind == OPERAND_MEMORY ? (plain ? FORM_RP : FORM_RM)
                                          : -1;
}

static Handler unary_handler(const Insn *insn, guint op, gboolean live)
{
    const Operand *operand = &insn->operands[0];
    guint size = fast_size_index(operand->size);

    if (operand->kind == OPERAND_MEMORY) {
        return unary_handlers[op][1][size];
    }
    return unary_handlers[op][live ? 0 : 2][size];
}

Handler fast_alu_handler(const TcgCpu *cpu, const Insn *insn, gboolean live, Record *record)
{
    int form;

    switch (insn->op) {
    case OP_INC: return unary_handler(insn, UNARY_INC, live);
    case OP_DEC: return unary_handler(insn, UNARY_DEC, live);
    case OP_NEG: return unary_handler(insn, UNARY_NEG, live);
    case OP_NOT: return unary_handler(insn, UNARY_NOT, live);
    default: break;
    }
    if (insn->op > OP_TEST) {
        return NULL;
    }
    form = fast_alu_form(insn, record);
    return form < 0 ? NULL
                    : alu_handlers[insn->op - OP_ADD][form][fast_size_index(insn->operands[0].size)]
                                  [live];
}
