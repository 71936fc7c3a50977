/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/apic.h"

#include "core/board.h"
#include "hw/intc/apic-priv.h"

#define BASE_RESERVED 0xfff00000000006ffull
#define BASE_ADDRESS  0x000ffffffffff000ull
#define WINDOW_SIZE   0x100000u /* FEE00000h to FEEFFFFFh */
#define PAGE_SIZE     0x1000u

#define SVR_RESET   0xffu
#define LINT_EXTINT ((guint32)DELIVERY_EXTINT << LVT_DELIVERY_SHIFT)

/* ---- vectors ---- */

int vector_highest(const VectorSet *set)
{
    for (int i = 7; i >= 0; i--) {
        if (set->word[i]) {
            return i * 32 + 31 - __builtin_clz(set->word[i]);
        }
    }
    return -1;
}

static void vector_put(VectorSet *set, guint vector, gboolean on)
{
    guint32 bit = 1u << vector % 32;

    set->word[vector / 32] = on ? set->word[vector / 32] | bit : set->word[vector / 32] & ~bit;
}

/* ---- what the processor has to know ---- */

gboolean lapic_is_present(const LocalApic *s)
{
    return (s->apic.base & APIC_BASE_ENABLE) != 0;
}

gboolean lapic_is_enabled(const LocalApic *s)
{
    return lapic_is_present(s) && (s->svr & SVR_ENABLE);
}

/* SDM 11.8.3.1, "Task and Processor Priorities". */
guint lapic_processor_priority(const LocalApic *s)
{
    int in_service = vector_highest(&s->isr);
    guint service = in_service < 0 ? 0 : (guint)in_service & 0xf0;

    return (s->apic.tpr & 0xf0) >= service ? s->apic.tpr : service;
}

/* The request to deliver next, or -1. One that came before the APIC was disabled is kept. */
static int deliverable(const LocalApic *s)
{
    int vector = lapic_is_present(s) ? vector_highest(&s->irr) : -1;

    return vector >= 0 && ((guint)vector & 0xf0) > (lapic_processor_priority(s) & 0xf0) ? vector
                                                                                        : -1;
}

/* Whether the 8259 asks through LINT0: the pin is INTR itself while there is no APIC. */
static gboolean extint_asserted(const LocalApic *s)
{
    guint32 lvt = s->lvt[LVT_LINT0];

    if (!(s->lint & 1)) {
        return FALSE;
    }
    return !lapic_is_present(s) ||
           (!(lvt & LVT_MASK) && (lvt >> LVT_DELIVERY_SHIFT & 7) == DELIVERY_EXTINT);
}

void lapic_update(LocalApic *s)
{
    guint pending = s->init ? APIC_PENDING_INIT : 0, before;

    if (s->sipi) {
        pending |= APIC_PENDING_SIPI;
    }
    if (s->waits) {
        pending |= APIC_WAITS_FOR_SIPI;
    } else {
        if (s->nmi) {
            pending |= APIC_PENDING_NMI;
        }
        if (deliverable(s) >= 0 || extint_asserted(s)) {
            pending |= APIC_PENDING_INTERRUPT;
        }
    }
    before = (guint)__atomic_exchange_n(&s->apic.pending, (gint)pending, __ATOMIC_ACQ_REL);
    if ((pending & ~before & ~APIC_WAITS_FOR_SIPI) && s->apic.attention) {
        s->apic.attention(s->apic.attention_opaque);
    }
}

/* ---- requests ---- */

/* An error interrupt for each kind of error, until ESR is written (SDM 11.5.3). */
void lapic_error(LocalApic *s, guint32 bit)
{
    if (!(s->errors & bit)) {
        s->errors |= bit;
        lapic_local_interrupt(s, LVT_ERROR);
    }
}

void lapic_accept(LocalApic *s, guint vector, gboolean level)
{
    if (vector < 16) {
        lapic_error(s, ESR_RECEIVE_VECTOR);
        return;
    }
    vector_put(&s->irr, vector, TRUE);
    vector_put(&s->tmr, vector, level);
    lapic_update(s);
}

