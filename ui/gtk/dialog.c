/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dialogs. None blocks: the machine and its window go on behind them. */
#include <glib/gstdio.h>

#include "core/log.h"
#include "core/screenshot.h"
#include "ui/gtk/gui.h"

/* ---- reset ---- */

static void on_reset_answer(GtkDialog *dialog, gint answer, Gui *gui)
{
    gtk_widget_destroy(GTK_WIDGET(dialog));
    if (answer == GTK_RESPONSE_ACCEPT) {
        machine_request_reset(gui->frontend.machine, FALSE);
    }
}

void gui_dialog_reset(Gui *gui)
{
    GtkWidget *dialog = gtk_message_dialog_new(
        GTK_WINDOW(gui->window), GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
        GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE, "Reset %s?", machine_title(gui->frontend.machine));
    gtk_message_dialog_format_secondary_text(
        GTK_MESSAGE_DIALOG(dialog),
        "The guest starts anew at once; what it has not saved is lost.");
    gtk_dialog_add_buttons(GTK_DIALOG(dialog), "_Cancel", GTK_RESPONSE_CANCEL, "_Reset",
                           GTK_RESPONSE_ACCEPT, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
    g_signal_connect(dialog, "response", G_CALLBACK(on_reset_answer), gui);
    gtk_widget_show(dialog);
}

/* ---- screenshot ---- */

/* A screenshot being written: the window may be gone by the time it is done. */
typedef struct Shot {
    GtkWidget *window; /* a weak pointer */
    char *path;
} Shot;

static void on_saved(const GError *error, void *opaque)
{
    Shot *shot = opaque;
    if (error != NULL) {
        report_error("cannot save the screenshot: %s", error->message);
    }
    if (error != NULL && shot->window != NULL) {
        GtkWidget *dialog = gtk_message_dialog_new(
            GTK_WINDOW(shot->window), GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_ERROR,
            GTK_BUTTONS_CLOSE, "The screenshot could not be saved");
        gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s", error->message);
        g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
        gtk_widget_show(dialog);
    }
    if (shot->window != NULL) {
        g_object_remove_weak_pointer(G_OBJECT(shot->window), (gpointer *)&shot->window);
    }
    g_free(shot->path);
    g_free(shot);
}

static void save(Gui *gui, Display *display, const char *path)
{
    Shot *shot = g_new0(Shot, 1);
    shot->path = g_strdup(path);
    shot->window = gui->window;
    g_object_add_weak_pointer(G_OBJECT(shot->window), (gpointer *)&shot->window);
    ScreenshotFormat format = g_str_has_suffix(path, ".ppm") ? SCREENSHOT_PPM : SCREENSHOT_PNG;
    screenshot_save(gui->frontend.machine->workers, display, TRUE, format, path, on_saved, shot);
}

/* The display is looked up again: it may have gone while the dialog was open. */
static Display *find_display(Gui *gui, gpointer display)
{
    GPtrArray *displays = gui->frontend.machine->displays;
    return g_ptr_array_find(displays, display, NULL) ? display : NULL;
}

static void on_screenshot_answer(GtkDialog *dialog, gint answer, Gui *gui)
{
    Display *display = find_display(gui, g_object_get_data(G_OBJECT(dialog), "display"));
    g_autofree char *path = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog));
    gtk_widget_destroy(GTK_WIDGET(dialog));
    if (answer == GTK_RESPONSE_ACCEPT && path != NULL && display != NULL) {
        save(gui, display, path);
    }
}

void gui_dialog_screenshot(Gui *gui)
{
    GuiPage *page = gui_window_page(gui);
    if (page == NULL || page->screen == NULL) {
        return;
    }
    GtkWidget *dialog = gtk_file_chooser_dialog_new(
        "Save Screenshot", GTK_WINDOW(gui->window), GTK_FILE_CHOOSER_ACTION_SAVE, "_Cancel",
        GTK_RESPONSE_CANCEL, "_Save", GTK_RESPONSE_ACCEPT, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *name = g_strdup_printf("vitrine-%s.png", time);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
    gtk_file_chooser_set_do_overwrite_confirmation(GTK_FILE_CHOOSER(dialog), TRUE);
    gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
    g_object_set_data(G_OBJECT(dialog), "display", gui_screen_display(page->screen));
    g_signal_connect(dialog, "response", G_CALLBACK(on_screenshot_answer), gui);
    gtk_widget_show(dialog);
}
