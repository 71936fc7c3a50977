/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboard and pointer: from GDK's events to the guest, and the grab. */
#include "ui/gtk/gui.h"

#include <math.h>

/* ---- helpers ---- */

static GuiScreen *front_screen(Gui *gui)
{
    GuiPage *page = gui_window_page(gui);
    return page != NULL ? page->screen : NULL;
}

static gboolean is_absolute(Gui *gui)
{
    return input_is_absolute(gui->frontend.machine->input);
}

static GdkSeat *seat_of(Gui *gui)
{
    return gdk_display_get_default_seat(gtk_widget_get_display(gui->window));
}

void gui_input_update_cursor(Gui *gui)
{
    GuiScreen *screen = gui->showing ? front_screen(gui) : NULL;
    GdkWindow *window = screen != NULL ? gtk_widget_get_window(GTK_WIDGET(screen)) : NULL;
    if (window == NULL) {
        return;
    }
    gboolean absolute = is_absolute(gui);
    g_autoptr(GdkCursor) shape = NULL;
    if (absolute) {
        shape = gui_screen_make_cursor(screen);
    }
    gui_screen_set_draw_cursor(screen, shape == NULL);
    if (shape == NULL && !gui->show_cursor && (absolute || gui->grab == GUI_GRAB_FULL)) {
        shape = g_object_ref(gui->blank_cursor);
    }
    gdk_window_set_cursor(window, shape);
}

/* ---- grab ---- */

/* Puts the host's pointer into the middle of the picture: a relative one has no place. */
static void centre_pointer(Gui *gui, GdkWindow *window)
{
    gint x, y;
    gdk_window_get_origin(window, &x, &y);
    gui->warp_x = x + gdk_window_get_width(window) / 2;
    gui->warp_y = y + gdk_window_get_height(window) / 2;
    gui->warping = TRUE;
    gdk_device_warp(gdk_seat_get_pointer(seat_of(gui)), gdk_window_get_screen(window), gui->warp_x,
                    gui->warp_y);
}

void gui_input_set_grab(Gui *gui, GuiGrab grab)
{
    GuiScreen *screen = front_screen(gui);
    GdkWindow *window = screen != NULL ? gtk_widget_get_window(GTK_WIDGET(screen)) : NULL;
    if (grab == gui->grab || (grab != GUI_GRAB_NONE && window == NULL)) {
        gui_menu_sync(gui);
        return;
    }
    gdk_seat_ungrab(seat_of(gui));
    gui->grab = GUI_GRAB_NONE;
    gui->have_last = FALSE;
    gui->warping = FALSE;
    pointer_reset(&gui->pointer);
    if (grab != GUI_GRAB_NONE) {
        GdkSeatCapabilities what =
            grab == GUI_GRAB_FULL ? GDK_SEAT_CAPABILITY_ALL : GDK_SEAT_CAPABILITY_KEYBOARD;
        GdkCursor *shape = grab == GUI_GRAB_FULL && !gui->show_cursor ? gui->blank_cursor : NULL;
        if (gdk_seat_grab(seat_of(gui), window, what, FALSE, shape, NULL, NULL, NULL) ==
            GDK_GRAB_SUCCESS) {
            gui->grab = grab;
        }
    }
    if (gui->grab == GUI_GRAB_FULL && !is_absolute(gui)) {
        centre_pointer(gui, window);
    }
    gui_input_update_cursor(gui);
    gui_window_title(gui);
    gui_menu_sync(gui);
}

/* ---- keyboard ---- */

static gboolean is_hot_key(const GdkEventKey *event)
{
    const guint both = GDK_CONTROL_MASK | GDK_MOD1_MASK;
    return event->type == GDK_KEY_PRESS && (event->state & both) == both;
}

gboolean gui_input_window_key(Gui *gui, GdkEventKey *event)
{
    if (is_hot_key(event) && gtk_window_activate_key(GTK_WINDOW(gui->window), event)) {
        return TRUE;
    }
    GuiScreen *screen = front_screen(gui);
    if (screen == NULL) {
        return FALSE;
    }
    /* All others are the guest's, the menu's mnemonics and F10 included. */
    guint key = host_keys_get(&gui->host_keys, event->hardware_keycode);
    if (key != 0) {
        key_tracker_key(gui->keys, key, event->type == GDK_KEY_PRESS);
    }
    return TRUE;
}

static gboolean on_focus_out(GtkWidget *widget, GdkEventFocus *event, Gui *gui)
{
    /* A key released elsewhere would stay down in the guest for ever. */
    key_tracker_release_all(gui->keys);
    if (gui->grab == GUI_GRAB_FULL) {
        gui_input_set_grab(gui, GUI_GRAB_NONE);
    }
    return FALSE;
}

/* A menu or dialog takes the events from the picture. */
static void on_grab_notify(GtkWidget *widget, gboolean was_grabbed, Gui *gui)
{
    if (!was_grabbed) {
        key_tracker_release_all(gui->keys);
        gui_input_set_grab(gui, GUI_GRAB_NONE);
    }
}

/* ---- pointer ---- */

