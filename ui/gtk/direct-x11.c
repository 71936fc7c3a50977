/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures put on an X window without GTK's drawing: that would draw each frame into a pixmap, ask
 * every widget on the way down for its part, and have the server copy it once more. The pixels go
 * through one shared memory segment (MIT-SHM) that lives as long as the widget is shown.
 *
 * The segment may be written to while the server still reads an earlier frame from it. Then that
 * shows a part of the newer frame, whose own request follows.
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <gdk/gdkx.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "ui/gtk/direct.h"

struct GuiDirectX11 {
    GdkDisplay *gdk_display;
    Display *display;
    XImage *image; /* NULL = the server cannot do it */
    XShmSegmentInfo segment;
    GC gc;
    cairo_surface_t *pixels; /* over the segment */
    gint width, height;
};

/* ---- the segment ---- */

static gboolean has_our_format(GdkVisual *visual)
{
    guint32 red;
    gdk_visual_get_red_pixel_details(visual, &red, NULL, NULL);
    return gdk_visual_get_depth(visual) == 24 && red == 0xff0000;
}

static gboolean attach_segment(GuiDirectX11 *x)
{
    x->segment.shmid =
        shmget(IPC_PRIVATE, (gsize)x->image->bytes_per_line * (gsize)x->height, IPC_CREAT | 0600);
    if (x->segment.shmid < 0) {
        return FALSE;
    }
    x->segment.shmaddr = shmat(x->segment.shmid, NULL, 0);
    if (x->segment.shmaddr == (char *)-1) {
        shmctl(x->segment.shmid, IPC_RMID, NULL);
        return FALSE;
    }
    gdk_x11_display_error_trap_push(x->gdk_display);
    gboolean asked = XShmAttach(x->display, &x->segment);
    XSync(x->display, False);
    gboolean failed =
        gdk_x11_display_error_trap_pop(x->gdk_display) != 0; /* another host's server */
    shmctl(x->segment.shmid, IPC_RMID, NULL); /* goes with the last who is attached */
    if (!asked || failed) {
        shmdt(x->segment.shmaddr);
        return FALSE;
    }
    x->image->data = x->segment.shmaddr;
    return TRUE;
}

static GuiDirectX11 *new_direct(GdkWindow *window, gint width, gint height)
{
    GuiDirectX11 *x = g_new0(GuiDirectX11, 1);
    x->gdk_display = gdk_window_get_display(window);
    x->display = GDK_WINDOW_XDISPLAY(window);
    x->width = width;
    x->height = height;
    GdkVisual *visual = gdk_window_get_visual(window);
    if (!has_our_format(visual) || !XShmQueryExtension(x->display)) {
        return x;
    }
    x->image = XShmCreateImage(x->display, gdk_x11_visual_get_xvisual(visual), 24, ZPixmap, NULL,
                               &x->segment, (guint)width, (guint)height);
    if (x->image != NULL && (x->image->bits_per_pixel != 32 || x->image->byte_order != LSBFirst ||
                             !attach_segment(x))) {
        XFree(x->image);
        x->image = NULL;
    }
    if (x->image != NULL) {
        x->gc = XCreateGC(x->display, gdk_x11_window_get_xid(window), 0, NULL);
        x->pixels =
            cairo_image_surface_create_for_data((guchar *)x->segment.shmaddr, CAIRO_FORMAT_RGB24,
                                                width, height, x->image->bytes_per_line);
    }
    return x;
}

void gui_direct_clear(GuiDirect *direct)
{
    GuiDirectX11 *x = g_steal_pointer(&direct->x11);
    if (x != NULL && x->image != NULL) {
        cairo_surface_destroy(x->pixels);
        XFreeGC(x->display, x->gc);
        XShmDetach(x->display, &x->segment);
        shmdt(x->segment.shmaddr);
        XFree(x->image);
    }
    g_free(x);
}

/* ---- showing ---- */

/* The X window that the widget's pixels lie in, and where there (device pixels). */
static GdkWindow *find_native(GtkWidget *widget, gint *x, gint *y)
{
    GdkWindow *window = gtk_widget_get_window(widget);
    gint factor = gtk_widget_get_scale_factor(widget);
    double at_x = 0, at_y = 0;
    while (window != NULL && !gdk_window_has_native(window)) {
        gdk_window_coords_to_parent(window, at_x, at_y, &at_x, &at_y);
        window = gdk_window_get_parent(window);
    }
    *x = (gint)at_x * factor;
    *y = (gint)at_y * factor;
    return window != NULL && GDK_IS_X11_WINDOW(window) ? window : NULL;
}

gboolean gui_direct_prepare(GuiDirect *direct, GtkWidget *widget, gint width, gint height)
{
    gint x, y;
    GdkWindow *window = find_native(widget, &x, &y);
    if (window == NULL) {
        return FALSE;
    }
    if (direct->x11 == NULL || direct->x11->width != width || direct->x11->height != height) {
        gui_direct_clear(direct);
        direct->x11 = new_direct(window, width, height);
    }
    return direct->x11->image != NULL;
}

cairo_surface_t *gui_direct_pixels(GuiDirect *direct)
{
    return direct->x11 != NULL ? direct->x11->pixels : NULL;
}

gboolean gui_direct_show(GuiDirect *direct, GtkWidget *widget, gint left, gint top,
                         const cairo_region_t *region)
{
    gint x, y;
    GdkWindow *window = find_native(widget, &x, &y);
    GuiDirectX11 *x11 = direct->x11;
    if (window == NULL || x11 == NULL || x11->image == NULL) {
        return FALSE;
    }
    for (gint i = 0; i < cairo_region_num_rectangles(region); i++) {
        cairo_rectangle_int_t r;
        cairo_region_get_rectangle(region, i, &r);
        XShmPutImage(x11->display, gdk_x11_window_get_xid(window), x11->gc, x11->image, r.x, r.y,
                     x + left + r.x, y + top + r.y, (guint)r.width, (guint)r.height, False);
    }
    XFlush(x11->display);
    return TRUE;
}
