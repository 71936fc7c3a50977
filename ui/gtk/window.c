/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The windows: toplevel, title, size, full screen, and who is active. */
#include <string.h>

#include "ui/common/window-close.h"
#include "ui/gtk/gui.h"

#define PROGRAM "Vitrine"

#define SAY_SECONDS 8

/* A window that is dragged passes through many sizes. */
#define SETTLED (250 * NS_PER_MS)

GuiWindow *gui_window_main(Gui *gui)
{
    return g_ptr_array_index(gui->windows, 0);
}

static gboolean is_main(const GuiWindow *window)
{
    return window == gui_window_main(window->gui);
}

/* ---- title ---- */

static void set_title(GuiWindow *window)
{
    Gui *gui = window->gui;
    Machine *machine = gui->frontend.machine;
    GuiPage *page = gui_page_front_in(window);
    g_autoptr(GString) title = g_string_new(machine_title(machine));
    if (!is_main(window) && page != NULL) {
        g_string_append_printf(title, ": %s", page->title);
    }
    if (!machine_is_running(machine)) {
        g_string_append_printf(
            title, " [%s]",
            machine->run_state == RUN_STATE_PAUSED ? "Paused" : run_state_name(machine->run_state));
    }
    if (machine->name != NULL) {
        g_string_append(title, " - " PROGRAM);
    }
    if (gui->grab == GUI_GRAB_FULL && page == gui->grab_page) {
        g_string_append_printf(title, " - Press %s to release grab", gui_release_name(gui));
    }
    gtk_window_set_title(GTK_WINDOW(window->window), title->str);
}

void gui_window_title(Gui *gui)
{
    for (guint i = 0; gui->showing && i < gui->windows->len; i++) {
        set_title(g_ptr_array_index(gui->windows, i));
    }
    gui_status_sync(gui);
}

/* ---- size ---- */

/* A size that we choose. The server and the window manager come to it in their own time; until
 * then the window may get those before. */
static void note_size(GuiWindow *window, gint width, gint height)
{
    if (window->asked_count == GUI_ASKED) {
        window->asked_count--;
        memmove(window->asked, window->asked + 1, sizeof(window->asked[0]) * window->asked_count);
    }
    window->asked[window->asked_count++] = (GtkRequisition){width, height};
}

static gboolean is_our_size(const GuiWindow *window)
{
    for (guint i = 0; i < window->asked_count; i++) {
        if (window->asked[i].width == window->content.width &&
            window->asked[i].height == window->content.height) {
            return TRUE;
        }
    }
    return FALSE;
}

void gui_window_fit(GuiWindow *window)
{
    Gui *gui = window->gui;
    GdkWindow *gdk_window = gtk_widget_get_window(window->window);
    gboolean fixed = gdk_window != NULL && (gdk_window_get_state(gdk_window) &
                                            (GDK_WINDOW_STATE_MAXIMIZED | GDK_WINDOW_STATE_TILED));
    if (!gui->showing || fixed || gui->zoom_to_fit || window->is_full_screen) {
        return;
    }
    GuiPage *page = gui_page_front_in(window);
    if (page != NULL && page->screen == NULL && !is_main(window)) {
        return; /* a console has the size that the person gives it */
    }
    GtkRequisition natural; /* of the content: Wayland's frame and shadow are not counted */
    gtk_widget_get_preferred_size(gtk_bin_get_child(GTK_BIN(window->window)), NULL, &natural);
    gtk_window_resize(GTK_WINDOW(window->window), natural.width, natural.height);
    note_size(window, natural.width, natural.height);
}

/* A guest that can will take the size that the person has given to the window. */
static void ask_guest(void *opaque)
{
    GuiWindow *window = opaque;
    GuiPage *page = gui_page_front_in(window);
    if (page == NULL || page->screen == NULL || console_is_gone(page->console) ||
        is_our_size(window)) {
        return;
    }
    GtkWidget *widget = GTK_WIDGET(page->screen);
    double zoom = gui_page_is_fitted(page) ? 1 : page->zoom;
    double scale = gtk_widget_get_scale_factor(widget) / zoom;
    display_hint_size(gui_screen_display(page->screen),
                      (guint)(gtk_widget_get_allocated_width(widget) * scale),
                      (guint)(gtk_widget_get_allocated_height(widget) * scale));
}

static void on_size(GtkWidget *widget, GtkAllocation *content, GuiWindow *window)
{
    if (content->width == window->content.width && content->height == window->content.height) {
        return;
    }
    window->content = *content;
    if (window->asked_count == 0) { /* the first size of a window that is not fitted */
        note_size(window, content->width, content->height);
    }
    const GtkRequisition *last = &window->asked[window->asked_count - 1];
    if (last->width == content->width && last->height == content->height) {
        window->asked[0] = *last; /* it has come: older ones come no more */
        window->asked_count = 1;
    }
    timer_set_after(&window->ask_guest, SETTLED);
}

