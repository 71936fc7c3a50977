/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows: one for each console, its size, full screen, and when it is drawn. */
#include "ui/sdl/gui.h"

#include <math.h>

#include "core/error.h"
#include "core/log.h"
#include "ui/common/window-close.h"

#define MIN_WIDTH     160
#define MIN_HEIGHT    100
#define DEFAULT_WIDTH 640

static const ScaleMode scale_modes[] = {SCALE_FIT, SCALE_INTEGER, SCALE_STRETCH};

/* ---- what the display tells: noted, for SDL's thread ---- */

static void on_surface(void *opaque, Surface *surface)
{
    SdlWindow *window = opaque;
    Surface *old = window->surface;
    window->surface = surface_ref(surface);
    surface_unref(old);
    window->new_surface = TRUE;
    pixman_region32_clear(&window->damage);
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
    SdlWindow *window = opaque;
    pixman_region32_union(&window->damage, &window->damage, (pixman_region32_t *)region);
}

static void on_cursor(void *opaque, Cursor *cursor)
{
    SdlWindow *window = opaque;
    g_clear_pointer(&window->cursor, cursor_unref);
    window->cursor = cursor != NULL ? cursor_ref(cursor) : NULL;
    window->new_cursor = TRUE;
    deferred_schedule(window->gui->update);
}

static void on_warp(void *opaque, int x, int y, gboolean visible)
{
    SdlWindow *window = opaque;
    window->new_cursor |= window->cursor_visible != visible;
    window->cursor_x = x;
    window->cursor_y = y;
    window->cursor_visible = visible;
    if (window->new_cursor || window->draw_cursor) {
        deferred_schedule(window->gui->update);
    }
}

/* A server that does not answer needs no more pictures, until it does. */
static void on_frame(void *opaque)
{
    SdlWindow *window = opaque;
    SdlGui *gui = window->gui;
    deferred_schedule(gui->update);
    if (sdl_gui_waits(gui)) {
        gui->stalled = TRUE;
        sdl_window_update_active(window);
    }
}

static const DisplayListenerOps listener_ops = {
    .name = "sdl",
    .surface = on_surface,
    .damage = on_damage,
    .cursor = on_cursor,
    .warp = on_warp,
    .frame = on_frame,
};

/* ---- geometry ---- */

double sdl_window_density(const SdlWindow *window)
{
    int width, height, pixel_width, pixel_height;
    SDL_GetWindowSize(window->window, &width, &height);
    SDL_GetWindowSizeInPixels(window->window, &pixel_width, &pixel_height);
    return width > 0 && pixel_width > 0 ? (double)pixel_width / width : 1;
}

static void layout(SdlWindow *window)
{
    int width, height;
    SDL_GetWindowSizeInPixels(window->window, &width, &height);
    /* Text takes the size of the window, but for part of a character. */
    ScaleMode mode =
        console_is_text(window->console) ? SCALE_ZOOM : scale_modes[window->gui->scaling];
    window->viewport =
        scaler_layout(mode, 1, window->guest_width, window->guest_height, width, height);
    sdl_window_redraw(window);
    sdl_cursor_changed(window);
}

static gboolean is_free(const SdlWindow *window)
{
    return !window->full_screen && !window->maximised;
}

/* SDL waits for the window manager to answer. */
static void set_size(SdlWindow *window, int width, int height)
{
    sdl_gui_unlock(window->gui);
    SDL_SetWindowSize(window->window, width, height);
    sdl_gui_lock(window->gui);
    SDL_GetWindowSize(window->window, &window->fitted_width, &window->fitted_height);
    layout(window);
}

static void fit(SdlWindow *window)
{
    double density = sdl_window_density(window);
    window->scaled = FALSE;
    set_size(window, (int)ceil(window->guest_width / density),
             (int)ceil(window->guest_height / density));
}

static void on_size_changed(SdlWindow *window, int width, int height)
{
    if (is_free(window) && (width != window->fitted_width || height != window->fitted_height)) {
        window->scaled = TRUE;
    }
    layout(window);
    int pixel_width, pixel_height;
    SDL_GetWindowSizeInPixels(window->window, &pixel_width, &pixel_height);
    if (!console_is_gone(window->console) && (window->scaled || !is_free(window))) {
        /* A guest that can will take the size of the window. */
        display_hint_size(console_display(window->console), (guint)pixel_width,
                          (guint)pixel_height);
    }
}

