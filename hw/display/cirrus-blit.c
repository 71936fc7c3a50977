/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bit block transfer engine of the CL-GD5446 (5446 TRM, "BitBLT Engine"). A transfer goes row
 * by row: a row of source bytes is made, joined with what is there, and written, but for pixels
 * that are transparent. Long ones are done in parts, so that others have the lock in between.
 */
#include <string.h>

#include "hw/display/cirrus.h"

#define PART_BYTES (256 * 1024)

/* ---- raster operations ---- */

typedef void (*RopFn)(guint8 *d, const guint8 *s, guint count);

#define ROP(name, result)                                           \
    static void rop_##name(guint8 *d, const guint8 *s, guint count) \
    {                                                               \
        for (guint i = 0; i < count; i++) {                         \
            d[i] = (guint8)(result);                                \
        }                                                           \
    }

ROP(black, 0)
ROP(and, s[i] & d[i])
ROP(keep, d[i])
ROP(and_not, s[i] & ~d[i])
ROP(not, ~d[i])
ROP(copy, s[i])
ROP(white, 0xff)
ROP(not_and, ~s[i] & d[i])
ROP(xor, s[i] ^ d[i])
ROP(or, s[i] | d[i])
ROP(nor, ~(s[i] | d[i]))
ROP(xnor, ~(s[i] ^ d[i]))
ROP(or_not, s[i] | ~d[i])
ROP(not_copy, ~s[i])
ROP(not_or, ~s[i] | d[i])
ROP(nand, ~(s[i] & d[i]))

/* Codes of GR32; others are undefined, and keep what is there. */
static RopFn find_rop(guint8 code)
{
    static const struct {
        guint8 code;
        RopFn fn;
    } rops[] = {
        {0x00, rop_black},  {0x05, rop_and},      {0x06, rop_keep},   {0x09, rop_and_not},
        {0x0b, rop_not},    {0x0d, rop_copy},     {0x0e, rop_white},  {0x50, rop_not_and},
        {0x59, rop_xor},    {0x6d, rop_or},       {0x90, rop_nor},    {0x95, rop_xnor},
        {0xad, rop_or_not}, {0xd0, rop_not_copy}, {0xd6, rop_not_or}, {0xda, rop_nand},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rops); i++) {
        if (rops[i].code == code) {
            return rops[i].fn;
        }
    }
    return rop_keep;
}

/* ---- video memory: addresses wrap at its end ---- */

static void read_memory(const Cirrus *cirrus, guint32 from, guint8 *to, guint count)
{
    const VgaCore *vga = &cirrus->vga;
    guint part;

    for (; count; from += part, to += part, count -= part) {
        from &= vga->mem_size - 1;
        part = MIN(count, vga->mem_size - from);
        memcpy(to, vga->mem + from, part);
    }
}

static void write_memory(Cirrus *cirrus, guint32 to, const guint8 *from, guint count)
{
    VgaCore *vga = &cirrus->vga;
    guint part;

    for (; count; from += part, to += part, count -= part) {
        to &= vga->mem_size - 1;
        part = MIN(count, vga->mem_size - to);
        memcpy(vga->mem + to, from, part);
        vga_wrote(vga, to, part);
    }
}

/* ---- a row of source bytes, and which of them are written ---- */

static void put_pixel(guint8 *to, guint32 color, guint size)
{
    for (guint i = 0; i < size; i++) {
        to[i] = (guint8)(color >> i * 8);
    }
}

/* Bits, the first one highest, become pixels of the two colours. */
static void expand(const CirrusBlit *blit, const guint8 *bits, gboolean wraps, guint8 *source,
                   guint8 *mask)
{
    gboolean inverted = (blit->extensions & BLT_EXT_INVERT) != 0;
    guint skip = blit->pixel == 3 ? blit->skip / 3 : blit->skip;

    for (guint n = 0; n * blit->pixel < blit->width; n++) {
        guint at = n + (wraps ? 0 : skip);
        gboolean one = bits[wraps ? 0 : at / 8] >> (7 - at % 8) & 1;
        gboolean written = !(blit->mode & BLT_MODE_TRANSPARENT) || one != inverted;
        guint offset = n * blit->pixel;
        guint size = MIN(blit->pixel, blit->width - offset);

        put_pixel(source + offset, one ? blit->fg : blit->bg, size);
        memset(mask + offset, written ? 0xff : 0, size);
    }
}

/* Pixels of the colour that is not copied; it has 8 or 16 bits. */
static void mask_transparent(const CirrusBlit *blit, const guint8 *source, guint8 *mask)
{
    guint size = MIN(blit->pixel, 2);

    for (guint i = 0; i + size <= blit->width; i += size) {
        gboolean same = source[i] == (blit->transparent & 0xff) &&
                        (size == 1 || source[i + 1] == blit->transparent >> 8);

        memset(mask + i, same ? 0 : 0xff, size);
    }
}

/* Eight rows of eight pixels; those of 24 bits begin every 32 bytes. The lowest bits of the source
 * address say which row is the first. */
