/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image writers behind screenshot.h. Worker threads; `pixels` are width * height of
 * x8r8g8b8, packed; the file is open and stays its caller's.
 */
#pragma once

#include <stdio.h>

#include <glib.h>

/* FALSE in a build without libpng. */
gboolean screenshot_has_png(void);

gboolean screenshot_write_png(FILE *file, guint width, guint height, const guint32 *pixels,
                              GError **error);
