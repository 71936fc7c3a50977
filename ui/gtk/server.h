/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to display servers: opened by name, shared by the frontends on one server, and lost
 * without harm. Main loop, vm lock held. A GuiServer belongs to its users together: the last to
 * release it closes the connection.
 */
#pragma once

#include <gdk/gdk.h>

#include "mainloop/loop.h"
#include "ui/common/hostkeys.h"

typedef struct GuiServer GuiServer;
typedef struct WaylandRelay WaylandRelay;
typedef struct GuiWatchdog GuiWatchdog;

struct GuiServer {
    GdkDisplay *display;
    char *name; /* as asked for, or of the environment */
    guint users;
    gboolean dead;         /* the connection is lost; calls on the display do nothing */
    GPtrArray *watches;    /* of GuiServerWatch* */
    guint32 asked;         /* number of the last question */
    gulong ask_window;     /* X11: that the questions are about */
    WaylandRelay *relay;   /* NULL on X11 */
    GuiWatchdog *watchdog; /* NULL on Wayland */
};

/*
 * Connects, or returns the connection that there is already. `display`: ":1", "wayland-1"; NULL =
 * what the environment says. Several calls in between: GTK needs no display of its own.
 */
GuiServer *gui_server_acquire(EventLoop *loop, const char *display, const char *xauthority,
                              GError **error);
void gui_server_release(GuiServer *server);

/* It is known not to answer: breaks the connection, so that nothing waits for it. */
void gui_server_break(GuiServer *server);

/* TRUE if there is a connection. */
gboolean gui_server_any(void);

/* TRUE on Wayland: windows cannot warp the pointer, nor know where they are. */
gboolean gui_server_is_wayland(const GuiServer *server);

/* Its keycodes. */
void gui_server_host_keys(GuiServer *server, HostKeys *keys);

/* The connection's socket that is written to without waiting for nobody; -1 = none. */
int gui_server_fd(const GuiServer *server);

/* Asks it for an answer, without waiting; returns the question's number. Only where there is such
 * a socket. */
guint32 gui_server_ask(GuiServer *server);

/*
 * `lost`: the connection breaks, from within some GTK call; it may only note it down. `answered`:
 * the server has come to gui_server_ask()'s question of that number.
 */
typedef struct GuiServerEvents {
    void (*lost)(void *opaque);
    void (*answered)(void *opaque, guint32 number);
} GuiServerEvents;

typedef struct GuiServerWatch GuiServerWatch;
GuiServerWatch *gui_server_watch(GuiServer *server, const GuiServerEvents *events, void *opaque);
void gui_server_unwatch(GuiServer *server, GuiServerWatch *watch); /* NULL is fine */

/* ---- for server-x11.c and wayland-relay.c ---- */

/* The connection is broken. */
void gui_server_lose(GuiServer *server);
void gui_server_answered(GuiServer *server, guint32 number);

gboolean gui_x11_is(GdkDisplay *display);
int gui_x11_fd(GdkDisplay *display);
void gui_x11_host_keys(GdkDisplay *display, HostKeys *keys);
/* gui_server_lose() instead of Xlib's exit(), and gui_server_answered(); until the display is
 * closed. */
void gui_x11_watch(GuiServer *server);
void gui_x11_unwatch(GuiServer *server);
void gui_x11_ask(GuiServer *server, guint32 number);