void gui_window_update_bars(Gui *gui)
{
    GuiWindow *main = gui_window_main(gui);
    gtk_widget_set_visible(gui->menubar, gui->show_menubar && !main->is_full_screen);
    gtk_widget_set_visible(gui->status_bar, gui->show_status && !main->is_full_screen);
    gtk_notebook_set_show_tabs(GTK_NOTEBOOK(main->notebook),
                               gui->show_tabs && !main->is_full_screen);
    gui_window_fit(main);
    gui_menu_sync(gui);
}

void gui_window_set_full_screen(GuiWindow *window, gboolean on)
{
    if (on) {
        gtk_window_fullscreen(GTK_WINDOW(window->window));
    } else {
        gtk_window_unfullscreen(GTK_WINDOW(window->window));
    }
}

void gui_window_freeze(GuiWindow *window, gboolean on)
{
    GdkWindow *gdk_window = gtk_widget_get_window(window->window);
    if (gdk_window == NULL || window->frozen == on) {
        return;
    }
    window->frozen = on;
    if (on) {
        gdk_window_freeze_updates(gdk_window);
    } else {
        gdk_window_thaw_updates(gdk_window);
    }
}

/* ---- messages ---- */

static gboolean is_status(GuiWindow *window)
{
    return gtk_info_bar_get_message_type(GTK_INFO_BAR(window->info_bar)) == GTK_MESSAGE_INFO;
}

static void hide_message(void *opaque)
{
    GuiWindow *window = opaque;
    if (is_status(window)) {
        gtk_widget_hide(window->info_bar);
    }
}

void gui_window_say(Gui *gui, gboolean is_error, const char *format, ...)
{
    GuiPage *page = gui_page_front(gui);
    GuiWindow *window = page != NULL ? page->window : gui_window_main(gui);
    va_list list;
    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    gtk_label_set_text(GTK_LABEL(window->info_label), text);
    gtk_info_bar_set_message_type(GTK_INFO_BAR(window->info_bar),
                                  is_error ? GTK_MESSAGE_ERROR : GTK_MESSAGE_INFO);
    gtk_widget_show(window->info_bar);
    timer_set_after(&window->hide_message, SAY_SECONDS * NS_PER_SEC);
}

const char *gui_window_message(GuiWindow *window)
{
    return window != NULL && gtk_widget_get_visible(window->info_bar)
               ? gtk_label_get_text(GTK_LABEL(window->info_label))
               : NULL;
}

/* Over the upper edge of the picture, so that this does not move. */
static void build_info_bar(GuiWindow *window)
{
    window->info_bar = gtk_info_bar_new();
    gtk_widget_set_name(window->info_bar, "vitrine-message");
    window->info_label = gtk_label_new(NULL);
    gtk_label_set_line_wrap(GTK_LABEL(window->info_label), TRUE);
    gtk_label_set_xalign(GTK_LABEL(window->info_label), 0);
    gtk_container_add(GTK_CONTAINER(gtk_info_bar_get_content_area(GTK_INFO_BAR(window->info_bar))),
                      window->info_label);
    gtk_widget_show(window->info_label);
    gtk_info_bar_set_show_close_button(GTK_INFO_BAR(window->info_bar), TRUE);
    gtk_widget_set_valign(window->info_bar, GTK_ALIGN_START);
    gtk_widget_set_no_show_all(window->info_bar, TRUE);
    g_signal_connect(window->info_bar, "response", G_CALLBACK(gtk_widget_hide), NULL);
    gtk_overlay_add_overlay(GTK_OVERLAY(window->overlay), window->info_bar);
    timer_init(&window->hide_message, window->gui->frontend.machine->host_clock, hide_message,
               window);
}

/* ---- events ---- */

static gboolean on_state(GtkWidget *widget, GdkEventWindowState *event, GuiWindow *window)
{
    gboolean full = (event->new_window_state & GDK_WINDOW_STATE_FULLSCREEN) != 0;
    window->iconified =
        (event->new_window_state & (GDK_WINDOW_STATE_ICONIFIED | GDK_WINDOW_STATE_WITHDRAWN)) != 0;
    gui_pages_update_active(window->gui);
    if (full != window->is_full_screen) {
        window->is_full_screen = full;
        window->zoomed = FALSE;
        gui_pages_update_scale(window->gui);
        gui_window_update_bars(window->gui);
        gui_hot_bar_motion(window->hot_bar, -1);
    }
    return FALSE;
}

static gboolean on_visibility(GtkWidget *widget, GdkEventVisibility *event, GuiWindow *window)
{
    window->obscured = event->state == GDK_VISIBILITY_FULLY_OBSCURED;
    gui_pages_update_active(window->gui);
    return FALSE;
}

void gui_window_closed(GuiWindow *window)
{
    Gui *gui = window->gui;
    if (!is_main(window)) {
        GuiPage *page = gui_page_front_in(window);
        if (page != NULL) {
            gui_page_dock(page);
        }
    } else if (!window_close_do(&gui->frontend, (WindowClose)gui->window_close)) {
        gui_dialog_close(gui);
    }
}

static gboolean on_delete(GtkWidget *widget, GdkEvent *event, GuiWindow *window)
{
    gui_window_closed(window);
    return TRUE; /* the frontend closes it, not GTK */
}

