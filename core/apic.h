/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between an accelerator that runs code itself and the local APICs, which are devices of
 * ours (hw/intc/apic.c) made by the board when the accelerator lacks ACCEL_KERNEL_LAPIC. Intel SDM
 * vol. 3, chapter 11.
 *
 * There is one Apic for each processor, machine->apics[vcpu->index], made before vcpu_open and
 * gone after vcpu_close; a machine without a board (or a test) has none, and apic_of() says NULL.
 *
 * What a processor has to know between two instructions is in one word that it reads without a
 * lock, apic_pending(). Everything else is called with the vm lock held, by the processor's own
 * thread unless said otherwise. In its loop:
 *
 *     guint pending = apic_pending(apic);
 *     if (pending & APIC_WAITS_FOR_SIPI && !(pending & (APIC_PENDING_INIT | APIC_PENDING_SIPI)))
 *         sleep: VCPU_EXIT_HALTED
 *     if (pending & (APIC_PENDING_INIT | APIC_PENDING_SIPI | (nmi_blocked ? 0 : APIC_PENDING_NMI)))
 *         switch (apic_take_event(apic, ...)) reset, start at vector << 8, or exception 2
 *     if (pending & APIC_PENDING_INTERRUPT && RFLAGS.IF && no interrupt shadow)
 *         if ((vector = apic_take_interrupt(apic)) >= 0) deliver it
 *
 * Registers are reached like those of any device, through machine->memory at the base address (I/O,
 * never RAM); vcpu_current() tells whose they are. The INTR line of the 8259 comes in by the
 * board's wiring: AccelOps.set_intr is called in a machine without APICs only.
 */
#pragma once

#include "core/machine.h"

typedef struct Apic Apic;
typedef struct ApicOps ApicOps;

/* What apic_pending() says. While the processor waits for a SIPI, only INIT and SIPI show. */
typedef enum ApicPending {
    /* apic_take_interrupt() has a vector above the task priority, of this APIC or of the 8259. */
    APIC_PENDING_INTERRUPT = 1 << 0,
    APIC_PENDING_NMI = 1 << 1,
    APIC_PENDING_SIPI = 1 << 2,
    APIC_PENDING_INIT = 1 << 3,
    APIC_WAITS_FOR_SIPI = 1 << 4, /* application processor after reset or INIT: runs nothing */
} ApicPending;

/* The part of a local APIC that the processor sees; the device's state begins after it. */
struct Apic {
    const ApicOps *ops;
    guint index;                     /* of its vCPU */
    gint pending;                    /* (atomic) ApicPending */
    guint8 tpr;                      /* (atomic to read) task priority register, 8 bits */
    guint64 base;                    /* (atomic to read) IA32_APIC_BASE */
    void (*attention)(void *opaque); /* set by apic_connect() */
    void *attention_opaque;
};

/* For implementers: what the functions below with the same names do. All required. */
struct ApicOps {
    int (*take_interrupt)(Apic *apic);
    guint (*take_event)(Apic *apic, guint accept, guint8 *sipi_vector);
    void (*set_tpr)(Apic *apic, guint8 tpr);
    gboolean (*set_base)(Apic *apic, guint64 base);
    void (*raise_nmi)(Apic *apic);
    /* A message on the bus of all APICs; called on the first one. */
    void (*message)(Apic *apic, guint64 addr, guint32 data);
    void (*print)(Apic *apic, GString *out); /* `info lapic` */
};

#define APIC_BASE_BSP     (1u << 8)
#define APIC_BASE_X2APIC  (1u << 10)
#define APIC_BASE_ENABLE  (1u << 11)
#define APIC_BASE_DEFAULT 0xfee00000ull

/* The APIC of the vCPU `index`, or NULL. */
Apic *apic_of(const Machine *machine, guint index);

/*
 * Whom to tell that apic_pending() has gained bits: called with the vm lock held by whatever thread
 * it happens on, the processor's own included (an IPI to itself, an EOI, a lower TPR); vcpu_kick()
 * is fine there. NULL = nobody. What was pending before is not reported: look once after
 * connecting.
 */
void apic_connect(Apic *apic, void (*attention)(void *opaque), void *opaque);

/* ApicPending bits. From any thread, no lock needed. */
static inline guint apic_pending(const Apic *apic)
{
    return (guint)__atomic_load_n(&apic->pending, __ATOMIC_ACQUIRE);
}

/*
 * Acknowledges the interrupt to deliver and returns its vector: the highest request above the
 * processor priority moves from IRR to ISR; if there is none and LINT0 passes the 8259's INTR on
 * (or the APIC is switched off), the 8259 is acknowledged. -1 = none any more, so the spurious
 * vector never comes. RFLAGS.IF and shadows are the caller's.
 */
static inline int apic_take_interrupt(Apic *apic)
{
    return apic->ops->take_interrupt(apic);
}

/*
 * Takes one pending event of those in `accept` (APIC_PENDING_INIT, SIPI, NMI), INIT before SIPI
 * before NMI, and returns its bit, or 0. INIT: the APIC is in its INIT state now, the caller resets
 * the processor, and runs nothing if APIC_WAITS_FOR_SIPI shows then (the boot processor starts at
 * the reset vector). SIPI: execution starts at CS = *sipi_vector << 8 (base << 12), IP = 0.
 */
static inline guint apic_take_event(Apic *apic, guint accept, guint8 *sipi_vector)
{
    return apic->ops->take_event(apic, accept, sipi_vector);
}

/* Task priority; CR8 is its upper four bits. Getting: from any thread, no lock needed. */
static inline guint8 apic_get_tpr(const Apic *apic)
{
    return __atomic_load_n(&apic->tpr, __ATOMIC_RELAXED);
}

static inline void apic_set_tpr(Apic *apic, guint8 tpr)
{
    apic->ops->set_tpr(apic, tpr);
}

/* IA32_APIC_BASE (MSR 1Bh). With ENABLE clear, CPUID's APIC flag shows 0. No lock needed. */
static inline guint64 apic_get_base(const Apic *apic)
{
    return __atomic_load_n(&apic->base, __ATOMIC_RELAXED);
}

/* WRMSR, after the caller has checked the width of the address: FALSE = reserved bits were set,
 * #GP, and nothing has changed. Moves the registers' page. */
static inline gboolean apic_set_base(Apic *apic, guint64 base)
{
    return apic->ops->set_base(apic, base);
}

/* The NMI button: an edge at LINT1, which is for the LVT to pass on. From any thread. */
static inline void apic_raise_nmi(Apic *apic)
{
    apic->ops->raise_nmi(apic);
}

/*
 * Delivers an interrupt message (SDM 11.11) to whom it addresses; for AccelOps.send_msi. From any
 * thread, with or without the lock, which is taken if the caller does not have it.
 */
void apic_send_message(Machine *machine, guint64 addr, guint32 data);
