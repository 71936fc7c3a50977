/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers, in nanoseconds.
 *
 * A clock belongs to an event loop. The host clock is CLOCK_MONOTONIC. A guest clock starts at 0,
 * stands still while the machine is paused and is saved with it; under qtest it moves only when
 * the test steps it. A clock's timers sit in one heap of the loop and are fired by one timerfd,
 * never early and, on an idle host, some tens of microseconds late.
 *
 * Everything here is called by the loop's thread or with the loop's lock held; clock_now() may
 * be called from any thread.
 */
#pragma once

#include <glib.h>

#include "mainloop/loop.h"

#define NS_PER_US  1000LL
#define NS_PER_MS  1000000LL
#define NS_PER_SEC 1000000000LL

typedef struct Clock Clock;
typedef void (*TimerFn)(void *opaque);

/* `host_ns`: of CLOCK_MONOTONIC, G_MAXINT64 = not at all, until the next call. */
typedef void (*TimerArmFn)(void *opaque, gint64 host_ns);

/* A timer is embedded in its user's state; its fields are private to mainloop/timer.c. */
typedef struct Timer {
    Clock *clock;
    TimerFn fn;
    void *opaque;
    gint64 expire;    /* in its clock's time; meaningless when not pending */
    guint heap_index; /* 1-based place in the heap, 0 = not pending; private value if lent */
} Timer;

/* A clock that follows CLOCK_MONOTONIC and cannot be paused. */
Clock *clock_new_host(EventLoop *loop);

/* A clock at 0, paused. */
Clock *clock_new_guest(EventLoop *loop);

/* Frees a clock that has no pending timers. NULL is fine. */
void clock_free(Clock *clock);

/* The clock's time in ns. From any thread. */
gint64 clock_now(Clock *clock);

/* Stops and starts a guest clock; repeating either does nothing. */
void clock_pause(Clock *clock);
void clock_resume(Clock *clock);
gboolean clock_is_running(Clock *clock);

/* Sets a paused guest clock's time (loading saved state). Timers due by then fire once it runs. */
void clock_set(Clock *clock, gint64 ns);

/* Takes a guest clock off the host's time for good: only clock_step() moves it (qtest). */
void clock_make_manual(Clock *clock);

/*
 * Moves a manual clock to `ns`, stopping at each timer's expiry on the way to run its callback at
 * exactly that time. Going back is refused (no effect). Returns the new time.
 */
gint64 clock_step(Clock *clock, gint64 ns);

/* When the clock's next timer is due, or -1. */
gint64 clock_next_expiry(Clock *clock);

/* Prepares a timer; it is not pending. `fn` runs on the clock's loop, with the lock. */
void timer_init(Timer *timer, Clock *clock, TimerFn fn, void *opaque);

/* (Re)arms the timer for the clock's time `ns`; a time that has passed fires at once. */
void timer_set(Timer *timer, gint64 ns);

/* (Re)arms the timer `ns` from now. */
void timer_set_after(Timer *timer, gint64 ns);

/* Disarms; fine when not pending or never initialised (all zero). */
void timer_cancel(Timer *timer);

gboolean timer_pending(const Timer *timer);

/* The time it is due, or -1 when not pending. */
gint64 timer_expiry(const Timer *timer);

/*
 * Lends one timer of a guest clock to another thread, so that the loop need not wake for it: `arm`
 * is told, with the lock, when it will be due, and that thread calls clock_run_lent() then, with
 * the lock. Late or too many calls do no harm. Until clock_end_loan(); both may come while the
 * timer is pending.
 */
void clock_lend(Clock *clock, Timer *timer, TimerArmFn arm, void *opaque);
void clock_run_lent(Clock *clock);
void clock_end_loan(Clock *clock); /* nothing if there is none */
