/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mainloop/loop.h"

#include <errno.h>
#include <poll.h>

#include "mainloop/loop-priv.h"

/*
 * GLib calls a poll function without a user pointer, so the loop that a thread runs has to be found
 * through the thread. Set for the duration of event_loop_run() and event_loop_iterate().
 */
static __thread EventLoop *running_loop;

static gint loop_poll(GPollFD *fds, guint count, gint timeout_ms)
{
    EventLoop *loop = running_loop;
    VmLock *lock = loop && loop->lock && vm_lock_held(loop->lock) ? loop->lock : NULL;
    struct timespec timeout = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
    int saved_errno;
    gint ready;

    if (lock) {
        vm_lock_drop(lock);
    }
    /* GPollFD is struct pollfd by GLib's documentation ("matches the layout of struct pollfd"). */
    ready = ppoll((struct pollfd *)fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);
    saved_errno = errno;
    if (lock) {
        vm_lock_take(lock, "main loop");
    }
    if (loop) {
        __atomic_add_fetch(&loop->wakeups, 1, __ATOMIC_RELAXED);
    }
    errno = saved_errno;
    return ready;
}

gboolean loop_runs_here(EventLoop *loop)
{
    return running_loop == loop;
}

EventLoop *event_loop_new(GMainContext *context, VmLock *lock)
{
    EventLoop *loop = g_new0(EventLoop, 1);

    loop->context = g_main_context_ref(context ? context : g_main_context_default());
    loop->main_loop = g_main_loop_new(loop->context, FALSE);
    loop->lock = lock;
    g_main_context_set_poll_func(loop->context, loop_poll);
    loop_defer_init(loop);
    loop_timer_init(loop);
    return loop;
}

void event_loop_free(EventLoop *loop)
{
    if (!loop) {
        return;
    }
    loop_timer_finish(loop);
    loop_defer_finish(loop);
    g_main_context_set_poll_func(loop->context, NULL);
    g_main_loop_unref(loop->main_loop);
    g_main_context_unref(loop->context);
    g_free(loop);
}

void event_loop_run(EventLoop *loop)
{
    EventLoop *outer = running_loop;
    running_loop = loop;
    g_main_loop_run(loop->main_loop);
    running_loop = outer;
}

void event_loop_quit(EventLoop *loop)
{
    g_main_loop_quit(loop->main_loop);
}

gboolean event_loop_iterate(EventLoop *loop, gboolean may_block)
{
    EventLoop *outer = running_loop;
    running_loop = loop;
    gboolean dispatched = g_main_context_iteration(loop->context, may_block);
    running_loop = outer;
    return dispatched;
}

GMainContext *event_loop_context(EventLoop *loop)
{
    return loop->context;
}

VmLock *event_loop_lock(EventLoop *loop)
{
    return loop->lock;
}

guint64 event_loop_wakeups(EventLoop *loop)
{
    return __atomic_load_n(&loop->wakeups, __ATOMIC_RELAXED);
}
