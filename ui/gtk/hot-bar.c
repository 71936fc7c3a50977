/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bar of full screen: slides down when the pointer touches the upper edge, and goes when the
 * pointer has left it. It lies over the picture, which does not move.
 */
#include "ui/gtk/gui.h"

struct GuiHotBar {
    GuiWindow *window;
    GtkWidget *revealer, *box, *title;
    gboolean over; /* the pointer is on the bar */
};

/* From here up the pointer calls for the bar. */
#define EDGE 2

/* ---- buttons ---- */

static GuiPage *front(GuiHotBar *bar)
{
    return gui_page_front_in(bar->window);
}

static void zoom(GuiHotBar *bar, double by)
{
    GuiPage *page = front(bar);
    if (page != NULL) {
        gui_page_zoom(page, by);
    }
}

static void zoom_out(GuiHotBar *bar)
{
    zoom(bar, -GUI_ZOOM_STEP);
}

static void zoom_in(GuiHotBar *bar)
{
    zoom(bar, GUI_ZOOM_STEP);
}

static void zoom_fit(GuiHotBar *bar)
{
    bar->window->zoomed = FALSE;
    gui_pages_update_scale(bar->window->gui);
}

static void minimise(GuiHotBar *bar)
{
    gtk_window_iconify(GTK_WINDOW(bar->window->window));
}

static void leave(GuiHotBar *bar)
{
    gui_window_set_full_screen(bar->window, FALSE);
}

static void close_window(GuiHotBar *bar)
{
    gui_window_closed(bar->window);
}

static void add_button(GuiHotBar *bar, const char *icon, const char *tip, void (*run)(GuiHotBar *))
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon, GTK_ICON_SIZE_BUTTON);
    gtk_button_set_relief(GTK_BUTTON(button), GTK_RELIEF_NONE);
    gtk_widget_set_tooltip_text(button, tip);
    gtk_widget_set_can_focus(button, FALSE); /* keys go on to the guest */
    g_signal_connect_swapped(button, "clicked", G_CALLBACK(run), bar);
    gtk_box_pack_start(GTK_BOX(bar->box), button, FALSE, FALSE, 0);
}

/* ---- showing ---- */

static void reveal(GuiHotBar *bar, gboolean on)
{
    if (on && gtk_revealer_get_reveal_child(GTK_REVEALER(bar->revealer))) {
        return;
    }
    GuiPage *page = front(bar);
    if (on && page != NULL) {
        g_autofree char *title = g_strdup_printf(
            "%s: %s", machine_title(bar->window->gui->frontend.machine), page->title);
        gtk_label_set_text(GTK_LABEL(bar->title), title);
    }
    if (on) {
        gtk_widget_show(bar->revealer);
    }
    gtk_revealer_set_reveal_child(GTK_REVEALER(bar->revealer), on);
}

/* Hidden altogether when it has slid away: it must not take the clicks at the edge. */
static void on_revealed(GtkWidget *revealer, GParamSpec *spec, GuiHotBar *bar)
{
    if (!gtk_revealer_get_child_revealed(GTK_REVEALER(revealer)) &&
        !gtk_revealer_get_reveal_child(GTK_REVEALER(revealer))) {
        gtk_widget_hide(revealer);
    }
}

static gboolean on_crossing(GtkWidget *widget, GdkEventCrossing *event, GuiHotBar *bar)
{
    if (event->detail != GDK_NOTIFY_INFERIOR) {
        bar->over = event->type == GDK_ENTER_NOTIFY;
        if (!bar->over) {
            reveal(bar, FALSE);
        }
    }
    return FALSE;
}

void gui_hot_bar_motion(GuiHotBar *bar, double y)
{
    gboolean wanted = bar->window->is_full_screen && y >= 0 && y < EDGE &&
                      bar->window->gui->grab != GUI_GRAB_FULL;
    if (wanted) {
        reveal(bar, TRUE);
    } else if (!bar->over || !bar->window->is_full_screen) {
        reveal(bar, FALSE);
    }
}

gboolean gui_hot_bar_is_shown(const GuiHotBar *bar)
{
    return gtk_widget_get_visible(bar->revealer);
}

/* ---- lifecycle ---- */

GuiHotBar *gui_hot_bar_new(GuiWindow *window)
{
    GuiHotBar *bar = g_new0(GuiHotBar, 1);
    bar->window = window;
    bar->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 2);
    bar->title = gtk_label_new(NULL);
    gtk_widget_set_margin_start(bar->title, 12);
    gtk_widget_set_margin_end(bar->title, 12);
    gtk_box_pack_start(GTK_BOX(bar->box), bar->title, FALSE, FALSE, 0);
    add_button(bar, "zoom-out-symbolic", "Zoom out", zoom_out);
    add_button(bar, "zoom-in-symbolic", "Zoom in", zoom_in);
    add_button(bar, "zoom-fit-best-symbolic", "Fill the screen", zoom_fit);
    add_button(bar, "window-minimize-symbolic", "Minimise", minimise);
    add_button(bar, "view-restore-symbolic", "Leave full screen (Ctrl+Alt+F)", leave);
    add_button(bar, "window-close-symbolic", "Close", close_window);
    GtkWidget *events = gtk_event_box_new();
    gtk_style_context_add_class(gtk_widget_get_style_context(events), GTK_STYLE_CLASS_BACKGROUND);
    gtk_style_context_add_class(gtk_widget_get_style_context(events), GTK_STYLE_CLASS_OSD);
    gtk_widget_add_events(events, GDK_ENTER_NOTIFY_MASK | GDK_LEAVE_NOTIFY_MASK);
    g_signal_connect(events, "enter-notify-event", G_CALLBACK(on_crossing), bar);
    g_signal_connect(events, "leave-notify-event", G_CALLBACK(on_crossing), bar);
    gtk_container_add(GTK_CONTAINER(events), bar->box);
    bar->revealer = gtk_revealer_new();
    gtk_revealer_set_transition_duration(GTK_REVEALER(bar->revealer), 150);
    gtk_container_add(GTK_CONTAINER(bar->revealer), events);
    gtk_widget_show_all(events);
    gtk_widget_set_no_show_all(bar->revealer, TRUE);
    gtk_widget_set_halign(bar->revealer, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(bar->revealer, GTK_ALIGN_START);
    g_signal_connect(bar->revealer, "notify::child-revealed", G_CALLBACK(on_revealed), bar);
    gtk_overlay_add_overlay(GTK_OVERLAY(window->overlay), bar->revealer);
    return bar;
}

void gui_hot_bar_free(GuiHotBar *bar)
{
    g_signal_handlers_disconnect_by_data(bar->revealer, bar);
    g_signal_handlers_disconnect_by_data(gtk_bin_get_child(GTK_BIN(bar->revealer)), bar);
    g_free(bar);
}
