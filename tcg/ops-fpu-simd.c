/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Computing instructions of MMX and SSE to SSE4.2 (SDM vol. 2), by the host's own. An XMM
 * register changes only when nothing can raise any more.
 */
#include <string.h>

#include "tcg/fpu-priv.h"
#include "tcg/operand.h"

static guint8 *target_of(TcgCpu *cpu, const Insn *insn)
{
    return cpu->fpu.xmm[insn->operands[0].reg];
}

/* ---- vectors to vectors ---- */

static guint64 read_mmx(TcgCpu *cpu, const Insn *insn)
{
    return insn->operands[1].kind == OPERAND_MMX ? fpu_mmx_get(insn->operands[1].reg)
                                                 : operand_read(cpu, insn, 1);
}

static void palignr_mmx(TcgCpu *cpu, const Insn *insn)
{
    guint64 values[3] = {read_mmx(cpu, insn), fpu_mmx_get(insn->operands[0].reg), 0}, result;

    memcpy(&result, (guint8 *)values + MIN(insn->imm, 16), 8);
    fpu_mmx_set(insn->operands[0].reg, result);
}

static void simd_mmx(TcgCpu *cpu, const Insn *insn)
{
    guint reg = insn->operands[0].reg;
    guint64 source;

    fpu_mmx_begin(cpu);
    if (insn->op == OP_PALIGNR) {
        palignr_mmx(cpu, insn);
    } else if (insn->operands[1].kind == OPERAND_MMX) {
        fpu_call_live(fpu_mmx_stub(insn->op, reg * 8 + insn->operands[1].reg), NULL);
    } else {
        source = operand_read(cpu, insn, 1); /* memory, or the count of a shift */
        fpu_call_live(fpu_mmx_stub(insn->op, 64 + reg), &source);
    }
}

/* Without numeric exceptions. The count of a shift is a vector for the host. */
void op_fpu_simd(TcgCpu *cpu, const Insn *insn)
{
    guint8 source[16] = {0};

    if (insn->operands[0].kind == OPERAND_MMX) {
        simd_mmx(cpu, insn);
        return;
    }
    fpu_sse_begin(cpu);
    if (insn->operands[1].kind == OPERAND_IMM) {
        source[0] = (guint8)insn->imm;
    } else {
        fpu_read_vector(cpu, insn, 1, source);
    }
    fpu_call_xmm(target_of(cpu, insn), source, fpu_xmm_stub(insn->op, (guint8)insn->imm));
}

static void float_op(TcgCpu *cpu, const Insn *insn, const guint8 *source)
{
    guint8 target[16];

    memcpy(target, target_of(cpu, insn), 16);
    fpu_call_xmm(target, source, fpu_xmm_stub(insn->op, (guint8)insn->imm));
    fpu_sse_end(cpu, fpu_stubs[insn->op].tiny, target);
    memcpy(target_of(cpu, insn), target, 16);
}

void op_fpu_float(TcgCpu *cpu, const Insn *insn)
{
    guint8 source[16];

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, source);
    float_op(cpu, insn, source);
}

/* The source lane is chosen in a register only. */
void op_insertps(TcgCpu *cpu, const Insn *insn)
{
    gboolean memory = insn->operands[1].kind == OPERAND_MEMORY;
    guint8 source[16];

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, source);
    fpu_call_xmm(target_of(cpu, insn), source,
                 fpu_xmm_stub(insn->op, (guint)insn->imm & (memory ? 0x3f : 0xff)));
}

void op_pshufw(TcgCpu *cpu, const Insn *insn)
{
    guint64 source[2] = {0}, target[2] = {0};

    fpu_mmx_begin(cpu);
    source[0] = read_mmx(cpu, insn);
    fpu_call_xmm(target, source, fpu_xmm_stub(OP_PSHUFLW, (guint8)insn->imm));
    fpu_mmx_set(insn->operands[0].reg, target[0]);
}

void op_fpu_blend(TcgCpu *cpu, const Insn *insn)
{
    guint8 source[16];

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, source);
    fpu_blend_stub(insn->op)(target_of(cpu, insn), source, cpu->fpu.xmm[0]);
}

/* ---- vectors to flags ---- */

void op_fpu_compare(TcgCpu *cpu, const Insn *insn)
{
    guint8 source[16];
    guint64 flags;

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, source);
    flags = fpu_flags_stub(insn->op)(target_of(cpu, insn), source);
    fpu_sse_end(cpu, TINY_NONE, NULL);
    flags_set(&cpu->flags, flags);
}

/* Explicit lengths are EAX and EDX, or with REX.W RAX and RDX. */
void op_fpu_string(TcgCpu *cpu, const Insn *insn)
{
    gboolean wide = (insn->prefixes & PREFIX_REX_W) != 0;
    gint64 rax = (gint64)cpu->gpr[CPU_RAX], rdx = (gint64)cpu->gpr[CPU_RDX];
    FpuString operands = {
        .a_length = wide ? rax : (gint32)rax,
        .b_length = wide ? rdx : (gint32)rdx,
    };
    guint64 flags;

    fpu_sse_begin(cpu);
    memcpy(operands.a, target_of(cpu, insn), 16);
    fpu_read_vector(cpu, insn, 1, operands.b);
    flags = fpu_call_string(&operands, fpu_xmm_stub(insn->op, (guint)insn->imm));
    flags_set(&cpu->flags, flags);
    if (insn->op == OP_PCMPESTRI || insn->op == OP_PCMPISTRI) {
        cpu->gpr[CPU_RCX] = operands.index;
    } else {
        memcpy(cpu->fpu.xmm[0], operands.mask, 16);
    }
}