void lapic_local_interrupt(LocalApic *s, guint entry)
{
    guint32 lvt = s->lvt[entry];
    gboolean pin = entry == LVT_LINT0 || entry == LVT_LINT1;

    if (!lapic_is_present(s) || (lvt & LVT_MASK)) {
        return;
    }
    switch (lvt >> LVT_DELIVERY_SHIFT & 7) {
    case DELIVERY_FIXED:
        if (!pin || !(lvt & LVT_LEVEL)) {
            lapic_accept(s, lvt & LVT_VECTOR, FALSE);
        } else if (!(lvt & LVT_REMOTE_IRR)) {
            s->lvt[entry] |= LVT_REMOTE_IRR;
            lapic_accept(s, lvt & LVT_VECTOR, TRUE);
        }
        break;
    case DELIVERY_NMI: s->nmi = TRUE; break;
    case DELIVERY_INIT: s->init = TRUE; break;
    case DELIVERY_EXTINT: break; /* a level that extint_asserted() looks at */
    default: device_warn_once(&s->dev, "a local interrupt with a delivery mode that is not there");
    }
    lapic_update(s);
}

void lapic_service_lint(LocalApic *s, guint n)
{
    guint32 lvt = s->lvt[LVT_LINT0 + n];

    if ((s->lint >> n & 1) && (lvt & LVT_LEVEL) &&
        (lvt >> LVT_DELIVERY_SHIFT & 7) == DELIVERY_FIXED) {
        lapic_local_interrupt(s, LVT_LINT0 + n);
    }
}

/* Levels at the pins: 1 = asserted, whatever polarity the entry says. */
static void lapic_set_input(Device *dev, guint n, int level)
{
    LocalApic *s = (LocalApic *)dev;
    gboolean rises = level && !(s->lint >> n & 1);

    s->lint = (guint8)((s->lint & ~(1u << n)) | (level ? 1u : 0) << n);
    if (rises && !lapic_is_present(s) && n == 1) {
        s->nmi = TRUE; /* the pin is NMI itself */
    } else if (rises) {
        lapic_local_interrupt(s, LVT_LINT0 + n);
    }
    lapic_update(s);
}

void lapic_end_of_interrupt(LocalApic *s)
{
    Machine *machine = s->dev.machine;
    int vector = vector_highest(&s->isr);

    if (vector < 0) {
        return;
    }
    vector_put(&s->isr, (guint)vector, FALSE);
    if (vector_test(&s->tmr, (guint)vector)) {
        for (guint n = 0; n < 2; n++) {
            if ((s->lvt[LVT_LINT0 + n] & LVT_VECTOR) == (guint)vector) {
                s->lvt[LVT_LINT0 + n] &= ~LVT_REMOTE_IRR;
                lapic_service_lint(s, n);
            }
        }
        if (machine->eoi) {
            machine->eoi(machine->eoi_opaque, (guint)vector);
        }
    }
    lapic_update(s);
}

/* ---- the processor's side ---- */

static int lapic_take_interrupt(Apic *apic)
{
    LocalApic *s = lapic_of(apic);
    Machine *machine = s->dev.machine;
    int vector = s->waits ? -1 : deliverable(s);

    if (vector >= 0) {
        gboolean is_timer = (s->lvt[LVT_TIMER] & LVT_VECTOR) == (guint)vector;

        if (is_timer) {
            lapic_timer_catch_up(s); /* what has expired is one with this request */
        }
        vector_put(&s->irr, (guint)vector, FALSE);
        vector_put(&s->isr, (guint)vector, TRUE);
        if (is_timer) {
            lapic_timer_arm(s);
        }
    } else if (!s->waits && extint_asserted(s) && machine->pic_acknowledge) {
        vector = (int)machine->pic_acknowledge(machine->pic_opaque);
    }
    s->taken += vector >= 0;
    lapic_update(s);
    return vector;
}

static void registers_reset(LocalApic *s);

