/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/fpu-stubs.h"

#include "tcg/fpu-list.h"

#define DECLARE(name, ...)     extern const guint8 fpu_xmm_##name[];
#define DECLARE_MMX(name, ...) extern const guint8 fpu_xmm_##name[], fpu_mmx_##name[];
FPU_SIMD_OPS(DECLARE_MMX)
FPU_SIMD38_OPS(DECLARE_MMX)
FPU_XMM_OPS(DECLARE)
FPU_FLOAT_OPS(DECLARE)
FPU_XMM_IMM_OPS(DECLARE)
FPU_SHIFT_OPS(DECLARE)
FPU_FLOAT_IMM_OPS(DECLARE)
FPU_STRING_OPS(DECLARE)

#define ROW_SIMD(name, opcode)        [OP_##name] = {fpu_xmm_##name, fpu_mmx_##name, 1, 4},
#define ROW_SIMD38(name, opcode)      [OP_##name] = {fpu_xmm_##name, fpu_mmx_##name, 1, 8},
#define ROW_XMM(name, size)           [OP_##name] = {fpu_xmm_##name, .count = 1},
#define ROW_FLOAT(name, tiny_, size)  [OP_##name] = {fpu_xmm_##name, .count = 1, .tiny = tiny_},
#define ROW_IMM(name, n)              [OP_##name] = {fpu_xmm_##name, .count = n},
#define ROW_FLOAT_IMM(name, n, tiny_) [OP_##name] = {fpu_xmm_##name, .count = n, .tiny = tiny_},
#define ROW_STRING(name, opcode)      [OP_##name] = {fpu_xmm_##name, .count = 128},

const FpuStub fpu_stubs[OP_COUNT] = {
    FPU_SIMD_OPS(ROW_SIMD) FPU_SIMD38_OPS(ROW_SIMD38) FPU_XMM_OPS(ROW_XMM) FPU_FLOAT_OPS(ROW_FLOAT)
        FPU_XMM_IMM_OPS(ROW_IMM) FPU_SHIFT_OPS(ROW_IMM) FPU_FLOAT_IMM_OPS(ROW_FLOAT_IMM)
            FPU_STRING_OPS(ROW_STRING)};

#define DECLARE_FLAGS(name) guint64 fpu_flags_##name(const void *a, const void *b);
FPU_FLAG_OPS(DECLARE_FLAGS)

FpuFlagsStub fpu_flags_stub(Op op)
{
    switch (op) {
#define CASE_FLAGS(name) \
    case OP_##name: return fpu_flags_##name;
        FPU_FLAG_OPS(CASE_FLAGS)
    default: g_assert_not_reached();
    }
}

#define DECLARE_BLEND(name) \
    void fpu_blend_##name(void *target, const void *source, const void *mask);
FPU_BLEND_OPS(DECLARE_BLEND)

FpuBlendStub fpu_blend_stub(Op op)
{
    switch (op) {
#define CASE_BLEND(name) \
    case OP_##name: return fpu_blend_##name;
        FPU_BLEND_OPS(CASE_BLEND)
    default: g_assert_not_reached();
    }
}
