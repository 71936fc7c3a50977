/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EDID blocks: checksums, the preferred mode, limits.
 */
#include "hw/display/edid.h"

static guint8 sum(const guint8 *block)
{
    guint8 total = 0;
    for (guint i = 0; i < 128; i++) {
        total += block[i];
    }
    return total;
}

static guint detail_width(const guint8 *edid)
{
    return edid[54 + 2] | (edid[54 + 4] >> 4) << 8;
}

static guint detail_height(const guint8 *edid)
{
    return edid[54 + 5] | (edid[54 + 7] >> 4) << 8;
}

/* Refresh rate of the preferred mode in Hz, as a guest computes it. */
static double detail_refresh(const guint8 *edid)
{
    const guint8 *d = edid + 54;
    double clock = (d[0] | d[1] << 8) * 10000.0;
    guint h_blank = d[3] | (d[4] & 15) << 8, v_blank = d[6] | (d[7] & 15) << 8;
    return clock / ((detail_width(edid) + h_blank) * (double)(detail_height(edid) + v_blank));
}

static void test_modes(void)
{
    static const struct {
        EdidInfo info;
        guint width, height;
        double refresh;
    } cases[] = {
        {{0}, 1280, 800, 60},
        {{.width = 1920, .height = 1080}, 1920, 1080, 60},
        {{.width = 1366, .height = 768, .refresh_mhz = 75000}, 1366, 768, 75},
        {{.width = 640, .height = 480, .refresh_mhz = 50000}, 640, 480, 50},
        {{.width = 3840, .height = 2160}, 3840, 2160, 60},
        {{.width = 1920, .height = 1080, .max_width = 1024, .max_height = 768}, 1024, 768, 60},
        {{.width = 100000, .height = 1}, 4095, 200, 60},
        {{.width = 1024, .height = 0}, 1280, 800, 60},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 edid[EDID_SIZE];
        edid_fill(&cases[i].info, edid);
        g_assert_cmphex(sum(edid), ==, 0);
        g_assert_cmphex(sum(edid + 128), ==, 0);
        g_assert_cmpuint(detail_width(edid), ==, cases[i].width);
        g_assert_cmpuint(detail_height(edid), ==, cases[i].height);
        g_assert_cmpfloat_with_epsilon(detail_refresh(edid), cases[i].refresh, 0.1);
    }
}

/* Modes larger than the limit are not offered, smaller ones are. */
static void test_limits(void)
{
    EdidInfo info = {.width = 800, .height = 600, .max_width = 1280, .max_height = 720};
    guint8 edid[EDID_SIZE];
    edid_fill(&info, edid);
    g_assert_cmphex(edid[35] & 0x21, ==, 0x21); /* 640x480, 800x600 */
    g_assert_cmphex(edid[36] & 0x08, ==, 0);    /* 1024x768 is too high */
    g_assert_cmphex(edid[38], ==, 1280 / 8 - 31);
    g_assert_cmphex(edid[39], ==, 3 << 6); /* 16:9: 720 lines */
    for (guint i = 40; i < 54; i++) {
        g_assert_cmphex(edid[i], ==, 0x01);
    }
}

/* Anything that options or a viewer may ask for gives a sound block. */
static void test_random(void)
{
    for (guint i = 0; i < 20000; i++) {
        EdidInfo info = {.width = g_test_rand_int() & 0x7fff,
                         .height = g_test_rand_int() & 0x7fff,
                         .max_width = g_test_rand_int() & 0x7fff,
                         .max_height = g_test_rand_int() & 0x7fff,
                         .refresh_mhz = g_test_rand_int()};
        guint8 edid[EDID_SIZE];
        edid_fill(&info, edid);
        g_assert_cmphex(sum(edid), ==, 0);
        g_assert_cmpuint(detail_width(edid), >=, 320);
        g_assert_cmpuint(detail_height(edid), >=, 200);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edid/modes", test_modes);
    g_test_add_func("/edid/limits", test_limits);
    g_test_add_func("/edid/random", test_random);
    return g_test_run();
}
