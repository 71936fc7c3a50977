/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host instructions that execute the guest's SIMD and x87 instructions, one each behind a
 * label, with a return. Everything is here at build time: nothing makes code while a guest runs,
 * so its bytes can choose among these and no more, and no page is ever writable and executable.
 *
 * XMM: from %xmm1 (and the immediate) to %xmm0; nothing else changes. Slots of 8 bytes, one for
 * each immediate. MMX and x87: on live registers; slots as in tcg/fpu-stubs.h, memory at (%rsi).
 */
#include "tcg/fpu-list.h"

#define LABEL(name)                                                                               \
    .balign 8;                                                                                    \
    .globl name;                                                                                  \
    .hidden name;                                                                                 \
    .type name, @function;                                                                        \
    name:

        .text

/* ---- XMM ---- */

        .macro xmm_stub instruction
        \instruction %xmm1, %xmm0
        ret
        .balign 8
        .endm

        .macro xmm_imm_stubs instruction, count
        .set immediate, 0
        .rept \count
        \instruction $immediate, %xmm1, %xmm0
        ret
        .balign 8
        .set immediate, immediate + 1
        .endr
        .endm

/* Shifts of whole registers have no source. */
        .macro xmm_shift_stubs instruction, count
        .set immediate, 0
        .rept \count
        \instruction $immediate, %xmm0
        ret
        .balign 8
        .set immediate, immediate + 1
        .endr
        .endm

#define XMM(name, ...)      LABEL(fpu_xmm_##name) xmm_stub name;
FPU_SIMD_OPS(XMM)
FPU_SIMD38_OPS(XMM)
FPU_XMM_OPS(XMM)
FPU_FLOAT_OPS(XMM)

#define XMM_IMM(name, count, ...) LABEL(fpu_xmm_##name) xmm_imm_stubs name, count;
FPU_XMM_IMM_OPS(XMM_IMM)
FPU_FLOAT_IMM_OPS(XMM_IMM)

#define XMM_SHIFT(name, count) LABEL(fpu_xmm_##name) xmm_shift_stubs name, count;
FPU_SHIFT_OPS(XMM_SHIFT)

/* void fpu_call_xmm(void *target, const void *source, const guint8 *stub) */
LABEL(fpu_call_xmm)
        movups (%rdi), %xmm0
        movups (%rsi), %xmm1
        call *%rdx
        movups %xmm0, (%rdi)
        ret

/* void fpu_blend_X(void *target, const void *source, const void *mask): the mask is XMM0 */
#define BLEND(name)                                                                               \
        LABEL(fpu_blend_##name)                                                                   \
        movups (%rdx), %xmm0;                                                                     \
        movups (%rsi), %xmm1;                                                                     \
        movups (%rdi), %xmm2;                                                                     \
        name %xmm0, %xmm1, %xmm2;                                                                 \
        movups %xmm2, (%rdi);                                                                     \
        ret;
FPU_BLEND_OPS(BLEND)

/* guint64 fpu_flags_X(const void *a, const void *b): RFLAGS */
#define FLAGS(name)                                                                               \
        LABEL(fpu_flags_##name)                                                                   \
        movups (%rdi), %xmm0;                                                                     \
        movups (%rsi), %xmm1;                                                                     \
        name %xmm1, %xmm0;                                                                        \
        pushfq;                                                                                   \
        pop %rax;                                                                                 \
        ret;
FPU_FLAG_OPS(FLAGS)

/* String comparisons: lengths in all of %rax and %rdx, index in %rcx, mask in %xmm0. In bytes,
 * as assemblers differ in how to ask for REX.W. From %xmm1 and %xmm2. */
        .macro string_stubs opcode
        .set immediate, 0
        .rept 128
        .byte 0x66, 0x48, 0x0f, 0x3a, \opcode, 0xca, immediate
        ret
        .set immediate, immediate + 1
        .endr
        .endm

#define STRING(name, opcode) LABEL(fpu_xmm_##name) string_stubs opcode;
FPU_STRING_OPS(STRING)

/* guint64 fpu_call_string(FpuString *operands, const guint8 *stub): RFLAGS */
LABEL(fpu_call_string)
        mov %rsi, %r8
        movups (%rdi), %xmm1
        movups 16(%rdi), %xmm2
        mov 48(%rdi), %rax
        mov 56(%rdi), %rdx
        call *%r8
        pushfq
        pop %rax
        movups %xmm0, 32(%rdi)
        mov %rcx, 64(%rdi)
        ret

/* ---- MMX: 64 slots by ModRM.reg and rm, then 8 by ModRM.reg with memory ---- */

        .macro mmx_slots opcode
        .set modrm, 0xc0
        .rept 64
        .byte 0x0f, \opcode, modrm, 0xc3
        .set modrm, modrm + 1
        .endr
        .set modrm, 6
        .rept 8
        .byte 0x0f, \opcode, modrm, 0xc3
        .set modrm, modrm + 8
        .endr
        .endm

        .macro mmx38_slots opcode
        .set modrm, 0xc0
        .rept 64
        .byte 0x0f, 0x38, \opcode, modrm, 0xc3, 0x90, 0x90, 0x90
        .set modrm, modrm + 1
        .endr
        .set modrm, 6
        .rept 8
        .byte 0x0f, 0x38, \opcode, modrm, 0xc3, 0x90, 0x90, 0x90
        .set modrm, modrm + 8
        .endr
        .endm

#define MMX(name, opcode)   LABEL(fpu_mmx_##name) mmx_slots opcode;
#define MMX38(name, opcode) LABEL(fpu_mmx_##name) mmx38_slots opcode;
FPU_SIMD_OPS(MMX)
FPU_SIMD38_OPS(MMX38)
MMX(load, 0x6f)
MMX(store, 0x7f)

/* ---- x87: every register form, then every memory form ---- */

LABEL(fpu_x87_register)
        .set escape, 0xd8
        .rept 8
        .set modrm, 0xc0
        .rept 64
        .byte escape, modrm, 0xc3, 0x90
        .set modrm, modrm + 1
        .endr
        .set escape, escape + 1
        .endr

LABEL(fpu_x87_memory)
        .set escape, 0xd8
        .rept 8
        .set modrm, 6
        .rept 8
        .byte escape, modrm, 0xc3, 0x90
        .set modrm, modrm + 8
        .endr
        .set escape, escape + 1
        .endr

/* guint64 fpu_call_flags(guint64 flags, const guint8 *stub): RFLAGS before and after */
LABEL(fpu_call_flags)
        push %rdi
        popfq
        call *%rsi
        pushfq
        pop %rax
        ret

        .section .note.GNU-stack, "", @progbits
