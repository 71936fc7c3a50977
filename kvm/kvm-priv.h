/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of kvm/ share: vm.c opens and closes the VM, slots.c maps memory, irqchip.c
 * brings interrupts, cpuid.c and state.c set processors up, vcpu.c runs them, debug.c stops them.
 */
#pragma once

#include <linux/kvm.h>
#include <signal.h>
#include <time.h>

#include "core/accel.h"
#include "core/vcpu.h"

/* Pins of the I/O APIC: the kernel watches EOIs of the vectors routed to them. */
#define KVM_IOAPIC_PINS 24

/* What the kernel has been told of a slot. */
typedef enum SlotState { SLOT_ABSENT, SLOT_WRITABLE, SLOT_READONLY } SlotState;

#define KVM_DEBUG_REGISTERS 4

/* A breakpoint in guest memory. */
typedef struct KvmInt3 {
    guint64 linear, physical;
    guint users; /* vCPUs */
    guint8 byte; /* what was there */
} KvmInt3;

/* What a debugger wants of a vCPU. */
typedef struct KvmDebug {
    gboolean step, block_irqs;
    guint count; /* of debug registers in use */
    guint64 addr[KVM_DEBUG_REGISTERS], dr7;
    CpuDebugHit hit[KVM_DEBUG_REGISTERS]; /* what each stands for */
    GArray *int3s;                        /* of guint64, linear addresses */
} KvmDebug;

typedef struct KvmAccel {
    Accel accel;
    int kvm_fd, vm_fd;
    int stats_fd;                /* of the VM; -1 = the kernel gives none */
    int run_size;                /* of struct kvm_run and what follows it */
    GArray *slot_state;          /* of guint8, a SlotState for each slot index */
    GArray *cpuid;               /* of CpuidEntry: the model, before topology */
    gint intr;                   /* (atomic) level of the PIC's INTR */
    gint hold;                   /* (atomic) vCPUs stay out of KVM_RUN while it is not 0 */
    struct kvm_clock_data clock; /* while the guest clock stands */
    GArray *int3s;               /* of KvmInt3. Vm lock */
    guint blockirq_flag;         /* KVM_GUESTDBG_BLOCKIRQ if the kernel knows it */
    Timer *ticker;               /* what the boot processor's thread may run, or NULL */
    struct {
        gboolean level;
        guint64 addr;
        guint32 data;
    } routes[KVM_IOAPIC_PINS];
} KvmAccel;

/* Everything of a processor that a reset restores, as the kernel made it. */
typedef struct KvmInitState {
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    struct kvm_fpu fpu;
    struct kvm_xcrs xcrs;
    struct kvm_debugregs debugregs;
    struct kvm_lapic_state lapic;
    struct kvm_vcpu_events events;
    struct kvm_msrs *msrs;
} KvmInitState;

typedef struct KvmVcpu {
    int fd;
    struct kvm_run *run;     /* shared with the kernel */
    gint in_guest;           /* (atomic) between the last check and the return of KVM_RUN */
    int stats_fd;            /* -1 = the kernel gives none */
    gboolean tick_due;       /* (atomic) the signal of `alarm` has come */
    gboolean has_alarm;      /* the boot processor's alone */
    timer_t alarm;           /* sends the thread KVM_KICK_SIGNAL when the ticker is due */
    gboolean access_pending; /* an exit was served that the next KVM_RUN completes */
    KvmInitState init;
    KvmDebug debug;
} KvmVcpu;

/* ioctl(2) that is tried again when a signal came between. */
int kvm_ioctl(int fd, unsigned long request, void *argument);

/* stats.c */
/* The descriptor that tells the statistics of a VM's or vCPU's; -1 if there is none. */
int kvm_stats_open(int fd);
GVariant *kvm_stats(Accel *accel, Vcpu *vcpu, gboolean schema);

/* slots.c */
void kvm_set_slot(Accel *accel, const MemorySlot *slot);
void kvm_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap);

/* irqchip.c */
gboolean kvm_irqchip_create(KvmAccel *kvm, GError **error);
void kvm_set_intr(Accel *accel, int level);
void kvm_send_msi(Accel *accel, guint64 addr, guint32 data);
void kvm_set_route(Accel *accel, guint pin, guint64 addr, guint32 data, gboolean level);
void kvm_inject_nmi(Accel *accel, Vcpu *vcpu);
/* On the boot processor's thread, before KVM_RUN: hands over the PIC's interrupt, or asks to be
 * told when the guest can take it. */
void kvm_deliver_intr(KvmAccel *kvm, Vcpu *vcpu);

/* ticker.c: the board's timer, run by the boot processor's thread, which it interrupts anyway:
 * neither the main loop wakes for it, nor is one thread woken by the other. */
void kvm_set_ticker(Accel *accel, Timer *timer);
void kvm_ticker_open(KvmAccel *kvm, Vcpu *vcpu); /* on the vCPU's thread, as the next three */
void kvm_ticker_close(KvmAccel *kvm, Vcpu *vcpu);
/* Before KVM_RUN, and before interrupts are delivered. */
void kvm_ticker_run(Vcpu *vcpu);
/* The handler of KVM_KICK_SIGNAL. */
void kvm_ticker_signal(int number, siginfo_t *info, void *context);

/* cpuid.c */
gboolean kvm_cpuid_open(KvmAccel *kvm, GError **error);
gboolean kvm_cpuid_apply(KvmAccel *kvm, Vcpu *vcpu, GError **error);

/* state.c */
gboolean kvm_init_state_save(KvmAccel *kvm, KvmVcpu *kv, GError **error);
void kvm_init_state_free(KvmVcpu *kv);
void kvm_reset(Accel *accel, Vcpu *vcpu);
void kvm_get_regs(Accel *accel, Vcpu *vcpu, CpuRegisters *regs);
void kvm_set_regs(Accel *accel, Vcpu *vcpu, const CpuRegisters *regs);

/* debug.c */
void kvm_debug_init(KvmVcpu *kv);
void kvm_debug_finish(Vcpu *vcpu);
gboolean kvm_set_debug(Accel *accel, Vcpu *vcpu, const CpuDebug *wanted, GError **error);
/* After KVM_EXIT_DEBUG; the guest's own exception goes to it. */
VcpuExit kvm_debug_exit(Vcpu *vcpu);
/* After a step's port or memory access was served: the kernel may or may not tell of its end. */
VcpuExit kvm_debug_step_done(Vcpu *vcpu);

/* vcpu.c */
gboolean kvm_vcpu_open(Accel *accel, Vcpu *vcpu, GError **error);
void kvm_vcpu_close(Accel *accel, Vcpu *vcpu);
VcpuExit kvm_vcpu_run(Accel *accel, Vcpu *vcpu);
void kvm_vcpu_kick(Accel *accel, Vcpu *vcpu);
/*
 * Completes the instruction whose port or memory access we have served: the kernel does that at the
 * next KVM_RUN, so registers are not to be read or replaced before. On the vCPU's thread.
 */
void kvm_finish_access(Vcpu *vcpu);
/* Keeps all vCPUs out of guest code, without dropping the vm lock, and lets them in again. Nests.
 */
void kvm_hold_guest(Accel *accel);
void kvm_release_guest(Accel *accel);
/* The signal that brings a thread out of KVM_RUN. */
#define KVM_KICK_SIGNAL SIGUSR1
