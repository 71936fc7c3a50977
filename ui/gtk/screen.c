/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/screen.h"

#include <math.h>

#include "ui/gtk/direct.h"

struct _GuiScreen {
    GtkDrawingArea parent_instance;
    Display *display;
    DisplayListener *listener;
    Surface *surface;
    cairo_surface_t *image; /* over the surface's pixels */
    ScaleMode mode;
    double zoom;
    Viewport viewport;
    Cursor *cursor;
    cairo_surface_t *cursor_image;
    gint cursor_x, cursor_y; /* guest pixels, of the hot spot */
    gboolean cursor_visible, draw_cursor;
    GuiDirect direct;
    guint64 frames;
    const GuiScreenCalls *calls;
    void *opaque;
};

G_DEFINE_FINAL_TYPE(GuiScreen, gui_screen, GTK_TYPE_DRAWING_AREA)

/* A picture smaller than this lets the window shrink no further. */
#define MIN_WIDTH  160
#define MIN_HEIGHT 100

/* ---- geometry ---- */

static gint scale_factor(GuiScreen *screen)
{
    return gtk_widget_get_scale_factor(GTK_WIDGET(screen));
}

static void layout(GuiScreen *screen)
{
    GtkWidget *widget = GTK_WIDGET(screen);
    gint factor = scale_factor(screen);
    guint width = screen->surface != NULL ? screen->surface->width : 1;
    guint height = screen->surface != NULL ? screen->surface->height : 1;
    screen->viewport = scaler_layout(screen->mode, screen->zoom, width, height,
                                     gtk_widget_get_allocated_width(widget) * factor,
                                     gtk_widget_get_allocated_height(widget) * factor);
}

/* Device pixels to the widget's units, outwards. */
static cairo_rectangle_int_t to_widget(ScalerRect rect, gint factor)
{
    gint left = rect.x / factor;
    gint top = rect.y / factor;
    gint right = (rect.x + rect.width + factor - 1) / factor;
    gint bottom = (rect.y + rect.height + factor - 1) / factor;
    return (cairo_rectangle_int_t){left, top, right - left, bottom - top};
}

static void queue_guest_rect(GuiScreen *screen, gint x, gint y, gint width, gint height)
{
    ScalerRect rect = viewport_from_guest(&screen->viewport, x, y, width, height);
    cairo_rectangle_int_t area = to_widget(rect, scale_factor(screen));
    gtk_widget_queue_draw_area(GTK_WIDGET(screen), area.x, area.y, area.width, area.height);
}

static void queue_cursor(GuiScreen *screen)
{
    if (screen->cursor != NULL && screen->cursor_visible && screen->draw_cursor) {
        queue_guest_rect(screen, screen->cursor_x - screen->cursor->hot_x,
                         screen->cursor_y - screen->cursor->hot_y, (gint)screen->cursor->width,
                         (gint)screen->cursor->height);
    }
}

/* ---- what the display tells ---- */

static void on_surface(void *opaque, Surface *surface)
{
    GuiScreen *screen = opaque;
    gboolean other_size = screen->surface == NULL || screen->surface->width != surface->width ||
                          screen->surface->height != surface->height;
    Surface *old = screen->surface;
    g_clear_pointer(&screen->image, cairo_surface_destroy);
    screen->surface = surface_ref(surface);
    surface_unref(old);
    screen->image =
        cairo_image_surface_create_for_data(surface->data, CAIRO_FORMAT_RGB24, (gint)surface->width,
                                            (gint)surface->height, (gint)surface->stride);
    layout(screen);
    gtk_widget_queue_draw(GTK_WIDGET(screen));
    if (other_size) {
        gtk_widget_queue_resize(GTK_WIDGET(screen));
        screen->calls->resized(screen->opaque);
    }
}

/* Is what GTK would draw just these pixels, in their places? */
static gboolean is_plain(GuiScreen *screen)
{
    const Viewport *v = &screen->viewport;
    return gtk_widget_get_mapped(GTK_WIDGET(screen)) && v->width == (gint)v->guest_width &&
           v->height == (gint)v->guest_height &&
           !(screen->cursor_image != NULL && screen->cursor_visible && screen->draw_cursor) &&
           screen->calls->is_bare(screen->opaque);
}

