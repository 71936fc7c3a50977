/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for the PNG writer in a build without libpng.
 */
#include "core/error.h"
#include "core/screenshot-priv.h"

gboolean screenshot_has_png(void)
{
    return FALSE;
}

gboolean screenshot_write_png(FILE *file, guint width, guint height, const guint32 *pixels,
                              GError **error)
{
    return error_set(error, "PNG was not built in");
}
