/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What terminals send, taken apart: keys, mouse, pastes, answers, and nonsense. */
#include <linux/input-event-codes.h>
#include <string.h>

#include "ui/terminal/caps.h"
#include "ui/terminal/input-keys.h"
#include "ui/terminal/input-parser.h"

static void describe(const TermEvent *event, void *opaque)
{
    GString *log = opaque;

    switch (event->type) {
    case TERM_EVENT_KEY:
        g_string_append_printf(log, "key %x mods %x%s%s", event->symbol, event->mods,
                               event->action == TERM_RELEASE  ? " up"
                               : event->action == TERM_REPEAT ? " again"
                                                              : "",
                               event->paired ? " paired" : "");
        break;
    case TERM_EVENT_MOUSE:
        g_string_append_printf(log, "mouse %u at %d,%d%s%s", event->button, event->x, event->y,
                               event->motion ? " moved" : "",
                               event->action == TERM_RELEASE ? " up" : "");
        break;
    case TERM_EVENT_PASTE:
        g_string_append_printf(log, "paste %.*s", (int)event->length, event->data);
        break;
    case TERM_EVENT_GRAPHICS:
    case TERM_EVENT_CAPABILITY:
    case TERM_EVENT_VERSION:
        g_string_append_printf(log, "text %d %.*s", event->type, (int)event->length, event->data);
        break;
    default:
        g_string_append_printf(log, "answer %d", event->type);
        for (guint i = 0; i < event->count; i++) {
            g_string_append_printf(log, " %u", event->number[i]);
        }
    }
    g_string_append_c(log, '\n');
}

/* All at once, and byte by byte: both must say the same. */
static void check(const char *input, gsize length, const char *expected)
{
    for (int split = 0; split < 2; split++) {
        g_autoptr(GString) log = g_string_new(NULL);
        TermParser *parser = term_parser_new(describe, log, 0x7f);

        if (split) {
            for (gsize i = 0; i < length; i++) {
                term_parser_feed(parser, (const guint8 *)input + i, 1);
            }
        } else {
            term_parser_feed(parser, (const guint8 *)input, length);
        }
        g_assert_cmpstr(log->str, ==, expected);
        g_assert_false(term_parser_is_waiting(parser));
        term_parser_free(parser);
    }
}

#define CHECK(input, expected) check(input, sizeof(input) - 1, expected)

static void test_legacy(void)
{
    CHECK("aZ", "key 61 mods 0\nkey 5a mods 0\n");
    CHECK("\x01\x1d\x7f\r\t", "key 61 mods 4\nkey 5d mods 4\nkey 7f mods 0\nkey d mods 0\nkey 9 "
                              "mods 0\n");
    CHECK("\0", "key 20 mods 4\n");
    CHECK("\033x", "key 78 mods 2\n");
    CHECK("\033[A\033OB", "key 110000 mods 0\nkey 110001 mods 0\n");
    CHECK("\033[1;5C", "key 110002 mods 4\n");
    CHECK("\033[3~\033[3;2~", "key 110008 mods 0\nkey 110008 mods 1\n");
    CHECK("\033OP\033[15~\033[24~\033[[E", "key 11000b mods 0\nkey 11000f mods 0\n"
                                           "key 110016 mods 0\nkey 11000f mods 0\n");
    CHECK("\033[Z", "key 9 mods 1\n");
    CHECK("\033\033[A", "key 110000 mods 2\n");
    CHECK("\xc3\xa9\033\xe2\x82\xac", "key e9 mods 0\nkey 20ac mods 2\n");
    CHECK("\033[27;6;65~", "key 41 mods 5\n"); /* modifyOtherKeys */
}

static void test_kitty(void)
{
    CHECK("\033[97u", "key 61 mods 0 paired\n");
    CHECK("\033[97;5:3u", "key 61 mods 4 up paired\n");
    CHECK("\033[97:65:113;2:2;65u", "key 61 mods 1 again paired\n");
    CHECK("\033[57441;2:1u", "key e061 mods 1 paired\n");
    CHECK("\033[1;1:3A", "key 110000 mods 0 up paired\n");
    CHECK("\033[?31u", "answer 9 31\n");
    CHECK("\033[1114112u", ""); /* beyond Unicode */
}

static void test_mouse(void)
{
    CHECK("\033[<0;3;4M\033[<0;3;4m", "mouse 0 at 2,3\nmouse 0 at 2,3 up\n");
    CHECK("\033[<35;1000;900M", "mouse 3 at 999,899 moved\n");
    CHECK("\033[<65;1;1M", "mouse 65 at 0,0\n");
    CHECK("\033[M\x20\x21\x22", "mouse 0 at 0,1\n");
    CHECK("\033[<0;0;0M", "mouse 0 at 0,0\n");
    CHECK("\033[I\033[O", "answer 2 1\nanswer 2 0\n");
}

