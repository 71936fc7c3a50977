/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Displays and their frame clock; see display.h for the contract.
 *
 * The clock is one timer on the host clock. It is in one of three states:
 *   off       no active listener: no timer at all;
 *   running   a scan every period, ticks on multiples of the period since the clock's zero;
 *   still     nothing changed for STILL_NS and the source watches for the next change: the timer
 *             is set only for changes that the source announced (a blinking cursor).
 * A change that the source announced does not count as activity, or a cursor would keep a still
 * screen at full rate for ever.
 */
#include "core/display.h"
#include "mainloop/timer.h"

/* How long nothing must change before the clock stops. */
#define STILL_NS (500 * NS_PER_MS)

/* No listener needs more; bounds what a max_hz can ask for. */
#define MAX_HZ 1000

typedef enum ClockState { CLOCK_OFF, CLOCK_RUNNING, CLOCK_STILL } ClockState;

struct DisplayListener {
    Display *display; /* NULL once the display is gone */
    const DisplayListenerOps *ops;
    void *opaque;
    guint max_hz;
    gboolean active;
    gboolean detached;         /* freed when no dispatch is going on any more */
    pixman_region32_t pending; /* damage that it has not been told of, for its rate */
    gint64 slot;               /* which of its periods had the last call */
};

struct Display {
    Machine *machine;
    char *name;
    const DisplaySourceOps *ops;
    void *opaque;
    Surface *surface;
    Cursor *cursor;
    int cursor_x, cursor_y;
    gboolean cursor_visible;
    GPtrArray *listeners; /* of DisplayListener* */
    guint dispatching;    /* depth of calls into listeners */
    gboolean has_detached;
    /* what scans found since the last dispatch */
    gboolean surface_changed;
    pixman_region32_t damage;
    /* frame clock */
    ClockState state;
    Timer timer;
    gboolean scanning;
    gboolean woken;        /* display_wake() came since the last tick */
    gint64 last_activity;  /* host time of the last unannounced damage or wake */
    gint64 change_due;     /* host time of the next announced change, -1 = none */
    guint64 scans, frames; /* statistics */
};

/* ---- listeners ---- */

static void listener_free(DisplayListener *listener)
{
    pixman_region32_fini(&listener->pending);
    g_free(listener);
}

static void listener_forget(DisplayListener *listener)
{
    pixman_region32_fini(&listener->pending);
    pixman_region32_init(&listener->pending);
}

static void display_sweep_detached(Display *display)
{
    if (display->dispatching || !display->has_detached) {
        return;
    }
    display->has_detached = FALSE;
    for (guint i = display->listeners->len; i-- > 0;) {
        DisplayListener *listener = display->listeners->pdata[i];
        if (listener->detached) {
            g_ptr_array_remove_index(display->listeners, i);
            listener_free(listener);
        }
    }
}

static gboolean listener_wants(const DisplayListener *listener)
{
    return listener->active && !listener->detached;
}

/* Callbacks may attach, detach and (de)activate: those that came during the loop are not visited,
 * having had their own replay. */
#define FOREACH_WANTING(display, var)                                                 \
    for (guint i_ = 0, n_ = (display)->listeners->len; i_ < n_; i_++)                 \
        for (DisplayListener *var = (display)->listeners->pdata[i_]; var; var = NULL) \
            if (listener_wants(var))

static void display_dispatch_begin(Display *display)
{
    display->dispatching++;
}

static void display_dispatch_end(Display *display)
{
    display->dispatching--;
    display_sweep_detached(display);
}

/* Gives a listener what is pending for it. */
static void listener_deliver(DisplayListener *listener, Surface *new_surface, gint64 slot)
{
    pixman_region32_t damage = listener->pending;
    pixman_region32_init(&listener->pending);
    listener->slot = slot;
    if (new_surface) {
        listener->ops->surface(listener->opaque, new_surface);
    }
    if (listener_wants(listener)) {
        listener->ops->damage(listener->opaque, &damage);
    }
    if (listener_wants(listener) && listener->ops->frame) {
        listener->ops->frame(listener->opaque);
    }
    pixman_region32_fini(&damage);
}

