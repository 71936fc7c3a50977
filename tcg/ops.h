/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations as functions: the complete, plain interpreter. For each Op one OpFn does what the
 * manual says on a decoded instruction. The hot ones have faster handlers beside them
 * (tcg/fast*.c), which must do the same.
 *
 * The families are lists in tcg/ops-*.h, X(OP_NAME, function); tcg/ops.c makes the table of them.
 */
#pragma once

#include "tcg/cpu.h"

/*
 * Executes one instruction on the vCPU's thread. Before it is called cpu->current is the
 * instruction, and, if the instruction ends a block (INSN_ENDS_BLOCK), cpu->rip is the next one's;
 * a branch sets cpu->rip to its target. May raise.
 */
typedef void (*OpFn)(TcgCpu *cpu, const Insn *insn);

extern const OpFn tcg_ops[OP_COUNT];

/* rip of the instruction at hand and of the one after it; both cut to the code's width. */
guint64 tcg_this_rip(const TcgCpu *cpu);
guint64 tcg_next_rip(const TcgCpu *cpu);
