/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control, debug and model-specific registers; RFLAGS where it depends on privilege. */
#include "tcg/operand.h"
#include "tcg/ops-system.h"
#include "tcg/system-priv.h"

static void need_cpl0(TcgCpu *cpu)
{
    if (cpu->cpl != 0) {
        tcg_raise_gp(cpu);
    }
}

/* EDX:EAX. */
static void write_pair(TcgCpu *cpu, guint64 value)
{
    cpu->gpr[CPU_RAX] = (guint32)value;
    cpu->gpr[CPU_RDX] = value >> 32;
}

/* ---- control registers ---- */

static guint64 control_read(TcgCpu *cpu, guint index)
{
    switch (index) {
    case 0: return cpu->cr0;
    case 2: return cpu->cr2;
    case 3: return cpu->cr3;
    case 4: return cpu->cr4;
    default: return control_get_cr8(cpu);
    }
}

static void control_write(TcgCpu *cpu, guint index, guint64 value)
{
    switch (index) {
    case 0: control_set_cr0(cpu, value); break;
    case 2: cpu->cr2 = value; break;
    case 3: control_set_cr3(cpu, value); break;
    case 4: control_set_cr4(cpu, value); break;
    default: control_set_cr8(cpu, value); break;
    }
}

void op_mov_cr(TcgCpu *cpu, const Insn *insn)
{
    const Operand *to = &insn->operands[0], *from = &insn->operands[1];

    need_cpl0(cpu);
    if (to->kind == OPERAND_CONTROL) {
        control_write(cpu, to->reg, reg_read(cpu, from->reg, from->size));
    } else {
        reg_write(cpu, to->reg, control_read(cpu, from->reg), to->size);
    }
}

void op_clts(TcgCpu *cpu, const Insn *insn)
{
    need_cpl0(cpu);
    fpu_leave(cpu);
    cpu->cr0 &= ~(guint64)CR0_TS;
}

void op_smsw(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, cpu->cr0);
}

void op_lmsw(TcgCpu *cpu, const Insn *insn)
{
    guint64 value;

    need_cpl0(cpu);
    value = operand_read(cpu, insn, 0) & (CR0_PE | CR0_MP | CR0_EM | CR0_TS);
    /* It cannot leave protected mode. */
    control_set_cr0(cpu, (cpu->cr0 & ~(guint64)(CR0_MP | CR0_EM | CR0_TS)) | value);
}

/* ---- debug registers (SDM vol. 3, 17.2) ---- */

void op_mov_dr(TcgCpu *cpu, const Insn *insn)
{
    const Operand *to = &insn->operands[0], *from = &insn->operands[1];
    gboolean writes = to->kind == OPERAND_DEBUG;
    guint index = writes ? to->reg : from->reg;

    need_cpl0(cpu);
    if (index == 4 || index == 5) {
        if (cpu->cr4 & CR4_DE) {
            tcg_raise(cpu, EXC_UD);
        }
        index += 2;
    }
    if (cpu->dr[7] & DR7_GD) {
        cpu->dr[6] |= DR6_BD;
        cpu->dr[7] &= ~(guint64)DR7_GD; /* for the handler */
        tcg_raise(cpu, EXC_DB);
    }
    if (writes) {
        control_set_dr(cpu, index, reg_read(cpu, from->reg, from->size));
    } else {
        reg_write(cpu, to->reg, cpu->dr[index], to->size);
    }
}

/* ---- caches, HLT ---- */

void op_invlpg(TcgCpu *cpu, const Insn *insn)
{
    guint64 linear;

    need_cpl0(cpu);
    linear = cpu->base[insn->segment] + operand_offset(cpu, insn);
    mmu_flush_page(cpu, tcg_is_64bit(cpu) ? linear : (guint32)linear);
}

void op_cache(TcgCpu *cpu, const Insn *insn)
{
    need_cpl0(cpu);
}

void op_hlt(TcgCpu *cpu, const Insn *insn)
{
    need_cpl0(cpu);
    cpu->halted = TRUE;
}

/* ---- CPUID, counters, MSRs ---- */

void op_cpuid(TcgCpu *cpu, const Insn *insn)
{
    guint32 regs[4];

    system_cpuid(cpu, (guint32)cpu->gpr[CPU_RAX], (guint32)cpu->gpr[CPU_RCX], regs);
    cpu->gpr[CPU_RAX] = regs[0];
    cpu->gpr[CPU_RBX] = regs[1];
    cpu->gpr[CPU_RCX] = regs[2];
    cpu->gpr[CPU_RDX] = regs[3];
}