static void make_pattern(const Cirrus *cirrus, guint8 *source, guint8 *mask)
{
    const CirrusBlit *blit = &cirrus->blit;
    gboolean mono = (blit->mode & BLT_MODE_EXPAND) != 0;
    guint row = (blit->src + blit->row) & 7;
    guint row_bytes = 8 * blit->pixel;
    guint32 base = blit->src & ~7u;
    guint8 pattern[32];

    if (mono) {
        read_memory(cirrus, base + row, pattern, 1);
        expand(blit, pattern, TRUE, source, mask);
        return;
    }
    read_memory(cirrus, base + row * (blit->pixel == 3 ? 32 : row_bytes), pattern, row_bytes);
    for (guint i = 0; i < blit->width; i++) {
        source[i] = pattern[i % row_bytes];
    }
}

static void make_row(const Cirrus *cirrus, guint8 *source, guint8 *mask)
{
    const CirrusBlit *blit = &cirrus->blit;
    gboolean backwards = (blit->mode & BLT_MODE_BACKWARDS) != 0;
    guint8 bits[BLT_ROW_MAX / 8 + 8];

    if (blit->extensions & BLT_EXT_SOLID) {
        for (guint i = 0; i < blit->width; i += blit->pixel) {
            put_pixel(source + i, blit->fg, MIN(blit->pixel, blit->width - i));
        }
    } else if (blit->mode & BLT_MODE_PATTERN) {
        make_pattern(cirrus, source, mask);
    } else if (blit->mode & BLT_MODE_FROM_SYSTEM) {
        if (blit->mode & BLT_MODE_EXPAND) {
            expand(blit, blit->data, FALSE, source, mask);
        } else {
            memcpy(source, blit->data, blit->width);
        }
    } else if (blit->mode & BLT_MODE_EXPAND) {
        read_memory(cirrus, blit->src, bits, sizeof bits);
        expand(blit, bits, FALSE, source, mask);
    } else {
        read_memory(cirrus, backwards ? blit->src - (blit->width - 1) : blit->src, source,
                    blit->width);
    }
    if ((blit->mode & (BLT_MODE_TRANSPARENT | BLT_MODE_EXPAND)) == BLT_MODE_TRANSPARENT) {
        mask_transparent(blit, source, mask);
    }
}

/* ---- rows ---- */

/* With a clip at the left the first pixels of a row stay as they are. */
static void clip_left(const CirrusBlit *blit, guint8 *mask)
{
    guint bytes = blit->pixel == 3 ? blit->skip : blit->skip * blit->pixel;

    memset(mask, 0, MIN(bytes, blit->width));
}

static void draw_row(Cirrus *cirrus)
{
    CirrusBlit *blit = &cirrus->blit;
    gboolean backwards = (blit->mode & BLT_MODE_BACKWARDS) != 0;
    guint32 to = backwards ? blit->dst - (blit->width - 1) : blit->dst;
    guint8 source[BLT_ROW_MAX + 4], mask[BLT_ROW_MAX + 4], before[BLT_ROW_MAX];
    guint8 after[BLT_ROW_MAX];

    memset(mask, 0xff, blit->width);
    make_row(cirrus, source, mask);
    clip_left(blit, mask);
    read_memory(cirrus, to, before, blit->width);
    memcpy(after, before, blit->width);
    find_rop(blit->rop)(after, source, blit->width);
    for (guint i = 0; i < blit->width; i++) {
        after[i] = (after[i] & mask[i]) | (before[i] & ~mask[i]);
    }
    write_memory(cirrus, to, after, blit->width);
}

static void next_row(Cirrus *cirrus)
{
    CirrusBlit *blit = &cirrus->blit;

    blit->dst += (guint32)blit->dst_step;
    if (!(blit->mode & BLT_MODE_PATTERN)) {
        blit->src += (guint32)blit->src_step;
    }
    blit->row++;
    blit->got = 0;
    if (--blit->height == 0) {
        cirrus_blit_abort(cirrus);
    }
}

void cirrus_blit_some(Cirrus *cirrus)
{
    CirrusBlit *blit = &cirrus->blit;
    guint bytes = 0;

    if (cirrus_blit_wants_data(cirrus)) {
        return;
    }
    while (blit->height && bytes < PART_BYTES) {
        bytes += blit->width;
        draw_row(cirrus);
        next_row(cirrus);
    }
    if (blit->height) {
        deferred_schedule(cirrus->work);
    }
}

void cirrus_blit_finish(Cirrus *cirrus)
{
    while (cirrus->blit.height && !cirrus_blit_wants_data(cirrus)) {
        cirrus_blit_some(cirrus);
    }
}

void cirrus_blit_abort(Cirrus *cirrus)
{
    cirrus->blit.height = 0;
    cirrus->gc[GR_BLT_START] &= (guint8) ~(BLT_START_BUSY | BLT_START_START | BLT_START_PROGRESS);
    deferred_cancel(cirrus->work);
    cirrus_update_windows(cirrus);
}

/* ---- data from the system ---- */

