/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/server.h"

#include <gtk/gtk.h>
#include <locale.h>
#include <string.h>

#include "core/error.h"
#include "ui/common/host-env.h"
#include "ui/gtk/watchdog.h"
#include "ui/gtk/wayland-relay.h"

#define DATA_KEY "vitrine-server"

struct GuiServerWatch {
    const GuiServerEvents *events;
    void *opaque;
};

/* ---- which server ---- */

/* NULL when it is unset or empty. */
static const char *set_variable(const char *name)
{
    const char *value = g_getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* What the environment asks for; GDK_BACKEND chooses where it has both. */
static const char *environment_display(void)
{
    const char *x11 = set_variable("DISPLAY");
    const char *wayland = set_variable("WAYLAND_DISPLAY");
    const char *backend = set_variable("GDK_BACKEND");
    if (backend != NULL && g_str_has_prefix(backend, "x11")) {
        wayland = NULL;
    }
    return wayland != NULL ? wayland : x11;
}

static GuiServer *find_open(const char *name)
{
    g_autoptr(GSList) displays = gdk_display_manager_list_displays(gdk_display_manager_get());
    for (GSList *link = displays; link != NULL; link = link->next) {
        GuiServer *server = g_object_get_data(G_OBJECT(link->data), DATA_KEY);
        if (server != NULL && !server->dead && strcmp(server->name, name) == 0) {
            return server;
        }
    }
    return NULL;
}

gboolean gui_server_any(void)
{
    g_autoptr(GSList) displays = gdk_display_manager_list_displays(gdk_display_manager_get());
    for (GSList *link = displays; link != NULL; link = link->next) {
        if (g_object_get_data(G_OBJECT(link->data), DATA_KEY) != NULL) {
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- connecting ---- */

/* GDK tries its backends in turn, or those of this variable: the name decides. */
static GdkDisplay *open_display(const char *backend, const char *name)
{
    g_autofree char *old = g_strdup(g_getenv("GDK_BACKEND"));
    g_setenv("GDK_BACKEND", backend, TRUE);
    GdkDisplay *display = gdk_display_open(name);
    if (old != NULL) {
        g_setenv("GDK_BACKEND", old, TRUE);
    } else {
        g_unsetenv("GDK_BACKEND");
    }
    return display;
}

static GdkDisplay *connect_x11(const char *name, const char *xauthority)
{
    g_autoptr(HostEnv) env G_GNUC_UNUSED = host_env_enter(NULL, xauthority); /* until the return */
    return open_display("x11", name);
}

/* By way of the relay, whose socket GDK takes for the compositor's. */
static GdkDisplay *connect_wayland(GuiServer *server, EventLoop *loop, GError **error)
{
    server->relay = wayland_relay_new(loop, server->name, error);
    if (server->relay == NULL) {
        return NULL;
    }
    GdkDisplay *display = open_display("wayland", wayland_relay_path(server->relay));
    wayland_relay_connected(server->relay);
    return display;
}

static void on_relay_broken(void *opaque)
{
    gui_server_lose(opaque);
}

static void free_server(GuiServer *server)
{
    wayland_relay_free(server->relay);
    gui_watchdog_free(server->watchdog);
    g_ptr_array_unref(server->watches);
    g_free(server->name);
    g_free(server);
}

static GuiServer *connect_server(EventLoop *loop, const char *name, const char *xauthority,
                                 GError **error)
{
    GuiServer *server = g_new0(GuiServer, 1);
    g_autoptr(GError) why = NULL;
    server->name = g_strdup(name);
    server->users = 1;
    server->watches = g_ptr_array_new_with_free_func(g_free);
    server->display =
        host_env_is_x11(name) ? connect_x11(name, xauthority) : connect_wayland(server, loop, &why);
    if (server->display == NULL) {
        error_set(error, "cannot open a window on display '%s': %s", name,
                  why != NULL ? why->message
                              : "is the display server running, and may this user connect?");
        free_server(server);
        return NULL;
    }
    g_object_set_data(G_OBJECT(server->display), DATA_KEY, server);
    if (gdk_display_get_default() == NULL) {
        gdk_display_manager_set_default_display(gdk_display_manager_get(), server->display);
    }
    if (server->relay != NULL) {
        wayland_relay_watch(server->relay, on_relay_broken, server);
    } else {
        gui_x11_watch(server);
        server->watchdog = gui_watchdog_new(loop, name, gui_x11_fd(server->display));
    }
    return server;
}

/* Once: all but opening a display. */
static void set_up_gtk(void)
{
    GObject *manager = G_OBJECT(gdk_display_manager_get());
    if (g_object_get_data(manager, DATA_KEY) != NULL) {
        return;
    }
    g_object_set_data(manager, DATA_KEY, manager);
    /* The process keeps its locale (numbers!), but for characters. */
    gtk_disable_setlocale();
    if (setlocale(LC_CTYPE, NULL)[0] == 'C') {
        setlocale(LC_CTYPE, "");
    }
    gtk_parse_args(NULL, NULL);
    g_set_application_name("Vitrine"); /* for people; WM_CLASS is the program's name */
    gtk_window_set_default_icon_name("vitrine");
}

GuiServer *gui_server_acquire(EventLoop *loop, const char *display, const char *xauthority,
                              GError **error)
{
    const char *name = display != NULL ? display : environment_display();
    if (name == NULL) {
        error_set(error, "there is no display to open a window on: neither DISPLAY nor "
                         "WAYLAND_DISPLAY is set (try -display vnc=:0, or gtk,display=:0)");
        return NULL;
    }
    set_up_gtk();
    GuiServer *server = find_open(name);
    if (server != NULL) {
        server->users++;
        return server;
    }
    return connect_server(loop, name, xauthority, error);
}

/* ---- the end ---- */

static void ignore_message(const char *domain, GLogLevelFlags level, const char *text,
                           gpointer data)
{
}

static GList *windows_of(GdkDisplay *display, GtkWindowType type)
{
    GList *windows = gtk_window_list_toplevels();
    for (GList *link = windows, *next; link != NULL; link = next) {
        next = link->next;
        if (gtk_widget_get_display(link->data) != display || !gtk_widget_get_mapped(link->data) ||
            gtk_window_get_window_type(link->data) != type) {
            windows = g_list_delete_link(windows, link);
        }
    }
    return windows;
}

/* GTK's own: it keeps the one that has asked for what was dropped. */
static void destroy_popups(GdkDisplay *display)
{
    g_autoptr(GList) popups = windows_of(display, GTK_WINDOW_POPUP);
    for (GList *link = popups; link != NULL; link = link->next) {
        gtk_widget_destroy(link->data);
    }
}

/* GtkSettings disconnects from an object that it has not got when its display closes (3.24), and
 * is told so by GObject on stderr: of no use to anybody. */
static void close_display(GdkDisplay *display)
{
    destroy_popups(display);
    guint handler = g_log_set_handler("GLib-GObject", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL,
                                      ignore_message, NULL);
    gdk_display_close(display);
    g_log_remove_handler("GLib-GObject", handler);
}

static gboolean on_close_x11(gpointer opaque)
{
    GuiServer *server = opaque;
    close_display(server->display);
    free_server(server);
    return G_SOURCE_REMOVE;
}

/*
 * After a grab GDK asks the server for a sign of life, and uses the display in an idle callback
 * when that has come, whether or not it has been closed meanwhile (3.24, gdkasync.c): so all the
 * answers are fetched, and those callbacks go first.
 */
static void close_x11_later(GuiServer *server)
{
    if (!server->dead) {
        gdk_display_sync(server->display);
    }
    g_idle_add_full(G_PRIORITY_LOW, on_close_x11, server, NULL);
}

void gui_server_release(GuiServer *server)
{
    if (--server->users > 0) {
        return;
    }
    g_object_set_data(G_OBJECT(server->display), DATA_KEY, NULL);
    if (server->relay == NULL) {
        gui_x11_unwatch(server);
    }
    g_autoptr(GList) windows = windows_of(server->display, GTK_WINDOW_TOPLEVEL);
    if (windows != NULL) {
        return; /* a loop of GTK still asks something: the connection stays, so that it can end */
    }
    if (server->relay == NULL) {
        close_x11_later(server);
    } else {
        close_display(server->display);
        free_server(server);
    }
}

void gui_server_break(GuiServer *server)
{
    if (server->watchdog != NULL) {
        gui_watchdog_bite(server->watchdog);
    }
}

void gui_server_lose(GuiServer *server)
{
    server->dead = TRUE;
    for (guint i = 0; i < server->watches->len; i++) {
        GuiServerWatch *watch = g_ptr_array_index(server->watches, i);
        watch->events->lost(watch->opaque);
    }
}

void gui_server_answered(GuiServer *server, guint32 number)
{
    for (guint i = 0; i < server->watches->len; i++) {
        GuiServerWatch *watch = g_ptr_array_index(server->watches, i);
        watch->events->answered(watch->opaque, number);
    }
}

GuiServerWatch *gui_server_watch(GuiServer *server, const GuiServerEvents *events, void *opaque)
{
    GuiServerWatch *watch = g_new0(GuiServerWatch, 1);
    *watch = (GuiServerWatch){events, opaque};
    g_ptr_array_add(server->watches, watch);
    return watch;
}

void gui_server_unwatch(GuiServer *server, GuiServerWatch *watch)
{
    if (watch != NULL) {
        g_ptr_array_remove(server->watches, watch);
    }
}

gboolean gui_server_is_wayland(const GuiServer *server)
{
    return server->relay != NULL;
}

int gui_server_fd(const GuiServer *server)
{
    return server->relay == NULL ? gui_x11_fd(server->display) : -1;
}

guint32 gui_server_ask(GuiServer *server)
{
    server->asked = server->asked == G_MAXUINT32 ? 1 : server->asked + 1; /* never 0 */
    gui_x11_ask(server, server->asked);
    return server->asked;
}

void gui_server_host_keys(GuiServer *server, HostKeys *keys)
{
    host_keys_init_evdev(keys);
    if (server->relay == NULL) {
        gui_x11_host_keys(server->display, keys);
    }
}
