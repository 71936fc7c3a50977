/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the local APIC share: apic.c has the request and service registers and the
 * processor's side of it, apic-regs.c the registers, apic-timer.c the timer, apic-bus.c messages
 * between APICs and from devices. Vm lock held.
 */
#pragma once

#include "core/apic.h"
#include "mainloop/timer.h"

/* Delivery modes, of LVT entries, ICR and messages alike. */
enum {
    DELIVERY_FIXED = 0,
    DELIVERY_LOWEST = 1,
    DELIVERY_SMI = 2,
    DELIVERY_NMI = 4,
    DELIVERY_INIT = 5,
    DELIVERY_SIPI = 6,
    DELIVERY_EXTINT = 7,
};

/* Local vector table, in the order of `info lapic`. */
enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_COUNT };

#define LVT_VECTOR         0xffu
#define LVT_DELIVERY_SHIFT 8
#define LVT_STATUS         (1u << 12)
#define LVT_REMOTE_IRR     (1u << 14)
#define LVT_LEVEL          (1u << 15)
#define LVT_MASK           (1u << 16)
#define LVT_PERIODIC       (1u << 17)

#define SVR_ENABLE (1u << 8)

#define ESR_SEND_VECTOR    (1u << 5)
#define ESR_RECEIVE_VECTOR (1u << 6)
#define ESR_REGISTER       (1u << 7)

#define ICR_DELIVERY_SHIFT 8
#define ICR_LOGICAL        (1u << 11)
#define ICR_ASSERT         (1u << 14)
#define ICR_LEVEL          (1u << 15)
#define ICR_SHORTHAND      18

typedef struct VectorSet {
    guint32 word[8]; /* bit v % 32 of word v / 32 */
} VectorSet;

typedef struct LocalApic {
    Device dev;
    Apic apic;      /* what the processor sees; its `base` and `tpr` are the registers */
    Region window;  /* the first APIC's: default registers' page, and messages */
    Region page;    /* registers that the guest has moved; mapped only then */
    gboolean moved; /* `page` is mapped */
    VectorSet irr, isr, tmr;
    guint32 lvt[LVT_COUNT];
    guint32 id, ldr, dfr, svr, icr_low, icr_high, esr;
    guint32 errors; /* that the next write to ESR will show */
    /* Events on their way to the processor. */
    gboolean init, sipi, nmi, waits; /* waits: for a SIPI */
    guint8 sipi_vector;
    guint8 lint; /* levels at LINT0 and LINT1 */
    /* Timer; `timer_next` is the guest time of the expiry to come, 0 = it does not run. */
    guint32 timer_count, timer_divide;
    guint64 timer_next;
    Timer timer;
    guint32 last_lowest; /* the first APIC's: who got the last lowest priority message */
    guint64 taken;       /* interrupts that the processor has taken, for `info lapic` */
} LocalApic;

static inline LocalApic *lapic_of(Apic *apic)
{
    return (LocalApic *)((guint8 *)apic - G_STRUCT_OFFSET(LocalApic, apic));
}

static inline gboolean vector_test(const VectorSet *set, guint vector)
{
    return set->word[vector / 32] >> vector % 32 & 1;
}

/* The highest vector in the set, or -1. */
int vector_highest(const VectorSet *set);

/* ---- apic.c ---- */

/* IA32_APIC_BASE's switch, and the software switch in SVR. */
gboolean lapic_is_present(const LocalApic *s);
gboolean lapic_is_enabled(const LocalApic *s);
guint lapic_processor_priority(const LocalApic *s);
/* Tells the processor what it has to know after any change. */
void lapic_update(LocalApic *s);
/* An interrupt request has come; vectors below 16 are an error. */
void lapic_accept(LocalApic *s, guint vector, gboolean level);
/* The signal of a local source arrives, as its LVT entry says. */
void lapic_local_interrupt(LocalApic *s, guint entry);
void lapic_error(LocalApic *s, guint32 bit);
void lapic_end_of_interrupt(LocalApic *s);
/* Requests that a level at LINT0 or LINT1 makes, after LVT or levels changed. */
void lapic_service_lint(LocalApic *s, guint n);

/* ---- apic-regs.c ---- */

extern const IoOps lapic_window_io, lapic_page_io;
guint32 lapic_read_register(LocalApic *s, guint offset);
void lapic_write_register(LocalApic *s, guint offset, guint32 value);
/* Arbitration priority: the lowest gets lowest priority messages. */
guint lapic_arbitration_priority(const LocalApic *s);
void lapic_print(Apic *apic, GString *out);

/* ---- apic-timer.c ---- */

void lapic_timer_fire(void *opaque);
/* Accounts for what has expired until now; before anything that it depends on changes. */
void lapic_timer_catch_up(LocalApic *s);
/* Arms the host's timer if an expiry would be of use; after such a change. */
void lapic_timer_arm(LocalApic *s);
/* Starts it anew with the initial count; 0 stops it. */
void lapic_timer_start(LocalApic *s, guint32 count);
void lapic_timer_set_divide(LocalApic *s, guint32 value);
guint32 lapic_timer_current(LocalApic *s);

/* ---- apic-bus.c ---- */

void lapic_send_ipi(LocalApic *s);
void lapic_bus_message(Apic *first, guint64 addr, guint32 data);
