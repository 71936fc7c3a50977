/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor/editor on a terminal with a right margin: what stands on its rows, whatever is typed. */
#include <string.h>

#include "monitor/editor.h"

#define ROWS 200
#define WIDE 0x10ffff /* the second cell of a wide character */

/* A terminal as xterm is: after the last column it waits, and only the next character wraps. */
typedef struct Grid {
    LineEditor *editor;
    guint columns;
    gunichar cells[ROWS][256];
    guint row, column;
    gboolean pending;
    GString *lines;
} Grid;

static void grid_clear_row(Grid *g, guint row, guint from)
{
    for (guint i = from; i < G_N_ELEMENTS(g->cells[row]); i++) {
        g->cells[row][i] = ' ';
    }
}

static void grid_newline(Grid *g)
{
    g_assert_cmpuint(g->row + 1, <, ROWS);
    g->row++;
}

static void grid_put(Grid *g, gunichar c)
{
    guint width = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;

    if (!width) {
        return;
    }
    if (g->pending || g->column + width > g->columns) {
        grid_newline(g);
        g->column = 0;
    }
    g->pending = FALSE;
    g->cells[g->row][g->column] = c;
    if (width == 2) {
        g->cells[g->row][g->column + 1] = WIDE;
    }
    g->column += width;
    if (g->column >= g->columns) {
        g->column = g->columns - 1;
        g->pending = TRUE;
    }
}

static void grid_csi(Grid *g, guint n, char final)
{
    n = n ? n : 1;
    switch (final) {
    case 'A':
        g_assert_cmpuint(n, <=, g->row);
        g->row -= n;
        break;
    case 'B': g->row += n; break;
    case 'C': g->column = MIN(g->column + n, g->columns - 1); break;
    case 'D': g->column -= MIN(n, g->column); break;
    case 'J':
        for (guint i = g->row + 1; i < ROWS; i++) {
            grid_clear_row(g, i, 0);
        }
        grid_clear_row(g, g->row, g->column);
        break;
    case 'K': grid_clear_row(g, g->row, g->column); break;
    default: g_assert_not_reached();
    }
    if (final != 'J' && final != 'K') {
        g->pending = FALSE;
    }
}

static void on_write(void *opaque, const char *text, gsize length)
{
    Grid *g = opaque;

    g_assert_true(g_utf8_validate(text, (gssize)length, NULL));
    for (const char *p = text; p < text + length; p = g_utf8_next_char(p)) {
        if (*p == '\033') {
            char *final;
            guint n = (guint)strtoul(p + 2, &final, 10);
            grid_csi(g, n, *final);
            p = final;
        } else if (*p == '\r') {
            g->column = 0;
            g->pending = FALSE;
        } else if (*p == '\n') {
            grid_newline(g);
        } else {
            grid_put(g, g_utf8_get_char(p));
        }
    }
}

static void on_line(void *opaque, const char *line)
{
    Grid *g = opaque;

    g_string_append_printf(g->lines, "%s|", line);
    line_editor_start(g->editor, "> ", FALSE);
}

static void on_complete(void *opaque, const char *text)
{
}

static const LineEditorOps ops = {on_write, on_line, on_complete};

static void grid_init(Grid *g, guint columns)
{
    *g = (Grid){.columns = columns, .lines = g_string_new(NULL)};
    for (guint i = 0; i < ROWS; i++) {
        grid_clear_row(g, i, 0);
    }
    g->editor = line_editor_new(&ops, g);
    line_editor_set_columns(g->editor, columns);
    line_editor_start(g->editor, "> ", FALSE);
}

static void grid_free(Grid *g)
{
    line_editor_free(g->editor);
    g_string_free(g->lines, TRUE);
}

static void type(Grid *g, const char *text)
{
    for (const char *p = text; *p; p++) {
        line_editor_input(g->editor, (guint8)*p);
    }
    line_editor_flush(g->editor);
}

