/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files dropped on a window are offered to the guest in its CD drive: an ISO image as it is, other
 * files and folders in an image that xorriso or genisoimage makes of them, in the background.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/block.h"
#include "ui/gtk/gui.h"

#define FILES_MAX 256

/* ---- the drive ---- */

typedef struct Search {
    Drive *found;
} Search;

/* The first CD drive, rather an empty one. */
static void consider(Drive *drive, void *opaque)
{
    Search *search = opaque;
    if (drive->media == DRIVE_MEDIA_CDROM && drive->device != NULL &&
        (search->found == NULL || (drive_has_medium(search->found) && !drive_has_medium(drive)))) {
        search->found = drive;
    }
}

static const char *find_drive(Gui *gui)
{
    Search search = {NULL};
    drive_foreach(gui->frontend.machine, consider, &search);
    return search.found != NULL ? search.found->id : NULL;
}

/* ---- making an image ---- */

typedef struct IsoJob {
    Gui *gui; /* NULL when the frontend has closed */
    char *path;
} IsoJob;

static void on_made(GObject *source, GAsyncResult *result, gpointer data)
{
    IsoJob *job = data;
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    gboolean good =
        g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, NULL, &said, &error) &&
        g_subprocess_get_successful(G_SUBPROCESS(source));
    Gui *gui = job->gui;
    if (gui != NULL) {
        const char *drive = find_drive(gui);
        gui->iso_job = NULL;
        if (!good) {
            g_strstrip(said != NULL ? said : (said = g_strdup("")));
            gui_window_say(gui, TRUE, "No CD image could be made of the files: %s",
                           error != NULL ? error->message : said);
        } else if (drive != NULL) {
            gui_media_insert_made(gui, drive, job->path);
        }
    }
    g_unlink(job->path); /* a drive that has it keeps it open */
    g_free(job->path);
    g_free(job);
}

/* xorriso and genisoimage both know "NAME=PATH"; '=' and '\' in a path are escaped. */
static char *graft_point(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    GString *out = g_string_new("/");
    const char *const parts[] = {name, "=", path};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        for (const char *c = parts[i]; *c != '\0'; c++) {
            if (i != 1 && (*c == '=' || *c == '\\')) {
                g_string_append_c(out, '\\');
            }
            g_string_append_c(out, *c);
        }
    }
    return g_string_free(out, FALSE);
}

/* The command without the files; NULL if there is no such tool. */
static GPtrArray *iso_command(void)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *xorriso = g_find_program_in_path("xorriso");
    g_autofree char *genisoimage = g_find_program_in_path("genisoimage");
    if (xorriso != NULL) {
        g_ptr_array_add(words, g_strdup(xorriso));
        g_ptr_array_add(words, g_strdup("-as"));
        g_ptr_array_add(words, g_strdup("mkisofs"));
    } else if (genisoimage != NULL) {
        g_ptr_array_add(words, g_strdup(genisoimage));
    } else {
        g_ptr_array_unref(words);
        return NULL;
    }
    static const char *const rest[] = {"-quiet", "-J", "-R", "-V", "FILES", "-graft-points", "-o"};
    for (guint i = 0; i < G_N_ELEMENTS(rest); i++) {
        g_ptr_array_add(words, g_strdup(rest[i]));
    }
    return words;
}

static void make_iso(Gui *gui, GPtrArray *paths)
{
    g_autoptr(GPtrArray) words = iso_command();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    if (gui->iso_job != NULL) {
        gui_window_say(gui, TRUE, "A CD image is being made already; drop these again after it");
        return;
    }
    if (words == NULL) {
        gui_window_say(gui, TRUE,
                       "Only CD images (ISO) can be dropped here; for other files "
                       "xorriso or genisoimage must be installed");
        return;
    }
    int fd = g_file_open_tmp("vitrine-XXXXXX.iso", &path, &error);
    if (fd >= 0) {
        close(fd);
        g_ptr_array_add(words, g_strdup(path));
        for (guint i = 0; i < paths->len; i++) {
            g_ptr_array_add(words, graft_point(g_ptr_array_index(paths, i)));
        }
        g_ptr_array_add(words, NULL);
    }
    g_autoptr(GSubprocess) maker =
        fd < 0
            ? NULL
            : g_subprocess_newv((const char *const *)words->pdata,
                                G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                &error);
    if (maker == NULL) {
        gui_window_say(gui, TRUE, "No CD image could be made of the files: %s", error->message);
        return;
    }
    IsoJob *job = g_new0(IsoJob, 1);
    job->gui = gui;
    job->path = g_steal_pointer(&path);
    gui->iso_job = job;
    gui_window_say(gui, FALSE, "Making a CD image of what was dropped");
    g_subprocess_communicate_utf8_async(maker, NULL, NULL, on_made, job);
}

/* ---- dropping ---- */

static void take(Gui *gui, GPtrArray *paths)
{
    const char *first = g_ptr_array_index(paths, 0);
    const char *drive = find_drive(gui);
    if (drive == NULL) {
        gui_window_say(gui, TRUE, "This machine has no CD drive to put the files into");
    } else if (paths->len == 1 && !g_file_test(first, G_FILE_TEST_IS_DIR) &&
               block_looks_like_cdrom(gui->frontend.machine, first)) {
        gui_media_insert(gui, drive, first);
    } else {
        make_iso(gui, paths);
    }
}

static void on_data(GtkWidget *widget, GdkDragContext *context, gint x, gint y,
                    GtkSelectionData *data, guint info, guint time, GuiWindow *window)
{
    g_auto(GStrv) uris = gtk_selection_data_get_uris(data);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; uris != NULL && uris[i] != NULL && i < FILES_MAX; i++) {
        char *path = g_filename_from_uri(uris[i], NULL, NULL);
        if (path != NULL) {
            g_ptr_array_add(paths, path);
        }
    }
    gtk_drag_finish(context, paths->len > 0, FALSE, time);
    if (paths->len > 0) {
        take(window->gui, paths);
    } else {
        gui_window_say(window->gui, TRUE, "Only files of this computer can be dropped here");
    }
}

void gui_drop_add_window(GuiWindow *window)
{
    static const GtkTargetEntry targets[] = {{(char *)"text/uri-list", 0, 0}};
    gtk_drag_dest_set(window->window, GTK_DEST_DEFAULT_ALL, targets, G_N_ELEMENTS(targets),
                      GDK_ACTION_COPY);
    g_signal_connect(window->window, "drag-data-received", G_CALLBACK(on_data), window);
}

void gui_drop_close(Gui *gui)
{
    if (gui->iso_job != NULL) {
        ((IsoJob *)gui->iso_job)->gui = NULL; /* it ends by itself, and tidies up */
    }
}