void op_rdtsc(TcgCpu *cpu, const Insn *insn)
{
    if ((cpu->cr4 & CR4_TSD) && cpu->cpl != 0) {
        tcg_raise_gp(cpu);
    }
    write_pair(cpu, system_tsc(cpu));
}

void op_rdtscp(TcgCpu *cpu, const Insn *insn)
{
    op_rdtsc(cpu, insn);
    cpu->gpr[CPU_RCX] = (guint32)cpu->tsc_aux;
}

void op_rdpmc(TcgCpu *cpu, const Insn *insn)
{
    /* There are no counters to choose from. */
    tcg_raise_gp(cpu);
}

void op_rdmsr(TcgCpu *cpu, const Insn *insn)
{
    guint64 value;

    need_cpl0(cpu);
    if (!system_read_msr(cpu, (guint32)cpu->gpr[CPU_RCX], &value)) {
        tcg_raise_gp(cpu);
    }
    write_pair(cpu, value);
}

void op_wrmsr(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = cpu->gpr[CPU_RDX] << 32 | (guint32)cpu->gpr[CPU_RAX];

    need_cpl0(cpu);
    if (!system_write_msr(cpu, (guint32)cpu->gpr[CPU_RCX], value)) {
        tcg_raise_gp(cpu);
    }
}

void op_swapgs(TcgCpu *cpu, const Insn *insn)
{
    guint64 base = cpu->segment[CPU_GS].base;

    need_cpl0(cpu);
    cpu->segment[CPU_GS].base = cpu->base[CPU_GS] = cpu->kernel_gs_base;
    cpu->kernel_gs_base = base;
}

/* ---- RFLAGS ---- */

/* In virtual-8086 mode all that touches IF needs IOPL 3. */
static void need_iopl3_in_vm86(TcgCpu *cpu)
{
    if (tcg_is_vm86(cpu) && tcg_iopl(cpu) < 3) {
        tcg_raise_gp(cpu);
    }
}

void op_pushf(TcgCpu *cpu, const Insn *insn)
{
    need_iopl3_in_vm86(cpu);
    stack_push(cpu, tcg_get_rflags(cpu) & ~(guint64)(FLAG_VM | FLAG_RF), insn->operand_size);
}

void op_popf(TcgCpu *cpu, const Insn *insn)
{
    guint64 mask = FLAG_ARITH | FLAG_TF | FLAG_DF | FLAG_NT, value;

    need_iopl3_in_vm86(cpu);
    if (insn->operand_size != 2) {
        mask |= FLAG_RF | FLAG_AC | FLAG_ID;
    }
    if (cpu->cpl <= tcg_iopl(cpu)) {
        mask |= FLAG_IF;
    }
    if (cpu->cpl == 0) {
        mask |= FLAG_IOPL | (insn->operand_size != 2 ? FLAG_VIF | FLAG_VIP : 0);
    }
    value = stack_pop(cpu, insn->operand_size);
    rflags_change(cpu, value & ~(guint64)(FLAG_RF | FLAG_VIF | FLAG_VIP), mask);
}

void op_cli(TcgCpu *cpu, const Insn *insn)
{
    if (cpu->cpl > tcg_iopl(cpu)) {
        tcg_raise_gp(cpu);
    }
    cpu->rflags &= ~(guint64)FLAG_IF;
}

void op_sti(TcgCpu *cpu, const Insn *insn)
{
    if (cpu->cpl > tcg_iopl(cpu)) {
        tcg_raise_gp(cpu);
    }
    if (!(cpu->rflags & FLAG_IF)) {
        cpu->rflags |= FLAG_IF;
        cpu->shadow = TRUE;
    }
}

static void set_ac(TcgCpu *cpu, guint64 value)
{
    if (cpu->cpl != 0) {
        tcg_raise(cpu, EXC_UD);
    }
    cpu->rflags = (cpu->rflags & ~(guint64)FLAG_AC) | value;
    cpu->mmu = (guint8)tlb_kind_of(cpu, 0);
    cpu->tlb = cpu->tlbs[cpu->mmu];
}

void op_clac(TcgCpu *cpu, const Insn *insn)
{
    set_ac(cpu, 0);
}

void op_stac(TcgCpu *cpu, const Insn *insn)
{
    set_ac(cpu, FLAG_AC);
}
