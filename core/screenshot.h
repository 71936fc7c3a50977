/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screenshots: a surface, with or without the guest's cursor, written to a file as PPM or PNG.
 *
 * Called with the vm lock held. Pixels are copied, encoded and written by a worker; the file
 * appears complete under its name or not at all (written beside it, then renamed), except that a
 * name that is no regular file (/dev/stdout, a pipe) is written directly.
 */
#pragma once

#include <glib.h>

#include "core/display.h"
#include "mainloop/worker.h"

typedef enum ScreenshotFormat { SCREENSHOT_PPM, SCREENSHOT_PNG } ScreenshotFormat;

/* "ppm" or "png"; fails for others, and for PNG in a build without libpng. */
gboolean screenshot_parse_format(const char *text, ScreenshotFormat *format, GError **error);

/* Called once, on the loop; `error` is NULL on success and belongs to the caller of this. */
typedef void (*ScreenshotDone)(const GError *error, void *opaque);

/*
 * Saves what `display` shows now. The display is scanned first. With `with_cursor` the guest's
 * cursor plane is drawn in, if it is visible.
 */
void screenshot_save(WorkerPool *pool, Display *display, gboolean with_cursor,
                     ScreenshotFormat format, const char *path, ScreenshotDone done, void *opaque);

/* The same for any surface; `cursor` may be NULL, (x, y) is where its hot spot is. */
void screenshot_save_surface(WorkerPool *pool, Surface *surface, Cursor *cursor, int x, int y,
                             ScreenshotFormat format, const char *path, ScreenshotDone done,
                             void *opaque);