static void test_paste(void)
{
    CHECK("\033[200~a\033[Bb\033[201~c", "paste a\033[Bb\nkey 63 mods 0\n");
    CHECK("\033[200~x\033\033[201~", "paste x\033\n");
    CHECK("\033[200~\033[201~", "");
}

static void test_answers(void)
{
    CHECK("\033[?62;4;22c", "answer 4 62 4 22\n");
    CHECK("\033[?2026;2$y", "answer 5 2026 2\n");
    CHECK("\033[6;18;9t", "answer 6 9 18\n");
    CHECK("\033[48;24;80;384;640t", "answer 8 80 24\n");
    CHECK("\033_Gi=31;OK\033\\", "text 10 i=31;OK\n");
    CHECK("\033P1+r524742=38\033\\\033P0+r\033\\", "text 11 524742=38\n");
    CHECK("\033P>|XTerm(379)\033\\", "text 12 XTerm(379)\n");
    CHECK("\033[0n", "answer 13\n");
    CHECK("\033]11;rgb:0000/0000/0000\aq", "key 71 mods 0\n");
}

/* Escape, and in the same moment an answer: both are there. */
static void test_escape_before_answer(void)
{
    CHECK("\033\033[0n", "key 1b mods 0\nanswer 13\n");
    CHECK("\033\033[<0;1;1M", "key 1b mods 0\nmouse 0 at 0,0\n");
    CHECK("\033\033_Gi=31;OK\033\\", "key 1b mods 0\ntext 10 i=31;OK\n");
    CHECK("\033\033[200~a\033[201~", "key 1b mods 0\npaste a\n");
}

/* Broken sequences cost themselves, not what follows. */
static void test_nonsense(void)
{
    CHECK("\033[<5\030a", "key 61 mods 0\n");
    CHECK("\033[999999999999;5Aa", "key 110000 mods 4\nkey 61 mods 0\n");
    CHECK("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19xa", "key 61 mods 0\n");
    CHECK("\033[1:2:3:4:5:6ua", "key 1 mods 0 paired\nkey 61 mods 0\n");
    CHECK("\xff\xc0\xe2\x82"
          "a",
          "key 61 mods 0\n");
    CHECK("\xed\xa0\x80", ""); /* a surrogate */
    CHECK("\033_Gi=1\033[A", "key 110000 mods 0\n");
    CHECK("\033[<M\033[?c\033[$y", "answer 4\n");
    CHECK("\033[12;40R", ""); /* a cursor position, not F3 */
}

static void test_timeout(void)
{
    static const struct {
        const char *input, *expected;
    } cases[] = {
        {"\033", "key 1b mods 0\n"},
        {"\033\033", "key 1b mods 0\nkey 1b mods 0\n"},
        {"\033[", "key 5b mods 2\n"},
        {"\033O", "key 4f mods 2\n"},
        {"\033[1;", ""},
        {"\033_Gabc", ""},
        {"\xe2\x82", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) log = g_string_new(NULL);
        TermParser *parser = term_parser_new(describe, log, 0x7f);

        term_parser_feed(parser, (const guint8 *)cases[i].input, strlen(cases[i].input));
        g_assert_cmpstr(log->str, ==, "");
        g_assert_true(term_parser_is_waiting(parser));
        term_parser_timeout(parser);
        g_assert_cmpstr(log->str, ==, cases[i].expected);
        term_parser_feed(parser, (const guint8 *)"a", 1);
        g_assert_true(g_str_has_suffix(log->str, "key 61 mods 0\n"));
        term_parser_free(parser);
    }
}

/* A paste may stop for long in the middle, and may never end. */
static void test_long_paste(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    TermParser *parser = term_parser_new(describe, log, 8);
    g_autofree char *text = g_strnfill(100000, 'x');

    term_parser_feed(parser, (const guint8 *)"\033[200~", 6);
    term_parser_timeout(parser);
    term_parser_feed(parser, (const guint8 *)text, 100000);
    g_assert_cmpuint(log->len, >, 99000);
    term_parser_feed(parser, (const guint8 *)"\033[201~\x08", 7);
    g_assert_true(g_str_has_suffix(log->str, "key 7f mods 0\n")); /* erase is 8 here */
    term_parser_free(parser);
}

/* ---- to the guest's keys ---- */

static TermStroke stroke(const Keymap *keymap, guint32 symbol, guint32 base, gboolean paired)
{
    TermEvent event = {.type = TERM_EVENT_KEY, .symbol = symbol, .base = base, .paired = paired};
    TermStroke found;

    g_assert_true(term_stroke(&event, keymap, &found));
    return found;
}

