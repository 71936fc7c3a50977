/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/picture-encode.h"

#include <chafa.h>
#include <string.h>
#include <zlib.h>

/* kitty graphics protocol, "Chunked data". */
#define KITTY_CHUNK 4096
/* Rows of pixels in one character. */
#define SIXEL_HEIGHT 6

static void place_cursor(const PictureLayout *layout, CellBox box, GString *out)
{
    g_string_append_printf(out, "\033[%u;%uH", layout->row + box.row + 1,
                           layout->column + box.column + 1);
}

/* The pixels of a box, which may be cut at the picture's edge. */
static void box_pixels(const PictureLayout *layout, CellBox box, guint *x, guint *y, guint *width,
                       guint *height)
{
    *x = box.column * layout->cell_width;
    *y = box.row * layout->cell_height;
    *width = MIN(box.columns * layout->cell_width, layout->width - *x);
    *height = MIN(box.rows * layout->cell_height, layout->height - *y);
}

/* ---- kitty ---- */

/* RGB rows, deflated: quickly, most guests' screens are simple. */
static guint8 *deflate_rgb(const guint32 *pixels, guint stride, guint width, guint height,
                           gsize *length)
{
    g_autofree guint8 *rgb = g_malloc((gsize)width * height * 3);
    uLongf room = compressBound((uLong)width * height * 3);
    guint8 *packed = g_malloc(room);
    guint8 *to = rgb;

    for (guint y = 0; y < height; y++) {
        const guint32 *from = pixels + (gsize)y * stride;

        for (guint x = 0; x < width; x++) {
            *to++ = (guint8)(from[x] >> 16);
            *to++ = (guint8)(from[x] >> 8);
            *to++ = (guint8)from[x];
        }
    }
    compress2(packed, &room, rgb, (uLong)(to - rgb), 1); /* has room: cannot fail */
    *length = room;
    return packed;
}

void picture_encode_kitty(const PictureLayout *layout, const guint32 *pixels, guint stride,
                          CellBox box, guint id, GString *out)
{
    guint x, y, width, height;
    gsize length, at = 0;

    box_pixels(layout, box, &x, &y, &width, &height);
    g_autofree guint8 *packed =
        deflate_rgb(pixels + (gsize)y * stride + x, stride, width, height, &length);
    g_autofree char *text = g_base64_encode(packed, length);

    length = strlen(text);
    place_cursor(layout, box, out);
    g_string_append_printf(out, "\033_Ga=T,f=24,o=z,s=%u,v=%u,i=%u,p=1,q=2,C=1", width, height, id);
    do {
        gsize n = MIN(length - at, KITTY_CHUNK);

        g_string_append_printf(out, "%sm=%d;", at ? "\033_Gq=2," : ",", at + n < length);
        g_string_append_len(out, text + at, (gssize)n);
        g_string_append(out, "\033\\");
        at += n;
    } while (at < length);
}

/* ---- chafa ---- */

static ChafaTermInfo *image_sequences(void)
{
    ChafaTermInfo *info = chafa_term_info_new();

    /* DEC STD 070, sixel graphics: P2 = 1 leaves what no sixel sets. */
    chafa_term_info_set_seq(info, CHAFA_TERM_SEQ_BEGIN_SIXELS, "\033P%1;%2;%3q", NULL);
    chafa_term_info_set_seq(info, CHAFA_TERM_SEQ_END_SIXELS, "\033\\", NULL);
    /* iterm2.com/documentation-images.html */
    chafa_term_info_set_seq(
        info, CHAFA_TERM_SEQ_BEGIN_ITERM2_IMAGE,
        "\033]1337;File=inline=1;width=%1;height=%2;preserveAspectRatio=0:", NULL);
    chafa_term_info_set_seq(info, CHAFA_TERM_SEQ_END_ITERM2_IMAGE, "\a", NULL);
    return info;
}

/* A box's pixels with transparent ones to the right and below, up to width x height. */
static guint32 *pad(const PictureLayout *layout, const guint32 *pixels, guint stride, CellBox box,
                    guint width, guint height)
{
    guint32 *padded = g_new0(guint32, (gsize)width * height);
    guint x, y, from_width, from_height;

    box_pixels(layout, box, &x, &y, &from_width, &from_height);
    for (guint i = 0; i < from_height; i++) {
        memcpy(padded + (gsize)i * width, pixels + (gsize)(y + i) * stride + x, from_width * 4);
    }
    return padded;
}