gboolean cirrus_blit_wants_data(const Cirrus *cirrus)
{
    return cirrus->blit.height && (cirrus->blit.mode & BLT_MODE_FROM_SYSTEM);
}

void cirrus_blit_data(Cirrus *cirrus, guint64 value, guint size)
{
    CirrusBlit *blit = &cirrus->blit;

    for (guint i = 0; i < size && blit->height; i++) {
        blit->data[blit->got++] = (guint8)(value >> i * 8);
        if (blit->got == blit->wanted) {
            draw_row(cirrus);
            next_row(cirrus);
        }
    }
}

/* Bytes that the system sends for a row. */
static guint row_wanted(const CirrusBlit *blit)
{
    guint pixels = (blit->width + blit->pixel - 1) / blit->pixel;
    guint skip = blit->pixel == 3 ? blit->skip / 3 : blit->skip;

    if (!(blit->mode & BLT_MODE_EXPAND)) {
        return (blit->width + 3) & ~3u;
    }
    guint bytes = (pixels + skip + 7) / 8;
    return blit->extensions & BLT_EXT_DWORDS ? (bytes + 3) & ~3u : bytes;
}

/* ---- registers ---- */

static guint gc_word(const Cirrus *cirrus, guint index, guint mask)
{
    return (cirrus->gc[index] | cirrus->gc[index + 1] << 8) & mask;
}

static guint32 gc_address(const Cirrus *cirrus, guint index)
{
    return gc_word(cirrus, index, 0xffff) | (guint32)(cirrus->gc[index + 2] & 0x3f) << 16;
}

static void start(Cirrus *cirrus)
{
    const guint8 *gc = cirrus->gc;
    CirrusBlit *blit = &cirrus->blit;
    guint8 mode = gc[GR_BLT_MODE];
    gint sign = mode & BLT_MODE_BACKWARDS ? -1 : 1;

    memset(blit, 0, sizeof *blit);
    if (mode & BLT_MODE_TO_SYSTEM) {
        device_warn_once(&cirrus->pci.device, "a transfer to the system is not carried out");
        cirrus_blit_abort(cirrus);
        return;
    }
    blit->mode = mode;
    blit->rop = gc[GR_BLT_ROP];
    blit->extensions = gc[GR_BLT_EXTENSIONS];
    if ((blit->extensions & BLT_EXT_SOLID) &&
        (mode & (BLT_MODE_PATTERN | BLT_MODE_EXPAND)) != (BLT_MODE_PATTERN | BLT_MODE_EXPAND)) {
        blit->extensions &= (guint8)~BLT_EXT_SOLID; /* it is a kind of expanded pattern */
    }
    blit->pixel = ((mode & BLT_MODE_WIDTH) >> 4) + 1;
    blit->width = gc_word(cirrus, GR_BLT_WIDTH, 0x1fff) + 1;
    blit->height = gc_word(cirrus, GR_BLT_HEIGHT, 0x7ff) + 1;
    blit->dst = gc_address(cirrus, GR_BLT_DST);
    blit->src = gc_address(cirrus, GR_BLT_SRC);
    blit->dst_step = (gint)gc_word(cirrus, GR_BLT_DST_PITCH, 0x1fff) * sign;
    blit->src_step = (gint)gc_word(cirrus, GR_BLT_SRC_PITCH, 0x1fff) * sign;
    blit->skip = gc[GR_BLT_LEFT_CLIP] & (blit->pixel == 3 ? 0x1f : 0x07);
    blit->fg = gc[0x01] | gc[0x11] << 8 | gc[0x13] << 16 | (guint32)gc[0x15] << 24;
    blit->bg = gc[0x00] | gc[0x10] << 8 | gc[0x12] << 16 | (guint32)gc[0x14] << 24;
    blit->transparent = (guint16)gc_word(cirrus, GR_BLT_TRANSPARENT, 0xffff);
    blit->wanted = row_wanted(blit);
    if ((mode & (BLT_MODE_EXPAND | BLT_MODE_PATTERN)) == BLT_MODE_EXPAND) {
        blit->src_step = (gint)blit->wanted; /* bits of rows follow each other */
    }
    cirrus->gc[GR_BLT_START] |= BLT_START_BUSY | BLT_START_PROGRESS;
    cirrus_update_windows(cirrus);
    cirrus_blit_some(cirrus);
}

void cirrus_blit_written(Cirrus *cirrus, guint index, guint8 old)
{
    guint8 value = cirrus->gc[index];

    if (index == GR_BLT_START) {
        cirrus->gc[index] = (value & ~(BLT_START_BUSY | BLT_START_PROGRESS)) |
                            (old & (BLT_START_BUSY | BLT_START_PROGRESS));
        if (value & BLT_START_RESET) {
            cirrus_blit_abort(cirrus);
        } else if ((value & BLT_START_START) && !(old & BLT_START_START)) {
            start(cirrus);
        }
    } else if (index == GR_BLT_DST + 2 && (cirrus->gc[GR_BLT_START] & BLT_START_AUTO)) {
        start(cirrus);
    }
}
