/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves of MMX and SSE (SDM vol. 2): between registers, memory and general registers.
 */
#include <string.h>

#include "tcg/fpu-priv.h"
#include "tcg/operand.h"

static guint64 low_half(const guint8 *vector)
{
    guint64 value;

    memcpy(&value, vector, 8);
    return value;
}

static guint8 *xmm_of(TcgCpu *cpu, const Insn *insn, guint n)
{
    return cpu->fpu.xmm[insn->operands[n].reg];
}

/* SDM vol. 1, 10.4.1.1: 16 bytes of memory have to be aligned, but for the unaligned moves. */
static guint64 vector_linear(TcgCpu *cpu, const Insn *insn, MmuAccess access)
{
    guint64 linear = operand_linear(cpu, insn, 16, access);

    if (insn->flags & INSN_ALIGNED && linear & 15) {
        tcg_raise_gp(cpu);
    }
    return linear;
}

void fpu_read_vector(TcgCpu *cpu, const Insn *insn, guint n, guint8 value[16])
{
    const Operand *operand = &insn->operands[n];
    guint64 part;

    if (operand->kind == OPERAND_XMM) {
        memcpy(value, cpu->fpu.xmm[operand->reg], 16);
    } else if (operand->size == 16) {
        mmu_read(cpu, vector_linear(cpu, insn, MMU_READ), value, 16);
    } else {
        part = operand_read(cpu, insn, n);
        memcpy(value, &part, 8);
        memset(value + 8, 0, 8);
    }
}

/* ---- vectors ---- */

void op_fpu_move(TcgCpu *cpu, const Insn *insn)
{
    guint8 value[16];

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, value);
    if (insn->operands[0].kind == OPERAND_XMM) {
        memcpy(xmm_of(cpu, insn, 0), value, 16);
    } else {
        mmu_write(cpu, vector_linear(cpu, insn, MMU_WRITE), value, 16);
    }
}

/* MOVSS, MOVSD: a load clears the rest of the register, a move between registers keeps it. */
void op_fpu_move_scalar(TcgCpu *cpu, const Insn *insn)
{
    gsize size = insn->op == OP_MOVSS ? 4 : 8;
    guint8 value[16];

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, value);
    if (insn->operands[0].kind == OPERAND_MEMORY) {
        operand_write(cpu, insn, 0, low_half(value));
    } else {
        memcpy(xmm_of(cpu, insn, 0), value, insn->operands[1].kind == OPERAND_XMM ? size : 16);
    }
}

static void move_half(TcgCpu *cpu, const Insn *insn, gsize offset)
{
    guint64 value;

    fpu_sse_begin(cpu);
    if (insn->operands[0].kind == OPERAND_MEMORY) {
        operand_write(cpu, insn, 0, low_half(xmm_of(cpu, insn, 1) + offset));
    } else {
        value = operand_read(cpu, insn, 1);
        memcpy(xmm_of(cpu, insn, 0) + offset, &value, 8);
    }
}

void op_fpu_move_low(TcgCpu *cpu, const Insn *insn)
{
    move_half(cpu, insn, 0);
}

void op_fpu_move_high(TcgCpu *cpu, const Insn *insn)
{
    move_half(cpu, insn, 8);
}

void op_movhlps(TcgCpu *cpu, const Insn *insn)
{
    fpu_sse_begin(cpu);
    memmove(xmm_of(cpu, insn, 0), xmm_of(cpu, insn, 1) + 8, 8);
}

void op_movlhps(TcgCpu *cpu, const Insn *insn)
{
    fpu_sse_begin(cpu);
    memmove(xmm_of(cpu, insn, 0) + 8, xmm_of(cpu, insn, 1), 8);
}

/* ---- 32 and 64 bits of either kind of register ---- */

static gboolean is_mmx(const Insn *insn, guint n)
{
    return insn->operands[n].kind == OPERAND_MMX;
}

/* MOVD, MOVQ, MOVNTQ in all their forms: into XMM zero-extended. */
void op_movd(TcgCpu *cpu, const Insn *insn)
{
    guint64 value, linear = 0;

    if (is_mmx(insn, 0) || is_mmx(insn, 1)) {
        fpu_mmx_begin(cpu);
    } else {
        fpu_sse_begin(cpu);
    }
    if (insn->operands[0].kind == OPERAND_MEMORY) {
        /* Before reading an MMX register, which already changes the x87 tags. */
        linear = operand_linear(cpu, insn, insn->operands[0].size, MMU_WRITE);
        mmu_check(cpu, linear, insn->operands[0].size, MMU_WRITE);
    }
    switch (insn->operands[1].kind) {
    case OPERAND_MMX: value = fpu_mmx_get(insn->operands[1].reg); break;
    case OPERAND_XMM: value = low_half(xmm_of(cpu, insn, 1)); break;
    default: value = operand_read(cpu, insn, 1); break;
    }
    switch (insn->operands[0].kind) {
    case OPERAND_MMX: fpu_mmx_set(insn->operands[0].reg, value); break;
    case OPERAND_XMM:
        memcpy(xmm_of(cpu, insn, 0), &value, 8);
        memset(xmm_of(cpu, insn, 0) + 8, 0, 8);
        break;
    case OPERAND_MEMORY: mmu_store(cpu, linear, value, insn->operands[0].size); break;
    default: operand_write(cpu, insn, 0, value); break;
    }
}

