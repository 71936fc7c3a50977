/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a terminal has to be sent so that it shows prompt, line and cursor: only what differs from
 * what it shows already, in sequences that every terminal since the VT100 knows (ECMA-48: CUU, CUD,
 * CUF, CUB, ED, EL). A line that is typed to its end is sent as it is.
 *
 * Terminals that know a right margin wait there: the character after the last column moves on to
 * the next row. So that place and cursor always agree, a row that is full is left by a space and a
 * carriage return - terminals that keep track see one line still, and break it anew when their
 * width changes.
 */
#include <string.h>

#include "monitor/editor-priv.h"

void editor_write(LineEditor *ed, const char *text)
{
    ed->ops->write(ed->opaque, text, strlen(text));
}

guint editor_char_width(gunichar c)
{
    return c < 0x300 ? 1 : g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

gsize editor_text_width(const char *text)
{
    gsize width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        width += editor_char_width(g_utf8_get_char(p));
    }
    return width;
}

/* Where the cursor is after text that begins at `place`. The text is valid UTF-8. */
static EditorPlace place_after(const LineEditor *ed, EditorPlace place, const char *text,
                               gsize length)
{
    for (const char *p = text; p < text + length; p = g_utf8_next_char(p)) {
        guint width = editor_char_width(g_utf8_get_char(p));
        if (ed->columns && place.column + width > ed->columns) {
            place = (EditorPlace){place.row + 1, 0};
        }
        place.column += width;
        if (ed->columns && place.column >= ed->columns) {
            place = (EditorPlace){place.row + 1, 0};
        }
    }
    return place;
}

static void send_moves(LineEditor *ed, gsize n, char final)
{
    if (n) {
        g_autofree char *sequence = g_strdup_printf("\033[%" G_GSIZE_FORMAT "%c", n, final);
        editor_write(ed, sequence);
    }
}

static void move_to(LineEditor *ed, EditorPlace to)
{
    if (to.row != ed->place.row) {
        send_moves(ed, ed->place.row > to.row ? ed->place.row - to.row : 0, 'A');
        send_moves(ed, to.row > ed->place.row ? to.row - ed->place.row : 0, 'B');
    }
    if (to.column == 0 && ed->place.column) {
        editor_write(ed, "\r");
    } else if (to.column < ed->place.column) {
        send_moves(ed, ed->place.column - to.column, 'D');
    } else {
        send_moves(ed, to.column - ed->place.column, 'C');
    }
    ed->place = to;
}

/* Writes text from where the cursor is. */
static void write_from_here(LineEditor *ed, const char *text, gsize length)
{
    EditorPlace after = place_after(ed, ed->place, text, length);

    ed->ops->write(ed->opaque, text, length);
    if (length && after.column == 0 && after.row > ed->place.row) {
        editor_write(ed, " \r");
    }
    ed->place = after;
}

/* How many bytes may stay; never ends within a character and those that combine with it. */
static gsize common_length(const GString *a, const GString *b)
{
    gsize n = 0, most = MIN(a->len, b->len);

    while (n < most && a->str[n] == b->str[n]) {
        n++;
    }
    if (n == a->len && n == b->len) {
        return n;
    }
    while (n > 0 && ((a->str[n] & 0xc0) == 0x80 || (b->str[n] & 0xc0) == 0x80 ||
                     (n < a->len && !editor_char_width(g_utf8_get_char(a->str + n))) ||
                     (n < b->len && !editor_char_width(g_utf8_get_char(b->str + n))))) {
        n--;
    }
    return n;
}

/* Puts what should be seen into `wanted`; returns the cursor's byte in it. */
static gsize compose(LineEditor *ed)
{
    GString *wanted = ed->wanted;

    g_string_truncate(wanted, 0);
    if (ed->searching) {
        const char *match = ed->match ? ed->match->data : "";
        g_string_append_printf(wanted, "(%sreverse-i-search)`%s': %s",
                               ed->search_failed ? "failed " : "", ed->query->str, match);
        return wanted->len;
    }
    g_string_append(wanted, ed->prompt);
    if (ed->secret) {
        return wanted->len;
    }
    g_string_append_len(wanted, ed->line->str, ed->line->len);
    return wanted->len - ed->line->len + ed->cursor;
}

static void swap_shown(LineEditor *ed)
{
    GString *shown = ed->shown;

    ed->shown = ed->wanted;
    ed->wanted = shown;
}

void editor_draw(LineEditor *ed)
{
    static const EditorPlace start;
    gsize cursor = compose(ed);
    const GString *shown = ed->shown, *wanted = ed->wanted;
    gsize same = common_length(shown, wanted);

    if (same == shown->len && cursor == wanted->len) {
        /* The common case, at the end of what is shown: no need to count from the beginning. */
        EditorPlace end = ed->place;
        if (!ed->at_end) {
            end = place_after(ed, start, shown->str, shown->len);
        }
        move_to(ed, end);
        write_from_here(ed, wanted->str + same, wanted->len - same);
    } else {
        EditorPlace old_end = place_after(ed, start, shown->str, shown->len);
        if (same < shown->len || same < wanted->len) {
            move_to(ed, place_after(ed, start, wanted->str, same));
            if (same < shown->len && old_end.row > ed->place.row) {
                editor_write(ed, "\033[J");
                old_end = ed->place;
            }
            write_from_here(ed, wanted->str + same, wanted->len - same);
            if (old_end.row == ed->place.row && old_end.column > ed->place.column) {
                editor_write(ed, "\033[K");
            }
        }
        move_to(ed, place_after(ed, start, wanted->str, cursor));
    }
    ed->at_end = cursor == wanted->len;
    ed->shown_cursor = cursor;
    swap_shown(ed);
}

void editor_forget_shown(LineEditor *ed)
{
    g_string_truncate(ed->shown, 0);
    ed->place = (EditorPlace){0, 0};
    ed->at_end = TRUE;
    ed->shown_cursor = 0;
}

void editor_leave_line(LineEditor *ed, const char *mark)
{
    editor_draw(ed);
    if (!ed->at_end) {
        static const EditorPlace start;
        move_to(ed, place_after(ed, start, ed->shown->str, ed->shown->len));
    }
    editor_write(ed, mark);
    editor_write(ed, "\r\n");
    editor_forget_shown(ed);
}

void editor_clear_screen(LineEditor *ed)
{
    editor_write(ed, "\033[H\033[2J");
    editor_forget_shown(ed);
}

void line_editor_flush(LineEditor *ed)
{
    if (ed->active) {
        editor_draw(ed);
    }
}

/*
 * Terminals break their lines anew for another width (xterm and the Linux console do not, and may
 * keep a remnant above): so the cursor is now where it is by the new count.
 */
void line_editor_set_columns(LineEditor *ed, guint columns)
{
    static const EditorPlace start;
    const GString *shown = ed->shown;

    columns = columns < EDITOR_MIN_COLUMNS ? 0 : columns;
    if (columns == ed->columns) {
        return;
    }
    EditorPlace before = place_after(ed, start, shown->str, shown->len);
    ed->columns = columns;
    ed->place = place_after(ed, start, shown->str, ed->shown_cursor);
    EditorPlace after = place_after(ed, start, shown->str, shown->len);
    if (shown->len && (before.row || after.row)) {
        move_to(ed, start);
        editor_write(ed, "\r\033[J");
        editor_forget_shown(ed);
    }
}
