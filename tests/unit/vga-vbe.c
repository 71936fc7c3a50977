/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bochs VBE modes: every pixel format against arithmetic, planes, offsets, what is shown without a
 * copy, registers out of range, and saved state.
 */
#include <string.h>

#include "tests/unit/vga-fixture.h"

static void set_up(VgaFixture *f, gconstpointer data)
{
    vga_fixture_set_up(f);
    out8(f, 0x3c2, 0x67);
    out8(f, 0x3c0, 0x20);
}

static void tear_down(VgaFixture *f, gconstpointer data)
{
    vga_fixture_tear_down(f);
}

static void set_mode(VgaFixture *f, guint width, guint height, guint bpp)
{
    out_vbe(f, VBE_ENABLE, 0);
    out_vbe(f, VBE_XRES, width);
    out_vbe(f, VBE_YRES, height);
    out_vbe(f, VBE_BPP, bpp);
    out_vbe(f, VBE_ENABLE, VBE_ENABLED | VBE_LFB);
}

/* A component of `bits` bits as one of eight, its upper bits repeated below. */
static guint widen(guint value, guint bits)
{
    return (value << (8 - bits)) + (value >> (2 * bits - 8));
}

static guint32 model_pixel(guint bpp, guint32 pixel)
{
    switch (bpp) {
    case 15:
        return widen(pixel >> 10 & 31, 5) << 16 | widen(pixel >> 5 & 31, 5) << 8 |
               widen(pixel & 31, 5);
    case 16:
        return widen(pixel >> 11 & 31, 5) << 16 | widen(pixel >> 5 & 63, 6) << 8 |
               widen(pixel & 31, 5);
    default: return pixel & 0xffffff;
    }
}

/* All 16-bit values, and as many others, in both byte orders. */
static void test_formats(VgaFixture *f, gconstpointer data)
{
    static const guint bpps[] = {15, 16, 24, 32};
    for (guint n = 0; n < 8; n++) {
        guint bpp = bpps[n / 2], bytes = (bpp + 7) / 8;
        f->vga->big_endian = n & 1;
        set_mode(f, 256, 256, bpp);
        for (guint i = 0; i < 65536; i++) {
            guint32 pixel = bytes == 2 ? i : i * 2654435761u >> 4;
            for (guint b = 0; b < bytes; b++) {
                guint at = f->vga->big_endian ? bytes - 1 - b : b;
                f->vga->mem[i * bytes + at] = pixel >> (8 * b);
            }
        }
        region_mark_dirty(&f->vga->vram, 0, 65536 * bytes);
        display_update(f->vga->display);
        for (guint i = 0; i < 65536; i++) {
            guint32 pixel = bytes == 2 ? i : i * 2654435761u >> 4;
            g_assert_cmphex(pixel_at(f, i % 256, i / 256), ==, model_pixel(bpp, pixel));
        }
    }
}

/* 32 bits: the surface is video memory, at the offset, and a new one when the offset moves. */
static void test_no_copy(VgaFixture *f, gconstpointer data)
{
    set_mode(f, 640, 400, 32);
    display_update(f->vga->display);
    const Surface *surface = display_surface(f->vga->display);
    g_assert_true(surface->data == f->vga->mem);
    out_vbe(f, VBE_VIRT_WIDTH, 800);
    out_vbe(f, VBE_X_OFFSET, 8);
    out_vbe(f, VBE_Y_OFFSET, 10);
    display_update(f->vga->display);
    surface = display_surface(f->vga->display);
    g_assert_true(surface->data == f->vga->mem + 10 * 3200 + 32);
    g_assert_cmpuint(surface->stride, ==, 3200);
    f->vga->big_endian = TRUE;
    display_wake(f->vga->display);
    display_update(f->vga->display);
    surface = display_surface(f->vga->display);
    g_assert_false(surface->data >= f->vga->mem && surface->data < f->vga->mem + f->vga->mem_size);
}

/* Four planes beyond the VGA's 64 KiB, with an offset that is no multiple of 8. */
static void test_planes(VgaFixture *f, gconstpointer data)
{
    set_mode(f, 1024, 768, 4);
    out_index(f, 0x3ce, 6, 5);
    out_attr(f, VGA_ATTR_PLANES, 0x0f);
    for (guint i = 0; i < 16; i++) {
        out_attr(f, i, i);
        out8(f, 0x3c8, i);
        out8(f, 0x3c9, i * 4);
        out8(f, 0x3c9, i);
        out8(f, 0x3c9, 63 - i);
    }
    out_vbe(f, VBE_VIRT_WIDTH, 1280);
    out_vbe(f, VBE_X_OFFSET, 13);
    out_vbe(f, VBE_Y_OFFSET, 100);
    for (guint i = 0; i < f->vga->mem_size; i++) {
        f->vga->mem[i] = i * 2654435761u >> 13;
    }
    region_mark_dirty(&f->vga->vram, 0, f->vga->mem_size);
    display_update(f->vga->display);
    g_assert_cmpuint(display_surface(f->vga->display)->width, ==, 1024);
    for (guint y = 0; y < 768; y += 3) {
        for (guint x = 0; x < 1024; x++) {
            guint at = (y + 100) * 160 + (x + 13) / 8, color = 0;
            for (guint p = 0; p < 4; p++) {
                color |= (f->vga->mem[at * 4 + p] >> (7 - (x + 13) % 8) & 1) << p;
            }
            g_assert_cmphex(pixel_at(f, x, y), ==, f->vga->colors[color]);
        }
    }
}

