/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/picture.h"

#include <string.h>

#include "mainloop/timer.h"
#include "ui/common/scaler.h"
#include "ui/terminal/picture-encode.h"

/* About the pixels of a tile; whole cells of them. */
#define TILE_WIDTH  128
#define TILE_HEIGHT 64
/* "V": ids of other programs' images in the same terminal are left alone. */
#define KITTY_FIRST_ID 0x56000000U

struct Picture {
    WorkerPool *workers;
    void (*done)(void *opaque);
    void *opaque;
    gboolean busy, orphan;
    /* the frame under way, or the last one */
    PictureLayout layout;
    gboolean full;
    Surface *surface;
    PictureCursor cursor;
    pixman_region32_t damage;
    guint64 encode_ns;
    /* kept from frame to frame; the worker's while busy */
    guint32 *pixels;               /* the scaled picture, opaque a8r8g8b8 */
    guint tile_columns, tile_rows; /* cells a tile */
    guint across, down;            /* tiles */
    guint64 *hashes;               /* of tiles */
    guint8 *changed;               /* tiles: 0 no, 1 may have, 2 has */
    GString *bytes;
    Grid cells;
};

/* ---- scaling ---- */

static void set_filter(pixman_image_t *image, const PictureLayout *layout)
{
    double x = (double)layout->guest_width / layout->width;
    double y = (double)layout->guest_height / layout->height;
    pixman_transform_t transform;
    Viewport viewport = {.guest_width = layout->guest_width,
                         .guest_height = layout->guest_height,
                         .width = (gint)layout->width,
                         .height = (gint)layout->height};

    if (x == 1 && y == 1) {
        return;
    }
    pixman_transform_init_scale(&transform, pixman_double_to_fixed(x), pixman_double_to_fixed(y));
    pixman_image_set_transform(image, &transform);
    pixman_image_set_repeat(image, PIXMAN_REPEAT_PAD);
    if (viewport_is_exact(&viewport)) {
        pixman_image_set_filter(image, PIXMAN_FILTER_NEAREST, NULL, 0);
    } else if (x <= 2 && y <= 2) {
        pixman_image_set_filter(image, PIXMAN_FILTER_BILINEAR, NULL, 0);
    } else {
        /* Beyond a half, two neighbours are not enough: what lies between would vanish. */
        int count;
        pixman_fixed_t *params = pixman_filter_create_separable_convolution(
            &count, pixman_double_to_fixed(x), pixman_double_to_fixed(y), PIXMAN_KERNEL_BOX,
            PIXMAN_KERNEL_BOX, PIXMAN_KERNEL_BOX, PIXMAN_KERNEL_BOX, 2, 2);

        pixman_image_set_filter(image, PIXMAN_FILTER_SEPARABLE_CONVOLUTION, params, count);
        free(params);
    }
}

static ScalerRect scaled_rect(const Picture *picture, const pixman_box32_t *box)
{
    const PictureLayout *layout = &picture->layout;
    Viewport viewport = {.guest_width = layout->guest_width,
                         .guest_height = layout->guest_height,
                         .width = (gint)layout->width,
                         .height = (gint)layout->height};
    gint margin = layout->guest_width > 2 * layout->width ? 2 : 0;

    return viewport_from_guest(&viewport, box->x1 - margin, box->y1 - margin,
                               box->x2 - box->x1 + 2 * margin, box->y2 - box->y1 + 2 * margin);
}

static void mark_tiles(Picture *picture, ScalerRect rect)
{
    guint width = picture->tile_columns * picture->layout.cell_width;
    guint height = picture->tile_rows * picture->layout.cell_height;

    for (guint y = (guint)rect.y / height; y <= (guint)(rect.y + rect.height - 1) / height; y++) {
        for (guint x = (guint)rect.x / width; x <= (guint)(rect.x + rect.width - 1) / width; x++) {
            picture->changed[y * picture->across + x] = 1;
        }
    }
}

static void draw_cursor(Picture *picture, pixman_image_t *target, ScalerRect rect)
{
    Cursor *cursor = picture->cursor.image;
    const PictureLayout *layout = &picture->layout;
    pixman_image_t *image =
        pixman_image_create_bits_no_clear(PIXMAN_a8r8g8b8, (int)cursor->width, (int)cursor->height,
                                          cursor->pixels, (int)cursor->width * 4);
    /* Where the cursor's own top left corner lies in the scaled picture. */
    double x = (double)(picture->cursor.x - cursor->hot_x) * layout->width / layout->guest_width;
    double y = (double)(picture->cursor.y - cursor->hot_y) * layout->height / layout->guest_height;
    gint left = (gint)(x < 0 ? x - 1 : x), top = (gint)(y < 0 ? y - 1 : y);

    set_filter(image, layout);
    pixman_image_set_repeat(image, PIXMAN_REPEAT_NONE);
    pixman_image_composite32(PIXMAN_OP_OVER, image, NULL, target, rect.x - left, rect.y - top, 0, 0,
                             rect.x, rect.y, rect.width, rect.height);
    pixman_image_unref(image);
}

