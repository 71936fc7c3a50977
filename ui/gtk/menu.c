/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The menubar, from one table. Accelerators are connected to the windows' accelerator group and
 * not to the items, so that they work while the menubar is hidden.
 */
#include "ui/common/window-close.h"
#include "ui/gtk/gui.h"

#define HOT_KEY (GDK_CONTROL_MASK | GDK_MOD1_MASK)

typedef struct MenuRow {
    const char *menu;  /* begins a menu of this name; NULL = goes on with the last */
    const char *label; /* NULL = a separator */
    guint key;         /* with HOT_KEY; 0 = none */
    guint other_key;   /* does the same */
    void (*run)(Gui *gui);
    gboolean (*is_checked)(Gui *gui);           /* NULL = nothing to check */
    gboolean (*is_possible)(Gui *gui);          /* NULL = always */
    void (*fill)(Gui *gui, GtkWidget *submenu); /* has a submenu, made anew each time */
} MenuRow;

struct GuiMenu {
    GPtrArray *items;     /* of GtkWidget*, by row; NULL where there is none */
    GtkWidget *pages_end; /* the items of pages follow it */
    GPtrArray *page_items;
};

/* ---- what the entries do ---- */

static gboolean has_screen(Gui *gui)
{
    return gui_screen_front(gui) != NULL;
}

static gboolean has_terminal(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    return page != NULL && page->screen == NULL;
}

/* What the screen shows, where that is characters; NULL elsewhere. */
static char *screen_text(Gui *gui)
{
    GuiScreen *screen = gui_screen_front(gui);
    TextScreen text = {0};
    char *out = NULL;
    if (screen != NULL && display_text(gui_screen_display(screen), &text)) {
        out = text_screen_to_utf8(&text);
    }
    text_screen_clear(&text);
    return out;
}

static gboolean has_text(Gui *gui)
{
    g_autofree char *text = screen_text(gui);
    return text != NULL;
}

static gboolean has_page(Gui *gui)
{
    return gui_page_front(gui) != NULL;
}

static gboolean is_paused(Gui *gui)
{
    return !machine_is_running(gui->frontend.machine);
}

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

static void run_detach(Gui *gui)
{
    frontend_request_close(&gui->frontend, NULL);
}

/* Asks where closing the window does: a machine is too easily lost. */
static void run_quit(Gui *gui)
{
    if (gui->window_close == WINDOW_CLOSE_ASK) {
        gui_dialog_close(gui);
    } else {
        machine_request_shutdown(gui->frontend.machine, SHUTDOWN_HOST_UI, 0);
    }
}

static GuiWindow *front_window(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    return page != NULL ? page->window : gui_window_main(gui);
}

static gboolean is_full_screen(Gui *gui)
{
    return front_window(gui)->is_full_screen;
}

static void run_full_screen(Gui *gui)
{
    gui_window_set_full_screen(front_window(gui), !is_full_screen(gui));
}

static void zoom(Gui *gui, double by)
{
    GuiPage *page = gui_page_front(gui);
    if (page != NULL) {
        gui_page_zoom(page, by);
    }
}

static void run_zoom_in(Gui *gui)
{
    zoom(gui, GUI_ZOOM_STEP);
}

static void run_zoom_out(Gui *gui)
{
    zoom(gui, -GUI_ZOOM_STEP);
}

static void run_best_fit(Gui *gui)
{
    zoom(gui, 0);
}

static void rescale(Gui *gui)
{
    gui_pages_update_scale(gui);
    gui_window_fit(front_window(gui));
    gui_menu_sync(gui);
}

static gboolean is_zoom_to_fit(Gui *gui)
{
    return gui->zoom_to_fit;
}

static void run_zoom_to_fit(Gui *gui)
{
    gui->zoom_to_fit = !gui->zoom_to_fit;
    rescale(gui);
}

static gboolean is_integer_scale(Gui *gui)
{
    return gui->integer_scale;
}

static void run_integer_scale(Gui *gui)
{
    gui->integer_scale = !gui->integer_scale;
    rescale(gui);
}