static gboolean on_key(GtkWidget *widget, GdkEventKey *event, GuiWindow *window)
{
    return gui_keyboard_event(window, event);
}

static void on_switch_page(GtkNotebook *notebook, GtkWidget *widget, guint index, GuiWindow *window)
{
    Gui *gui = window->gui;
    GuiPage *page = g_object_get_data(G_OBJECT(widget), "page");
    if (!gui->showing || page == NULL) {
        return;
    }
    key_tracker_release_all(gui->keys);
    gui_grab_set(gui, NULL, GUI_GRAB_NONE);
    gui_pages_update_active(gui);
    gtk_widget_grab_focus(page->focus);
    gui_window_update_bars(gui);
    gui_window_title(gui);
}

static void on_active(GtkWidget *widget, GParamSpec *spec, GuiWindow *window)
{
    gui_menu_sync(window->gui);
    gui_status_sync(window->gui);
}

/* ---- lifecycle ---- */

static void connect_signals(GuiWindow *window)
{
    gtk_widget_add_events(window->window, GDK_VISIBILITY_NOTIFY_MASK);
    /* Before the menubar connects its own: the guest's keys come first. */
    g_signal_connect(window->window, "key-press-event", G_CALLBACK(on_key), window);
    g_signal_connect(window->window, "key-release-event", G_CALLBACK(on_key), window);
    g_signal_connect(window->window, "delete-event", G_CALLBACK(on_delete), window);
    g_signal_connect(window->window, "window-state-event", G_CALLBACK(on_state), window);
    g_signal_connect(window->window, "visibility-notify-event", G_CALLBACK(on_visibility), window);
    g_signal_connect(window->window, "notify::is-active", G_CALLBACK(on_active), window);
    g_signal_connect_after(window->notebook, "switch-page", G_CALLBACK(on_switch_page), window);
}

static void build_pages(GuiWindow *window)
{
    window->notebook = gtk_notebook_new();
    gtk_notebook_set_show_border(GTK_NOTEBOOK(window->notebook), FALSE);
    gtk_notebook_set_show_tabs(GTK_NOTEBOOK(window->notebook), FALSE);
    gtk_notebook_set_scrollable(GTK_NOTEBOOK(window->notebook), TRUE);
    window->overlay = gtk_overlay_new();
    gtk_container_add(GTK_CONTAINER(window->overlay), window->notebook);
    build_info_bar(window);
    window->hot_bar = gui_hot_bar_new(window);
}

static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    if (event == MACHINE_EVENT_RUN_STATE) {
        gui_window_title(opaque);
        gui_menu_sync(opaque);
    } else if (event == MACHINE_EVENT_SHUTDOWN) {
        gui_dialog_cancel_all(opaque); /* their loops would go on within the program's */
    }
}

GuiWindow *gui_window_new(Gui *gui)
{
    GuiWindow *window = g_new0(GuiWindow, 1);
    gboolean main = gui->windows->len == 0;
    window->gui = gui;
    window->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk_window_set_screen(GTK_WINDOW(window->window),
                          gdk_display_get_default_screen(gui->server->display));
    gtk_window_set_icon_name(GTK_WINDOW(window->window), "vitrine");
    /* Bars and pages cover it all: no background is painted below each frame. */
    gtk_widget_set_app_paintable(window->window, TRUE);
    build_pages(window);
    connect_signals(window);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    if (main) {
        gui_menu_open(gui);
        gui_status_open(gui);
        gui->machine_listener = machine_listen(gui->frontend.machine, on_machine, gui);
        gtk_box_pack_start(GTK_BOX(box), gui->menubar, FALSE, FALSE, 0);
    }
    gtk_window_add_accel_group(GTK_WINDOW(window->window), gui->accels);
    gtk_box_pack_start(GTK_BOX(box), window->overlay, TRUE, TRUE, 0);
    if (main) {
        gtk_box_pack_start(GTK_BOX(box), gui->status_bar, FALSE, FALSE, 0);
    }
    gtk_container_add(GTK_CONTAINER(window->window), box);
    g_signal_connect_after(box, "size-allocate", G_CALLBACK(on_size), window);
    timer_init(&window->ask_guest, gui->frontend.machine->host_clock, ask_guest, window);
    gui_drop_add_window(window);
    return window;
}

void gui_window_free(GuiWindow *window)
{
    Gui *gui = window->gui;
    gboolean main = is_main(window);
    g_signal_handlers_disconnect_by_data(window->window, window);
    g_signal_handlers_disconnect_by_data(window->notebook, window);
    timer_cancel(&window->hide_message);
    timer_cancel(&window->ask_guest);
    g_signal_handlers_disconnect_by_data(gtk_bin_get_child(GTK_BIN(window->window)), window);
    gui_hot_bar_free(window->hot_bar);
    if (main) {
        machine_unlisten(gui->frontend.machine, gui->machine_listener);
        gui_status_close(gui);
        gui_menu_close(gui);
    }
    gtk_widget_destroy(window->window);
    g_free(window);
}
