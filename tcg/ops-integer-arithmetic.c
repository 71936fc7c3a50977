/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addition to division, logic, compare and exchange, decimal adjustment (SDM vol. 1, 7.3.2 to
 * 7.3.4). Flags that no manual defines are left as AMD's family 1Ah leaves them where that is
 * simple. */
#include "tcg/operand.h"
#include "tcg/ops-integer.h"

/* ---- the eight of opcodes 00-3F, and their relatives ---- */

static inline guint64 alu_result(Op op, guint64 a, guint64 b, guint64 carry)
{
    switch (op) {
    case OP_ADD: return a + b;
    case OP_ADC: return a + b + carry;
    case OP_SUB:
    case OP_CMP: return a - b;
    case OP_SBB: return a - b - carry;
    case OP_OR: return a | b;
    case OP_XOR: return a ^ b;
    default: return a & b; /* AND, TEST */
    }
}

static inline void alu_flags(TcgFlags *flags, Op op, guint64 a, guint64 b, guint64 result,
                             guint size)
{
    switch (op) {
    case OP_ADD:
    case OP_ADC: flags_add(flags, a, b, result, size); break;
    case OP_SUB:
    case OP_SBB:
    case OP_CMP: flags_sub(flags, a, b, result, size); break;
    default: flags_logic(flags, result, size); break;
    }
}

/* `op` is a constant wherever this is used. */
static inline void alu_modify(TcgCpu *cpu, const Insn *insn, Op op)
{
    guint64 b = operand_read(cpu, insn, 1), carry = flags_cf(&cpu->flags), a, result;
    MmuRmw rmw;

    do {
        a = operand_modify(cpu, insn, &rmw);
        result = alu_result(op, a, b, carry);
    } while (!operand_commit(cpu, insn, &rmw, result));
    alu_flags(&cpu->flags, op, a, b, result, operand_size(insn, 0));
}

static inline void alu_compare(TcgCpu *cpu, const Insn *insn, Op op)
{
    guint64 a = operand_read(cpu, insn, 0), b = operand_read(cpu, insn, 1);

    alu_flags(&cpu->flags, op, a, b, alu_result(op, a, b, 0), operand_size(insn, 0));
}

void integer_add(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_ADD);
}

void integer_or(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_OR);
}

void integer_adc(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_ADC);
}

void integer_sbb(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_SBB);
}

void integer_and(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_AND);
}

void integer_sub(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_SUB);
}

void integer_xor(TcgCpu *cpu, const Insn *insn)
{
    alu_modify(cpu, insn, OP_XOR);
}

void integer_cmp(TcgCpu *cpu, const Insn *insn)
{
    alu_compare(cpu, insn, OP_CMP);
}

void integer_test(TcgCpu *cpu, const Insn *insn)
{
    alu_compare(cpu, insn, OP_TEST);
}

void integer_inc(TcgCpu *cpu, const Insn *insn)
{
    gboolean cf = flags_cf(&cpu->flags);
    guint64 a;
    MmuRmw rmw;

    do {
        a = operand_modify(cpu, insn, &rmw);
    } while (!operand_commit(cpu, insn, &rmw, a + 1));
    flags_add(&cpu->flags, a, 1, a + 1, operand_size(insn, 0));
    flags_set_cf(&cpu->flags, cf);
}

void integer_dec(TcgCpu *cpu, const Insn *insn)
{
    gboolean cf = flags_cf(&cpu->flags);
    guint64 a;
    MmuRmw rmw;

    do {
        a = operand_modify(cpu, insn, &rmw);
    } while (!operand_commit(cpu, insn, &rmw, a - 1));
    flags_sub(&cpu->flags, a, 1, a - 1, operand_size(insn, 0));
    flags_set_cf(&cpu->flags, cf);
}

void integer_neg(TcgCpu *cpu, const Insn *insn)
{
    guint64 a;
    MmuRmw rmw;

    do {
        a = operand_modify(cpu, insn, &rmw);
    } while (!operand_commit(cpu, insn, &rmw, -a));
    flags_sub(&cpu->flags, 0, a, -a, operand_size(insn, 0));
}

void integer_not(TcgCpu *cpu, const Insn *insn)
{
    guint64 a;
    MmuRmw rmw;

    do {
        a = operand_modify(cpu, insn, &rmw);
    } while (!operand_commit(cpu, insn, &rmw, ~a));
}

/* ---- exchange ---- */

/* With memory it is locked, prefix or not (SDM vol. 3, 9.1.2.1). */
void integer_xchg(TcgCpu *cpu, const Insn *insn)
{
    guint64 b = operand_read(cpu, insn, 1), a;
    MmuRmw rmw;

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        guint size = operand_size(insn, 0);
        guint64 linear = operand_linear(cpu, insn, size, MMU_WRITE);

        do {
            a = mmu_rmw_begin(cpu, linear, size, TRUE, &rmw);
        } while (!mmu_rmw_end(cpu, &rmw, b));
    } else {
        a = operand_read(cpu, insn, 0);
        operand_write(cpu, insn, 0, b);
    }
    operand_write(cpu, insn, 1, a);
}

