/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frontend "gtk": options, opening and closing, and what to do when the display goes away. */
#include "core/error.h"
#include "ui/common/host-env.h"
#include "ui/common/window-close.h"
#include "ui/gtk/gui.h"

static const char *const release_values[] = {"ctrl-alt-g", "ctrl-alt", "right-ctrl", NULL};

static const OptionSpec options[] = {
    {"full-screen", OPTION_BOOL, G_STRUCT_OFFSET(Gui, full_screen), "off", "fill the whole screen"},
    {"grab-on-hover", OPTION_BOOL, G_STRUCT_OFFSET(Gui, grab_on_hover), "off",
     "grab the keyboard while the pointer is over the picture"},
    {"release-key", OPTION_ENUM, G_STRUCT_OFFSET(Gui, release_key), "ctrl-alt-g",
     "what lets go of the grab, beside Ctrl+Alt+G: ctrl-alt and right-ctrl pressed alone",
     .values = release_values},
    {"keep-keys", OPTION_STRING, G_STRUCT_OFFSET(Gui, keep_keys), NULL,
     "keys that the guest does not get, as sendkey spells them, with colons between "
     "(alt-tab:print)"},
    {"show-tabs", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_tabs), "off",
     "show the tabs of the consoles"},
    {"show-cursor", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_cursor), "off",
     "show the host's pointer over the picture, too"},
    {"show-menubar", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_menubar), "on", "show the menubar"},
    {"show-statusbar", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_status), "on", "show the status bar"},
    {"window-close", OPTION_ENUM, G_STRUCT_OFFSET(Gui, window_close), "ask", WINDOW_CLOSE_HELP,
     .values = window_close_values},
    {"zoom-to-fit", OPTION_BOOL, G_STRUCT_OFFSET(Gui, zoom_to_fit), "off",
     "scale the picture to the window"},
    {"integer-scale", OPTION_BOOL, G_STRUCT_OFFSET(Gui, integer_scale), "off",
     "scale by whole factors only where the picture is fitted to the window"},
    {"max-hz", OPTION_UINT, G_STRUCT_OFFSET(Gui, max_hz), "60", "pictures a second at most", 1,
     1000},
    {"display", OPTION_STRING, G_STRUCT_OFFSET(Gui, display_option), NULL,
     "the X display (:1) or Wayland socket (wayland-1) to open the window on"},
    {"xauthority", OPTION_STRING, G_STRUCT_OFFSET(Gui, xauthority), NULL,
     "the file with the X server's cookie"},
    {"gl", OPTION_BOOL, G_STRUCT_OFFSET(Gui, gl), "off",
     "off is the only value: pictures are drawn without OpenGL"},
    OPTION_END,
};

static gboolean gtk_frontend_probe(GError **error)
{
    const char *const names[] = {"DISPLAY", "WAYLAND_DISPLAY"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return TRUE;
        }
    }
    return error_set(error, "there is no display to open a window on: neither DISPLAY nor "
                            "WAYLAND_DISPLAY is set (try -display vnc=:0, or gtk,display=:0)");
}

/* Inside some GTK call: nothing may be taken apart now. */
static void on_lost(void *opaque)
{
    Gui *gui = opaque;
    frontend_request_close(&gui->frontend, "the display server has gone");
}

static void on_answered(void *opaque, guint32 number)
{
    Gui *gui = opaque;
    backlog_answered(&gui->backlog, number);
}

static const GuiServerEvents server_events = {on_lost, on_answered};

static void on_backlog(void *opaque)
{
    gui_pages_backlog(opaque);
}

/* ---- lifecycle ---- */

/*
 * Connects. For the first window there may be much to do, and nobody else can call GTK: that is
 * done without the lock. (Where another frontend has windows, a processor's thread may, to change
 * their cursor, say.)
 */
static gboolean connect_server(Gui *gui, GError **error)
{
    Machine *machine = gui->frontend.machine;
    gboolean first = !gui_server_any();
    if (first) {
        vm_lock_drop(machine->lock);
    }
    gui->server = gui_server_acquire(machine->loop, gui->display_option, gui->xauthority, error);
    if (first && gui->server != NULL) {
        gui_warm_up(gui->server->display);
    }
    if (first) {
        vm_lock_take(machine->lock, "gtk");
    }
    return gui->server != NULL;
}

