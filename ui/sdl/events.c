/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to ask SDL for events: the moment its connection to the server has some, which a GSource
 * waits for. SDL puts off a change of the keyboard focus by 200 ms (a window manager's grab takes
 * it away for a moment), so after any events there is one more look a little later. Only with
 * another video driver, which has nothing to wait at, there is one every POLL_NS.
 */
#include "ui/sdl/gui.h"

#define AGAIN_NS (250 * NS_PER_MS)
#define POLL_NS  (10 * NS_PER_MS)

typedef struct EventSource {
    GSource source;
    SdlGui *gui;
    gpointer tag; /* of the connection's descriptor */
} EventSource;

/* ---- events ---- */

static void redraw_all(SdlGui *gui)
{
    for (guint i = 0; i < gui->windows->len; i++) {
        sdl_window_redraw(g_ptr_array_index(gui->windows, i));
    }
}

static void with_window(SdlGui *gui, const SDL_Event *event)
{
    /* All of these have the window's number at the same place. */
    SdlWindow *window = sdl_window_by_id(gui, event->window.windowID);
    if (window == NULL) {
        return;
    }
    switch (event->type) {
    case SDL_WINDOWEVENT: sdl_window_event(window, &event->window); break;
    case SDL_KEYDOWN:
    case SDL_KEYUP: sdl_input_key(gui, window, &event->key); break;
    case SDL_MOUSEMOTION: sdl_input_motion(gui, window, &event->motion); break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: sdl_input_button(gui, window, &event->button); break;
    case SDL_MOUSEWHEEL: sdl_input_wheel(gui, window, &event->wheel); break;
    default: break;
    }
}

static void handle(SdlGui *gui, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_WINDOWEVENT:
    case SDL_KEYDOWN:
    case SDL_KEYUP:
    case SDL_MOUSEMOTION:
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
    case SDL_MOUSEWHEEL: with_window(gui, event); break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET: redraw_all(gui); break;
    default: break;
    }
}

static void pump(SdlGui *gui)
{
    SDL_Event event;
    gui->polls++;
    sdl_gui_unlock(gui);
    SDL_PumpEvents();
    sdl_gui_lock(gui);
    /* Unlike SDL_PollEvent() this leaves no sentinel in the queue. */
    while (!gui->is_lost &&
           SDL_PeepEvents(&event, 1, SDL_GETEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) > 0) {
        gui->events++;
        handle(gui, &event);
    }
    if (!gui->is_lost && sdl_server_dead(gui->server)) {
        sdl_server_lost(gui->server);
    }
}

/* ---- when ---- */

static void on_again(void *opaque)
{
    SdlGui *gui = opaque;
    gboolean more = gui->server->fd < 0 || gui->active_since;
    gui->active_since = FALSE;
    if (gui->is_lost) {
        return;
    }
    pump(gui);
    if (more) {
        timer_set_after(&gui->again, gui->server->fd < 0 ? POLL_NS : AGAIN_NS);
    }
}

static gboolean source_ready(SdlGui *gui)
{
    if (gui->is_lost) {
        return FALSE;
    }
    sdl_gui_unlock(gui);
    gboolean ready =
        sdl_server_pending(gui->server) || SDL_HasEvents(SDL_FIRSTEVENT, SDL_LASTEVENT) == SDL_TRUE;
    sdl_gui_lock(gui);
    return ready;
}

static gboolean source_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return source_ready(((EventSource *)source)->gui);
}

static gboolean source_check(GSource *source)
{
    EventSource *self = (EventSource *)source;
    return (self->tag != NULL && g_source_query_unix_fd(source, self->tag) != 0) ||
           source_ready(self->gui);
}

static gboolean source_dispatch(GSource *source, GSourceFunc fn, gpointer data)
{
    SdlGui *gui = ((EventSource *)source)->gui;
    if (gui->is_lost) {
        return G_SOURCE_REMOVE;
    }
    pump(gui);
    gui->active_since = TRUE;
    if (!timer_pending(&gui->again)) {
        timer_set_after(&gui->again, AGAIN_NS);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

/* ---- lifecycle ---- */

void sdl_events_open(SdlGui *gui)
{
    timer_init(&gui->again, sdl_thread_clock(gui->thread), on_again, gui);
    gui->source = g_source_new(&source_funcs, sizeof(EventSource));
    EventSource *self = (EventSource *)gui->source;
    self->gui = gui;
    g_source_set_name(gui->source, "sdl");
    if (gui->server->fd >= 0) {
        self->tag =
            g_source_add_unix_fd(gui->source, gui->server->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    }
    g_source_attach(gui->source, event_loop_context(sdl_thread_loop(gui->thread)));
    timer_set_after(&gui->again, gui->server->fd < 0 ? POLL_NS : AGAIN_NS);
}

void sdl_events_close(SdlGui *gui)
{
    if (gui->source != NULL) {
        g_source_destroy(gui->source);
        g_clear_pointer(&gui->source, g_source_unref);
        timer_cancel(&gui->again);
    }
}
