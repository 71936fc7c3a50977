/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screenshots; see screenshot.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/error.h"
#include "core/fdset.h"
#include "core/screenshot-priv.h"
#include "core/screenshot.h"

typedef struct ScreenshotJob {
    Surface *surface;
    Cursor *cursor;
    int x, y;
    ScreenshotFormat format;
    char *path;
    int fd; /* of a set of descriptors; -1 = a file is made */
    ScreenshotDone done;
    void *opaque;
    GError *error;
} ScreenshotJob;

/* ---- pixels ---- */

/* Blends premultiplied `over` on opaque `under`, channel by channel. */
static guint32 blend(guint32 under, guint32 over)
{
    guint32 keep = 255 - (over >> 24);
    guint32 out = 0;
    for (guint shift = 0; shift < 24; shift += 8) {
        guint32 value = ((over >> shift) & 0xff) + (((under >> shift) & 0xff) * keep + 127) / 255;
        out |= MIN(value, 255u) << shift;
    }
    return out;
}

static void draw_cursor(guint32 *pixels, guint width, guint height, const Cursor *cursor, int x,
                        int y)
{
    for (guint row = 0; row < cursor->height; row++) {
        gint64 to_y = (gint64)y - cursor->hot_y + row;
        if (to_y < 0 || to_y >= height) {
            continue;
        }
        for (guint column = 0; column < cursor->width; column++) {
            gint64 to_x = (gint64)x - cursor->hot_x + column;
            if (to_x >= 0 && to_x < width) {
                guint32 *pixel = &pixels[to_y * width + to_x];
                *pixel = blend(*pixel, cursor->pixels[row * cursor->width + column]);
            }
        }
    }
}

static guint32 *copy_pixels(const ScreenshotJob *job)
{
    const Surface *surface = job->surface;
    guint32 *pixels = g_new(guint32, (gsize)surface->width * surface->height);
    for (guint row = 0; row < surface->height; row++) {
        memcpy(pixels + (gsize)row * surface->width, surface->data + (gsize)row * surface->stride,
               (gsize)surface->width * 4);
    }
    if (job->cursor) {
        draw_cursor(pixels, surface->width, surface->height, job->cursor, job->x, job->y);
    }
    return pixels;
}

/* ---- files ---- */

/* Netpbm's ppm(5), raw variant. */
static gboolean write_ppm(FILE *file, guint width, guint height, const guint32 *pixels,
                          GError **error)
{
    g_autofree guint8 *line = g_malloc((gsize)width * 3);
    fprintf(file, "P6\n%u %u\n255\n", width, height);
    for (guint row = 0; row < height; row++) {
        for (guint column = 0; column < width; column++) {
            guint32 pixel = pixels[(gsize)row * width + column];
            line[column * 3] = pixel >> 16;
            line[column * 3 + 1] = pixel >> 8;
            line[column * 3 + 2] = pixel;
        }
        if (fwrite(line, 3, width, file) != width) {
            return error_set_errno(error, errno, "write error");
        }
    }
    return TRUE;
}

static gboolean write_image(const ScreenshotJob *job, int fd, GError **error)
{
    FILE *file = fdopen(fd, "wb");
    if (!file) {
        close(fd);
        return error_set_errno(error, errno, "cannot open stream");
    }
    g_autofree guint32 *pixels = copy_pixels(job);
    guint width = job->surface->width, height = job->surface->height;
    gboolean ok = job->format == SCREENSHOT_PNG
                      ? screenshot_write_png(file, width, height, pixels, error)
                      : write_ppm(file, width, height, pixels, error);
    if (fclose(file) != 0 && ok) {
        return error_set_errno(error, errno, "write error");
    }
    return ok;
}

/* A pipe or device cannot be replaced, only written to. */
static gboolean is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static gboolean save_special(const ScreenshotJob *job, GError **error)
{
    int fd = open(job->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(error, errno, "cannot open");
    }
    return write_image(job, fd, error);
}

