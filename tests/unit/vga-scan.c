/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the VGA shows, against a model that computes every pixel by itself from registers and
 * memory: the BIOS's modes with random contents and random panning, splits and palettes, before
 * and after random writes; and that every pixel that changed was announced as damage.
 */
#include <string.h>

#include "tests/unit/vga-fixture.h"

typedef struct BiosMode {
    const char *name;
    guint8 misc, seq[4], crtc[25], gc[9], attr[21];
    guint width, height;
} BiosMode;

/* Register values of the video BIOS (IBM VGA, "Video Modes" and its parameter tables). */
static const BiosMode modes[] = {
    {"text-80",
     0x67,
     {0x00, 0x03, 0x00, 0x02},
     {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0,    0x4f, 0x0d, 0x0e, 0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
     {0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff},
     {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0, 15, 8, 0},
     720,
     400},
    {"text-40",
     0x67,
     {0x08, 0x03, 0x00, 0x02},
     {0x2d, 0x27, 0x28, 0x90, 0x2b, 0xa0, 0xbf, 0x1f, 0,    0x4f, 0x0d, 0x0e, 0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x14, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
     {0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff},
     {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x08, 0, 15, 8, 0},
     720,
     400},
    {"text-mono",
     0x66,
     {0x00, 0x03, 0x00, 0x02},
     {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0,    0x4f, 0x0d, 0x0e, 0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x28, 0x0d, 0x96, 0xb9, 0xa3, 0xff},
     {0, 0, 0, 0, 0, 0x10, 0x0a, 0, 0xff},
     {0, 8, 8, 8, 8, 8, 8, 8, 0x10, 24, 24, 24, 24, 24, 24, 24, 0x0e, 0, 15, 8, 0},
     720,
     400},
    {"cga-4",
     0x63,
     {0x09, 0x03, 0x00, 0x02},
     {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0,    0xc1, 0,    0,   0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x14, 0,    0x96, 0xb9, 0xa2, 0xff},
     {0, 0, 0, 0, 0, 0x30, 0x0f, 0x0f, 0xff},
     {0, 0x13, 0x15, 0x17, 2, 4, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 1, 0, 3, 0, 0},
     640,
     400},
    {"cga-2",
     0x63,
     {0x01, 0x01, 0x00, 0x06},
     {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0,    0xc1, 0,    0,   0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x28, 0,    0x96, 0xb9, 0xc2, 0xff},
     {0, 0, 0, 0, 0, 0, 0x0d, 0x0f, 0xff},
     {0, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 1, 0, 1, 0, 0},
     640,
     400},
    {"planar-320",
     0x63,
     {0x09, 0x0f, 0x00, 0x06},
     {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0,    0xc0, 0,    0,   0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x14, 0,    0x96, 0xb9, 0xe3, 0xff},
     {0, 0, 0, 0, 0, 0, 0x05, 0x0f, 0xff},
     {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 1, 0, 15, 0, 0},
     640,
     400},
    {"planar-640",
     0xe3,
     {0x01, 0x0f, 0x00, 0x06},
     {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0,    0x40, 0,    0,   0,
      0,    0,    0,    0xea, 0x8c, 0xdf, 0x28, 0,    0xe7, 4,    0xe3, 0xff},
     {0, 0, 0, 0, 0, 0, 0x05, 0x0f, 0xff},
     {0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 1, 0, 15, 0, 0},
     640,
     480},
    {"mode-13h",
     0x63,
     {0x01, 0x0f, 0x00, 0x0e},
     {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0,    0x41, 0,    0,   0,
      0,    0,    0,    0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
     {0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff},
     {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0, 15, 0, 0},
     640,
     400},
    {"unchained",
     0xe3,
     {0x01, 0x0f, 0x00, 0x06},
     {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0d, 0x3e, 0,    0x41, 0,    0,   0,
      0,    0,    0,    0xea, 0xac, 0xdf, 0x28, 0,    0xe7, 6,    0xe3, 0xff},
     {0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff},
     {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0, 15, 0, 0},
     640,
     480},
};

static void set_mode(VgaFixture *f, const BiosMode *mode)
{
    guint crtc = mode->misc & 1 ? 0x3d4 : 0x3b4;
    out8(f, 0x3c2, mode->misc);
    for (guint i = 0; i < 4; i++) {
        out_index(f, 0x3c4, i + 1, mode->seq[i]);
    }
    out_index(f, crtc, 0x11, 0);
    for (guint i = 0; i < 25; i++) {
        out_index(f, crtc, i, mode->crtc[i]);
    }
    for (guint i = 0; i < 9; i++) {
        out_index(f, 0x3ce, i, mode->gc[i]);
    }
    in8(f, mode->misc & 1 ? 0x3da : 0x3ba);
    for (guint i = 0; i < 21; i++) {
        out8(f, 0x3c0, i);
        out8(f, 0x3c0, mode->attr[i]);
    }
    out8(f, 0x3c0, 0x20);
    out8(f, 0x3c8, 0);
    for (guint i = 0; i < 256; i++) {
        out8(f, 0x3c9, i);
        out8(f, 0x3c9, i * 3 + (i >> 6));
        out8(f, 0x3c9, i * 7 + (i >> 4));
    }
}

/* ---- the model ---- */

typedef struct Model {
    const VgaCore *vga; /* registers and memory only */
    gboolean cursor_on, blink_on;
} Model;

static guint32 model_dac(const Model *m, guint index)
{
    const guint8 *dac = &m->vga->dac[(index & m->vga->dac_mask) * 3];
    guint r = dac[0] & 63, g = dac[1] & 63, b = dac[2] & 63;
    return (r * 4 + r / 16) << 16 | (g * 4 + g / 16) << 8 | (b * 4 + b / 16);
}

static guint32 model_attr(const Model *m, guint pixel)
{
    const guint8 *attr = m->vga->attr;
    guint index = attr[pixel & attr[0x12] & 15] & 63;
    if (attr[0x10] & 0x80) {
        index = (index & 15) + (attr[0x14] & 3) * 16;
    }
    return model_dac(m, index + (attr[0x14] >> 2 & 3) * 64);
}

/* The byte of a plane that the CRTC fetches for a counter value in a row scan. */
static guint8 model_fetch(const Model *m, guint counter, guint row, guint plane)
{
    const guint8 *crtc = m->vga->crtc;
    guint addr = counter & 0xffff;
    if (crtc[0x14] & 0x40) {
        addr = counter & 0xffff;
    } else if (!(crtc[0x17] & 0x40)) {
        guint top = crtc[0x17] & 0x20 ? 15 : 13;
        addr = (counter * 2 + (counter >> top) % 2) & 0xffff;
    }
    if (!(crtc[0x17] & 1)) {
        addr = (addr & 0xdfff) + (row % 2) * 0x2000;
    }
    if (!(crtc[0x17] & 2)) {
        addr = (addr & 0xbfff) + (row / 2 % 2) * 0x4000;
    }
    return m->vga->mem[addr * 4 + plane];
}

typedef struct ModelLine {
    guint counter, row, pan;
} ModelLine;

/* Walks the CRTC's vertical counters from the top down to line `y`. */
static ModelLine model_line(const Model *m, guint y, gboolean nine)
{
    const guint8 *crtc = m->vga->crtc;
    guint compare = crtc[0x18] + (crtc[7] & 0x10 ? 256 : 0) + (crtc[9] & 0x40 ? 512 : 0);
    guint byte_pan = crtc[8] >> 5 & 3;
    guint pan = m->vga->attr[0x13];
    ModelLine line = {crtc[0xc] * 256 + crtc[0xd] + byte_pan, crtc[8] & 31, 0};
    gboolean second = FALSE;
    line.pan = nine ? (pan > 7 ? 0 : pan + 1) : pan % 8;
    for (guint at = 0; at < y; at++) {
        if (at == compare) {
            gboolean stays = m->vga->attr[0x10] & 0x20;
            line.counter = stays ? 0 : byte_pan;
            line.row = 0;
            second = FALSE;
            line.pan = stays ? 0 : line.pan;
            continue;
        }
        if ((crtc[9] & 0x80) && !second) {
            second = TRUE;
            continue;
        }
        second = FALSE;
        if (line.row == (crtc[9] & 31)) {
            line.row = 0;
            line.counter += crtc[0x13] * 2;
        } else {
            line.row = (line.row + 1) % 32;
        }
    }
    return line;
}

static guint32 model_text(const Model *m, const ModelLine *line, guint dot, guint dots)
{
    const VgaCore *vga = m->vga;
    guint counter = line->counter + dot / dots, column = dot % dots;
    guint8 ch = model_fetch(m, counter, 0, 0), attr = model_fetch(m, counter, 0, 1);
    guint8 map = vga->seq[3];
    guint font =
        attr & 8 ? (map >> 2 & 3) + (map & 0x20 ? 4 : 0) : (map & 3) + (map & 0x10 ? 4 : 0);
    guint table = (font % 4) * 0x4000 + (font / 4) * 0x2000;
    guint8 glyph = vga->mem[(table + ch * 32 + line->row) * 4 + 2];
    gboolean blink = vga->attr[0x10] & 8;
    guint back = blink ? attr >> 4 & 7 : attr >> 4;
    gboolean on;
    if (column < 8) {
        on = glyph >> (7 - column) & 1;
    } else {
        on = (vga->attr[0x10] & 4) && ch >= 0xc0 && ch <= 0xdf && (glyph & 1);
    }
    if ((vga->attr[0x10] & 2) && (attr & 7) == 1 && line->row == (vga->crtc[0x14] & 31)) {
        on = TRUE;
    }
    guint cursor = vga->crtc[0xe] * 256 + vga->crtc[0xf] + (vga->crtc[0xb] >> 5 & 3);
    if (m->cursor_on && !(vga->crtc[0xa] & 0x20) && (counter & 0xffff) == (cursor & 0xffff) &&
        line->row >= (vga->crtc[0xa] & 31) && line->row <= (vga->crtc[0xb] & 31)) {
        on = TRUE;
    }
    gboolean hidden = blink && (attr & 0x80) && !m->blink_on;
    return model_attr(m, on && !hidden ? attr & 15 : back);
}

static guint32 model_graphics(const Model *m, const ModelLine *line, guint dot)
{
    guint8 mode = m->vga->gc[5], b[4];
    guint in = dot % 8, pixel = 0;
    for (guint p = 0; p < 4; p++) {
        b[p] = model_fetch(m, line->counter + dot / 8, line->row, p);
    }
    if (mode & 0x40) {
        return model_dac(m, b[in / 2]);
    }
    if (mode & 0x20) {
        guint shift = 6 - 2 * (in % 4);
        pixel = (b[in / 4] >> shift & 3) + (b[in / 4 + 2] >> shift & 3) * 4;
    } else {
        for (guint p = 0; p < 4; p++) {
            pixel += (b[p] >> (7 - in) & 1) << p;
        }
    }
    return model_attr(m, pixel);
}

static void check_picture(VgaFixture *f, const char *what)
{
    Model m = {f->vga, TRUE, TRUE};
    const Surface *surface = display_surface(f->vga->display);
    gint64 phase = clock_now(f->machine->guest_clock) / (16 * NS_PER_SEC / 70);
    gboolean text = !(f->vga->gc[6] & 1);
    guint dots = text && !(f->vga->seq[1] & 1) ? 9 : 8;
    guint scale = f->vga->seq[1] & 8 ? 2 : 1;
    m.cursor_on = phase % 2 == 0;
    m.blink_on = phase / 2 % 2 == 0;
    for (guint y = 0; y < surface->height; y++) {
        ModelLine line = model_line(&m, y, dots == 9);
        for (guint x = 0; x < surface->width; x++) {
            guint dot = x / scale + line.pan;
            guint32 wanted =
                text ? model_text(&m, &line, dot, dots) : model_graphics(&m, &line, dot);
            if (pixel_at(f, x, y) != wanted) {
                g_error("%s: pixel %u,%u is %06x, model %06x", what, x, y, pixel_at(f, x, y),
                        wanted);
            }
        }
    }
}

/* ---- a viewer that remembers ---- */

typedef struct Viewer {
    Surface *surface;
    guint32 *shown; /* the picture as last announced */
    guint64 damaged;
} Viewer;

static void viewer_surface(void *opaque, Surface *surface)
{
    Viewer *viewer = opaque;
    viewer->surface = surface;
    viewer->shown = g_renew(guint32, viewer->shown, surface->width * surface->height);
}

static void viewer_damage(void *opaque, const pixman_region32_t *region)
{
    Viewer *viewer = opaque;
    const Surface *surface = viewer->surface;
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &count);
    for (int i = 0; i < count; i++) {
        for (int y = boxes[i].y1; y < boxes[i].y2; y++) {
            const guint32 *from = (const guint32 *)(surface->data + (gsize)y * surface->stride);
            guint width = boxes[i].x2 - boxes[i].x1;
            memcpy(viewer->shown + y * surface->width + boxes[i].x1, from + boxes[i].x1, width * 4);
            viewer->damaged += width;
        }
    }
}

static const DisplayListenerOps viewer_ops = {
    .name = "rememberer",
    .surface = viewer_surface,
    .damage = viewer_damage,
};

/* All that differs from what was announced before has been announced now. */
static void check_announced(const Viewer *viewer)
{
    const Surface *surface = viewer->surface;
    for (guint y = 0; y < surface->height; y++) {
        g_assert_cmpmem(viewer->shown + y * surface->width, surface->width * 4,
                        surface->data + (gsize)y * surface->stride, surface->width * 4);
    }
}

/* ---- tests ---- */

static void randomize_memory(VgaFixture *f)
{
    for (guint i = 0; i < 0x40000; i += 4) {
        guint32 value = g_test_rand_int();
        memcpy(f->vga->mem + i, &value, 4);
    }
    region_mark_dirty(&f->vga->vram, 0, 0x40000);
}

/* Splits, panning, start address, cursor, palette: one of them changes. */
static void randomize_register(VgaFixture *f)
{
    static const guint8 crtc[] = {8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0x13, 0x14, 0x17, 0x18};
    guint port = f->vga->misc & 1 ? 0x3d4 : 0x3b4;
    guint8 value = g_test_rand_int();
    switch (g_test_rand_int_range(0, 5)) {
    case 0:
    case 1: {
        guint index = crtc[g_test_rand_int_range(0, G_N_ELEMENTS(crtc))];
        if (index == 0x17) { /* pairs of lines and slower counts are not in the model */
            value &= ~0x0c;
        } else if (index == 0x14) {
            value &= ~0x20;
        }
        out_index(f, port, index, value);
        break;
    }
    case 2: {
        guint index = g_test_rand_int_range(0, 21);
        in8(f, f->vga->misc & 1 ? 0x3da : 0x3ba);
        out8(f, 0x3c0, index | 0x20);
        out8(f, 0x3c0, value);
        break;
    }
    case 3: out_index(f, 0x3c4, 3, value); break;
    default:
        out8(f, 0x3c8, value);
        out8(f, 0x3c9, g_test_rand_int());
        out8(f, 0x3c9, g_test_rand_int());
        out8(f, 0x3c9, g_test_rand_int());
        break;
    }
}

static void write_some(VgaFixture *f)
{
    guint count = g_test_rand_int_range(1, 8);
    for (guint i = 0; i < count; i++) {
        store(f, 0xa0000 + g_test_rand_int_range(0, 0x20000), g_test_rand_int(), 1);
        store(f, LFB + g_test_rand_int_range(0, 0x40000), g_test_rand_int(), 1);
    }
}

static void set_up(VgaFixture *f, gconstpointer data)
{
    vga_fixture_set_up(f);
}

static void tear_down(VgaFixture *f, gconstpointer data)
{
    vga_fixture_tear_down(f);
}

static void test_mode(VgaFixture *f, gconstpointer data)
{
    const BiosMode *mode = data;
    Viewer viewer = {0};
    set_mode(f, mode);
    randomize_memory(f);
    DisplayListener *listener = display_attach(f->vga->display, &viewer_ops, &viewer, 0);
    g_assert_cmpuint(viewer.surface->width, ==, mode->width);
    g_assert_cmpuint(viewer.surface->height, ==, mode->height);
    check_picture(f, mode->name);
    for (guint round = 0; round < 24; round++) {
        if (round % 3 == 1) {
            randomize_register(f);
        } else if (round % 3 == 2) {
            clock_step(f->machine->guest_clock,
                       clock_now(f->machine->guest_clock) + g_test_rand_int_range(0, 1000000000));
        }
        write_some(f);
        display_update(f->vga->display);
        check_picture(f, mode->name);
        check_announced(&viewer);
    }
    display_detach(listener);
    g_free(viewer.shown);
}

/* A still screen gives no damage; one character gives one cell. */
static void test_damage_is_small(VgaFixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    set_mode(f, &modes[0]);
    out_index(f, 0x3d4, 0xa, 0x20);
    DisplayListener *listener = display_attach(f->vga->display, &viewer_ops, &viewer, 0);
    viewer.damaged = 0;
    display_update(f->vga->display);
    g_assert_cmpuint(viewer.damaged, ==, 0);
    store(f, 0xb8000 + 2 * (80 * 3 + 7), 0x1741, 2);
    display_update(f->vga->display);
    g_assert_cmpuint(viewer.damaged, ==, 9 * 16);
    viewer.damaged = 0;
    store(f, 0xb8000 + 2 * (80 * 3 + 7), 0x1741, 2); /* the same again */
    display_update(f->vga->display);
    g_assert_cmpuint(viewer.damaged, ==, 0);

    set_mode(f, &modes[6]); /* 640x480 in four planes: eight pixels, one line */
    display_update(f->vga->display);
    viewer.damaged = 0;
    store(f, 0xa0000 + 80 * 100, 0xff, 1);
    display_update(f->vga->display);
    g_assert_cmpuint(viewer.damaged, ==, 640);
    display_detach(listener);
    g_free(viewer.shown);
}

static void test_text_screen(VgaFixture *f, gconstpointer data)
{
    TextScreen screen = {0};
    DisplayStats before, after;
    set_mode(f, &modes[0]);
    store(f, 0xb8000, 0x1e01, 2);
    store(f, 0xb8000 + 160, 0x07db, 2);
    out_index(f, 0x3d4, 0xf, 81);
    display_update(f->vga->display);
    display_stats(f->vga->display, &before);
    g_assert_true(display_text(f->vga->display, &screen));
    display_stats(f->vga->display, &after);
    g_assert_cmpuint(after.scans, ==, before.scans);
    g_assert_cmpuint(screen.columns, ==, 80);
    g_assert_cmpuint(screen.rows, ==, 25);
    g_assert_cmphex(screen.cells[0].ch, ==, 0x263a);
    g_assert_cmphex(screen.cells[0].attr, ==, 0x1e);
    g_assert_cmphex(screen.cells[0].fg, ==, f->vga->attr_colors[14]);
    g_assert_cmphex(screen.cells[0].bg, ==, f->vga->attr_colors[1]);
    g_assert_cmphex(screen.cells[80].ch, ==, 0x2588);
    g_assert_cmpint(screen.cursor_column, ==, 1);
    g_assert_cmpint(screen.cursor_row, ==, 1);
    set_mode(f, &modes[7]);
    display_update(f->vga->display);
    g_assert_false(display_text(f->vga->display, &screen));
    g_assert_null(screen.cells);
}

static void test_blank(VgaFixture *f, gconstpointer data)
{
    set_mode(f, &modes[7]);
    randomize_memory(f);
    display_update(f->vga->display);
    out_index(f, 0x3c4, 1, 0x21);
    display_update(f->vga->display);
    for (guint y = 0; y < 400; y += 7) {
        g_assert_cmphex(pixel_at(f, y, y), ==, 0);
    }
    out_index(f, 0x3c4, 1, 0x01);
    display_update(f->vga->display);
    check_picture(f, "unblanked");
}

/* Status 1 follows the guest's clock: 70 retraces a second, 449 lines each. */
static void test_retrace(VgaFixture *f, gconstpointer data)
{
    guint frames = 0, lines = 0;
    guint8 last = 0;
    set_mode(f, &modes[0]);
    for (gint64 now = 0; now < NS_PER_SEC; now += 2 * NS_PER_US) {
        clock_step(f->machine->guest_clock, now);
        guint8 status = in8(f, 0x3da);
        frames += (status & 8) && !(last & 8);
        lines += (status & 1) && !(last & 1);
        last = status;
    }
    g_assert_cmpuint(frames, >=, 69);
    g_assert_cmpuint(frames, <=, 71);
    g_assert_cmpuint(lines, >=, 69 * 400);
    g_assert_cmpuint(lines, <=, 71 * 402);
}

/* Anything in any register: the picture stays within bounds, and nothing is touched outside. */
static void test_nonsense(VgaFixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    DisplayListener *listener = display_attach(f->vga->display, &viewer_ops, &viewer, 0);
    for (guint round = 0; round < 600; round++) {
        for (guint i = 0; i < 20; i++) {
            switch (g_test_rand_int_range(0, 3)) {
            case 0: out8(f, g_test_rand_int_range(0x3b0, 0x3e0), g_test_rand_int()); break;
            case 1:
                out_index(f, 0x3c4 + 2 * g_test_rand_int_range(0, 9), g_test_rand_int_range(0, 26),
                          g_test_rand_int());
                break;
            default: out_vbe(f, g_test_rand_int_range(1, 12), g_test_rand_int()); break;
            }
        }
        if (round % 8) { /* mostly small pictures, or the test takes for ever */
            out_vbe(f, VBE_ENABLE, g_test_rand_int() & 0xfe);
        } else {
            out_vbe(f, VBE_YRES, g_test_rand_int_range(0, 100));
        }
        out8(f, 0x3c2, g_test_rand_int() | 3);
        in8(f, 0x3da);
        out8(f, 0x3c0, 0x20);
        store(f, 0xa0000 + g_test_rand_int_range(0, 0x1fff8), g_test_rand_int(), 8);
        in8(f, g_test_rand_int_range(0x3b0, 0x3e0));
        display_update(f->vga->display);
        g_assert_cmpuint(viewer.surface->width, <=, SURFACE_MAX_SIZE);
        g_assert_cmpuint(viewer.surface->height, <=, SURFACE_MAX_SIZE);
    }
    display_detach(listener);
    g_free(viewer.shown);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *path = g_strdup_printf("/vga-scan/%s", modes[i].name);
        g_test_add(path, VgaFixture, &modes[i], set_up, test_mode, tear_down);
    }
#define ADD(path, fn) g_test_add("/vga-scan/" path, VgaFixture, NULL, set_up, fn, tear_down)
    ADD("damage-is-small", test_damage_is_small);
    ADD("text-screen", test_text_screen);
    ADD("blank", test_blank);
    ADD("retrace", test_retrace);
    ADD("nonsense", test_nonsense);
    return g_test_run();
}