void picture_encode_chafa(const PictureLayout *layout, const guint32 *pixels, guint stride,
                          CellBox box, GString *out)
{
    gboolean is_sixel = layout->kind == TERM_GRAPHICS_SIXEL;
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    ChafaTermInfo *info = image_sequences();
    guint width = box.columns * layout->cell_width, height = box.rows * layout->cell_height;
    g_autofree guint32 *padded = NULL;
    ChafaCanvas *canvas;
    GString *text;

    chafa_canvas_config_set_canvas_mode(config, CHAFA_CANVAS_MODE_TRUECOLOR);
    if (is_sixel) {
        guint x, y;

        /* Whole sixels, or chafa would shrink the picture: one cell of the size of all. */
        box_pixels(layout, box, &x, &y, &width, &height);
        height = (height + SIXEL_HEIGHT - 1) / SIXEL_HEIGHT * SIXEL_HEIGHT;
        chafa_canvas_config_set_pixel_mode(config, CHAFA_PIXEL_MODE_SIXELS);
        chafa_canvas_config_set_geometry(config, 1, 1);
        chafa_canvas_config_set_cell_geometry(config, (gint)width, (gint)height);
    } else {
        chafa_canvas_config_set_pixel_mode(config, CHAFA_PIXEL_MODE_ITERM2);
        chafa_canvas_config_set_geometry(config, (gint)box.columns, (gint)box.rows);
        chafa_canvas_config_set_cell_geometry(config, (gint)layout->cell_width,
                                              (gint)layout->cell_height);
    }
    padded = pad(layout, pixels, stride, box, width, height);
    canvas = chafa_canvas_new(config);
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_BGRA8_UNASSOCIATED, (const guint8 *)padded,
                                 (gint)width, (gint)height, (gint)(width * 4));
    text = chafa_canvas_print(canvas, info);
    place_cursor(layout, box, out);
    g_string_append_len(out, text->str, (gssize)text->len);
    g_string_free(text, TRUE);
    chafa_canvas_unref(canvas);
    chafa_term_info_unref(info);
    chafa_canvas_config_unref(config);
}

static ChafaCanvasMode canvas_mode(GridColors colors)
{
    switch (colors) {
    case GRID_COLORS_256: return CHAFA_CANVAS_MODE_INDEXED_240;
    case GRID_COLORS_16: return CHAFA_CANVAS_MODE_INDEXED_16;
    case GRID_COLORS_8: return CHAFA_CANVAS_MODE_INDEXED_8;
    case GRID_COLORS_MONO: return CHAFA_CANVAS_MODE_FGBG_BGFG;
    case GRID_COLORS_AUTO:
    case GRID_COLORS_24BIT: break;
    }
    return CHAFA_CANVAS_MODE_TRUECOLOR;
}

void picture_encode_blocks(const PictureLayout *layout, const guint32 *pixels, guint stride,
                           CellBox box, Grid *cells)
{
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    ChafaSymbolMap *symbols = chafa_symbol_map_new();
    guint x, y, width, height;
    ChafaCanvas *canvas;

    chafa_symbol_map_add_by_tags(symbols, CHAFA_SYMBOL_TAG_SPACE | CHAFA_SYMBOL_TAG_SOLID |
                                              CHAFA_SYMBOL_TAG_BLOCK | CHAFA_SYMBOL_TAG_BORDER |
                                              CHAFA_SYMBOL_TAG_DIAGONAL | CHAFA_SYMBOL_TAG_QUAD |
                                              CHAFA_SYMBOL_TAG_HALF);
    chafa_canvas_config_set_symbol_map(config, symbols);
    chafa_canvas_config_set_canvas_mode(config, canvas_mode(layout->colors));
    chafa_canvas_config_set_cell_geometry(config, (gint)layout->cell_width,
                                          (gint)layout->cell_height);
    /* The middle: a cell's look is wanted soon, not at its best. */
    chafa_canvas_config_set_work_factor(config, 0.3F);
    box_pixels(layout, box, &x, &y, &width, &height);
    chafa_canvas_config_set_geometry(config, (gint)box.columns, (gint)box.rows);
    canvas = chafa_canvas_new(config);
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_BGRA8_PREMULTIPLIED,
                                 (const guint8 *)(pixels + (gsize)y * stride + x), (gint)width,
                                 (gint)height, (gint)(stride * 4));
    for (guint row = 0; row < box.rows; row++) {
        for (guint column = 0; column < box.columns; column++) {
            GridCell *cell = grid_cell(cells, box.column + column, box.row + row);
            gint fg, bg;

            cell->ch = chafa_canvas_get_char_at(canvas, (gint)column, (gint)row);
            chafa_canvas_get_colors_at(canvas, (gint)column, (gint)row, &fg, &bg);
            cell->fg = fg < 0 ? 0xaaaaaa : (guint32)fg & 0xffffff;
            cell->bg = bg < 0 ? 0 : (guint32)bg & 0xffffff;
            cell->flags = 0;
        }
    }
    chafa_canvas_unref(canvas);
    chafa_symbol_map_unref(symbols);
    chafa_canvas_config_unref(config);
}
