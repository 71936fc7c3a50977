/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host instructions behind the guest's SIMD and x87 instructions (tcg/fpu-stubs.S), found by
 * operation. Constant; called on the vCPU's thread with the guest's MXCSR or x87 state live.
 */
#pragma once

#include "tcg/decode.h"

/* Lanes of a result that may be denormal and exact: underflow, if that is unmasked. */
typedef enum FpuTiny {
    TINY_NONE,
    TINY_SS,
    TINY_SD,
    TINY_PS,
    TINY_PD,
} FpuTiny;

/* How to execute an operation; NULL where it has no such form. */
typedef struct FpuStub {
    const guint8 *xmm; /* slots of 8 bytes, `count` of them */
    const guint8
        *mmx;      /* 72 slots of mmx_slot bytes: ModRM.reg * 8 + rm, then 64 + reg for memory */
    guint16 count; /* of immediates; 1: none */
    guint8 mmx_slot;
    guint8 tiny; /* FpuTiny */
} FpuStub;

extern const FpuStub fpu_stubs[OP_COUNT];

/* The slot for an immediate: a power of two of them counts its low bits, else the last is for all
 * that follow. */
static inline const guint8 *fpu_xmm_stub(Op op, guint imm)
{
    const FpuStub *stub = &fpu_stubs[op];
    guint count = stub->count;

    return stub->xmm + 8 * (count & (count - 1) ? MIN(imm, count - 1) : imm & (count - 1));
}

/* *target = *target op *source, 16 bytes each. */
void fpu_call_xmm(void *target, const void *source, const guint8 *stub);

/* x87 and MMX stubs are functions. */
typedef void (*FpuLiveStub)(void *unused, void *memory);

static inline void fpu_call_live(const guint8 *stub, void *memory)
{
    ((FpuLiveStub)(gsize)stub)(NULL, memory);
}

static inline const guint8 *fpu_mmx_stub(Op op, guint slot)
{
    return fpu_stubs[op].mmx + fpu_stubs[op].mmx_slot * slot;
}

/* x87, slots of 4 bytes: escape D8-DF, then ModRM (registers) or ModRM.reg (memory). */
extern const guint8 fpu_x87_register[8 * 64 * 4];
extern const guint8 fpu_x87_memory[8 * 8 * 4];

/* MOVQ between an MMX register and memory, slots of 4 bytes, 64 + register. */
extern const guint8 fpu_mmx_load[72 * 4], fpu_mmx_store[72 * 4];

/* Calls an x87 stub that reads or writes RFLAGS; returns them. */
guint64 fpu_call_flags(guint64 flags, const guint8 *stub);

/* SSE4.2 string comparison of a with b. */
typedef struct FpuString {
    guint8 a[16], b[16], mask[16];
    gint64 a_length, b_length; /* explicit ones */
    guint64 index;
} FpuString;
guint64 fpu_call_string(FpuString *operands, const guint8 *stub);

/* RFLAGS of COMISS and so on. */
typedef guint64 (*FpuFlagsStub)(const void *a, const void *b);
FpuFlagsStub fpu_flags_stub(Op op);

/* Blends by a mask. */
typedef void (*FpuBlendStub)(void *target, const void *source, const void *mask);
FpuBlendStub fpu_blend_stub(Op op);
