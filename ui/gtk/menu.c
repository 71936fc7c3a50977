/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The menubar, from one table. Accelerators are connected to the window's accelerator group and
 * not to the items, so that they work while the menubar is hidden.
 */
#include "ui/gtk/gui.h"

#define HOT_KEY (GDK_CONTROL_MASK | GDK_MOD1_MASK)

typedef struct MenuRow {
    const char *menu;  /* begins a menu of this name; NULL = goes on with the last */
    const char *label; /* NULL = a separator */
    guint key;         /* with HOT_KEY; 0 = none */
    guint other_key;   /* does the same */
    void (*run)(Gui *gui);
    gint check; /* GuiCheck, or -1 */
} MenuRow;

/* ---- handlers ---- */

static void run_pause(Gui *gui)
{
    Machine *machine = gui->frontend.machine;
    if (machine_is_running(machine)) {
        machine_stop(machine, RUN_STATE_PAUSED);
    } else {
        machine_cont(machine);
    }
    gui_menu_sync(gui);
}

static void run_powerdown(Gui *gui)
{
    machine_request_powerdown(gui->frontend.machine);
}

static void run_quit(Gui *gui)
{
    machine_request_shutdown(gui->frontend.machine, SHUTDOWN_HOST_UI, 0);
}

static void run_full_screen(Gui *gui)
{
    gui_window_set_full_screen(gui, !gui->is_full_screen);
}

static void run_zoom_in(Gui *gui)
{
    gui_window_set_zoom(gui, gui->zoom + GUI_ZOOM_STEP);
}

static void run_zoom_out(Gui *gui)
{
    gui_window_set_zoom(gui, gui->zoom - GUI_ZOOM_STEP);
}

static void run_best_fit(Gui *gui)
{
    gui_window_set_zoom(gui, 1);
}

static void run_zoom_to_fit(Gui *gui)
{
    gui_window_set_zoom_to_fit(gui, !gui->zoom_to_fit);
}

static void run_grab_on_hover(Gui *gui)
{
    gui->grab_on_hover = !gui->grab_on_hover;
    gui_menu_sync(gui);
}

static void run_grab(Gui *gui)
{
    gui_input_set_grab(gui, gui->grab == GUI_GRAB_FULL ? GUI_GRAB_NONE : GUI_GRAB_FULL);
}

static void run_show_tabs(Gui *gui)
{
    gui->show_tabs = !gui->show_tabs;
    gui_window_update_bars(gui);
}

static void run_show_menubar(Gui *gui)
{
    gui->show_menubar = !gui->show_menubar;
    gui_window_update_bars(gui);
}

static void run_copy(Gui *gui)
{
    GuiPage *page = gui_window_page(gui);
    if (page != NULL && page->view != NULL) {
        gui_console_copy(page);
    }
}

static void run_paste(Gui *gui)
{
    GuiPage *page = gui_window_page(gui);
    if (page != NULL && page->view != NULL) {
        gui_console_paste(page);
    }
}

/* ---- the table ---- */

