/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dialogs. None blocks: the machine and its window go on behind them. */
#include <glib/gstdio.h>

#include <unistd.h>

#include "core/log.h"
#include "core/screenshot.h"
#include "ui/common/window-close.h"
#include "ui/gtk/gui.h"

/* The window that dialogs belong to. */
static GtkWindow *parent_of(Gui *gui)
{
    GuiPage *page = gui_page_front(gui);
    GuiWindow *window = page != NULL ? page->window : gui_window_main(gui);
    return GTK_WINDOW(window->window);
}

/* ---- all of them ---- */

/*
 * The file chooser asks and tells by loops of its own (gtk_dialog_run()), which end and tidy up
 * when their dialog is answered; they must not be destroyed below it.
 */
void gui_dialog_cancel_all(Gui *gui)
{
    GList *windows = gtk_window_list_toplevels();
    for (GList *link = windows; link != NULL; link = link->next) {
        g_object_ref(link->data);
    }
    for (GList *link = windows; link != NULL; link = link->next) {
        if (GTK_IS_DIALOG(link->data) && gtk_widget_get_visible(link->data) &&
            gtk_widget_get_display(link->data) == gui->server->display) {
            gtk_window_set_destroy_with_parent(link->data, FALSE);
            gtk_window_set_transient_for(link->data, NULL);
            gtk_dialog_response(link->data, GTK_RESPONSE_DELETE_EVENT);
        }
    }
    g_list_free_full(windows, g_object_unref);
}

/* The theme's colour for what cannot be taken back. */
static void mark_destructive(GtkWidget *dialog, gint answer)
{
    GtkWidget *button = gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), answer);
    gtk_style_context_add_class(gtk_widget_get_style_context(button),
                                GTK_STYLE_CLASS_DESTRUCTIVE_ACTION);
}

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
        parent_of(gui), GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_WARNING,
        GTK_BUTTONS_NONE, "Reset %s?", machine_title(gui->frontend.machine));
    gtk_message_dialog_format_secondary_text(
        GTK_MESSAGE_DIALOG(dialog),
        "The guest restarts at once, without shutting down: unsaved work is lost.");
    gtk_dialog_add_buttons(GTK_DIALOG(dialog), "_Cancel", GTK_RESPONSE_CANCEL, "_Reset",
                           GTK_RESPONSE_ACCEPT, NULL);
    mark_destructive(dialog, GTK_RESPONSE_ACCEPT);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
    g_signal_connect(dialog, "response", G_CALLBACK(on_reset_answer), gui);
    gtk_widget_show(dialog);
}

/* ---- closing the window ---- */

static void on_close_answer(GtkDialog *dialog, gint answer, Gui *gui)
{
    gtk_widget_destroy(GTK_WIDGET(dialog));
    if (answer >= 0) {
        window_close_do(&gui->frontend, (WindowClose)answer);
    }
}