static guint lapic_take_event(Apic *apic, guint accept, guint8 *sipi_vector)
{
    LocalApic *s = lapic_of(apic);
    guint event = apic_pending(apic) & accept;

    if (event & APIC_PENDING_INIT) {
        event = APIC_PENDING_INIT;
        s->init = s->nmi = FALSE;
        s->waits = apic->index != 0;
        registers_reset(s);
    } else if (event & APIC_PENDING_SIPI) {
        event = APIC_PENDING_SIPI;
        s->sipi = s->waits = FALSE;
        *sipi_vector = s->sipi_vector;
    } else if (event & APIC_PENDING_NMI) {
        event = APIC_PENDING_NMI;
        s->nmi = FALSE;
    } else {
        event = 0;
    }
    lapic_update(s);
    return event;
}

static void lapic_set_tpr(Apic *apic, guint8 tpr)
{
    __atomic_store_n(&apic->tpr, tpr, __ATOMIC_RELAXED);
    lapic_update(lapic_of(apic));
}

static void lapic_raise_nmi(Apic *apic)
{
    IrqLine line = device_input(&lapic_of(apic)->dev, 1);

    irq_pulse(&line);
}

/* Maps the registers where the guest has moved them to; at their usual place the window is. */
static void map_page(LocalApic *s)
{
    guint64 addr = s->apic.base & BASE_ADDRESS;
    gboolean moved = lapic_is_present(s) && addr != APIC_BASE_DEFAULT;

    if (s->moved && (!moved || s->page.addr != addr)) {
        region_remove(&s->page);
        s->moved = FALSE;
    }
    if (moved && !s->moved) {
        region_add(&s->dev.machine->system_memory, addr, &s->page, 2);
        s->moved = TRUE;
    }
}

static gboolean lapic_set_base(Apic *apic, guint64 base)
{
    LocalApic *s = lapic_of(apic);
    gboolean was_present = lapic_is_present(s);

    if (base & BASE_RESERVED) {
        return FALSE;
    }
    base = (base & ~(guint64)APIC_BASE_BSP) | (apic->base & APIC_BASE_BSP);
    __atomic_store_n(&apic->base, base, __ATOMIC_RELAXED);
    if (was_present && !lapic_is_present(s)) {
        registers_reset(s); /* SDM 11.4.3: it may be in its power-up state when it comes back */
    }
    map_page(s);
    lapic_update(s);
    return TRUE;
}

static const ApicOps lapic_apic_ops = {
    .take_interrupt = lapic_take_interrupt,
    .take_event = lapic_take_event,
    .set_tpr = lapic_set_tpr,
    .set_base = lapic_set_base,
    .raise_nmi = lapic_raise_nmi,
    .message = lapic_bus_message,
    .print = lapic_print,
};

/* ---- lifecycle ---- */

/*
 * SDM 11.4.7.1 and 11.4.7.3: the state after power-up and INIT, which leave id and base to their
 * caller. The boot processor's LINT0 passes the 8259 on already, for software that starts without
 * the firmware that would set it up so ("virtual wire mode", MP specification 3.6.2.2).
 */
static void registers_reset(LocalApic *s)
{
    memset(&s->irr, 0, sizeof(s->irr));
    memset(&s->isr, 0, sizeof(s->isr));
    memset(&s->tmr, 0, sizeof(s->tmr));
    for (guint i = 0; i < LVT_COUNT; i++) {
        s->lvt[i] = LVT_MASK;
    }
    if (s->apic.index == 0) {
        s->lvt[LVT_LINT0] = LINT_EXTINT;
    }
    __atomic_store_n(&s->apic.tpr, 0, __ATOMIC_RELAXED);
    s->ldr = s->icr_low = s->icr_high = s->esr = s->errors = 0;
    s->dfr = 0xffffffff;
    s->svr = SVR_RESET;
    s->timer_count = s->timer_divide = 0;
    s->timer_next = 0;
    lapic_timer_arm(s);
}

static void lapic_reset(Device *dev)
{
    LocalApic *s = (LocalApic *)dev;
    const BoardConfig *board = dev->machine->board_config;
    guint64 bsp = s->apic.index == 0 ? APIC_BASE_BSP : 0;

    __atomic_store_n(&s->apic.base, APIC_BASE_DEFAULT | APIC_BASE_ENABLE | bsp, __ATOMIC_RELAXED);
    map_page(s);
    registers_reset(s);
    s->id = cpu_apic_id(board ? &board->topology : NULL, s->apic.index) << 24;
    s->init = s->sipi = s->nmi = FALSE;
    s->waits = s->apic.index != 0;
    s->last_lowest = 0;
    lapic_update(s);
}

