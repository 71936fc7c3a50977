/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deferred calls: a queue and a GSource that is ready when the queue is not empty. Scheduling from
 * another thread wakes the context, with no lock held that it would then wait for; from the loop's
 * own thread it costs no system call, because the context has not gone to sleep yet. (A ready time
 * would do the same, but GLib wakes the context for every change of it.)
 */
#include "mainloop/loop-priv.h"

struct Deferred {
    EventLoop *loop;
    DeferFn fn;
    void *opaque;
    gboolean queued;  /* under defer_mutex */
    gboolean one_off; /* made by event_loop_defer(): freed once run */
};

typedef struct DeferSource {
    GSource source;
    EventLoop *loop;
} DeferSource;

static gboolean defer_check(GSource *source)
{
    EventLoop *loop = ((DeferSource *)source)->loop;

    g_mutex_lock(&loop->defer_mutex);
    gboolean ready = loop->defer_queue.length > 0;
    g_mutex_unlock(&loop->defer_mutex);
    return ready;
}

static gboolean defer_prepare(GSource *source, gint *timeout_ms)
{
    *timeout_ms = -1;
    return defer_check(source);
}

static gboolean defer_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    EventLoop *loop = ((DeferSource *)source)->loop;

    /* What callbacks schedule runs in the next round: a call that defers itself starves nobody. */
    g_mutex_lock(&loop->defer_mutex);
    guint count = loop->defer_queue.length;
    while (count-- > 0 && loop->defer_queue.length > 0) {
        Deferred *deferred = g_queue_pop_head(&loop->defer_queue);
        DeferFn fn = deferred->fn;
        void *opaque = deferred->opaque;

        deferred->queued = FALSE;
        g_mutex_unlock(&loop->defer_mutex);
        if (deferred->one_off) {
            g_free(deferred);
        }
        fn(opaque);
        g_mutex_lock(&loop->defer_mutex);
    }
    g_mutex_unlock(&loop->defer_mutex);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs defer_source_funcs = {
    .prepare = defer_prepare,
    .check = defer_check,
    .dispatch = defer_dispatch,
};

void loop_defer_init(EventLoop *loop)
{
    g_mutex_init(&loop->defer_mutex);
    g_queue_init(&loop->defer_queue);
    loop->defer_source = g_source_new(&defer_source_funcs, sizeof(DeferSource));
    ((DeferSource *)loop->defer_source)->loop = loop;
    g_source_set_static_name(loop->defer_source, "deferred calls");
    g_source_set_can_recurse(loop->defer_source, TRUE);
    g_source_attach(loop->defer_source, loop->context);
}

void loop_defer_finish(EventLoop *loop)
{
    Deferred *deferred;

    while ((deferred = g_queue_pop_head(&loop->defer_queue))) {
        deferred->queued = FALSE;
        if (deferred->one_off) {
            g_free(deferred);
        }
    }
    g_source_destroy(loop->defer_source);
    g_source_unref(loop->defer_source);
    g_mutex_clear(&loop->defer_mutex);
}

Deferred *deferred_new(EventLoop *loop, DeferFn fn, void *opaque)
{
    Deferred *deferred = g_new0(Deferred, 1);
    deferred->loop = loop;
    deferred->fn = fn;
    deferred->opaque = opaque;
    return deferred;
}

void deferred_schedule(Deferred *deferred)
{
    EventLoop *loop = deferred->loop;
    GMainContext *sleeper = NULL; /* may outlive the loop: the call can be its last */

    g_mutex_lock(&loop->defer_mutex);
    if (!deferred->queued) {
        deferred->queued = TRUE;
        g_queue_push_tail(&loop->defer_queue, deferred);
        if (loop->defer_queue.length == 1 && !loop_runs_here(loop)) {
            sleeper = g_main_context_ref(loop->context);
        }
    }
    g_mutex_unlock(&loop->defer_mutex);
    if (sleeper) {
        g_main_context_wakeup(sleeper);
        g_main_context_unref(sleeper);
    }
}

void deferred_cancel(Deferred *deferred)
{
    g_mutex_lock(&deferred->loop->defer_mutex);
    if (deferred->queued) {
        deferred->queued = FALSE;
        g_queue_remove(&deferred->loop->defer_queue, deferred);
    }
    g_mutex_unlock(&deferred->loop->defer_mutex);
}

void deferred_free(Deferred *deferred)
{
    if (deferred) {
        deferred_cancel(deferred);
        g_free(deferred);
    }
}

void event_loop_defer(EventLoop *loop, DeferFn fn, void *opaque)
{
    Deferred *deferred = deferred_new(loop, fn, opaque);
    deferred->one_off = TRUE;
    deferred_schedule(deferred);
}
