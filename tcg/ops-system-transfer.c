/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Far transfers, software interrupts and fast system calls. */
#include "tcg/operand.h"
#include "tcg/ops-system.h"
#include "tcg/system-priv.h"
#include "tcg/trace.h"

/* ---- JMP, CALL, RET, IRET ---- */

static guint16 far_target(TcgCpu *cpu, const Insn *insn, guint64 *offset)
{
    guint size = insn->operand_size;
    guint64 linear;

    if (insn->operands[0].kind == OPERAND_FAR) {
        *offset = insn->imm;
        return (guint16)insn->disp;
    }
    linear = operand_linear(cpu, insn, size + 2, MMU_READ);
    *offset = mmu_load(cpu, linear, size);
    return (guint16)mmu_load(cpu, linear + size, 2);
}

void op_call_far(TcgCpu *cpu, const Insn *insn)
{
    guint64 offset;
    guint16 selector = far_target(cpu, insn, &offset);

    far_call(cpu, selector, offset, insn->operand_size);
}

void op_jmp_far(TcgCpu *cpu, const Insn *insn)
{
    guint64 offset;
    guint16 selector = far_target(cpu, insn, &offset);

    far_jump(cpu, selector, offset, insn->operand_size);
}

void op_ret_far(TcgCpu *cpu, const Insn *insn)
{
    guint64 release = insn->operands[0].kind == OPERAND_IMM ? (guint16)insn->imm : 0;

    far_return(cpu, insn->operand_size, release);
}

void op_iret(TcgCpu *cpu, const Insn *insn)
{
    far_iret(cpu, insn->operand_size);
}

/* ---- interrupts ---- */

/* Delivered here and now: a fault on the way is this instruction's, and never a double fault. */
static void software_interrupt(TcgCpu *cpu, guint8 vector, EventKind kind)
{
    TcgEvent event = {.kind = kind, .vector = vector};

    tcg_trace_event(cpu, &event);
    system_deliver(cpu, &event);
    cpu->step_trap = FALSE; /* TF is cleared with the trap that it would make (SDM, 18.3.1.4) */
}

void op_int(TcgCpu *cpu, const Insn *insn)
{
    if (tcg_is_vm86(cpu) && tcg_iopl(cpu) < 3) {
        tcg_raise_gp(cpu);
    }
    software_interrupt(cpu, (guint8)insn->imm, EVENT_SOFTWARE);
}

void op_int3(TcgCpu *cpu, const Insn *insn)
{
    software_interrupt(cpu, EXC_BP, EVENT_SOFTWARE);
}

void op_int1(TcgCpu *cpu, const Insn *insn)
{
    software_interrupt(cpu, EXC_DB, EVENT_ICEBP);
}

void op_into(TcgCpu *cpu, const Insn *insn)
{
    if (flags_of(&cpu->flags)) {
        software_interrupt(cpu, EXC_OF, EVENT_SOFTWARE);
    }
}

void op_undefined(TcgCpu *cpu, const Insn *insn)
{
    tcg_raise(cpu, EXC_UD);
}

/* ---- SYSCALL and SYSENTER: CS and SS are flat, whatever the tables say ---- */

static void flat_code(TcgCpu *cpu, guint16 selector, guint cpl, gboolean wide)
{
    cpu->segment[CPU_CS] = (CpuSegment){
        .selector = (guint16)((selector & ~3u) | cpl),
        .limit = 0xffffffff,
        .type = TYPE_CODE | TYPE_WRITABLE | TYPE_ACCESSED,
        .s = TRUE,
        .dpl = (guint8)cpl,
        .present = TRUE,
        .l = (guint8)wide,
        .db = !wide,
        .g = TRUE,
    };
    cpu->cpl = (guint8)cpl;
}

static void flat_stack(TcgCpu *cpu, guint16 selector, guint cpl)
{
    cpu->segment[CPU_SS] = (CpuSegment){
        .selector = (guint16)((selector & ~3u) | cpl),
        .limit = 0xffffffff,
        .type = TYPE_WRITABLE | TYPE_ACCESSED,
        .s = TRUE,
        .dpl = (guint8)cpl,
        .present = TRUE,
        .db = TRUE,
        .g = TRUE,
    };
}

/* Intel has SYSCALL in 64-bit mode alone. */
static void need_syscall(TcgCpu *cpu)
{
    if (!(cpu->efer & EFER_SCE) || (!cpu->vendor_amd && !tcg_is_64bit(cpu))) {
        tcg_raise(cpu, EXC_UD);
    }
}

