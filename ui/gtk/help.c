/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Help menu. */
#include "ui/gtk/gui.h"

static const char *const keys[][2] = {
    {"Ctrl+Alt+F", "Full screen, and back"},
    {"Ctrl+Alt+G", "Grab the keyboard and the pointer, and let go"},
    {"Ctrl+Alt+M", "Show or hide the menubar"},
    {"Ctrl+Alt+P", "Pause the machine, or let it go on"},
    {"Ctrl+Alt+Q", "End the machine, or close the window and keep it"},
    {"Ctrl+Alt+1 … 9", "Show this console"},
    {"Ctrl+Alt++, Ctrl+Alt+=", "Zoom in"},
    {"Ctrl+Alt+-", "Zoom out"},
    {"Ctrl+Alt+0", "One guest pixel on one pixel of the screen"},
    {"Ctrl+Shift+C, Ctrl+Shift+V", "Copy and paste in a console"},
    {"Shift+Page Up, Page Down", "Scroll back in a console"},
};

void gui_help_keys(Gui *gui)
{
    GtkWidget *dialog = gtk_dialog_new_with_buttons(
        "Keyboard Shortcuts", GTK_WINDOW(gui_window_main(gui)->window),
        GTK_DIALOG_DESTROY_WITH_PARENT, "_Close", GTK_RESPONSE_CLOSE, NULL);
    GtkWidget *grid = gtk_grid_new();
    gtk_grid_set_column_spacing(GTK_GRID(grid), 24);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
    gtk_container_set_border_width(GTK_CONTAINER(grid), 18);
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        for (guint column = 0; column < 2; column++) {
            GtkWidget *label = gtk_label_new(keys[i][column]);
            gtk_label_set_xalign(GTK_LABEL(label), 0);
            gtk_grid_attach(GTK_GRID(grid), label, (gint)column, (gint)i, 1, 1);
        }
    }
    GtkWidget *rest = gtk_label_new(
        "All other keys go to the guest. Files dropped on the window are put into its CD drive.");
    gtk_label_set_xalign(GTK_LABEL(rest), 0);
    gtk_grid_attach(GTK_GRID(grid), rest, 0, G_N_ELEMENTS(keys), 2, 1);
    gtk_container_add(GTK_CONTAINER(gtk_dialog_get_content_area(GTK_DIALOG(dialog))), grid);
    g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
    gtk_widget_show_all(dialog);
}

void gui_help_about(Gui *gui)
{
    GtkWidget *dialog = gtk_about_dialog_new();
    GtkAboutDialog *about = GTK_ABOUT_DIALOG(dialog);
    gtk_about_dialog_set_program_name(about, "Vitrine");
    gtk_about_dialog_set_version(about, VITRINE_VERSION);
    gtk_about_dialog_set_comments(about, "Runs a PC in a window");
    gtk_about_dialog_set_license_type(about, GTK_LICENSE_GPL_2_0);
    gboolean has_icon =
        gtk_icon_theme_has_icon(/* not where the program is not installed */
                                gtk_icon_theme_get_for_screen(gtk_widget_get_screen(dialog)),
                                "vitrine");
    gtk_about_dialog_set_logo_icon_name(about, has_icon ? "vitrine" : "computer");
    gtk_window_set_transient_for(GTK_WINDOW(dialog), GTK_WINDOW(gui_window_main(gui)->window));
    gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
    g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
    gtk_widget_show(dialog);
}
