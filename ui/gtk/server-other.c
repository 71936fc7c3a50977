/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A GTK without its X11 backend. */
#include "ui/gtk/direct.h"
#include "ui/gtk/server.h"

gboolean gui_x11_is(GdkDisplay *display)
{
    return FALSE;
}

int gui_x11_fd(GdkDisplay *display)
{
    return -1;
}

void gui_x11_host_keys(GdkDisplay *display, HostKeys *keys)
{
}

void gui_x11_watch(GuiServer *server)
{
}

void gui_x11_unwatch(GuiServer *server)
{
}

void gui_x11_ask(GuiServer *server, guint32 number)
{
}

gboolean gui_direct_prepare(GuiDirect *direct, GtkWidget *widget, gint width, gint height)
{
    return FALSE;
}

cairo_surface_t *gui_direct_pixels(GuiDirect *direct)
{
    return NULL;
}

gboolean gui_direct_show(GuiDirect *direct, GtkWidget *widget, gint left, gint top,
                         const cairo_region_t *region)
{
    return FALSE;
}

void gui_direct_clear(GuiDirect *direct)
{
}
