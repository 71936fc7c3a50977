/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts parts of a picture on the screen at once, past GTK, where the display server lets a client
 * do so (X11). The widget's own drawing must give the same pixels: what is exposed comes from it.
 * Main loop, vm lock held, but for gui_direct_pixels(). The GuiDirect is a widget's, cleared when
 * that is unrealized.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct GuiDirectX11 GuiDirectX11;

typedef struct GuiDirect {
    GuiDirectX11 *x11; /* NULL = nothing was shown yet */
} GuiDirect;

/* Can it be done for a picture of this size (device pixels)? The widget is to be redrawn if not. */
gboolean gui_direct_prepare(GuiDirect *direct, GtkWidget *widget, gint width, gint height);

/* The picture, to be drawn into until it is shown; without the lock, too. NULL if it has been
 * cleared. Belongs to the GuiDirect. */
cairo_surface_t *gui_direct_pixels(GuiDirect *direct);

/* Shows `region` of it, whose corner lies at (left, top) in the widget, pixel for device pixel.
 * FALSE if the widget cannot be seen. */
gboolean gui_direct_show(GuiDirect *direct, GtkWidget *widget, gint left, gint top,
                         const cairo_region_t *region);
void gui_direct_clear(GuiDirect *direct);
