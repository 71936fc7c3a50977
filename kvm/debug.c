/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debugger wants, through KVM_SET_GUEST_DEBUG (api.rst): single steps by the trap flag,
 * watchpoints and the first breakpoints by the four debug registers, further breakpoints by INT3
 * in guest memory. The guest's own debug registers are kept by the kernel meanwhile.
 *
 * INT3s belong to the machine, as its memory does; each vCPU that wants one counts as its user.
 */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/machine.h"
#include "kvm/kvm-priv.h"

#define INT3        0xcc
#define VECTOR_INT3 3

/* DR6 and DR7 (Intel SDM vol. 3, 18.2.3 and 18.2.4) */
#define DR6_HIT(n)       (1u << (n))
#define DR7_RESERVED_ONE (1u << 10)
#define DR7_GLOBAL(n)    (2u << 2 * (n))
#define DR7_EXACT        (1u << 9)
#define DR7_KIND(n, rw)  ((guint64)(rw) << (16 + 4 * (n)))
#define DR7_LENGTH(n, l) ((guint64)(l) << (18 + 4 * (n)))
#define DR7_RW_EXECUTE   0
#define DR7_RW_WRITE     1
#define DR7_RW_ACCESS    3

/* ---- INT3 in guest memory ---- */

static KvmInt3 *find_int3(KvmAccel *kvm, guint64 linear)
{
    for (guint i = 0; i < kvm->int3s->len; i++) {
        KvmInt3 *int3 = &g_array_index(kvm->int3s, KvmInt3, i);
        if (int3->linear == linear) {
            return int3;
        }
    }
    return NULL;
}

static const KvmInt3 *find_other_int3(KvmAccel *kvm, const KvmInt3 *not_this, guint64 physical)
{
    for (guint i = 0; i < kvm->int3s->len; i++) {
        const KvmInt3 *int3 = &g_array_index(kvm->int3s, KvmInt3, i);
        if (int3 != not_this && int3->physical == physical) {
            return int3;
        }
    }
    return NULL;
}

/* Exchanges a byte of RAM or ROM: what a debugger puts into a ROM is no write of the guest. */
static gboolean exchange_byte(Machine *machine, guint64 physical, guint8 *byte)
{
    DmaMap map;
    gsize length = 1;
    guint8 *host = address_space_map(machine->memory, physical, &length, FALSE, &map);

    if (!host) {
        return FALSE;
    }
    guint8 old = *host;
    *host = *byte;
    *byte = old;
    address_space_unmap(machine->memory, &map, 0);
    return TRUE;
}

static gboolean add_int3(KvmAccel *kvm, Vcpu *vcpu, guint64 linear, GError **error)
{
    KvmVcpu *kv = vcpu->accel_data;
    struct kvm_translation translation = {.linear_address = linear};
    KvmInt3 *present = find_int3(kvm, linear);
    KvmInt3 int3 = {.linear = linear, .users = 1, .byte = INT3};

    if (present) {
        present->users++;
        return TRUE;
    }
    if (kvm_ioctl(kv->fd, KVM_TRANSLATE, &translation) < 0 || !translation.valid) {
        return error_set(error, "no memory is mapped at %#" G_GINT64_MODIFIER "x", linear);
    }
    int3.physical = translation.physical_address;
    const KvmInt3 *other = find_other_int3(kvm, NULL, int3.physical);
    if (other) {
        int3.byte = other->byte; /* the same byte by another address */
    } else if (!exchange_byte(kvm->accel.machine, int3.physical, &int3.byte)) {
        return error_set(error, "there is no RAM at %#" G_GINT64_MODIFIER "x", linear);
    }
    g_array_append_val(kvm->int3s, int3);
    return TRUE;
}

