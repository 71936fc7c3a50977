/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canvas in the window's own memory, which the X server shares (MIT-SHM) when it is local:
 * pixman copies or scales the damage into it, SDL tells the server of those rectangles alone.
 */
#include "core/error.h"
#include "ui/sdl/canvas.h"

/* More rectangles than this are sent as the one around them. */
#define MAX_RECTS 64

typedef struct MemoryCanvas {
    SdlCanvas canvas;
    SDL_Rect rects[MAX_RECTS];
    pixman_box32_t boxes[MAX_RECTS];
    int count;
} MemoryCanvas;

/* 0 if pixman has no such format. */
static pixman_format_code_t pixman_format(guint32 format)
{
    switch (format) {
    case SDL_PIXELFORMAT_RGB888:
    case SDL_PIXELFORMAT_ARGB8888: return PIXMAN_x8r8g8b8;
    case SDL_PIXELFORMAT_BGR888:
    case SDL_PIXELFORMAT_ABGR8888: return PIXMAN_x8b8g8r8;
    case SDL_PIXELFORMAT_RGBX8888:
    case SDL_PIXELFORMAT_RGBA8888: return PIXMAN_r8g8b8x8;
    case SDL_PIXELFORMAT_ARGB2101010: return PIXMAN_x2r10g10b10;
    case SDL_PIXELFORMAT_RGB565: return PIXMAN_r5g6b5;
    case SDL_PIXELFORMAT_RGB555: return PIXMAN_x1r5g5b5;
    default: return 0;
    }
}

static void add_rect(MemoryCanvas *memory, ScalerRect rect)
{
    if (rect.width > 0 && rect.height > 0) {
        memory->rects[memory->count] = (SDL_Rect){rect.x, rect.y, rect.width, rect.height};
        memory->boxes[memory->count] =
            (pixman_box32_t){rect.x, rect.y, rect.x + rect.width, rect.y + rect.height};
        memory->count++;
    }
}

/* What is to be drawn, in window pixels. */
static void collect_rects(MemoryCanvas *memory, const SdlFrame *frame)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(frame->damage, &count);
    memory->count = 0;
    if (frame->all) {
        add_rect(memory, (ScalerRect){0, 0, frame->width, frame->height});
        return;
    }
    if (count > MAX_RECTS) {
        boxes = pixman_region32_extents(frame->damage);
        count = 1;
    }
    for (int i = 0; i < count; i++) {
        add_rect(memory, viewport_from_guest(&frame->viewport, boxes[i].x1, boxes[i].y1,
                                             boxes[i].x2 - boxes[i].x1, boxes[i].y2 - boxes[i].y1));
    }
}

static void set_scale(pixman_image_t *image, const Viewport *v)
{
    if (v->width == (gint)v->guest_width && v->height == (gint)v->guest_height) {
        return;
    }
    pixman_transform_t scale;
    pixman_transform_init_scale(
        &scale, (pixman_fixed_t)(((gint64)v->guest_width * pixman_fixed_1) / v->width),
        (pixman_fixed_t)(((gint64)v->guest_height * pixman_fixed_1) / v->height));
    pixman_image_set_transform(image, &scale);
    pixman_image_set_filter(
        image, viewport_is_exact(v) ? PIXMAN_FILTER_NEAREST : PIXMAN_FILTER_BILINEAR, NULL, 0);
}

static void draw_picture(MemoryCanvas *memory, const SdlFrame *frame, pixman_image_t *target)
{
    const Viewport *v = &frame->viewport;
    Surface *surface = frame->surface;
    pixman_image_t *picture = pixman_image_create_bits_no_clear(
        PIXMAN_x8r8g8b8, (int)surface->width, (int)surface->height,
        (uint32_t *)(void *)surface->data, (int)surface->stride);
    set_scale(picture, v);
    pixman_image_set_repeat(picture, PIXMAN_REPEAT_PAD);
    for (int i = 0; i < memory->count; i++) {
        const SDL_Rect *r = &memory->rects[i];
        gint left = MAX(r->x, v->x);
        gint top = MAX(r->y, v->y);
        gint right = MIN(r->x + r->w, v->x + v->width);
        gint bottom = MIN(r->y + r->h, v->y + v->height);
        if (left < right && top < bottom) {
            pixman_image_composite32(PIXMAN_OP_SRC, picture, NULL, target, left - v->x, top - v->y,
                                     0, 0, left, top, right - left, bottom - top);
        }
    }
    pixman_image_unref(picture);
}