/* Which of the listener's periods this moment is in. */
static gint64 listener_slot(const DisplayListener *listener, gint64 now)
{
    return now / (NS_PER_SEC / listener->max_hz);
}

/*
 * Hands out what scans have collected. A listener that is slower than the clock gets it in its own
 * time, but a new surface at once; `force` is for all now. Returns TRUE if anything was collected.
 */
static gboolean display_dispatch(Display *display, gboolean force)
{
    gint64 now = clock_now(display->machine->host_clock);
    gboolean new_surface = display->surface_changed;
    display->surface_changed = FALSE;
    /* A listener may call display_update(), which collects anew. */
    pixman_region32_t damage = display->damage;
    pixman_region32_init(&display->damage);
    gboolean any = pixman_region32_not_empty(&damage);
    g_autoptr(Surface) surface = surface_ref(display->surface);

    display->frames += any;
    display_dispatch_begin(display);
    FOREACH_WANTING(display, listener)
    {
        gint64 slot = listener_slot(listener, now);
        if (any) {
            pixman_region32_union(&listener->pending, &listener->pending, &damage);
        }
        if (pixman_region32_not_empty(&listener->pending) &&
            (force || new_surface || slot != listener->slot)) {
            listener_deliver(listener, new_surface ? surface : NULL, slot);
        }
    }
    display_dispatch_end(display);
    pixman_region32_fini(&damage);
    return any;
}