void sdl_window_unscale(SdlWindow *window)
{
    if (window->full_screen) {
        return;
    }
    if (window->maximised) {
        window->maximised = FALSE;
        sdl_gui_unlock(window->gui);
        SDL_RestoreWindow(window->window);
        sdl_gui_lock(window->gui);
    }
    fit(window);
}

void sdl_window_grow(SdlWindow *window, gint pixels)
{
    int width, height;
    if (!is_free(window)) {
        return;
    }
    SDL_GetWindowSize(window->window, &width, &height);
    width = MAX(width + pixels, MIN_WIDTH);
    height = (int)((gint64)width * window->guest_height / window->guest_width);
    set_size(window, width, MAX(height, 1));
    window->scaled = TRUE;
}

void sdl_window_toggle_full_screen(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    window->full_screen = !window->full_screen;
    sdl_gui_unlock(gui);
    SDL_SetWindowFullscreen(window->window,
                            window->full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    sdl_gui_lock(gui);
    layout(window);
    /* Of a full screen the guest gets every key. */
    sdl_input_set_grab(gui, window, window->full_screen);
    if (!window->full_screen && !window->scaled) {
        fit(window);
    }
}

/* ---- drawing ---- */

gboolean sdl_window_is_shown(const SdlWindow *window)
{
    return !window->hidden && !window->unmapped && !window->minimised;
}

void sdl_window_update_active(SdlWindow *window)
{
    if (window->listener != NULL) {
        display_listener_set_active(window->listener,
                                    sdl_window_is_shown(window) && !window->gui->stalled);
    }
}

void sdl_window_redraw(SdlWindow *window)
{
    window->redraw = TRUE;
    deferred_schedule(window->gui->update);
}

static void take_surface(SdlWindow *window)
{
    const Surface *surface = window->surface;
    gboolean other =
        surface->width != window->guest_width || surface->height != window->guest_height;
    window->new_surface = FALSE;
    window->guest_width = surface->width;
    window->guest_height = surface->height;
    if (!other) {
        return;
    }
    if (is_free(window) && !window->scaled) {
        fit(window);
    } else {
        layout(window);
    }
}

/* The places where the guest's cursor was and is drawn are damaged. */
static void move_drawn_cursor(SdlWindow *window)
{
    const Cursor *cursor = window->cursor;
    gboolean draw = window->draw_cursor && cursor != NULL && window->cursor_visible;
    pixman_box32_t at = {0};
    if (draw) {
        gint x = window->cursor_x - cursor->hot_x;
        gint y = window->cursor_y - cursor->hot_y;
        at = (pixman_box32_t){x, y, x + (gint)cursor->width, y + (gint)cursor->height};
    }
    pixman_box32_t *was = &window->drawn_cursor;
    if (at.x1 == was->x1 && at.y1 == was->y1 && at.x2 == was->x2 && at.y2 == was->y2 &&
        !window->new_image) {
        return;
    }
    pixman_region32_union_rect(&window->damage, &window->damage, was->x1, was->y1,
                               (unsigned)(was->x2 - was->x1), (unsigned)(was->y2 - was->y1));
    pixman_region32_union_rect(&window->damage, &window->damage, at.x1, at.y1,
                               (unsigned)(at.x2 - at.x1), (unsigned)(at.y2 - at.y1));
    pixman_region32_intersect_rect(&window->damage, &window->damage, 0, 0, window->guest_width,
                                   window->guest_height);
    *was = at;
    window->new_image = FALSE;
}

static void draw(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    pixman_region32_t damage = window->damage;
    SdlFrame frame = {.surface = surface_ref(window->surface),
                      .damage = &damage,
                      .viewport = window->viewport,
                      .all = window->redraw};
    if (window->drawn_cursor.x1 < window->drawn_cursor.x2) {
        frame.cursor = cursor_ref(window->cursor);
        frame.cursor_x = window->drawn_cursor.x1;
        frame.cursor_y = window->drawn_cursor.y1;
    }
    pixman_region32_init(&window->damage);
    window->redraw = FALSE;
    SDL_GetWindowSizeInPixels(window->window, &frame.width, &frame.height);
    sdl_gui_unlock(gui);
    gboolean good = sdl_canvas_draw(window->canvas, &frame);
    sdl_gui_lock(gui);
    window->redraw |= !good; /* with the next frame or event */
    window->frames++;
    pixman_region32_fini(&damage);
    surface_unref(frame.surface);
    g_clear_pointer(&frame.cursor, cursor_unref);
}

/* The question, and nothing of the guest: its damage is kept for later. */
static void draw_question(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    pixman_region32_t none;
    SdlFrame frame = {.surface = surface_ref(sdl_ask_picture(window)),
                      .damage = &none,
                      .viewport = sdl_ask_viewport(window),
                      .all = TRUE};
    pixman_region32_init(&none);
    window->redraw = FALSE;
    SDL_GetWindowSizeInPixels(window->window, &frame.width, &frame.height);
    sdl_gui_unlock(gui);
    gboolean good = sdl_canvas_draw(window->canvas, &frame);
    sdl_gui_lock(gui);
    window->redraw |= !good;
    surface_unref(frame.surface);
}

void sdl_window_update(SdlWindow *window)
{
    if (!sdl_window_is_shown(window) || window->surface == NULL) {
        return;
    }
    if (window->ask != NULL) {
        if (window->redraw) {
            draw_question(window);
        }
        return;
    }
    while (window->new_surface) { /* another may come while the window takes the size of one */
        take_surface(window);
    }
    if (window->new_cursor) {
        window->new_cursor = FALSE;
        window->new_image = TRUE;
        sdl_cursor_changed(window);
    }
    move_drawn_cursor(window);
    if (window->redraw || pixman_region32_not_empty(&window->damage)) {
        draw(window);
    }
}

/* ---- title ---- */

void sdl_window_title(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    Machine *machine = gui->frontend.machine;
    g_autoptr(GString) title = g_string_new(machine_title(machine));
    static const char *const keys[] = {"Ctrl+Alt+G", "Shift+Ctrl+Alt+G", "RightCtrl+G"};
    if (console_number(window->console) != 1) {
        g_string_append_printf(title, " (%s)", console_title(window->console));
    }
    if (!machine_is_running(machine)) {
        g_string_append_printf(
            title, " [%s]",
            machine->run_state == RUN_STATE_PAUSED ? "Paused" : run_state_name(machine->run_state));
    }
    if (machine->name != NULL) {
        g_string_append(title, " - Vitrine");
    }
    if (gui->grab && gui->grabbed_by == window) {
        g_string_append_printf(title, " - Press %s to release grab", keys[gui->grab_mod]);
    }
    sdl_gui_unlock(gui);
    SDL_SetWindowTitle(window->window, title->str);
    sdl_gui_lock(gui);
}

/* ---- opening and closing ---- */

static SdlCanvas *make_canvas(SdlWindow *window, GError **error)
{
    SdlGui *gui = window->gui;
    g_autoptr(GError) first = NULL;
    SdlCanvas *canvas = NULL;
    if (gui->gl == GUI_GL_CORE || gui->gl == GUI_GL_ES) {
        return sdl_canvas_renderer_new(window->window,
                                       gui->gl == GUI_GL_ES ? "opengles2" : "opengl", error);
    }
    if (gui->gl == GUI_GL_ON) {
        canvas = sdl_canvas_renderer_new(window->window, "opengl", NULL);
        return canvas != NULL ? canvas
                              : sdl_canvas_renderer_new(window->window, "opengles2", error);
    }
    /* On Wayland SDL draws a window's memory by a renderer of its own: one copy more. */
    if (g_strcmp0(SDL_GetCurrentVideoDriver(), "wayland") == 0) {
        canvas = sdl_canvas_renderer_new(window->window, NULL, &first);
    }
    return canvas != NULL ? canvas : sdl_canvas_memory_new(window->window, error);
}

/* Without the lock. */
static gboolean open_window(SdlWindow *window, const char *title, guint32 flags, GError **error)
{
    window->window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                      (int)window->guest_width, (int)window->guest_height, flags);
    if (window->window == NULL) {
        return error_set(error, "SDL cannot open a window: %s", SDL_GetError());
    }
    window->canvas = make_canvas(window, error);
    if (window->canvas == NULL) {
        g_clear_pointer(&window->window, SDL_DestroyWindow);
        return FALSE;
    }
    SDL_SetWindowMinimumSize(window->window, MIN_WIDTH, MIN_HEIGHT);
    return TRUE;
}

