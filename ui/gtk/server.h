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

struct GuiServer {
    GdkDisplay *display;
    char *name; /* as asked for, or of the environment */
    guint users;
    gboolean dead;       /* the connection is lost; calls on the display do nothing */
    GPtrArray *lost;     /* of GuiServerWatch* */
    WaylandRelay *relay; /* NULL on X11 */
};

/*
 * Connects, or returns the connection that there is already. `display`: ":1", "wayland-1"; NULL =
 * what the environment says. Several calls in between: GTK needs no display of its own.
 */
GuiServer *gui_server_acquire(EventLoop *loop, const char *display, const char *xauthority,
                              GError **error);
void gui_server_release(GuiServer *server);

/* TRUE if there is a connection. */
gboolean gui_server_any(void);

/* TRUE on Wayland: windows cannot warp the pointer, nor know where they are. */
gboolean gui_server_is_wayland(const GuiServer *server);

/* Its keycodes. */
void gui_server_host_keys(GuiServer *server, HostKeys *keys);

/* The connection's socket that is written to without waiting for nobody; -1 = none. */
int gui_server_fd(const GuiServer *server);

/* Calls `lost` when the connection breaks, from within some GTK call: it may only note it down. */
typedef struct GuiServerWatch GuiServerWatch;
GuiServerWatch *gui_server_watch(GuiServer *server, void (*lost)(void *opaque), void *opaque);
void gui_server_unwatch(GuiServer *server, GuiServerWatch *watch); /* NULL is fine */

/* ---- for server-x11.c and wayland-relay.c ---- */

/* The connection is broken. */
void gui_server_lose(GuiServer *server);

gboolean gui_x11_is(GdkDisplay *display);
int gui_x11_fd(GdkDisplay *display);
void gui_x11_host_keys(GdkDisplay *display, HostKeys *keys);
void gui_x11_watch(GuiServer *server); /* instead of Xlib's exit(), gui_server_lose() */
