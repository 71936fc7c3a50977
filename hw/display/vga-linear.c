/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linear modes: rows of packed pixels. 32-bit ones are shown as they lie in memory; the others are
 * converted, row by row, where they were written.
 */
#include <string.h>

#include "hw/display/vga-core.h"

/* Four pixels at a time, which every width is a multiple of; gcc and clang both know these. */
#define BLOCK 4
typedef guint16 Pixels16 __attribute__((vector_size(8)));
typedef guint32 Pixels32 __attribute__((vector_size(16)));

typedef void (*ConvertFn)(const VgaCore *vga, guint32 *to, const guint8 *from, guint count);

/* ---- converters of one row ---- */

static void convert_8(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i++) {
        to[i] = vga->colors[from[i]];
    }
}

static inline Pixels32 from_555(Pixels32 pixel)
{
    Pixels32 wide = (pixel & 0x7c00) << 9 | (pixel & 0x03e0) << 6 | (pixel & 0x001f) << 3;
    return wide | (wide >> 5 & 0x070707);
}

static inline Pixels32 from_565(Pixels32 pixel)
{
    Pixels32 red_blue = (pixel & 0xf800) << 8 | (pixel & 0x001f) << 3;
    Pixels32 green = (pixel & 0x07e0) << 5;
    return red_blue | (red_blue >> 5 & 0x070007) | green | (green >> 6 & 0x000300);
}

static inline Pixels32 load_16(const guint8 *from, gboolean big_endian)
{
    Pixels16 pixels;
    memcpy(&pixels, from, sizeof(pixels));
    if (big_endian) {
        pixels = pixels << 8 | pixels >> 8;
    }
    return __builtin_convertvector(pixels, Pixels32);
}

static void convert_15(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i += BLOCK) {
        Pixels32 pixels = from_555(load_16(from + i * 2, FALSE));
        memcpy(to + i, &pixels, sizeof(pixels));
    }
}

static void convert_15_big(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i += BLOCK) {
        Pixels32 pixels = from_555(load_16(from + i * 2, TRUE));
        memcpy(to + i, &pixels, sizeof(pixels));
    }
}

static void convert_16(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i += BLOCK) {
        Pixels32 pixels = from_565(load_16(from + i * 2, FALSE));
        memcpy(to + i, &pixels, sizeof(pixels));
    }
}

static void convert_16_big(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i += BLOCK) {
        Pixels32 pixels = from_565(load_16(from + i * 2, TRUE));
        memcpy(to + i, &pixels, sizeof(pixels));
    }
}

static void convert_24(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i++) {
        to[i] = from[i * 3] | from[i * 3 + 1] << 8 | from[i * 3 + 2] << 16;
    }
}

static void convert_24_big(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i++) {
        to[i] = from[i * 3] << 16 | from[i * 3 + 1] << 8 | from[i * 3 + 2];
    }
}

/* Only where the surface cannot be video memory: an odd offset. */
static void convert_32(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    memcpy(to, from, (gsize)count * 4);
}

static void convert_32_big(const VgaCore *vga, guint32 *to, const guint8 *from, guint count)
{
    for (guint i = 0; i < count; i++) {
        guint32 pixel;
        memcpy(&pixel, from + (gsize)i * 4, 4);
        to[i] = GUINT32_SWAP_LE_BE(pixel);
    }
}

static ConvertFn converter(const VgaMode *mode)
{
    switch (mode->bpp) {
    case 15: return mode->big_endian ? convert_15_big : convert_15;
    case 16: return mode->big_endian ? convert_16_big : convert_16;
    case 24: return mode->big_endian ? convert_24_big : convert_24;
    case 32: return mode->big_endian ? convert_32_big : convert_32;
    default: return convert_8;
    }
}

/* ---- rows ---- */

/* Draws the rows from `y` that changed and touch each other; returns how many. */
static guint draw_run(VgaCore *vga, ConvertFn convert, guint y, gboolean full)
{
    const VgaMode *mode = &vga->mode;
    Surface *surface = vga->surface;
    guint64 length = (guint64)mode->width * ((mode->bpp + 7) / 8);
    guint count = 0;

    for (; y < mode->height; y++, count++) {
        guint64 from = mode->base + (guint64)y * mode->stride;
        if (from + length > vga->mem_size || (!full && !vga_is_dirty(vga, from, length))) {
            break;
        }
        if (convert) {
            guint32 *to = (guint32 *)(surface->data + (gsize)y * surface->stride);
            convert(vga, to, vga->mem + from, mode->width);
        }
    }
    return count;
}

void vga_linear_draw(VgaCore *vga, gboolean full)
{
    const VgaMode *mode = &vga->mode;
    gboolean is_vram = vga->surface->data == vga->mem + mode->base;

    if (!full && !vga->any_dirty) {
        return;
    }
    for (guint y = 0; y < mode->height;) {
        guint count = draw_run(vga, is_vram ? NULL : converter(mode), y, full);
        if (count) {
            vga_damage_lines(vga, y, count);
        }
        y += count + 1; /* the one after a run is known to be clean */
    }
}