void integer_xadd(TcgCpu *cpu, const Insn *insn)
{
    guint64 b = operand_read(cpu, insn, 1), a;
    MmuRmw rmw;

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        do {
            a = operand_modify(cpu, insn, &rmw);
        } while (!operand_commit(cpu, insn, &rmw, a + b));
        operand_write(cpu, insn, 1, a);
    } else {
        /* If both are the same register it is the sum that stays. */
        a = operand_read(cpu, insn, 0);
        operand_write(cpu, insn, 1, a);
        operand_write(cpu, insn, 0, a + b);
    }
    flags_add(&cpu->flags, a, b, a + b, operand_size(insn, 0));
}

void integer_cmpxchg(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);
    guint64 expected = reg_read(cpu, CPU_RAX, size), b = operand_read(cpu, insn, 1), a;
    MmuRmw rmw;

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        do { /* memory is written in any case */
            a = operand_modify(cpu, insn, &rmw);
        } while (!operand_commit(cpu, insn, &rmw, a == expected ? b : a));
    } else {
        a = operand_read(cpu, insn, 0);
        if (a == expected) {
            operand_write(cpu, insn, 0, b);
        }
    }
    if (a != expected) {
        reg_write(cpu, CPU_RAX, a, size);
    }
    flags_sub(&cpu->flags, expected, a, expected - a, size);
}

/* The pair is in EDX:EAX or RDX:RAX. */
static void cmpxchg_end(TcgCpu *cpu, gboolean equal, guint64 low, guint64 high)
{
    if (!equal) {
        cpu->gpr[CPU_RAX] = low;
        cpu->gpr[CPU_RDX] = high;
    }
    flags_change(&cpu->flags, FLAG_ZF, equal ? FLAG_ZF : 0);
}

void integer_cmpxchg8b(TcgCpu *cpu, const Insn *insn)
{
    guint64 expected = (guint32)cpu->gpr[CPU_RAX] | cpu->gpr[CPU_RDX] << 32;
    guint64 value = (guint32)cpu->gpr[CPU_RBX] | cpu->gpr[CPU_RCX] << 32, a;
    MmuRmw rmw;

    do {
        a = operand_modify(cpu, insn, &rmw);
    } while (!operand_commit(cpu, insn, &rmw, a == expected ? value : a));
    cmpxchg_end(cpu, a == expected, (guint32)a, a >> 32);
}

void integer_cmpxchg16b(TcgCpu *cpu, const Insn *insn)
{
    guint64 linear = operand_linear(cpu, insn, 16, MMU_WRITE);
    guint64 expected[2] = {cpu->gpr[CPU_RAX], cpu->gpr[CPU_RDX]};
    const guint64 value[2] = {cpu->gpr[CPU_RBX], cpu->gpr[CPU_RCX]};
    gboolean equal;

    if (linear & 15) {
        tcg_raise_gp(cpu);
    }
    equal = mmu_cmpxchg16(cpu, linear, expected, value);
    cmpxchg_end(cpu, equal, expected[0], expected[1]);
}

/* ---- multiplication ---- */

/* rDX:rAX, or AX for bytes. */
static void write_product(TcgCpu *cpu, guint64 low, guint64 high, guint size)
{
    if (size == 1) {
        reg_write(cpu, CPU_RAX, (low & 0xff) | high << 8, 2);
    } else {
        reg_write(cpu, CPU_RAX, low, size);
        reg_write(cpu, CPU_RDX, high, size);
    }
}

void integer_mul(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);
    unsigned __int128 product = operand_read(cpu, insn, 0);
    guint64 high;

    product *= reg_read(cpu, CPU_RAX, size);
    high = (guint64)(product >> (8 * size));
    write_product(cpu, (guint64)product, high, size);
    flags_set_cf_of(&cpu->flags, high != 0, high != 0);
}

/* Sets CF and OF if the product does not fit. */
static __int128 multiply_signed(TcgCpu *cpu, guint64 a, guint64 b, guint size)
{
    __int128 product = (__int128)(gint64)flags_extend(a, size) * (gint64)flags_extend(b, size);
    gboolean large = product != (gint64)flags_extend((guint64)product, size);

    flags_set_cf_of(&cpu->flags, large, large);
    return product;
}

void integer_imul(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);
    guint64 a = operand_read(cpu, insn, 0);
    __int128 product = multiply_signed(cpu, a, cpu->gpr[CPU_RAX], size);

    write_product(cpu, (guint64)product, (guint64)(product >> (8 * size)), size);
}

void integer_imul_2(TcgCpu *cpu, const Insn *insn)
{
    guint64 a = operand_read(cpu, insn, 0), b = operand_read(cpu, insn, 1);

    operand_write(cpu, insn, 0, (guint64)multiply_signed(cpu, a, b, operand_size(insn, 0)));
}

