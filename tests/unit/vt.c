/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal of text consoles: sequences and what they leave on a screen of 10x4. */
#include <string.h>

#include "ui/common/vt.h"

#define COLUMNS 10
#define ROWS    4

static void on_push(void *opaque, const VtCell *cells, guint columns)
{
    GString *log = opaque;

    for (guint i = 0; i < columns && cells[i].ch != ' '; i++) {
        g_string_append_unichar(log, cells[i].ch);
    }
    g_string_append_c(log, '^');
}

static void on_answer(void *opaque, const char *text, gsize length)
{
    g_string_append_len(opaque, text, (gssize)length);
}

static const VtOps ops = {.push = on_push, .answer = on_answer};

static void feed(Vt *vt, const char *text)
{
    vt_feed(vt, (const guint8 *)text, strlen(text));
}

/* Rows without the blanks at their ends, joined by "|"; the right half of a wide one is "_". */
static char *screen(const Vt *vt)
{
    GString *text = g_string_new(NULL);

    for (guint row = 0; row < vt->rows; row++) {
        gsize end = text->len;

        for (guint column = 0; column < vt->columns; column++) {
            const VtCell *cell = &vt_row(vt, row)[column];

            g_string_append_unichar(text, cell->ch ? cell->ch : '_');
            end = cell->ch == ' ' ? end : text->len;
        }
        g_string_truncate(text, end);
        g_string_append_c(text, '|');
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *bytes, *screen;
    guint row, column;
} cases[] = {
    {"", "||||", 0, 0},
    {"abc\r\ndef", "abc|def|||", 1, 3},
    {"0123456789", "0123456789||||", 0, 9}, /* the wrap waits for the next character */
    {"0123456789x", "0123456789|x|||", 1, 1},
    {"0123456789\rx", "x123456789||||", 0, 1},
    {"\033[?7l0123456789xy", "012345678y||||", 0, 9},
    {"a\bb\tc", "b       c||||", 0, 9},
    {"1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5|", 3, 1},
    {"\033[3;5Hx\033[Hy\033[99;99Hz", "y||    x|         z|", 3, 9},
    {"\033[0;0Hx\033[2dy\033[9Gz\033[Au", "x        u| y      z|||", 0, 9},
    {"abc\033[99Dx\033[99Cy\033[99Az\033[99Bw", "xbc      z|||         w|", 3, 9},
    {"\033[4;10Hw", "|||         w|", 3, 9},
    {"abcdef\033[3G\033[K", "ab||||", 0, 2},
    {"abcdef\033[3G\033[1K", "   def||||", 0, 2},
    {"abcdef\033[2K", "||||", 0, 6},
    {"aa\r\nbb\r\ncc\033[2;2H\033[J", "aa|b|||", 1, 1},
    {"aa\r\nbb\r\ncc\033[2;1H\033[1J", "| b|cc||", 1, 0},
    {"aa\r\nbb\033[2J", "||||", 1, 2},
    {"abcdef\033[2G\033[2P", "adef||||", 0, 1},
    {"abcdef\033[2G\033[2@", "a  bcdef||||", 0, 1},
    {"abcdef\033[2G\033[2X", "a  def||||", 0, 1},
    {"abcdef\033[2G\033[999P", "a||||", 0, 1},
    {"\033[4habc\rx\033[4l\ry", "yabc||||", 0, 1},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[2H\033[M", "1|3||4|", 1, 0},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[2H\033[L", "1||2|4|", 1, 0},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[S", "1|3||4|", 0, 0},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[T", "1||2|4|", 0, 0},
    {"1\r\n2\r\n3\r\n4\033[2;3r\033[3;1H\n\nx", "1||x|4|", 2, 1},
    {"1\r\n2\r\n3\033[H\033M0", "0|1|2|3|", 0, 1},
    {"\033[2;3r\033[?6h\033[1;1Hx\033[9;1Hy", "|x|y||", 2, 1},
    {"\033[3;2rx\033[5;9ry\033[2;2rz", "xyz||||", 0, 3}, /* no regions */
    {"ab\0337\033[3;3Hx\0338c", "abc||  x||", 0, 3},
    {"main\033[?1049halt\033[?1049l!", "main!||||", 0, 5},
    {"main\033[?1049h\033[Halt", "alt||||", 0, 3},
    {"x\033[9b", "xxxxxxxxxx||||", 0, 9},
    {"\033(0lqk\033(Bq", "\u250c\u2500\u2510q||||", 0, 4},
    {"\u65e5\u672c", "\u65e5_\u672c_||||", 0, 4},
    {"123456789\u65e5", "123456789|\u65e5_|||", 1, 2},
    {"\u65e5\u672c\033[2Gx", " x\u672c_||||", 0, 2}, /* a half that was overwritten */
    {"\u65e5\u672c\rx", "x \u672c_||||", 0, 1},
    {"\u65e5\u672c\033[2G\033[P", " \u672c_||||", 0, 1},
    {"e\u0301x", "\u00e9x||||", 0, 2},
    {"\u0301x\u0483", "x||||", 0, 1},
    /* not UTF-8 */
    {"a\xff"
     "b\xc3(\xed\xa0\x80",
     "a\ufffd"
     "b\ufffd(\ufffd||||",
     0, 6},
    {"a\xe2\x82\033[Hb", "b\ufffd||||", 0, 1},
    {"\xc0\xaf\xf5\x7f\xe0\x80\x80", "\ufffd\ufffd\ufffd\ufffd||||", 0, 4},
    {"a\xc2\x80\xc2\x9f"
     "b",
     "ab||||", 0, 2},
    /* what is skipped, and what cancels */
    {"\033]0;title\007a\033]0;t\033\\b\033Pq#0\033\\c\033_x\033\\d", "abcd||||", 0, 4},
    {"\033]0;title\033[2Cx", "  x||||", 0, 3},
    {"\033[3\030x\033]abc\032y", "xy||||", 0, 2},
    {"\033[3\nCx", "|   x|||", 1, 4}, /* a control character in the middle */
    {"\033[<5Mx\033[=3hy\033[1 qz\033[1$xu", "xyzu||||", 0, 4},
    {"\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19Hx", " x||||", 0, 2},
    {"\033[99999999999999999999;4294967297Hx", "|||         x|", 3, 9},
    {"\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;mx", "x||||", 0, 1},
    {"\033#8\033%Gx\033Zy", "xy||||", 0, 2},
    {"abc\033cx", "x||||", 0, 1},
};

static void test_screen(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) log = g_string_new(NULL);
        g_autofree char *escaped = g_strescape(cases[i].bytes, NULL), *got = NULL;
        Vt *vt = vt_new(COLUMNS, ROWS, &ops, log);

        g_test_message("%s", escaped);
        feed(vt, cases[i].bytes);
        got = screen(vt);
        g_assert_cmpstr(got, ==, cases[i].screen);
        g_assert_cmpuint(vt->cursor.row, ==, cases[i].row);
        g_assert_cmpuint(vt->cursor.column, ==, cases[i].column);
        vt_free(vt);
    }
}

