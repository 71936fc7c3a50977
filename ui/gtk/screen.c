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
    Machine *machine;
    cairo_region_t *damage; /* device pixels of the widget */
    Deferred *show;         /* of that damage */
    guint64 frames;
    const GuiScreenCalls *calls;
    void *opaque;
};

G_DEFINE_FINAL_TYPE(GuiScreen, gui_screen, GTK_TYPE_DRAWING_AREA)

/* What there is to be drawn. */
typedef struct ScreenPicture {
    Viewport viewport;
    cairo_surface_t *image;
    cairo_surface_t *cursor; /* NULL = none, or not to be drawn */
    gint cursor_x, cursor_y; /* guest pixels, of its corner */
} ScreenPicture;

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
    if (other_size) { /* otherwise the damage that follows is all: a guest may flip pages */
        layout(screen);
        gtk_widget_queue_draw(GTK_WIDGET(screen));
        gtk_widget_queue_resize(GTK_WIDGET(screen));
        screen->calls->resized(screen->opaque);
    }
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
    GuiScreen *screen = opaque;
    gint count = 0;
    if (screen->calls->is_behind(screen->opaque)) {
        return; /* all is damaged when the listener becomes active again */
    }
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &count);
    /* Cairo may keep a copy on the server; the pixels have changed below it. */
    cairo_surface_mark_dirty(screen->image);
    for (gint i = 0; i < count; i++) {
        ScalerRect r = viewport_from_guest(&screen->viewport, boxes[i].x1, boxes[i].y1,
                                           boxes[i].x2 - boxes[i].x1, boxes[i].y2 - boxes[i].y1);
        cairo_rectangle_int_t area = {r.x, r.y, r.width, r.height};
        cairo_region_union_rectangle(screen->damage, &area);
    }
    deferred_schedule(screen->show);
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

static ScreenPicture picture_of(GuiScreen *screen)
{
    gboolean has_cursor =
        screen->cursor_image != NULL && screen->cursor_visible && screen->draw_cursor;
    return (ScreenPicture){
        .viewport = screen->viewport,
        .image = screen->image,
        .cursor = has_cursor ? screen->cursor_image : NULL,
        .cursor_x = has_cursor ? screen->cursor_x - screen->cursor->hot_x : 0,
        .cursor_y = has_cursor ? screen->cursor_y - screen->cursor->hot_y : 0,
    };
}

static void draw_picture(const ScreenPicture *picture, cairo_t *cr)
{
    const Viewport *v = &picture->viewport;
    cairo_filter_t filter = viewport_is_exact(v) ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR;
    cairo_rectangle(cr, v->x, v->y, v->width, v->height);
    cairo_clip(cr);
    cairo_translate(cr, v->x, v->y);
    if (v->width != (gint)v->guest_width || v->height != (gint)v->guest_height) {
        cairo_scale(cr, (double)v->width / v->guest_width, (double)v->height / v->guest_height);
    }
    cairo_set_source_surface(cr, picture->image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), filter);
    if (filter != CAIRO_FILTER_NEAREST) {
        cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    }
    cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
    cairo_paint(cr);
    if (picture->cursor != NULL) {
        cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
        cairo_set_source_surface(cr, picture->cursor, picture->cursor_x, picture->cursor_y);
        cairo_pattern_set_filter(cairo_get_source(cr), filter);
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
        ScreenPicture picture = picture_of(screen);
        draw_picture(&picture, cr);
    }
    return TRUE;
}

/* ---- past GTK ---- */

/* The damaged parts of a picture into the memory that the server reads. */
static void draw_damage(ScreenPicture *picture, const cairo_region_t *area, cairo_surface_t *to)
{
    cairo_t *cr = cairo_create(to);
    for (gint i = 0; i < cairo_region_num_rectangles(area); i++) {
        cairo_rectangle_int_t r;
        cairo_region_get_rectangle(area, i, &r);
        cairo_rectangle(cr, r.x, r.y, r.width, r.height);
    }
    cairo_clip(cr);
    draw_picture(picture, cr);
    cairo_destroy(cr);
}

/* Without the lock: this may be many pixels, and to be scaled. */
static gboolean show_direct(GuiScreen *screen, const cairo_region_t *damage)
{
    ScreenPicture picture = picture_of(screen);
    gint left = picture.viewport.x, top = picture.viewport.y;
    if (!gui_direct_prepare(&screen->direct, GTK_WIDGET(screen), picture.viewport.width,
                            picture.viewport.height)) {
        return FALSE;
    }
    cairo_region_t *area = cairo_region_copy(damage);
    cairo_region_translate(area, -left, -top);
    cairo_rectangle_int_t all = {0, 0, picture.viewport.width, picture.viewport.height};
    cairo_region_intersect_rectangle(area, &all); /* the layout may have changed since */
    picture.viewport.x = picture.viewport.y = 0;
    Surface *surface = surface_ref(screen->surface);
    cairo_surface_reference(picture.image);
    Cursor *cursor = picture.cursor != NULL ? cursor_ref(screen->cursor) : NULL;
    picture.cursor = cairo_surface_reference(picture.cursor); /* of NULL is NULL */
    vm_lock_drop(screen->machine->lock);
    draw_damage(&picture, area, gui_direct_pixels(&screen->direct));
    vm_lock_take(screen->machine->lock, "gtk");
    cairo_surface_destroy(picture.cursor);
    cairo_surface_destroy(picture.image);
    if (cursor != NULL) {
        cursor_unref(cursor);
    }
    gboolean good = surface == screen->surface && screen->viewport.x == left &&
                    screen->viewport.y == top &&
                    gui_direct_show(&screen->direct, GTK_WIDGET(screen), left, top, area);
    surface_unref(surface);
    cairo_region_destroy(area);
    return good;
}

static void queue_damage(GuiScreen *screen, const cairo_region_t *damage)
{
    gint factor = scale_factor(screen);
    for (gint i = 0; i < cairo_region_num_rectangles(damage); i++) {
        cairo_rectangle_int_t r;
        cairo_region_get_rectangle(damage, i, &r);
        r = to_widget((ScalerRect){r.x, r.y, r.width, r.height}, factor);
        gtk_widget_queue_draw_area(GTK_WIDGET(screen), r.x, r.y, r.width, r.height);
    }
}

static void show(void *opaque)
{
    GuiScreen *screen = opaque;
    cairo_region_t *damage = screen->damage;
    screen->damage = cairo_region_create();
    gboolean bare =
        gtk_widget_get_mapped(GTK_WIDGET(screen)) && screen->calls->is_bare(screen->opaque);
    if (!bare || !show_direct(screen, damage)) {
        queue_damage(screen, damage);
    }
    cairo_region_destroy(damage);
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

void gui_screen_start(GuiScreen *screen, Machine *machine, const GuiScreenCalls *calls,
                      void *opaque, guint max_hz)
{
    screen->machine = machine;
    screen->show = deferred_new(machine->loop, show, screen);
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
    g_clear_pointer(&screen->show, deferred_free);
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
    cairo_region_destroy(screen->damage);
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
    screen->damage = cairo_region_create();
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
