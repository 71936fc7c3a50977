/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells to bytes: played on a small terminal of the test's own, they must give what was wanted. */
#include <stdlib.h>
#include <string.h>

#include "ui/terminal/grid.h"

#define COLUMNS 20
#define ROWS    6

/* A terminal that knows CUP, SGR and characters; anything else fails the test. */
typedef struct Fake {
    GridCell cells[ROWS][COLUMNS + 2];
    guint row, column;
    GridCell look;
} Fake;

static void fake_sgr(Fake *fake, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ";", -1);

    for (char **word = words; *word; word++) {
        int n = atoi(*word);

        if (n == 0) {
            fake->look = (GridCell){.flags = GRID_PLAIN};
        } else if (n == 5) {
            fake->look.flags |= GRID_BLINK;
        } else if (n == 7) {
            fake->look.flags |= GRID_REVERSE;
        } else {
            guint32 rgb;

            g_assert_true(n == 38 || n == 48);
            g_assert_cmpstr(word[1], ==, "2");
            rgb = (guint32)(atoi(word[2]) << 16 | atoi(word[3]) << 8 | atoi(word[4]));
            *(n == 38 ? &fake->look.fg : &fake->look.bg) = rgb;
            fake->look.flags &= ~(guint32)GRID_PLAIN;
            word += 4;
        }
    }
}

static void fake_feed(Fake *fake, const char *text)
{
    while (*text) {
        if (*text == '\033') {
            gsize length = strcspn(text + 2, "Hm");
            g_autofree char *params = g_strndup(text + 2, length);

            g_assert_cmpint(text[1], ==, '[');
            if (text[2 + length] == 'H') {
                fake->row = (guint)atoi(params) - 1;
                fake->column = (guint)atoi(strchr(params, ';') + 1) - 1;
            } else {
                fake_sgr(fake, params);
            }
            text += length + 3;
        } else {
            gunichar ch = g_utf8_get_char(text);

            g_assert_cmpuint(fake->row, <, ROWS);
            g_assert_cmpuint(fake->column, <, COLUMNS);
            fake->look.ch = ch;
            fake->cells[fake->row][fake->column++] = fake->look;
            if (g_unichar_iswide(ch)) {
                fake->look.ch = 0;
                fake->cells[fake->row][fake->column++] = fake->look;
            }
            text = g_utf8_next_char(text);
        }
    }
}

static void assert_equal(Fake *fake, Grid *wanted)
{
    for (guint row = 0; row < ROWS; row++) {
        for (guint column = 0; column < COLUMNS; column++) {
            const GridCell *want = grid_cell(wanted, column, row);
            const GridCell *have = &fake->cells[row][column];

            if (want->flags & GRID_PICTURE) {
                continue;
            }
            g_assert_cmpuint(have->ch, ==, want->ch);
            g_assert_cmpuint(have->flags, ==, want->flags);
            g_assert_cmpuint(have->fg, ==, want->fg);
            g_assert_cmpuint(have->bg, ==, want->bg);
        }
    }
}

static void change_something(Grid *grid)
{
    static const gunichar chars[] = {'a', 'b', ' ', 0x2588, 0xe9};
    guint count = (guint)g_test_rand_int_range(0, 30);

    while (count--) {
        GridCell *cell = grid_cell(grid, (guint)g_test_rand_int_range(0, COLUMNS),
                                   (guint)g_test_rand_int_range(0, ROWS));
        guint kind = (guint)g_test_rand_int_range(0, 8);

        *cell = (GridCell){.ch = chars[g_test_rand_int_range(0, G_N_ELEMENTS(chars))]};
        if (kind < 3) {
            cell->fg = 0xffffff;
            cell->bg = kind * 0x50;
        } else {
            cell->flags = kind == 3   ? GRID_PLAIN | GRID_REVERSE
                          : kind == 4 ? GRID_PICTURE
                          : kind == 5 ? GRID_BLINK
                                      : GRID_PLAIN;
        }
    }
}

static void test_random(void)
{
    Grid shown = {0}, wanted = {0};
    Fake fake = {0};

    grid_resize(&shown, COLUMNS, ROWS, GRID_UNKNOWN);
    grid_resize(&wanted, COLUMNS, ROWS, GRID_PLAIN);
    for (int i = 0; i < 2000; i++) {
        g_autoptr(GString) out = g_string_new(NULL), again = g_string_new(NULL);

        change_something(&wanted);
        grid_update(&shown, &wanted, GRID_COLORS_24BIT, TRUE, out);
        fake_feed(&fake, out->str);
        assert_equal(&fake, &wanted);
        grid_update(&shown, &wanted, GRID_COLORS_24BIT, TRUE, again);
        g_assert_cmpstr(again->str, ==, ""); /* nothing has changed: nothing is written */
    }
    grid_clear(&shown);
    grid_clear(&wanted);
}

static char *update_text(const char *text, GridColors colors, gboolean utf8)
{
    Grid shown = {0}, wanted = {0};
    GString *out = g_string_new(NULL);

    grid_resize(&shown, 10, 1, GRID_PLAIN);
    grid_resize(&wanted, 10, 1, GRID_PLAIN);
    grid_text(&wanted, 0, 0, text, GRID_PLAIN);
    grid_update(&shown, &wanted, colors, utf8, out);
    grid_clear(&shown);
    grid_clear(&wanted);
    return g_string_free(out, FALSE);
}

static void test_hostile_text(void)
{
    g_autofree char *controls = update_text("a\033]0;x\a", GRID_COLORS_24BIT, TRUE);
    g_autofree char *ascii = update_text("\xe2\x95\x94\xc3\xa9\xe2\x96\x88", GRID_COLORS_8, FALSE);
    g_autofree char *wide = update_text(
        "x\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", GRID_COLORS_24BIT, TRUE);

    g_assert_cmpstr(controls, ==, "\033[1;1H\033[0ma ]0;x\033[0m");
    g_assert_cmpstr(ascii, ==, "\033[1;1H\033[0m+e#\033[0m");
    g_assert_nonnull(strstr(wide, "x\xe4\xb8\xad"));
    g_assert_true(strstr(wide, "?") != NULL); /* the last has room for one half only */
}

static void test_colors(void)
{
    g_assert_cmpuint(grid_color_16(0xaa0000), ==, 1);
    g_assert_cmpuint(grid_color_16(0x5555ff), ==, 12);
    g_assert_cmpuint(grid_color_256(0xffffff), ==, 231);
    g_assert_cmpuint(grid_color_256(0x000000), ==, 16);
    g_assert_cmpuint(grid_color_256(0x808080), ==, 244);
    for (guint32 rgb = 0; rgb < 0x1000000; rgb += 0x1357) {
        g_assert_cmpuint(grid_color_256(rgb), >=, 16);
        g_assert_cmpuint(grid_color_256(rgb), <, 256);
        g_assert_cmpuint(grid_color_16(rgb), <, 16);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/terminal-grid/random", test_random);
    g_test_add_func("/terminal-grid/hostile-text", test_hostile_text);
    g_test_add_func("/terminal-grid/colors", test_colors);
    return g_test_run();
}