static gboolean gtk_frontend_open(Frontend *frontend, GError **error)
{
    Gui *gui = (Gui *)frontend;
    if (gui->gl) {
        return error_set(error, "gl=on: this window is drawn without OpenGL; leave gl out, or say "
                                "gl=off");
    }
    if (!gui_keyboard_parse(gui, error)) {
        return FALSE;
    }
    if (!connect_server(gui, error)) {
        gui_keyboard_close(gui);
        return FALSE;
    }
    backlog_init(&gui->backlog, gui->server, frontend->machine->host_clock, on_backlog, gui);
    gui_keyboard_open(gui);
    gui_pointer_open(gui);
    gui_grab_open(gui);
    gui_pages_open(gui);
    gui->watch = gui_server_watch(gui->server, &server_events, gui);
    if (gui->server->dead) { /* meanwhile */
        on_lost(gui);
    }
    return TRUE;
}

static void gtk_frontend_close(Frontend *frontend)
{
    Gui *gui = (Gui *)frontend;
    gui_server_unwatch(gui->server, gui->watch);
    if (gui->backlog.behind) {
        gui_server_break(gui->server);
    }
    gui_dialog_cancel_all(gui);
    gui_drop_close(gui);
    gui_pages_close(gui);
    gui_grab_close(gui);
    gui_pointer_close(gui);
    gui_keyboard_close(gui);
    gui_server_release(gui->server);
}

static void page_info(const GuiPage *page, GString *out)
{
    g_string_append_printf(out, "%s%s: %s",
                           page->window == gui_window_main(page->gui) ? "" : "window of its own, ",
                           page->title, page->screen != NULL ? "" : "console\n");
    if (page->screen != NULL) {
        const Viewport *v = gui_screen_viewport(page->screen);
        gint x, y;
        gtk_widget_translate_coordinates(page->widget, page->window->window, 0, 0, &x, &y);
        gint factor = gtk_widget_get_scale_factor(page->widget);
        g_string_append_printf(out, "%ux%u shown as %dx%d at %d,%d\n", v->guest_width,
                               v->guest_height, v->width, v->height, x * factor + v->x,
                               y * factor + v->y);
    }
}

static const char *can(gboolean it_can)
{
    return it_can ? "can be" : "cannot be";
}

static void gtk_frontend_info(Frontend *frontend, GString *out)
{
    Gui *gui = (Gui *)frontend;
    GuiPage *front = gui_page_front(gui);
    static const char *const grabs[] = {"none", "keyboard (hover)", "keyboard and pointer"};
    g_string_append_printf(out, "display: %s (%s)\n", gui->server->name,
                           gui_server_is_wayland(gui->server) ? "Wayland" : "X11");
    if (gui->wayland != NULL) {
        g_string_append_printf(out,
                               "compositor: its shortcuts %s inhibited, the pointer %s locked\n",
                               can(wayland_grab_has_shortcuts(gui->wayland)),
                               can(wayland_grab_has_relative(gui->wayland)));
    }
    g_string_append_printf(out, "window: %s%s\n", front != NULL ? front->title : "no console",
                           front == NULL                   ? ""
                           : front->window->is_full_screen ? ", full screen"
                           : front->window->iconified      ? ", minimised"
                                                           : "");
    g_string_append_printf(out, "grab: %s\n", grabs[gui->grab]);
    const char *message = gui_window_message(front != NULL ? front->window : NULL);
    if (message != NULL) {
        g_string_append_printf(out, "message: %s\n", message);
    }
    for (guint i = 0; i < gui->pages->len; i++) {
        page_info(g_ptr_array_index(gui->pages, i), out);
    }
}

G_MODULE_EXPORT const char *g_module_check_init(GModule *module);

/* GTK registers types that refer to its code for ever: the module stays loaded. */
const char *g_module_check_init(GModule *module)
{
    g_module_make_resident(module);
    return NULL;
}

G_MODULE_EXPORT extern const FrontendOps vitrine_frontend;
const FrontendOps vitrine_frontend = {
    .abi = FRONTEND_ABI,
    .name = "gtk",
    .summary = "a window (GTK 3) with menus and console tabs",
    .size = sizeof(Gui),
    .options = options,
    .probe = gtk_frontend_probe,
    .reach = host_env_reach,
    .open = gtk_frontend_open,
    .close = gtk_frontend_close,
    .info = gtk_frontend_info,
};