static gboolean make_window(SdlWindow *window, gboolean full_screen, GError **error)
{
    SdlGui *gui = window->gui;
    guint32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI | SDL_WINDOW_HIDDEN;
    g_autofree char *title = g_strdup(machine_title(gui->frontend.machine));
    if (gui->gl != GUI_GL_OFF) {
        flags |= SDL_WINDOW_OPENGL;
    }
    if (full_screen) {
        flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
    }
    window->guest_width = window->surface != NULL ? window->surface->width : DEFAULT_WIDTH;
    window->guest_height =
        window->surface != NULL ? window->surface->height : DEFAULT_WIDTH * 3 / 4;
    sdl_gui_unlock(gui);
    gboolean good = open_window(window, title, flags, error);
    sdl_gui_lock(gui);
    if (!good) {
        return FALSE;
    }
    /* Before it is shown, which waits for the window manager. */
    sdl_server_add_window(gui->server, window->window);
    sdl_gui_unlock(gui);
    SDL_ShowWindow(window->window);
    sdl_gui_lock(gui);
    if (gui->is_lost) {
        return error_set(error, "the display server, or its window manager, does not answer");
    }
    window->id = SDL_GetWindowID(window->window);
    window->full_screen = full_screen;
    SDL_GetWindowSize(window->window, &window->fitted_width, &window->fitted_height);
    layout(window);
    if (sdl_window_density(window) != 1 && !full_screen) {
        fit(window);
    }
    sdl_window_title(window);
    return TRUE;
}