static gboolean save_regular(const ScreenshotJob *job, GError **error)
{
    /* Through a symbolic link to where it points, so that the link stays one. */
    g_autofree char *resolved = realpath(job->path, NULL);
    const char *path = resolved ? resolved : job->path;
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) {
        return error_set_errno(error, errno, "cannot create");
    }
    if (!write_image(job, fd, error)) {
        g_unlink(temporary);
        return FALSE;
    }
    if (rename(temporary, path) != 0) {
        int errnum = errno;
        g_unlink(temporary);
        return error_set_errno(error, errnum, "cannot replace");
    }
    return TRUE;
}

static void screenshot_work(void *opaque)
{
    ScreenshotJob *job = opaque;
    gboolean ok = job->error == NULL;
    if (ok) {
        ok = job->fd >= 0            ? write_image(job, job->fd, &job->error)
             : is_special(job->path) ? save_special(job, &job->error)
                                     : save_regular(job, &job->error);
    }
    if (!ok) {
        g_prefix_error(&job->error, "screenshot '%s': ", job->path);
    }
}

static void screenshot_done(void *opaque)
{
    ScreenshotJob *job = opaque;
    if (job->done) {
        job->done(job->error, job->opaque);
    }
    g_clear_error(&job->error);
    surface_unref(job->surface);
    cursor_unref(job->cursor);
    g_free(job->path);
    g_free(job);
}

/* ---- entry points ---- */

gboolean screenshot_parse_format(const char *text, ScreenshotFormat *format, GError **error)
{
    if (g_str_equal(text, "ppm")) {
        *format = SCREENSHOT_PPM;
        return TRUE;
    }
    if (!g_str_equal(text, "png")) {
        return error_set(error, "unknown image format '%s'; known are: ppm, png", text);
    }
    *format = SCREENSHOT_PNG;
    return screenshot_has_png() || error_set(error, "image format 'png' was not built in; use ppm");
}

static ScreenshotJob *new_job(Surface *surface, Cursor *cursor, int x, int y,
                              ScreenshotFormat format, const char *path, ScreenshotDone done,
                              void *opaque)
{
    ScreenshotJob *job = g_new0(ScreenshotJob, 1);
    job->surface = surface_ref(surface);
    job->cursor = cursor ? cursor_ref(cursor) : NULL;
    job->x = x;
    job->y = y;
    job->format = format;
    job->path = g_strdup(path);
    job->fd = -1;
    job->done = done;
    job->opaque = opaque;
    return job;
}

void screenshot_save_surface(WorkerPool *pool, Surface *surface, Cursor *cursor, int x, int y,
                             ScreenshotFormat format, const char *path, ScreenshotDone done,
                             void *opaque)
{
    worker_submit(pool, screenshot_work, screenshot_done,
                  new_job(surface, cursor, x, y, format, path, done, opaque));
}

/* From a set of descriptors; a manager has opened it for writing, or for both. */
static void take_descriptor(ScreenshotJob *job, Machine *machine)
{
    job->fd = path_open(machine, job->path, O_WRONLY | O_TRUNC | O_CLOEXEC, 0);
    if (job->fd < 0) {
        job->fd = path_open(machine, job->path, O_RDWR | O_TRUNC | O_CLOEXEC, 0);
    }
    if (job->fd < 0) {
        error_set_errno(&job->error, errno, "cannot open");
    }
}

void screenshot_save(WorkerPool *pool, Display *display, gboolean with_cursor,
                     ScreenshotFormat format, const char *path, ScreenshotDone done, void *opaque)
{
    int x, y;
    gboolean visible;
    display_update(display);
    Cursor *cursor = display_cursor(display, &x, &y, &visible);
    ScreenshotJob *job = new_job(display_surface(display), with_cursor && visible ? cursor : NULL,
                                 x, y, format, path, done, opaque);
    if (fdset_is_path(path)) {
        take_descriptor(job, display_machine(display));
    }
    worker_submit(pool, screenshot_work, screenshot_done, job);
}