static void check_cell(const char *bytes, guint32 fg, guint32 bg, guint8 style)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Vt *vt = vt_new(COLUMNS, ROWS, &ops, log);
    const VtCell *cell = vt_row(vt, 0);

    g_test_message("%s", bytes + 1);
    feed(vt, bytes);
    g_assert_cmphex(cell->fg, ==, fg);
    g_assert_cmphex(cell->bg, ==, bg);
    g_assert_cmpuint(cell->style, ==, style);
    vt_free(vt);
}

static void test_colors(void)
{
    check_cell("x", 0xaaaaaa, 0x000000, 0);
    check_cell("\033[31mx", 0xaa0000, 0x000000, 0);
    check_cell("\033[1;31mx", 0xff5555, 0x000000, 0);
    check_cell("\033[1mx", 0xffffff, 0x000000, 0);
    check_cell("\033[1;22;31mx", 0xaa0000, 0x000000, 0);
    check_cell("\033[97;104mx", 0xffffff, 0x5555ff, 0);
    check_cell("\033[32;7mx", 0x000000, 0x00aa00, 0);
    check_cell("\033[38;5;196;48;5;250mx", 0xff0000, 0xbcbcbc, 0);
    check_cell("\033[38;2;1;2;3;48:2:4:5:6mx", 0x010203, 0x040506, 0);
    check_cell("\033[38;5mx", 0xaaaaaa, 0x000000, 0); /* cut off */
    check_cell("\033[38;2;999;0;0mx", 0xff0000, 0x000000, 0);
    check_cell("\033[38;5;9999mx", 0xeeeeee, 0x000000, 0);
    check_cell("\033[4;9mx", 0xaaaaaa, 0x000000, VT_UNDERLINE | VT_STRIKE);
    check_cell("\033[4;9;24;29;31;42;39;49mx", 0xaaaaaa, 0x000000, 0);
    check_cell("\033[31;42;4m\033[mx", 0xaaaaaa, 0x000000, 0);
    check_cell("\033[44m\033[K", 0xaaaaaa, 0x0000aa, 0); /* erased with the background */
}

