/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA's memory window against a model that works plane by plane and bit by bit, as IBM's
 * manual tells it; and that the fast path (the window as an alias of video memory) is taken and
 * left where it must be.
 */
#include <string.h>

#include "tests/unit/vga-fixture.h"

#define PLANE_SIZE 0x10000

/* ---- the model: four planes, registers as bytes ---- */

typedef struct Model {
    guint8 plane[4][PLANE_SIZE];
    guint8 latch[4];
    guint8 seq[5], gc[9], misc;
} Model;

static gboolean bit(guint value, guint n)
{
    return value >> n & 1;
}

/* Where an address of the window lies; FALSE outside of the memory map. */
static gboolean model_map(const Model *m, guint addr, guint *offset)
{
    static const struct {
        guint base, size;
    } maps[] = {{0x00000, 0x20000}, {0x00000, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    guint map = m->gc[6] >> 2 & 3;
    if (!bit(m->misc, 1) || addr < maps[map].base || addr >= maps[map].base + maps[map].size) {
        return FALSE;
    }
    *offset = addr - maps[map].base;
    return TRUE;
}

static guint model_odd_even(const Model *m, guint offset)
{
    if (bit(m->gc[6], 1)) {
        return (offset & 0xfffe) + bit(offset, 16);
    }
    return offset & 0xffff;
}

static guint8 model_read(Model *m, guint addr)
{
    guint offset, at, plane = m->gc[4];
    if (!model_map(m, addr, &offset)) {
        return 0xff;
    }
    if (bit(m->seq[4], 3)) {
        plane = offset % 4;
        at = (offset & 0xffff) / 4;
    } else if (bit(m->gc[5], 4)) {
        plane = (plane & 2) + offset % 2;
        at = model_odd_even(m, offset);
    } else {
        at = offset & 0xffff;
    }
    for (guint p = 0; p < 4; p++) {
        m->latch[p] = m->plane[p][at];
    }
    if (!bit(m->gc[5], 3)) {
        return m->latch[plane];
    }
    guint8 result = 0;
    for (guint b = 0; b < 8; b++) {
        gboolean same = TRUE;
        for (guint p = 0; p < 4; p++) {
            if (bit(m->gc[7], p) && bit(m->latch[p], b) != bit(m->gc[2], p)) {
                same = FALSE;
            }
        }
        result |= same << b;
    }
    return result;
}

/* One bit of one plane. */
static gboolean model_bit(const Model *m, guint8 value, guint p, guint b)
{
    guint mode = m->gc[5] & 3;
    guint count = m->gc[3] & 7;
    gboolean rotated = bit(value, (b + count) % 8);
    gboolean old = bit(m->latch[p], b), data, mask = bit(m->gc[8], b);

    switch (mode) {
    case 0: data = bit(m->gc[1], p) ? bit(m->gc[0], p) : rotated; break;
    case 1: return old;
    case 2: data = bit(value, p); break;
    default:
        data = bit(m->gc[0], p);
        mask = mask && rotated;
        break;
    }
    switch (m->gc[3] >> 3 & 3) {
    case 1: data = data && old; break;
    case 2: data = data || old; break;
    case 3: data = data != old; break;
    default: break;
    }
    return mask ? data : old;
}

static void model_write(Model *m, guint addr, guint8 value)
{
    guint offset, at;
    if (!model_map(m, addr, &offset)) {
        return;
    }
    for (guint p = 0; p < 4; p++) {
        gboolean enabled = bit(m->seq[2], p);
        if (bit(m->seq[4], 3)) {
            enabled = enabled && offset % 4 == p;
            at = (offset & 0xffff) / 4;
        } else if (!bit(m->seq[4], 2)) {
            enabled = enabled && offset % 2 == p % 2;
            at = model_odd_even(m, offset);
        } else {
            at = offset & 0xffff;
        }
        if (enabled) {
            guint8 result = 0;
            for (guint b = 0; b < 8; b++) {
                result |= model_bit(m, value, p, b) << b;
            }
            m->plane[p][at] = result;
        }
    }
}

/* ---- tests ---- */

static void set_up(VgaFixture *f, gconstpointer data)
{
    vga_fixture_set_up(f);
}

static void tear_down(VgaFixture *f, gconstpointer data)
{
    vga_fixture_tear_down(f);
}

static void set_register(VgaFixture *f, Model *m, guint what, guint8 value)
{
    static const guint8 gc_masks[9] = {15, 15, 15, 31, 3, 0x7b, 15, 15, 255};
    if (what < 9) {
        m->gc[what] = value & gc_masks[what];
        out_index(f, 0x3ce, what, value);
    } else if (what == 9) {
        m->seq[2] = value & 15;
        out_index(f, 0x3c4, 2, value);
    } else if (what == 10) {
        m->seq[4] = value & 14;
        out_index(f, 0x3c4, 4, value);
    } else {
        m->misc = value;
        out8(f, 0x3c2, value);
    }
}

static void compare_memory(VgaFixture *f, const Model *m)
{
    for (guint i = 0; i < PLANE_SIZE * 4; i++) {
        if (f->vga->mem[i] != m->plane[i % 4][i / 4]) {
            g_error("plane %u, byte %x: %02x, model %02x", i % 4, i / 4, f->vga->mem[i],
                    m->plane[i % 4][i / 4]);
        }
    }
}

/* Chain-4 with a plain pipeline goes past the latches: those are not compared after it. */
static void run_random(VgaFixture *f, Model *m, guint rounds)
{
    for (guint round = 0; round < rounds; round++) {
        if (g_test_rand_int_range(0, 4) == 0) {
            set_register(f, m, g_test_rand_int_range(0, 11), g_test_rand_int());
            if (f->vga->window_alias.enabled) {
                set_register(f, m, 3, 8); /* something that the window must work for */
            }
        }
        /* Near each other, so that accesses meet. */
        guint map = g_test_rand_int_range(0, 4) * 0x8000;
        guint addr = map + g_test_rand_int_range(0, 64);
        guint size = 1 << g_test_rand_int_range(0, 4);
        if (g_test_rand_int_range(0, 2)) {
            guint64 value = (guint64)g_test_rand_int() << 32 | (guint32)g_test_rand_int();
            store(f, 0xa0000 + addr, value, size);
            for (guint i = 0; i < size; i++) {
                model_write(m, addr + i, value >> (8 * i));
            }
        } else {
            guint64 expected = 0;
            for (guint i = 0; i < size; i++) {
                expected |= (guint64)model_read(m, addr + i) << (8 * i);
            }
            g_assert_cmphex(load(f, 0xa0000 + addr, size), ==, expected);
        }
    }
}

static void test_random(VgaFixture *f, gconstpointer data)
{
    g_autofree Model *m = g_new0(Model, 1);
    set_register(f, m, 11, 0x67);
    for (guint i = 0; i < 40; i++) {
        run_random(f, m, 5000);
        compare_memory(f, m);
    }
}

/* Every write mode and function with every map, deterministically. */
static void test_modes(VgaFixture *f, gconstpointer data)
{
    g_autofree Model *m = g_new0(Model, 1);
    set_register(f, m, 11, 0x67);
    for (guint i = 0; i < 4 * 4 * 4 * 8; i++) {
        guint write_mode = i & 3, function = i >> 2 & 3, map = i >> 4 & 3, chain = i >> 6 & 7;
        guint base = map == 2 ? 0x10000 : map == 3 ? 0x18000 : 0;
        set_register(f, m, 0, i * 7);
        set_register(f, m, 1, i * 5);
        set_register(f, m, 2, i * 3);
        set_register(f, m, 3, function << 3 | (i & 7));
        set_register(f, m, 4, i);
        set_register(f, m, 5, write_mode | (chain & 1) << 4 | (chain & 4) << 1);
        set_register(f, m, 6, map << 2 | (chain & 2));
        set_register(f, m, 7, i * 11);
        set_register(f, m, 8, 0x5a + i);
        set_register(f, m, 9, ~i);
        set_register(f, m, 10, (i * 37) & 0x0e);
        if (f->vga->window_alias.enabled) {
            continue;
        }
        for (guint j = 0; j < 16; j++) {
            g_assert_cmphex(load(f, 0xa0000 + base + j, 1), ==, model_read(m, base + j));
            store(f, 0xa0000 + base + j, 0x35 + i * j, 1);
            model_write(m, base + j, 0x35 + i * j);
        }
    }
    compare_memory(f, m);
}

/* RAM enable off: nothing is there. */
static void test_disabled(VgaFixture *f, gconstpointer data)
{
    out8(f, 0x3c2, 0x65);
    out_index(f, 0x3ce, 6, 0x05);
    out_index(f, 0x3c4, 2, 0x0f);
    out_index(f, 0x3c4, 4, 0x0e);
    out_index(f, 0x3ce, 8, 0xff);
    store(f, 0xa0000, 0x12, 1);
    g_assert_cmphex(load(f, 0xa0000, 1), ==, 0xff);
    g_assert_cmphex(f->vga->mem[0], ==, 0);
    out8(f, 0x3c2, 0x67);
    store(f, 0xa0000, 0x12, 1);
    g_assert_cmphex(load(f, 0xa0000, 1), ==, 0x12);
}

/* Chain-4 with nothing in between is video memory itself. */
static void test_alias(VgaFixture *f, gconstpointer data)
{
    out8(f, 0x3c2, 0x63);
    out_index(f, 0x3ce, 6, 0x05);
    out_index(f, 0x3c4, 2, 0x0f);
    out_index(f, 0x3c4, 4, 0x0e);
    g_assert_false(f->vga->window_alias.enabled); /* the bit mask is still 0 */
    out_index(f, 0x3ce, 8, 0xff);
    g_assert_true(f->vga->window_alias.enabled);
    store(f, 0xa0000 + 0x1234, 0x11223344, 4);
    g_assert_cmphex(f->vga->mem[0x1234], ==, 0x44);
    g_assert_cmphex(f->vga->mem[0x1237], ==, 0x11);

    /* Unchained the same bytes are in the four planes, at a quarter of the address. */
    out_index(f, 0x3c4, 4, 0x06);
    g_assert_false(f->vga->window_alias.enabled);
    out_index(f, 0x3ce, 4, 2);
    g_assert_cmphex(load(f, 0xa0000 + 0x1234 / 4, 1), ==, 0x22);
    out_index(f, 0x3c4, 4, 0x0e);
    g_assert_true(f->vga->window_alias.enabled);
    out_index(f, 0x3ce, 3, 0x10);
    g_assert_false(f->vga->window_alias.enabled);
    out_index(f, 0x3ce, 3, 0x00);
    out_index(f, 0x3ce, 6, 0x0d); /* B8000h */
    g_assert_false(f->vga->window_alias.enabled);
}

/* VBE banks move the window over all of video memory, whatever the bank register holds. */
static void test_banks(VgaFixture *f, gconstpointer data)
{
    out8(f, 0x3c2, 0x63);
    out_index(f, 0x3ce, 6, 0x05);
    out_vbe(f, VBE_XRES, 640);
    out_vbe(f, VBE_YRES, 480);
    out_vbe(f, VBE_BPP, 8);
    out_vbe(f, VBE_ENABLE, VBE_ENABLED);
    g_assert_true(f->vga->window_alias.enabled);
    for (guint bank = 0; bank < 64; bank++) {
        out_vbe(f, VBE_BANK, bank);
        store(f, 0xa0000 + 5, 0x80 + bank, 1);
        g_assert_cmphex(f->vga->mem[((bank & 31) << 16) + 5], ==, 0x80 + bank);
    }
    out_vbe(f, VBE_BANK, 0xffff);
    store(f, 0xaffff, 0x42, 1);
    g_assert_cmphex(f->vga->mem[f->vga->mem_size - 1], ==, 0x42);
    out_vbe(f, VBE_ENABLE, 0);
    g_assert_cmphex(in_vbe(f, VBE_BANK), ==, 0);

    /* Four planes: a bank is 64 KiB of each. */
    out_vbe(f, VBE_BPP, 4);
    out_vbe(f, VBE_ENABLE, VBE_ENABLED);
    g_assert_false(f->vga->window_alias.enabled);
    out_index(f, 0x3c4, 2, 0x02);
    out_index(f, 0x3c4, 4, 0x06);
    out_index(f, 0x3ce, 8, 0xff);
    out_vbe(f, VBE_BANK, 1);
    store(f, 0xa0003, 0x99, 1);
    g_assert_cmphex(f->vga->mem[0x40000 + 3 * 4 + 1], ==, 0x99);
    out_vbe(f, VBE_BANK, 0xffff);
    store(f, 0xaffff, 0x77, 1);
    g_assert_cmphex(f->vga->mem[f->vga->mem_size - 3], ==, 0x77);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/vga-memory/" path, VgaFixture, NULL, set_up, fn, tear_down)
    ADD("random", test_random);
    ADD("modes", test_modes);
    ADD("disabled", test_disabled);
    ADD("alias", test_alias);
    ADD("banks", test_banks);
    return g_test_run();
}
