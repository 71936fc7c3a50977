/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator seam: what runs guest code. `kvm`, later `tcg`, and `qtest`, whose vCPUs are
 * parked and whose clock is stepped by the test.
 *
 * PIC, I/O APIC and PIT are device models of ours under every accelerator. The PIC's INTR output
 * comes in by accel_set_intr(), APIC messages (I/O APIC, MSI) by accel_send_msi(). Ports and memory
 * are reached inside vcpu_run through core/memory's address spaces, so it returns only what the
 * scheduler (core/vcpu.c) must know.
 */
#pragma once

#include <glib.h>

#include "core/device.h"
#include "core/memory.h"
#include "cpu/debug.h"
#include "cpu/registers.h"
#include "mainloop/timer.h"

typedef struct Accel Accel;
typedef struct AccelOps AccelOps;
typedef struct Vcpu Vcpu;

/* Why vcpu_run returned. */
typedef enum VcpuExit {
    VCPU_EXIT_AGAIN,    /* nothing to do: kicked, or a device was served */
    VCPU_EXIT_HALTED,   /* sleeps until an interrupt or a kick; the scheduler waits */
    VCPU_EXIT_SHUTDOWN, /* triple fault */
    VCPU_EXIT_RESET,    /* guest asked for a machine reset */
    VCPU_EXIT_ERROR,    /* cannot go on: vcpu->error says why, in words for the user */
    VCPU_EXIT_DEBUG,    /* break- or watchpoint, or single step done: see vcpu->debug_hit */
} VcpuExit;

/* Capabilities of an accelerator. */
typedef enum AccelCaps {
    ACCEL_RUNS_CODE = 1 << 0,    /* guest code runs at all (not qtest) */
    ACCEL_KERNEL_LAPIC = 1 << 1, /* local APICs are not ours */
    ACCEL_COUNTS_TIME = 1 << 2,  /* can let time pass by instructions: machine->icount_shift */
} AccelCaps;

/* One instance, made by open; implementations embed it first. */
struct Accel {
    const AccelOps *ops;
    Machine *machine;
    /* Of CpuidEntry (cpu/model.h): the most that it can show of a processor. Set by open, freed
     * after close; NULL = it runs none. */
    GArray *cpuid_supported;
    gboolean one_insn; /* blocks of code have one instruction each: see set_one_insn */
};

struct AccelOps {
    const char *name;    /* as in -accel NAME */
    const char *summary; /* one line for -accel help */
    guint caps;
    const OptionSpec *options;
    gsize size; /* of the struct that begins with Accel */
    /* All functions are required unless said otherwise; vm lock held unless said otherwise. */
    gboolean (*open)(Accel *accel, GError **error); /* fails with what is missing and the cure */
    void (*close)(Accel *accel);
    void (*set_slot)(Accel *accel, const MemorySlot *slot);
    void (*take_dirty)(Accel *accel, const MemorySlot *slot, unsigned long *bitmap);
    /* Keep all vCPUs out of guest code while slots go and come, so that none misses memory that
     * stays; nests. NULL, both = not needed. */
    void (*hold_guest)(Accel *accel);
    void (*release_guest)(Accel *accel);
    /* Level of the PIC's INTR output, which goes to the boot processor. */
    void (*set_intr)(Accel *accel, int level);
    /* Delivers an interrupt message (Intel SDM vol. 3, 11.11). From any thread, no lock needed. */
    void (*send_msi)(Accel *accel, guint64 addr, guint32 data);
    /* What this timer's callback does is mostly an interrupt for the boot processor: its thread may
     * run it (clock_lend()). NULL = it goes away. NULL, the function = not needed. */
    void (*set_ticker)(Accel *accel, Timer *timer);
    /* An I/O APIC pin's redirection entry changed, as the message it will send; `level` =
     * level-triggered and unmasked, so its EOI must come back (machine->eoi). NULL = not needed. */
    void (*set_route)(Accel *accel, guint pin, guint64 addr, guint32 data, gboolean level);
    gboolean (*vcpu_open)(Accel *accel, Vcpu *vcpu, GError **error); /* on the vCPU's thread */
    void (*vcpu_close)(Accel *accel, Vcpu *vcpu);                    /* on the vCPU's thread */
    VcpuExit (*vcpu_run)(Accel *accel, Vcpu *vcpu); /* on its thread, without the vm lock */
    /* Makes a running or soon-to-run vcpu_run return. From any thread, no lock needed. */
    void (*vcpu_kick)(Accel *accel, Vcpu *vcpu);
    /* On the vCPU's thread, or while it is stopped. */
    void (*get_regs)(Accel *accel, Vcpu *vcpu, CpuRegisters *regs);
    void (*set_regs)(Accel *accel, Vcpu *vcpu, const CpuRegisters *regs);
    void (*reset)(Accel *accel, Vcpu *vcpu); /* INIT state, on the vCPU's thread */
    void (*inject_nmi)(Accel *accel, Vcpu *vcpu);
    /* What a debugger wants to be told of from now on, in place of what it wanted before; `debug`
     * (also vcpu->debug) stays as it is until the next call. On the vCPU's thread. A
     * breakpoint where the vCPU stands is hit as soon as it runs. FALSE, and nothing is set, if it
     * cannot be done. NULL = cannot be debugged. */
    gboolean (*set_debug)(Accel *accel, Vcpu *vcpu, const CpuDebug *debug, GError **error);
    /*
     * What a processor (NULL: the machine) has been through: a list (aa{sv}, floating) of QMP's
     * Stats, or with `schema` of what each of them is (StatsSchemaValue). Vm lock; waits for no
     * processor. NULL = counts nothing.
     */
    GVariant *(*stats)(Accel *accel, Vcpu *vcpu, gboolean schema);
    /* The guest clock was stopped or goes on. NULL = not needed. */
    void (*clock_changed)(Accel *accel, gboolean running);
    /* From now on blocks of translated code have one instruction each, or as many as there are;
     * sets accel->one_insn. NULL = there are no such blocks. */
    void (*set_one_insn)(Accel *accel, gboolean on);
    /* Appends what its code cache and TLBs have done, for `info jit`. On the vCPU's thread. NULL =
     * it has none. */
    void (*print_statistics)(Accel *accel, Vcpu *vcpu, GString *out);
};

/*
 * Opens an accelerator for the machine, sets its options from `options` (may be NULL) and lets it
 * follow the memory layout. Fails with the accelerator's reason, leaving the machine as it was.
 */
gboolean accel_open(Machine *machine, const AccelOps *ops, OptionList *options, GError **error);

/* Closes the machine's accelerator, if it has one. The vCPUs are gone by then. */
void accel_close(Machine *machine);
