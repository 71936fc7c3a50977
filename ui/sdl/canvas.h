/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pixels of an SDL window: brings the damaged parts of a guest's picture onto it, scaled as the
 * viewport says, with the guest's cursor on top.
 *
 * There are two: one draws into the window's own memory and sends what has changed (the cheapest
 * on X11), one uploads a texture for SDL's renderer (the GPU scales; all there is on Wayland).
 * Main loop's thread; called without the vm lock.
 */
#pragma once

#include <SDL.h>

#include "core/display.h"
#include "ui/common/scaler.h"

typedef struct SdlCanvas SdlCanvas;
typedef struct SdlCanvasOps SdlCanvasOps;

/* One frame. */
typedef struct SdlFrame {
    Surface *surface;
    pixman_region32_t *damage; /* guest pixels, inside of the surface */
    Viewport viewport;         /* in the canvas' pixels */
    gint width, height;        /* of the canvas */
    gboolean all;              /* the window's contents are lost: draw everything, bars too */
    Cursor *cursor;            /* to be drawn, NULL = none */
    gint cursor_x, cursor_y;   /* of its top left corner */
} SdlFrame;

struct SdlCanvasOps {
    const char *name;
    void (*free)(SdlCanvas *canvas);
    gboolean (*draw)(SdlCanvas *canvas, const SdlFrame *frame);
};

struct SdlCanvas {
    const SdlCanvasOps *ops;
    SDL_Window *window;
};

/* Each fails if the window cannot be drawn into this way; the window stays as it was. */
SdlCanvas *sdl_canvas_memory_new(SDL_Window *window, GError **error);
SdlCanvas *sdl_canvas_renderer_new(SDL_Window *window, const char *driver, GError **error);

void sdl_canvas_free(SdlCanvas *canvas); /* NULL is fine */
/* FALSE: SDL failed, and all has to be drawn again. */
gboolean sdl_canvas_draw(SdlCanvas *canvas, const SdlFrame *frame);
