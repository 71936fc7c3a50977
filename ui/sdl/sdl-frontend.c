/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frontend "sdl": options, opening and closing, and what to do when the display goes away. */
#include <gmodule.h>

#include "core/error.h"
#include "ui/common/host-env.h"
#include "ui/common/window-close.h"
#include "ui/sdl/gui.h"

#define MAX_HZ 1000

/* A call of SDL that takes so long waits for a server that does not answer. */
#define WAITS_NS (150 * NS_PER_MS)

/* How long opening and closing may take, with a server that answers. */
#define OPEN_NS  (10 * NS_PER_SEC)
#define CLOSE_NS (1 * NS_PER_SEC)

static const char *const grab_mods[] = {"lctrl-lalt", "lshift-lctrl-lalt", "rctrl", NULL};
static const char *const gls[] = {"off", "on", "core", "es", NULL};
static const char *const scalings[] = {"fit", "integer", "stretch", NULL};

static const OptionSpec options[] = {
    {"display", OPTION_STRING, G_STRUCT_OFFSET(SdlGui, display), NULL,
     "X display (\":0\") or Wayland socket (\"wayland-0\") to open, if not the environment's"},
    {"full-screen", OPTION_BOOL, G_STRUCT_OFFSET(SdlGui, full_screen), "off",
     "fill the whole screen"},
    {"gl", OPTION_ENUM, G_STRUCT_OFFSET(SdlGui, gl), "off",
     "draw by the GPU: with OpenGL, or OpenGL ES", .values = gls},
    {"grab-mod", OPTION_ENUM, G_STRUCT_OFFSET(SdlGui, grab_mod), "lctrl-lalt",
     "modifiers of the hot keys", .values = grab_mods},
    {"grab-on-hover", OPTION_BOOL, G_STRUCT_OFFSET(SdlGui, grab_on_hover), "off",
     "grab the keyboard while an absolute pointer is over the picture"},
    {"max-hz", OPTION_UINT, G_STRUCT_OFFSET(SdlGui, max_hz), "60", "pictures a second at most",
     .min = 1, .max = MAX_HZ},
    {"scaling", OPTION_ENUM, G_STRUCT_OFFSET(SdlGui, scaling), "fit",
     "how the picture fills a window of another size", .values = scalings},
    {"show-cursor", OPTION_BOOL, G_STRUCT_OFFSET(SdlGui, show_cursor), "off",
     "show the host's pointer over the picture, too"},
    {"window-close", OPTION_ENUM, G_STRUCT_OFFSET(SdlGui, window_close), "ask", WINDOW_CLOSE_HELP,
     .values = window_close_values},
    {"xauthority", OPTION_STRING, G_STRUCT_OFFSET(SdlGui, xauthority), NULL,
     "file with the X server's cookie, if not the environment's"},
    OPTION_END,
};

/* ---- calls of SDL ---- */

void sdl_gui_unlock(SdlGui *gui)
{
    gui->waiting_since = clock_now(gui->frontend.machine->host_clock);
    vm_lock_drop(gui->frontend.machine->lock);
}

void sdl_gui_lock(SdlGui *gui)
{
    vm_lock_take(gui->frontend.machine->lock, "sdl");
    gui->waiting_since = 0;
    if (gui->stalled) {
        deferred_schedule(gui->update);
    }
}

gboolean sdl_gui_waits(const SdlGui *gui)
{
    return gui->waiting_since != 0 &&
           clock_now(gui->frontend.machine->host_clock) > gui->waiting_since + WAITS_NS;
}

/* ---- connecting ---- */

/* NULL when it is unset or empty. */
static const char *set_variable(const char *name)
{
    const char *value = g_getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static gboolean sdl_frontend_probe(GError **error)
{
    if (set_variable("DISPLAY") == NULL && set_variable("WAYLAND_DISPLAY") == NULL &&
        set_variable("SDL_VIDEODRIVER") == NULL) {
        return error_set(error, "there is no display to open a window on: neither DISPLAY nor "
                                "WAYLAND_DISPLAY is set (try -display vnc=:0)");
    }
    return TRUE; /* open() finds out the rest */
}

static void set_hints(void)
{
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
    SDL_SetHint(SDL_HINT_APP_NAME, "Vitrine");
    SDL_SetHint("SDL_VIDEO_X11_WMCLASS", "vitrine"); /* the desktop entry's StartupWMClass */
    SDL_SetHint("SDL_VIDEO_WAYLAND_WMCLASS", "vitrine");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, "0");
    SDL_SetHint(SDL_HINT_GRAB_KEYBOARD, "1");
    SDL_SetHint(SDL_HINT_ALLOW_ALT_TAB_WHILE_GRABBED, "0");
    SDL_SetHint(SDL_HINT_WINDOWS_NO_CLOSE_ON_ALT_F4, "1");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint(SDL_HINT_MOUSE_RELATIVE_SCALING, "0");
    SDL_SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "1");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
}

