/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/tcg.h"

#include "core/apic.h"
#include "core/board.h"
#include "core/error.h"
#include "core/log.h"
#include "core/machine.h"
#include "cpu/model.h"
#include "tcg/block.h"
#include "tcg/icount.h"
#include "tcg/mmu.h"
#include "tcg/request.h"
#include "tcg/run.h"
#include "tcg/system.h"
#include "tcg/watch.h"

TcgCpu *tcg_cpu_of(Vcpu *vcpu)
{
    return vcpu->accel_data;
}

/* ---- the accelerator ---- */

static void tcg_close(Accel *accel)
{
    TcgAccel *tcg = (TcgAccel *)accel;

    g_clear_pointer(&tcg->slots, g_array_unref);
    g_clear_pointer(&tcg->sorted, g_array_unref);
    g_clear_pointer(&tcg->rams, g_ptr_array_unref);
    g_clear_pointer(&tcg->cpuid, g_array_unref);
    g_mutex_clear(&tcg->hold_mutex);
    g_cond_clear(&tcg->hold_changed);
}

static gboolean open_cpuid(TcgAccel *tcg, GError **error)
{
    const char *model = tcg->accel.machine->cpu_model;
    g_autoptr(GString) missing = g_string_new(NULL);

    tcg->accel.cpuid_supported = system_cpuid_supported();
    tcg->cpuid = cpu_model_build(model, tcg->accel.cpuid_supported, missing, error);
    if (tcg->cpuid && missing->len) {
        report_warning("-cpu %s: the software CPU lacks %s", model, missing->str);
    }
    return tcg->cpuid != NULL;
}

static gboolean tcg_open(Accel *accel, GError **error)
{
    TcgAccel *tcg = (TcgAccel *)accel;

    tcg->slots = g_array_new(FALSE, TRUE, sizeof(TcgSlot));
    tcg->sorted = g_array_new(FALSE, FALSE, sizeof(TcgSlot));
    tcg->rams = g_ptr_array_new();
    tcg->icount_shift = accel->machine->icount_shift;
    if (tcg->icount_shift >= 0) {
        clock_make_manual(accel->machine->guest_clock);
    }
    g_mutex_init(&tcg->hold_mutex);
    g_cond_init(&tcg->hold_changed);
    if (!open_cpuid(tcg, error)) {
        tcg_close(accel);
        return FALSE;
    }
    return TRUE;
}

static void tcg_set_intr(Accel *accel, int level)
{
    TcgAccel *tcg = (TcgAccel *)accel;
    int before = __atomic_exchange_n(&tcg->intr, level, __ATOMIC_ACQ_REL);

    if (level && !before && accel->machine->vcpus->len > 0) {
        vcpu_kick(g_ptr_array_index(accel->machine->vcpus, 0));
    }
}

static void tcg_send_msi(Accel *accel, guint64 addr, guint32 data)
{
    apic_send_message(accel->machine, addr, data);
}

/* ---- processors ---- */

static void on_apic_attention(void *opaque)
{
    Vcpu *vcpu = opaque;

    if (vcpu == vcpu_current()) {
        tcg_attention(tcg_cpu_of(vcpu), ATTENTION_INTERRUPT);
    } else {
        vcpu_kick(vcpu);
    }
}

static void cpu_free(TcgCpu *cpu)
{
    if (cpu->apic) {
        apic_connect(cpu->apic, NULL, NULL);
    }
    if (cpu->cpuid) {
        g_array_unref((GArray *)cpu->cpuid);
    }
    code_cache_close(cpu);
    g_clear_pointer(&cpu->requests, tcg_requests_free);
    free(cpu);
}

static gboolean tcg_vcpu_open(Accel *accel, Vcpu *vcpu, GError **error)
{
    TcgAccel *tcg = (TcgAccel *)accel;
    gsize size = (sizeof(TcgCpu) + 63) & ~(gsize)63;
    TcgCpu *cpu = aligned_alloc(64, size);
    const BoardConfig *board = accel->machine->board_config;
    GArray *cpuid;

    if (vcpu->index > 0 && tcg->icount_shift >= 0) {
        free(cpu);
        return error_set(error, "-icount counts the time of one processor: leave -smp out");
    }
    if (!cpu) {
        return error_set(error, "not enough memory for processor %u", vcpu->index);
    }
    memset(cpu, 0, size);
    cpu->accel = tcg;
    cpu->vcpu = vcpu;
    cpu->debug = vcpu->debug;
    cpu->requests = tcg_requests_new();
    if (!code_cache_open(cpu)) {
        cpu_free(cpu);
        return error_set(error, "not enough address space for the decoded code of processor %u",
                         vcpu->index);
    }
    cpuid = g_array_copy(tcg->cpuid);
    cpu_model_set_topology(cpuid, vcpu->index, MAX(accel->machine->cpu_count, 1),
                           board ? &board->topology : NULL);
    cpu->cpuid = cpuid;
    cpu->apic = apic_of(accel->machine, vcpu->index);
    if (cpu->apic) {
        apic_connect(cpu->apic, on_apic_attention, vcpu);
    }
    mmu_open(cpu);
    vcpu->accel_data = cpu;
    system_open(cpu);
    system_reset(cpu, FALSE);
    return TRUE;
}