void op_movq2dq(TcgCpu *cpu, const Insn *insn)
{
    guint64 value;

    fpu_sse_begin(cpu);
    fpu_mmx_begin(cpu);
    value = fpu_mmx_get(insn->operands[1].reg);
    memcpy(xmm_of(cpu, insn, 0), &value, 8);
    memset(xmm_of(cpu, insn, 0) + 8, 0, 8);
}

void op_movdq2q(TcgCpu *cpu, const Insn *insn)
{
    fpu_sse_begin(cpu);
    fpu_mmx_begin(cpu);
    fpu_mmx_set(insn->operands[0].reg, low_half(xmm_of(cpu, insn, 1)));
}

void op_fpu_movmsk(TcgCpu *cpu, const Insn *insn)
{
    guint8 vector[16] = {0};
    guint64 mask = 0, value;

    if (is_mmx(insn, 1)) {
        fpu_mmx_begin(cpu);
        value = fpu_mmx_get(insn->operands[1].reg);
        memcpy(vector, &value, 8);
    } else {
        fpu_sse_begin(cpu);
        memcpy(vector, xmm_of(cpu, insn, 1), 16);
    }
    for (guint i = 0; i < 16; i++) {
        guint64 sign = vector[i] >> 7;

        switch (insn->op) {
        case OP_MOVMSKPS: mask |= i % 4 == 3 ? sign << (i / 4) : 0; break;
        case OP_MOVMSKPD: mask |= i % 8 == 7 ? sign << (i / 8) : 0; break;
        default: mask |= sign << i; break;
        }
    }
    operand_write(cpu, insn, 0, mask);
}

static guint lane_size(const Insn *insn)
{
    switch (insn->op) {
    case OP_PINSRB:
    case OP_PEXTRB: return 1;
    case OP_PINSRW:
    case OP_PEXTRW: return 2;
    case OP_PINSRQ:
    case OP_PEXTRQ: return 8;
    default: return 4;
    }
}

void op_pinsr(TcgCpu *cpu, const Insn *insn)
{
    gboolean mmx = is_mmx(insn, 0);
    guint size = lane_size(insn), at = size * ((guint)insn->imm & ((mmx ? 8 : 16) / size - 1));
    guint64 value, vector;

    if (mmx) {
        fpu_mmx_begin(cpu);
        value = operand_read(cpu, insn, 1);
        vector = fpu_mmx_get(insn->operands[0].reg);
        memcpy((guint8 *)&vector + at, &value, size);
        fpu_mmx_set(insn->operands[0].reg, vector);
    } else {
        fpu_sse_begin(cpu);
        value = operand_read(cpu, insn, 1);
        memcpy(xmm_of(cpu, insn, 0) + at, &value, size);
    }
}

/* PEXTR, EXTRACTPS. */
void op_pextr(TcgCpu *cpu, const Insn *insn)
{
    gboolean mmx = is_mmx(insn, 1);
    guint size = lane_size(insn), at = size * ((guint)insn->imm & ((mmx ? 8 : 16) / size - 1));
    guint64 value = 0, vector;

    if (mmx) {
        fpu_mmx_begin(cpu);
        vector = fpu_mmx_get(insn->operands[1].reg);
        memcpy(&value, (guint8 *)&vector + at, size);
    } else {
        fpu_sse_begin(cpu);
        memcpy(&value, xmm_of(cpu, insn, 1) + at, size);
    }
    operand_write(cpu, insn, 0, value);
}

/* ---- stores under a mask ---- */

/* Bytes whose mask bit is clear are not touched, and do not fault. */
void op_maskmov(TcgCpu *cpu, const Insn *insn)
{
    guint count = insn->op == OP_MASKMOVQ ? 8 : 16, first, last;
    guint8 value[16], mask[16];
    guint64 offset = cpu->gpr[CPU_RDI] & flags_mask(insn->address_size), part, linear;

    if (insn->op == OP_MASKMOVQ) {
        fpu_mmx_begin(cpu);
        part = fpu_mmx_get(insn->operands[0].reg);
        memcpy(value, &part, 8);
        part = fpu_mmx_get(insn->operands[1].reg);
        memcpy(mask, &part, 8);
    } else {
        fpu_sse_begin(cpu);
        memcpy(value, xmm_of(cpu, insn, 0), 16);
        memcpy(mask, xmm_of(cpu, insn, 1), 16);
    }
    for (first = 0; first < count && !(mask[first] & 0x80); first++) {
    }
    if (first == count) {
        return;
    }
    for (last = count - 1; !(mask[last] & 0x80); last--) {
    }
    linear = segment_linear(cpu, insn->segment, offset + first, last - first + 1, MMU_WRITE);
    mmu_check(cpu, linear, last - first + 1, MMU_WRITE);
    for (guint i = first; i <= last; i++) {
        if (mask[i] & 0x80) {
            mmu_store(cpu, linear + i - first, value[i], 1);
        }
    }
}