static cairo_region_t *damaged_pixels(const pixman_box32_t *boxes, gint count)
{
    cairo_region_t *area = cairo_region_create();
    for (gint i = 0; i < count; i++) {
        cairo_rectangle_int_t r = {boxes[i].x1, boxes[i].y1, boxes[i].x2 - boxes[i].x1,
                                   boxes[i].y2 - boxes[i].y1};
        cairo_region_union_rectangle(area, &r);
    }
    return area;
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
    GuiScreen *screen = opaque;
    gint count = 0;
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &count);
    /* Cairo may keep a copy on the server; the pixels have changed below it. */
    cairo_surface_mark_dirty(screen->image);
    if (is_plain(screen)) {
        cairo_region_t *area = damaged_pixels(boxes, count);
        gboolean done = gui_direct_put(&screen->direct, GTK_WIDGET(screen), screen->image,
                                       screen->viewport.x, screen->viewport.y, area);
        cairo_region_destroy(area);
        if (done) {
            return;
        }
    }
    for (gint i = 0; i < count; i++) {
        queue_guest_rect(screen, boxes[i].x1, boxes[i].y1, boxes[i].x2 - boxes[i].x1,
                         boxes[i].y2 - boxes[i].y1);
    }
}

static void on_cursor(void *opaque, Cursor *cursor)
{
    GuiScreen *screen = opaque;
    queue_cursor(screen);
    g_clear_pointer(&screen->cursor_image, cairo_surface_destroy);
    Cursor *old = screen->cursor;
    screen->cursor = cursor != NULL ? cursor_ref(cursor) : NULL;
    if (old != NULL) {
        cursor_unref(old);
    }
    if (cursor != NULL) {
        screen->cursor_image = cairo_image_surface_create_for_data(
            (guchar *)screen->cursor->pixels, CAIRO_FORMAT_ARGB32, (gint)cursor->width,
            (gint)cursor->height, (gint)cursor->width * 4);
    }
    queue_cursor(screen);
    screen->calls->cursor_changed(screen->opaque);
}

static void on_warp(void *opaque, int x, int y, gboolean visible)
{
    GuiScreen *screen = opaque;
    gboolean other = screen->cursor_visible != visible;
    queue_cursor(screen);
    screen->cursor_x = x;
    screen->cursor_y = y;
    screen->cursor_visible = visible;
    queue_cursor(screen);
    if (other) {
        screen->calls->cursor_changed(screen->opaque);
    }
}

static void on_frame(void *opaque)
{
    GuiScreen *screen = opaque;
    screen->frames++;
    screen->calls->frame(screen->opaque);
}

static const DisplayListenerOps listener_ops = {
    .name = "gtk",
    .surface = on_surface,
    .damage = on_damage,
    .cursor = on_cursor,
    .warp = on_warp,
    .frame = on_frame,
};

/* ---- drawing ---- */

/* The bars around the picture. */
static void draw_background(GuiScreen *screen, cairo_t *cr, gint width, gint height)
{
    const Viewport *v = &screen->viewport;
    if (v->x == 0 && v->y == 0 && v->width == width && v->height == height) {
        return;
    }
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
    cairo_rectangle(cr, 0, 0, width, height);
    cairo_rectangle(cr, v->x, v->y, v->width, v->height);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_fill(cr);
}

