/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 instructions (SDM vol. 1, chapter 8): executed verbatim on the live registers, with memory
 * operands in a buffer.
 */
#include <string.h>

#include "tcg/fpu-priv.h"
#include "tcg/operand.h"

/*
 * The pointer to the last instruction (8.1.8). As on processors that tell so in CPUID (7:EBX bits
 * 6 and 13), the opcode and the data pointer are those of the last unmasked exception, and
 * selectors are 0 in protected mode.
 */
static void note_ip(TcgCpu *cpu)
{
    cpu->fpu.last_ip = tcg_this_rip(cpu);
    cpu->fpu.last_cs = tcg_is_protected(cpu) ? 0 : cpu->segment[CPU_CS].selector;
}

static void note_exception(TcgCpu *cpu, const Insn *insn)
{
    Fpu *fpu = &cpu->fpu;

    if (fpu->x87 == FPU_CHECKED && fpu_host_fsw() & FSW_ES) {
        fpu->last_op = (guint16)((insn->opcode & 7) << 8 | insn->modrm);
        if (insn->operands[0].kind == OPERAND_MEMORY) {
            fpu->last_dp = operand_offset(cpu, insn);
            fpu->last_ds = tcg_is_protected(cpu) ? 0 : cpu->segment[insn->segment].selector;
        }
    }
}

static const guint8 *register_stub(const Insn *insn)
{
    return fpu_x87_register + 4 * ((insn->opcode & 7) * 64 + (insn->modrm & 63));
}

static const guint8 *memory_stub(const Insn *insn)
{
    return fpu_x87_memory + 4 * ((insn->opcode & 7) * 8 + (insn->modrm >> 3 & 7));
}

/* An unmasked exception other than precision keeps a store from happening (8.5.1 to 8.5.5). */
static gboolean was_stored(const TcgCpu *cpu)
{
    guint16 fcw, raised;

    if (cpu->fpu.x87 != FPU_CHECKED) {
        return TRUE;
    }
    __asm__ volatile("fnstcw %0" : "=m"(fcw));
    raised = fpu_host_fsw() & ~fcw & FSW_FLAGS;
    return !(raised & ~FSW_PE);
}

static void x87_memory(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operands[0].size;
    gboolean writes = (insn->flags & INSN_WRITES) != 0;
    guint64 linear = operand_linear(cpu, insn, size, writes ? MMU_WRITE : MMU_READ), value;
    guint8 buffer[16];

    if (writes) {
        mmu_check(cpu, linear, size, MMU_WRITE);
    } else if (size == 10) {
        mmu_read(cpu, linear, buffer, 10);
    } else {
        value = mmu_load(cpu, linear, size);
        memcpy(buffer, &value, 8);
    }
    fpu_call_live(memory_stub(insn), buffer);
    if (!writes || !was_stored(cpu)) {
        return;
    }
    if (size == 10) {
        mmu_write(cpu, linear, buffer, 10);
    } else {
        memcpy(&value, buffer, 8);
        mmu_store(cpu, linear, value, size);
    }
}

/* All that compute, load and store. */
void op_x87(TcgCpu *cpu, const Insn *insn)
{
    fpu_x87_begin(cpu);
    if (insn->operands[0].kind == OPERAND_MEMORY) {
        x87_memory(cpu, insn);
    } else {
        fpu_call_live(register_stub(insn), NULL);
    }
    note_ip(cpu);
    note_exception(cpu, insn);
}

/* FCOMI and so on, FCMOVcc. */
void op_x87_flags(TcgCpu *cpu, const Insn *insn)
{
    guint64 flags = flags_get(&cpu->flags) | 2;

    fpu_x87_begin(cpu);
    flags = fpu_call_flags(flags, register_stub(insn));
    flags_set(&cpu->flags, flags);
    note_ip(cpu);
    note_exception(cpu, insn);
}

/* ---- control instructions that do not wait ---- */

static void begin_control(TcgCpu *cpu)
{
    if (cpu->fpu.x87 == FPU_AWAY) {
        fpu_x87_enter(cpu, FALSE);
    }
}

/* FNENI, FNDISI, FNSETPM: of the 8087 and 80287. */
void op_x87_nothing(TcgCpu *cpu, const Insn *insn)
{
    begin_control(cpu);
}

void op_fnclex(TcgCpu *cpu, const Insn *insn)
{
    begin_control(cpu);
    __asm__ volatile("fnclex");
    fpu_x87_settle(cpu);
}

void op_fninit(TcgCpu *cpu, const Insn *insn)
{
    Fpu *fpu = &cpu->fpu;

    begin_control(cpu);
    __asm__ volatile("fninit");
    fpu->last_ip = fpu->last_dp = 0;
    fpu->last_op = fpu->last_cs = fpu->last_ds = 0;
    fpu_x87_settle(cpu);
}

void op_fnstcw(TcgCpu *cpu, const Insn *insn)
{
    guint16 fcw;

    begin_control(cpu);
    __asm__ volatile("fnstcw %0" : "=m"(fcw));
    operand_write(cpu, insn, 0, fcw);
}

void op_fnstsw(TcgCpu *cpu, const Insn *insn)
{
    begin_control(cpu);
    operand_write(cpu, insn, 0, fpu_host_fsw());
}

/* ---- those that do ---- */

void op_fldcw(TcgCpu *cpu, const Insn *insn)
{
    guint16 fcw;

    fpu_x87_begin(cpu);
    fcw = (guint16)operand_read(cpu, insn, 0);
    __asm__ volatile("fldcw %0" : : "m"(fcw));
    fpu_x87_settle(cpu);
}

/* CR0.MP makes it heed CR0.TS; CR0.EM does not matter (SDM vol. 3, table 10-2). */
void op_fwait(TcgCpu *cpu, const Insn *insn)
{
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
        tcg_raise(cpu, EXC_NM);
    }
    if (cpu->fpu.x87 != FPU_LIVE) {
        fpu_x87_wait(cpu);
    }
}

void op_emms(TcgCpu *cpu, const Insn *insn)
{
    fpu_mmx_begin(cpu);
    __asm__ volatile("emms");
}
