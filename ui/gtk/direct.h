/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts parts of a picture on the screen at once, past GTK, where the display server lets a client
 * do so (X11). The widget's own drawing must give the same pixels: what is exposed comes from it.
 * Main loop, vm lock held. The GuiDirect is a widget's, cleared when that is unrealized.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct GuiDirectX11 GuiDirectX11;

typedef struct GuiDirect {
    GuiDirectX11 *x11; /* NULL = nothing was shown yet */
} GuiDirect;

/*
 * Shows `region` of `image` (pixels of it), whose corner lies at (left, top) in the widget, pixel
 * for device pixel. FALSE if that cannot be done here: the widget is to be redrawn then.
 */
gboolean gui_direct_put(GuiDirect *direct, GtkWidget *widget, cairo_surface_t *image, gint left,
                        gint top, const cairo_region_t *region);
void gui_direct_clear(GuiDirect *direct);
