/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mainloop/loop.h"

#include <unistd.h>

#include "mainloop/timer.h"
#include "mainloop/worker.h"

typedef struct Fixture {
    VmLock *lock;
    EventLoop *loop;
    GString *trace;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->lock = vm_lock_new();
    vm_lock_take(f->lock, "test");
    g_autoptr(GMainContext) context = g_main_context_new();
    f->loop = event_loop_new(context, f->lock);
    f->trace = g_string_new(NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    event_loop_free(f->loop);
    vm_lock_drop(f->lock);
    vm_lock_free(f->lock);
    g_string_free(f->trace, TRUE);
}

/* ---- lock ---- */

static gpointer take_lock(gpointer data)
{
    Fixture *f = data;
    vm_lock_take(f->lock, "other thread");
    g_string_append(f->trace, "took ");
    vm_lock_drop(f->lock);
    event_loop_quit(f->loop);
    return NULL;
}

/* Another thread gets the lock only because polling drops it. */
static void test_poll_drops_lock(Fixture *f, gconstpointer data)
{
    GThread *thread = g_thread_new("taker", take_lock, f);
    VmLockStats stats;

    event_loop_run(f->loop);
    g_assert_true(vm_lock_held(f->lock));
    g_thread_join(thread);
    g_assert_cmpstr(f->trace->str, ==, "took ");
    vm_lock_stats(f->lock, &stats, TRUE);
    g_assert_cmpuint(stats.takes, >=, 3);
    g_assert_cmpint(stats.longest_hold_ns, >, 0);
    g_assert_nonnull(stats.longest_who);
    vm_lock_stats(f->lock, &stats, FALSE);
    g_assert_cmpuint(stats.takes, ==, 0);
}

static void test_longest_hold(Fixture *f, gconstpointer data)
{
    VmLockStats stats;

    vm_lock_drop(f->lock);
    vm_lock_take(f->lock, "sleeper");
    g_usleep(20000);
    vm_lock_drop(f->lock);
    vm_lock_take(f->lock, "test");
    vm_lock_stats(f->lock, &stats, FALSE);
    g_assert_cmpstr(stats.longest_who, ==, "sleeper");
    g_assert_cmpint(stats.longest_hold_ns, >=, 20 * NS_PER_MS);
}

static void called(void *opaque)
{
    Fixture *f = opaque;

    g_assert_true(vm_lock_held(f->lock));
    g_string_append_c(f->trace, 'c');
}

typedef struct CallTwice {
    Fixture *f;
    VmLockCall call;
} CallTwice;

static void call_twice(void *opaque)
{
    CallTwice *twice = opaque;

    called(twice->f);
    if (twice->f->trace->len == 1) {
        vm_lock_call(twice->f->lock, &twice->call);
    }
}

/* What the holder shall do is done once, before others can have the lock. */
static void test_calls_before_drop(Fixture *f, gconstpointer data)
{
    VmLockCall call = {.fn = called, .opaque = f}, cancelled = call, other = call;
    CallTwice twice = {.f = f, .call = {.fn = call_twice, .opaque = &twice}};

    vm_lock_call(f->lock, &cancelled);
    vm_lock_call(f->lock, &call);
    vm_lock_call(f->lock, &call);
    vm_lock_call(f->lock, &other);
    vm_lock_cancel(f->lock, &cancelled);
    vm_lock_cancel(f->lock, &cancelled);
    g_assert_cmpstr(f->trace->str, ==, "");
    vm_lock_drop(f->lock);
    g_assert_cmpstr(f->trace->str, ==, "cc");
    vm_lock_take(f->lock, "test");
    vm_lock_drop(f->lock);
    g_assert_cmpstr(f->trace->str, ==, "cc");
    vm_lock_take(f->lock, "test");
    g_string_truncate(f->trace, 0);
    vm_lock_call(f->lock, &twice.call);
    event_loop_iterate(f->loop, FALSE); /* polling drops it */
    g_assert_cmpstr(f->trace->str, ==, "cc");
}

/* ---- deferred calls ---- */

static void append_a(void *opaque)
{
    g_string_append_c(((Fixture *)opaque)->trace, 'a');
}

static void append_b(void *opaque)
{
    g_assert_true(vm_lock_held(((Fixture *)opaque)->lock));
    g_string_append_c(((Fixture *)opaque)->trace, 'b');
}

static void defer_again(void *opaque)
{
    Fixture *f = opaque;
    g_string_append_c(f->trace, 'r');
    event_loop_defer(f->loop, append_b, f);
}

static void test_defer_order(Fixture *f, gconstpointer data)
{
    event_loop_defer(f->loop, append_a, f);
    event_loop_defer(f->loop, defer_again, f);
    event_loop_defer(f->loop, append_a, f);
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpstr(f->trace->str, ==, "ara"); /* what a call defers waits for the next round */
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpstr(f->trace->str, ==, "arab");
}

static void test_deferred_once(Fixture *f, gconstpointer data)
{
    Deferred *once = deferred_new(f->loop, append_a, f);
    Deferred *cancelled = deferred_new(f->loop, append_b, f);

    deferred_schedule(once);
    deferred_schedule(once);
    deferred_schedule(cancelled);
    deferred_cancel(cancelled);
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpstr(f->trace->str, ==, "a");
    deferred_schedule(once);
    deferred_free(once);
    deferred_free(cancelled);
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpstr(f->trace->str, ==, "a");
}

static gpointer defer_from_thread(gpointer data)
{
    Fixture *f = data;
    g_usleep(10000); /* the loop sleeps by now: the call must wake it */
    event_loop_defer(f->loop, append_a, f);
    return NULL;
}

static void test_defer_wakes(Fixture *f, gconstpointer data)
{
    GThread *thread = g_thread_new("deferrer", defer_from_thread, f);
    while (f->trace->len == 0) {
        event_loop_iterate(f->loop, TRUE);
    }
    g_thread_join(thread);
}

/* ---- fd watches ---- */

typedef struct WatchCase {
    Fixture *f;
    FdWatch *watch;
    int calls;
} WatchCase;

static void on_readable(int fd, GIOCondition revents, void *opaque)
{
    WatchCase *c = opaque;
    char byte;

    g_assert_true(revents & G_IO_IN);
    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
    if (++c->calls == 2) {
        fd_watch_remove(g_steal_pointer(&c->watch)); /* from its own callback */
    }
}

static void test_fd_watch(Fixture *f, gconstpointer data)
{
    WatchCase c = {.f = f};
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(write(fds[1], "xyz", 3), ==, 3);
    c.watch = fd_watch_add(f->loop, fds[0], 0, on_readable, &c);
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpint(c.calls, ==, 0); /* nothing was awaited */
    fd_watch_set_events(c.watch, G_IO_IN);
    event_loop_iterate(f->loop, FALSE);
    event_loop_iterate(f->loop, FALSE);
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpint(c.calls, ==, 2);
    close(fds[0]);
    close(fds[1]);
}

/* ---- clocks and timers ---- */

static void test_timer_fires(Fixture *f, gconstpointer data)
{
    Clock *clock = clock_new_host(f->loop);
    Timer timer;
    gint64 start = clock_now(clock);

    timer_init(&timer, clock, append_a, f);
    timer_set(&timer, start + 2 * NS_PER_MS);
    g_assert_true(timer_pending(&timer));
    g_assert_cmpint(timer_expiry(&timer), ==, start + 2 * NS_PER_MS);
    while (f->trace->len == 0) {
        event_loop_iterate(f->loop, TRUE);
    }
    g_assert_cmpint(clock_now(clock), >=, start + 2 * NS_PER_MS); /* never early */
    g_assert_false(timer_pending(&timer));
    timer_cancel(&timer);
    clock_free(clock);
}

typedef struct Nest {
    Fixture *f;
    Timer outer, inner;
    gboolean inner_ran;
} Nest;

static void nest_inner(void *opaque)
{
    ((Nest *)opaque)->inner_ran = TRUE;
}

/* As a dialog does that a timer opens. */
static void nest_outer(void *opaque)
{
    Nest *nest = opaque;
    while (!nest->inner_ran) {
        event_loop_iterate(nest->f->loop, TRUE);
    }
    event_loop_quit(nest->f->loop);
}

/* A timer whose callback runs the loop does not keep the others from going off. */
static void test_timer_nested(Fixture *f, gconstpointer data)
{
    Clock *clock = clock_new_host(f->loop);
    Nest nest = {.f = f};

    timer_init(&nest.outer, clock, nest_outer, &nest);
    timer_init(&nest.inner, clock, nest_inner, &nest);
    timer_set_after(&nest.outer, NS_PER_MS);
    timer_set_after(&nest.inner, 5 * NS_PER_MS);
    event_loop_run(f->loop);
    g_assert_true(nest.inner_ran);
    clock_free(clock);
}

static void test_guest_clock_stops(Fixture *f, gconstpointer data)
{
    Clock *clock = clock_new_guest(f->loop);
    Timer timer;

    timer_init(&timer, clock, append_a, f);
    timer_set(&timer, NS_PER_MS);
    g_usleep(3000);
    event_loop_iterate(f->loop, FALSE);
    g_assert_cmpint(clock_now(clock), ==, 0);
    g_assert_cmpuint(f->trace->len, ==, 0);

    clock_resume(clock);
    while (f->trace->len == 0) {
        event_loop_iterate(f->loop, TRUE);
    }
    clock_pause(clock);
    gint64 stopped = clock_now(clock);
    g_assert_cmpint(stopped, >=, NS_PER_MS);
    g_usleep(2000);
    g_assert_cmpint(clock_now(clock), ==, stopped);
    clock_set(clock, 5 * NS_PER_SEC);
    g_assert_cmpint(clock_now(clock), ==, 5 * NS_PER_SEC);
    clock_free(clock);
}

static void note_arm(void *opaque, gint64 host_ns)
{
    *(gint64 *)opaque = host_ns;
}

/* The loop never runs a lent timer; whoever has it is told of every change, and runs it if due. */
static void test_lent_timer(Fixture *f, gconstpointer data)
{
    Clock *clock = clock_new_guest(f->loop);
    gint64 armed = -1;
    Timer timer, other;

    timer_init(&timer, clock, append_a, f);
    timer_init(&other, clock, append_b, f);
    timer_set(&timer, NS_PER_MS);
    timer_set(&other, 2 * NS_PER_MS);
    clock_lend(clock, &timer, note_arm, &armed);
    g_assert_cmpint(armed, ==, -1); /* the clock stands */
    clock_resume(clock);
    gint64 wanted = g_get_monotonic_time() * NS_PER_US;
    g_assert_cmpint(armed, <=, wanted + 2 * NS_PER_MS);
    g_assert_cmpint(armed, >, wanted - NS_PER_SEC);
    while (f->trace->len == 0) {
        event_loop_iterate(f->loop, TRUE);
    }
    g_assert_cmpstr(f->trace->str, ==, "b");
    clock_run_lent(clock);
    g_assert_cmpstr(f->trace->str, ==, "ba");
    clock_run_lent(clock); /* once */
    timer_set_after(&timer, NS_PER_SEC);
    clock_run_lent(clock); /* too early: it is armed again */
    g_assert_cmpstr(f->trace->str, ==, "ba");
    g_assert_cmpint(armed, >, wanted + NS_PER_SEC);
    g_assert_cmpint(armed, !=, G_MAXINT64);
    clock_pause(clock);
    g_assert_cmpint(armed, ==, G_MAXINT64);
    timer_cancel(&timer);
    g_assert_false(timer_pending(&timer));
    timer_set(&timer, 0);
    g_assert_true(timer_pending(&timer));
    clock_end_loan(clock);
    clock_resume(clock);
    while (f->trace->len < 3) {
        event_loop_iterate(f->loop, TRUE);
    }
    g_assert_cmpstr(f->trace->str, ==, "baa");
    clock_free(clock);
}

typedef struct StepCase {
    Clock *clock;
    Timer timer;
    gint64 seen[8];
    guint count;
} StepCase;

static void step_fire(void *opaque)
{
    StepCase *c = opaque;
    c->seen[c->count++] = clock_now(c->clock);
    if (c->count < 3) {
        timer_set(&c->timer, timer_expiry(&c->timer) < 0 ? clock_now(c->clock) + 100 : 0);
    }
}

static void test_manual_clock(Fixture *f, gconstpointer data)
{
    StepCase c = {.clock = clock_new_guest(f->loop)};

    clock_make_manual(c.clock);
    clock_resume(c.clock);
    timer_init(&c.timer, c.clock, step_fire, &c);
    timer_set(&c.timer, 50);
    g_assert_cmpint(clock_next_expiry(c.clock), ==, 50);
    g_assert_cmpint(clock_step(c.clock, 1000), ==, 1000);
    g_assert_cmpuint(c.count, ==, 3);
    g_assert_cmpint(c.seen[0], ==, 50); /* each callback sees its own time */
    g_assert_cmpint(c.seen[1], ==, 150);
    g_assert_cmpint(c.seen[2], ==, 250);
    g_assert_cmpint(clock_step(c.clock, 10), ==, 1000); /* never back */
    clock_free(c.clock);
}

/* Random arming and cancelling against a plain sorted list. */
static void test_heap_order(Fixture *f, gconstpointer data)
{
    enum { COUNT = 200 };
    StepCase cases[COUNT] = {{0}};
    Clock *clock = clock_new_guest(f->loop);
    gint64 last = -1;
    GRand *rand = g_rand_new_with_seed(7);

    clock_make_manual(clock);
    for (int i = 0; i < COUNT; i++) {
        cases[i].clock = clock;
        cases[i].count = 3; /* do not re-arm */
        timer_init(&cases[i].timer, clock, step_fire, &cases[i]);
    }
    for (int i = 0; i < 5 * COUNT; i++) {
        StepCase *c = &cases[g_rand_int_range(rand, 0, COUNT)];
        if (g_rand_boolean(rand)) {
            timer_set(&c->timer, g_rand_int_range(rand, 0, 100000));
        } else {
            timer_cancel(&c->timer);
        }
    }
    for (gint64 next; (next = clock_next_expiry(clock)) >= 0;) {
        gint64 smallest = G_MAXINT64;
        for (int i = 0; i < COUNT; i++) {
            if (timer_pending(&cases[i].timer)) {
                smallest = MIN(smallest, timer_expiry(&cases[i].timer));
            }
        }
        g_assert_cmpint(next, ==, smallest);
        g_assert_cmpint(next, >=, last);
        last = next;
        clock_step(clock, next);
    }
    g_rand_free(rand);
    clock_free(clock);
}

/* ---- workers ---- */

static void work_append(void *opaque)
{
    Fixture *f = opaque;
    g_assert_false(vm_lock_held(f->lock));
    g_usleep(1000);
}

static void test_workers(Fixture *f, gconstpointer data)
{
    WorkerPool *pool = worker_pool_new(f->loop, 2);

    for (int i = 0; i < 5; i++) {
        worker_submit(pool, work_append, append_b, f);
    }
    worker_pool_drain(pool);
    g_assert_cmpstr(f->trace->str, ==, "bbbbb");
    worker_submit(pool, work_append, NULL, f);
    worker_pool_free(pool);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*fn)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/loop/poll-drops-lock", test_poll_drops_lock},
        {"/loop/longest-hold", test_longest_hold},
        {"/loop/calls-before-drop", test_calls_before_drop},
        {"/loop/defer-order", test_defer_order},
        {"/loop/deferred-once", test_deferred_once},
        {"/loop/defer-wakes", test_defer_wakes},
        {"/loop/fd-watch", test_fd_watch},
        {"/loop/timer-fires", test_timer_fires},
        {"/loop/timer-nested", test_timer_nested},
        {"/loop/guest-clock-stops", test_guest_clock_stops},
        {"/loop/lent-timer", test_lent_timer},
        {"/loop/manual-clock", test_manual_clock},
        {"/loop/heap-order", test_heap_order},
        {"/loop/workers", test_workers},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].fn, tear_down);
    }
    return g_test_run();
}
