/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The APIC timer, SDM 11.5.4. Nothing counts: the current count and the expiries are computed from
 * guest time. The host's timer runs only while the next expiry would make a request that is not
 * there yet; expiries that nobody could tell apart from the first are caught up with when the
 * processor takes it.
 */
#include "hw/intc/apic-priv.h"

/* Nanoseconds a count, as a power of two: the bus clock is 1 GHz. Bits 0, 1, 3; 7 = undivided. */
static guint divide_shift(const LocalApic *s)
{
    guint code = (s->timer_divide & 3) | (s->timer_divide >> 1 & 4);

    return (code + 1) & 7;
}

static guint64 period(const LocalApic *s)
{
    return (guint64)s->timer_count << divide_shift(s);
}

static guint64 timer_now(const LocalApic *s)
{
    return (guint64)clock_now(s->dev.machine->guest_clock);
}

/* Would an expiry change anything? */
static gboolean expiry_matters(const LocalApic *s)
{
    guint32 lvt = s->lvt[LVT_TIMER];
    guint vector = lvt & LVT_VECTOR;

    if (!s->timer_next || (lvt & LVT_MASK) || !lapic_is_present(s)) {
        return FALSE;
    }
    return vector < 16 ? !(s->errors & ESR_RECEIVE_VECTOR) : !vector_test(&s->irr, vector);
}

void lapic_timer_arm(LocalApic *s)
{
    if (!expiry_matters(s)) {
        timer_cancel(&s->timer);
    } else if (timer_expiry(&s->timer) != (gint64)s->timer_next) {
        timer_set(&s->timer, (gint64)s->timer_next);
    }
}

void lapic_timer_catch_up(LocalApic *s)
{
    guint64 now = timer_now(s), length = period(s);

    if (!s->timer_next || now < s->timer_next) {
        return;
    }
    if (s->lvt[LVT_TIMER] & LVT_PERIODIC && length) {
        s->timer_next += ((now - s->timer_next) / length + 1) * length;
    } else {
        s->timer_next = 0;
    }
    lapic_local_interrupt(s, LVT_TIMER);
}

void lapic_timer_fire(void *opaque)
{
    LocalApic *s = opaque;

    lapic_timer_catch_up(s);
    lapic_timer_arm(s);
}

void lapic_timer_start(LocalApic *s, guint32 count)
{
    lapic_timer_catch_up(s);
    s->timer_count = count;
    s->timer_next = count ? timer_now(s) + period(s) : 0;
    lapic_timer_arm(s);
}

/* The count goes on from where it is, at the new rate. */
void lapic_timer_set_divide(LocalApic *s, guint32 value)
{
    guint64 left;

    lapic_timer_catch_up(s);
    left = lapic_timer_current(s);
    s->timer_divide = value & 0xb;
    if (s->timer_next) {
        s->timer_next = timer_now(s) + (left << divide_shift(s));
    }
    lapic_timer_arm(s);
}

guint32 lapic_timer_current(LocalApic *s)
{
    guint64 now = timer_now(s), left;

    lapic_timer_catch_up(s);
    if (!s->timer_next) {
        return 0;
    }
    left = s->timer_next - now;
    return (guint32)MIN((left + (1u << divide_shift(s)) - 1) >> divide_shift(s), s->timer_count);
}
