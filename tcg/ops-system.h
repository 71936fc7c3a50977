/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of tcg/ops-system*.c: far transfers, segments, control registers, ports, interrupts,
 * SYSCALL.
 */
#pragma once

#include "tcg/ops.h"

/* X(OP_NAME without OP_, function), one row an operation. */
#define TCG_SYSTEM_OPS(X)            \
    /* ops-system-segment.c */       \
    X(MOV_SEG, op_mov_seg)           \
    X(MOV_FROM_SEG, op_mov_from_seg) \
    X(PUSH_SEG, op_push_seg)         \
    X(POP_SEG, op_pop_seg)           \
    X(LES, op_load_far)              \
    X(LDS, op_load_far)              \
    X(LSS, op_load_far)              \
    X(LFS, op_load_far)              \
    X(LGS, op_load_far)              \
    X(SGDT, op_sgdt)                 \
    X(SIDT, op_sidt)                 \
    X(LGDT, op_lgdt)                 \
    X(LIDT, op_lidt)                 \
    X(SLDT, op_sldt)                 \
    X(STR, op_str)                   \
    X(LLDT, op_lldt)                 \
    X(LTR, op_ltr)                   \
    X(VERR, op_verr)                 \
    X(VERW, op_verw)                 \
    X(LAR, op_lar)                   \
    X(LSL, op_lsl)                   \
    X(ARPL, op_arpl)                 \
    /* ops-system-transfer.c */      \
    X(CALL_FAR, op_call_far)         \
    X(JMP_FAR, op_jmp_far)           \
    X(RET_FAR, op_ret_far)           \
    X(INT, op_int)                   \
    X(INT3, op_int3)                 \
    X(INT1, op_int1)                 \
    X(INTO, op_into)                 \
    X(IRET, op_iret)                 \
    X(SYSCALL, op_syscall)           \
    X(SYSRET, op_sysret)             \
    X(SYSENTER, op_sysenter)         \
    X(SYSEXIT, op_sysexit)           \
    X(RSM, op_undefined)             \
    /* ops-system-control.c */       \
    X(MOV_CR, op_mov_cr)             \
    X(MOV_DR, op_mov_dr)             \
    X(CLTS, op_clts)                 \
    X(SMSW, op_smsw)                 \
    X(LMSW, op_lmsw)                 \
    X(INVLPG, op_invlpg)             \
    X(INVD, op_cache)                \
    X(WBINVD, op_cache)              \
    X(HLT, op_hlt)                   \
    X(CPUID, op_cpuid)               \
    X(RDTSC, op_rdtsc)               \
    X(RDTSCP, op_rdtscp)             \
    X(RDPMC, op_rdpmc)               \
    X(RDMSR, op_rdmsr)               \
    X(WRMSR, op_wrmsr)               \
    X(SWAPGS, op_swapgs)             \
    X(PUSHF, op_pushf)               \
    X(POPF, op_popf)                 \
    X(CLI, op_cli)                   \
    X(STI, op_sti)                   \
    X(CLAC, op_clac)                 \
    X(STAC, op_stac)                 \
    /* ops-system-io.c */            \
    X(IN, op_in)                     \
    X(OUT, op_out)                   \
    X(INS, op_ins)                   \
    X(OUTS, op_outs)

#define DECLARE(name, function) void function(TcgCpu *cpu, const Insn *insn);
TCG_SYSTEM_OPS(DECLARE)
#undef DECLARE
