/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A relay between GTK and a Wayland compositor. GDK 3 ends the process when its connection breaks;
 * this one stands between, so that GDK's connection never does: when the compositor goes away (or
 * refuses a request, which would be as deadly) the relay goes on as a compositor that accepts
 * everything, shows nothing, and answers wl_display.sync, for which GTK may be waiting. The
 * frontend is told and closes in order.
 *
 * A thread of its own passes bytes and descriptors (SCM_RIGHTS) both ways and takes no lock; all
 * functions are for the main loop, with the vm lock held.
 */
#pragma once

#include <glib.h>

#include "mainloop/loop.h"

typedef struct WaylandRelay WaylandRelay;

/* Connects to a compositor's socket: an absolute path, or a name in XDG_RUNTIME_DIR. */
WaylandRelay *wayland_relay_new(EventLoop *loop, const char *display, GError **error);

/* Where GTK connects to, once; and that it has (or never will): the name is removed. */
const char *wayland_relay_path(const WaylandRelay *relay);
void wayland_relay_connected(WaylandRelay *relay);

/* Calls `broken` on the loop, once, when the compositor has gone. */
void wayland_relay_watch(WaylandRelay *relay, void (*broken)(void *opaque), void *opaque);

/* Ends it; GTK uses the connection no more. NULL is fine. */
void wayland_relay_free(WaylandRelay *relay);
