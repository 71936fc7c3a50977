/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a processor: KVM_RUN and what it returns (api.rst, "The kvm_run structure").
 *
 * A kick is never lost. The kicker sets immediate_exit, then looks at in_guest; the vCPU sets
 * in_guest, then enters KVM_RUN, which looks at immediate_exit. Whichever comes first in the total
 * order of these, either KVM_RUN returns at once or the kicker sends the signal, which interrupts
 * it. immediate_exit is cleared only after the exit, and what was asked for is looked at after
 * that.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/board.h"
#include "core/error.h"
#include "core/machine.h"
#include "kvm/kvm-priv.h"

/* ---- errors ---- */

/* The bytes at the instruction pointer, "66 0f 3a ..", as far as its page goes. */
static char *instruction_bytes(Vcpu *vcpu, const struct kvm_regs *regs,
                               const struct kvm_sregs *sregs)
{
    KvmVcpu *kv = vcpu->accel_data;
    struct kvm_translation translation = {.linear_address = sregs->cs.base + regs->rip};
    guint8 bytes[15]; /* the longest instruction */
    guint count =
        MIN(sizeof(bytes), DIRTY_PAGE_SIZE - translation.linear_address % DIRTY_PAGE_SIZE);
    GString *text = g_string_new(NULL);

    if (kvm_ioctl(kv->fd, KVM_TRANSLATE, &translation) < 0 || !translation.valid ||
        !address_space_read(vcpu->machine->memory, translation.physical_address, bytes, count)) {
        g_string_append(text, "not readable");
    } else {
        for (guint i = 0; i < count; i++) {
            g_string_append_printf(text, "%s%02x", i ? " " : "", bytes[i]);
        }
    }
    return g_string_free(text, FALSE);
}