static void move_relative(Gui *gui, GuiScreen *screen, double x, double y)
{
    GtkWidget *widget = GTK_WIDGET(screen);
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
    const Viewport *v = gui_screen_viewport(screen);
    gint factor = gtk_widget_get_scale_factor(widget);
    pointer_move(&gui->pointer, dx * factor * v->guest_width / v->width,
                 dy * factor * v->guest_height / v->height);
    gint left, top;
    GdkWindow *window = gtk_widget_get_window(widget);
    gdk_window_get_origin(window, &left, &top);
    double far_x = fabs(x - left - gdk_window_get_width(window) / 2.0);
    double far_y = fabs(y - top - gdk_window_get_height(window) / 2.0);
    if (!gui->warping && (far_x > gdk_window_get_width(window) / 4.0 ||
                          far_y > gdk_window_get_height(window) / 4.0)) {
        centre_pointer(gui, window);
    }
}

static gboolean on_motion(GtkWidget *widget, GdkEventMotion *event, Gui *gui)
{
    GuiScreen *screen = GUI_SCREEN(widget);
    if (is_absolute(gui)) {
        gint factor = gtk_widget_get_scale_factor(widget);
        pointer_place(&gui->pointer, gui_screen_viewport(screen), event->x * factor,
                      event->y * factor);
    } else if (gui->grab == GUI_GRAB_FULL) {
        move_relative(gui, screen, event->x_root, event->y_root);
    }
    return TRUE;
}

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

static gboolean on_button(GtkWidget *widget, GdkEventButton *event, Gui *gui)
{
    guint button = button_code(event->button);
    if (event->type != GDK_BUTTON_PRESS && event->type != GDK_BUTTON_RELEASE) {
        return TRUE; /* GDK's double clicks come beside the single ones */
    }
    gtk_widget_grab_focus(widget);
    if (event->type == GDK_BUTTON_PRESS && !is_absolute(gui) && gui->grab != GUI_GRAB_FULL) {
        if (button == BTN_LEFT) {
            gui_input_set_grab(gui, GUI_GRAB_FULL); /* this click is not the guest's */
        }
        return TRUE;
    }
    if (button != 0) {
        key_tracker_button(gui->keys, button, event->type == GDK_BUTTON_PRESS);
    }
    return TRUE;
}

static gboolean on_scroll(GtkWidget *widget, GdkEventScroll *event, Gui *gui)
{
    if (!is_absolute(gui) && gui->grab != GUI_GRAB_FULL) {
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

static gboolean on_crossing(GtkWidget *widget, GdkEventCrossing *event, Gui *gui)
{
    if (gui->grab == GUI_GRAB_FULL || event->mode != GDK_CROSSING_NORMAL) {
        return TRUE;
    }
    gboolean hover = event->type == GDK_ENTER_NOTIFY && gui->grab_on_hover;
    if (hover || gui->grab == GUI_GRAB_HOVER) {
        gui_input_set_grab(gui, hover ? GUI_GRAB_HOVER : GUI_GRAB_NONE);
    }
    return TRUE;
}

/* ---- what the guest tells ---- */

static void on_pointer_mode(void *opaque, gboolean absolute)
{
    Gui *gui = opaque;
    if (absolute && gui->grab == GUI_GRAB_FULL) {
        gui_input_set_grab(gui, GUI_GRAB_NONE); /* no longer needed */
    }
    gui_input_update_cursor(gui);
}

static const InputListenerOps listener_ops = {.pointer_mode = on_pointer_mode};

/* ---- lifecycle ---- */

static void on_realize(GtkWidget *widget, Gui *gui)
{
    /* Every movement, not one a frame: the guest's pointer follows at once. */
    gdk_window_set_event_compression(gtk_widget_get_window(widget), FALSE);
    gui_input_update_cursor(gui);
}

void gui_input_add_screen(Gui *gui, GuiScreen *screen)
{
    GtkWidget *widget = GTK_WIDGET(screen);
    gtk_widget_add_events(widget, GDK_POINTER_MOTION_MASK | GDK_BUTTON_PRESS_MASK |
                                      GDK_BUTTON_RELEASE_MASK | GDK_SCROLL_MASK |
                                      GDK_SMOOTH_SCROLL_MASK | GDK_ENTER_NOTIFY_MASK |
                                      GDK_LEAVE_NOTIFY_MASK | GDK_KEY_PRESS_MASK |
                                      GDK_KEY_RELEASE_MASK | GDK_FOCUS_CHANGE_MASK);
    g_signal_connect(widget, "realize", G_CALLBACK(on_realize), gui);
    g_signal_connect(widget, "motion-notify-event", G_CALLBACK(on_motion), gui);
    g_signal_connect(widget, "button-press-event", G_CALLBACK(on_button), gui);
    g_signal_connect(widget, "button-release-event", G_CALLBACK(on_button), gui);
    g_signal_connect(widget, "scroll-event", G_CALLBACK(on_scroll), gui);
    g_signal_connect(widget, "enter-notify-event", G_CALLBACK(on_crossing), gui);
    g_signal_connect(widget, "leave-notify-event", G_CALLBACK(on_crossing), gui);
    g_signal_connect(widget, "focus-out-event", G_CALLBACK(on_focus_out), gui);
    g_signal_connect(widget, "grab-notify", G_CALLBACK(on_grab_notify), gui);
}

void gui_input_open(Gui *gui)
{
    InputRouter *router = gui->frontend.machine->input;
    gui->keys = key_tracker_new(router);
    pointer_init(&gui->pointer, router);
    gui->input_listener = input_listen(router, &listener_ops, gui);
    gui->blank_cursor = gdk_cursor_new_for_display(gdk_display_get_default(), GDK_BLANK_CURSOR);
}

void gui_input_close(Gui *gui)
{
    input_unlisten(gui->input_listener);
    key_tracker_free(g_steal_pointer(&gui->keys));
    g_clear_object(&gui->blank_cursor);
}
