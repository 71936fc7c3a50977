/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a grab is on Wayland, past GDK 3, which inhibits the compositor's shortcuts for a keyboard
 * alone, does not give them back, and knows nothing of relative pointers. Protocols:
 * keyboard-shortcuts-inhibit-unstable-v1, pointer-constraints-unstable-v1,
 * relative-pointer-unstable-v1; a compositor may lack any of them.
 *
 * Main loop, vm lock held. Events come through GDK's own connection and queue. It belongs to a
 * Gui, and must be freed before the connection is closed.
 */
#pragma once

#include <gdk/gdk.h>

typedef struct WaylandGrab WaylandGrab;

/*
 * NULL when `display` is no Wayland compositor. `moved` gets the movements of a locked pointer, as
 * its device made them. Does not wait for the compositor: what it offers is known a moment later.
 */
WaylandGrab *wayland_grab_new(GdkDisplay *display, void (*moved)(void *opaque, double x, double y),
                              void *opaque);
void wayland_grab_free(WaylandGrab *grab); /* NULL is fine */

/* While `window` has the keyboard: all keys are its own. With `lock` the pointer stands still, and
 * its movements are told. Replaces an earlier grab; NULL ends it. */
void wayland_grab_set(WaylandGrab *grab, GdkWindow *window, gboolean lock);

/* What this compositor can do. NULL is fine. */
gboolean wayland_grab_has_shortcuts(const WaylandGrab *grab);
gboolean wayland_grab_has_relative(const WaylandGrab *grab);
