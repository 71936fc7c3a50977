/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of mainloop/ share: the loop's state. Fields are guarded as loop.h says for the
 * functions that use them; those marked atomic or mutex are for any thread.
 */
#pragma once

#include "mainloop/loop.h"
#include "mainloop/timer.h"

struct EventLoop {
    GMainContext *context;
    GMainLoop *main_loop;
    VmLock *lock;
    guint64 wakeups; /* atomic */

    /* defer.c */
    GMutex defer_mutex;
    GSource *defer_source;
    GQueue defer_queue; /* of Deferred*, under defer_mutex */

    /* timer.c */
    GSource *timer_source;
    int timer_fd;
    gint64 timer_armed; /* host time that timer_fd is set to, G_MAXINT64 = it is not */
    GPtrArray *clocks;  /* of Clock* */
};

/* This thread is in event_loop_run() or event_loop_iterate() with it. */
gboolean loop_runs_here(EventLoop *loop);

void loop_defer_init(EventLoop *loop);
void loop_defer_finish(EventLoop *loop);
void loop_timer_init(EventLoop *loop);
void loop_timer_finish(EventLoop *loop);