/* TRUE if a listener has not been told all yet. */
static gboolean display_owes(Display *display)
{
    FOREACH_WANTING(display, listener)
    {
        if (pixman_region32_not_empty(&listener->pending)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Tells one listener all there is to know. */
static void display_replay(Display *display, DisplayListener *listener)
{
    const DisplayListenerOps *ops = listener->ops;
    g_autoptr(Surface) surface = surface_ref(display->surface);
    pixman_region32_t all;

    display_dispatch_begin(display);
    listener_forget(listener);
    listener->slot = listener_slot(listener, clock_now(display->machine->host_clock));
    ops->surface(listener->opaque, surface);
    pixman_region32_init_rect(&all, 0, 0, surface->width, surface->height);
    if (listener_wants(listener)) {
        ops->damage(listener->opaque, &all);
    }
    pixman_region32_fini(&all);
    if (listener_wants(listener) && ops->cursor) {
        ops->cursor(listener->opaque, display->cursor);
    }
    if (listener_wants(listener) && ops->warp) {
        ops->warp(listener->opaque, display->cursor_x, display->cursor_y, display->cursor_visible);
    }
    if (listener_wants(listener) && ops->frame) {
        ops->frame(listener->opaque);
    }
    display_dispatch_end(display);
}

/* ---- frame clock ---- */

/* Period of the fastest active listener, 0 if there is none. */
static gint64 display_period(Display *display)
{
    guint hz = 0;
    FOREACH_WANTING(display, listener)
    {
        hz = MAX(hz, listener->max_hz);
    }
    return hz ? NS_PER_SEC / hz : 0;
}

/* Collects what the source has to say. */
static void display_scan(Display *display)
{
    if (display->scanning) {
        return;
    }
    display->scanning = TRUE;
    gint64 delay = display->ops->scan(display->opaque);
    display->scanning = FALSE;
    display->scans++;
    display->change_due = delay < 0 ? -1 : clock_now(display->machine->host_clock) + delay;
}

/* Sets the timer as the state wants it. */
static void display_schedule(Display *display)
{
    gint64 period = display_period(display);
    if (!period) {
        display->state = CLOCK_OFF;
        timer_cancel(&display->timer);
        return;
    }
    gint64 at = clock_now(display->machine->host_clock);
    if (display->state == CLOCK_STILL) {
        if (display->change_due < 0) {
            timer_cancel(&display->timer);
            return;
        }
        /* One nanosecond back: a change due exactly on a tick belongs to that tick. */
        at = MAX(at, display->change_due - 1);
    }
    timer_set(&display->timer, (at / period + 1) * period);
}

static void display_start(Display *display)
{
    display->state = CLOCK_RUNNING;
    display->last_activity = clock_now(display->machine->host_clock);
    display_schedule(display);
}

static void display_tick(void *opaque)
{
    Display *display = opaque;
    gint64 now = clock_now(display->machine->host_clock);
    gboolean announced = display->change_due >= 0 && now >= display->change_due;

    /* The watch is armed before the last scan, so that no write falls between the two. */
    gboolean stop = display->state == CLOCK_STILL;
    if (!stop && !display->woken && now - display->last_activity >= STILL_NS &&
        display->ops->watch) {
        stop = display->ops->watch(display->opaque);
    }
    display_scan(display);
    gboolean damaged = display_dispatch(display, FALSE);
    if ((damaged && !announced) || display->woken) {
        display->last_activity = now;
        stop = FALSE;
    }
    if (stop && display_owes(display)) {
        stop = FALSE;
    }
    display->woken = FALSE;
    if (display->state != CLOCK_OFF) {
        display->state = stop ? CLOCK_STILL : CLOCK_RUNNING;
        display_schedule(display);
    }
}

void display_wake(Display *display)
{
    display->woken = TRUE;
    if (display->state == CLOCK_STILL && !display->scanning) {
        display_start(display);
    }
}

void display_update(Display *display)
{
    display_scan(display);
    display_dispatch(display, TRUE);
    if (display->state == CLOCK_STILL) {
        if (display->woken) {
            display_start(display);
        } else {
            display_schedule(display);
        }
    }
}

/* ---- the device's side ---- */

Display *display_new_unlisted(Machine *machine, const char *name, const DisplaySourceOps *ops,
                              void *opaque)
{
    g_assert(ops->scan && ops->invalidate);
    Display *display = g_new0(Display, 1);
    display->machine = machine;
    display->name = g_strdup(name);
    display->ops = ops;
    display->opaque = opaque;
    display->surface = surface_new(640, 480);
    display->listeners = g_ptr_array_new();
    display->change_due = -1;
    pixman_region32_init(&display->damage);
    timer_init(&display->timer, machine->host_clock, display_tick, display);
    return display;
}

Display *display_new(Machine *machine, const char *name, const DisplaySourceOps *ops, void *opaque)
{
    Display *display = display_new_unlisted(machine, name, ops, opaque);
    g_ptr_array_add(machine->displays, display);
    machine_announce_consoles(machine);
    return display;
}

void display_free(Display *display)
{
    if (!display) {
        return;
    }
    g_assert(!display->scanning && !display->dispatching);
    timer_cancel(&display->timer);
    display->state = CLOCK_OFF;
    if (g_ptr_array_remove(display->machine->displays, display)) {
        machine_announce_consoles(display->machine);
    }
    /* The picture may be the device's memory, which goes away now. */
    surface_unref(display->surface);
    display->surface = surface_new(640, 480);
    display_set_cursor(display, NULL);
    display_dispatch_begin(display);
    for (guint i = 0; i < display->listeners->len; i++) {
        DisplayListener *listener = display->listeners->pdata[i];
        if (!listener->detached) {
            listener->active = TRUE; /* inactive ones keep the surface that they had, too */
            display_replay(display, listener);
        }
    }
    display_dispatch_end(display);
    for (guint i = 0; i < display->listeners->len; i++) {
        DisplayListener *listener = display->listeners->pdata[i];
        listener->display = NULL;
    }
    g_ptr_array_free(display->listeners, TRUE);
    pixman_region32_fini(&display->damage);
    surface_unref(display->surface);
    g_free(display->name);
    g_free(display);
}

void display_set_surface(Display *display, Surface *surface)
{
    surface_ref(surface);
    surface_unref(display->surface);
    display->surface = surface;
    display->surface_changed = TRUE;
    pixman_region32_fini(&display->damage);
    pixman_region32_init_rect(&display->damage, 0, 0, surface->width, surface->height);
}

void display_damage(Display *display, int x, int y, int width, int height)
{
    int right = MIN((gint64)x + width, (gint64)display->surface->width);
    int bottom = MIN((gint64)y + height, (gint64)display->surface->height);
    x = MAX(x, 0);
    y = MAX(y, 0);
    if (x < right && y < bottom) {
        pixman_region32_union_rect(&display->damage, &display->damage, x, y, right - x, bottom - y);
    }
}

void display_set_cursor(Display *display, Cursor *cursor)
{
    if (cursor) {
        cursor_ref(cursor);
    }
    cursor_unref(display->cursor);
    display->cursor = cursor;
    display_dispatch_begin(display);
    FOREACH_WANTING(display, listener)
    {
        if (listener->ops->cursor) {
            listener->ops->cursor(listener->opaque, cursor);
        }
    }
    display_dispatch_end(display);
}

void display_warp(Display *display, int x, int y, gboolean visible)
{
    display->cursor_x = x;
    display->cursor_y = y;
    display->cursor_visible = visible;
    display_dispatch_begin(display);
    FOREACH_WANTING(display, listener)
    {
        if (listener->ops->warp) {
            listener->ops->warp(listener->opaque, x, y, visible);
        }
    }
    display_dispatch_end(display);
}

/* ---- the viewer's side ---- */

static void set_max_hz(DisplayListener *listener, guint max_hz)
{
    listener->max_hz = MIN(max_hz ? max_hz : DISPLAY_DEFAULT_HZ, MAX_HZ);
}

DisplayListener *display_attach(Display *display, const DisplayListenerOps *ops, void *opaque,
                                guint max_hz)
{
    g_assert(ops->surface && ops->damage);
    DisplayListener *listener = g_new0(DisplayListener, 1);
    listener->display = display;
    listener->ops = ops;
    listener->opaque = opaque;
    pixman_region32_init(&listener->pending);
    set_max_hz(listener, max_hz);
    display_update(display);
    listener->active = TRUE;
    g_ptr_array_add(display->listeners, listener);
    display_start(display);
    display_replay(display, listener);
    return listener;
}

void display_detach(DisplayListener *listener)
{
    if (!listener) {
        return;
    }
    Display *display = listener->display;
    if (!display) {
        listener_free(listener);
        return;
    }
    listener->detached = TRUE;
    display->has_detached = TRUE;
    display_schedule(display);
    display_sweep_detached(display);
}

void display_listener_set_max_hz(DisplayListener *listener, guint max_hz)
{
    set_max_hz(listener, max_hz);
    listener->slot = -1; /* it was counted in other periods */
    if (listener->display && listener->active) {
        display_schedule(listener->display);
    }
}

void display_listener_set_active(DisplayListener *listener, gboolean active)
{
    Display *display = listener->display;
    if (!display || listener->active == active) {
        return;
    }
    if (active) {
        display_update(display);
        listener->active = TRUE;
        display_start(display);
        display_replay(display, listener);
    } else {
        listener->active = FALSE;
        listener_forget(listener);
        display_schedule(display);
    }
}

Surface *display_surface(Display *display)
{
    return display->surface;
}

Cursor *display_cursor(Display *display, int *x, int *y, gboolean *visible)
{
    *x = display->cursor_x;
    *y = display->cursor_y;
    *visible = display->cursor_visible;
    return display->cursor;
}

Machine *display_machine(const Display *display)
{
    return display->machine;
}

const char *display_name(Display *display)
{
    return display->name;
}

void display_hint_size(Display *display, guint width, guint height)
{
    if (display->ops->hint_size && width && height) {
        display->ops->hint_size(display->opaque, MIN(width, SURFACE_MAX_SIZE),
                                MIN(height, SURFACE_MAX_SIZE));
    }
}

gboolean display_text(Display *display, TextScreen *screen)
{
    text_screen_clear(screen);
    return display->ops->text && display->ops->text(display->opaque, screen);
}

void display_stats(Display *display, DisplayStats *stats)
{
    *stats = (DisplayStats){.scans = display->scans,
                            .frames = display->frames,
                            .clock_running = display->state == CLOCK_RUNNING};
    for (guint i = 0; i < display->listeners->len; i++) {
        const DisplayListener *listener = display->listeners->pdata[i];
        stats->listeners += !listener->detached;
        stats->active += listener_wants(listener);
    }
}

void display_foreach_listener(Display *display,
                              void (*fn)(const DisplayListenerOps *ops, gboolean active,
                                         guint max_hz, void *opaque),
                              void *opaque)
{
    for (guint i = 0; i < display->listeners->len; i++) {
        const DisplayListener *listener = display->listeners->pdata[i];
        if (!listener->detached) {
            fn(listener->ops, listener->active, listener->max_hz, opaque);
        }
    }
}
