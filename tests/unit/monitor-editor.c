/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor/editor: what a small terminal shows, and what lines come out. */
#include "monitor/editor.h"

#include <string.h>

/* Understands what the editor sends: one row of it, and the rows that have scrolled away. */
typedef struct Terminal {
    LineEditor *editor;
    GString *raw;   /* everything sent */
    GString *above; /* finished rows, each with "\n" */
    gunichar row[8192];
    gsize used, column;
    GString *lines;    /* lines got from the editor, each with "|" */
    GString *asked;    /* text that was to be completed, each with "|" */
    const char *words; /* what completion offers, separated by spaces */
    gsize start;
} Terminal;

static void terminal_csi(Terminal *t, guint n, char final)
{
    switch (final) {
    case 'C': t->column += n ? n : 1; break;
    case 'D': t->column -= MIN(n ? n : 1, t->column); break;
    case 'K': t->used = MIN(t->used, t->column); break;
    case 'H': t->column = 0; break;
    case 'J':
        t->used = 0;
        g_string_truncate(t->above, 0);
        break;
    default: g_assert_not_reached();
    }
}

static void terminal_newline(Terminal *t)
{
    g_autofree char *text = g_ucs4_to_utf8(t->row, t->used, NULL, NULL, NULL);

    g_string_append_printf(t->above, "%s\n", text);
    t->used = 0;
}

static void on_write(void *opaque, const char *text, gsize length)
{
    Terminal *t = opaque;
    const char *end = text + length;

    g_string_append_len(t->raw, text, length);
    g_assert_true(g_utf8_validate(text, length, NULL));
    for (const char *p = text; p < end; p = g_utf8_next_char(p)) {
        if (*p == '\033') {
            char *final;
            g_assert_cmpint(p[1], ==, '[');
            guint n = strtoul(p + 2, &final, 10);
            terminal_csi(t, n, *final);
            p = final;
        } else if (*p == '\r') {
            t->column = 0;
        } else if (*p == '\n') {
            terminal_newline(t);
        } else {
            g_assert_cmpuint(t->column, <, G_N_ELEMENTS(t->row));
            t->row[t->column++] = g_utf8_get_char(p);
            t->used = MAX(t->used, t->column);
        }
    }
}

static void on_line(void *opaque, const char *line)
{
    Terminal *t = opaque;

    g_string_append_printf(t->lines, "%s|", line ? line : "(too long)");
    line_editor_start(t->editor, "> ", FALSE);
}

static void on_complete(void *opaque, const char *text)
{
    Terminal *t = opaque;
    g_auto(GStrv) words = g_strsplit(t->words, " ", -1);
    g_autoptr(GPtrArray) array = g_ptr_array_new();

    g_string_append_printf(t->asked, "%s|", text);
    for (guint i = 0; words[i]; i++) {
        g_ptr_array_add(array, words[i]);
    }
    line_editor_offer(t->editor, t->start, array, " ");
}

static const LineEditorOps terminal_ops = {on_write, on_line, on_complete};

static void setup(Terminal *t, gconstpointer data)
{
    t->raw = g_string_new(NULL);
    t->above = g_string_new(NULL);
    t->lines = g_string_new(NULL);
    t->asked = g_string_new(NULL);
    t->words = "";
    t->editor = line_editor_new(&terminal_ops, t);
    line_editor_start(t->editor, "> ", FALSE);
}

static void teardown(Terminal *t, gconstpointer data)
{
    line_editor_free(t->editor);
    g_string_free(t->raw, TRUE);
    g_string_free(t->above, TRUE);
    g_string_free(t->lines, TRUE);
    g_string_free(t->asked, TRUE);
}

static void type_bytes(Terminal *t, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        line_editor_input(t->editor, bytes[i]);
    }
    line_editor_flush(t->editor);
}

#define type(t, text) type_bytes(t, text, sizeof(text) - 1)

/* The row on screen with "_" before the character under the cursor. */
static void check_row(Terminal *t, const char *expected)
{
    g_autofree char *before = g_ucs4_to_utf8(t->row, MIN(t->column, t->used), NULL, NULL, NULL);
    g_autofree char *after = g_ucs4_to_utf8(t->row + MIN(t->column, t->used),
                                            t->used - MIN(t->column, t->used), NULL, NULL, NULL);
    g_autofree char *row = g_strconcat(before, "_", after, NULL);

    g_assert_cmpstr(row, ==, expected);
}

