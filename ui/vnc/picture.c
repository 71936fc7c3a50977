/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/vnc/picture.h"

#include <string.h>

/* Small enough that a moving pointer costs little, large enough that rectangles are few. */
#define TILE_WIDTH  32
#define TILE_HEIGHT 16
#define TILES_MAX   ((SURFACE_MAX_SIZE + TILE_WIDTH - 1) / TILE_WIDTH)

/* More rectangles than these cost more than the pixels between them. */
#define RECTANGLES_MAX 400
/* Free frames that are kept for the next ones. */
#define SPARE_FRAMES 2

struct VncView {
    VncPicture *picture;
    pixman_region32_t damage;
};

struct VncPicture {
    GMutex inbox; /* a leaf: guards what the display says */
    Surface *surface;
    pixman_region32_t damage;

    GMutex work;       /* guards what follows; taken before the inbox, never with the vm lock */
    GPtrArray *frames; /* all there are, in use or not */
    VncFrame *current; /* one of them, with a reference; NULL before the first */
    GPtrArray *views;  /* of VncView* */
    guint8 *dirty;     /* a byte a tile, of one row of tiles */
};

/* ---- frames ---- */

VncFrame *vnc_frame_ref(VncFrame *frame)
{
    g_atomic_int_inc(&frame->refs);
    return frame;
}

void vnc_frame_unref(VncFrame *frame)
{
    if (frame) {
        g_atomic_int_add(&frame->refs, -1);
    }
}

static VncFrame *frame_new(guint width, guint height)
{
    VncFrame *frame = g_new0(VncFrame, 1);

    frame->width = width;
    frame->height = height;
    frame->stride = width * 4;
    frame->data = g_malloc((gsize)frame->stride * height);
    pixman_region32_init_rect(&frame->stale, 0, 0, width, height);
    return frame;
}

static void frame_free(gpointer data)
{
    VncFrame *frame = data;

    pixman_region32_fini(&frame->stale);
    g_free(frame->data);
    g_free(frame);
}

/* A frame of this size that nobody uses; frees those of other sizes and superfluous ones. */
static VncFrame *spare_frame(VncPicture *picture, guint width, guint height)
{
    VncFrame *found = NULL;
    guint spare = 0;

    for (guint i = picture->frames->len; i-- > 0;) {
        VncFrame *frame = g_ptr_array_index(picture->frames, i);
        if (g_atomic_int_get(&frame->refs) != 0) {
            continue;
        }
        if (frame->width != width || frame->height != height || ++spare > SPARE_FRAMES) {
            g_ptr_array_remove_index_fast(picture->frames, i);
        } else {
            found = frame;
        }
    }
    if (!found) {
        found = frame_new(width, height);
        g_ptr_array_add(picture->frames, found);
    }
    return found;
}

static void copy_region(VncFrame *frame, const guint8 *from, gsize stride,
                        pixman_region32_t *region)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(region, &count);

    for (int i = 0; i < count; i++) {
        gsize at = (gsize)boxes[i].x1 * 4, length = (gsize)(boxes[i].x2 - boxes[i].x1) * 4;
        for (int y = boxes[i].y1; y < boxes[i].y2; y++) {
            memcpy(frame->data + (gsize)y * frame->stride + at, from + (gsize)y * stride + at,
                   length);
        }
    }
}

/* ---- comparing ---- */

/* What the compiler has vector instructions for on every machine; pixels are aligned like this. */
typedef guint64 Words __attribute__((vector_size(16), aligned(4), may_alias));

/* A row of a tile, eight words. Most rows of most damage differ somewhere, so there is no early
 * end, and neither a call nor a loop, which would take longer than comparing. */
static gboolean differs(const guint8 *a, const guint8 *b)
{
    const Words *x = (const Words *)(const void *)a, *y = (const Words *)(const void *)b;
    Words difference = (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) |
                       (x[4] ^ y[4]) | (x[5] ^ y[5]) | (x[6] ^ y[6]) | (x[7] ^ y[7]);

    return (difference[0] | difference[1]) != 0;
}