static gboolean lapic_realize(Device *dev, GError **error)
{
    LocalApic *s = (LocalApic *)dev;
    Machine *machine = dev->machine;

    s->apic.ops = &lapic_apic_ops;
    s->apic.index = machine->apics->len;
    g_ptr_array_add(machine->apics, &s->apic);
    timer_init(&s->timer, machine->guest_clock, lapic_timer_fire, s);
    region_init_io(&s->page, "apic-moved", &lapic_page_io, s, PAGE_SIZE);
    if (s->apic.index == 0) {
        region_init_io(&s->window, "apic", &lapic_window_io, s, WINDOW_SIZE);
        region_add(&machine->system_memory, APIC_BASE_DEFAULT, &s->window, 1);
    }
    return TRUE;
}

static void lapic_unrealize(Device *dev)
{
    LocalApic *s = (LocalApic *)dev;

    g_ptr_array_remove(dev->machine->apics, &s->apic);
    timer_cancel(&s->timer);
    if (s->moved) {
        region_remove(&s->page);
    }
    region_finish(&s->page);
    if (s->apic.index == 0) {
        region_remove(&s->window);
        region_finish(&s->window);
    }
}

/* Saved state is a stranger's: bits that no register has are dropped. */
static gboolean lapic_loaded(void *object, GError **error)
{
    LocalApic *s = object;

    s->apic.base &= ~BASE_RESERVED;
    s->timer_divide &= 0xb;
    s->timer_next = MIN(s->timer_next, (guint64)G_MAXINT64);
    s->irr.word[0] &= 0xffff0000;
    s->isr.word[0] &= 0xffff0000;
    s->lint &= 3;
    map_page(s);
    lapic_timer_arm(s);
    lapic_update(s);
    return TRUE;
}

static const StateField lapic_fields[] = {
    STATE_FIELD(U64, LocalApic, apic.base),
    STATE_FIELD(U8, LocalApic, apic.tpr),
    STATE_ARRAY(U32, LocalApic, irr.word),
    STATE_ARRAY(U32, LocalApic, isr.word),
    STATE_ARRAY(U32, LocalApic, tmr.word),
    STATE_ARRAY(U32, LocalApic, lvt),
    STATE_FIELD(U32, LocalApic, id),
    STATE_FIELD(U32, LocalApic, ldr),
    STATE_FIELD(U32, LocalApic, dfr),
    STATE_FIELD(U32, LocalApic, svr),
    STATE_FIELD(U32, LocalApic, icr_low),
    STATE_FIELD(U32, LocalApic, icr_high),
    STATE_FIELD(U32, LocalApic, esr),
    STATE_FIELD(U32, LocalApic, errors),
    STATE_FIELD(BOOL, LocalApic, init),
    STATE_FIELD(BOOL, LocalApic, sipi),
    STATE_FIELD(BOOL, LocalApic, nmi),
    STATE_FIELD(BOOL, LocalApic, waits),
    STATE_FIELD(U8, LocalApic, sipi_vector),
    STATE_FIELD(U8, LocalApic, lint),
    STATE_FIELD(U32, LocalApic, timer_count),
    STATE_FIELD(U32, LocalApic, timer_divide),
    STATE_FIELD(U64, LocalApic, timer_next),
    STATE_FIELD(U32, LocalApic, last_lowest),
    STATE_END,
};

static const StateTable lapic_state = {1, lapic_fields, lapic_loaded};

const DeviceOps apic_ops = {
    .name = "apic",
    .summary = "local APIC",
    .category = "CPU",
    .size = sizeof(LocalApic),
    .board_only = TRUE,
    .state = &lapic_state,
    .realize = lapic_realize,
    .unrealize = lapic_unrealize,
    .reset = lapic_reset,
    .inputs = 2,
    .set_input = lapic_set_input,
};