static VcpuExit fail(Vcpu *vcpu, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Stops the machine with an error that says where the processor is. */
static VcpuExit fail(Vcpu *vcpu, const char *format, ...)
{
    KvmVcpu *kv = vcpu->accel_data;
    struct kvm_regs regs = {0};
    struct kvm_sregs sregs = {0};
    va_list args;

    kvm_ioctl(kv->fd, KVM_GET_REGS, &regs);
    kvm_ioctl(kv->fd, KVM_GET_SREGS, &sregs);
    g_autofree char *bytes = instruction_bytes(vcpu, &regs, &sregs);
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    vm_lock_take(vcpu->machine->lock, "kvm error");
    g_free(vcpu->error);
    vcpu->error = g_strdup_printf("%s at %04x:%" G_GINT64_MODIFIER "x (bytes there: %s); the "
                                  "machine is paused",
                                  what, sregs.cs.selector, (guint64)regs.rip, bytes);
    vm_lock_drop(vcpu->machine->lock);
    return VCPU_EXIT_ERROR;
}

static VcpuExit internal_error(Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    if (kv->run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION) {
        return fail(vcpu, "the host's KVM cannot emulate an instruction (its KVM is partial: try "
                          "-accel tcg)");
    }
    return fail(vcpu, "KVM internal error %u", kv->run->internal.suberror);
}

/* ---- exits ---- */

static void handle_io(Vcpu *vcpu, struct kvm_run *run)
{
    AddressSpace *io = vcpu->machine->io;
    guint8 *data = (guint8 *)run + run->io.data_offset;
    guint size = run->io.size;

    for (guint i = 0; i < run->io.count; i++, data += size) {
        guint64 value = 0;
        if (run->io.direction == KVM_EXIT_IO_IN) {
            value = address_space_load(io, run->io.port, size);
            memcpy(data, &value, size);
        } else {
            memcpy(&value, data, size);
            address_space_store(io, run->io.port, value, size);
        }
    }
}

static void handle_mmio(Vcpu *vcpu, struct kvm_run *run)
{
    AddressSpace *memory = vcpu->machine->memory;
    guint64 value = 0;

    if (run->mmio.len > 8) {
        return;
    }
    if (run->mmio.is_write) {
        memcpy(&value, run->mmio.data, run->mmio.len);
        address_space_store(memory, run->mmio.phys_addr, value, run->mmio.len);
    } else {
        value = address_space_load(memory, run->mmio.phys_addr, run->mmio.len);
        memcpy(run->mmio.data, &value, run->mmio.len);
    }
}

static void handle_eoi(Vcpu *vcpu, guint vector)
{
    Machine *machine = vcpu->machine;

    vm_lock_take(machine->lock, "kvm eoi");
    if (machine->eoi) {
        machine->eoi(machine->eoi_opaque, vector);
    }
    vm_lock_drop(machine->lock);
}

static VcpuExit access_served(Vcpu *vcpu)
{
    return vcpu->debug->single_step ? kvm_debug_step_done(vcpu) : VCPU_EXIT_AGAIN;
}

static VcpuExit handle_exit(Vcpu *vcpu, struct kvm_run *run)
{
    switch (run->exit_reason) {
    case KVM_EXIT_IO: handle_io(vcpu, run); return access_served(vcpu);
    case KVM_EXIT_MMIO: handle_mmio(vcpu, run); return access_served(vcpu);
    case KVM_EXIT_IRQ_WINDOW_OPEN:
    case KVM_EXIT_INTR:
    case KVM_EXIT_SET_TPR: return VCPU_EXIT_AGAIN;
    case KVM_EXIT_IOAPIC_EOI: handle_eoi(vcpu, run->eoi.vector); return VCPU_EXIT_AGAIN;
    case KVM_EXIT_HLT: return VCPU_EXIT_HALTED;
    case KVM_EXIT_DEBUG: return kvm_debug_exit(vcpu);
    case KVM_EXIT_SHUTDOWN: return VCPU_EXIT_SHUTDOWN;
    case KVM_EXIT_SYSTEM_EVENT:
        return run->system_event.type == KVM_SYSTEM_EVENT_RESET
                   ? VCPU_EXIT_RESET
                   : fail(vcpu, "KVM system event %u", run->system_event.type);
    case KVM_EXIT_INTERNAL_ERROR: return internal_error(vcpu);
    case KVM_EXIT_FAIL_ENTRY:
        return fail(vcpu, "the processor refused the guest's state (reason %#llx)",
                    (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
    default: return fail(vcpu, "unexpected KVM exit %u", run->exit_reason);
    }
}

/* ---- running ---- */

VcpuExit kvm_vcpu_run(Accel *accel, Vcpu *vcpu)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    KvmVcpu *kv = vcpu->accel_data;
    gboolean held;
    int result = -1, error = EINTR;

    kvm_ticker_run(vcpu);
    if (!vcpu->debug->step_blocks_irqs) {
        kvm_deliver_intr(kvm, vcpu);
    }
    __atomic_store_n(&kv->in_guest, 1, __ATOMIC_SEQ_CST);
    held = __atomic_load_n(&kvm->hold, __ATOMIC_SEQ_CST) != 0;
    if (!held) {
        result = ioctl(kv->fd, KVM_RUN, 0);
        error = errno;
    }
    __atomic_store_n(&kv->in_guest, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&kv->run->immediate_exit, 0, __ATOMIC_SEQ_CST);

    if (held) { /* by whoever has the lock: waiting for it leaves them the processor */
        vm_lock_take(vcpu->machine->lock, "kvm hold");
        vm_lock_drop(vcpu->machine->lock);
        return VCPU_EXIT_AGAIN;
    }
    kv->access_pending = result == 0;
    if (result == 0) {
        return handle_exit(vcpu, kv->run);
    }
    if (error == EINTR || error == EAGAIN) {
        return VCPU_EXIT_AGAIN;
    }
    return fail(vcpu, "KVM_RUN failed: %s", g_strerror(error));
}

void kvm_finish_access(Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    while (kv->access_pending) {
        __atomic_store_n(&kv->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
        kv->access_pending = ioctl(kv->fd, KVM_RUN, 0) == 0;
        __atomic_store_n(&kv->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
        if (kv->access_pending && kv->run->exit_reason == KVM_EXIT_IO) {
            handle_io(vcpu, kv->run);
        } else if (kv->access_pending && kv->run->exit_reason == KVM_EXIT_MMIO) {
            handle_mmio(vcpu, kv->run);
        }
    }
}

void kvm_vcpu_kick(Accel *accel, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    if (!kv) {
        return;
    }
    __atomic_store_n(&kv->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&kv->in_guest, __ATOMIC_SEQ_CST)) {
        syscall(SYS_tgkill, getpid(), vcpu->host_tid, KVM_KICK_SIGNAL);
    }
}

void kvm_hold_guest(Accel *accel)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    GPtrArray *vcpus = accel->machine->vcpus;

    __atomic_add_fetch(&kvm->hold, 1, __ATOMIC_SEQ_CST);
    for (guint i = 0; i < vcpus->len; i++) {
        kvm_vcpu_kick(&kvm->accel, g_ptr_array_index(vcpus, i));
    }
    for (guint i = 0; i < vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(vcpus, i);
        KvmVcpu *kv = vcpu->accel_data;
        while (vcpu != vcpu_current() && __atomic_load_n(&kv->in_guest, __ATOMIC_SEQ_CST)) {
            sched_yield();
        }
    }
}

void kvm_release_guest(Accel *accel)
{
    __atomic_sub_fetch(&((KvmAccel *)accel)->hold, 1, __ATOMIC_SEQ_CST);
}

/* ---- life ---- */

gboolean kvm_vcpu_open(Accel *accel, Vcpu *vcpu, GError **error)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    KvmVcpu *kv = g_new0(KvmVcpu, 1);

    const BoardConfig *board = accel->machine->board_config;
    guint id = cpu_apic_id(board ? &board->topology : NULL, vcpu->index);

    kv->fd = ioctl(kvm->vm_fd, KVM_CREATE_VCPU, (unsigned long)id);
    if (kv->fd < 0) {
        error_set_errno(error, errno, "KVM cannot make processor %u", vcpu->index);
        g_free(kv);
        return FALSE;
    }
    kv->run = mmap(NULL, (gsize)kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, kv->fd, 0);
    if (kv->run == MAP_FAILED) {
        error_set_errno(error, errno, "cannot map the state of processor %u", vcpu->index);
        close(kv->fd);
        g_free(kv);
        return FALSE;
    }
    kv->stats_fd = kvm_stats_open(kv->fd);
    vcpu->accel_data = kv;
    kvm_debug_init(kv);
    if (kvm_cpuid_apply(kvm, vcpu, error) && kvm_init_state_save(kvm, kv, error)) {
        kvm_ticker_open(kvm, vcpu);
        return TRUE;
    }
    kvm_vcpu_close(accel, vcpu);
    return FALSE;
}

void kvm_vcpu_close(Accel *accel, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    kvm_debug_finish(vcpu);
    kvm_ticker_close((KvmAccel *)accel, vcpu);
    vcpu->accel_data = NULL;
    kvm_init_state_free(kv);
    munmap(kv->run, (gsize)((KvmAccel *)accel)->run_size);
    if (kv->stats_fd >= 0) {
        close(kv->stats_fd);
    }
    close(kv->fd);
    g_free(kv);
}