/* Marks the tiles of a band that differ. */
static void compare_band(VncPicture *picture, const Surface *surface, const pixman_box32_t *band)
{
    const VncFrame *old = picture->current;
    guint first = (guint)band->x1 / TILE_WIDTH, end = ((guint)band->x2 - 1) / TILE_WIDTH + 1;
    guint whole = MIN(end, old->width / TILE_WIDTH); /* of full width */
    gsize rest = old->stride - (gsize)whole * TILE_WIDTH * 4;
    guint8 *dirty = picture->dirty;

    memset(dirty + first, 0, end - first);
    for (int y = band->y1; y < band->y2; y++) {
        const guint8 *a = surface->data + (gsize)y * surface->stride;
        const guint8 *b = old->data + (gsize)y * old->stride;
        for (guint tile = first; tile < whole; tile++) {
            gsize at = (gsize)tile * TILE_WIDTH * 4;
            dirty[tile] = dirty[tile] || differs(a + at, b + at);
        }
        if (whole < end && !dirty[whole]) {
            gsize at = (gsize)whole * TILE_WIDTH * 4;
            dirty[whole] = memcmp(a + at, b + at, rest) != 0;
        }
    }
}

static void add_dirty(VncPicture *picture, const pixman_box32_t *band, pixman_region32_t *changed)
{
    guint first = (guint)band->x1 / TILE_WIDTH, end = ((guint)band->x2 - 1) / TILE_WIDTH + 1;

    for (guint tile = first; tile < end; tile++) {
        guint begin = tile;
        while (tile < end && picture->dirty[tile]) {
            tile++;
        }
        if (tile > begin) {
            guint right = MIN(tile * TILE_WIDTH, picture->current->width);
            pixman_region32_union_rect(changed, changed, (int)(begin * TILE_WIDTH), band->y1,
                                       right - begin * TILE_WIDTH, (guint)(band->y2 - band->y1));
        }
    }
}

/* What of the damage differs from the newest frame, in whole tiles. */
static void find_changes(VncPicture *picture, const Surface *surface, pixman_region32_t *damage,
                         pixman_region32_t *changed)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(damage, &count);

    for (int i = 0; i < count; i++) {
        for (int y = boxes[i].y1; y < boxes[i].y2;) {
            int next = MIN((y / TILE_HEIGHT + 1) * TILE_HEIGHT, boxes[i].y2);
            pixman_box32_t band = {boxes[i].x1, y, boxes[i].x2, next};
            compare_band(picture, surface, &band);
            add_dirty(picture, &band, changed);
            y = next;
        }
    }
}

/* ---- making a frame ---- */

static void bound(pixman_region32_t *region)
{
    if (pixman_region32_n_rects(region) > RECTANGLES_MAX) {
        pixman_box32_t box = *pixman_region32_extents(region);
        pixman_region32_reset(region, &box);
    }
}

static void publish(VncPicture *picture, VncFrame *frame, pixman_region32_t *changed)
{
    for (guint i = 0; i < picture->frames->len; i++) {
        VncFrame *other = g_ptr_array_index(picture->frames, i);
        if (other != frame) {
            pixman_region32_union(&other->stale, &other->stale, changed);
            bound(&other->stale);
        }
    }
    pixman_region32_clear(&frame->stale);
    vnc_frame_unref(picture->current);
    picture->current = vnc_frame_ref(frame);
    for (guint i = 0; i < picture->views->len; i++) {
        VncView *view = g_ptr_array_index(picture->views, i);
        pixman_region32_union(&view->damage, &view->damage, changed);
        bound(&view->damage);
    }
}

/* The whole surface in a new size. */
static void begin_anew(VncPicture *picture, const Surface *surface)
{
    VncFrame *frame = spare_frame(picture, surface->width, surface->height);
    pixman_region32_t all;

    pixman_region32_init_rect(&all, 0, 0, surface->width, surface->height);
    copy_region(frame, surface->data, surface->stride, &all);
    for (guint i = 0; i < picture->views->len; i++) {
        VncView *view = g_ptr_array_index(picture->views, i);
        pixman_region32_clear(&view->damage);
    }
    publish(picture, frame, &all);
    pixman_region32_fini(&all);
}