/* Windows for people, not for tests without a screen, unless they are asked for by name. */
static gboolean is_real_driver(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    return set_variable("SDL_VIDEODRIVER") != NULL ||
           (g_strcmp0(driver, "dummy") != 0 && g_strcmp0(driver, "offscreen") != 0);
}

static gboolean fail_to_open(const SdlGui *gui, GError **error)
{
    const char *x11 = set_variable("DISPLAY");
    const char *name = gui->display != NULL ? gui->display
                       : x11 != NULL        ? x11
                                            : set_variable("WAYLAND_DISPLAY");
    return error_set(error,
                     "cannot open a window on display '%s': is the display server running, and "
                     "may this user connect? (SDL: %s)",
                     name != NULL ? name : "", SDL_GetError());
}

/* SDL takes the display from the environment. Without the lock: the main loop's thread waits. */
static gboolean init_video(const SdlGui *gui, GError **error)
{
    g_autoptr(HostEnv) env G_GNUC_UNUSED = host_env_enter(gui->display, gui->xauthority);
    if (!sdl_server_probe(error)) {
        return FALSE;
    }
    if (gui->display != NULL) {
        SDL_SetHint(SDL_HINT_VIDEODRIVER, host_env_is_x11(gui->display) ? "x11" : "wayland");
    }
    gboolean good = SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
    SDL_SetHint(SDL_HINT_VIDEODRIVER, NULL);
    if (good && !is_real_driver()) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        good = SDL_SetError("SDL knows no driver for it") == 0;
    }
    return good || fail_to_open(gui, error);
}

static gboolean start_sdl(SdlGui *gui, GError **error)
{
    sdl_gui_unlock(gui);
    set_hints();
    sdl_server_before(gui->server);
    gboolean good = init_video(gui, error);
    sdl_server_connected(gui->server);
    if (good) {
        SDL_StopTextInput(); /* keys are keys: no input method takes some of them */
    }
    sdl_gui_lock(gui);
    return good;
}

static gboolean is_free(const SdlGui *gui, GError **error)
{
    if (!SDL_WasInit(SDL_INIT_VIDEO)) {
        return TRUE;
    }
    Frontend *other = frontend_find(gui->frontend.machine, "sdl");
    if (other != NULL) {
        return error_set(error,
                         "SDL shows the machine already, and can do so on one display only: close "
                         "frontend '%s' first (display_del %s), or take gtk",
                         other->id, other->id);
    }
    return error_set(error, "SDL has lost its display server, and cannot be connected to "
                            "another one in the same process: take gtk, vnc or spice");
}

/* ---- what there is to do ---- */

static void on_update(void *opaque)
{
    SdlGui *gui = opaque;
    gboolean new_title = gui->new_title;
    gui->new_title = FALSE;
    if (gui->stalled) {
        gui->stalled = FALSE; /* the server goes on */
        for (guint i = 0; i < gui->windows->len; i++) {
            sdl_window_update_active(g_ptr_array_index(gui->windows, i));
        }
    }
    if (gui->new_consoles && !gui->is_lost) {
        sdl_windows_update(gui);
    }
    if (gui->new_mode && !gui->is_lost) {
        sdl_input_update(gui);
    }
    for (guint i = 0; i < gui->windows->len && !gui->is_lost; i++) {
        SdlWindow *window = g_ptr_array_index(gui->windows, i);
        if (new_title) {
            sdl_window_title(window);
        }
        sdl_window_update(window);
    }
}

static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    SdlGui *gui = opaque;
    if (event == MACHINE_EVENT_RUN_STATE) {
        gui->new_title = TRUE;
        deferred_schedule(gui->update);
    }
}

/* ---- a lost server ---- */

/* Inside of some call of SDL: nothing may be taken apart now. */
static void on_lost(void *opaque)
{
    SdlGui *gui = opaque;
    gui->is_lost = TRUE;
    deferred_schedule(gui->lost);
}

/* On the main loop. */
static void close_lost(void *opaque)
{
    SdlGui *gui = opaque;
    frontend_request_close(&gui->frontend, "the display server has gone");
}

/* ---- lifecycle: on SDL's thread ---- */

static void quit_sdl(SdlGui *gui)
{
    sdl_server_close(gui->server);
    sdl_windows_close(gui);
    sdl_gui_unlock(gui);
    sdl_cursor_close(gui);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    sdl_gui_lock(gui);
}

