/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built without the protocols: GDK's grab is what there is. */
#include "ui/gtk/wayland-grab.h"

WaylandGrab *wayland_grab_new(GdkDisplay *display, void (*moved)(void *opaque, double x, double y),
                              void *opaque)
{
    return NULL;
}

void wayland_grab_free(WaylandGrab *grab)
{
}

void wayland_grab_set(WaylandGrab *grab, GdkWindow *window, gboolean lock)
{
}

gboolean wayland_grab_has_shortcuts(const WaylandGrab *grab)
{
    return FALSE;
}

gboolean wayland_grab_has_relative(const WaylandGrab *grab)
{
    return FALSE;
}
