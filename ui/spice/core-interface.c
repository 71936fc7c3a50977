/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spice-server's view of the event loop (spice-core.h). Its callbacks have no pointer of ours, but
 * come on the server's thread, which knows what it runs.
 *
 * What spice-server has not removed when it is destroyed is removed here.
 */
#include "mainloop/timer.h"
#include "ui/spice/spice-priv.h"

struct SpiceTimer {
    SpiceCore *core;
    Timer timer;
    SpiceTimerFunc fn;
    void *opaque;
};

struct SpiceWatch {
    SpiceCore *core;
    FdWatch *watch;
    SpiceWatchFunc fn;
    void *opaque;
};

struct SpiceCore {
    SpiceCoreInterface interface;
    EventLoop *loop;
    Clock *clock;
    GHashTable *timers, *watches; /* sets, owning */
};

static SpiceCore *current_core(void)
{
    return spice_thread_current()->core;
}

/* ---- timers ---- */

static void on_timer(void *opaque)
{
    SpiceTimer *timer = opaque;

    timer->fn(timer->opaque);
}

static void timer_destroy(gpointer data)
{
    SpiceTimer *timer = data;

    timer_cancel(&timer->timer);
    g_free(timer);
}

static SpiceTimer *core_timer_add(SpiceTimerFunc fn, void *opaque)
{
    SpiceCore *core = current_core();
    SpiceTimer *timer = g_new0(SpiceTimer, 1);

    timer->core = core;
    timer->fn = fn;
    timer->opaque = opaque;
    timer_init(&timer->timer, core->clock, on_timer, timer);
    g_hash_table_add(core->timers, timer);
    return timer;
}

static void core_timer_start(SpiceTimer *timer, uint32_t ms)
{
    timer_set_after(&timer->timer, ms * NS_PER_MS);
}

static void core_timer_cancel(SpiceTimer *timer)
{
    timer_cancel(&timer->timer);
}

static void core_timer_remove(SpiceTimer *timer)
{
    g_hash_table_remove(timer->core->timers, timer);
}

/* ---- watches ---- */

static GIOCondition conditions(int mask)
{
    return (GIOCondition)((mask & SPICE_WATCH_EVENT_READ ? G_IO_IN : 0) |
                          (mask & SPICE_WATCH_EVENT_WRITE ? G_IO_OUT : 0));
}

static void on_fd(int fd, GIOCondition revents, void *opaque)
{
    SpiceWatch *watch = opaque;
    int event = (revents & (G_IO_IN | G_IO_HUP | G_IO_ERR) ? SPICE_WATCH_EVENT_READ : 0) |
                (revents & (G_IO_OUT | G_IO_ERR) ? SPICE_WATCH_EVENT_WRITE : 0);

    watch->fn(fd, event, watch->opaque); /* may remove it */
    spice_channels_event_over(spice_thread_current()->channels);
}

static void watch_destroy(gpointer data)
{
    SpiceWatch *watch = data;

    fd_watch_remove(watch->watch);
    g_free(watch);
}

static SpiceWatch *core_watch_add(int fd, int mask, SpiceWatchFunc fn, void *opaque)
{
    SpiceCore *core = current_core();
    SpiceWatch *watch = g_new0(SpiceWatch, 1);

    watch->core = core;
    watch->fn = fn;
    watch->opaque = opaque;
    watch->watch = fd_watch_add(core->loop, fd, conditions(mask), on_fd, watch);
    g_hash_table_add(core->watches, watch);
    spice_channels_watching(spice_thread_current()->channels, fd);
    return watch;
}

static void core_watch_update_mask(SpiceWatch *watch, int mask)
{
    fd_watch_set_events(watch->watch, conditions(mask));
}

static void core_watch_remove(SpiceWatch *watch)
{
    g_hash_table_remove(watch->core->watches, watch);
}

/* ---- events ---- */

static void core_channel_event(int event, SpiceChannelEventInfo *info)
{
    spice_channels_event(spice_thread_current()->channels, event, info);
}

/* ---- lifecycle ---- */

SpiceCore *spice_core_new(EventLoop *loop)
{
    SpiceCore *core = g_new0(SpiceCore, 1);

    core->interface = (SpiceCoreInterface){
        .base.type = SPICE_INTERFACE_CORE,
        .base.description = "Vitrine event loop",
        .base.major_version = SPICE_INTERFACE_CORE_MAJOR,
        .base.minor_version = SPICE_INTERFACE_CORE_MINOR,
        .timer_add = core_timer_add,
        .timer_start = core_timer_start,
        .timer_cancel = core_timer_cancel,
        .timer_remove = core_timer_remove,
        .watch_add = core_watch_add,
        .watch_update_mask = core_watch_update_mask,
        .watch_remove = core_watch_remove,
        .channel_event = core_channel_event,
    };
    core->loop = loop;
    core->clock = clock_new_host(loop);
    core->timers = g_hash_table_new_full(NULL, NULL, timer_destroy, NULL);
    core->watches = g_hash_table_new_full(NULL, NULL, watch_destroy, NULL);
    return core;
}

void spice_core_free(SpiceCore *core)
{
    g_hash_table_unref(core->watches);
    g_hash_table_unref(core->timers);
    clock_free(core->clock);
    g_free(core);
}

SpiceCoreInterface *spice_core_interface(SpiceCore *core)
{
    return &core->interface;
}