static void scale(Picture *picture)
{
    const PictureLayout *layout = &picture->layout;
    Surface *surface = picture->surface;
    pixman_image_t *source = pixman_image_create_bits_no_clear(
        PIXMAN_x8r8g8b8, (int)surface->width, (int)surface->height,
        (guint32 *)(void *)surface->data, (int)surface->stride);
    pixman_image_t *target =
        pixman_image_create_bits_no_clear(PIXMAN_a8r8g8b8, (int)layout->width, (int)layout->height,
                                          picture->pixels, (int)layout->width * 4);
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(&picture->damage, &count);

    set_filter(source, layout);
    for (int i = 0; i < count; i++) {
        ScalerRect rect = scaled_rect(picture, &boxes[i]);

        if (rect.width <= 0 || rect.height <= 0) {
            continue;
        }
        pixman_image_composite32(PIXMAN_OP_SRC, source, NULL, target, rect.x, rect.y, 0, 0, rect.x,
                                 rect.y, rect.width, rect.height);
        if (picture->cursor.image) {
            draw_cursor(picture, target, rect);
        }
        mark_tiles(picture, rect);
    }
    pixman_image_unref(source);
    pixman_image_unref(target);
}

/* ---- tiles ---- */

static CellBox tile_box(const Picture *picture, guint x, guint y)
{
    CellBox box = {.column = x * picture->tile_columns, .row = y * picture->tile_rows};

    box.columns = MIN(picture->tile_columns, picture->layout.columns - box.column);
    box.rows = MIN(picture->tile_rows, picture->layout.rows - box.row);
    return box;
}

static guint64 tile_hash(const Picture *picture, CellBox box)
{
    const PictureLayout *layout = &picture->layout;
    guint x = box.column * layout->cell_width, y = box.row * layout->cell_height;
    guint right = MIN(x + box.columns * layout->cell_width, layout->width);
    guint bottom = MIN(y + box.rows * layout->cell_height, layout->height);
    guint64 hash = 1;

    for (; y < bottom; y++) {
        const guint32 *row = picture->pixels + (gsize)y * layout->width;

        for (guint i = x; i < right; i++) {
            hash = (hash ^ row[i]) * 0x9e3779b97f4a7c15ULL;
            hash ^= hash >> 29;
        }
    }
    return hash;
}

/* What was damaged is often what it was before. Returns how many have changed. */
static guint find_changes(Picture *picture)
{
    guint count = 0;

    for (guint i = 0; i < picture->across * picture->down; i++) {
        guint64 hash;

        if (!picture->changed[i]) {
            continue;
        }
        hash = tile_hash(picture, tile_box(picture, i % picture->across, i / picture->across));
        picture->changed[i] = picture->full || hash != picture->hashes[i] ? 2 : 0;
        picture->hashes[i] = hash;
        count += picture->changed[i] != 0;
    }
    return count;
}

/* ---- encoding ---- */

/* Tiles from x, y on that have changed, as far right as they go, then as far down. */
static CellBox take_box(Picture *picture, guint x, guint y)
{
    guint right = x, bottom = y;
    CellBox box = tile_box(picture, x, y), corner;

    while (right + 1 < picture->across && picture->changed[y * picture->across + right + 1]) {
        right++;
    }
    for (gboolean whole = TRUE; whole && bottom + 1 < picture->down;) {
        for (guint i = x; i <= right; i++) {
            whole &= picture->changed[(bottom + 1) * picture->across + i] != 0;
        }
        bottom += whole;
    }
    for (guint j = y; j <= bottom; j++) {
        memset(picture->changed + (gsize)j * picture->across + x, 0, right - x + 1);
    }
    corner = tile_box(picture, right, bottom);
    box.columns = corner.column + corner.columns - box.column;
    box.rows = corner.row + corner.rows - box.row;
    return box;
}

static void encode_tile(Picture *picture, guint x, guint y)
{
    const PictureLayout *layout = &picture->layout;
    guint tile = y * picture->across + x;

    switch (layout->kind) {
    case TERM_GRAPHICS_KITTY:
        picture->changed[tile] = 0;
        picture_encode_kitty(layout, picture->pixels, layout->width, tile_box(picture, x, y),
                             KITTY_FIRST_ID + tile, picture->bytes);
        break;
    case TERM_GRAPHICS_SIXEL:
    case TERM_GRAPHICS_ITERM:
        picture_encode_chafa(layout, picture->pixels, layout->width, take_box(picture, x, y),
                             picture->bytes);
        break;
    default:
        picture_encode_blocks(layout, picture->pixels, layout->width, take_box(picture, x, y),
                              &picture->cells);
    }
}