static void update(VncPicture *picture, const Surface *surface, pixman_region32_t *damage)
{
    pixman_region32_t changed;

    pixman_region32_init(&changed);
    pixman_region32_intersect_rect(damage, damage, 0, 0, surface->width, surface->height);
    find_changes(picture, surface, damage, &changed);
    if (pixman_region32_not_empty(&changed)) {
        bound(&changed);
        VncFrame *frame = picture->current;
        if (g_atomic_int_get(&frame->refs) > 1) { /* a viewer has it, too */
            frame = spare_frame(picture, surface->width, surface->height);
            pixman_region32_subtract(&frame->stale, &frame->stale, &changed);
            copy_region(frame, picture->current->data, picture->current->stride, &frame->stale);
        }
        copy_region(frame, surface->data, surface->stride, &changed);
        publish(picture, frame, &changed);
    }
    pixman_region32_fini(&changed);
}

/* Work mutex held. */
static void refresh(VncPicture *picture)
{
    pixman_region32_t damage;

    pixman_region32_init(&damage);
    g_mutex_lock(&picture->inbox);
    Surface *surface = picture->surface ? surface_ref(picture->surface) : NULL;
    pixman_region32_copy(&damage, &picture->damage);
    pixman_region32_clear(&picture->damage);
    g_mutex_unlock(&picture->inbox);
    if (surface && (!picture->current || picture->current->width != surface->width ||
                    picture->current->height != surface->height)) {
        begin_anew(picture, surface);
    } else if (surface && pixman_region32_not_empty(&damage)) {
        update(picture, surface, &damage);
    }
    surface_unref(surface);
    pixman_region32_fini(&damage);
}

VncFrame *vnc_view_take(VncView *view, pixman_region32_t *damage)
{
    VncPicture *picture = view->picture;

    g_mutex_lock(&picture->work);
    refresh(picture);
    VncFrame *frame = picture->current ? vnc_frame_ref(picture->current) : NULL;
    pixman_region32_union(damage, damage, &view->damage);
    pixman_region32_clear(&view->damage);
    g_mutex_unlock(&picture->work);
    return frame;
}

/* ---- from the display ---- */

void vnc_picture_set_surface(VncPicture *picture, Surface *surface)
{
    g_mutex_lock(&picture->inbox);
    Surface *old = picture->surface;
    picture->surface = surface_ref(surface);
    pixman_region32_fini(&picture->damage);
    pixman_region32_init_rect(&picture->damage, 0, 0, surface->width, surface->height);
    g_mutex_unlock(&picture->inbox);
    surface_unref(old);
}

void vnc_picture_damage(VncPicture *picture, const pixman_region32_t *region)
{
    g_mutex_lock(&picture->inbox);
    pixman_region32_union(&picture->damage, &picture->damage, (pixman_region32_t *)region);
    g_mutex_unlock(&picture->inbox);
}

/* ---- lifecycle ---- */

VncView *vnc_view_new(VncPicture *picture)
{
    VncView *view = g_new0(VncView, 1);

    view->picture = picture;
    pixman_region32_init_rect(&view->damage, 0, 0, SURFACE_MAX_SIZE, SURFACE_MAX_SIZE);
    g_mutex_lock(&picture->work);
    g_ptr_array_add(picture->views, view);
    g_mutex_unlock(&picture->work);
    return view;
}

void vnc_view_free(VncView *view)
{
    if (view) {
        g_mutex_lock(&view->picture->work);
        g_ptr_array_remove_fast(view->picture->views, view);
        g_mutex_unlock(&view->picture->work);
        pixman_region32_fini(&view->damage);
        g_free(view);
    }
}

VncPicture *vnc_picture_new(void)
{
    VncPicture *picture = g_new0(VncPicture, 1);

    g_mutex_init(&picture->inbox);
    g_mutex_init(&picture->work);
    pixman_region32_init(&picture->damage);
    picture->frames = g_ptr_array_new_with_free_func(frame_free);
    picture->views = g_ptr_array_new();
    picture->dirty = g_malloc(TILES_MAX);
    return picture;
}

void vnc_picture_free(VncPicture *picture)
{
    g_ptr_array_unref(picture->frames);
    g_ptr_array_unref(picture->views);
    g_free(picture->dirty);
    pixman_region32_fini(&picture->damage);
    surface_unref(picture->surface);
    g_mutex_clear(&picture->inbox);
    g_mutex_clear(&picture->work);
    g_free(picture);
}
