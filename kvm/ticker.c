/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board's timer on the boot processor's thread. A POSIX timer sends that thread the signal that
 * ends KVM_RUN. It may come at any moment, so its handler also makes the next KVM_RUN return at
 * once, unless the thread finds before it that the tick is due. Where there is no such timer, the
 * main loop runs it.
 */
#include "core/machine.h"
#include "kvm/kvm-priv.h"

/* The kernel's name for it; glibc 2.36 has no other. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

void kvm_ticker_signal(int number, siginfo_t *info, void *context)
{
    if (info->si_code == SI_TIMER) { /* otherwise a kick: that it arrives ends KVM_RUN */
        KvmVcpu *kv = info->si_value.sival_ptr;
        __atomic_store_n(&kv->tick_due, TRUE, __ATOMIC_SEQ_CST);
        __atomic_store_n(&kv->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
    }
}

static void arm(void *opaque, gint64 host_ns)
{
    const KvmVcpu *kv = opaque;
    struct itimerspec spec = {{0}};

    if (host_ns != G_MAXINT64) {
        spec.it_value.tv_sec = host_ns / NS_PER_SEC;
        spec.it_value.tv_nsec = host_ns % NS_PER_SEC;
    }
    timer_settime(kv->alarm, TIMER_ABSTIME, &spec, NULL);
}

static void lend(KvmAccel *kvm, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    if (kvm->ticker && kv && kv->has_alarm) {
        clock_lend(vcpu->machine->guest_clock, kvm->ticker, arm, kv);
    }
}

void kvm_set_ticker(Accel *accel, Timer *timer)
{
    KvmAccel *kvm = (KvmAccel *)accel;

    clock_end_loan(accel->machine->guest_clock);
    kvm->ticker = timer;
    if (accel->machine->vcpus->len > 0) {
        lend(kvm, g_ptr_array_index(accel->machine->vcpus, 0));
    }
}

void kvm_ticker_open(KvmAccel *kvm, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD_ID,
        .sigev_signo = KVM_KICK_SIGNAL,
        .sigev_value = {.sival_ptr = kv},
    };

    event.sigev_notify_thread_id = vcpu->host_tid;
    if (vcpu->index == 0) {
        kv->has_alarm = timer_create(CLOCK_MONOTONIC, &event, &kv->alarm) == 0;
        lend(kvm, vcpu);
    }
}

void kvm_ticker_close(KvmAccel *kvm, Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    if (kv->has_alarm) {
        clock_end_loan(vcpu->machine->guest_clock);
        timer_delete(kv->alarm); /* a signal that was under way has come when this returns */
        kv->has_alarm = FALSE;
    }
}

void kvm_ticker_run(Vcpu *vcpu)
{
    KvmVcpu *kv = vcpu->accel_data;

    if (__atomic_load_n(&kv->tick_due, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&kv->tick_due, FALSE, __ATOMIC_SEQ_CST);
        vm_lock_take(vcpu->machine->lock, "kvm tick");
        clock_run_lent(vcpu->machine->guest_clock);
        vm_lock_drop(vcpu->machine->lock);
    }
}
