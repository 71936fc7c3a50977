/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each clock keeps its timers in a binary heap ordered by expiry (ties in order of arming are not
 * promised); the loop's one timerfd is set to the earliest expiry of all its running clocks.
 */
#include "mainloop/timer.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "mainloop/loop-priv.h"

/* Heap index of a pending timer that is lent. */
#define LENT_INDEX G_MAXUINT

struct Clock {
    EventLoop *loop;
    GPtrArray *heap; /* of Timer*; index 0 is unused so that children are 2i and 2i + 1 */
    gboolean is_host;
    gboolean running;
    gboolean manual;
    /* A running guest clock shows host time + offset, a stopped one `stopped_at`. The two are
     * read by any thread, so they are guarded by a sequence count: odd while being written. */
    guint sequence;
    gint64 offset;
    gint64 stopped_at;
    Timer *lent; /* not in the heap; NULL = none */
    TimerArmFn arm;
    void *arm_opaque;
    gint64 armed; /* what was said last */
};

typedef struct TimerSource {
    GSource source;
    EventLoop *loop;
    gpointer tag;
} TimerSource;

static gint64 host_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* ---- heap ---- */

static Timer *heap_at(Clock *clock, guint i)
{
    return g_ptr_array_index(clock->heap, i);
}

static void heap_put(Clock *clock, guint i, Timer *timer)
{
    clock->heap->pdata[i] = timer;
    timer->heap_index = i;
}

static void heap_sift_up(Clock *clock, guint i)
{
    Timer *timer = heap_at(clock, i);
    while (i > 1 && heap_at(clock, i / 2)->expire > timer->expire) {
        heap_put(clock, i, heap_at(clock, i / 2));
        i /= 2;
    }
    heap_put(clock, i, timer);
}

static void heap_sift_down(Clock *clock, guint i)
{
    Timer *timer = heap_at(clock, i);
    guint length = clock->heap->len;

    for (guint child = 2 * i; child < length; child = 2 * i) {
        if (child + 1 < length &&
            heap_at(clock, child + 1)->expire < heap_at(clock, child)->expire) {
            child++;
        }
        if (heap_at(clock, child)->expire >= timer->expire) {
            break;
        }
        heap_put(clock, i, heap_at(clock, child));
        i = child;
    }
    heap_put(clock, i, timer);
}

static void heap_insert(Clock *clock, Timer *timer)
{
    g_ptr_array_add(clock->heap, timer);
    heap_sift_up(clock, clock->heap->len - 1);
}

static void heap_remove(Clock *clock, Timer *timer)
{
    guint i = timer->heap_index;
    Timer *last = heap_at(clock, clock->heap->len - 1);

    g_ptr_array_set_size(clock->heap, clock->heap->len - 1);
    timer->heap_index = 0;
    if (last != timer) {
        heap_put(clock, i, last);
        heap_sift_up(clock, i);
        heap_sift_down(clock, last->heap_index);
    }
}

static Timer *heap_first(Clock *clock)
{
    return clock->heap->len > 1 ? heap_at(clock, 1) : NULL;
}

/* ---- the timerfd ---- */

/* Host time at which a timer is due, G_MAXINT64 if there is none or its clock stands. */
static gint64 host_deadline(Clock *clock, const Timer *timer)
{
    if (!timer || !clock->running || clock->manual) {
        return G_MAXINT64;
    }
    return MAX(timer->expire - clock->offset, 1);
}

static gint64 clock_host_deadline(Clock *clock)
{
    return host_deadline(clock, heap_first(clock));
}

static gint64 loop_deadline(EventLoop *loop)
{
    gint64 deadline = G_MAXINT64;

    for (guint i = 0; i < loop->clocks->len; i++) {
        deadline = MIN(deadline, clock_host_deadline(g_ptr_array_index(loop->clocks, i)));
    }
    return deadline;
}

