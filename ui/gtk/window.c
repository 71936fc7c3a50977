/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window: its notebook of pages, title, size, full screen, and who is active. */
#include <string.h>

#include "ui/gtk/gui.h"

#define PROGRAM "Vitrine"

/* ---- pages ---- */

GuiPage *gui_window_page(Gui *gui)
{
    if (!gui->showing) {
        return NULL;
    }
    gint index = gtk_notebook_get_current_page(GTK_NOTEBOOK(gui->notebook));
    if (index < 0 || (guint)index >= gui->pages->len) {
        return NULL;
    }
    return g_ptr_array_index(gui->pages, (guint)index);
}

/* Only a screen that can be seen keeps its display's clock going. */
static void update_active(Gui *gui)
{
    GuiPage *front = gui_window_page(gui);
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        if (page->screen != NULL) {
            gui_screen_set_active(page->screen, page == front && !gui->iconified && !gui->obscured);
        }
    }
}

static void free_page(gpointer data)
{
    GuiPage *page = data;
    g_free(page->title);
    g_free(page);
}

GuiPage *gui_window_add_page(Gui *gui, const char *title, GtkWidget *widget, GtkWidget *focus)
{
    GuiPage *page = g_new0(GuiPage, 1);
    page->gui = gui;
    page->title = g_strdup(title);
    page->widget = widget;
    page->focus = focus;
    g_ptr_array_add(gui->pages, page);
    gtk_notebook_append_page(GTK_NOTEBOOK(gui->notebook), widget, gtk_label_new(title));
    gui_menu_add_page(gui, page);
    return page;
}

void gui_window_select(Gui *gui, guint index)
{
    if (index < gui->pages->len) {
        gtk_notebook_set_current_page(GTK_NOTEBOOK(gui->notebook), (gint)index);
    }
}

static void on_switch_page(GtkNotebook *notebook, GtkWidget *widget, guint index, Gui *gui)
{
    if (!gui->showing || index >= gui->pages->len) {
        return;
    }
    GuiPage *page = g_ptr_array_index(gui->pages, index);
    key_tracker_release_all(gui->keys);
    gui_input_set_grab(gui, GUI_GRAB_NONE);
    update_active(gui);
    gtk_widget_grab_focus(page->focus);
    gui_window_update_bars(gui);
    gui_window_title(gui);
}

static void on_resized(void *opaque)
{
    gui_window_fit(opaque);
}

static void on_cursor_changed(void *opaque)
{
    gui_input_update_cursor(opaque);
}

static void add_screen(Gui *gui, Display *display)
{
    GtkWidget *widget = gui_screen_new(display);
    GuiPage *page = gui_window_add_page(gui, display_name(display), widget, widget);
    page->screen = GUI_SCREEN(widget);
    gui_screen_set_scale(page->screen, gui->zoom_to_fit ? SCALE_FIT : SCALE_ZOOM, gui->zoom);
    gui_input_add_screen(gui, page->screen);
}

static gboolean is_monitor(Chardev *chr)
{
    return strstr(chr->id, "monitor") != NULL;
}

/* The monitor before serial and parallel ports: people look for it at Ctrl+Alt+2. */
static void add_monitor(Chardev *chr, void *opaque)
{
    if (chardev_is_vc(chr) && is_monitor(chr)) {
        gui_console_add(opaque, chr);
    }
}

static void add_other_console(Chardev *chr, void *opaque)
{
    if (chardev_is_vc(chr) && !is_monitor(chr)) {
        gui_console_add(opaque, chr);
    }
}

/* ---- title ---- */