static void test_plain(Terminal *t, gconstpointer data)
{
    /* What a script sees: its own characters, "\r\n", no escape sequences. */
    type(t, "info status\ncont\r\nstop\r");
    g_assert_cmpstr(t->raw->str, ==, "> info status\r\n> cont\r\n> stop\r\n> ");
    g_assert_cmpstr(t->lines->str, ==, "info status|cont|stop|");
}

static void test_moving(Terminal *t, gconstpointer data)
{
    type(t, "one two");
    check_row(t, "> one two_");
    type(t, "\033[D\033[D");
    check_row(t, "> one t_wo");
    type(t, "X");
    check_row(t, "> one tX_wo");
    type(t, "\001");
    check_row(t, "> _one tXwo");
}

static void test_keys(Terminal *t, gconstpointer data)
{
    type(t, "one two three");
    type(t, "\001<\005>");
    check_row(t, "> <one two three>_");
    type(t, "\033[H\033[3~");
    check_row(t, "> _one two three>");
    type(t, "\033[F\b\033OD\033OC\033[1~\033[4~");
    check_row(t, "> one two three_");
    type(t, "\033[1;5D\033[1;5D");
    check_row(t, "> one _two three");
    type(t, "\033[1;5C\002\006\004\004\004\004\004\004\004\004");
    check_row(t, "> one two_");
    type(t, "\033b\033d");
    check_row(t, "> one _");
    type(t, "\031\031");
    check_row(t, "> one twotwo_");
    type(t, "\033\177\n");
    g_assert_cmpstr(t->lines->str, ==, "one |");
}

static void test_cutting(Terminal *t, gconstpointer data)
{
    type(t, "a /dev/x y\027");
    check_row(t, "> a /dev/x _");
    type(t, "\027");
    check_row(t, "> a _");
    /* Cut by one key after the other, it is one piece. */
    type(t, "\031\002\002\002\v");
    check_row(t, "> a /dev/_");
    type(t, "\002\025");
    check_row(t, "> _/");
    type(t, "\031");
    check_row(t, "> a /dev_/");
    type(t, "\033y\033y");
    check_row(t, "> /dev/x y_/");
    type(t, "\033y\001\024\006\024");
    check_row(t, ">  a_/dev/");
    type(t, "\003");
    check_row(t, "> _");
    g_assert_cmpstr(t->lines->str, ==, "");
}

static void test_utf8(Terminal *t, gconstpointer data)
{
    type(t, "h\303\244u\342\202\254\033[D\033[D\033[D");
    check_row(t, "> h_äu€");
    type(t, "\303\266\033[3~");
    check_row(t, "> hö_u€");
    /* Broken sequences vanish. */
    type(t, "\377\200\303X\342\202Y\300\200\355\240\200\n");
    g_assert_cmpstr(t->lines->str, ==, "höXYu€|");
}

static void test_history(Terminal *t, gconstpointer data)
{
    type(t, "first\nsecond\nsecond\n\n  draft\033[A");
    check_row(t, "> second_");
    type(t, "\033[A");
    check_row(t, "> first_");
    type(t, "\033[A");
    check_row(t, "> first_");
    type(t, "\016\016");
    check_row(t, ">   draft_");
}

static void test_history_draft(Terminal *t, gconstpointer data)
{
    type(t, "first\nsecond\nsecond\n\ndraft\033[A\033[A\033[B\033[B");
    check_row(t, "> draft_");
    type(t, "\020!\n");
    g_assert_cmpstr(t->lines->str, ==, "first|second|second||second!|");
    g_assert_cmpuint(g_queue_get_length(line_editor_history(t->editor)), ==, 3);
    line_editor_forget(t->editor);
    type(t, "\020");
    check_row(t, "> second_");
}