static gboolean is_grab_on_hover(Gui *gui)
{
    return gui->grab_on_hover;
}

static void run_grab_on_hover(Gui *gui)
{
    gui->grab_on_hover = !gui->grab_on_hover;
    gui_menu_sync(gui);
}

static gboolean is_grabbed(Gui *gui)
{
    return gui->grab == GUI_GRAB_FULL;
}

static void run_grab(Gui *gui)
{
    gui_grab_set(gui, gui_page_front(gui), is_grabbed(gui) ? GUI_GRAB_NONE : GUI_GRAB_FULL);
}

static gboolean is_show_tabs(Gui *gui)
{
    return gui->show_tabs;
}

static void run_show_tabs(Gui *gui)
{
    gui->show_tabs = !gui->show_tabs;
    gui_window_update_bars(gui);
}

static gboolean is_show_menubar(Gui *gui)
{
    return gui->show_menubar;
}

static void run_show_menubar(Gui *gui)
{
    gui->show_menubar = !gui->show_menubar;
    gui_window_update_bars(gui);
}

static gboolean is_show_status(Gui *gui)
{
    return gui->show_status;
}

static void run_show_status(Gui *gui)
{
    gui->show_status = !gui->show_status;
    gui_window_update_bars(gui);
    gui_status_sync(gui);
}

static void copy_text(Gui *gui)
{
    g_autofree char *text = screen_text(gui);
    if (text != NULL) {
        gtk_clipboard_set_text(
            gtk_widget_get_clipboard(GTK_WIDGET(gui_screen_front(gui)), GDK_SELECTION_CLIPBOARD),
            text, -1);
        gui_window_say(gui, FALSE, "The text is in the clipboard");
    }
}

static gboolean is_tab_detached(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    return page != NULL && gui_page_is_detached(page);
}

static void run_detach_tab(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    if (page != NULL && gui_page_is_detached(page)) {
        gui_page_dock(page);
    } else if (page != NULL) {
        gui_page_detach(page);
    }
}

static void run_copy(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    if (page != NULL && page->screen == NULL) {
        gui_console_copy(page);
    }
}

static void run_paste(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    if (page != NULL && page->screen == NULL) {
        gui_console_paste(page);
    }
}

/* ---- the table ---- */

static const MenuRow rows[] = {
    {"_Machine", "_Pause", .key = GDK_KEY_p, .run = run_pause, .is_checked = is_paused},
    {.label = "_Reset…", .run = gui_dialog_reset},
    {.label = "Power _Down", .run = run_powerdown},
    {NULL},
    {.label = "_Screenshot…", .run = gui_dialog_screenshot, .is_possible = has_screen},
    {.label = "Screenshot to _Clipboard",
     .run = gui_dialog_copy_picture,
     .is_possible = has_screen},
    {.label = "Screen _Text to Clipboard", .run = copy_text, .is_possible = has_text},
    {NULL},
    {.label = "Run in the _Background", .run = run_detach},
    {.label = "_Quit…", .key = GDK_KEY_q, .run = run_quit},
    {"Me_dia", .fill = gui_menu_fill_media},
    {"_Input", "_Send Keys", .fill = gui_menu_fill_keys},
    {.label = "_Type Clipboard", .run = gui_keyboard_type_clipboard},
    {NULL},
    {.label = "_Grab Input",
     .key = GDK_KEY_g,
     .run = run_grab,
     .is_checked = is_grabbed,
     .is_possible = has_screen},
    {.label = "Grab On _Hover", .run = run_grab_on_hover, .is_checked = is_grab_on_hover},
    {.label = "_Release Key", .fill = gui_menu_fill_release},
    {.label = "_Keys Kept on the Host", .fill = gui_menu_fill_kept},
    {"_View", "_Full Screen", .key = GDK_KEY_f, .run = run_full_screen,
     .is_checked = is_full_screen},
    {.label = "_Copy", .run = run_copy, .is_possible = has_terminal},
    {.label = "_Paste", .run = run_paste, .is_possible = has_terminal},
    {NULL},
    {.label = "Zoom _In",
     .key = GDK_KEY_plus,
     .other_key = GDK_KEY_equal,
     .run = run_zoom_in,
     .is_possible = has_screen},
    {.label = "Zoom _Out",
     .key = GDK_KEY_minus,
     .other_key = GDK_KEY_KP_Subtract,
     .run = run_zoom_out,
     .is_possible = has_screen},
    {.label = "_Best Fit",
     .key = GDK_KEY_0,
     .other_key = GDK_KEY_KP_0,
     .run = run_best_fit,
     .is_possible = has_screen},
    {.label = "Zoom To Fi_t", .run = run_zoom_to_fit, .is_checked = is_zoom_to_fit},
    {.label = "Inte_ger Scale", .run = run_integer_scale, .is_checked = is_integer_scale},
    {NULL},
    {.label = "Show T_abs", .run = run_show_tabs, .is_checked = is_show_tabs},
    {.label = "_Detach Tab",
     .run = run_detach_tab,
     .is_checked = is_tab_detached,
     .is_possible = has_page},
    {.label = "Show _Menubar",
     .key = GDK_KEY_m,
     .run = run_show_menubar,
     .is_checked = is_show_menubar},
    {.label = "_Status Bar", .run = run_show_status, .is_checked = is_show_status},
    {NULL},
    {.label = "", .is_possible = has_page}, /* the list of pages */
    {"_Help", "_Keyboard Shortcuts", .run = gui_help_keys},
    {.label = "_About Vitrine", .run = gui_help_about},
};