static const MenuRow rows[] = {
    {"_Machine", "_Pause", 0, 0, run_pause, GUI_CHECK_PAUSE},
    {NULL, NULL},
    {NULL, "_Reset…", 0, 0, gui_dialog_reset, -1},
    {NULL, "Power _Down", 0, 0, run_powerdown, -1},
    {NULL, NULL},
    {NULL, "_Screenshot…", 0, 0, gui_dialog_screenshot, -1},
    {NULL, NULL},
    {NULL, "_Quit", GDK_KEY_q, 0, run_quit, -1},
    {"_View", "_Full Screen", GDK_KEY_f, 0, run_full_screen, GUI_CHECK_FULL_SCREEN},
    {NULL, "_Copy", 0, 0, run_copy, -1},
    {NULL, "_Paste", 0, 0, run_paste, -1},
    {NULL, NULL},
    {NULL, "Zoom _In", GDK_KEY_plus, GDK_KEY_equal, run_zoom_in, -1},
    {NULL, "Zoom _In", GDK_KEY_KP_Add, 0, run_zoom_in, -1},
    {NULL, "Zoom _Out", GDK_KEY_minus, GDK_KEY_KP_Subtract, run_zoom_out, -1},
    {NULL, "Best _Fit", GDK_KEY_0, GDK_KEY_KP_0, run_best_fit, -1},
    {NULL, "Zoom _To Fit", 0, 0, run_zoom_to_fit, GUI_CHECK_ZOOM_TO_FIT},
    {NULL, NULL},
    {NULL, "Grab On _Hover", 0, 0, run_grab_on_hover, GUI_CHECK_GRAB_ON_HOVER},
    {NULL, "_Grab Input", GDK_KEY_g, 0, run_grab, GUI_CHECK_GRAB},
    {NULL, NULL},
    {NULL, "Show _Tabs", 0, 0, run_show_tabs, GUI_CHECK_SHOW_TABS},
    {NULL, "Show Men_ubar", GDK_KEY_m, 0, run_show_menubar, GUI_CHECK_SHOW_MENUBAR},
};

static gboolean check_state(Gui *gui, GuiCheck check)
{
    switch (check) {
    case GUI_CHECK_PAUSE: return !machine_is_running(gui->frontend.machine);
    case GUI_CHECK_FULL_SCREEN: return gui->is_full_screen;
    case GUI_CHECK_ZOOM_TO_FIT: return gui->zoom_to_fit;
    case GUI_CHECK_GRAB_ON_HOVER: return gui->grab_on_hover;
    case GUI_CHECK_GRAB: return gui->grab == GUI_GRAB_FULL;
    case GUI_CHECK_SHOW_TABS: return gui->show_tabs;
    case GUI_CHECK_SHOW_MENUBAR: return gui->show_menubar;
    case GUI_CHECK_COUNT: break;
    }
    return FALSE;
}

/* ---- building ---- */

static const MenuRow *item_row(GtkWidget *item)
{
    return g_object_get_data(G_OBJECT(item), "row");
}

static void on_activate(GtkWidget *item, Gui *gui)
{
    item_row(item)->run(gui);
}

static gboolean on_accel(GtkAccelGroup *group, GObject *window, guint key, GdkModifierType mods,
                         Gui *gui)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].run != NULL && key != 0 && (rows[i].key == key || rows[i].other_key == key)) {
            rows[i].run(gui);
            return TRUE;
        }
    }
    if (key >= GDK_KEY_1 && key <= GDK_KEY_9) {
        gui_window_select(gui, key - GDK_KEY_1);
        return TRUE;
    }
    return FALSE;
}

static void connect_accel(Gui *gui, guint key)
{
    if (key != 0) {
        gtk_accel_group_connect(gui->accels, key, HOT_KEY, 0,
                                g_cclosure_new(G_CALLBACK(on_accel), gui, NULL));
    }
}

/* Shows the accelerator beside the label. */
static void label_accel(GtkWidget *item, guint key)
{
    GtkWidget *label = gtk_bin_get_child(GTK_BIN(item));
    if (key != 0 && GTK_IS_ACCEL_LABEL(label)) {
        gtk_accel_label_set_accel(GTK_ACCEL_LABEL(label), key, HOT_KEY);
    }
}

static GtkWidget *make_item(Gui *gui, const MenuRow *row)
{
    if (row->label == NULL) {
        return gtk_separator_menu_item_new();
    }
    gboolean checked = row->check >= 0;
    GtkWidget *item = checked ? gtk_check_menu_item_new_with_mnemonic(row->label)
                              : gtk_menu_item_new_with_mnemonic(row->label);
    if (checked) {
        gui->checks[row->check] = item;
    } else if (row->run == run_copy) {
        gui->copy_item = item;
    } else if (row->run == run_paste) {
        gui->paste_item = item;
    }
    g_object_set_data(G_OBJECT(item), "row", (gpointer)row);
    g_signal_connect(item, checked ? "toggled" : "activate", G_CALLBACK(on_activate), gui);
    label_accel(item, row->key);
    return item;
}