static void test_history_limit(Terminal *t, gconstpointer data)
{
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *line = g_strdup_printf("line %u\n", i);
        type_bytes(t, line, strlen(line));
    }
    GQueue *history = line_editor_history(t->editor);
    g_assert_cmpuint(g_queue_get_length(history), ==, EDITOR_MAX_HISTORY);
    g_assert_cmpstr(g_queue_peek_head(history), ==, "line 500");
}

static void test_search(Terminal *t, gconstpointer data)
{
    type(t, "info status\ninfo cpus\nstop\nmine\022in");
    check_row(t, "(reverse-i-search)`in': info cpus_");
    type(t, "\022");
    check_row(t, "(reverse-i-search)`in': info status_");
    type(t, "\b\b");
    check_row(t, "(reverse-i-search)`': _");
    type(t, "sto\033[D");
    check_row(t, "> sto_p");
    type(t, "\022cpu\007");
    check_row(t, "> sto_p");
    type(t, "\022cpu\n");
    g_assert_cmpstr(t->lines->str, ==, "info status|info cpus|stop|info cpus|");
}

static void test_completion(Terminal *t, gconstpointer data)
{
    t->words = "system_powerdown system_reset";
    type(t, "sy\t");
    check_row(t, "> system__");
    g_assert_cmpstr(t->above->str, ==, "");
    type(t, "\t");
    check_row(t, "> system__");
    g_assert_cmpstr(t->above->str, ==, "> system_\nsystem_powerdown  system_reset\n");
    t->words = "system_reset";
    type(t, "r\t");
    check_row(t, "> system_reset _");
    g_assert_cmpstr(t->asked->str, ==, "sy|system_|system_r|");

    /* In the middle: what follows the cursor stays. */
    type(t, "\025x later\001\006");
    t->words = "xp";
    type(t, "\t");
    check_row(t, "> xp _ later");
    t->words = "";
    type(t, "\t\n");
    g_assert_cmpstr(t->lines->str, ==, "xp  later|");
}

static void test_secret(Terminal *t, gconstpointer data)
{
    line_editor_stop(t->editor);
    g_string_truncate(t->raw, 0);
    line_editor_start(t->editor, "Password: ", TRUE);
    type(t, "hunterX\b2\033[A\t\022\n");
    g_assert_cmpstr(t->raw->str, ==, "Password: \r\n> ");
    g_assert_cmpstr(t->lines->str, ==, "hunter2|");
    g_assert_true(g_queue_is_empty(line_editor_history(t->editor)));
    type(t, "\031");
    check_row(t, "> _");
}

static void test_hostile(Terminal *t, gconstpointer data)
{
    guint32 seed = 1;

    type(t, "a\0b\033[999999999999;;;;;99999X\033[\033[\033Oz\033\033\n");
    g_assert_cmpstr(t->lines->str, ==, "ab|");
    g_string_truncate(t->lines, 0);

    for (guint i = 0; i < (1 << 20); i++) {
        line_editor_input(t->editor, 'x');
    }
    g_assert_cmpuint(t->raw->len, <, 8192);
    type(t, "\nok\n");
    g_assert_cmpstr(t->lines->str, ==, "(too long)|ok|");

    /* Random keys; the assertions of the terminal above and the sanitizers are the test. */
    for (guint i = 0; i < 30000; i++) {
        static const char keys[] =
            "\001\002\005\006\013\022\025\027\031\033[ABCD~3\b\t\004\303\244xy \n";
        seed = seed * 1664525 + 1013904223;
        line_editor_input(t->editor, keys[(seed >> 16) % (sizeof(keys) - 1)]);
        g_string_truncate(t->raw, 0);
        g_string_truncate(t->above, 0);
        g_string_truncate(t->lines, 0);
    }
}

#define ADD(name, fn) g_test_add("/editor/" name, Terminal, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("plain", test_plain);
    ADD("moving", test_moving);
    ADD("keys", test_keys);
    ADD("cutting", test_cutting);
    ADD("utf8", test_utf8);
    ADD("history", test_history);
    ADD("history-draft", test_history_draft);
    ADD("history-limit", test_history_limit);
    ADD("search", test_search);
    ADD("completion", test_completion);
    ADD("secret", test_secret);
    ADD("hostile", test_hostile);
    return g_test_run();
}
