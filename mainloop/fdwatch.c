/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mainloop/loop-priv.h"

struct FdWatch {
    GSource source;
    int fd;
    gpointer tag; /* from g_source_add_unix_fd; NULL while nothing is awaited */
    FdWatchFn fn;
    void *opaque;
};

static gboolean fd_watch_check(GSource *source)
{
    FdWatch *watch = (FdWatch *)source;
    return watch->tag && g_source_query_unix_fd(source, watch->tag) != 0;
}

static gboolean fd_watch_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    FdWatch *watch = (FdWatch *)source;
    GIOCondition revents = watch->tag ? g_source_query_unix_fd(source, watch->tag) : 0;

    /* GLib holds a reference for the dispatch, so the callback may remove its own watch. */
    if (revents) {
        watch->fn(watch->fd, revents, watch->opaque);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs fd_watch_funcs = {.check = fd_watch_check, .dispatch = fd_watch_dispatch};

FdWatch *fd_watch_add(EventLoop *loop, int fd, GIOCondition events, FdWatchFn fn, void *opaque)
{
    FdWatch *watch = (FdWatch *)g_source_new(&fd_watch_funcs, sizeof(FdWatch));

    watch->fd = fd;
    watch->fn = fn;
    watch->opaque = opaque;
    g_source_set_static_name(&watch->source, "fd watch");
    g_source_set_can_recurse(&watch->source, TRUE);
    fd_watch_set_events(watch, events);
    g_source_attach(&watch->source, loop->context);
    return watch;
}

void fd_watch_set_events(FdWatch *watch, GIOCondition events)
{
    if (events && watch->tag) {
        g_source_modify_unix_fd(&watch->source, watch->tag, events);
    } else if (events) {
        watch->tag = g_source_add_unix_fd(&watch->source, watch->fd, events);
    } else if (watch->tag) {
        g_source_remove_unix_fd(&watch->source, watch->tag);
        watch->tag = NULL;
    }
}

void fd_watch_remove(FdWatch *watch)
{
    if (watch) {
        g_source_destroy(&watch->source);
        g_source_unref(&watch->source);
    }
}
