/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor state: what a reset restores, and the registers for the monitor.
 *
 * The state after power-on (Intel SDM vol. 3, table 10-1) is what the kernel gives a new vCPU, so
 * it is read once, when the vCPU is made, and written back at each reset.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/error.h"
#include "kvm/kvm-priv.h"

#define MSR_IA32_TSC 0x10

/* The MSRs that KVM lists for saving, but the time stamp counter, which a reset leaves running so
 * that the processors' counters stay together. */
static gboolean save_msrs(KvmAccel *kvm, KvmVcpu *kv, GError **error)
{
    struct kvm_msr_list probe = {0};

    ioctl(kvm->kvm_fd, KVM_GET_MSR_INDEX_LIST, &probe); /* fails with E2BIG, and tells the number */
    g_autofree struct kvm_msr_list *list =
        g_malloc0(sizeof(*list) + probe.nmsrs * sizeof(list->indices[0]));
    list->nmsrs = probe.nmsrs;
    if (kvm_ioctl(kvm->kvm_fd, KVM_GET_MSR_INDEX_LIST, list) < 0) {
        return error_set_errno(error, errno, "KVM does not list the MSRs to save");
    }

    kv->init.msrs = g_malloc0(sizeof(struct kvm_msrs) + list->nmsrs * sizeof(struct kvm_msr_entry));
    for (guint i = 0; i < list->nmsrs; i++) {
        struct {
            struct kvm_msrs header;
            struct kvm_msr_entry entry;
        } one = {.header.nmsrs = 1, .entry.index = list->indices[i]};
        /* Some are listed although this processor does not have them: those cannot be read. */
        if (one.entry.index != MSR_IA32_TSC && kvm_ioctl(kv->fd, KVM_GET_MSRS, &one) == 1) {
            kv->init.msrs->entries[kv->init.msrs->nmsrs++] = one.entry;
        }
    }
    return TRUE;
}

gboolean kvm_init_state_save(KvmAccel *kvm, KvmVcpu *kv, GError **error)
{
    KvmInitState *init = &kv->init;

    if (kvm_ioctl(kv->fd, KVM_GET_REGS, &init->regs) < 0 ||
        kvm_ioctl(kv->fd, KVM_GET_SREGS, &init->sregs) < 0 ||
        kvm_ioctl(kv->fd, KVM_GET_FPU, &init->fpu) < 0 ||
        kvm_ioctl(kv->fd, KVM_GET_DEBUGREGS, &init->debugregs) < 0 ||
        kvm_ioctl(kv->fd, KVM_GET_LAPIC, &init->lapic) < 0 ||
        kvm_ioctl(kv->fd, KVM_GET_VCPU_EVENTS, &init->events) < 0) {
        return error_set_errno(error, errno, "KVM does not tell a processor's state");
    }
    kvm_ioctl(kv->fd, KVM_GET_XCRS, &init->xcrs); /* none on hosts without XSAVE */
    return save_msrs(kvm, kv, error);
}

void kvm_init_state_free(KvmVcpu *kv)
{
    g_clear_pointer(&kv->init.msrs, g_free);
}

void kvm_reset(Accel *accel, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;
    KvmInitState *init = &kv->init;
    /* Application processors wait for INIT and SIPI (Intel SDM vol. 3, 9.4.3). */
    struct kvm_mp_state mp_state = {
        .mp_state = vcpu->index == 0 ? KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_UNINITIALIZED,
    };

    kvm_finish_access(vcpu);
    kvm_ioctl(kv->fd, KVM_SET_SREGS, &init->sregs);
    kvm_ioctl(kv->fd, KVM_SET_REGS, &init->regs);
    kvm_ioctl(kv->fd, KVM_SET_FPU, &init->fpu);
    if (init->xcrs.nr_xcrs) {
        kvm_ioctl(kv->fd, KVM_SET_XCRS, &init->xcrs);
    }
    kvm_ioctl(kv->fd, KVM_SET_DEBUGREGS, &init->debugregs);
    /* The kernel stops at the first MSR that it does not take back: hence one by one. */
    for (guint i = 0; i < init->msrs->nmsrs; i++) {
        struct {
            struct kvm_msrs header;
            struct kvm_msr_entry entry;
        } one = {.header.nmsrs = 1, .entry = init->msrs->entries[i]};
        kvm_ioctl(kv->fd, KVM_SET_MSRS, &one);
    }
    kvm_ioctl(kv->fd, KVM_SET_LAPIC, &init->lapic);
    kvm_ioctl(kv->fd, KVM_SET_VCPU_EVENTS, &init->events);
    kvm_ioctl(kv->fd, KVM_SET_MP_STATE, &mp_state);
    kv->run->ready_for_interrupt_injection = 0; /* was said of the old state */
}