static void drop_int3(KvmAccel *kvm, guint64 linear)
{
    KvmInt3 *int3 = find_int3(kvm, linear);

    if (--int3->users > 0) {
        return;
    }
    if (!find_other_int3(kvm, int3, int3->physical)) {
        guint8 byte = int3->byte;
        /* If the guest has written something else there since, that stays. */
        if (exchange_byte(kvm->accel.machine, int3->physical, &byte) && byte != INT3) {
            exchange_byte(kvm->accel.machine, int3->physical, &byte);
        }
    }
    g_array_remove_index_fast(kvm->int3s, (guint)(int3 - (KvmInt3 *)(void *)kvm->int3s->data));
}

static void drop_int3s(KvmAccel *kvm, GArray *addresses)
{
    for (guint i = 0; i < addresses->len; i++) {
        drop_int3(kvm, g_array_index(addresses, guint64, i));
    }
    g_array_set_size(addresses, 0);
}

/* ---- debug registers ---- */

/* Puts one aligned piece into a register: 1, 2, 4 or 8 bytes. */
static void set_register(KvmDebug *debug, guint rw, guint64 addr, guint size,
                         const CpuDebugHit *hit)
{
    static const guint8 lengths[9] = {[1] = 0, [2] = 1, [4] = 3, [8] = 2};
    guint n = debug->count++;

    debug->addr[n] = addr;
    debug->hit[n] = *hit;
    debug->dr7 |= DR7_GLOBAL(n) | DR7_KIND(n, rw) | DR7_LENGTH(n, lengths[size]);
}

/* Splits a watchpoint into pieces that registers can hold; FALSE if there are too few. */
static gboolean set_watchpoint(KvmDebug *debug, const CpuWatchpoint *watch)
{
    /* There is no kind for reads alone. */
    guint rw = watch->access == CPU_WATCH_WRITE ? DR7_RW_WRITE : DR7_RW_ACCESS;
    CpuDebugHit hit = {CPU_DEBUG_WATCHPOINT, watch->addr, watch->access};

    for (guint64 done = 0; done < watch->length;) {
        guint64 addr = watch->addr + done;
        guint size = 8;
        while (addr % size || size > watch->length - done) {
            size /= 2;
        }
        if (debug->count == KVM_DEBUG_REGISTERS) {
            return FALSE;
        }
        set_register(debug, rw, addr, size, &hit);
        done += size;
    }
    return TRUE;
}

/* Shares the registers out; breakpoints that find none left are to be INT3s. */
static gboolean plan(KvmDebug *debug, const CpuDebug *wanted, GError **error)
{
    for (guint i = 0; i < wanted->watchpoint_count; i++) {
        if (!set_watchpoint(debug, &wanted->watchpoints[i])) {
            return error_set(error, "the processor has only %d debug registers for watchpoints",
                             KVM_DEBUG_REGISTERS);
        }
    }
    for (guint i = 0; i < wanted->breakpoint_count; i++) {
        guint64 addr = wanted->breakpoints[i];
        if (debug->count < KVM_DEBUG_REGISTERS) {
            set_register(debug, DR7_RW_EXECUTE, addr, 1,
                         &(CpuDebugHit){CPU_DEBUG_BREAKPOINT, addr, 0});
        } else {
            g_array_append_val(debug->int3s, addr);
        }
    }
    return TRUE;
}

/* Tells the kernel; `inject` is 0, or a flag that gives the guest its own exception. */
static gboolean commit(Vcpu *vcpu, guint inject, GError **error)
{
    KvmAccel *kvm = (KvmAccel *)vcpu->accel;
    KvmVcpu *kv = vcpu->accel_data;
    const KvmDebug *debug = &kv->debug;
    struct kvm_guest_debug control = {0};

    if (debug->step) {
        control.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
        control.control |= debug->block_irqs ? kvm->blockirq_flag : 0;
    }
    if (debug->int3s->len > 0) {
        control.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
    }
    if (debug->count > 0) {
        control.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
        memcpy(control.arch.debugreg, debug->addr, sizeof(debug->addr));
        control.arch.debugreg[7] = debug->dr7 | DR7_RESERVED_ONE | DR7_EXACT;
    }
    control.control |= inject;
    if (kvm_ioctl(kv->fd, KVM_SET_GUEST_DEBUG, &control) < 0) {
        return error_set_errno(error, errno, "KVM_SET_GUEST_DEBUG failed");
    }
    return TRUE;
}