static void free_window(gpointer data)
{
    SdlWindow *window = data;
    g_clear_pointer(&window->ask, sdl_ask_free);
    display_detach(window->listener);
    surface_unref(window->surface);
    g_clear_pointer(&window->cursor, cursor_unref);
    pixman_region32_fini(&window->damage);
    console_unref(window->console);
    g_free(window);
}

/* What SDL has of it. */
static void close_window(SdlWindow *window)
{
    sdl_gui_unlock(window->gui);
    g_clear_pointer(&window->shape, SDL_FreeCursor);
    g_clear_pointer(&window->canvas, sdl_canvas_free);
    g_clear_pointer(&window->window, SDL_DestroyWindow);
    sdl_gui_lock(window->gui);
}

static SdlWindow *add_window(SdlGui *gui, Console *console, gboolean full_screen, GError **error)
{
    SdlWindow *window = g_new0(SdlWindow, 1);
    window->gui = gui;
    window->console = console_ref(console);
    pixman_region32_init(&window->damage);
    window->listener =
        display_attach(console_display(console), &listener_ops, window, (guint)gui->max_hz);
    if (!make_window(window, full_screen, error)) {
        close_window(window);
        free_window(window);
        return NULL;
    }
    g_ptr_array_add(gui->windows, window);
    if (console_is_gone(console)) { /* while it was made */
        g_clear_pointer(&window->listener, display_detach);
        gui->new_consoles = TRUE;
        deferred_schedule(gui->update);
    }
    return window;
}

/* ---- several ---- */

SdlWindow *sdl_window_by_id(SdlGui *gui, guint32 id)
{
    for (guint i = 0; i < gui->windows->len; i++) {
        SdlWindow *window = g_ptr_array_index(gui->windows, i);
        if (window->id == id) {
            return window;
        }
    }
    return NULL;
}

static SdlWindow *window_of(const SdlGui *gui, const Console *console)
{
    for (guint i = 0; i < gui->windows->len; i++) {
        SdlWindow *window = g_ptr_array_index(gui->windows, i);
        if (window->console == console) {
            return window;
        }
    }
    return NULL;
}

static guint count_shown(const SdlGui *gui)
{
    guint count = 0;
    for (guint i = 0; i < gui->windows->len; i++) {
        const SdlWindow *window = g_ptr_array_index(gui->windows, i);
        count += !window->hidden;
    }
    return count;
}

static void show(SdlGui *gui, Console *console)
{
    SdlWindow *window = window_of(gui, console);
    g_autoptr(GError) error = NULL;
    if (window == NULL) {
        if (add_window(gui, console, FALSE, &error) == NULL) {
            report_error("%s: %s", console_title(console), error->message);
        }
        return;
    }
    sdl_gui_unlock(gui);
    SDL_ShowWindow(window->window);
    SDL_RaiseWindow(window->window);
    sdl_gui_lock(gui);
    window->hidden = window->unmapped = FALSE;
    sdl_window_update_active(window);
}

static void leave(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    sdl_input_release_keys(gui);
    if (gui->grab && gui->grabbed_by == window) {
        sdl_input_set_grab(gui, window, FALSE);
    }
}

static void hide(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    leave(window);
    window->hidden = TRUE;
    sdl_window_update_active(window);
    sdl_gui_unlock(gui);
    SDL_HideWindow(window->window);
    sdl_gui_lock(gui);
}