/* ---- registers ---- */

/* Where KVM keeps the registers that CpuRegisters has in the order of their encoding. */
static const gsize gpr_at[16] = {
    G_STRUCT_OFFSET(struct kvm_regs, rax), G_STRUCT_OFFSET(struct kvm_regs, rcx),
    G_STRUCT_OFFSET(struct kvm_regs, rdx), G_STRUCT_OFFSET(struct kvm_regs, rbx),
    G_STRUCT_OFFSET(struct kvm_regs, rsp), G_STRUCT_OFFSET(struct kvm_regs, rbp),
    G_STRUCT_OFFSET(struct kvm_regs, rsi), G_STRUCT_OFFSET(struct kvm_regs, rdi),
    G_STRUCT_OFFSET(struct kvm_regs, r8),  G_STRUCT_OFFSET(struct kvm_regs, r9),
    G_STRUCT_OFFSET(struct kvm_regs, r10), G_STRUCT_OFFSET(struct kvm_regs, r11),
    G_STRUCT_OFFSET(struct kvm_regs, r12), G_STRUCT_OFFSET(struct kvm_regs, r13),
    G_STRUCT_OFFSET(struct kvm_regs, r14), G_STRUCT_OFFSET(struct kvm_regs, r15),
};

static const gsize segment_at[6] = {
    G_STRUCT_OFFSET(struct kvm_sregs, es), G_STRUCT_OFFSET(struct kvm_sregs, cs),
    G_STRUCT_OFFSET(struct kvm_sregs, ss), G_STRUCT_OFFSET(struct kvm_sregs, ds),
    G_STRUCT_OFFSET(struct kvm_sregs, fs), G_STRUCT_OFFSET(struct kvm_sregs, gs),
};

#define GPR(regs, n)      G_STRUCT_MEMBER(guint64, regs, gpr_at[n])
#define SEGMENT(sregs, n) G_STRUCT_MEMBER_P(sregs, segment_at[n])

/* The names are the same on both sides. */
#define SEGMENT_FIELDS(from)                                                              \
    .selector = (from)->selector, .base = (from)->base, .limit = (from)->limit,           \
    .type = (from)->type, .s = (from)->s, .dpl = (from)->dpl, .present = (from)->present, \
    .avl = (from)->avl, .l = (from)->l, .db = (from)->db, .g = (from)->g,                 \
    .unusable = (from)->unusable

static CpuSegment segment_from_kvm(const struct kvm_segment *from)
{
    return (CpuSegment){SEGMENT_FIELDS(from)};
}

static struct kvm_segment segment_to_kvm(const CpuSegment *from)
{
    return (struct kvm_segment){SEGMENT_FIELDS(from)};
}

/* FXSAVE's layout (Intel SDM vol. 1, table 10-2) from KVM's struct: FCW, FSW, FTW, FOP, FIP, FDP,
 * MXCSR, then the registers. */
static void fxsave_from_kvm(guint8 *area, const struct kvm_fpu *fpu)
{
    memcpy(area, &fpu->fcw, 2);
    memcpy(area + 2, &fpu->fsw, 2);
    area[4] = fpu->ftwx;
    memcpy(area + 6, &fpu->last_opcode, 2);
    memcpy(area + 8, &fpu->last_ip, 8);
    memcpy(area + 16, &fpu->last_dp, 8);
    memcpy(area + 24, &fpu->mxcsr, 4);
    memcpy(area + 32, fpu->fpr, sizeof(fpu->fpr));
    memcpy(area + 160, fpu->xmm, sizeof(fpu->xmm));
}

static void fxsave_to_kvm(const guint8 *area, struct kvm_fpu *fpu)
{
    memcpy(&fpu->fcw, area, 2);
    memcpy(&fpu->fsw, area + 2, 2);
    fpu->ftwx = area[4];
    memcpy(&fpu->last_opcode, area + 6, 2);
    memcpy(&fpu->last_ip, area + 8, 8);
    memcpy(&fpu->last_dp, area + 16, 8);
    memcpy(&fpu->mxcsr, area + 24, 4);
    memcpy(fpu->fpr, area + 32, sizeof(fpu->fpr));
    memcpy(fpu->xmm, area + 160, sizeof(fpu->xmm));
}