static void test_palette_width(VgaFixture *f, gconstpointer data)
{
    set_mode(f, 64, 64, 8);
    out8(f, 0x3c8, 7);
    out8(f, 0x3c9, 0xff); /* six bits: the upper two are lost */
    out8(f, 0x3c9, 0x20);
    out8(f, 0x3c9, 0x01);
    f->vga->mem[0] = 7;
    region_mark_dirty(&f->vga->vram, 0, 1);
    display_update(f->vga->display);
    g_assert_cmphex(pixel_at(f, 0, 0), ==, 0xff8204);
    out_vbe(f, VBE_ENABLE, VBE_ENABLED | VBE_8BIT_DAC);
    out8(f, 0x3c8, 7);
    out8(f, 0x3c9, 0x12);
    out8(f, 0x3c9, 0x34);
    out8(f, 0x3c9, 0x56);
    display_update(f->vga->display);
    g_assert_cmphex(pixel_at(f, 0, 0), ==, 0x123456);
    out8(f, 0x3c6, 0x03); /* PEL mask: 7 becomes 3, which is black */
    display_update(f->vga->display);
    g_assert_cmphex(pixel_at(f, 0, 0), ==, 0);
}

/* Whatever is written, the picture lies within memory. */
static void test_bounds(VgaFixture *f, gconstpointer data)
{
    static const guint bpps[] = {0, 1, 4, 8, 15, 16, 24, 32, 255};
    for (guint i = 0; i < 20000; i++) {
        set_mode(f, g_test_rand_int() & (i & 1 ? 0x7ff : 0xffff),
                 g_test_rand_int() & (i & 2 ? 0x3ff : 0xffff),
                 bpps[g_test_rand_int_range(0, G_N_ELEMENTS(bpps))]);
        for (guint j = 0; j < 4; j++) {
            out_vbe(f, g_test_rand_int_range(VBE_BANK, VBE_COUNT), g_test_rand_int());
        }
        VgaMode mode;
        vga_mode_decode(f->vga, &mode);
        g_assert_cmpuint(mode.width, >=, 8);
        g_assert_cmpuint(mode.width, <=, SURFACE_MAX_SIZE);
        g_assert_cmpuint(mode.height, >=, 1);
        g_assert_cmpuint(mode.height, <=, SURFACE_MAX_SIZE);
        g_assert_cmpuint(mode.width % 8, ==, 0);
        if (mode.kind == VGA_LINEAR) {
            guint64 line = (guint64)mode.width * ((mode.bpp + 7) / 8);
            g_assert_cmpuint(mode.base + (guint64)(mode.height - 1) * mode.stride + line, <=,
                             f->vga->mem_size);
        }
    }
}

static void test_state(VgaFixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    out_index(f, 0x3c4, 2, 5);
    out_attr(f, 3, 0x21);
    out8(f, 0x3c8, 9);
    out8(f, 0x3c9, 1);
    out8(f, 0x3c9, 2);
    out8(f, 0x3c9, 3);
    set_mode(f, 320, 200, 32);
    state_save(&vga_state, f->vga, saved);

    vga_reset(f->vga);
    g_assert_cmphex(in_vbe(f, VBE_ENABLE), ==, 0);
    const guint8 *from = saved->data;
    gsize length = saved->len;
    g_assert_true(state_load(&vga_state, f->vga, &from, &length, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(length, ==, 0);
    g_assert_cmpuint(in_vbe(f, VBE_XRES), ==, 320);
    g_assert_cmphex(f->vga->seq[2], ==, 5);
    g_assert_cmphex(f->vga->attr[3], ==, 0x21);
    g_assert_cmphex(f->vga->dac[9 * 3 + 2], ==, 3);
    display_update(f->vga->display);
    g_assert_cmpuint(display_surface(f->vga->display)->width, ==, 320);

    /* Bytes from nowhere are refused or harmless. */
    for (guint i = 0; i < saved->len; i++) {
        saved->data[i] = g_test_rand_int();
    }
    for (guint i = 0; i < 200; i++) {
        g_autoptr(GError) refused = NULL;
        from = saved->data;
        length = saved->len;
        saved->data[g_test_rand_int_range(0, saved->len)] = g_test_rand_int();
        state_load(&vga_state, f->vga, &from, &length, &refused);
        out8(f, 0x3c9, 0);
        in8(f, 0x3c9);
        store(f, 0xa0000, 1, 4);
        display_update(f->vga->display);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/vga-vbe/" path, VgaFixture, NULL, set_up, fn, tear_down)
    ADD("formats", test_formats);
    ADD("no-copy", test_no_copy);
    ADD("planes", test_planes);
    ADD("palette-width", test_palette_width);
    ADD("bounds", test_bounds);
    ADD("state", test_state);
    return g_test_run();
}