void integer_imul_3(TcgCpu *cpu, const Insn *insn)
{
    guint64 a = operand_read(cpu, insn, 1), b = operand_read(cpu, insn, 2);

    operand_write(cpu, insn, 0, (guint64)multiply_signed(cpu, a, b, operand_size(insn, 0)));
}

/* ---- division ---- */

static unsigned __int128 read_dividend(const TcgCpu *cpu, guint size)
{
    if (size == 1) {
        return reg_read(cpu, CPU_RAX, 2);
    }
    return (unsigned __int128)reg_read(cpu, CPU_RDX, size) << (8 * size) |
           reg_read(cpu, CPU_RAX, size);
}

void integer_div(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);
    guint64 divisor = operand_read(cpu, insn, 0);
    unsigned __int128 dividend = read_dividend(cpu, size), quotient;

    if (divisor == 0) {
        tcg_raise(cpu, EXC_DE);
    }
    quotient = dividend >> 64 ? dividend / divisor : (guint64)dividend / divisor;
    if (quotient > flags_mask(size)) {
        tcg_raise(cpu, EXC_DE);
    }
    write_product(cpu, (guint64)quotient, (guint64)dividend - (guint64)quotient * divisor, size);
}

void integer_idiv(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0), unused = 128 - (size == 1 ? 16 : 16 * size);
    gint64 divisor = (gint64)flags_extend(operand_read(cpu, insn, 0), size);
    __int128 dividend = (__int128)(read_dividend(cpu, size) << unused) >> unused, quotient;

    /* The most negative number by -1 does not fit even in 128 bits. */
    if (divisor == 0 || (divisor == -1 && dividend == (__int128)((unsigned __int128)1 << 127))) {
        tcg_raise(cpu, EXC_DE);
    }
    quotient = dividend / divisor;
    if (quotient != (gint64)flags_extend((guint64)quotient, size)) {
        tcg_raise(cpu, EXC_DE);
    }
    write_product(cpu, (guint64)quotient, (guint64)dividend - (guint64)quotient * (guint64)divisor,
                  size);
}

/* ---- decimal adjustment (SDM vol. 2: AAA, AAD, AAM, AAS, DAA, DAS) ---- */

static void ascii_adjust(TcgCpu *cpu, gint direction)
{
    guint ax = (guint)reg_read(cpu, CPU_RAX, 2);
    gboolean adjust = (ax & 15) > 9 || flags_af(&cpu->flags);

    if (adjust) {
        ax += (guint)(direction * 0x106);
    }
    reg_write(cpu, CPU_RAX, ax & 0xff0f, 2);
    flags_logic(&cpu->flags, ax & 15, 1);
    flags_change(&cpu->flags, FLAG_CF | FLAG_AF, adjust ? FLAG_CF | FLAG_AF : 0);
}

void integer_aaa(TcgCpu *cpu, const Insn *insn)
{
    ascii_adjust(cpu, 1);
}

void integer_aas(TcgCpu *cpu, const Insn *insn)
{
    ascii_adjust(cpu, -1);
}

static void decimal_adjust(TcgCpu *cpu, gint direction)
{
    guint old = (guint)reg_read(cpu, CPU_RAX, 1), al = old;
    gboolean low = (al & 15) > 9 || flags_af(&cpu->flags);
    gboolean high = al > 0x99 || flags_cf(&cpu->flags), borrow = FALSE;

    if (low) {
        al += (guint)(direction * 6);
        borrow = direction < 0 && old < 6; /* DAS alone keeps the carry of this step */
    }
    if (high) {
        al += (guint)(direction * 0x60);
    }
    reg_write(cpu, CPU_RAX, al, 1);
    flags_logic(&cpu->flags, al, 1);
    flags_change(&cpu->flags, FLAG_CF | FLAG_AF,
                 (high || borrow ? FLAG_CF : 0) | (low ? FLAG_AF : 0));
}

void integer_daa(TcgCpu *cpu, const Insn *insn)
{
    decimal_adjust(cpu, 1);
}

void integer_das(TcgCpu *cpu, const Insn *insn)
{
    decimal_adjust(cpu, -1);
}

void integer_aam(TcgCpu *cpu, const Insn *insn)
{
    guint al = (guint)reg_read(cpu, CPU_RAX, 1), base = (guint)operand_read(cpu, insn, 0);

    if (base == 0) {
        tcg_raise(cpu, EXC_DE);
    }
    reg_write(cpu, CPU_RAX, al / base << 8 | al % base, 2);
    flags_logic(&cpu->flags, al % base, 1);
}

void integer_aad(TcgCpu *cpu, const Insn *insn)
{
    guint ax = (guint)reg_read(cpu, CPU_RAX, 2);
    guint al = ((ax & 0xff) + (ax >> 8) * (guint)operand_read(cpu, insn, 0)) & 0xff;

    reg_write(cpu, CPU_RAX, al, 2);
    flags_logic(&cpu->flags, al, 1);
}
