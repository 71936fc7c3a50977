/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages: one for each console of the machine, which come and go, move to windows and back. */
#include <math.h>

#include "ui/gtk/gui.h"

/* ---- finding ---- */

static GuiPage *page_of_widget(GtkWidget *widget)
{
    return widget != NULL ? g_object_get_data(G_OBJECT(widget), "page") : NULL;
}

GuiPage *gui_page_front_in(GuiWindow *window)
{
    GtkNotebook *notebook = GTK_NOTEBOOK(window->notebook);
    gint index = gtk_notebook_get_current_page(notebook);
    return index >= 0 ? page_of_widget(gtk_notebook_get_nth_page(notebook, index)) : NULL;
}

GuiPage *gui_page_front(Gui *gui)
{
    if (!gui->showing) {
        return NULL;
    }
    for (guint i = 1; i < gui->windows->len; i++) {
        GuiWindow *window = g_ptr_array_index(gui->windows, i);
        if (gtk_window_is_active(GTK_WINDOW(window->window))) {
            return gui_page_front_in(window);
        }
    }
    return gui_page_front_in(gui_window_main(gui));
}

GuiScreen *gui_screen_front(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    return page != NULL ? page->screen : NULL;
}

gboolean gui_page_is_detached(const GuiPage *page)
{
    return page->window != gui_window_main(page->gui);
}

/* ---- what is shown ---- */

/* Only a screen that can be seen keeps its display's clock going. */
void gui_pages_update_active(Gui *gui)
{
    for (guint i = 0; gui->showing && i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        if (page->screen != NULL) {
            gui_screen_set_active(
                page->screen, page == gui_page_front_in(page->window) && !page->window->iconified &&
                                  !gui->backlog.behind && !page->window->obscured);
        }
    }
}

void gui_pages_backlog(Gui *gui)
{
    for (guint i = 0; gui->showing && i < gui->windows->len; i++) {
        gui_window_freeze(g_ptr_array_index(gui->windows, i), gui->backlog.behind);
    }
    gui_pages_update_active(gui);
}

/* A full screen is filled until the person zooms. */
gboolean gui_page_is_fitted(const GuiPage *page)
{
    return page->window->is_full_screen ? !page->window->zoomed : page->gui->zoom_to_fit;
}

void gui_pages_update_scale(Gui *gui)
{
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        ScaleMode fit = gui->integer_scale ? SCALE_INTEGER : SCALE_FIT;
        if (page->screen != NULL) {
            gui_screen_set_scale(page->screen, gui_page_is_fitted(page) ? fit : SCALE_ZOOM,
                                 page->zoom);
        }
    }
}

/* From the size that a fitted picture has, the next step up or down. */
static double zoom_of_fit(const GuiPage *page)
{
    const Viewport *v = gui_screen_viewport(page->screen);
    return round((double)v->width / v->guest_width / GUI_ZOOM_STEP) * GUI_ZOOM_STEP;
}

void gui_page_zoom(GuiPage *page, double by)
{
    if (page->screen == NULL) {
        return;
    }
    double zoom = gui_page_is_fitted(page) ? zoom_of_fit(page) : page->zoom;
    zoom = by != 0 ? zoom + by : 1;
    page->zoom = CLAMP(zoom, GUI_ZOOM_MIN, GUI_ZOOM_MAX);
    if (page->window->is_full_screen) {
        page->window->zoomed = TRUE;
    } else {
        page->gui->zoom_to_fit = FALSE;
    }
    gui_pages_update_scale(page->gui);
    gui_window_fit(page->window);
    gui_menu_sync(page->gui);
}

void gui_page_select(Gui *gui, guint index)
{
    if (index >= gui->pages->len) {
        return;
    }
    GuiPage *page = g_ptr_array_index(gui->pages, index);
    GtkNotebook *notebook = GTK_NOTEBOOK(page->window->notebook);
    gtk_notebook_set_current_page(notebook, gtk_notebook_page_num(notebook, page->widget));
    if (!gtk_window_is_active(GTK_WINDOW(page->window->window))) {
        gtk_window_present(GTK_WINDOW(page->window->window));
    }
    gtk_widget_grab_focus(page->focus);
}

static void on_resized(void *opaque)
{
    GuiPage *page = opaque;
    if (page == gui_page_front_in(page->window)) {
        gui_window_fit(page->window);
    }
    gui_pointer_update_cursor(page);
    gui_status_sync(page->gui);
}

static void on_cursor_changed(void *opaque)
{
    gui_pointer_update_cursor(opaque);
}

static void on_frame(void *opaque)
{
    GuiPage *page = opaque;
    gui_status_frame(page->gui);
}

