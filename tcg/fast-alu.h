/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two-operand arithmetic and logic are, as templates: for fast-alu.c, and for fast-fused.c,
 * where a branch follows.
 */
#pragma once

#include "tcg/fast.h"

/* In the order of their opcodes, TEST after them. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP, ALU_TEST, ALU_OPS };

/* Register or memory, then the source: register, immediate, memory. P: memory at a plain address
 * (RECORD_PLAIN). */
enum { FORM_RR, FORM_RI, FORM_RM, FORM_MR, FORM_MI, FORM_RP, FORM_PR, FORM_PI, FORMS };

/* One operand. */
enum { UNARY_INC, UNARY_DEC, UNARY_NEG, UNARY_NOT, UNARY_OPS };

/* The form of an instruction's operands, or -1. */
int fast_alu_form(const Insn *insn, const Record *record);

FAST_INLINE guint64 alu_result(TcgCpu *cpu, guint op, guint64 a, guint64 b)
{
    switch (op) {
    case ALU_ADD: return a + b;
    case ALU_OR: return a | b;
    case ALU_ADC: return a + b + (guint64)flags_cf(&cpu->flags);
    case ALU_SBB: return a - b - (guint64)flags_cf(&cpu->flags);
    case ALU_AND:
    case ALU_TEST: return a & b;
    case ALU_SUB:
    case ALU_CMP: return a - b;
    default: return a ^ b;
    }
}

FAST_INLINE void alu_flags(TcgCpu *cpu, guint op, guint64 a, guint64 b, guint64 result, guint size)
{
    switch (op) {
    case ALU_ADD:
    case ALU_ADC: flags_add(&cpu->flags, a, b, result, size); break;
    case ALU_SUB:
    case ALU_SBB:
    case ALU_CMP: flags_sub(&cpu->flags, a, b, result, size); break;
    default: flags_logic(&cpu->flags, result, size); break;
    }
}

/* Where the memory operand is; NULL: none, or not by this way. */
FAST_INLINE guint8 *alu_host(TcgCpu *cpu, const Record *record, guint form, guint size,
                             gboolean writes)
{
    gboolean plain = form == FORM_RP || form == FORM_PR || form == FORM_PI;
    guint64 linear = fast_linear_of(cpu, record, plain);

    return writes && form != FORM_RM && form != FORM_RP ? fast_write_at(cpu, linear, size)
                                                        : fast_read_at(cpu, linear, size);
}

FAST_INLINE gboolean alu_has_memory(guint form)
{
    return form != FORM_RR && form != FORM_RI;
}

FAST_INLINE gboolean alu_to_memory(guint form)
{
    return form == FORM_MR || form == FORM_MI || form == FORM_PR || form == FORM_PI;
}

FAST_INLINE guint64 alu_source(TcgCpu *cpu, const Record *record, guint form, guint size,
                               const guint8 *host)
{
    switch (form) {
    case FORM_RI:
    case FORM_MI:
    case FORM_PI: return record->imm;
    case FORM_RM:
    case FORM_RP: return mmu_host_load(host, size);
    default: return fast_reg(cpu, record->src, size);
    }
}

/* One operand's result; writes the flags. */
FAST_INLINE guint64 alu_unary(TcgCpu *cpu, guint op, guint64 a, guint size)
{
    guint64 result, carry = cpu->flags.carry >> 63;

    switch (op) {
    case UNARY_INC:
        result = a + 1;
        flags_add(&cpu->flags, a, 1, result, size);
        break;
    case UNARY_DEC:
        result = a - 1;
        flags_sub(&cpu->flags, a, 1, result, size);
        break;
    case UNARY_NEG:
        result = -a;
        flags_sub(&cpu->flags, 0, a, result, size);
        break;
    default: result = ~a; break;
    }
    if (op == UNARY_INC || op == UNARY_DEC) { /* CF stays, OF is the new one */
        guint64 overflow = (cpu->flags.carry ^ (cpu->flags.carry << 1)) >> 63;
        cpu->flags.carry = carry << 63 | (carry ^ overflow) << 62;
    }
    return result;
}
