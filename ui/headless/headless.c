/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frontend "headless": looks at every display as a window would, and shows nothing. It counts
 * what it is told, for `info headless`, and can record what it sees as numbered PPM files; tests
 * and benchmarks use both.
 */
#include <gmodule.h>

#include "core/display.h"
#include "core/error.h"
#include "core/frontend.h"
#include "core/screenshot.h"

typedef struct Headless Headless;

/* One display that is looked at. */
typedef struct Head {
    Headless *headless;
    Display *display;
    guint index;
    DisplayListener *listener;
    guint width, height;
    guint64 surfaces, frames, pixels; /* pixels: sum of the damage */
    guint64 recorded, skipped;
} Head;

/* Shared with recording jobs, which may outlive the frontend. */
typedef struct Recorder {
    gint refs;
    guint busy; /* jobs under way */
} Recorder;

struct Headless {
    Frontend frontend;
    GPtrArray *heads; /* of Head*, owned */
    Recorder *recorder;
    guint64 max_hz;
    guint64 limit; /* frames to record at most */
    char *record;  /* folder, NULL = do not record */
};

/* More jobs than this under way, and frames are skipped rather than queued. */
#define MAX_BUSY 4

/* ---- recording ---- */

static void recorder_unref(Recorder *recorder)
{
    if (--recorder->refs == 0) {
        g_free(recorder);
    }
}

static void record_done(const GError *error, void *opaque)
{
    Recorder *recorder = opaque;
    recorder->busy--;
    recorder_unref(recorder);
}

static void record_frame(Head *head)
{
    Headless *headless = head->headless;
    Recorder *recorder = headless->recorder;
    if (!headless->record || head->recorded >= headless->limit) {
        return;
    }
    if (recorder->busy >= MAX_BUSY) {
        head->skipped++;
        return;
    }
    g_autofree char *name =
        g_strdup_printf("display%u-%06" G_GUINT64_FORMAT ".ppm", head->index, head->recorded);
    g_autofree char *path = g_build_filename(headless->record, name, NULL);
    head->recorded++;
    recorder->busy++;
    recorder->refs++;
    screenshot_save_surface(headless->frontend.machine->workers, display_surface(head->display),
                            NULL, 0, 0, SCREENSHOT_PPM, path, record_done, recorder);
}

/* ---- listener ---- */

static void head_surface(void *opaque, Surface *surface)
{
    Head *head = opaque;
    head->surfaces++;
    head->width = surface->width;
    head->height = surface->height;
}

static void head_damage(void *opaque, const pixman_region32_t *region)
{
    Head *head = opaque;
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &count);
    for (int i = 0; i < count; i++) {
        head->pixels += (guint64)(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
    }
}

static void head_frame(void *opaque)
{
    Head *head = opaque;
    head->frames++;
    record_frame(head);
}

static const DisplayListenerOps head_ops = {
    .name = "headless",
    .surface = head_surface,
    .damage = head_damage,
    .frame = head_frame,
};

/* ---- frontend ---- */

static gboolean headless_probe(GError **error)
{
    return TRUE;
}

static void head_free(void *data)
{
    Head *head = data;
    display_detach(head->listener);
    g_free(head);
}

static gboolean headless_open(Frontend *frontend, GError **error)
{
    Headless *headless = (Headless *)frontend;
    GPtrArray *displays = frontend->machine->displays;

    if (headless->record && !g_file_test(headless->record, G_FILE_TEST_IS_DIR)) {
        return error_set(error, "headless: record=%s is not a folder", headless->record);
    }
    headless->recorder = g_new0(Recorder, 1);
    headless->recorder->refs = 1;
    headless->heads = g_ptr_array_new_with_free_func(head_free);
    for (guint i = 0; i < displays->len; i++) {
        Head *head = g_new0(Head, 1);
        head->headless = headless;
        head->display = displays->pdata[i];
        head->index = i;
        g_ptr_array_add(headless->heads, head);
        head->listener = display_attach(head->display, &head_ops, head, headless->max_hz);
    }
    return TRUE;
}

static void headless_close(Frontend *frontend)
{
    Headless *headless = (Headless *)frontend;
    g_ptr_array_free(headless->heads, TRUE);
    recorder_unref(headless->recorder);
}

static void headless_info(Frontend *frontend, GString *out)
{
    Headless *headless = (Headless *)frontend;
    for (guint i = 0; i < headless->heads->len; i++) {
        const Head *head = headless->heads->pdata[i];
        g_string_append_printf(out,
                               "display %u: %ux%u, surfaces %" G_GUINT64_FORMAT
                               ", frames %" G_GUINT64_FORMAT ", damaged pixels %" G_GUINT64_FORMAT
                               ", recorded %" G_GUINT64_FORMAT ", skipped %" G_GUINT64_FORMAT "\n",
                               head->index, head->width, head->height, head->surfaces, head->frames,
                               head->pixels, head->recorded, head->skipped);
    }
}

static void headless_option_changed(Frontend *frontend, const char *name)
{
    Headless *headless = (Headless *)frontend;

    for (guint i = 0; i < headless->heads->len; i++) {
        Head *head = headless->heads->pdata[i];

        display_listener_set_max_hz(head->listener, (guint)headless->max_hz);
    }
}

#define FIELD(name) G_STRUCT_OFFSET(Headless, name)

static const OptionSpec headless_options[] = {
    DISPLAY_MAX_HZ_OPTION(Headless, max_hz),
    {"record", OPTION_STRING, FIELD(record), NULL, "existing folder for frames as PPM files"},
    {"limit", OPTION_UINT, FIELD(limit), "1000", "frames to record a display at most"},
    OPTION_END,
};

G_MODULE_EXPORT const FrontendOps vitrine_frontend = {
    .abi = FRONTEND_ABI,
    .name = "headless",
    .summary = "looks at the displays and counts or records frames",
    .size = sizeof(Headless),
    .options = headless_options,
    .implied_option = "max-hz",
    .probe = headless_probe,
    .open = headless_open,
    .close = headless_close,
    .info = headless_info,
    .option_changed = headless_option_changed,
};