static void draw_cursor(MemoryCanvas *memory, const SdlFrame *frame, pixman_image_t *target)
{
    const Viewport *v = &frame->viewport;
    const Cursor *cursor = frame->cursor;
    pixman_image_t *image =
        pixman_image_create_bits_no_clear(PIXMAN_a8r8g8b8, (int)cursor->width, (int)cursor->height,
                                          (uint32_t *)cursor->pixels, (int)cursor->width * 4);
    pixman_region32_t clip;
    pixman_region32_t inside;
    ScalerRect at = viewport_from_guest(v, frame->cursor_x, frame->cursor_y, (gint)cursor->width,
                                        (gint)cursor->height);
    set_scale(image, v);
    pixman_region32_init_rects(&clip, memory->boxes, memory->count);
    pixman_region32_init_rect(&inside, v->x, v->y, (unsigned)v->width, (unsigned)v->height);
    pixman_region32_intersect(&clip, &clip, &inside);
    pixman_image_set_clip_region32(target, &clip);
    /* Pixels of the image at their place in the picture: the whole scaled plane is shifted. */
    gint shift_x = (gint)((gint64)frame->cursor_x * v->width / v->guest_width);
    gint shift_y = (gint)((gint64)frame->cursor_y * v->height / v->guest_height);
    pixman_image_composite32(PIXMAN_OP_OVER, image, NULL, target, at.x - v->x - shift_x,
                             at.y - v->y - shift_y, 0, 0, at.x, at.y, at.width, at.height);
    pixman_image_set_clip_region32(target, NULL);
    pixman_region32_fini(&inside);
    pixman_region32_fini(&clip);
    pixman_image_unref(image);
}

static void clear(SDL_Surface *surface)
{
    SDL_FillRect(surface, NULL, SDL_MapRGB(surface->format, 0, 0, 0));
}

static gboolean memory_draw(SdlCanvas *canvas, const SdlFrame *frame)
{
    MemoryCanvas *memory = (MemoryCanvas *)canvas;
    SDL_Surface *surface = SDL_GetWindowSurface(canvas->window);
    if (surface == NULL || surface->w != frame->width || surface->h != frame->height) {
        return FALSE;
    }
    collect_rects(memory, frame);
    if (frame->all) {
        clear(surface);
    }
    pixman_image_t *target =
        pixman_image_create_bits_no_clear(pixman_format(surface->format->format), surface->w,
                                          surface->h, surface->pixels, surface->pitch);
    draw_picture(memory, frame, target);
    if (frame->cursor != NULL) {
        draw_cursor(memory, frame, target);
    }
    pixman_image_unref(target);
    return memory->count == 0 ||
           SDL_UpdateWindowSurfaceRects(canvas->window, memory->rects, memory->count) == 0;
}

static void memory_free(SdlCanvas *canvas)
{
    g_free(canvas);
}

static const SdlCanvasOps memory_ops = {
    .name = "window memory",
    .free = memory_free,
    .draw = memory_draw,
};

SdlCanvas *sdl_canvas_memory_new(SDL_Window *window, GError **error)
{
    SDL_Surface *surface = SDL_GetWindowSurface(window);
    if (surface == NULL) {
        error_set(error, "the window's memory cannot be drawn into: %s", SDL_GetError());
        return NULL;
    }
    if (pixman_format(surface->format->format) == 0) {
        error_set(error, "the window has pixels of an unknown format (%s)",
                  SDL_GetPixelFormatName(surface->format->format));
        return NULL;
    }
    MemoryCanvas *memory = g_new0(MemoryCanvas, 1);
    memory->canvas = (SdlCanvas){&memory_ops, window};
    return &memory->canvas;
}
