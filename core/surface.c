/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surfaces, cursors and text screens: the plain data of the display seam.
 */
#include <string.h>

#include "core/display.h"

static gboolean surface_size_ok(guint width, guint height)
{
    return width > 0 && height > 0 && width <= SURFACE_MAX_SIZE && height <= SURFACE_MAX_SIZE;
}

static void surface_free_owned(Surface *surface, void *opaque)
{
    g_free(opaque);
}

Surface *surface_new(guint width, guint height)
{
    g_assert(surface_size_ok(width, height));
    guint stride = width * 4;
    guint8 *pixels = g_malloc0((gsize)stride * height);
    return surface_new_for_data(width, height, stride, pixels, surface_free_owned, pixels);
}

Surface *surface_new_for_data(guint width, guint height, guint stride, guint8 *data,
                              void (*release)(Surface *surface, void *opaque), void *opaque)
{
    g_assert(surface_size_ok(width, height));
    g_assert(stride >= width * 4 && stride % 4 == 0);
    Surface *surface = g_new0(Surface, 1);
    surface->width = width;
    surface->height = height;
    surface->stride = stride;
    surface->data = data;
    surface->refs = 1;
    surface->release = release;
    surface->opaque = opaque;
    return surface;
}

Surface *surface_ref(Surface *surface)
{
    g_atomic_int_inc(&surface->refs);
    return surface;
}

void surface_unref(Surface *surface)
{
    if (!surface || !g_atomic_int_dec_and_test(&surface->refs)) {
        return;
    }
    if (surface->release) {
        surface->release(surface, surface->opaque);
    }
    g_free(surface);
}

Cursor *cursor_new(guint width, guint height, gint hot_x, gint hot_y)
{
    g_assert(surface_size_ok(width, height));
    Cursor *cursor = g_malloc0(sizeof(*cursor) + sizeof(guint32) * width * height);
    cursor->width = width;
    cursor->height = height;
    cursor->hot_x = hot_x;
    cursor->hot_y = hot_y;
    cursor->refs = 1;
    return cursor;
}

Cursor *cursor_ref(Cursor *cursor)
{
    g_atomic_int_inc(&cursor->refs);
    return cursor;
}

void cursor_unref(Cursor *cursor)
{
    if (cursor && g_atomic_int_dec_and_test(&cursor->refs)) {
        g_free(cursor);
    }
}

void text_screen_clear(TextScreen *screen)
{
    g_free(screen->cells);
    memset(screen, 0, sizeof(*screen));
    screen->cursor_column = screen->cursor_row = -1;
}

char *text_screen_to_utf8(const TextScreen *screen)
{
    GString *text = g_string_new(NULL);

    for (guint row = 0; row < screen->rows; row++) {
        gsize end = text->len;
        for (guint column = 0; column < screen->columns; column++) {
            gunichar ch = screen->cells[row * screen->columns + column].ch;
            gboolean blank = ch <= ' ' || ch == 0xa0 || !g_unichar_validate(ch);
            g_string_append_unichar(text, blank ? ' ' : ch);
            end = blank ? end : text->len;
        }
        g_string_truncate(text, end);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}