static gboolean is_bare(void *opaque)
{
    const GuiPage *page = opaque;
    return !gtk_widget_get_visible(page->window->info_bar) &&
           !gui_hot_bar_is_shown(page->window->hot_bar);
}

static gboolean is_behind(void *opaque)
{
    const GuiPage *page = opaque;
    return backlog_check(&page->gui->backlog);
}

static const GuiScreenCalls screen_calls = {
    .resized = on_resized,
    .cursor_changed = on_cursor_changed,
    .frame = on_frame,
    .is_bare = is_bare,
    .is_behind = is_behind,
};

/* ---- coming and going ---- */

static void free_page(gpointer data)
{
    GuiPage *page = data;
    if (page->menu_item != NULL) {
        g_object_remove_weak_pointer(G_OBJECT(page->menu_item), (gpointer *)&page->menu_item);
    }
    console_unref(page->console);
    g_free(page->title);
    g_free(page);
}

static void put_into(GuiPage *page, GuiWindow *window, gint position)
{
    GtkNotebook *notebook = GTK_NOTEBOOK(window->notebook);
    page->window = window;
    gtk_notebook_insert_page(notebook, page->widget, gtk_label_new(page->title), position);
}

/* Where a page belongs among those of the main window. */
static gint main_position(const GuiPage *page)
{
    gint position = 0;
    for (guint i = 0; i < page->gui->pages->len; i++) {
        const GuiPage *other = g_ptr_array_index(page->gui->pages, i);
        if (other == page) {
            break;
        }
        position += !gui_page_is_detached(other);
    }
    return position;
}

static GuiPage *add_page(Gui *gui, Console *console)
{
    GuiPage *page = g_new0(GuiPage, 1);
    page->gui = gui;
    page->window = gui_window_main(gui);
    page->console = console_ref(console);
    page->title = g_strdup(console_title(console));
    page->zoom = 1;
    if (console_is_text(console)) {
        page->widget = gui_console_new(page, console_chardev(console));
    } else {
        page->widget = page->focus = gui_screen_new(console_display(console));
        page->screen = GUI_SCREEN(page->widget);
        gui_pointer_add_page(page);
    }
    g_object_set_data(G_OBJECT(page->widget), "page", page);
    guint index = console_number(console);
    index = index > 0 ? MIN(index - 1, gui->pages->len) : gui->pages->len;
    g_ptr_array_insert(gui->pages, (gint)index, page);
    put_into(page, page->window, main_position(page));
    return page;
}

/* The widgets may be shown already; the window is. */
static void start_page(GuiPage *page)
{
    if (page->screen != NULL) {
        gui_screen_start(page->screen, page->gui->frontend.machine, &screen_calls, page,
                         (guint)page->gui->max_hz);
    }
    gtk_widget_show_all(page->widget);
}

static void stop_page(GuiPage *page)
{
    if (page->gui->grab_page == page) {
        gui_grab_set(page->gui, NULL, GUI_GRAB_NONE);
    }
    if (page->screen != NULL) {
        gui_screen_stop(page->screen);
    }
    gui_console_stop(page);
}

static void remove_page(Gui *gui, guint index)
{
    GuiPage *page = g_ptr_array_steal_index(gui->pages, index);
    GuiWindow *window = page->window;
    stop_page(page);
    gtk_widget_destroy(page->widget);
    if (window != gui_window_main(gui)) {
        g_ptr_array_remove(gui->windows, window);
    }
    free_page(page);
}

