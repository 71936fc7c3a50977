/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canvas of SDL's renderer: damage goes into a texture, which the GPU scales onto the window
 * anew for every frame.
 */
#include "core/error.h"
#include "ui/sdl/canvas.h"

typedef struct RendererCanvas {
    SdlCanvas canvas;
    SDL_Renderer *renderer;
    SDL_Texture *picture;
    guint width, height; /* of the picture's texture */
    SDL_Texture *cursor;
    Cursor *cursor_of; /* whose image it is */
} RendererCanvas;

static gboolean make_picture(RendererCanvas *r, const Surface *surface)
{
    if (r->picture != NULL && r->width == surface->width && r->height == surface->height) {
        return FALSE;
    }
    g_clear_pointer(&r->picture, SDL_DestroyTexture);
    r->picture = SDL_CreateTexture(r->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
                                   (int)surface->width, (int)surface->height);
    r->width = surface->width;
    r->height = surface->height;
    return TRUE;
}

static gboolean upload(RendererCanvas *r, const SdlFrame *frame)
{
    Surface *surface = frame->surface;
    gboolean fresh = make_picture(r, surface);
    if (r->picture == NULL) {
        return FALSE;
    }
    if (fresh || frame->all) {
        return SDL_UpdateTexture(r->picture, NULL, surface->data, (int)surface->stride) == 0;
    }
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(frame->damage, &count);
    for (int i = 0; i < count; i++) {
        const pixman_box32_t *b = &boxes[i];
        SDL_Rect rect = {b->x1, b->y1, b->x2 - b->x1, b->y2 - b->y1};
        const guint8 *pixels = surface->data + (gsize)b->y1 * surface->stride + (gsize)b->x1 * 4;
        if (SDL_UpdateTexture(r->picture, &rect, pixels, (int)surface->stride) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static void make_cursor(RendererCanvas *r, Cursor *cursor, gboolean again)
{
    if (r->cursor != NULL && r->cursor_of == cursor && !again) {
        return;
    }
    g_clear_pointer(&r->cursor, SDL_DestroyTexture);
    g_clear_pointer(&r->cursor_of, cursor_unref);
    r->cursor_of = cursor_ref(cursor);
    r->cursor = SDL_CreateTexture(r->renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STATIC,
                                  (int)cursor->width, (int)cursor->height);
    if (r->cursor == NULL) {
        return;
    }
    SDL_UpdateTexture(r->cursor, NULL, cursor->pixels, (int)cursor->width * 4);
    /* The pixels are premultiplied. */
    SDL_SetTextureBlendMode(
        r->cursor,
        SDL_ComposeCustomBlendMode(SDL_BLENDFACTOR_ONE, SDL_BLENDFACTOR_ONE_MINUS_SRC_ALPHA,
                                   SDL_BLENDOPERATION_ADD, SDL_BLENDFACTOR_ONE,
                                   SDL_BLENDFACTOR_ONE_MINUS_SRC_ALPHA, SDL_BLENDOPERATION_ADD));
}

static void draw_cursor(RendererCanvas *r, const SdlFrame *frame)
{
    const Viewport *v = &frame->viewport;
    make_cursor(r, frame->cursor, frame->all);
    if (r->cursor == NULL) {
        return;
    }
    float scale_x = (float)v->width / v->guest_width;
    float scale_y = (float)v->height / v->guest_height;
    SDL_FRect at = {v->x + frame->cursor_x * scale_x, v->y + frame->cursor_y * scale_y,
                    frame->cursor->width * scale_x, frame->cursor->height * scale_y};
    SDL_Rect clip = {v->x, v->y, v->width, v->height};
    SDL_RenderSetClipRect(r->renderer, &clip);
    SDL_RenderCopyF(r->renderer, r->cursor, NULL, &at);
    SDL_RenderSetClipRect(r->renderer, NULL);
}

static gboolean renderer_draw(SdlCanvas *canvas, const SdlFrame *frame)
{
    RendererCanvas *r = (RendererCanvas *)canvas;
    const Viewport *v = &frame->viewport;
    SDL_Rect at = {v->x, v->y, v->width, v->height};
    if (!upload(r, frame)) {
        return FALSE;
    }
    SDL_SetTextureScaleMode(r->picture,
                            viewport_is_exact(v) ? SDL_ScaleModeNearest : SDL_ScaleModeLinear);
    SDL_SetRenderDrawColor(r->renderer, 0, 0, 0, 255);
    SDL_RenderClear(r->renderer);
    SDL_RenderCopy(r->renderer, r->picture, NULL, &at);
    if (frame->cursor != NULL) {
        draw_cursor(r, frame);
    }
    SDL_RenderPresent(r->renderer);
    return TRUE;
}

static void renderer_free(SdlCanvas *canvas)
{
    RendererCanvas *r = (RendererCanvas *)canvas;
    g_clear_pointer(&r->cursor_of, cursor_unref);
    SDL_DestroyRenderer(r->renderer); /* and its textures */
    g_free(r);
}

static const SdlCanvasOps renderer_ops = {
    .name = "renderer",
    .free = renderer_free,
    .draw = renderer_draw,
};

SdlCanvas *sdl_canvas_renderer_new(SDL_Window *window, const char *driver, GError **error)
{
    SDL_SetHint(SDL_HINT_RENDER_DRIVER, driver);
    SDL_Renderer *renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED);
    if (renderer == NULL) {
        error_set(error, "SDL cannot draw with %s here: %s", driver != NULL ? driver : "a GPU",
                  SDL_GetError());
        return NULL;
    }
    RendererCanvas *r = g_new0(RendererCanvas, 1);
    r->canvas = (SdlCanvas){&renderer_ops, window};
    r->renderer = renderer;
    return &r->canvas;
}
