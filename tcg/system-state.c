/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reset, start by SIPI, and the state as the rest of the program sees it: SDM vol. 3, 9.1. */
#include <string.h>

#include "core/apic.h"
#include "core/machine.h"
#include "tcg/system-priv.h"
#include "tcg/watch.h"

#define CR0_RESET ((guint32)CR0_CD | (guint32)CR0_NW | CR0_ET)
#define PAT_RESET 0x0007040600070406ull
/* Fast strings; neither branch trace store nor precise event sampling (SDM vol. 4, 1A0h). */
#define MISC_ENABLE_RESET (1u << 0 | 1u << 11 | 1u << 12)

static void reset_segments(TcgCpu *cpu)
{
    for (guint i = 0; i < 6; i++) {
        cpu->segment[i] = (CpuSegment){
            .limit = 0xffff, .type = TYPE_WRITABLE | TYPE_ACCESSED, .s = TRUE, .present = TRUE};
    }
    cpu->segment[CPU_CS].selector = 0xf000;
    cpu->segment[CPU_CS].base = 0xffff0000;
    cpu->segment[CPU_CS].type |= TYPE_CODE;
    cpu->gdt = cpu->idt = (CpuTable){.limit = 0xffff};
    cpu->ldt = (CpuSegment){.limit = 0xffff, .type = DESC_LDT, .present = TRUE};
    cpu->tr = (CpuSegment){.limit = 0xffff, .type = DESC_TSS32_BUSY, .present = TRUE};
}

/* What INIT leaves alone. */
static void reset_power_up(TcgCpu *cpu)
{
    cpu->star = cpu->lstar = cpu->cstar = cpu->fmask = cpu->kernel_gs_base = 0;
    cpu->sysenter_cs = cpu->sysenter_esp = cpu->sysenter_eip = 0;
    cpu->pat = PAT_RESET;
    cpu->tsc_aux = 0;
    cpu->misc_enable = MISC_ENABLE_RESET;
    cpu->mcg_status = 0;
    cpu->mtrr_default = 0;
    memset(cpu->mtrr_fixed, 0, sizeof(cpu->mtrr_fixed));
    memset(cpu->mtrr_variable, 0, sizeof(cpu->mtrr_variable));
    fpu_reset(cpu);
    cpu->tsc_offset = 0; /* TcgAccel.tsc_zero is the same for all processors */
}

void system_reset(TcgCpu *cpu, gboolean init)
{
    const CpuidEntry *version = cpu->cpuid ? cpuid_find(cpu->cpuid, 1, 0) : NULL;

    fpu_leave(cpu);
    memset(cpu->gpr, 0, sizeof(cpu->gpr));
    memset(cpu->dr, 0, sizeof(cpu->dr));
    memset(cpu->pdpte, 0, sizeof(cpu->pdpte));
    cpu->gpr[CPU_RDX] = version ? version->eax : 0;
    cpu->rip = 0xfff0;
    flags_set(&cpu->flags, 0);
    cpu->rflags = 2;
    cpu->cpl = 0;
    cpu->cr0 = init ? (cpu->cr0 & ((guint32)CR0_CD | (guint32)CR0_NW)) | CR0_ET : CR0_RESET;
    cpu->cr2 = cpu->cr3 = cpu->cr4 = 0;
    cpu->efer = 0;
    cpu->dr[6] = control_dr_value(6, 0);
    cpu->dr[7] = control_dr_value(7, 0);
    reset_segments(cpu);
    if (!init) {
        reset_power_up(cpu);
    }
    cpu->halted = cpu->wait_sipi = cpu->shadow = cpu->nmi_masked = FALSE;
    cpu->shutdown = cpu->delivering = FALSE;
    cpu->pending_db = 0;
    tcg_watch_update(cpu);
    mmu_flush(cpu, TRUE);
    tcg_update_mode(cpu);
}

void system_sipi(TcgCpu *cpu, guint8 vector)
{
    segment_set_real(cpu, CPU_CS, (guint16)(vector << 8));
    cpu->rip = 0;
    cpu->halted = cpu->wait_sipi = FALSE;
    tcg_update_mode(cpu);
}

/* ---- as a whole ---- */

void system_get_registers(TcgCpu *cpu, CpuRegisters *regs)
{
    memcpy(regs->gpr, cpu->gpr, sizeof(regs->gpr));
    memcpy(regs->segment, cpu->segment, sizeof(regs->segment));
    memcpy(regs->dr, cpu->dr, sizeof(regs->dr));
    regs->rip = cpu->rip;
    regs->rflags = tcg_get_rflags(cpu);
    regs->ldt = cpu->ldt;
    regs->tr = cpu->tr;
    regs->gdt = cpu->gdt;
    regs->idt = cpu->idt;
    regs->cr0 = cpu->cr0;
    regs->cr2 = cpu->cr2;
    regs->cr3 = cpu->cr3;
    regs->cr4 = cpu->cr4;
    regs->cr8 = control_get_cr8(cpu);
    regs->efer = cpu->efer;
    regs->apic_base = cpu->apic ? apic_get_base(cpu->apic) : 0;
    regs->halted = cpu->halted;
    fpu_get(cpu, regs->fxsave);
}

/* The CPL is that of SS, but where there is none. */
static guint8 cpl_of(const CpuRegisters *regs)
{
    if (!(regs->cr0 & CR0_PE)) {
        return 0;
    }
    return regs->rflags & FLAG_VM ? 3 : regs->segment[CPU_SS].dpl & 3;
}

void system_set_registers(TcgCpu *cpu, const CpuRegisters *regs)
{
    memcpy(cpu->gpr, regs->gpr, sizeof(regs->gpr));
    memcpy(cpu->segment, regs->segment, sizeof(regs->segment));
    for (guint i = 0; i < 8; i++) {
        cpu->dr[i] = control_dr_value(i, regs->dr[i]);
    }
    cpu->rip = regs->rip;
    tcg_set_rflags(cpu, regs->rflags);
    cpu->ldt = regs->ldt;
    cpu->tr = regs->tr;
    cpu->gdt = regs->gdt;
    cpu->idt = regs->idt;
    cpu->cr0 = regs->cr0 | CR0_ET;
    cpu->cr2 = regs->cr2;
    cpu->cr3 = regs->cr3;
    cpu->cr4 = regs->cr4;
    cpu->efer = regs->efer;
    cpu->halted = regs->halted;
    cpu->cpl = cpl_of(regs);
    if (cpu->apic) {
        apic_set_tpr(cpu->apic, (guint8)(regs->cr8 << 4));
        apic_set_base(cpu->apic, regs->apic_base);
    }
    fpu_set(cpu, regs->fxsave);
    tcg_watch_update(cpu);
    mmu_flush(cpu, TRUE);
    if ((cpu->cr0 & CR0_PG) && (cpu->cr4 & CR4_PAE) && !tcg_is_long(cpu)) {
        mmu_load_pdptes(cpu, cpu->cr3);
    }
    tcg_update_mode(cpu);
}