void sdl_window_toggle(SdlGui *gui, guint index)
{
    Console *console = console_list_get(gui->consoles, index);
    if (console == NULL) {
        return;
    }
    SdlWindow *window = window_of(gui, console);
    if (window == NULL || window->hidden) {
        show(gui, console);
    } else if (count_shown(gui) > 1) {
        hide(window); /* but never the last: no key would reach us any more */
    }
}

void sdl_window_next(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    guint count = console_list_count(gui->consoles);
    show(gui, console_list_get(gui->consoles, console_number(window->console) % MAX(count, 1)));
}

/* ---- consoles come and go ---- */

static void on_added(void *opaque, Console *console)
{
    SdlGui *gui = opaque;
    gui->new_consoles = TRUE;
    deferred_schedule(gui->update);
}

static void on_removed(void *opaque, Console *console)
{
    SdlGui *gui = opaque;
    SdlWindow *window = window_of(gui, console);
    if (window != NULL) {
        g_clear_pointer(&window->listener, display_detach);
        gui->new_consoles = TRUE;
        deferred_schedule(gui->update);
    }
}

static const ConsoleListOps console_ops = {on_added, on_removed};

void sdl_windows_update(SdlGui *gui)
{
    gui->new_consoles = FALSE;
    for (guint i = 0; i < console_list_count(gui->consoles); i++) {
        Console *console = console_list_get(gui->consoles, i);
        if (!console_is_text(console) && window_of(gui, console) == NULL) {
            show(gui, console);
        }
    }
    for (guint i = gui->windows->len; i-- > 0;) {
        SdlWindow *window = g_ptr_array_index(gui->windows, i);
        if (window->listener == NULL) {
            leave(window);
            close_window(window);
            g_ptr_array_remove_index(gui->windows, i);
        } else {
            sdl_window_title(window);
        }
    }
}

/* Screens are shown at once, text when it is asked for. A machine without a screen has text. */
gboolean sdl_windows_open(SdlGui *gui, GError **error)
{
    gui->windows = g_ptr_array_new_with_free_func(free_window);
    gui->consoles = console_list_new(gui->frontend.machine, &console_ops, gui);
    for (guint i = 0; i < console_list_count(gui->consoles); i++) {
        Console *console = console_list_get(gui->consoles, i);
        if ((i == 0 || !console_is_text(console)) &&
            add_window(gui, console, gui->full_screen && i == 0, error) == NULL) {
            return FALSE;
        }
    }
    return gui->windows->len > 0 || error_set(error, "the machine has nothing to be shown");
}

void sdl_windows_close(SdlGui *gui)
{
    for (guint i = 0; i < gui->windows->len; i++) {
        close_window(g_ptr_array_index(gui->windows, i));
    }
}

/* ---- events ---- */

static void on_close(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    if (count_shown(gui) > 1) {
        hide(window);
    } else if (!window_close_do(&gui->frontend, (WindowClose)gui->window_close)) {
        sdl_ask_begin(window);
    }
}

void sdl_window_event(SdlWindow *window, const SDL_WindowEvent *event)
{
    SdlGui *gui = window->gui;
    switch (event->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED: on_size_changed(window, event->data1, event->data2); break;
    case SDL_WINDOWEVENT_EXPOSED: sdl_window_redraw(window); break;
    case SDL_WINDOWEVENT_SHOWN: window->unmapped = FALSE; break;
    case SDL_WINDOWEVENT_HIDDEN: window->unmapped = TRUE; break;
    case SDL_WINDOWEVENT_MINIMIZED: window->minimised = TRUE; break;
    case SDL_WINDOWEVENT_MAXIMIZED:
        window->maximised = TRUE;
        window->minimised = FALSE;
        break;
    case SDL_WINDOWEVENT_RESTORED: window->maximised = window->minimised = FALSE; break;
    case SDL_WINDOWEVENT_FOCUS_GAINED: sdl_input_focus(gui, window, TRUE); break;
    case SDL_WINDOWEVENT_FOCUS_LOST: sdl_input_focus(gui, window, FALSE); break;
    case SDL_WINDOWEVENT_ENTER: sdl_input_crossing(gui, window, TRUE); break;
    case SDL_WINDOWEVENT_LEAVE: sdl_input_crossing(gui, window, FALSE); break;
    case SDL_WINDOWEVENT_CLOSE: on_close(window); break;
    default: break;
    }
    sdl_window_update_active(window);
}