/* ---- building ---- */

GtkWidget *gui_menu_append(GtkWidget *menu, const char *label, GCallback activate, gpointer data)
{
    GtkWidget *item = gtk_menu_item_new_with_mnemonic(label);
    if (activate != NULL) {
        g_signal_connect(item, "activate", activate, data);
    }
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    gtk_widget_show(item);
    return item;
}

void gui_menu_separate(GtkWidget *menu)
{
    GtkWidget *item = gtk_separator_menu_item_new();
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    gtk_widget_show(item);
}

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
    if (key == GDK_KEY_KP_Add) {
        run_zoom_in(gui);
        return TRUE;
    }
    if (key >= GDK_KEY_1 && key <= GDK_KEY_9) {
        gui_page_select(gui, key - GDK_KEY_1);
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

/* A submenu is made when it is opened: what it lists changes. */
static void on_show_submenu(GtkWidget *submenu, Gui *gui)
{
    const MenuRow *row = item_row(submenu);
    g_autoptr(GList) old = gtk_container_get_children(GTK_CONTAINER(submenu));
    for (GList *link = old; link != NULL; link = link->next) {
        gtk_widget_destroy(link->data);
    }
    row->fill(gui, submenu);
}

static void make_filled(Gui *gui, GtkWidget *submenu, const MenuRow *row)
{
    g_object_set_data(G_OBJECT(submenu), "row", (gpointer)row);
    g_signal_connect(submenu, "show", G_CALLBACK(on_show_submenu), gui);
}

static GtkWidget *make_item(Gui *gui, const MenuRow *row)
{
    GtkWidget *item = row->is_checked != NULL ? gtk_check_menu_item_new_with_mnemonic(row->label)
                                              : gtk_menu_item_new_with_mnemonic(row->label);
    g_object_set_data(G_OBJECT(item), "row", (gpointer)row);
    if (row->fill != NULL) {
        GtkWidget *submenu = gtk_menu_new();
        gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), submenu);
        make_filled(gui, submenu, row);
    } else {
        g_signal_connect(item, row->is_checked != NULL ? "toggled" : "activate",
                         G_CALLBACK(on_activate), gui);
    }
    label_accel(item, row->key);
    return item;
}

static void sync_on_show(GtkWidget *menu, Gui *gui)
{
    gui_menu_sync(gui);
}

static GtkWidget *add_menu(Gui *gui, const char *label)
{
    GtkWidget *item = gtk_menu_item_new_with_mnemonic(label);
    GtkWidget *menu = gtk_menu_new();
    g_signal_connect(menu, "show", G_CALLBACK(sync_on_show), gui);
    gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), menu);
    gtk_menu_shell_append(GTK_MENU_SHELL(gui->menubar), item);
    return menu;
}

