/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files dropped on a window are offered to the guest in its CD drive: an ISO image as it is, other
 * files and folders in an image that a worker makes of them.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/block.h"
#include "ui/gtk/gui.h"
#include "ui/gtk/iso-image.h"

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
    GPtrArray *paths;
    char *path; /* of the image */
    int fd;
    gint cancelled; /* atomic */
    GError *error;
} IsoJob;

static void make(void *opaque)
{
    IsoJob *job = opaque;
    iso_image_make(job->paths, job->fd, &job->cancelled, &job->error);
}

static void on_made(void *opaque)
{
    IsoJob *job = opaque;
    Gui *gui = job->gui;
    if (gui != NULL) {
        const char *drive = find_drive(gui);
        gui->iso_job = NULL;
        if (job->error != NULL) {
            gui_window_say(gui, TRUE, "No CD image could be made of the files: %s",
                           job->error->message);
        } else if (drive != NULL) {
            gui_media_insert_made(gui, drive, job->path);
        }
    }
    close(job->fd);
    g_unlink(job->path); /* a drive that has it keeps it open */
    g_free(job->path);
    g_ptr_array_unref(job->paths);
    g_clear_error(&job->error);
    g_free(job);
}

static void make_iso(Gui *gui, GPtrArray *paths)
{
    g_autoptr(GError) error = NULL;
    if (gui->iso_job != NULL) {
        gui_window_say(gui, TRUE, "A CD image is being made already; drop these again after it");
        return;
    }
    if (!iso_image_can(&error)) {
        gui_window_say(gui, TRUE, "%s", error->message);
        return;
    }
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("vitrine-XXXXXX.iso", &path, &error);
    if (fd < 0) {
        gui_window_say(gui, TRUE, "No CD image could be made of the files: %s", error->message);
        return;
    }
    IsoJob *job = g_new0(IsoJob, 1);
    job->gui = gui;
    job->paths = g_ptr_array_ref(paths);
    job->path = g_steal_pointer(&path);
    job->fd = fd;
    gui->iso_job = job;
    gui_window_say(gui, FALSE, "Making a CD image of what was dropped");
    worker_submit(gui->frontend.machine->workers, make, on_made, job);
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
        IsoJob *job = gui->iso_job;
        job->gui = NULL; /* it ends by itself, and tidies up */
        g_atomic_int_set(&job->cancelled, 1);
    }
}
