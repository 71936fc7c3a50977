/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/sdl/thread.h"

#include <SDL.h>

struct SdlThread {
    VmLock *lock;
    EventLoop *loop;
    Clock *clock;
    GThread *thread;
    Deferred *call;
    DeferFn fn;
    void *opaque;
    GMutex mutex;
    GCond returned;
    gboolean has_returned; /* under mutex */
};

static void run_call(void *opaque)
{
    SdlThread *self = opaque;
    self->fn(self->opaque);
    g_mutex_lock(&self->mutex);
    self->has_returned = TRUE;
    g_cond_signal(&self->returned);
    g_mutex_unlock(&self->mutex);
}

static gpointer run(gpointer data)
{
    SdlThread *self = data;
    vm_lock_take(self->lock, "sdl");
    event_loop_run(self->loop);
    vm_lock_drop(self->lock);
    SDL_TLSCleanup();
    return NULL;
}

SdlThread *sdl_thread_new(VmLock *lock)
{
    SdlThread *self = g_new0(SdlThread, 1);
    g_autoptr(GMainContext) context = g_main_context_new();
    self->lock = lock;
    self->loop = event_loop_new(context, lock);
    self->clock = clock_new_host(self->loop);
    self->call = deferred_new(self->loop, run_call, self);
    g_mutex_init(&self->mutex);
    g_cond_init(&self->returned);
    self->thread = g_thread_new("sdl", run, self);
    return self;
}

EventLoop *sdl_thread_loop(SdlThread *self)
{
    return self->loop;
}

Clock *sdl_thread_clock(SdlThread *self)
{
    return self->clock;
}

void sdl_thread_call(SdlThread *self, DeferFn fn, void *opaque)
{
    self->fn = fn;
    self->opaque = opaque;
    self->has_returned = FALSE;
    deferred_schedule(self->call);
}

gboolean sdl_thread_wait(SdlThread *self, gint64 patience_ns)
{
    gint64 end = g_get_monotonic_time() + patience_ns / NS_PER_US;
    vm_lock_drop(self->lock);
    g_mutex_lock(&self->mutex);
    while (!self->has_returned && g_cond_wait_until(&self->returned, &self->mutex, end)) {
    }
    gboolean has_returned = self->has_returned;
    g_mutex_unlock(&self->mutex);
    vm_lock_take(self->lock, "sdl");
    return has_returned;
}

void sdl_thread_free(SdlThread *self)
{
    event_loop_quit(self->loop);
    vm_lock_drop(self->lock);
    g_thread_join(self->thread);
    vm_lock_take(self->lock, "sdl");
    deferred_free(self->call);
    clock_free(self->clock);
    event_loop_free(self->loop);
    g_cond_clear(&self->returned);
    g_mutex_clear(&self->mutex);
    g_free(self);
}