static GtkWidget *add_menu(Gui *gui, const char *label)
{
    GtkWidget *item = gtk_menu_item_new_with_mnemonic(label);
    GtkWidget *menu = gtk_menu_new();
    gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), menu);
    gtk_menu_shell_append(GTK_MENU_SHELL(gui->menubar), item);
    return menu;
}

void gui_menu_build(Gui *gui)
{
    gui->menubar = gtk_menu_bar_new();
    /* The window paints none (window.c), so the menubar needs one of its own. */
    gtk_style_context_add_class(gtk_widget_get_style_context(gui->menubar),
                                GTK_STYLE_CLASS_BACKGROUND);
    gui->accels = gtk_accel_group_new();
    gtk_window_add_accel_group(GTK_WINDOW(gui->window), gui->accels);
    GtkWidget *menu = NULL;
    const char *last = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const MenuRow *row = &rows[i];
        if (row->menu != NULL) {
            menu = add_menu(gui, row->menu);
        }
        /* A row with the label of the one before only adds keys to it. */
        if (row->label == NULL || g_strcmp0(row->label, last) != 0) {
            gtk_menu_shell_append(GTK_MENU_SHELL(menu), make_item(gui, row));
        }
        last = row->label;
        connect_accel(gui, row->key);
        connect_accel(gui, row->other_key);
    }
    for (guint key = GDK_KEY_1; key <= GDK_KEY_9; key++) {
        connect_accel(gui, key);
    }
    gui->consoles_end = gtk_separator_menu_item_new();
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), gui->consoles_end);
}

/* ---- the list of consoles ---- */

static void on_page_item(GtkWidget *item, GuiPage *page)
{
    guint index;
    if (gtk_check_menu_item_get_active(GTK_CHECK_MENU_ITEM(item)) &&
        g_ptr_array_find(page->gui->pages, page, &index)) {
        gui_window_select(page->gui, index);
    }
}

void gui_menu_add_page(Gui *gui, GuiPage *page)
{
    guint index = gui->pages->len - 1;
    GuiPage *first = g_ptr_array_index(gui->pages, 0);
    GSList *group = first->menu_item != NULL
                        ? gtk_radio_menu_item_get_group(GTK_RADIO_MENU_ITEM(first->menu_item))
                        : NULL;
    page->menu_item = gtk_radio_menu_item_new_with_label(group, page->title);
    label_accel(page->menu_item, index < 9 ? GDK_KEY_1 + index : 0);
    g_signal_connect(page->menu_item, "toggled", G_CALLBACK(on_page_item), page);
    gtk_menu_shell_append(GTK_MENU_SHELL(gtk_widget_get_parent(gui->consoles_end)),
                          page->menu_item);
}

static void set_check(GtkWidget *item, gboolean on, gpointer handler, gpointer data)
{
    g_signal_handlers_block_by_func(item, handler, data);
    gtk_check_menu_item_set_active(GTK_CHECK_MENU_ITEM(item), on);
    g_signal_handlers_unblock_by_func(item, handler, data);
}

void gui_menu_sync(Gui *gui)
{
    if (!gui->showing) {
        return;
    }
    for (guint check = 0; check < GUI_CHECK_COUNT; check++) {
        set_check(gui->checks[check], check_state(gui, check), on_activate, gui);
    }
    GuiPage *page = gui_window_page(gui);
    if (page == NULL) {
        return;
    }
    set_check(page->menu_item, TRUE, on_page_item, page);
    gtk_widget_set_sensitive(gui->copy_item, page->view != NULL);
    gtk_widget_set_sensitive(gui->paste_item, page->view != NULL);
}