/* ---- conversions ---- */

#define FROM_INTEGER(mnemonic, vector, value)                           \
    __asm__ volatile("movups %0, %%xmm0\n\t" mnemonic " %1, %%xmm0\n\t" \
                     "movups %%xmm0, %0"                                \
                     : "+m"(vector)                                     \
                     : "m"(value)                                       \
                     : "xmm0")

/* CVTSI2SS, CVTSI2SD. */
void op_fpu_from_integer(TcgCpu *cpu, const Insn *insn)
{
    struct {
        guint8 bytes[16];
    } vector;
    gboolean wide = insn->operands[1].size == 8;
    guint64 value;

    fpu_sse_begin(cpu);
    value = operand_read(cpu, insn, 1);
    memcpy(&vector, target_of(cpu, insn), 16);
    if (insn->op == OP_CVTSI2SD) {
        if (wide) {
            FROM_INTEGER("cvtsi2sdq", vector, value);
        } else {
            FROM_INTEGER("cvtsi2sdl", vector, value);
        }
    } else if (wide) {
        FROM_INTEGER("cvtsi2ssq", vector, value);
    } else {
        FROM_INTEGER("cvtsi2ssl", vector, value);
    }
    fpu_sse_end(cpu, TINY_NONE, NULL);
    memcpy(target_of(cpu, insn), &vector, 16);
}

/* A 32-bit result clears the upper half by itself. */
#define TO_INTEGER(mnemonic, source, result, wide)                               \
    do {                                                                         \
        guint32 narrow_;                                                         \
        if (wide) {                                                              \
            __asm__ volatile(mnemonic " %1, %q0" : "=r"(result) : "m"(source));  \
        } else {                                                                 \
            __asm__ volatile(mnemonic " %1, %k0" : "=r"(narrow_) : "m"(source)); \
            (result) = narrow_;                                                  \
        }                                                                        \
    } while (0)

/* CVTSS2SI and so on. */
void op_fpu_to_integer(TcgCpu *cpu, const Insn *insn)
{
    gboolean wide = insn->operands[0].size == 8;
    guint64 source[2], result;

    fpu_sse_begin(cpu);
    fpu_read_vector(cpu, insn, 1, (guint8 *)source);
    switch (insn->op) {
    case OP_CVTSS2SI: TO_INTEGER("cvtss2si", source[0], result, wide); break;
    case OP_CVTTSS2SI: TO_INTEGER("cvttss2si", source[0], result, wide); break;
    case OP_CVTSD2SI: TO_INTEGER("cvtsd2si", source[0], result, wide); break;
    default: TO_INTEGER("cvttsd2si", source[0], result, wide); break;
    }
    fpu_sse_end(cpu, TINY_NONE, NULL);
    operand_write(cpu, insn, 0, result);
}

/* CVTPI2PS, CVTPI2PD. The latter leaves the x87 state alone when its source is memory. */
void op_fpu_from_mmx(TcgCpu *cpu, const Insn *insn)
{
    struct {
        guint8 bytes[16];
    } vector;
    guint64 value;

    fpu_sse_begin(cpu);
    if (insn->op == OP_CVTPI2PS || insn->operands[1].kind == OPERAND_MMX) {
        fpu_mmx_begin(cpu);
    }
    value = read_mmx(cpu, insn);
    memcpy(&vector, target_of(cpu, insn), 16);
    if (insn->op == OP_CVTPI2PS) {
        FROM_INTEGER("cvtpi2ps", vector, value);
    } else {
        FROM_INTEGER("cvtpi2pd", vector, value);
    }
    fpu_sse_end(cpu, TINY_NONE, NULL);
    memcpy(target_of(cpu, insn), &vector, 16);
}

/* CVTPS2PI and so on: as the conversion between XMM registers, of which the low half counts. */
void op_fpu_to_mmx(TcgCpu *cpu, const Insn *insn)
{
    static const guint16 alike[][2] = {
        {OP_CVTPS2PI, OP_CVTPS2DQ},
        {OP_CVTTPS2PI, OP_CVTTPS2DQ},
        {OP_CVTPD2PI, OP_CVTPD2DQ},
        {OP_CVTTPD2PI, OP_CVTTPD2DQ},
    };
    guint64 source[2], target[2] = {0};

    fpu_sse_begin(cpu);
    fpu_mmx_begin(cpu);
    fpu_read_vector(cpu, insn, 1, (guint8 *)source);
    fpu_mmx_get(0); /* even if the conversion is #XM, the x87 state becomes MMX's */
    if (insn->op == OP_CVTPS2PI || insn->op == OP_CVTTPS2PI) {
        source[1] = 0;
    }
    for (guint i = 0; i < G_N_ELEMENTS(alike); i++) {
        if (insn->op == alike[i][0]) {
            fpu_call_xmm(target, source, fpu_xmm_stub(alike[i][1], 0));
        }
    }
    fpu_sse_end(cpu, TINY_NONE, NULL);
    fpu_mmx_set(insn->operands[0].reg, target[0]);
}
