/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves, conversions, conditional moves and sets, flags, hints (SDM vol. 1, 7.3.1). */
#include "tcg/operand.h"
#include "tcg/ops-integer.h"

void integer_mov(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, operand_read(cpu, insn, 1));
}

void integer_movsx(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, flags_extend(operand_read(cpu, insn, 1), operand_size(insn, 1)));
}

void integer_lea(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, operand_offset(cpu, insn));
}

void integer_xlat(TcgCpu *cpu, const Insn *insn)
{
    guint64 offset =
        (cpu->gpr[CPU_RBX] + (cpu->gpr[CPU_RAX] & 0xff)) & flags_mask(insn->address_size);

    reg_write(cpu, CPU_RAX,
              mmu_load(cpu, segment_linear(cpu, insn->segment, offset, 1, MMU_READ), 1), 1);
}

/* ---- wider rAX ---- */

void integer_cbw(TcgCpu *cpu, const Insn *insn)
{
    reg_write(cpu, CPU_RAX, flags_extend(cpu->gpr[CPU_RAX], 1), 2);
}

void integer_cwde(TcgCpu *cpu, const Insn *insn)
{
    reg_write(cpu, CPU_RAX, flags_extend(cpu->gpr[CPU_RAX], 2), 4);
}

void integer_cdqe(TcgCpu *cpu, const Insn *insn)
{
    cpu->gpr[CPU_RAX] = flags_extend(cpu->gpr[CPU_RAX], 4);
}

static void spread_sign(TcgCpu *cpu, guint size)
{
    gint64 value = (gint64)flags_extend(cpu->gpr[CPU_RAX], size);

    reg_write(cpu, CPU_RDX, value < 0 ? G_MAXUINT64 : 0, size);
}

void integer_cwd(TcgCpu *cpu, const Insn *insn)
{
    spread_sign(cpu, 2);
}

void integer_cdq(TcgCpu *cpu, const Insn *insn)
{
    spread_sign(cpu, 4);
}

void integer_cqo(TcgCpu *cpu, const Insn *insn)
{
    spread_sign(cpu, 8);
}

/* ---- conditions: operations are in the order of their encoding ---- */

G_STATIC_ASSERT(OP_CMOVNLE == OP_CMOVO + 15 && OP_SETNLE == OP_SETO + 15);

/* Memory is read and a 32-bit register's upper half cleared whatever the condition is. */
void integer_cmov(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = operand_read(cpu, insn, 1);

    if (!flags_condition(&cpu->flags, insn->op - OP_CMOVO)) {
        value = operand_read(cpu, insn, 0);
    }
    operand_write(cpu, insn, 0, value);
}

void integer_set(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, (guint64)flags_condition(&cpu->flags, insn->op - OP_SETO));
}

/* ---- flags ---- */

void integer_clc(TcgCpu *cpu, const Insn *insn)
{
    flags_set_cf(&cpu->flags, FALSE);
}

void integer_stc(TcgCpu *cpu, const Insn *insn)
{
    flags_set_cf(&cpu->flags, TRUE);
}

void integer_cmc(TcgCpu *cpu, const Insn *insn)
{
    flags_set_cf(&cpu->flags, !flags_cf(&cpu->flags));
}

void integer_cld(TcgCpu *cpu, const Insn *insn)
{
    cpu->rflags &= ~(guint64)FLAG_DF;
}

void integer_std(TcgCpu *cpu, const Insn *insn)
{
    cpu->rflags |= FLAG_DF;
}

enum { FLAGS_IN_AH = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF };

void integer_lahf(TcgCpu *cpu, const Insn *insn)
{
    guint64 ah = (flags_get(&cpu->flags) & FLAGS_IN_AH) | 2;

    cpu->gpr[CPU_RAX] = (cpu->gpr[CPU_RAX] & ~(guint64)0xff00) | ah << 8;
}

void integer_sahf(TcgCpu *cpu, const Insn *insn)
{
    flags_change(&cpu->flags, FLAGS_IN_AH, cpu->gpr[CPU_RAX] >> 8);
}

void integer_salc(TcgCpu *cpu, const Insn *insn)
{
    reg_write(cpu, CPU_RAX, flags_cf(&cpu->flags) ? 0xff : 0, 1);
}

/* ---- hints, fences, what is undefined by definition ---- */

void integer_nop(TcgCpu *cpu, const Insn *insn)
{
}

void integer_pause(TcgCpu *cpu, const Insn *insn)
{
    __builtin_ia32_pause();
}

/* Guest memory is host memory, so the host's own ordering is the guest's. */
void integer_mfence(TcgCpu *cpu, const Insn *insn)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Faults as a load does. */
void integer_clflush(TcgCpu *cpu, const Insn *insn)
{
    operand_read(cpu, insn, 0);
}

void integer_ud(TcgCpu *cpu, const Insn *insn)
{
    tcg_raise(cpu, EXC_UD);
}