void gui_window_title(Gui *gui)
{
    if (!gui->showing) {
        return;
    }
    Machine *machine = gui->frontend.machine;
    g_autoptr(GString) title = g_string_new(machine_title(machine));
    if (!machine_is_running(machine)) {
        g_string_append_printf(
            title, " [%s]",
            machine->run_state == RUN_STATE_PAUSED ? "Paused" : run_state_name(machine->run_state));
    }
    if (machine->name != NULL) {
        g_string_append(title, " - " PROGRAM);
    }
    if (gui->grab == GUI_GRAB_FULL) {
        g_string_append(title, " - Press Ctrl+Alt+G to release grab");
    }
    gtk_window_set_title(GTK_WINDOW(gui->window), title->str);
}

/* ---- size ---- */

static void update_scale(Gui *gui)
{
    gboolean fit = gui->zoom_to_fit || gui->is_full_screen;
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        if (page->screen != NULL) {
            gui_screen_set_scale(page->screen, fit ? SCALE_FIT : SCALE_ZOOM, gui->zoom);
        }
    }
}

void gui_window_fit(Gui *gui)
{
    GdkWindow *window = gtk_widget_get_window(gui->window);
    gboolean fixed = window != NULL && (gdk_window_get_state(window) &
                                        (GDK_WINDOW_STATE_MAXIMIZED | GDK_WINDOW_STATE_TILED));
    gui_input_update_cursor(gui);
    if (!gui->showing || fixed || gui->zoom_to_fit || gui->is_full_screen) {
        return;
    }
    GtkRequisition natural;
    gtk_widget_get_preferred_size(gui->window, NULL, &natural);
    gtk_window_resize(GTK_WINDOW(gui->window), natural.width, natural.height);
}

void gui_window_set_zoom(Gui *gui, double zoom)
{
    gui->zoom = CLAMP(zoom, GUI_ZOOM_MIN, GUI_ZOOM_MAX);
    gui->zoom_to_fit = FALSE;
    update_scale(gui);
    gui_window_fit(gui);
    gui_menu_sync(gui);
}

void gui_window_set_zoom_to_fit(Gui *gui, gboolean on)
{
    gui->zoom_to_fit = on;
    update_scale(gui);
    gui_window_fit(gui);
    gui_menu_sync(gui);
}

void gui_window_update_bars(Gui *gui)
{
    gtk_widget_set_visible(gui->menubar, gui->show_menubar && !gui->is_full_screen);
    gtk_notebook_set_show_tabs(GTK_NOTEBOOK(gui->notebook), gui->show_tabs && !gui->is_full_screen);
    gui_window_fit(gui);
    gui_menu_sync(gui);
}

void gui_window_set_full_screen(Gui *gui, gboolean on)
{
    if (on) {
        gtk_window_fullscreen(GTK_WINDOW(gui->window));
    } else {
        gtk_window_unfullscreen(GTK_WINDOW(gui->window));
    }
}

/* ---- events ---- */

static gboolean on_state(GtkWidget *window, GdkEventWindowState *event, Gui *gui)
{
    gboolean full = (event->new_window_state & GDK_WINDOW_STATE_FULLSCREEN) != 0;
    gui->iconified =
        (event->new_window_state & (GDK_WINDOW_STATE_ICONIFIED | GDK_WINDOW_STATE_WITHDRAWN)) != 0;
    update_active(gui);
    if (full != gui->is_full_screen) {
        gui->is_full_screen = full;
        update_scale(gui);
        gui_window_update_bars(gui);
    }
    return FALSE;
}

static gboolean on_visibility(GtkWidget *window, GdkEventVisibility *event, Gui *gui)
{
    gui->obscured = event->state == GDK_VISIBILITY_FULLY_OBSCURED;
    update_active(gui);
    return FALSE;
}

static gboolean on_delete(GtkWidget *window, GdkEvent *event, Gui *gui)
{
    if (gui->window_close) {
        machine_request_shutdown(gui->frontend.machine, SHUTDOWN_HOST_UI, 0);
    }
    return TRUE; /* the frontend is closed with the machine, not by GTK */
}

static gboolean on_key(GtkWidget *window, GdkEventKey *event, Gui *gui)
{
    return gui_input_window_key(gui, event);
}

