/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control registers and EFER: SDM vol. 3, 2.2.1, 2.5, 4.1, 9.8.5. */
#include "core/apic.h"
#include "core/machine.h"
#include "tcg/run.h"
#include "tcg/system-priv.h"
#include "tcg/watch.h"

#define CR0_VALID                                                                              \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | (guint32)CR0_NW | \
     (guint32)CR0_CD | CR0_PG)

/* What makes cached translations wrong. */
#define CR0_PAGING (CR0_PE | CR0_WP | CR0_PG)
#define CR4_PAGING (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP | CR4_SMAP)

static gboolean uses_pdptes(guint64 cr0, guint64 cr4, guint64 efer)
{
    return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LMA);
}

/* ---- CR0 ---- */

/* PG goes on with EFER.LME: IA-32e mode becomes active, if it may. */
static void check_long_mode(TcgCpu *cpu)
{
    if (!(cpu->cr4 & CR4_PAE) || cpu->segment[CPU_CS].l ||
        (!cpu->tr.unusable && (cpu->tr.type & ~2) == DESC_TSS16)) {
        tcg_raise_gp(cpu);
    }
}

void control_set_cr0(TcgCpu *cpu, guint64 value)
{
    guint64 old = cpu->cr0, changed, efer = cpu->efer;

    if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) ||
        ((value & CR0_NW) && !(value & CR0_CD))) {
        tcg_raise_gp(cpu);
    }
    value = (value & CR0_VALID) | CR0_ET;
    changed = old ^ value;
    if ((changed & value & CR0_PG) && (efer & EFER_LME)) {
        check_long_mode(cpu);
        efer |= EFER_LMA;
    } else if (changed & old & CR0_PG) {
        if (tcg_is_64bit(cpu)) {
            tcg_raise_gp(cpu);
        }
        efer &= ~(guint64)EFER_LMA;
    }
    if (uses_pdptes(value, cpu->cr4, efer) && (changed & (CR0_PG | CR0_CD | CR0_NW)) &&
        !mmu_load_pdptes(cpu, cpu->cr3)) {
        tcg_raise_gp(cpu);
    }
    if (changed & (CR0_EM | CR0_TS)) {
        fpu_leave(cpu);
    }
    cpu->cr0 = value;
    cpu->efer = efer;
    if (changed & CR0_PAGING) {
        mmu_flush(cpu, TRUE);
    }
    tcg_update_mode(cpu);
}

/* ---- CR3, CR4, EFER ---- */

void control_set_cr3(TcgCpu *cpu, guint64 value)
{
    if (tcg_is_long(cpu)) {
        if (value >> SYSTEM_PHYSICAL_BITS) {
            tcg_raise_gp(cpu);
        }
    } else {
        value = (guint32)value;
    }
    if (uses_pdptes(cpu->cr0, cpu->cr4, cpu->efer) && !mmu_load_pdptes(cpu, value)) {
        tcg_raise_gp(cpu);
    }
    cpu->cr3 = value;
    mmu_flush(cpu, FALSE);
}

static guint64 cr4_valid(const TcgCpu *cpu)
{
    static const struct {
        guint32 cr4, leaf;
        guint8 reg, bit;
    } bits[] = {
        {CR4_TSD, 1, CPUID_EDX, 4},     {CR4_DE, 1, CPUID_EDX, 2},
        {CR4_PSE, 1, CPUID_EDX, 3},     {CR4_PAE, 1, CPUID_EDX, 6},
        {CR4_MCE, 1, CPUID_EDX, 7},     {CR4_PGE, 1, CPUID_EDX, 13},
        {CR4_OSFXSR, 1, CPUID_EDX, 24}, {CR4_OSXMMEXCPT, 1, CPUID_EDX, 25},
        {CR4_SMEP, 7, CPUID_EBX, 7},    {CR4_SMAP, 7, CPUID_EBX, 20},
    };
    guint64 valid = CR4_PCE;

    for (guint i = 0; i < G_N_ELEMENTS(bits); i++) {
        if (tcg_has_feature(cpu, bits[i].leaf, bits[i].reg, bits[i].bit)) {
            valid |= bits[i].cr4;
        }
    }
    return valid;
}

void control_set_cr4(TcgCpu *cpu, guint64 value)
{
    guint64 changed = cpu->cr4 ^ value;

    if ((value & ~cr4_valid(cpu)) || (tcg_is_long(cpu) && !(value & CR4_PAE))) {
        tcg_raise_gp(cpu);
    }
    if (uses_pdptes(cpu->cr0, value, cpu->efer) && (changed & CR4_PAGING) &&
        !mmu_load_pdptes(cpu, cpu->cr3)) {
        tcg_raise_gp(cpu);
    }
    fpu_leave(cpu);
    cpu->cr4 = value;
    if (changed & CR4_PAGING) {
        mmu_flush(cpu, TRUE);
    }
    tcg_update_mode(cpu);
}

gboolean control_set_efer(TcgCpu *cpu, guint64 value)
{
    guint64 valid = EFER_LMA, changed;

    if (tcg_has_feature(cpu, 0x80000001, CPUID_EDX, 11)) {
        valid |= EFER_SCE;
    }
    if (tcg_has_feature(cpu, 0x80000001, CPUID_EDX, 20)) {
        valid |= EFER_NXE;
    }
    if (tcg_has_feature(cpu, 0x80000001, CPUID_EDX, 29)) {
        valid |= EFER_LME;
    }
    if (tcg_has_feature(cpu, 0x80000021, CPUID_EAX, 8)) {
        valid |= EFER_AUTOIBRS;
    }
    value = (value & ~(guint64)EFER_LMA) | (cpu->efer & EFER_LMA);
    changed = cpu->efer ^ value;
    if ((value & ~valid) || ((changed & EFER_LME) && (cpu->cr0 & CR0_PG))) {
        return FALSE;
    }
    cpu->efer = value;
    if (changed & EFER_NXE) {
        mmu_flush(cpu, TRUE);
    }
    return TRUE;
}

/* ---- CR8: the task priority (SDM vol. 3, 11.8.6) ---- */

guint64 control_get_cr8(TcgCpu *cpu)
{
    return cpu->apic ? apic_get_tpr(cpu->apic) >> 4 : 0;
}

void control_set_cr8(TcgCpu *cpu, guint64 value)
{
    Machine *machine = cpu->vcpu->machine;

    if (value >> 4) {
        tcg_raise_gp(cpu);
    }
    if (!cpu->apic || apic_get_tpr(cpu->apic) == value << 4) {
        return;
    }
    tcg_leave_guest(cpu);
    vm_lock_take(machine->lock, "tcg cr8");
    apic_set_tpr(cpu->apic, (guint8)(value << 4));
    vm_lock_drop(machine->lock);
    tcg_enter_guest(cpu);
}

/* ---- debug registers (SDM vol. 3, 17.2) ---- */

#define DR6_FIXED 0xffff0ff0u
#define DR6_VALID 0xe00fu
#define DR7_FIXED 0x400u
#define DR7_VALID 0xffff23ffu

guint64 control_dr_value(guint index, guint64 value)
{
    switch (index) {
    case 6: return (value & DR6_VALID) | DR6_FIXED;
    case 7: return (value & DR7_VALID) | DR7_FIXED;
    default: return value;
    }
}

void control_set_dr(TcgCpu *cpu, guint index, guint64 value)
{
    if (index >= 6 && value >> 32) {
        tcg_raise_gp(cpu);
    }
    cpu->dr[index] = control_dr_value(index, value);
    if (index != 6) {
        tcg_watch_update(cpu);
    }
}