/* Returns the row's item, or NULL. */
static GtkWidget *build_row(Gui *gui, GtkWidget *menu, const MenuRow *row)
{
    GtkWidget *item = NULL;
    if (row->label == NULL && row->fill != NULL) {
        make_filled(gui, menu, row); /* the menu itself */
    } else if (row->label == NULL) {
        gui_menu_separate(menu);
    } else if (row->label[0] == '\0') {
        gui->menu->pages_end = menu;
    } else {
        item = make_item(gui, row);
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    }
    return item;
}

void gui_menu_open(Gui *gui)
{
    gui->menu = g_new0(GuiMenu, 1);
    gui->menu->items = g_ptr_array_new();
    gui->menu->page_items = g_ptr_array_new();
    gui->menubar = gtk_menu_bar_new();
    /* The window paints none (window.c), so the menubar needs one of its own. */
    gtk_style_context_add_class(gtk_widget_get_style_context(gui->menubar),
                                GTK_STYLE_CLASS_BACKGROUND);
    gui->accels = gtk_accel_group_new();
    GtkWidget *menu = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].menu != NULL) {
            menu = add_menu(gui, rows[i].menu);
        }
        g_ptr_array_add(gui->menu->items, build_row(gui, menu, &rows[i]));
        connect_accel(gui, rows[i].key);
        connect_accel(gui, rows[i].other_key);
    }
    connect_accel(gui, GDK_KEY_KP_Add);
    for (guint key = GDK_KEY_1; key <= GDK_KEY_9; key++) {
        connect_accel(gui, key);
    }
}

void gui_menu_close(Gui *gui)
{
    g_ptr_array_unref(gui->menu->items);
    g_ptr_array_unref(gui->menu->page_items);
    g_clear_pointer(&gui->menu, g_free);
    g_clear_object(&gui->accels);
}

/* ---- the list of pages ---- */

static void on_page_item(GtkWidget *item, GuiPage *page)
{
    guint index;
    if (gtk_check_menu_item_get_active(GTK_CHECK_MENU_ITEM(item)) &&
        g_ptr_array_find(page->gui->pages, page, &index)) {
        gui_page_select(page->gui, index);
    }
}

void gui_menu_list_pages(Gui *gui)
{
    GSList *group = NULL;
    for (guint i = 0; i < gui->menu->page_items->len; i++) {
        gtk_widget_destroy(g_ptr_array_index(gui->menu->page_items, i));
    }
    g_ptr_array_set_size(gui->menu->page_items, 0);
    for (guint i = 0; i < gui->pages->len; i++) {
        GuiPage *page = g_ptr_array_index(gui->pages, i);
        GtkWidget *item = gtk_radio_menu_item_new_with_label(group, page->title);
        group = gtk_radio_menu_item_get_group(GTK_RADIO_MENU_ITEM(item));
        label_accel(item, i < 9 ? GDK_KEY_1 + i : 0);
        g_signal_connect(item, "toggled", G_CALLBACK(on_page_item), page);
        gtk_menu_shell_append(GTK_MENU_SHELL(gui->menu->pages_end), item);
        gtk_widget_show(item);
        g_set_weak_pointer(&page->menu_item, item);
        g_ptr_array_add(gui->menu->page_items, item);
    }
    gui_menu_sync(gui);
}

/* ---- the state ---- */

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
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        GtkWidget *item = g_ptr_array_index(gui->menu->items, i);
        if (item != NULL && rows[i].is_checked != NULL) {
            set_check(item, rows[i].is_checked(gui), on_activate, gui);
        }
        if (item != NULL && rows[i].is_possible != NULL) {
            gtk_widget_set_sensitive(item, rows[i].is_possible(gui));
        }
    }
    GuiPage *page = gui_page_front(gui);
    if (page != NULL && page->menu_item != NULL) {
        set_check(page->menu_item, TRUE, on_page_item, page);
    }
}
