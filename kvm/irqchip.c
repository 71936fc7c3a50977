/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The split interrupt controller: local APICs in the kernel, 8259A pair and I/O APIC here
 * (api.rst, KVM_CAP_SPLIT_IRQCHIP).
 */
#include <errno.h>

#include "core/error.h"
#include "core/log.h"
#include "core/machine.h"
#include "kvm/kvm-priv.h"

gboolean kvm_irqchip_create(KvmAccel *kvm, GError **error)
{
    struct kvm_enable_cap cap = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {KVM_IOAPIC_PINS}};

    if (kvm_ioctl(kvm->vm_fd, KVM_ENABLE_CAP, &cap) < 0) {
        return error_set_errno(error, errno, "KVM cannot put the local APICs into the kernel");
    }
    return TRUE;
}

void kvm_set_intr(Accel *accel, int level)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    int before = __atomic_exchange_n(&kvm->intr, level, __ATOMIC_ACQ_REL);

    if (level && !before && accel->machine->vcpus->len > 0) {
        Vcpu *vcpu = g_ptr_array_index(accel->machine->vcpus, 0);
        if (vcpu != vcpu_current()) {
            vcpu_kick(vcpu);
        }
    }
}

void kvm_deliver_intr(KvmAccel *kvm, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;
    Machine *machine = vcpu->machine;

    kv->run->request_interrupt_window = 0;
    if (vcpu->index != 0 || !__atomic_load_n(&kvm->intr, __ATOMIC_ACQUIRE)) {
        return;
    }
    if (!kv->run->ready_for_interrupt_injection) {
        kv->run->request_interrupt_window = 1;
        return;
    }
    /* INTR may have gone away while we waited for the lock: nothing to acknowledge then. */
    vm_lock_take(machine->lock, "kvm intr");
    if (kvm->intr && machine->pic_acknowledge) {
        struct kvm_interrupt interrupt = {.irq = machine->pic_acknowledge(machine->pic_opaque)};
        kvm_ioctl(kv->fd, KVM_INTERRUPT, &interrupt);
        /* The kernel tells anew at the next exit; until then it holds this one and takes no other,
         * even if a hold keeps us from entering the guest. */
        kv->run->ready_for_interrupt_injection = 0;
    }
    vm_lock_drop(machine->lock);
    /* Another one may be waiting behind it. */
    kv->run->request_interrupt_window = __atomic_load_n(&kvm->intr, __ATOMIC_ACQUIRE) != 0;
}

void kvm_send_msi(Accel *accel, guint64 addr, guint32 data)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    struct kvm_msi msi = {
        .address_lo = (guint32)addr,
        .address_hi = (guint32)(addr >> 32),
        .data = data,
    };
    kvm_ioctl(kvm->vm_fd, KVM_SIGNAL_MSI, &msi);
}

/* Tells the kernel which vectors are level-triggered, so that their EOI comes to us. */
static void routes_commit(KvmAccel *kvm)
{
    struct {
        struct kvm_irq_routing header;
        struct kvm_irq_routing_entry entries[KVM_IOAPIC_PINS];
    } table = {{0}};

    for (guint pin = 0; pin < KVM_IOAPIC_PINS; pin++) {
        if (kvm->routes[pin].level) {
            table.entries[table.header.nr++] = (struct kvm_irq_routing_entry){
                .gsi = pin,
                .type = KVM_IRQ_ROUTING_MSI,
                .u.msi = {.address_lo = (guint32)kvm->routes[pin].addr,
                          .address_hi = (guint32)(kvm->routes[pin].addr >> 32),
                          .data = kvm->routes[pin].data},
            };
        }
    }
    if (kvm_ioctl(kvm->vm_fd, KVM_SET_GSI_ROUTING, &table) < 0) {
        report_warning("KVM refused the interrupt routes: %s", g_strerror(errno));
    }
}

void kvm_set_route(Accel *accel, guint pin, guint64 addr, guint32 data, gboolean level)
{
    KvmAccel *kvm = (KvmAccel *)accel;

    g_assert(pin < KVM_IOAPIC_PINS);
    if (kvm->routes[pin].level == level &&
        (!level || (kvm->routes[pin].addr == addr && kvm->routes[pin].data == data))) {
        return;
    }
    kvm->routes[pin].level = level;
    kvm->routes[pin].addr = addr;
    kvm->routes[pin].data = data;
    routes_commit(kvm);
}

static void nmi_call(Vcpu *vcpu, void *opaque)
{
    kvm_ioctl(((KvmVcpu *)vcpu->accel_data)->fd, KVM_NMI, NULL);
}

void kvm_inject_nmi(Accel *accel, Vcpu *vcpu)
{
    vcpu_call(vcpu, nmi_call, NULL);
}
