/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GTK's first window of a process takes its time: theme, style sheets, fonts, icons, input methods.
 * That is done here, for a window that nobody sees, without the vm lock.
 */
#include <vte/vte.h>

#include "ui/gtk/gui.h"

static void add_menu(GtkWidget *box)
{
    GtkWidget *bar = gtk_menu_bar_new();
    GtkWidget *item = gtk_menu_item_new_with_mnemonic("_M");
    GtkWidget *menu = gtk_menu_new();
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_menu_item_new_with_label("m"));
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_check_menu_item_new_with_label("m"));
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_separator_menu_item_new());
    gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), menu);
    gtk_menu_shell_append(GTK_MENU_SHELL(bar), item);
    gtk_container_add(GTK_CONTAINER(box), bar);
}

static void add_pages(GtkWidget *box)
{
    GtkWidget *overlay = gtk_overlay_new();
    GtkWidget *notebook = gtk_notebook_new();
    GtkWidget *bar = gtk_info_bar_new();
    gtk_info_bar_set_show_close_button(GTK_INFO_BAR(bar), TRUE);
    gtk_notebook_append_page(GTK_NOTEBOOK(notebook), gtk_drawing_area_new(), gtk_label_new("p"));
    gtk_notebook_append_page(GTK_NOTEBOOK(notebook), vte_terminal_new(), gtk_label_new("p"));
    gtk_container_add(GTK_CONTAINER(overlay), notebook);
    gtk_overlay_add_overlay(GTK_OVERLAY(overlay), bar);
    gtk_container_add(GTK_CONTAINER(box), overlay);
}

void gui_warm_up(GdkDisplay *display)
{
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkRequisition natural;
    gtk_window_set_screen(GTK_WINDOW(window), gdk_display_get_default_screen(display));
    gtk_window_set_icon_name(GTK_WINDOW(window), "vitrine");
    gtk_container_add(GTK_CONTAINER(window), box);
    add_menu(box);
    add_pages(box);
    gtk_widget_show_all(box);
    gtk_widget_get_preferred_size(box, NULL, &natural);
    gtk_widget_realize(window);
    gtk_widget_size_allocate(window, &(GtkAllocation){0, 0, natural.width, natural.height});
    gtk_widget_destroy(window);
    gtk_recent_manager_get_default(); /* reads a file */
}
