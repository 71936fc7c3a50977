/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/input.h"

#include <string.h>

#include "core/display.h"
#include "core/error.h"
#include "core/input-priv.h"

#define POINTER_KINDS (INPUT_KIND_REL | INPUT_KIND_ABS)

struct InputSink {
    InputRouter *router;
    const InputSinkOps *ops;
    void *opaque;
    guint index; /* as `info mice` and `mouse_set` number pointers */
    gboolean active;
    gboolean touched; /* got an event since the last sync */
    guint leds;
    guint8 down[(KEY_CNT + 7) / 8]; /* keys and buttons held: their releases must come here */
};

struct InputListener {
    InputRouter *router;
    const InputListenerOps *ops;
    void *opaque;
};

struct InputRouter {
    Machine *machine;
    GPtrArray *sinks;     /* of InputSink*, owned; the one to prefer first */
    GPtrArray *listeners; /* of InputListener*, owned */
    guint next_index;
    gboolean absolute; /* as listeners were last told */
    guint leds;
    KeyQueue *queue;
};

/* ---- who gets an event ---- */

static InputSink *find_sink(InputRouter *router, guint kind)
{
    for (guint i = 0; i < router->sinks->len; i++) {
        InputSink *sink = g_ptr_array_index(router->sinks, i);

        if (sink->active && (sink->ops->kinds & kind)) {
            return sink;
        }
    }
    return NULL;
}

/* The pointer in use: an absolute one before relative ones. */
static InputSink *find_pointer(InputRouter *router)
{
    InputSink *sink = find_sink(router, INPUT_KIND_ABS);

    return sink ? sink : find_sink(router, INPUT_KIND_REL);
}

static gboolean is_wheel(guint axis)
{
    return axis == REL_WHEEL || axis == REL_HWHEEL;
}

/* After any change of sinks: tells listeners what is different now. */
static void router_changed(InputRouter *router)
{
    gboolean absolute = find_sink(router, INPUT_KIND_ABS) != NULL;
    InputSink *keyboard = find_sink(router, INPUT_KIND_KEY);
    guint leds = keyboard ? keyboard->leds : 0;
    gboolean other_mode = absolute != router->absolute;
    gboolean other_leds = leds != router->leds;

    router->absolute = absolute;
    router->leds = leds;
    for (guint i = 0; i < router->listeners->len; i++) {
        InputListener *listener = g_ptr_array_index(router->listeners, i);

        if (other_mode && listener->ops->pointer_mode) {
            listener->ops->pointer_mode(listener->opaque, absolute);
        }
        if (other_leds && listener->ops->leds) {
            listener->ops->leds(listener->opaque, leds);
        }
    }
}

static void deliver(InputSink *sink, InputKind kind, guint code, gint value)
{
    InputEvent event = {kind, code, value};

    sink->touched = TRUE;
    sink->ops->event(sink->opaque, &event);
}

/* A stopped machine takes nothing new; releases it must see, or keys would stick. One that sleeps
 * may be woken by it. */
static gboolean takes_events(InputRouter *router)
{
    return machine_is_running(router->machine) || router->machine->run_state == RUN_STATE_SUSPENDED;
}

static void deliver_switch(InputRouter *router, InputKind kind, guint code, gboolean down)
{
    guint8 bit = (guint8)(1 << (code & 7));
    InputSink *sink = NULL;

    if (code >= KEY_CNT) {
        return;
    }
    for (guint i = 0; i < router->sinks->len && !sink; i++) {
        InputSink *holder = g_ptr_array_index(router->sinks, i);

        sink = holder->down[code / 8] & bit ? holder : NULL;
    }
    if (!down && sink) {
        sink->down[code / 8] &= (guint8)~bit;
        deliver(sink, kind, code, 0);
    } else if (down && takes_events(router)) {
        sink = sink                        ? sink
               : kind == INPUT_KIND_BUTTON ? find_pointer(router)
                                           : find_sink(router, INPUT_KIND_KEY);
        if (sink && (sink->ops->kinds & kind)) {
            sink->down[code / 8] |= bit;
            deliver(sink, kind, code, 1);
        }
    }
}

/* ---- frontends ---- */

void input_key(InputRouter *router, guint key, gboolean down)
{
    deliver_switch(router, INPUT_KIND_KEY, key, down);
}

void input_button(InputRouter *router, guint button, gboolean down)
{
    deliver_switch(router, INPUT_KIND_BUTTON, button, down);
}

void input_rel(InputRouter *router, guint axis, gint delta)
{
    InputSink *sink = is_wheel(axis) ? find_pointer(router) : find_sink(router, INPUT_KIND_REL);

    if (sink && delta && takes_events(router)) {
        deliver(sink, INPUT_KIND_REL, axis, delta);
    }
}

void input_abs(InputRouter *router, guint axis, gint position)
{
    InputSink *sink = find_sink(router, INPUT_KIND_ABS);

    if (sink && takes_events(router)) {
        deliver(sink, INPUT_KIND_ABS, axis, CLAMP(position, 0, INPUT_ABS_MAX));
    }
}

