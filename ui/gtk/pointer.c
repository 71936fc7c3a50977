/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pointer: from GDK's events over a picture to the guest. */
#include "ui/gtk/gui.h"

#include <math.h>

/* ---- helpers ---- */

static gboolean is_absolute(Gui *gui)
{
    return input_is_absolute(gui->frontend.machine->input);
}

static gboolean has_grab(const GuiPage *page)
{
    return page->gui->grab == GUI_GRAB_FULL && page->gui->grab_page == page;
}

void gui_pointer_update_cursor(GuiPage *page)
{
    Gui *gui = page->gui;
    GdkWindow *window = page->screen != NULL ? gtk_widget_get_window(page->widget) : NULL;
    if (window == NULL || !gui->showing) {
        return;
    }
    gboolean absolute = is_absolute(gui);
    g_autoptr(GdkCursor) shape = NULL;
    if (absolute) {
        shape = gui_screen_make_cursor(page->screen);
    }
    gui_screen_set_draw_cursor(page->screen, shape == NULL);
    if (shape == NULL && !gui->show_cursor && (absolute || has_grab(page))) {
        shape = g_object_ref(gui->blank_cursor);
    }
    gdk_window_set_cursor(window, shape);
}

/* Puts the host's pointer into the middle of the picture: a relative one has no place. */
void gui_pointer_centre(GuiPage *page)
{
    Gui *gui = page->gui;
    GdkWindow *window = gtk_widget_get_window(page->widget);
    gint x, y;
    if (gui_server_is_wayland(gui->server)) {
        return; /* has no such request */
    }
    gdk_window_get_origin(window, &x, &y);
    gui->warp_x = x + gdk_window_get_width(window) / 2;
    gui->warp_y = y + gdk_window_get_height(window) / 2;
    gui->warping = TRUE;
    gdk_device_warp(gdk_seat_get_pointer(gdk_display_get_default_seat(gui->server->display)),
                    gdk_window_get_screen(window), gui->warp_x, gui->warp_y);
}

/* ---- motion ---- */

/* Keeps the pointer away from the edges, where it would stop. */
static void keep_central(GuiPage *page, double x, double y)
{
    gint left, top;
    GdkWindow *window = gtk_widget_get_window(page->widget);
    gdk_window_get_origin(window, &left, &top);
    double far_x = fabs(x - left - gdk_window_get_width(window) / 2.0);
    double far_y = fabs(y - top - gdk_window_get_height(window) / 2.0);
    if (!page->gui->warping && (far_x > gdk_window_get_width(window) / 4.0 ||
                                far_y > gdk_window_get_height(window) / 4.0)) {
        gui_pointer_centre(page);
    }
}

static void move_relative(GuiPage *page, double x, double y)
{
    Gui *gui = page->gui;
    if (gui->warping && fabs(x - gui->warp_x) < 1 && fabs(y - gui->warp_y) < 1) {
        /* The warp has arrived; what came before it was real movement. */
        gui->warping = FALSE;
        gui->have_last = FALSE;
    }
    double dx = gui->have_last ? x - gui->last_x : 0;
    double dy = gui->have_last ? y - gui->last_y : 0;
    gui->last_x = x;
    gui->last_y = y;
    gui->have_last = TRUE;
    const Viewport *v = gui_screen_viewport(page->screen);
    gint factor = gtk_widget_get_scale_factor(page->widget);
    pointer_move(&gui->pointer, dx * factor * v->guest_width / v->width,
                 dy * factor * v->guest_height / v->height);
    keep_central(page, x, y);
}

static gboolean on_motion(GtkWidget *widget, GdkEventMotion *event, GuiPage *page)
{
    Gui *gui = page->gui;
    gui_hot_bar_motion(page->window->hot_bar, event->y);
    if (is_absolute(gui)) {
        gint factor = gtk_widget_get_scale_factor(widget);
        pointer_place(&gui->pointer, gui_screen_viewport(page->screen), event->x * factor,
                      event->y * factor);
    } else if (has_grab(page) && !wayland_grab_has_relative(gui->wayland)) {
        move_relative(page, event->x_root, event->y_root);
    }
    return TRUE;
}

static gboolean on_crossing(GtkWidget *widget, GdkEventCrossing *event, GuiPage *page)
{
    Gui *gui = page->gui;
    if (gui->grab == GUI_GRAB_FULL || event->mode != GDK_CROSSING_NORMAL) {
        return TRUE;
    }
    gboolean hover = event->type == GDK_ENTER_NOTIFY && gui->grab_on_hover;
    if (hover || gui->grab == GUI_GRAB_HOVER) {
        gui_grab_set(gui, page, hover ? GUI_GRAB_HOVER : GUI_GRAB_NONE);
    }
    return TRUE;
}

/* ---- buttons and wheels ---- */

/* X11 button numbers; 4 to 7 come as scroll events. */
static guint button_code(guint button)
{
    switch (button) {
    case 1: return BTN_LEFT;
    case 2: return BTN_MIDDLE;
    case 3: return BTN_RIGHT;
    case 8: return BTN_SIDE;
    case 9: return BTN_EXTRA;
    default: return 0;
    }
}