static void test_answers(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Vt *vt = vt_new(COLUMNS, ROWS, &ops, log);

    feed(vt, "\033[2;3H\033[6n\033[5n\033[c\033[>c\033[7n");
    g_assert_cmpstr(log->str, ==, "\033[2;3R\033[0n\033[?6c\033[>0;0;0c");
    vt_free(vt);
}

/* What scrolls off the top of the whole screen is kept; nothing else is. */
static void test_scrollback(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Vt *vt = vt_new(COLUMNS, ROWS, &ops, log);

    feed(vt, "1\r\n2\r\n3\r\n4\r\n5\r\n6");
    g_assert_cmpstr(log->str, ==, "1^2^");
    g_string_truncate(log, 0);
    feed(vt,
         "\033[H\033[M\033[T\033[2;4r\033[4H\n\n\033[r\033[?1049h\n\n\n\n\n\n\033[?1049l\033[2J");
    g_assert_cmpstr(log->str, ==, "");
    vt_free(vt);
}

static void test_tabs(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Vt *vt = vt_new(40, ROWS, &ops, log);

    feed(vt, "\t\t");
    g_assert_cmpuint(vt->cursor.column, ==, 16);
    feed(vt, "\033[2Z");
    g_assert_cmpuint(vt->cursor.column, ==, 0);
    feed(vt, "\033[5G\033H\r\t");
    g_assert_cmpuint(vt->cursor.column, ==, 4);
    feed(vt, "\033[g\r\033[2I");
    g_assert_cmpuint(vt->cursor.column, ==, 16);
    feed(vt, "\033[3g\r\t");
    g_assert_cmpuint(vt->cursor.column, ==, 39);
    feed(vt, "\033[9999Z");
    g_assert_cmpuint(vt->cursor.column, ==, 0);
    vt_free(vt);
}

/* The same bytes, one at a time. */
static void test_pieces(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) log = g_string_new(NULL);
        g_autofree char *got = NULL;
        Vt *vt = vt_new(COLUMNS, ROWS, &ops, log);

        for (const char *p = cases[i].bytes; *p; p++) {
            vt_feed(vt, (const guint8 *)p, 1);
        }
        got = screen(vt);
        g_assert_cmpstr(got, ==, cases[i].screen);
        vt_free(vt);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vt/screen", test_screen);
    g_test_add_func("/vt/pieces", test_pieces);
    g_test_add_func("/vt/colors", test_colors);
    g_test_add_func("/vt/answers", test_answers);
    g_test_add_func("/vt/scrollback", test_scrollback);
    g_test_add_func("/vt/tabs", test_tabs);
    return g_test_run();
}