void gui_dialog_close(Gui *gui)
{
    static const WindowClose choices[] = {WINDOW_CLOSE_BACKGROUND, WINDOW_CLOSE_POWERDOWN,
                                          WINDOW_CLOSE_QUIT};
    if (gui->close_dialog != NULL) {
        gtk_window_present(GTK_WINDOW(gui->close_dialog));
        return;
    }
    GtkWidget *dialog = gtk_message_dialog_new(
        parent_of(gui), GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_QUESTION,
        GTK_BUTTONS_NONE, "What should happen to %s?", machine_title(gui->frontend.machine));
    gtk_message_dialog_format_secondary_text(
        GTK_MESSAGE_DIALOG(dialog),
        "In the background it goes on running without this window. Powering down asks the guest to "
        "shut down; powering off ends it at once, and unsaved work is lost.");
    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        gtk_dialog_add_button(GTK_DIALOG(dialog), window_close_label(choices[i]), (gint)choices[i]);
    }
    gtk_dialog_add_button(GTK_DIALOG(dialog), "_Cancel", GTK_RESPONSE_CANCEL);
    mark_destructive(dialog, WINDOW_CLOSE_QUIT);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
    gtk_orientable_set_orientation(
        GTK_ORIENTABLE(gtk_widget_get_parent(
            gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL))),
        GTK_ORIENTATION_VERTICAL);
    g_set_weak_pointer(&gui->close_dialog, dialog);
    g_signal_connect(dialog, "response", G_CALLBACK(on_close_answer), gui);
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
    shot->window = GTK_WIDGET(parent_of(gui));
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
    GuiScreen *screen = gui_screen_front(gui);
    if (screen == NULL) {
        return;
    }
    GtkWidget *dialog = gtk_file_chooser_dialog_new(
        "Save Screenshot", parent_of(gui), GTK_FILE_CHOOSER_ACTION_SAVE, "_Cancel",
        GTK_RESPONSE_CANCEL, "_Save", GTK_RESPONSE_ACCEPT, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *name = g_strdup_printf("vitrine-%s.png", time);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
    gtk_file_chooser_set_do_overwrite_confirmation(GTK_FILE_CHOOSER(dialog), TRUE);
    gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(dialog), TRUE);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
    g_object_set_data(G_OBJECT(dialog), "display", gui_screen_display(screen));
    g_signal_connect(dialog, "response", G_CALLBACK(on_screenshot_answer), gui);
    gtk_widget_show(dialog);
}

/* ---- screenshot to the clipboard ---- */

/* A picture being encoded by a worker, on its way to the clipboard of a window. */
typedef struct Copy {
    GtkWidget *window; /* a weak pointer */
    char *path;
} Copy;

static void give_picture(GtkClipboard *clipboard, GtkSelectionData *selection, guint info,
                         gpointer data)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data(data, &length);
    gtk_selection_data_set(selection, gtk_selection_data_get_target(selection), 8, bytes,
                           (gint)length);
}

static void drop_picture(GtkClipboard *clipboard, gpointer data)
{
    g_bytes_unref(data);
}

static void on_encoded(const GError *error, void *opaque)
{
    static const GtkTargetEntry targets[] = {{(char *)"image/png", 0, 0}};
    Copy *copy = opaque;
    char *data = NULL;
    gsize length = 0;
    g_autoptr(GError) why = NULL;
    if (error != NULL || !g_file_get_contents(copy->path, &data, &length, &why)) {
        report_error("cannot copy the screenshot: %s",
                     error != NULL ? error->message : why->message);
    } else if (copy->window != NULL) {
        gtk_clipboard_set_with_data(gtk_widget_get_clipboard(copy->window, GDK_SELECTION_CLIPBOARD),
                                    targets, G_N_ELEMENTS(targets), give_picture, drop_picture,
                                    g_bytes_new_take(data, length));
        data = NULL;
    }
    g_free(data);
    g_unlink(copy->path);
    g_clear_weak_pointer(&copy->window);
    g_free(copy->path);
    g_free(copy);
}

void gui_dialog_copy_picture(Gui *gui)
{
    GuiScreen *screen = gui_screen_front(gui);
    g_autoptr(GError) error = NULL;
    if (screen == NULL) {
        return;
    }
    Copy *copy = g_new0(Copy, 1);
    int fd = g_file_open_tmp("vitrine-XXXXXX.png", &copy->path, &error);
    if (fd < 0) {
        gui_window_say(gui, TRUE, "The screenshot is not copied: %s", error->message);
        g_free(copy);
        return;
    }
    close(fd);
    g_set_weak_pointer(&copy->window, GTK_WIDGET(parent_of(gui)));
    screenshot_save(gui->frontend.machine->workers, gui_screen_display(screen), TRUE,
                    SCREENSHOT_PNG, copy->path, on_encoded, copy);
    gui_window_say(gui, FALSE, "The picture is in the clipboard");
}
