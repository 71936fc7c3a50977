/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop: one GMainContext with nanosecond timers, deferred calls and fd watches.
 *
 * The machine has one main loop, on the GLib default context, so that GTK and every GLib library
 * share it. Its poll function drops the vm lock, waits with ppoll(2) and takes the lock back, so
 * every source callback - timers, deferred calls, fd watches, GTK signal handlers, nested dialogs -
 * runs with the lock. An I/O thread has a loop of its own, without a lock, run by its own thread.
 *
 * Unless said otherwise a function is called by the thread that runs the loop, or by a thread
 * that holds the loop's lock.
 */
#pragma once

#include <glib.h>

#include "mainloop/lock.h"

typedef struct EventLoop EventLoop;
typedef struct FdWatch FdWatch;
typedef struct Deferred Deferred;

typedef void (*DeferFn)(void *opaque);
typedef void (*FdWatchFn)(int fd, GIOCondition revents, void *opaque);

/*
 * Creates a loop on `context` (NULL: the default context); takes a reference on it. `lock` may be
 * NULL for an I/O thread's loop. The creating thread is expected to hold `lock` already, since
 * only polling drops it.
 */
EventLoop *event_loop_new(GMainContext *context, VmLock *lock);

/* Frees a loop that is not running: pending deferred calls are dropped, timers forgotten. */
void event_loop_free(EventLoop *loop);

/* Runs until event_loop_quit(). Call with the lock held; returns with it held. */
void event_loop_run(EventLoop *loop);

/* Makes event_loop_run() return. From any thread. */
void event_loop_quit(EventLoop *loop);

/* Runs one iteration; waits for an event if `may_block`. For tests and start-up work. */
gboolean event_loop_iterate(EventLoop *loop, gboolean may_block);

GMainContext *event_loop_context(EventLoop *loop);
VmLock *event_loop_lock(EventLoop *loop);

/* How often the loop woke from its poll: what a quiet machine keeps low. From any thread. */
guint64 event_loop_wakeups(EventLoop *loop);

/* ---- deferred calls ---- */

/* Calls `fn(opaque)` once on the loop, after calls deferred before it. From any thread. */
void event_loop_defer(EventLoop *loop, DeferFn fn, void *opaque);

/*
 * A deferred call that can be scheduled again and again: however often deferred_schedule() is
 * called before it runs, it runs once. Owned by its creator.
 */
Deferred *deferred_new(EventLoop *loop, DeferFn fn, void *opaque);

/* From any thread. Never blocks. */
void deferred_schedule(Deferred *deferred);

/* Takes back a scheduled call. */
void deferred_cancel(Deferred *deferred);

/* Cancels and frees; may be called from its own callback. NULL is fine. */
void deferred_free(Deferred *deferred);

/* ---- fd watches ---- */

/*
 * Calls `fn` on the loop while one of `events` (G_IO_IN, G_IO_OUT; HUP and ERR come unasked) holds
 * on `fd`. The fd stays its caller's. Returns a watch, owned by the caller.
 */
FdWatch *fd_watch_add(EventLoop *loop, int fd, GIOCondition events, FdWatchFn fn, void *opaque);

/* Changes the awaited events; 0 keeps the watch but waits for nothing, errors not even. */
void fd_watch_set_events(FdWatch *watch, GIOCondition events);

/* Stops and frees a watch; may be called from its own callback. NULL is fine. */
void fd_watch_remove(FdWatch *watch);