/* The rows in use, each with "\n"; "_" before the cell of the cursor. */
static char *grid_text(const Grid *g)
{
    GString *text = g_string_new(NULL);
    guint last = g->row;

    for (guint row = 0; row < ROWS; row++) {
        for (guint i = 0; i < g->columns; i++) {
            last = g->cells[row][i] != ' ' ? MAX(last, row) : last;
        }
    }
    for (guint row = 0; row <= last; row++) {
        for (guint i = 0; i < g->columns; i++) {
            if (row == g->row && i == g->column) {
                g_string_append_c(text, '_');
            }
            if (g->cells[row][i] != WIDE) {
                g_string_append_unichar(text, g->cells[row][i]);
            }
        }
        g_strchomp(text->str);
        text->len = strlen(text->str);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static void check(const Grid *g, const char *expected)
{
    g_autofree char *text = grid_text(g);

    g_assert_cmpstr(text, ==, expected);
}

static void test_wrap(void)
{
    Grid g;

    grid_init(&g, 10);
    type(&g, "1234567");
    check(&g, "> 1234567_\n");
    type(&g, "8"); /* the row is full: the cursor is where the next one will stand */
    check(&g, "> 12345678\n_\n");
    type(&g, "9\177");
    check(&g, "> 12345678\n_\n");
    type(&g, "\177");
    check(&g, "> 1234567_\n");
    type(&g, "890abcdefghijklm");
    check(&g, "> 12345678\n90abcdefgh\nijklm_\n");
    type(&g, "\001");
    check(&g, "> _12345678\n90abcdefgh\nijklm\n");
    type(&g, "X");
    check(&g, "> X_1234567\n890abcdefg\nhijklm\n");
    type(&g, "\004\004\004\004\004\004\004\004");
    check(&g, "> X_90abcde\nfghijklm\n");
    type(&g, "\013");
    check(&g, "> X_\n");
    type(&g, "\031\002\002\024\r"); /* Ctrl+T; Enter leaves by the end of the line */
    check(&g, "> X90abcde\nfghijlkm\n> _\n");
    type(&g, "\020\020\001\016");
    check(&g, "> X90abcde\nfghijlkm\n> _\n");
    grid_free(&g);
}

static void test_wide(void)
{
    Grid g;

    grid_init(&g, 9);
    type(&g, "123456\346\274\242\345\255\227"); /* no room for the first in the last column */
    check(&g, "> 123456\n漢字_\n");
    type(&g, "\001\006\006\006\006\004");
    check(&g, "> 1234_6漢\n字\n");
    type(&g, "e\314\201\002\002"); /* e and an acute accent are one step */
    check(&g, "> 123_4e6\n漢字\n");
    grid_free(&g);
}

static void test_resize(void)
{
    Grid g, wide;

    /* The terminal breaks the line anew by itself; we show it again after that. */
    grid_init(&g, 20);
    type(&g, "abcdefghijklmnopqrstuvwxyz");
    check(&g, "> abcdefghijklmnopqr\nstuvwxyz_\n");
    grid_init(&wide, 30);
    memcpy(wide.cells[0], g.cells[0], 20 * sizeof(gunichar));
    memcpy(wide.cells[0] + 20, g.cells[1], 10 * sizeof(gunichar));
    memcpy(g.cells, wide.cells, sizeof(g.cells));
    g.columns = 30;
    g.row = 0;
    g.column = 28;
    line_editor_set_columns(g.editor, 30);
    line_editor_flush(g.editor);
    check(&g, "> abcdefghijklmnopqrstuvwxyz_\n");
    type(&g, "\001\033f!");
    check(&g, "> abcdefghijklmnopqrstuvwxyz!_\n");
    grid_free(&wide);
    grid_free(&g);
}

static void test_search(void)
{
    Grid g;

    grid_init(&g, 20);
    type(&g, "a rather long line of the past\rother\r");
    type(&g, "\022long");
    check(&g, "> a rather long line\n of the past\n> other\n"
              "(reverse-i-search)`l\nong': a rather long\nline of the past_\n");
    type(&g, "\007");
    check(&g, "> a rather long line\n of the past\n> other\n> _\n");
    grid_free(&g);
}

/* Random keys: after each the rows show exactly what a fresh terminal would show of that line. */
static void test_random(void)
{
    static const char *const keys[] = {
        "a",    "b",     " ",     "\303\244", "\346\274\242", "e\314\201", "\001",
        "\005", "\002",  "\006",  "\004",     "\177",         "\013",      "\025",
        "\027", "\031",  "\024",  "\033b",    "\033f",        "\033d",     "\020",
        "\016", "\033y", "\033u", "abcdefgh", "\033[D",       "\033[C",    "\033."};
    guint32 seed = 3;
    Grid g, fresh;

    for (guint round = 0; round < 40; round++) {
        grid_init(&g, 8 + round % 13);
        type(&g, "some line of before\r");
        guint top = g.row;
        for (guint i = 0; i < 120; i++) {
            seed = seed * 1664525 + 1013904223;
            type(&g, keys[(seed >> 16) % G_N_ELEMENTS(keys)]);
        }
        /* Cut at the cursor: what is before it, and where that ends. */
        type(&g, "\013");
        g_autofree char *seen = grid_text(&g);
        guint row = g.row, column = g.column;
        type(&g, "\r");
        char *line = strchr(g.lines->str, '|') + 1;
        line[strlen(line) - 1] = '\0';
        grid_init(&fresh, g.columns);
        type(&fresh, line);
        g_autofree char *expected = grid_text(&fresh);
        for (guint i = 0; i < top; i++) {
            char *rest = strchr(seen, '\n') + 1;
            memmove(seen, rest, strlen(rest) + 1);
        }
        g_assert_cmpstr(seen, ==, expected);
        g_assert_cmpuint(row - top, ==, fresh.row);
        g_assert_cmpuint(column, ==, fresh.column);
        grid_free(&fresh);
        grid_free(&g);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/editor-width/wrap", test_wrap);
    g_test_add_func("/editor-width/wide", test_wide);
    g_test_add_func("/editor-width/resize", test_resize);
    g_test_add_func("/editor-width/search", test_search);
    g_test_add_func("/editor-width/random", test_random);
    return g_test_run();
}
