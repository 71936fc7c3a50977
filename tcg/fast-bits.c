/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of 4 and 8 bytes: BSWAP, BSF, BSR, BT, MUL, DIV.
 */
#include "tcg/fast.h"

#include "tcg/operand.h"

enum { BITS_BSWAP, BITS_BSF, BITS_BSR, BITS_BT_REG, BITS_BT_IMM, BITS_MUL, BITS_DIV, BITS_OPS };

FAST_INLINE void set_carry(TcgCpu *cpu, guint64 cf)
{
    guint64 of = (guint64)flags_of(&cpu->flags);

    cpu->flags.carry = cf << 63 | (cf ^ of) << 62;
}

/* Without a bit that is set the register stays as it is. */
FAST_INLINE void search(TcgCpu *cpu, const Record *record, gboolean up, guint size)
{
    guint64 value = fast_reg(cpu, record->src, size);

    if (value) {
        guint64 bit = up ? (guint64)__builtin_ctzll(value) : 63 - (guint64)__builtin_clzll(value);
        fast_set_reg(cpu, record->dst, bit, size);
    }
    flags_change(&cpu->flags, FLAG_ZF, value ? 0 : FLAG_ZF);
}

FAST_INLINE void multiply(TcgCpu *cpu, const Record *record, guint size)
{
    unsigned __int128 product =
        (unsigned __int128)fast_reg(cpu, record->dst, size) * reg_read(cpu, CPU_RAX, size);
    guint64 high = (guint64)(product >> (8 * size));

    cpu->gpr[CPU_RAX] = (guint64)product & flags_mask(size);
    cpu->gpr[CPU_RDX] = high;
    cpu->flags.carry = (guint64)(high != 0) << 63;
}

/* FALSE: #DE, or a dividend that takes long. */
FAST_INLINE gboolean divide(TcgCpu *cpu, const Record *record, guint size)
{
    guint64 divisor = fast_reg(cpu, record->dst, size), low = reg_read(cpu, CPU_RAX, size);
    guint64 high = reg_read(cpu, CPU_RDX, size), quotient, rest;

    if (G_UNLIKELY(high >= divisor)) {
        return FALSE;
    }
    if (size == 4) {
        guint64 dividend = high << 32 | low;
        quotient = dividend / divisor;
        rest = dividend % divisor;
    } else {
        /* The quotient fits, so the host's own instruction cannot fault. */
        __asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(low), "d"(high), "r"(divisor) : "cc");
    }
    cpu->gpr[CPU_RAX] = quotient;
    cpu->gpr[CPU_RDX] = rest;
    return TRUE;
}

FAST_INLINE const Record *bits(TcgCpu *cpu, const Record *record, guint op, guint size)
{
    guint64 value;

    switch (op) {
    case BITS_BSWAP:
        value = fast_reg(cpu, record->dst, size);
        fast_set_reg(cpu, record->dst, __builtin_bswap64(value) >> (64 - 8 * size), size);
        break;
    case BITS_BSF: search(cpu, record, TRUE, size); break;
    case BITS_BSR: search(cpu, record, FALSE, size); break;
    case BITS_BT_REG:
    case BITS_BT_IMM:
        value = op == BITS_BT_IMM ? record->imm : fast_reg(cpu, record->src, size);
        set_carry(cpu, fast_reg(cpu, record->dst, size) >> (value & (8 * size - 1)) & 1);
        break;
    case BITS_MUL: multiply(cpu, record, size); break;
    default:
        if (!divide(cpu, record, size)) {
            return fast_slow(cpu, record);
        }
        break;
    }
    return record_next(cpu, record);
}

#define BITS_ONE(op, size)                                                     \
    static const Record *bits_##op##_##size(TcgCpu *cpu, const Record *record) \
    {                                                                          \
        return bits(cpu, record, BITS_##op, size);                             \
    }
#define BITS_BOTH(op) BITS_ONE(op, 4) BITS_ONE(op, 8)
#define BITS_ROW(op)  [BITS_##op] = {bits_##op##_4, bits_##op##_8}

BITS_BOTH(BSWAP)
BITS_BOTH(BSF)
BITS_BOTH(BSR)
BITS_BOTH(BT_REG)
BITS_BOTH(BT_IMM)
BITS_BOTH(MUL)
BITS_BOTH(DIV)

static const Handler bits_handlers[BITS_OPS][2] = {
    BITS_ROW(BSWAP),  BITS_ROW(BSF), BITS_ROW(BSR), BITS_ROW(BT_REG),
    BITS_ROW(BT_IMM), BITS_ROW(MUL), BITS_ROW(DIV),
};

Handler fast_bits_handler(const TcgCpu *cpu, const Insn *insn, Record *record)
{
    const Operand *a = &insn->operands[0], *b = &insn->operands[1];
    guint op;

    if (a->kind != OPERAND_REG || a->size < 4 || b->kind == OPERAND_MEMORY) {
        return NULL;
    }
    switch (insn->op) {
    case OP_BSWAP: op = BITS_BSWAP; break;
    case OP_BSF: op = BITS_BSF; break;
    case OP_BSR: op = BITS_BSR; break;
    case OP_BT: op = b->kind == OPERAND_IMM ? BITS_BT_IMM : BITS_BT_REG; break;
    case OP_MUL: op = BITS_MUL; break;
    case OP_DIV: op = BITS_DIV; break;
    default: return NULL;
    }
    return bits_handlers[op][a->size == 8];
}