static gboolean add_int3s(KvmAccel *kvm, Vcpu *vcpu, GArray *addresses, GError **error)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (!add_int3(kvm, vcpu, g_array_index(addresses, guint64, i), error)) {
            g_array_set_size(addresses, i);
            drop_int3s(kvm, addresses);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean kvm_set_debug(Accel *accel, Vcpu *vcpu, const CpuDebug *wanted, GError **error)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    KvmVcpu *kv = vcpu->accel_data;
    KvmDebug before = kv->debug;
    KvmDebug debug = {.step = wanted->single_step, .block_irqs = wanted->step_blocks_irqs};

    kvm_finish_access(vcpu); /* the step is from where the instruction ends */
    debug.int3s = g_array_new(FALSE, FALSE, sizeof(guint64));
    if (!plan(&debug, wanted, error) || !add_int3s(kvm, vcpu, debug.int3s, error)) {
        g_array_unref(debug.int3s);
        return FALSE;
    }
    kv->debug = debug;
    if (!commit(vcpu, 0, error)) {
        kv->debug = before;
        drop_int3s(kvm, debug.int3s);
        g_array_unref(debug.int3s);
        return FALSE;
    }
    drop_int3s(kvm, before.int3s);
    g_array_unref(before.int3s);
    return TRUE;
}

/* ---- exits ---- */

/* What a debug exception means, or CPU_DEBUG_NONE if it is the guest's own. */
static CpuDebugHit classify(Vcpu *vcpu, const struct kvm_debug_exit_arch *exit)
{
    KvmVcpu *kv = vcpu->accel_data;
    const KvmDebug *debug = &kv->debug;

    if (exit->exception == VECTOR_INT3) {
        return find_int3((KvmAccel *)vcpu->accel, exit->pc)
                   ? (CpuDebugHit){CPU_DEBUG_BREAKPOINT, exit->pc, 0}
                   : (CpuDebugHit){0};
    }
    for (guint n = 0; n < debug->count; n++) {
        /* The bit of a register may be set although another one hit (18.2.3). */
        if ((exit->dr6 & DR6_HIT(n)) &&
            (debug->hit[n].reason == CPU_DEBUG_WATCHPOINT || debug->hit[n].addr == exit->pc)) {
            return debug->hit[n];
        }
    }
    return (CpuDebugHit){debug->step ? CPU_DEBUG_STEP : CPU_DEBUG_NONE};
}

VcpuExit kvm_debug_exit(Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;
    const struct kvm_debug_exit_arch *exit = &kv->run->debug.arch;

    vcpu->debug_hit = classify(vcpu, exit);
    if (vcpu->debug_hit.reason != CPU_DEBUG_NONE) {
        return VCPU_EXIT_DEBUG;
    }
    commit(vcpu, exit->exception == VECTOR_INT3 ? KVM_GUESTDBG_INJECT_BP : KVM_GUESTDBG_INJECT_DB,
           NULL);
    return VCPU_EXIT_AGAIN;
}

VcpuExit kvm_debug_step_done(Vcpu *vcpu)
{
    kvm_finish_access(vcpu);
    vcpu->debug_hit = (CpuDebugHit){CPU_DEBUG_STEP};
    return VCPU_EXIT_DEBUG;
}

/* ---- life ---- */

void kvm_debug_init(KvmVcpu *kv)
{
    kv->debug.int3s = g_array_new(FALSE, FALSE, sizeof(guint64));
}

void kvm_debug_finish(Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    drop_int3s((KvmAccel *)vcpu->accel, kv->debug.int3s);
    g_clear_pointer(&kv->debug.int3s, g_array_unref);
}
