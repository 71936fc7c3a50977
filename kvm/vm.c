/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/error.h"
#include "core/machine.h"
#include "kvm/kvm-priv.h"
#include "kvm/kvm.h"

/* Three pages below the firmware for Intel processors without unrestricted guest mode, and one for
 * the identity map (api.rst, KVM_SET_TSS_ADDR and KVM_SET_IDENTITY_MAP_ADDR). */
#define IDENTITY_MAP_ADDR 0xfeffc000ULL
#define TSS_ADDR          0xfeffd000UL

int kvm_ioctl(int fd, unsigned long request, void *argument)
{
    int result;
    do {
        result = ioctl(fd, request, argument);
    } while (result < 0 && errno == EINTR);
    return result;
}

static gboolean open_device(KvmAccel *kvm, GError **error)
{
    kvm->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm->kvm_fd >= 0) {
        return TRUE;
    }
    switch (errno) {
    case ENOENT:
        return error_set(error, "there is no /dev/kvm: this host has no KVM, or the module kvm_amd "
                                "or kvm_intel is not loaded");
    case EACCES:
    case EPERM:
        return error_set(error, "no permission to open /dev/kvm: your user should be in the group "
                                "'kvm'");
    default: return error_set_errno(error, errno, "cannot open /dev/kvm");
    }
}

/* What we cannot do without, by the names of api.rst. */
static gboolean check_capabilities(KvmAccel *kvm, GError **error)
{
    static const struct {
        int capability;
        const char *name;
    } needed[] = {
        {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
        {KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP"},
        {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
        {KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
        {KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
        {KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM"},
        {KVM_CAP_DESTROY_MEMORY_REGION_WORKS, "KVM_CAP_DESTROY_MEMORY_REGION_WORKS"},
    };
    int version = ioctl(kvm->kvm_fd, KVM_GET_API_VERSION, 0);

    if (version < 0) {
        return error_set_errno(error, errno, "/dev/kvm is not the host's KVM");
    }
    if (version != KVM_API_VERSION) {
        return error_set(error, "/dev/kvm speaks version %d of the KVM API, %d is needed", version,
                         KVM_API_VERSION);
    }
    for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (ioctl(kvm->kvm_fd, KVM_CHECK_EXTENSION, needed[i].capability) <= 0) {
            return error_set(error, "the host's KVM lacks %s: a kernel of 4.12 or later is needed",
                             needed[i].name);
        }
    }
    return TRUE;
}

static gboolean create_vm(KvmAccel *kvm, GError **error)
{
    guint64 identity_map = IDENTITY_MAP_ADDR;

    do {
        kvm->vm_fd = ioctl(kvm->kvm_fd, KVM_CREATE_VM, 0);
    } while (kvm->vm_fd < 0 && errno == EINTR);
    if (kvm->vm_fd < 0) {
        return error_set_errno(error, errno, "cannot create a KVM virtual machine");
    }
    kvm->stats_fd = kvm_stats_open(kvm->vm_fd);
    kvm->run_size = ioctl(kvm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
    /* Tells which flags of KVM_SET_GUEST_DEBUG there are; 0 before Linux 5.13. */
    kvm->blockirq_flag =
        (guint)MAX(ioctl(kvm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG2), 0) &
        KVM_GUESTDBG_BLOCKIRQ;
    /* Only Intel hosts know these, and only they need them. */
    kvm_ioctl(kvm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map);
    ioctl(kvm->vm_fd, KVM_SET_TSS_ADDR, TSS_ADDR);
    return kvm_irqchip_create(kvm, error);
}

static void kvm_close(Accel *accel)
{
    KvmAccel *kvm = (KvmAccel *)accel;

    if (kvm->stats_fd >= 0) {
        close(kvm->stats_fd);
    }
    if (kvm->vm_fd >= 0) {
        close(kvm->vm_fd);
    }
    if (kvm->kvm_fd >= 0) {
        close(kvm->kvm_fd);
    }
    g_clear_pointer(&kvm->cpuid, g_array_unref);
    g_clear_pointer(&kvm->slot_state, g_array_unref);
    g_clear_pointer(&kvm->int3s, g_array_unref);
    kvm->kvm_fd = kvm->vm_fd = kvm->stats_fd = -1;
}

static gboolean kvm_open(Accel *accel, GError **error)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    /* A signal that comes late, after KVM_RUN, must not end a device's read(2) or write(2). */
    struct sigaction action = {.sa_sigaction = kvm_ticker_signal,
                               .sa_flags = SA_RESTART | SA_SIGINFO};

    kvm->vm_fd = kvm->stats_fd = -1;
    kvm->slot_state = g_array_new(FALSE, TRUE, sizeof(guint8));
    kvm->int3s = g_array_new(FALSE, FALSE, sizeof(KvmInt3));
    if (open_device(kvm, error) && check_capabilities(kvm, error) && create_vm(kvm, error) &&
        kvm_cpuid_open(kvm, error)) {
        sigaction(KVM_KICK_SIGNAL, &action, NULL);
        return TRUE;
    }
    kvm_close(accel);
    return FALSE;
}

/* The paravirtual clock (api.rst, KVM_GET_CLOCK) stands still with the guest clock. */
static void kvm_clock_changed(Accel *accel, gboolean running)
{
    KvmAccel *kvm = (KvmAccel *)accel;

    if (!running) {
        kvm_ioctl(kvm->vm_fd, KVM_GET_CLOCK, &kvm->clock);
    } else if (kvm->clock.clock) {
        kvm->clock.flags = 0;
        kvm_ioctl(kvm->vm_fd, KVM_SET_CLOCK, &kvm->clock);
    }
}

const AccelOps kvm_accel_ops = {
    .name = "kvm",
    .summary = "the host's processor, through Linux KVM",
    .caps = ACCEL_RUNS_CODE | ACCEL_KERNEL_LAPIC,
    .size = sizeof(KvmAccel),
    .open = kvm_open,
    .close = kvm_close,
    .set_slot = kvm_set_slot,
    .take_dirty = kvm_take_dirty,
    .hold_guest = kvm_hold_guest,
    .release_guest = kvm_release_guest,
    .set_intr = kvm_set_intr,
    .send_msi = kvm_send_msi,
    .set_ticker = kvm_set_ticker,
    .set_route = kvm_set_route,
    .vcpu_open = kvm_vcpu_open,
    .vcpu_close = kvm_vcpu_close,
    .vcpu_run = kvm_vcpu_run,
    .vcpu_kick = kvm_vcpu_kick,
    .get_regs = kvm_get_regs,
    .set_regs = kvm_set_regs,
    .reset = kvm_reset,
    .inject_nmi = kvm_inject_nmi,
    .set_debug = kvm_set_debug,
    .stats = kvm_stats,
    .clock_changed = kvm_clock_changed,
};