static void draw_picture(GuiScreen *screen, cairo_t *cr)
{
    const Viewport *v = &screen->viewport;
    gboolean exact = viewport_is_exact(v);
    cairo_rectangle(cr, v->x, v->y, v->width, v->height);
    cairo_clip(cr);
    cairo_translate(cr, v->x, v->y);
    if (v->width != (gint)v->guest_width || v->height != (gint)v->guest_height) {
        cairo_scale(cr, (double)v->width / v->guest_width, (double)v->height / v->guest_height);
    }
    cairo_set_source_surface(cr, screen->image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr),
                             exact ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
    if (!exact) {
        cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    }
    cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
    cairo_paint(cr);
    if (screen->cursor_image != NULL && screen->cursor_visible && screen->draw_cursor) {
        cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
        cairo_set_source_surface(cr, screen->cursor_image, screen->cursor_x - screen->cursor->hot_x,
                                 screen->cursor_y - screen->cursor->hot_y);
        cairo_pattern_set_filter(cairo_get_source(cr),
                                 exact ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
        cairo_paint(cr);
    }
}

static gboolean gui_screen_draw(GtkWidget *widget, cairo_t *cr)
{
    GuiScreen *screen = GUI_SCREEN(widget);
    gint factor = scale_factor(screen);
    if (factor != 1) {
        cairo_scale(cr, 1.0 / factor, 1.0 / factor);
    }
    draw_background(screen, cr, gtk_widget_get_allocated_width(widget) * factor,
                    gtk_widget_get_allocated_height(widget) * factor);
    if (screen->image != NULL) {
        draw_picture(screen, cr);
    }
    return TRUE;
}

/* ---- size ---- */

static gint natural_size(GuiScreen *screen, guint guest)
{
    return (gint)ceil(guest * screen->zoom / scale_factor(screen));
}

static void gui_screen_get_preferred_width(GtkWidget *widget, gint *minimum, gint *natural)
{
    GuiScreen *screen = GUI_SCREEN(widget);
    *natural = natural_size(screen, screen->surface != NULL ? screen->surface->width : 640);
    *minimum = MIN(*natural, MIN_WIDTH);
}

static void gui_screen_get_preferred_height(GtkWidget *widget, gint *minimum, gint *natural)
{
    GuiScreen *screen = GUI_SCREEN(widget);
    *natural = natural_size(screen, screen->surface != NULL ? screen->surface->height : 480);
    *minimum = MIN(*natural, MIN_HEIGHT);
}

static void gui_screen_size_allocate(GtkWidget *widget, GtkAllocation *allocation)
{
    GTK_WIDGET_CLASS(gui_screen_parent_class)->size_allocate(widget, allocation);
    layout(GUI_SCREEN(widget));
}

static void gui_screen_unrealize(GtkWidget *widget)
{
    gui_direct_clear(&GUI_SCREEN(widget)->direct);
    GTK_WIDGET_CLASS(gui_screen_parent_class)->unrealize(widget);
}

/* ---- lifecycle ---- */

GtkWidget *gui_screen_new(Display *display)
{
    GuiScreen *screen = g_object_new(GUI_TYPE_SCREEN, NULL);
    screen->display = display;
    return GTK_WIDGET(screen);
}

void gui_screen_start(GuiScreen *screen, const GuiScreenCalls *calls, void *opaque, guint max_hz)
{
    screen->calls = calls;
    screen->opaque = opaque;
    screen->listener = display_attach(screen->display, &listener_ops, screen, max_hz);
}

guint64 gui_screen_frames(GuiScreen *screen)
{
    return screen->frames;
}

void gui_screen_stop(GuiScreen *screen)
{
    display_detach(g_steal_pointer(&screen->listener));
}

Display *gui_screen_display(GuiScreen *screen)
{
    return screen->display;
}

void gui_screen_set_active(GuiScreen *screen, gboolean active)
{
    if (screen->listener != NULL) {
        display_listener_set_active(screen->listener, active);
    }
}

void gui_screen_set_scale(GuiScreen *screen, ScaleMode mode, double zoom)
{
    screen->mode = mode;
    screen->zoom = zoom;
    layout(screen);
    gtk_widget_queue_resize(GTK_WIDGET(screen));
    gtk_widget_queue_draw(GTK_WIDGET(screen));
}

const Viewport *gui_screen_viewport(GuiScreen *screen)
{
    return &screen->viewport;
}

void gui_screen_set_draw_cursor(GuiScreen *screen, gboolean draw)
{
    if (screen->draw_cursor != draw) {
        queue_cursor(screen);
        screen->draw_cursor = draw;
        queue_cursor(screen);
    }
}

GdkCursor *gui_screen_make_cursor(GuiScreen *screen)
{
    const Cursor *cursor = screen->cursor;
    if (cursor == NULL || !screen->cursor_visible) {
        return NULL;
    }
    double scale = (double)screen->viewport.width / screen->viewport.guest_width;
    gint width = MAX(1, (gint)lround(cursor->width * scale));
    gint height = MAX(1, (gint)lround(cursor->height * scale));
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    cairo_t *cr = cairo_create(image);
    cairo_scale(cr, (double)width / cursor->width, (double)height / cursor->height);
    cairo_set_source_surface(cr, screen->cursor_image, 0, 0);
    cairo_paint(cr);
    cairo_destroy(cr);
    gint factor = scale_factor(screen);
    cairo_surface_set_device_scale(image, factor, factor);
    GdkCursor *shape =
        gdk_cursor_new_from_surface(gtk_widget_get_display(GTK_WIDGET(screen)), image,
                                    cursor->hot_x * scale / factor, cursor->hot_y * scale / factor);
    cairo_surface_destroy(image);
    return shape;
}

static void gui_screen_finalize(GObject *object)
{
    GuiScreen *screen = GUI_SCREEN(object);
    gui_screen_stop(screen);
    g_clear_pointer(&screen->image, cairo_surface_destroy);
    g_clear_pointer(&screen->cursor_image, cairo_surface_destroy);
    surface_unref(screen->surface);
    if (screen->cursor != NULL) {
        cursor_unref(screen->cursor);
    }
    G_OBJECT_CLASS(gui_screen_parent_class)->finalize(object);
}

static void gui_screen_init(GuiScreen *screen)
{
    screen->zoom = 1;
    screen->draw_cursor = TRUE;
    screen->viewport = scaler_layout(SCALE_ZOOM, 1, 1, 1, 1, 1);
    gtk_widget_set_can_focus(GTK_WIDGET(screen), TRUE);
}

static void gui_screen_class_init(GuiScreenClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->finalize = gui_screen_finalize;
    widget_class->draw = gui_screen_draw;
    widget_class->unrealize = gui_screen_unrealize;
    widget_class->get_preferred_width = gui_screen_get_preferred_width;
    widget_class->get_preferred_height = gui_screen_get_preferred_height;
    widget_class->size_allocate = gui_screen_size_allocate;
}