void input_sync(InputRouter *router)
{
    gboolean any = FALSE;

    for (guint i = 0; i < router->sinks->len; i++) {
        InputSink *sink = g_ptr_array_index(router->sinks, i);

        if (sink->touched) {
            sink->touched = FALSE;
            any = TRUE;
            if (sink->ops->sync) {
                sink->ops->sync(sink->opaque);
            }
        }
    }
    /* What a person does mostly changes the picture: do not wait for the next look at it. */
    for (guint i = 0; any && i < router->machine->displays->len; i++) {
        display_wake(g_ptr_array_index(router->machine->displays, i));
    }
}

gboolean input_is_absolute(InputRouter *router)
{
    return router->absolute;
}

guint input_leds(InputRouter *router)
{
    return router->leds;
}

InputListener *input_listen(InputRouter *router, const InputListenerOps *ops, void *opaque)
{
    InputListener *listener = g_new0(InputListener, 1);

    listener->router = router;
    listener->ops = ops;
    listener->opaque = opaque;
    g_ptr_array_add(router->listeners, listener);
    return listener;
}

void input_unlisten(InputListener *listener)
{
    if (listener) {
        g_ptr_array_remove(listener->router->listeners, listener);
    }
}

/* ---- devices ---- */

InputSink *input_sink_add(InputRouter *router, const InputSinkOps *ops, void *opaque)
{
    InputSink *sink = g_new0(InputSink, 1);

    g_assert(ops->event && ops->kinds);
    sink->router = router;
    sink->ops = ops;
    sink->opaque = opaque;
    sink->active = TRUE;
    sink->index = router->next_index++;
    g_ptr_array_insert(router->sinks, 0, sink);
    router_changed(router);
    return sink;
}

void input_sink_remove(InputSink *sink)
{
    if (sink) {
        InputRouter *router = sink->router;

        g_ptr_array_remove(router->sinks, sink);
        router_changed(router);
    }
}

static void move_to_front(InputSink *sink)
{
    GPtrArray *sinks = sink->router->sinks;

    g_ptr_array_set_free_func(sinks, NULL);
    g_ptr_array_remove(sinks, sink);
    g_ptr_array_insert(sinks, 0, sink);
    g_ptr_array_set_free_func(sinks, g_free);
}

void input_sink_set_active(InputSink *sink, gboolean active)
{
    if (sink->active == active) {
        return;
    }
    sink->active = active;
    if (active) {
        move_to_front(sink);
    }
    router_changed(sink->router);
}

void input_sink_set_leds(InputSink *sink, guint leds)
{
    sink->leds = leds;
    router_changed(sink->router);
}

/* ---- the monitor ---- */

static gint compare_index(gconstpointer a, gconstpointer b)
{
    const InputSink *x = *(InputSink *const *)a, *y = *(InputSink *const *)b;

    return x->index < y->index ? -1 : x->index > y->index;
}

void input_foreach_mouse(InputRouter *router, void (*fn)(const InputMouse *mouse, void *opaque),
                         void *opaque)
{
    InputSink *current = find_pointer(router);
    g_autoptr(GPtrArray) sinks = g_ptr_array_new();

    for (guint i = 0; i < router->sinks->len; i++) {
        g_ptr_array_add(sinks, g_ptr_array_index(router->sinks, i));
    }
    g_ptr_array_sort(sinks, compare_index);
    for (guint i = 0; i < sinks->len; i++) {
        InputSink *sink = g_ptr_array_index(sinks, i);

        if (sink->ops->kinds & POINTER_KINDS) {
            InputMouse mouse = {sink->ops->name, sink->index, sink == current,
                                (sink->ops->kinds & INPUT_KIND_ABS) != 0};
            fn(&mouse, opaque);
        }
    }
}

gboolean input_select_mouse(InputRouter *router, guint index, GError **error)
{
    for (guint i = 0; i < router->sinks->len; i++) {
        InputSink *sink = g_ptr_array_index(router->sinks, i);

        if (sink->index != index || !(sink->ops->kinds & POINTER_KINDS)) {
            continue;
        }
        /* A relative one only comes first when no absolute one stands in its way. */
        for (guint j = 0; !(sink->ops->kinds & INPUT_KIND_ABS) && j < router->sinks->len; j++) {
            InputSink *other = g_ptr_array_index(router->sinks, j);

            if (other->ops->kinds & INPUT_KIND_ABS) {
                other->active = FALSE;
            }
        }
        sink->active = TRUE;
        move_to_front(sink);
        router_changed(router);
        return TRUE;
    }
    return error_set(error, "Mouse at index '%u' not found ('info mice' lists them)", index);
}

KeyQueue *input_router_queue(InputRouter *router)
{
    return router->queue;
}

/* ---- lifecycle ---- */

InputRouter *input_router_new(Machine *machine)
{
    InputRouter *router = g_new0(InputRouter, 1);

    router->machine = machine;
    router->sinks = g_ptr_array_new_with_free_func(g_free);
    router->listeners = g_ptr_array_new_with_free_func(g_free);
    router->next_index = 1;
    router->queue = key_queue_new(router, machine);
    return router;
}

void input_router_free(InputRouter *router)
{
    if (router) {
        key_queue_free(router->queue);
        g_ptr_array_unref(router->listeners);
        g_ptr_array_unref(router->sinks);
        g_free(router);
    }
}