static void test_strokes(void)
{
    g_autoptr(Keymap) us = keymap_new("us", NULL);
    g_autoptr(Keymap) de = keymap_new("de", NULL);
    TermEvent none = {.type = TERM_EVENT_KEY, .symbol = 0x4e2d};
    TermStroke found;

    g_assert_cmpuint(stroke(us, 'a', 0, FALSE).key, ==, KEY_A);
    g_assert_cmpuint(stroke(us, 'a', 0, FALSE).mods, ==, 0);
    g_assert_cmpuint(stroke(us, 'A', 0, FALSE).mods, ==, TERM_MOD_SHIFT);
    g_assert_cmpuint(stroke(us, '?', 0, FALSE).key, ==, KEY_SLASH);
    g_assert_cmpuint(stroke(de, 'z', 0, FALSE).key, ==, KEY_Y);
    g_assert_true(stroke(de, '@', 0, FALSE).altgr);
    g_assert_cmpuint(stroke(de, 'z', 'y', TRUE).key, ==, KEY_Y);   /* by its place */
    g_assert_cmpuint(stroke(us, 0x444, 'a', TRUE).key, ==, KEY_A); /* Cyrillic */
    g_assert_cmpuint(stroke(us, TERM_KEY_F1 + 11, 0, FALSE).key, ==, KEY_F12);
    g_assert_cmpuint(stroke(us, 57448, 0, TRUE).key, ==, KEY_RIGHTCTRL);
    g_assert_cmpuint(stroke(us, ']', 0, FALSE).key, ==, KEY_RIGHTBRACE);
    g_assert_false(term_stroke(&none, us, &found));
}

/* ---- capabilities ---- */

static void take(const TermEvent *event, void *opaque)
{
    term_caps_take(opaque, event);
}

static TermCaps answered(const char *term, const char *answers)
{
    TermCaps caps;
    TermParser *parser;

    term_caps_guess(&caps, term, NULL, "C.UTF-8", NULL);
    parser = term_parser_new(take, &caps, 0x7f);
    term_parser_feed(parser, (const guint8 *)answers, strlen(answers));
    term_parser_free(parser);
    return caps;
}

static void test_caps(void)
{
    TermCaps caps = answered("xterm-256color", "\033[?62;4c");

    g_assert_true(caps.utf8 && caps.answered && caps.sixel && !caps.simple);
    g_assert_cmpint(caps.colors, ==, GRID_COLORS_256);
    g_assert_cmpint(term_caps_graphics(&caps), ==, TERM_GRAPHICS_SIXEL);
    caps =
        answered("xterm-kitty", "\033[?0u\033_Gi=31;OK\033\\\033[?2026;2$y\033[?1016;0$y\033[6;20;"
                                "10t\033[?62;c");
    g_assert_true(caps.kitty_keyboard && caps.sync && !caps.pixel_mouse);
    g_assert_cmpuint(caps.cell_height, ==, 20);
    g_assert_cmpint(term_caps_graphics(&caps), ==, TERM_GRAPHICS_KITTY);
    caps = answered("xterm", "\033_Gi=31;EINVAL\033\\\033P>|iTerm2 3.5\033\\\033[?1;2c");
    g_assert_cmpint(term_caps_graphics(&caps), ==, TERM_GRAPHICS_ITERM);
    caps = answered("tmux-256color", "\033P1+r524742=8\033\\");
    g_assert_false(caps.answered);
    g_assert_cmpint(caps.colors, ==, GRID_COLORS_24BIT);
    caps = answered("linux", "");
    g_assert_true(caps.simple);
    g_assert_true(term_caps_is_dumb("dumb") && term_caps_is_dumb(NULL));
    g_assert_false(term_caps_is_dumb("vt100"));
}

/* A simple terminal prints what it does not know: it is asked nothing private. */
static void test_questions(void)
{
    TermCaps caps;
    g_autoptr(GString) out = g_string_new(NULL);

    term_caps_guess(&caps, "linux", NULL, NULL, NULL);
    term_caps_ask(&caps, out);
    g_assert_cmpstr(out->str, ==, "\033[c");
    term_caps_guess(&caps, "xterm", NULL, NULL, NULL);
    g_assert_false(caps.utf8);
    term_caps_ask(&caps, out);
    g_assert_true(g_str_has_suffix(out->str, "\033[c")); /* the last answer ends the asking */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/terminal-parser/legacy", test_legacy);
    g_test_add_func("/terminal-parser/kitty", test_kitty);
    g_test_add_func("/terminal-parser/mouse", test_mouse);
    g_test_add_func("/terminal-parser/paste", test_paste);
    g_test_add_func("/terminal-parser/answers", test_answers);
    g_test_add_func("/terminal-parser/escape-before-answer", test_escape_before_answer);
    g_test_add_func("/terminal-parser/nonsense", test_nonsense);
    g_test_add_func("/terminal-parser/timeout", test_timeout);
    g_test_add_func("/terminal-parser/long-paste", test_long_paste);
    g_test_add_func("/terminal-parser/strokes", test_strokes);
    g_test_add_func("/terminal-parser/caps", test_caps);
    g_test_add_func("/terminal-parser/questions", test_questions);
    return g_test_run();
}