static gboolean has_page(Gui *gui, const Console *console)
{
    for (guint i = 0; i < gui->pages->len; i++) {
        if (((GuiPage *)g_ptr_array_index(gui->pages, i))->console == console) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Pages follow the list of consoles. */
static void follow_consoles(void *opaque)
{
    Gui *gui = opaque;
    for (guint i = gui->pages->len; i > 0; i--) {
        if (console_is_gone(((GuiPage *)g_ptr_array_index(gui->pages, i - 1))->console)) {
            remove_page(gui, i - 1);
        }
    }
    for (guint i = 0; i < console_list_count(gui->consoles); i++) {
        Console *console = console_list_get(gui->consoles, i);
        if (!has_page(gui, console)) {
            start_page(add_page(gui, console));
        }
    }
    gui_pages_update_scale(gui);
    gui_menu_list_pages(gui);
    gui_pages_update_active(gui);
    gui_window_title(gui);
}

/* From device code: widgets are made and destroyed later. */
static void on_console_added(void *opaque, Console *console)
{
    deferred_schedule(((Gui *)opaque)->consoles_changed);
}

static void on_console_removed(void *opaque, Console *console)
{
    Gui *gui = opaque;
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        if (page->console == console && page->screen != NULL) {
            gui_screen_stop(page->screen);
        } else if (page->console == console) {
            gui_console_stop(page);
        }
    }
    deferred_schedule(gui->consoles_changed);
}

static const ConsoleListOps console_ops = {
    .added = on_console_added,
    .removed = on_console_removed,
};

/* ---- detaching ---- */

static void move(GuiPage *page, GuiWindow *window, gint position)
{
    key_tracker_release_all(page->gui->keys);
    gui_grab_set(page->gui, NULL, GUI_GRAB_NONE);
    g_object_ref(page->widget);
    gtk_notebook_detach_tab(GTK_NOTEBOOK(page->window->notebook), page->widget);
    put_into(page, window, position);
    g_object_unref(page->widget);
    gui_pages_update_scale(page->gui);
}

void gui_page_detach(GuiPage *page)
{
    if (gui_page_is_detached(page)) {
        return;
    }
    GuiWindow *window = gui_window_new(page->gui);
    g_ptr_array_add(page->gui->windows, window);
    move(page, window, 0);
    gtk_widget_show_all(gtk_bin_get_child(GTK_BIN(window->window)));
    gui_window_update_bars(page->gui);
    gtk_window_set_default_size(GTK_WINDOW(window->window), 720, 440); /* of a console */
    gui_window_fit(window);
    gtk_window_present(GTK_WINDOW(window->window));
    gtk_widget_grab_focus(page->focus);
    gui_window_title(page->gui);
    gui_menu_sync(page->gui);
    gui_pages_update_active(page->gui);
}

void gui_page_dock(GuiPage *page)
{
    Gui *gui = page->gui;
    GuiWindow *window = page->window;
    if (!gui_page_is_detached(page)) {
        return;
    }
    move(page, gui_window_main(gui), main_position(page));
    g_ptr_array_remove(gui->windows, window);
    guint index;
    if (g_ptr_array_find(gui->pages, page, &index)) {
        gui_page_select(gui, index);
    }
    gui_window_update_bars(gui);
    gui_pages_update_active(gui);
}

/* ---- lifecycle ---- */

/* Shows what was built, at the size of the first picture. */
static void show(Gui *gui)
{
    GuiWindow *window = gui_window_main(gui);
    GtkWidget *box = gtk_bin_get_child(GTK_BIN(window->window));
    gtk_widget_show_all(box);
    gui->showing = TRUE;
    gui_window_update_bars(gui);
    GtkRequisition natural;
    gtk_widget_get_preferred_size(box, NULL, &natural);
    gtk_window_set_default_size(GTK_WINDOW(window->window), natural.width, natural.height);
    if (gui->full_screen) {
        gtk_window_fullscreen(GTK_WINDOW(window->window));
    }
    gui_window_title(gui);
    gui_menu_sync(gui);
    gtk_widget_show(window->window);
    gui_pages_update_active(gui);
    gui_status_sync(gui);
    GuiPage *page = gui_page_front(gui);
    if (page != NULL) {
        gtk_widget_grab_focus(page->focus);
    }
}

void gui_pages_open(Gui *gui)
{
    gui->pages = g_ptr_array_new_with_free_func(free_page);
    gui->windows = g_ptr_array_new_with_free_func((GDestroyNotify)gui_window_free);
    g_ptr_array_add(gui->windows, gui_window_new(gui));
    gui->consoles_changed = deferred_new(gui->frontend.machine->loop, follow_consoles, gui);
    gui->consoles = console_list_new(gui->frontend.machine, &console_ops, gui);
    for (guint i = 0; i < console_list_count(gui->consoles); i++) {
        add_page(gui, console_list_get(gui->consoles, i));
    }
    gui_menu_list_pages(gui);
    gui_pages_update_scale(gui);
    for (guint i = 0; i < gui->pages->len; i++) {
        start_page(g_ptr_array_index(gui->pages, i));
    }
    show(gui);
}

void gui_pages_close(Gui *gui)
{
    gui_grab_set(gui, NULL, GUI_GRAB_NONE);
    gui->showing = FALSE; /* the widgets' last signals change nothing */
    for (guint i = 0; i < gui->pages->len; i++) {
        stop_page(g_ptr_array_index(gui->pages, i));
    }
    while (gui->windows->len > 0) { /* the main one last */
        g_ptr_array_remove_index(gui->windows, gui->windows->len - 1);
    }
    g_ptr_array_unref(gui->windows);
    g_ptr_array_unref(gui->pages);
    console_list_free(gui->consoles);
    deferred_free(gui->consoles_changed);
}