static void encode(Picture *picture)
{
    for (guint y = 0; y < picture->down; y++) {
        for (guint x = 0; x < picture->across; x++) {
            if (picture->changed[y * picture->across + x]) {
                encode_tile(picture, x, y);
            }
        }
    }
}

/* ---- frames ---- */

static void apply_layout(Picture *picture, const PictureLayout *layout)
{
    picture->layout = *layout;
    picture->tile_columns = MAX(TILE_WIDTH / layout->cell_width, 1);
    picture->tile_rows = MAX(TILE_HEIGHT / layout->cell_height, 1);
    picture->across = (layout->columns + picture->tile_columns - 1) / picture->tile_columns;
    picture->down = (layout->rows + picture->tile_rows - 1) / picture->tile_rows;
    picture->pixels = g_renew(guint32, picture->pixels, (gsize)layout->width * layout->height);
    picture->hashes = g_renew(guint64, picture->hashes, (gsize)picture->across * picture->down);
    picture->changed = g_renew(guint8, picture->changed, (gsize)picture->across * picture->down);
    memset(picture->changed, 0, (gsize)picture->across * picture->down);
    grid_resize(&picture->cells, layout->columns, layout->rows, 0);
}

static void destroy(Picture *picture)
{
    g_free(picture->pixels);
    g_free(picture->hashes);
    g_free(picture->changed);
    g_string_free(picture->bytes, TRUE);
    grid_clear(&picture->cells);
    pixman_region32_fini(&picture->damage);
    g_free(picture);
}

/* In a worker. */
static void work(void *opaque)
{
    Picture *picture = opaque;
    gint64 start = g_get_monotonic_time();

    g_string_truncate(picture->bytes, 0);
    scale(picture);
    if (find_changes(picture)) {
        encode(picture);
    }
    picture->encode_ns = (guint64)(g_get_monotonic_time() - start) * NS_PER_US;
}

static void work_done(void *opaque)
{
    Picture *picture = opaque;

    picture->busy = FALSE;
    g_clear_pointer(&picture->surface, surface_unref);
    g_clear_pointer(&picture->cursor.image, cursor_unref);
    if (picture->orphan) {
        destroy(picture);
    } else {
        picture->done(picture->opaque);
    }
}

void picture_start(Picture *picture, const PictureLayout *layout, Surface *surface,
                   const PictureCursor *cursor, const pixman_region32_t *damage)
{
    g_assert(!picture->busy && layout->guest_width == surface->width &&
             layout->guest_height == surface->height);
    picture->full = !damage || memcmp(layout, &picture->layout, sizeof(*layout)) != 0;
    pixman_region32_fini(&picture->damage);
    if (picture->full) {
        apply_layout(picture, layout);
        pixman_region32_init_rect(&picture->damage, 0, 0, surface->width, surface->height);
    } else {
        pixman_region32_init(&picture->damage);
        pixman_region32_copy(&picture->damage, damage);
    }
    picture->surface = surface_ref(surface);
    picture->cursor = *cursor;
    if (cursor->image) {
        cursor_ref(cursor->image);
    }
    picture->busy = TRUE;
    worker_submit(picture->workers, work, work_done, picture);
}

Picture *picture_new(WorkerPool *workers, void (*done)(void *opaque), void *opaque)
{
    Picture *picture = g_new0(Picture, 1);

    picture->workers = workers;
    picture->done = done;
    picture->opaque = opaque;
    picture->bytes = g_string_new(NULL);
    pixman_region32_init(&picture->damage);
    return picture;
}

void picture_free(Picture *picture)
{
    if (picture && picture->busy) {
        picture->orphan = TRUE;
    } else if (picture) {
        destroy(picture);
    }
}

gboolean picture_is_busy(const Picture *picture)
{
    return picture->busy;
}

const PictureLayout *picture_layout(const Picture *picture)
{
    return &picture->layout;
}

const GString *picture_bytes(const Picture *picture)
{
    return picture->bytes;
}

const Grid *picture_cells(const Picture *picture)
{
    return &picture->cells;
}

guint64 picture_encode_ns(const Picture *picture)
{
    return picture->encode_ns;
}

const char *picture_forget(TermGraphics kind)
{
    return kind == TERM_GRAPHICS_KITTY ? "\033_Ga=d,d=A,q=2\033\\" : "";
}