void kvm_get_regs(Accel *accel, Vcpu *vcpu, CpuRegisters *regs)
{
    KvmVcpu *kv = vcpu->accel_data;
    struct kvm_regs general = {0};
    struct kvm_sregs special = {0};
    struct kvm_fpu fpu = {0};
    struct kvm_debugregs debug = {0};
    struct kvm_mp_state mp_state = {0};

    kvm_finish_access(vcpu);
    kvm_ioctl(kv->fd, KVM_GET_REGS, &general);
    kvm_ioctl(kv->fd, KVM_GET_SREGS, &special);
    kvm_ioctl(kv->fd, KVM_GET_FPU, &fpu);
    kvm_ioctl(kv->fd, KVM_GET_DEBUGREGS, &debug);
    kvm_ioctl(kv->fd, KVM_GET_MP_STATE, &mp_state);
    memset(regs, 0, sizeof(*regs));
    for (int i = 0; i < 16; i++) {
        regs->gpr[i] = GPR(&general, i);
    }
    for (int i = 0; i < 6; i++) {
        regs->segment[i] = segment_from_kvm(SEGMENT(&special, i));
    }
    regs->ldt = segment_from_kvm(&special.ldt);
    regs->tr = segment_from_kvm(&special.tr);
    regs->rip = general.rip;
    regs->rflags = general.rflags;
    regs->gdt = (CpuTable){special.gdt.base, special.gdt.limit};
    regs->idt = (CpuTable){special.idt.base, special.idt.limit};
    regs->cr0 = special.cr0;
    regs->cr2 = special.cr2;
    regs->cr3 = special.cr3;
    regs->cr4 = special.cr4;
    regs->cr8 = special.cr8;
    regs->efer = special.efer;
    regs->apic_base = special.apic_base;
    memcpy(regs->dr, debug.db, sizeof(debug.db));
    regs->dr[6] = debug.dr6;
    regs->dr[7] = debug.dr7;
    regs->halted = mp_state.mp_state == KVM_MP_STATE_HALTED;
    fxsave_from_kvm(regs->fxsave, &fpu);
}

void kvm_set_regs(Accel *accel, Vcpu *vcpu, const CpuRegisters *regs)
{
    KvmVcpu *kv = vcpu->accel_data;
    struct kvm_regs general = {0};
    struct kvm_sregs special = {0};
    struct kvm_fpu fpu = {0};
    struct kvm_debugregs debug = {0};

    kvm_finish_access(vcpu);
    kvm_ioctl(kv->fd, KVM_GET_SREGS, &special); /* for the pending interrupt */
    for (int i = 0; i < 16; i++) {
        GPR(&general, i) = regs->gpr[i];
    }
    for (int i = 0; i < 6; i++) {
        *(struct kvm_segment *)SEGMENT(&special, i) = segment_to_kvm(&regs->segment[i]);
    }
    special.ldt = segment_to_kvm(&regs->ldt);
    special.tr = segment_to_kvm(&regs->tr);
    general.rip = regs->rip;
    general.rflags = regs->rflags;
    special.gdt = (struct kvm_dtable){.base = regs->gdt.base, .limit = regs->gdt.limit};
    special.idt = (struct kvm_dtable){.base = regs->idt.base, .limit = regs->idt.limit};
    special.cr0 = regs->cr0;
    special.cr2 = regs->cr2;
    special.cr3 = regs->cr3;
    special.cr4 = regs->cr4;
    special.cr8 = regs->cr8;
    special.efer = regs->efer;
    special.apic_base = regs->apic_base;
    memcpy(debug.db, regs->dr, sizeof(debug.db));
    debug.dr6 = regs->dr[6];
    debug.dr7 = regs->dr[7];
    fxsave_to_kvm(regs->fxsave, &fpu);
    kvm_ioctl(kv->fd, KVM_SET_SREGS, &special);
    kvm_ioctl(kv->fd, KVM_SET_REGS, &general);
    kvm_ioctl(kv->fd, KVM_SET_FPU, &fpu);
    kvm_ioctl(kv->fd, KVM_SET_DEBUGREGS, &debug);
    kv->run->ready_for_interrupt_injection = 0; /* was said of the old state */
}