static void tcg_vcpu_close(Accel *accel, Vcpu *vcpu)
{
    cpu_free(g_steal_pointer(&vcpu->accel_data));
}

static void tcg_get_regs(Accel *accel, Vcpu *vcpu, CpuRegisters *regs)
{
    system_get_registers(tcg_cpu_of(vcpu), regs);
}

static void tcg_set_regs(Accel *accel, Vcpu *vcpu, const CpuRegisters *regs)
{
    system_set_registers(tcg_cpu_of(vcpu), regs);
}

static void tcg_reset(Accel *accel, Vcpu *vcpu)
{
    TcgCpu *cpu = tcg_cpu_of(vcpu);

    if (vcpu->index == 0) { /* the first of all, none of which runs */
        cpu->accel->tsc_zero = icount_now(cpu);
    }
    system_reset(cpu, FALSE);
    cpu->shutdown = FALSE;
    cpu->delivering = FALSE;
    cpu->pending_db = 0;
    cpu->debug_hit.reason = CPU_DEBUG_NONE;
    cpu->debug_exit = cpu->step_once = FALSE;
    vcpu->halted = FALSE;
}

static void tcg_inject_nmi(Accel *accel, Vcpu *vcpu)
{
    Apic *apic = apic_of(accel->machine, vcpu->index);

    if (apic) {
        apic_raise_nmi(apic);
    }
}

static void clear_code(Vcpu *vcpu, void *opaque)
{
    code_cache_clear(tcg_cpu_of(vcpu));
}

static void tcg_set_one_insn(Accel *accel, gboolean on)
{
    GPtrArray *vcpus = accel->machine->vcpus;

    if (accel->one_insn == on) {
        return;
    }
    accel->one_insn = on; /* seen by each processor before it decodes again */
    for (guint i = 0; i < vcpus->len; i++) {
        vcpu_call(g_ptr_array_index(vcpus, i), clear_code, NULL);
    }
}

static void print_count(GString *out, const char *what, guint64 n)
{
    g_string_append_printf(out, "%-20s%" G_GUINT64_FORMAT "\n", what, n);
}

static void tcg_print_statistics(Accel *accel, Vcpu *vcpu, GString *out)
{
    const TcgCpu *cpu = tcg_cpu_of(vcpu);
    CodeStats stats;

    code_cache_stats(cpu->code, &stats);
    g_string_append_printf(out, "%-20s%" G_GSIZE_FORMAT "/%" G_GSIZE_FORMAT "\n", "gen code size",
                           stats.used, stats.size);
    print_count(out, "TB count", stats.blocks);
    g_string_append_printf(out, "%-20s%.1f bytes, %.1f instructions\n", "TB avg target size",
                           stats.blocks ? (double)stats.bytes / stats.blocks : 0.0,
                           stats.blocks ? (double)stats.insns / stats.blocks : 0.0);
    print_count(out, "direct jump count", stats.links);
    print_count(out, "TB decode count", stats.decoded);
    print_count(out, "TB flush count", stats.clears);
    print_count(out, "TB invalidate count", stats.invalidated);
    print_count(out, "TB remap count", stats.unmaps);
    print_count(out, "TLB full flushes", cpu->tlb_flushes);
    print_count(out, "TLB page flushes", cpu->tlb_page_flushes);
}

const AccelOps tcg_accel_ops = {
    .name = "tcg",
    .summary = "a software processor, for hosts without KVM",
    .caps = ACCEL_RUNS_CODE | ACCEL_COUNTS_TIME,
    .size = sizeof(TcgAccel),
    .open = tcg_open,
    .close = tcg_close,
    .set_slot = tcg_set_slot,
    .take_dirty = tcg_take_dirty,
    .hold_guest = tcg_hold_guest,
    .release_guest = tcg_release_guest,
    .set_intr = tcg_set_intr,
    .send_msi = tcg_send_msi,
    .vcpu_open = tcg_vcpu_open,
    .vcpu_close = tcg_vcpu_close,
    .vcpu_run = tcg_vcpu_run,
    .vcpu_kick = tcg_vcpu_kick,
    .get_regs = tcg_get_regs,
    .set_regs = tcg_set_regs,
    .reset = tcg_reset,
    .inject_nmi = tcg_inject_nmi,
    .set_debug = tcg_set_debug,
    .set_one_insn = tcg_set_one_insn,
    .print_statistics = tcg_print_statistics,
};