void op_syscall(TcgCpu *cpu, const Insn *insn)
{
    guint16 selector = (guint16)(cpu->star >> 32);

    need_syscall(cpu);
    if (tcg_is_long(cpu)) {
        guint64 flags = tcg_get_rflags(cpu) & ~(guint64)FLAG_RF;

        cpu->gpr[CPU_RCX] = cpu->rip;
        cpu->gpr[CPU_R8 + 3] = flags;
        cpu->rip = tcg_is_64bit(cpu) ? cpu->lstar : cpu->cstar;
        tcg_set_rflags(cpu, flags & ~cpu->fmask);
        flat_code(cpu, selector, 0, TRUE);
    } else {
        cpu->gpr[CPU_RCX] = (guint32)cpu->rip;
        cpu->rip = (guint32)cpu->star;
        cpu->rflags &= ~(guint64)(FLAG_VM | FLAG_IF | FLAG_RF);
        flat_code(cpu, selector, 0, FALSE);
    }
    flat_stack(cpu, (guint16)((selector & ~3u) + 8), 0);
    tcg_update_mode(cpu);
}

/* What SYSRET takes from R11 (SDM vol. 2, SYSRET). */
#define SYSRET_FLAGS 0x3c7fd7

void op_sysret(TcgCpu *cpu, const Insn *insn)
{
    guint16 selector = (guint16)(cpu->star >> 48);
    gboolean wide = insn->operand_size == 8;

    need_syscall(cpu);
    if (cpu->cpl != 0 || !(cpu->cr0 & CR0_PE) ||
        (wide && !cpu->vendor_amd && !tcg_is_canonical(cpu->gpr[CPU_RCX]))) {
        tcg_raise_gp(cpu);
    }
    cpu->rip = wide ? cpu->gpr[CPU_RCX] : (guint32)cpu->gpr[CPU_RCX];
    if (tcg_is_long(cpu)) {
        tcg_set_rflags(cpu, cpu->gpr[CPU_R8 + 3] & SYSRET_FLAGS);
    } else {
        cpu->rflags |= FLAG_IF;
    }
    flat_code(cpu, (guint16)(selector + (wide ? 16 : 0)), 3, wide);
    flat_stack(cpu, (guint16)(selector + 8), 3);
    tcg_update_mode(cpu);
}

/* AMD has no SYSENTER in IA-32e mode. */
static void need_sysenter(TcgCpu *cpu)
{
    if (cpu->vendor_amd && tcg_is_long(cpu)) {
        tcg_raise(cpu, EXC_UD);
    }
    if (!(cpu->cr0 & CR0_PE) || !(cpu->sysenter_cs & 0xfffc)) {
        tcg_raise_gp(cpu);
    }
}

void op_sysenter(TcgCpu *cpu, const Insn *insn)
{
    guint16 selector = (guint16)(cpu->sysenter_cs & 0xfffc);
    gboolean wide = tcg_is_long(cpu);

    need_sysenter(cpu);
    cpu->rflags &= ~(guint64)(FLAG_VM | FLAG_IF | FLAG_RF);
    flat_code(cpu, selector, 0, wide);
    flat_stack(cpu, (guint16)(selector + 8), 0);
    cpu->gpr[CPU_RSP] = wide ? cpu->sysenter_esp : (guint32)cpu->sysenter_esp;
    cpu->rip = wide ? cpu->sysenter_eip : (guint32)cpu->sysenter_eip;
    tcg_update_mode(cpu);
}

void op_sysexit(TcgCpu *cpu, const Insn *insn)
{
    guint16 selector = (guint16)(cpu->sysenter_cs & 0xfffc);
    guint64 rip = cpu->gpr[CPU_RDX], rsp = cpu->gpr[CPU_RCX];
    gboolean wide = insn->operand_size == 8;

    if (cpu->cpl != 0) {
        tcg_raise_gp(cpu); /* before #UD, as a host of AMD's has it */
    }
    need_sysenter(cpu);
    if (wide && (!tcg_is_canonical(rip) || !tcg_is_canonical(rsp))) {
        tcg_raise_gp(cpu);
    }
    flat_code(cpu, (guint16)(selector + (wide ? 32 : 16)), 3, wide);
    flat_stack(cpu, (guint16)(selector + (wide ? 40 : 24)), 3);
    cpu->gpr[CPU_RSP] = wide ? rsp : (guint32)rsp;
    cpu->rip = wide ? rip : (guint32)rip;
    tcg_update_mode(cpu);
}