static void close_here(void *opaque)
{
    SdlGui *gui = opaque;
    sdl_input_close(gui);
    sdl_events_close(gui);
    if (!gui->is_lost) { /* notices a server that has just died */
        sdl_gui_unlock(gui);
        sdl_server_pending(gui->server);
        sdl_gui_lock(gui);
    }
    if (sdl_server_can_close(gui->server)) {
        quit_sdl(gui);
    }
    g_ptr_array_unref(gui->windows);
    console_list_free(gui->consoles);
}

typedef struct Opening {
    SdlGui *gui;
    gboolean good;
    GError **error;
} Opening;

static void open_here(void *opaque)
{
    Opening *opening = opaque;
    SdlGui *gui = opening->gui;
    if (!start_sdl(gui, opening->error)) {
        return;
    }
    sdl_input_open(gui);
    sdl_cursor_open(gui);
    if (sdl_windows_open(gui, opening->error)) {
        sdl_events_open(gui);
        opening->good = TRUE;
    } else {
        close_here(gui);
    }
}

/* ---- lifecycle ---- */

/* Has the thread do it. A server that does not answer in time is not waited for any longer. */
static void call(SdlGui *gui, DeferFn fn, void *opaque, gint64 patience_ns)
{
    sdl_thread_call(gui->thread, fn, opaque);
    while (!sdl_thread_wait(gui->thread, sdl_gui_waits(gui) ? 0 : patience_ns)) {
        sdl_server_break(gui->server);
        patience_ns = OPEN_NS;
    }
}

static void end(SdlGui *gui)
{
    deferred_free(gui->update);
    deferred_free(gui->lost);
    sdl_thread_free(gui->thread);
    sdl_server_free(gui->server);
}

static void sdl_frontend_close(Frontend *frontend)
{
    SdlGui *gui = (SdlGui *)frontend;
    machine_unlisten(frontend->machine, gui->machine_listener);
    call(gui, close_here, gui, CLOSE_NS);
    end(gui);
}

static gboolean sdl_frontend_open(Frontend *frontend, GError **error)
{
    SdlGui *gui = (SdlGui *)frontend;
    Machine *machine = frontend->machine;
    Opening opening = {gui, FALSE, error};
    if (!is_free(gui, error)) {
        return FALSE;
    }
    gui->thread = sdl_thread_new(machine->lock);
    gui->server = sdl_server_new(on_lost, gui);
    gui->update = deferred_new(sdl_thread_loop(gui->thread), on_update, gui);
    gui->lost = deferred_new(machine->loop, close_lost, gui);
    call(gui, open_here, &opening, OPEN_NS);
    if (!opening.good) {
        end(gui);
        return FALSE;
    }
    gui->machine_listener = machine_listen(machine, on_machine, gui);
    return TRUE;
}

static void sdl_frontend_info(Frontend *frontend, GString *out)
{
    SdlGui *gui = (SdlGui *)frontend;
    g_string_append_printf(out, "driver: %s%s\n", SDL_GetCurrentVideoDriver(),
                           gui->server->fd < 0 ? ", polled" : "");
    g_string_append_printf(out, "events: %" G_GUINT64_FORMAT ", looks: %" G_GUINT64_FORMAT "\n",
                           gui->events, gui->polls);
    g_string_append_printf(out, "grab: %s\n",
                           gui->grab ? console_title(gui->grabbed_by->console) : "none");
    for (guint i = 0; i < gui->windows->len; i++) {
        const SdlWindow *window = g_ptr_array_index(gui->windows, i);
        const Viewport *v = &window->viewport;
        const char *title = console_title(window->console);
        if (window->hidden) {
            g_string_append_printf(out, "window: %s, hidden\n", title);
            continue;
        }
        g_string_append_printf(
            out, "window: %s, %ux%u shown as %dx%d by the %s%s, %" G_GUINT64_FORMAT " frames\n",
            title, v->guest_width, v->guest_height, v->width, v->height, window->canvas->ops->name,
            window->ask != NULL                     ? ", asks what closing shall do"
            : window->full_screen                   ? ", full screen"
            : window->minimised || window->unmapped ? ", minimised"
                                                    : "",
            window->frames);
    }
}

G_MODULE_EXPORT extern const FrontendOps vitrine_frontend;
const FrontendOps vitrine_frontend = {
    .abi = FRONTEND_ABI,
    .name = "sdl",
    .summary = "plain windows (SDL 2), full screen, for games",
    .size = sizeof(SdlGui),
    .options = options,
    .probe = sdl_frontend_probe,
    .reach = host_env_reach,
    .open = sdl_frontend_open,
    .close = sdl_frontend_close,
    .info = sdl_frontend_info,
};
