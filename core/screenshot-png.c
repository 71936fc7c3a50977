/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PNG writer on libpng.
 */
#include <png.h>

#include "core/error.h"
#include "core/screenshot-priv.h"

/* The caller reports; libpng's own handlers would print to stderr. */
static void on_error(png_structp png, png_const_charp text)
{
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
}

gboolean screenshot_has_png(void)
{
    return TRUE;
}

gboolean screenshot_write_png(FILE *file, guint width, guint height, const guint32 *pixels,
                              GError **error)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return error_set(error, "no memory for the PNG encoder");
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return error_set(error, "PNG encoder failed (disk full?)");
    }
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    /* Screens compress well with little effort; a person waits for the file. */
    png_set_compression_level(png, 3);
    png_write_info(png, info);
    /* Our pixels are the bytes B, G, R, unused. */
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    png_set_bgr(png);
    for (guint row = 0; row < height; row++) {
        png_write_row(png, (png_const_bytep)(pixels + (gsize)row * width));
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return TRUE;
}
