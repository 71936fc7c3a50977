/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frontend "gtk": options, opening and closing, and what to do when the display goes away. */
#include <locale.h>

#include "core/error.h"
#include "core/log.h"
#include "ui/gtk/gui.h"
#include "ui/gtk/server.h"

static const OptionSpec options[] = {
    {"full-screen", OPTION_BOOL, G_STRUCT_OFFSET(Gui, full_screen), "off", "fill the whole screen"},
    {"grab-on-hover", OPTION_BOOL, G_STRUCT_OFFSET(Gui, grab_on_hover), "off",
     "grab the keyboard while the pointer is over the picture"},
    {"show-tabs", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_tabs), "off",
     "show the tabs of the consoles"},
    {"show-cursor", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_cursor), "off",
     "show the host's pointer over the picture, too"},
    {"window-close", OPTION_BOOL, G_STRUCT_OFFSET(Gui, window_close), "on",
     "closing the window ends the machine"},
    {"show-menubar", OPTION_BOOL, G_STRUCT_OFFSET(Gui, show_menubar), "on", "show the menubar"},
    {"zoom-to-fit", OPTION_BOOL, G_STRUCT_OFFSET(Gui, zoom_to_fit), "off",
     "scale the picture to the window"},
    OPTION_END,
};

/* NULL when it is unset or empty. */
static const char *set_variable(const char *name)
{
    const char *value = g_getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static gboolean gtk_frontend_probe(GError **error)
{
    /* The process keeps its locale (numbers!), but for characters. */
    gtk_disable_setlocale();
    if (setlocale(LC_CTYPE, NULL)[0] == 'C') {
        setlocale(LC_CTYPE, "");
    }
    if (gtk_init_check(NULL, NULL) && gdk_display_get_default() != NULL) {
        return TRUE;
    }
    const char *x11 = set_variable("DISPLAY");
    const char *wayland = set_variable("WAYLAND_DISPLAY");
    if (x11 == NULL && wayland == NULL) {
        return error_set(error, "there is no display to open a window on: neither DISPLAY nor "
                                "WAYLAND_DISPLAY is set (try -display vnc=:0)");
    }
    return error_set(error,
                     "cannot open a window on display '%s' (is the display server running, "
                     "and may this user connect?)",
                     wayland != NULL ? wayland : x11);
}

/* ---- a display server that goes away ---- */

static void close_lost(void *opaque)
{
    Gui *gui = opaque;
    report_warning("the display server has gone; the machine goes on without its window");
    frontend_close(&gui->frontend);
    gui_server_discard();
}

/* Inside some GTK call: nothing may be taken apart now. */
static void on_lost(void *opaque)
{
    Gui *gui = opaque;
    deferred_schedule(gui->lost);
}

/* ---- lifecycle ---- */

static gboolean gtk_frontend_open(Frontend *frontend, GError **error)
{
    Gui *gui = (Gui *)frontend;
    g_set_application_name("Vitrine"); /* for people; WM_CLASS is the program's name */
    gtk_window_set_default_icon_name("vitrine");
    gui->lost = deferred_new(frontend->machine->loop, close_lost, gui);
    gui_server_host_keys(&gui->host_keys);
    gui_input_open(gui);
    gui_window_open(gui);
    gui_server_watch(on_lost, gui);
    return TRUE;
}

static void gtk_frontend_close(Frontend *frontend)
{
    Gui *gui = (Gui *)frontend;
    gui_server_watch(NULL, NULL);
    gui_window_close(gui);
    gui_input_close(gui);
    gdk_display_flush(gdk_display_get_default());
    deferred_free(gui->lost);
}

static void gtk_frontend_info(Frontend *frontend, GString *out)
{
    Gui *gui = (Gui *)frontend;
    GuiPage *page = gui_window_page(gui);
    static const char *const grabs[] = {"none", "keyboard (hover)", "keyboard and pointer"};
    g_string_append_printf(out, "window: %s%s\n", page != NULL ? page->title : "no console",
                           gui->is_full_screen ? ", full screen"
                           : gui->iconified    ? ", minimised"
                                               : "");
    g_string_append_printf(out, "grab: %s\n", grabs[gui->grab]);
    if (page != NULL && page->screen != NULL) {
        const Viewport *v = gui_screen_viewport(page->screen);
        g_string_append_printf(out, "picture: %ux%u shown as %dx%d\n", v->guest_width,
                               v->guest_height, v->width, v->height);
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
    .open = gtk_frontend_open,
    .close = gtk_frontend_close,
    .info = gtk_frontend_info,
};