static gboolean on_button(GtkWidget *widget, GdkEventButton *event, GuiPage *page)
{
    Gui *gui = page->gui;
    guint button = button_code(event->button);
    if (event->type != GDK_BUTTON_PRESS && event->type != GDK_BUTTON_RELEASE) {
        return TRUE; /* GDK's double clicks come beside the single ones */
    }
    gtk_widget_grab_focus(widget);
    gui->release_armed = FALSE;
    if (event->type == GDK_BUTTON_PRESS && !is_absolute(gui) && !has_grab(page)) {
        if (button == BTN_LEFT) {
            gui_grab_set(gui, page, GUI_GRAB_FULL); /* this click is not the guest's */
        }
        return TRUE;
    }
    if (button != 0) {
        key_tracker_button(gui->keys, button, event->type == GDK_BUTTON_PRESS);
    }
    return TRUE;
}

static gboolean on_scroll(GtkWidget *widget, GdkEventScroll *event, GuiPage *page)
{
    Gui *gui = page->gui;
    if (!is_absolute(gui) && !has_grab(page)) {
        return TRUE;
    }
    switch (event->direction) {
    case GDK_SCROLL_UP: pointer_scroll(&gui->pointer, 0, 1); break;
    case GDK_SCROLL_DOWN: pointer_scroll(&gui->pointer, 0, -1); break;
    case GDK_SCROLL_LEFT: pointer_scroll(&gui->pointer, -1, 0); break;
    case GDK_SCROLL_RIGHT: pointer_scroll(&gui->pointer, 1, 0); break;
    case GDK_SCROLL_SMOOTH: pointer_scroll(&gui->pointer, event->delta_x, -event->delta_y); break;
    }
    return TRUE;
}

/* ---- focus ---- */

static gboolean on_focus_out(GtkWidget *widget, GdkEventFocus *event, GuiPage *page)
{
    /* A key released elsewhere would stay down in the guest for ever. */
    key_tracker_release_all(page->gui->keys);
    if (has_grab(page)) {
        gui_grab_set(page->gui, NULL, GUI_GRAB_NONE);
    }
    return FALSE;
}

/* A menu or dialog takes the events from the picture. */
static void on_grab_notify(GtkWidget *widget, gboolean was_grabbed, GuiPage *page)
{
    if (!was_grabbed) {
        key_tracker_release_all(page->gui->keys);
        gui_grab_set(page->gui, NULL, GUI_GRAB_NONE);
    }
}

/* ---- what the guest tells ---- */

static void on_pointer_mode(void *opaque, gboolean absolute)
{
    Gui *gui = opaque;
    gui_grab_pointer_mode(gui);
    for (guint i = 0; gui->pages != NULL && i < gui->pages->len; i++) {
        gui_pointer_update_cursor(g_ptr_array_index(gui->pages, i));
    }
    gui_status_sync(gui);
}

static void on_leds(void *opaque, guint leds)
{
    gui_status_sync(opaque);
}

static const InputListenerOps listener_ops = {.pointer_mode = on_pointer_mode, .leds = on_leds};

/* ---- lifecycle ---- */

static void on_realize(GtkWidget *widget, GuiPage *page)
{
    /* Every movement, not one a frame: the guest's pointer follows at once. */
    gdk_window_set_event_compression(gtk_widget_get_window(widget), FALSE);
    gui_pointer_update_cursor(page);
}

void gui_pointer_add_page(GuiPage *page)
{
    GtkWidget *widget = page->widget;
    gtk_widget_add_events(widget, GDK_POINTER_MOTION_MASK | GDK_BUTTON_PRESS_MASK |
                                      GDK_BUTTON_RELEASE_MASK | GDK_SCROLL_MASK |
                                      GDK_SMOOTH_SCROLL_MASK | GDK_ENTER_NOTIFY_MASK |
                                      GDK_LEAVE_NOTIFY_MASK | GDK_KEY_PRESS_MASK |
                                      GDK_KEY_RELEASE_MASK | GDK_FOCUS_CHANGE_MASK);
    g_signal_connect(widget, "realize", G_CALLBACK(on_realize), page);
    g_signal_connect(widget, "motion-notify-event", G_CALLBACK(on_motion), page);
    g_signal_connect(widget, "button-press-event", G_CALLBACK(on_button), page);
    g_signal_connect(widget, "button-release-event", G_CALLBACK(on_button), page);
    g_signal_connect(widget, "scroll-event", G_CALLBACK(on_scroll), page);
    g_signal_connect(widget, "enter-notify-event", G_CALLBACK(on_crossing), page);
    g_signal_connect(widget, "leave-notify-event", G_CALLBACK(on_crossing), page);
    g_signal_connect(widget, "focus-out-event", G_CALLBACK(on_focus_out), page);
    g_signal_connect(widget, "grab-notify", G_CALLBACK(on_grab_notify), page);
}

void gui_pointer_open(Gui *gui)
{
    pointer_init(&gui->pointer, gui->frontend.machine->input);
    gui->input_listener = input_listen(gui->frontend.machine->input, &listener_ops, gui);
    gui->blank_cursor = gdk_cursor_new_for_display(gui->server->display, GDK_BLANK_CURSOR);
}

void gui_pointer_close(Gui *gui)
{
    input_unlisten(gui->input_listener);
    g_clear_object(&gui->blank_cursor);
}
