/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual processors and their scheduler: one thread each, which runs guest code through the
 * accelerator without the vm lock.
 *
 * vcpus_pause() returns when no vCPU is in guest code; vcpu_call() runs a function on a vCPU's
 * thread between two stretches of guest code. Called with the vm lock held, which these two drop
 * while they wait.
 */
#pragma once

#include <glib.h>
#include <pthread.h>

#include "core/accel.h"

struct Vcpu {
    guint index; /* 0 = boot processor; also its initial APIC id */
    Machine *machine;
    Accel *accel;
    GThread *thread;
    int host_tid; /* host thread id, for `info cpus` */
    pthread_t posix_thread;
    char *error;           /* vm lock. Set by vcpu_run that returns VCPU_EXIT_ERROR: why; owned */
    void *accel_data;      /* the accelerator's, from vcpu_open to vcpu_close */
    gboolean halted;       /* last exit said so; for `info cpus` */
    const CpuDebug *debug; /* what a debugger wants; never NULL. Changed on the vCPU's thread */
    CpuDebugHit
        debug_hit; /* set by vcpu_run that returns VCPU_EXIT_DEBUG. Vm lock, or its thread */
    gboolean held; /* vm lock. By a debugger: vcpus_resume() leaves it stopped */
    /* private to core/vcpu.c */
    struct VcpuSync *sync; /* its mutex guards what follows */
    gboolean stop;         /* asked to leave guest code and stay out */
    gboolean quit;         /* asked to end its thread */
    gboolean stopped;      /* has left guest code, as asked */
    gboolean opened;       /* vcpu_open has been tried */
    GError *open_error;
    GQueue calls; /* of pending vcpu_call()s */
};

/* Starts `count` stopped vCPUs. Fails with the accelerator's reason. */
gboolean vcpus_create(Machine *machine, guint count, GError **error);
void vcpus_destroy(Machine *machine);

/* Lets them run; makes them stop and waits until they have. */
void vcpus_resume(Machine *machine);
void vcpus_pause(Machine *machine);

/* Runs `fn(vcpu, opaque)` on the vCPU's thread, with the vm lock, and waits for it. Called from
 * that thread itself it runs at once. */
void vcpu_call(Vcpu *vcpu, void (*fn)(Vcpu *vcpu, void *opaque), void *opaque);

/* Registers of a vCPU, running or not (a running one is interrupted for it). */
void vcpu_get_regs(Vcpu *vcpu, CpuRegisters *regs);
void vcpu_set_regs(Vcpu *vcpu, const CpuRegisters *regs);

/*
 * Tells a vCPU what a debugger wants; `debug` must stay as it is until the next call (NULL =
 * nothing). FALSE if the accelerator cannot do it: what it was told before stands then.
 */
gboolean vcpu_set_debug(Vcpu *vcpu, const CpuDebug *debug, GError **error);

/* CPU time that all vCPU threads have used so far, in ns. Any thread, while they exist. */
gint64 vcpus_cpu_time(Machine *machine);

/* Sends it out of guest code so that it sees new interrupts. From any thread, no lock needed. */
void vcpu_kick(Vcpu *vcpu);

/* As the board's NMI button would, to every processor. */
void vcpus_inject_nmi(Machine *machine);

/* If this is a vCPU's thread: it runs no more guest code until the next vcpus_resume(). */
void vcpu_stop_current(void);

/* The vCPU whose thread this is, or NULL. */
Vcpu *vcpu_current(void);