static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    if (event == MACHINE_EVENT_RUN_STATE) {
        gui_window_title(opaque);
        gui_menu_sync(opaque);
    }
}

/* ---- lifecycle ---- */

static void build(Gui *gui)
{
    gui->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk_window_set_icon_name(GTK_WINDOW(gui->window), "vitrine");
    gtk_widget_add_events(gui->window, GDK_VISIBILITY_NOTIFY_MASK);
    /* Menubar and pages cover it all: no background is painted below each frame. */
    gtk_widget_set_app_paintable(gui->window, TRUE);
    /* Before the menubar connects its own: the guest's keys come first. */
    g_signal_connect(gui->window, "key-press-event", G_CALLBACK(on_key), gui);
    g_signal_connect(gui->window, "key-release-event", G_CALLBACK(on_key), gui);
    g_signal_connect(gui->window, "delete-event", G_CALLBACK(on_delete), gui);
    g_signal_connect(gui->window, "window-state-event", G_CALLBACK(on_state), gui);
    g_signal_connect(gui->window, "visibility-notify-event", G_CALLBACK(on_visibility), gui);
    gui_menu_build(gui);
    gui->notebook = gtk_notebook_new();
    gtk_notebook_set_show_border(GTK_NOTEBOOK(gui->notebook), FALSE);
    gtk_notebook_set_scrollable(GTK_NOTEBOOK(gui->notebook), TRUE);
    g_signal_connect_after(gui->notebook, "switch-page", G_CALLBACK(on_switch_page), gui);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_pack_start(GTK_BOX(box), gui->menubar, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), gui->notebook, TRUE, TRUE, 0);
    gtk_container_add(GTK_CONTAINER(gui->window), box);
}

/* Shows what was built, at the size of the first picture. */
static void show(Gui *gui)
{
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        if (page->screen != NULL) {
            gui_screen_start(page->screen, on_resized, on_cursor_changed, gui);
        }
    }
    GtkWidget *box = gtk_bin_get_child(GTK_BIN(gui->window));
    gtk_widget_show_all(box);
    gtk_widget_set_visible(gui->menubar, gui->show_menubar);
    gtk_notebook_set_show_tabs(GTK_NOTEBOOK(gui->notebook), gui->show_tabs);
    GtkRequisition natural;
    gtk_widget_get_preferred_size(box, NULL, &natural);
    gtk_window_set_default_size(GTK_WINDOW(gui->window), natural.width, natural.height);
    if (gui->full_screen) {
        gtk_window_fullscreen(GTK_WINDOW(gui->window));
    }
    gui->showing = TRUE;
    gui_window_title(gui);
    gui_menu_sync(gui);
    gtk_widget_show(gui->window);
    update_active(gui);
    GuiPage *page = gui_window_page(gui);
    if (page != NULL) {
        gtk_widget_grab_focus(page->focus);
    }
}

void gui_window_open(Gui *gui)
{
    Machine *machine = gui->frontend.machine;
    gui->zoom = 1;
    gui->pages = g_ptr_array_new_with_free_func(free_page);
    build(gui);
    for (guint i = 0; i < machine->displays->len; i++) {
        add_screen(gui, g_ptr_array_index(machine->displays, i));
    }
    chardev_foreach(machine, add_monitor, gui);
    chardev_foreach(machine, add_other_console, gui);
    gui->machine_listener = machine_listen(machine, on_machine, gui);
    show(gui);
}

void gui_window_close(Gui *gui)
{
    gui_input_set_grab(gui, GUI_GRAB_NONE);
    gui->showing = FALSE; /* the widgets' last signals change nothing */
    machine_unlisten(gui->frontend.machine, gui->machine_listener);
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        if (page->screen != NULL) {
            gui_screen_stop(page->screen);
        }
        gui_console_stop(page);
    }
    gtk_widget_destroy(gui->window);
    g_ptr_array_unref(gui->pages);
    g_object_unref(gui->accels);
}