static void loop_rearm(EventLoop *loop)
{
    gint64 deadline = loop_deadline(loop);
    struct itimerspec spec = {0};

    if (deadline == loop->timer_armed) {
        return;
    }
    loop->timer_armed = deadline;
    if (deadline != G_MAXINT64) {
        spec.it_value.tv_sec = deadline / NS_PER_SEC;
        spec.it_value.tv_nsec = deadline % NS_PER_SEC;
    }
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* Runs what is due. Callbacks may arm, cancel and free any timer, so the heap is looked at anew. */
static void clock_run_due(Clock *clock)
{
    gint64 now = clock_now(clock);
    Timer *timer;

    while (clock->running && (timer = heap_first(clock)) && timer->expire <= now) {
        heap_remove(clock, timer);
        timer->fn(timer->opaque);
    }
}

/* A timer's callback may run the loop itself (a dialog), before its dispatch has set the timerfd
 * for the others. */
static gboolean timer_prepare(GSource *source, gint *timeout_ms)
{
    EventLoop *loop = ((TimerSource *)source)->loop;

    *timeout_ms = -1;
    if (loop_deadline(loop) < loop->timer_armed) {
        loop_rearm(loop);
    }
    return FALSE;
}

static gboolean timer_check(GSource *source)
{
    TimerSource *self = (TimerSource *)source;
    return (g_source_query_unix_fd(source, self->tag) & G_IO_IN) != 0;
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    EventLoop *loop = ((TimerSource *)source)->loop;
    guint64 expirations;

    if (read(loop->timer_fd, &expirations, sizeof(expirations)) < 0) {
        return G_SOURCE_CONTINUE; /* re-armed by another thread meanwhile: nothing is due */
    }
    loop->timer_armed = G_MAXINT64;
    for (guint i = 0; i < loop->clocks->len; i++) {
        clock_run_due(g_ptr_array_index(loop->clocks, i));
    }
    loop_rearm(loop);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_source_funcs = {
    .prepare = timer_prepare,
    .check = timer_check,
    .dispatch = timer_dispatch,
};

void loop_timer_init(EventLoop *loop)
{
    TimerSource *source = (TimerSource *)g_source_new(&timer_source_funcs, sizeof(TimerSource));

    loop->clocks = g_ptr_array_new();
    loop->timer_armed = G_MAXINT64;
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    g_assert(loop->timer_fd >= 0);
    source->loop = loop;
    source->tag = g_source_add_unix_fd(&source->source, loop->timer_fd, G_IO_IN);
    g_source_set_static_name(&source->source, "timers");
    g_source_set_priority(&source->source, G_PRIORITY_HIGH);
    g_source_set_can_recurse(&source->source, TRUE);
    g_source_attach(&source->source, loop->context);
    loop->timer_source = &source->source;
}

void loop_timer_finish(EventLoop *loop)
{
    g_source_destroy(loop->timer_source);
    g_source_unref(loop->timer_source);
    close(loop->timer_fd);
    g_ptr_array_unref(loop->clocks);
}

/* ---- a timer that another thread runs ---- */

static void rearm_lent(Clock *clock)
{
    Timer *timer = clock->lent;
    gint64 deadline = host_deadline(clock, timer && timer->heap_index ? timer : NULL);

    if (timer && deadline != clock->armed) {
        clock->armed = deadline;
        clock->arm(clock->arm_opaque, deadline);
    }
}

void clock_lend(Clock *clock, Timer *timer, TimerArmFn arm, void *opaque)
{
    g_assert(!clock->lent && timer->clock == clock);
    if (timer->heap_index) {
        heap_remove(clock, timer);
        timer->heap_index = LENT_INDEX;
    }
    clock->lent = timer;
    clock->arm = arm;
    clock->arm_opaque = opaque;
    clock->armed = G_MAXINT64;
    rearm_lent(clock);
}

void clock_run_lent(Clock *clock)
{
    Timer *timer = clock->lent;

    clock->armed = G_MAXINT64; /* whether it was due, or an earlier one that was cancelled */
    if (timer && timer->heap_index && clock->running && timer->expire <= clock_now(clock)) {
        timer->heap_index = 0;
        timer->fn(timer->opaque);
    }
    rearm_lent(clock);
}

void clock_end_loan(Clock *clock)
{
    Timer *timer = clock->lent;

    clock->lent = NULL;
    if (timer && timer->heap_index) {
        timer->heap_index = 0;
        timer_set(timer, timer->expire);
    }
}

/* ---- clocks ---- */

static Clock *clock_new(EventLoop *loop)
{
    Clock *clock = g_new0(Clock, 1);
    clock->loop = loop;
    clock->heap = g_ptr_array_new();
    g_ptr_array_add(clock->heap, NULL);
    g_ptr_array_add(loop->clocks, clock);
    return clock;
}

Clock *clock_new_host(EventLoop *loop)
{
    Clock *clock = clock_new(loop);
    clock->is_host = TRUE;
    clock->running = TRUE;
    return clock;
}

Clock *clock_new_guest(EventLoop *loop)
{
    return clock_new(loop);
}

void clock_free(Clock *clock)
{
    if (clock) {
        g_ptr_array_remove(clock->loop->clocks, clock);
        g_ptr_array_unref(clock->heap);
        g_free(clock);
    }
}

gint64 clock_now(Clock *clock)
{
    gint64 ns;
    guint before;

    do {
        while ((before = __atomic_load_n(&clock->sequence, __ATOMIC_ACQUIRE)) & 1) {
        }
        ns = __atomic_load_n(&clock->running, __ATOMIC_RELAXED)
                 ? host_ns() + __atomic_load_n(&clock->offset, __ATOMIC_RELAXED)
                 : __atomic_load_n(&clock->stopped_at, __ATOMIC_RELAXED);
        if (__atomic_load_n(&clock->manual, __ATOMIC_RELAXED)) {
            ns = __atomic_load_n(&clock->stopped_at, __ATOMIC_RELAXED);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&clock->sequence, __ATOMIC_RELAXED) != before);
    return ns;
}

/* Publishes a change of the clock's state as one. */
static void clock_change(Clock *clock, gboolean running, gint64 now)
{
    __atomic_add_fetch(&clock->sequence, 1, __ATOMIC_ACQ_REL);
    __atomic_store_n(&clock->running, running, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->offset, now - host_ns(), __ATOMIC_RELAXED);
    __atomic_store_n(&clock->stopped_at, now, __ATOMIC_RELAXED);
    __atomic_add_fetch(&clock->sequence, 1, __ATOMIC_RELEASE);
    rearm_lent(clock);
    loop_rearm(clock->loop);
}

void clock_pause(Clock *clock)
{
    if (clock->running && !clock->is_host) {
        clock_change(clock, FALSE, clock_now(clock));
    }
}

void clock_resume(Clock *clock)
{
    if (!clock->running && !clock->is_host) {
        clock_change(clock, TRUE, clock_now(clock));
    }
}

gboolean clock_is_running(Clock *clock)
{
    return clock->running;
}

void clock_set(Clock *clock, gint64 ns)
{
    g_assert(!clock->is_host && !clock->running);
    clock_change(clock, FALSE, ns);
}

void clock_make_manual(Clock *clock)
{
    g_assert(!clock->is_host);
    gint64 now = clock_now(clock);
    __atomic_store_n(&clock->manual, TRUE, __ATOMIC_RELAXED);
    clock_change(clock, clock->running, now);
}

gint64 clock_step(Clock *clock, gint64 ns)
{
    Timer *timer;

    g_assert(clock->manual);
    while ((timer = heap_first(clock)) && timer->expire <= ns) {
        clock_change(clock, clock->running, MAX(timer->expire, clock_now(clock)));
        heap_remove(clock, timer);
        timer->fn(timer->opaque);
    }
    if (ns > clock_now(clock)) {
        clock_change(clock, clock->running, ns);
    }
    return clock_now(clock);
}

gint64 clock_next_expiry(Clock *clock)
{
    Timer *first = heap_first(clock);
    return first ? first->expire : -1;
}

/* ---- timers ---- */

void timer_init(Timer *timer, Clock *clock, TimerFn fn, void *opaque)
{
    *timer = (Timer){.clock = clock, .fn = fn, .opaque = opaque};
}

void timer_set(Timer *timer, gint64 ns)
{
    Clock *clock = timer->clock;
    Timer *first = heap_first(clock);
    gboolean was_first = first == timer;

    if (clock->lent == timer) {
        timer->expire = ns;
        timer->heap_index = LENT_INDEX;
        rearm_lent(clock);
        return;
    }
    if (timer->heap_index) {
        heap_remove(clock, timer);
    }
    timer->expire = ns;
    heap_insert(clock, timer);
    if (was_first || heap_first(clock) == timer) {
        loop_rearm(clock->loop);
    }
}

void timer_set_after(Timer *timer, gint64 ns)
{
    gint64 now = clock_now(timer->clock);
    timer_set(timer, ns > G_MAXINT64 - now ? G_MAXINT64 : now + ns);
}

void timer_cancel(Timer *timer)
{
    if (timer->heap_index == LENT_INDEX) {
        timer->heap_index = 0;
    } else if (timer->heap_index) {
        /* The timerfd may now go off for nothing: cheaper than a system call for each cancel. */
        heap_remove(timer->clock, timer);
    }
}

gboolean timer_pending(const Timer *timer)
{
    return timer->heap_index != 0;
}

gint64 timer_expiry(const Timer *timer)
{
    return timer->heap_index ? timer->expire : -1;
}
