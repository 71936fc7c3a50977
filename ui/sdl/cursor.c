/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's cursor. With an absolute pointer the host's takes its shape and is always where the
 * hand has put it; with a relative one the guest alone knows the place, and it is drawn.
 */
#include "ui/sdl/gui.h"

#include <math.h>

/* A larger one is drawn into the picture: not every server takes it. */
#define MAX_SIZE 256

/* SDL hands the pixels to X11 as they are, which wants them premultiplied, as the guest's are; to
 * others it premultiplies them itself. */
static void unpremultiply(guint32 *pixels, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        guint32 alpha = pixels[i] >> 24;
        guint32 out = alpha << 24;
        for (guint shift = 0; alpha != 0 && shift < 24; shift += 8) {
            guint32 value = ((pixels[i] >> shift & 0xff) * 255 + alpha / 2) / alpha;
            out |= MIN(value, 255) << shift;
        }
        pixels[i] = out;
    }
}

static void scale(const Cursor *cursor, guint32 *pixels, int width, int height)
{
    pixman_image_t *from =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, (int)cursor->width, (int)cursor->height,
                                 (uint32_t *)cursor->pixels, (int)cursor->width * 4);
    pixman_image_t *to =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, width, height, pixels, width * 4);
    if (width != (int)cursor->width || height != (int)cursor->height) {
        pixman_transform_t transform;
        pixman_transform_init_scale(&transform,
                                    pixman_double_to_fixed((double)cursor->width / width),
                                    pixman_double_to_fixed((double)cursor->height / height));
        pixman_image_set_transform(from, &transform);
        pixman_image_set_filter(from, PIXMAN_FILTER_BILINEAR, NULL, 0);
    }
    pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, 0, 0, width, height);
    pixman_image_unref(to);
    pixman_image_unref(from);
}

static SDL_Cursor *make_shape(const SdlWindow *window)
{
    const Cursor *cursor = window->cursor;
    const Viewport *v = &window->viewport;
    double density = sdl_window_density(window);
    double scale_x = (double)v->width / v->guest_width / density;
    double scale_y = (double)v->height / v->guest_height / density;
    int width = MAX(1, (int)lround(cursor->width * scale_x));
    int height = MAX(1, (int)lround(cursor->height * scale_y));
    if (width > MAX_SIZE || height > MAX_SIZE) {
        return NULL;
    }
    g_autofree guint32 *pixels = g_new0(guint32, (gsize)width * (gsize)height);
    scale(cursor, pixels, width, height);
    if (g_strcmp0(SDL_GetCurrentVideoDriver(), "x11") != 0) {
        unpremultiply(pixels, (gsize)width * (gsize)height);
    }
    int hot_x = CLAMP((int)(cursor->hot_x * scale_x), 0, width - 1);
    int hot_y = CLAMP((int)(cursor->hot_y * scale_y), 0, height - 1);
    SDL_Surface *image = SDL_CreateRGBSurfaceWithFormatFrom(pixels, width, height, 32, width * 4,
                                                            SDL_PIXELFORMAT_ARGB8888);
    if (image == NULL) {
        return NULL;
    }
    sdl_gui_unlock(window->gui);
    SDL_Cursor *shape = SDL_CreateColorCursor(image, hot_x, hot_y);
    sdl_gui_lock(window->gui);
    SDL_FreeSurface(image);
    return shape;
}

void sdl_cursor_changed(SdlWindow *window)
{
    SDL_Cursor *old = window->shape;
    window->shape = window->cursor != NULL && window->cursor_visible ? make_shape(window) : NULL;
    sdl_cursor_show(window->gui, window);
    sdl_gui_unlock(window->gui);
    g_clear_pointer(&old, SDL_FreeCursor);
    sdl_gui_lock(window->gui);
}

void sdl_cursor_show(SdlGui *gui, SdlWindow *window)
{
    gboolean text = console_is_text(window->console);
    gboolean absolute = text || input_is_absolute(gui->frontend.machine->input);
    gboolean as_host = absolute && window->shape != NULL;
    if (window->draw_cursor == as_host) {
        window->draw_cursor = !as_host;
        deferred_schedule(gui->update);
    }
    if (SDL_GetMouseFocus() != window->window) {
        return;
    }
    gboolean shaped = as_host && window->ask == NULL;
    gboolean wanted =
        shaped || gui->show_cursor || text || window->ask != NULL || (!absolute && !gui->grab);
    sdl_gui_unlock(gui);
    SDL_SetCursor(shaped ? window->shape : gui->arrow);
    SDL_ShowCursor(wanted ? SDL_ENABLE : SDL_DISABLE);
    sdl_gui_lock(gui);
}

void sdl_cursor_open(SdlGui *gui)
{
    gui->arrow = SDL_CreateSystemCursor(SDL_SYSTEM_CURSOR_ARROW);
}

void sdl_cursor_close(SdlGui *gui)
{
    g_clear_pointer(&gui->arrow, SDL_FreeCursor);
}
