/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/ops.h"

#include "tcg/ops-fpu.h"
#include "tcg/ops-integer.h"
#include "tcg/ops-system.h"

#define DECLARE(name, function) void function(TcgCpu *cpu, const Insn *insn);
TCG_INTEGER_OPS(DECLARE)
TCG_FPU_OPS(DECLARE)
TCG_SYSTEM_OPS(DECLARE)

#define ROW(name, function) [OP_##name] = function,
const OpFn tcg_ops[OP_COUNT] = {TCG_INTEGER_OPS(ROW) TCG_FPU_OPS(ROW) TCG_SYSTEM_OPS(ROW)};
