/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Media of drives: what the monitor's change and eject do, with a file chooser and messages. */
#include "core/block.h"
#include "ui/gtk/gui.h"

#define RECENT_GROUP "Vitrine"

static void remember(Gui *gui, const char *path)
{
    g_autofree char *uri = g_filename_to_uri(path, NULL, NULL);
    static char group[] = RECENT_GROUP;
    static char *groups[] = {group, NULL};
    static char type[] = "application/octet-stream";
    static char name[] = "Vitrine";
    static char exec[] = "vitrine %f";
    GtkRecentData data = {.mime_type = type, .app_name = name, .app_exec = exec, .groups = groups};
    if (uri != NULL) {
        gtk_recent_manager_add_full(gtk_recent_manager_get_default(), uri, &data);
    }
}

void gui_media_insert(Gui *gui, const char *drive, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(path);
    if (!drive_change(gui->frontend.machine, drive, path, NULL, DRIVE_RETAIN, &error)) {
        gui_window_say(gui, TRUE, "%s is not inserted: %s", name, error->message);
        return;
    }
    remember(gui, path);
    gui_window_say(gui, FALSE, "%s is in %s now", name, drive);
}

void gui_media_insert_made(Gui *gui, const char *drive, const char *path)
{
    g_autoptr(GError) error = NULL;
    if (drive_change(gui->frontend.machine, drive, path, "raw", DRIVE_RETAIN, &error)) {
        gui_window_say(gui, FALSE, "A CD with the files is in %s now", drive);
    } else {
        gui_window_say(gui, TRUE, "The CD with the files is not inserted: %s", error->message);
    }
}

void gui_media_eject(Gui *gui, const char *drive, gboolean force)
{
    g_autoptr(GError) error = NULL;
    if (drive_eject(gui->frontend.machine, drive, force, &error)) {
        gui_window_say(gui, FALSE, "%s is empty now", drive);
    } else {
        gui_window_say(gui, TRUE, "%s", error->message);
    }
}

/* ---- choosing a file ---- */

static void on_chosen(GtkDialog *dialog, gint answer, Gui *gui)
{
    g_autofree char *path = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog));
    g_autofree char *drive = g_strdup(g_object_get_data(G_OBJECT(dialog), "drive"));
    gtk_widget_destroy(GTK_WIDGET(dialog));
    if (answer == GTK_RESPONSE_ACCEPT && path != NULL) {
        gui_media_insert(gui, drive, path);
    }
}

static void add_filter(GtkWidget *dialog, const char *name, const char *const *patterns)
{
    GtkFileFilter *filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, name);
    for (guint i = 0; patterns[i] != NULL; i++) {
        gtk_file_filter_add_pattern(filter, patterns[i]);
    }
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
}

void gui_media_choose(Gui *gui, const char *drive)
{
    static const char *const images[] = {"*.iso", "*.ISO", "*.img", "*.IMG",   "*.ima",
                                         "*.flp", "*.raw", "*.vfd", "*.qcow2", NULL};
    static const char *const all[] = {"*", NULL};
    g_autofree char *title = g_strdup_printf("Insert into %s", drive);
    GtkWidget *dialog = gtk_file_chooser_dialog_new(
        title, GTK_WINDOW(gui_window_main(gui)->window), GTK_FILE_CHOOSER_ACTION_OPEN, "_Cancel",
        GTK_RESPONSE_CANCEL, "_Insert", GTK_RESPONSE_ACCEPT, NULL);
    add_filter(dialog, "Disk images", images);
    add_filter(dialog, "All files", all);
    gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
    g_object_set_data_full(G_OBJECT(dialog), "drive", g_strdup(drive), g_free);
    g_signal_connect(dialog, "response", G_CALLBACK(on_chosen), gui);
    gtk_widget_show(dialog);
}
