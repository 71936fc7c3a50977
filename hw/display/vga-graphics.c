/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Graphics modes of the four planes, as the sequencer's shift registers make them: 16 colours,
 * CGA's 4 and 2, and 256 colours, chained or not (IBM VGA, "Shift Register Mode").
 *
 * A line is redrawn when the memory behind it was written, and counts as damage when it then
 * looks different.
 */
#include <string.h>

#include "hw/display/vga-core.h"

/* A character clock is 8 dots; the widest line has 256 and one more to pan in. */
#define DOTS     8
#define MAX_LINE ((VBE_MAX_XRES / DOTS + 1) * DOTS)

/* ---- a character clock of four plane bytes becomes eight dots ---- */

/* The bits of a byte as eight bytes of 0 or 1, the leftmost pixel first in memory. */
static inline guint64 spread_bits(guint8 bits)
{
    /* Eight copies, each one bit further, put every bit at the top of a byte of its own. */
    return (bits * 0x8040201008040201u) >> 7 & 0x0101010101010101u;
}

static inline void shift_planar(const VgaCore *vga, guint32 *to, const guint8 *planes)
{
    guint64 pixels = spread_bits(planes[0]) | spread_bits(planes[1]) << 1 |
                     spread_bits(planes[2]) << 2 | spread_bits(planes[3]) << 3;
    for (guint i = 0; i < DOTS; i++) {
        to[i] = vga->attr_colors[pixels >> (8 * i) & 0x0f];
    }
}

/* Pairs of bits: four pixels from planes 0 and 2, then four from 1 and 3. */
static inline void shift_interleaved(const VgaCore *vga, guint32 *to, const guint8 *planes)
{
    for (guint i = 0; i < DOTS; i++) {
        const guint8 *pair = &planes[i / 4];
        guint shift = 6 - i % 4 * 2;
        to[i] = vga->attr_colors[(pair[0] >> shift & 3) | (pair[2] >> shift & 3) << 2];
    }
}

static inline void shift_256(const VgaCore *vga, guint32 *to, const guint8 *planes)
{
    for (guint i = 0; i < DOTS; i++) {
        to[i] = vga->colors[planes[i / 2]];
    }
}

/* ---- lines ---- */

/* Draws `clocks` character clocks from CRTC address `counter` on. */
static void shift_line(const VgaCore *vga, guint32 *to, const VgaLine *line, guint clocks)
{
    const VgaMode *mode = &vga->mode;
    for (guint i = 0; i < clocks; i++, to += DOTS) {
        guint addr =
            vga_crtc_address(vga, mode, line->counter + (i >> mode->count_shift), line->row);
        const guint8 *planes = vga->mem + (gsize)addr * 4;
        if (mode->gc_mode & VGA_GC_MODE_256) {
            shift_256(vga, to, planes);
        } else if (mode->gc_mode & VGA_GC_MODE_INTERLEAVE) {
            shift_interleaved(vga, to, planes);
        } else {
            shift_planar(vga, to, planes);
        }
    }
}

/* Puts a row on the surface; FALSE if it was there already. */
static gboolean put_row(VgaCore *vga, guint y, const guint32 *pixels)
{
    Surface *surface = vga->surface;
    gsize bytes = (gsize)surface->width * 4;
    gboolean changed = FALSE;
    for (guint i = 0; i < vga->mode.scale_y; i++) {
        guint8 *to = surface->data + (gsize)(y * vga->mode.scale_y + i) * surface->stride;
        if (memcmp(to, pixels, bytes) != 0) {
            memcpy(to, pixels, bytes);
            changed = TRUE;
        }
    }
    return changed;
}

static void double_dots(guint32 *pixels, guint count)
{
    for (guint i = count; i-- > 0;) {
        pixels[2 * i] = pixels[2 * i + 1] = pixels[i];
    }
}

static gboolean line_is_dirty(const VgaCore *vga, const VgaLine *line)
{
    const VgaMode *mode = &vga->mode;
    guint last = line->counter + (mode->columns >> mode->count_shift);
    guint from = vga_crtc_address(vga, mode, line->counter, line->row);
    guint to = vga_crtc_address(vga, mode, last, line->row);
    if (to < from) { /* wraps round somewhere */
        return vga->any_dirty;
    }
    return vga_is_dirty(vga, (guint64)from * 4, (guint64)(to - from + 1) * 4);
}

/* A line that shows the same memory as the one before it. */
static gboolean same_source(const VgaMode *mode, const VgaLine *a, const VgaLine *b)
{
    guint row_bits = (mode->crtc_mode & VGA_CRTC_MODE_ROW0 ? 0 : 1) |
                     (mode->crtc_mode & VGA_CRTC_MODE_ROW1 ? 0 : 2);
    return a->counter == b->counter && a->pan == b->pan && !((a->row ^ b->row) & row_bits);
}

void vga_graphics_draw(VgaCore *vga, gboolean full)
{
    const VgaMode *mode = &vga->mode;
    guint lines = mode->height / mode->scale_y;
    guint32 pixels[MAX_LINE];
    VgaLine line, drawn = {.counter = G_MAXUINT, .pan = G_MAXUINT};
    guint run = 0; /* changed lines above this one */

    if (!full && !vga->any_dirty) {
        return;
    }
    vga_line_begin(&line);
    for (guint y = 0; y < lines; y++) {
        gboolean changed = FALSE;
        vga_line_next(&line, mode);
        if (full || line_is_dirty(vga, &line)) {
            if (!same_source(mode, &line, &drawn)) {
                shift_line(vga, pixels, &line, mode->columns + (line.pan ? 1 : 0));
                if (line.pan) {
                    memmove(pixels, pixels + line.pan, (gsize)mode->columns * DOTS * 4);
                }
                if (mode->scale_x == 2) {
                    double_dots(pixels, mode->columns * DOTS);
                }
                drawn = line;
            }
            changed = put_row(vga, y, pixels);
        }
        if (changed) {
            run++;
        } else if (run) {
            vga_damage_lines(vga, y - run, run);
            run = 0;
        }
    }
    if (run) {
        vga_damage_lines(vga, lines - run, run);
    }
}
