/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor's keys, and what they do to the line. */
#include <string.h>

#include "monitor/editor-priv.h"

#define KEY(c)    ((c)&0x1f) /* Ctrl + letter */
#define ESC       0x1b
#define BACKSPACE 0x08
#define DELETE    0x7f

/* ---- the line ---- */

void editor_set_line(LineEditor *ed, const char *text)
{
    g_string_assign(ed->line, text);
    ed->cursor = ed->line->len;
}

void editor_insert(LineEditor *ed, const char *text, gsize length)
{
    if (ed->line->len + length > EDITOR_MAX_LINE) {
        ed->overflow = TRUE;
        return;
    }
    g_string_insert_len(ed->line, (gssize)ed->cursor, text, (gssize)length);
    ed->cursor += length;
}

void editor_remove(LineEditor *ed, gsize from, gsize to)
{
    g_string_erase(ed->line, (gssize)from, (gssize)(to - from));
    ed->cursor = from;
}

/* ---- places in it ---- */

static gboolean combines(const char *p)
{
    return *p && !editor_char_width(g_utf8_get_char(p));
}

/* A character and those that combine with it are one step. */
static gsize previous_char(const LineEditor *ed)
{
    const char *text = ed->line->str, *p = text + ed->cursor;

    while (p > text) {
        p = g_utf8_prev_char(p);
        if (!combines(p)) {
            break;
        }
    }
    return p - text;
}

static gsize next_char(const LineEditor *ed)
{
    const char *text = ed->line->str, *p = text + ed->cursor;

    if (*p) {
        p = g_utf8_next_char(p);
    }
    while (combines(p)) {
        p = g_utf8_next_char(p);
    }
    return p - text;
}

static gboolean is_word_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || (c & 0x80);
}

static gsize previous_word(const LineEditor *ed)
{
    gsize at = ed->cursor;

    while (at > 0 && !is_word_char(ed->line->str[at - 1])) {
        at--;
    }
    while (at > 0 && is_word_char(ed->line->str[at - 1])) {
        at--;
    }
    return at;
}

static gsize next_word(const LineEditor *ed)
{
    gsize at = ed->cursor;

    while (at < ed->line->len && !is_word_char(ed->line->str[at])) {
        at++;
    }
    while (at < ed->line->len && is_word_char(ed->line->str[at])) {
        at++;
    }
    return at;
}

/* Ctrl+W cuts by white space, as shells do. */
static gsize previous_blank(const LineEditor *ed)
{
    gsize at = ed->cursor;

    while (at > 0 && g_ascii_isspace(ed->line->str[at - 1])) {
        at--;
    }
    while (at > 0 && !g_ascii_isspace(ed->line->str[at - 1])) {
        at--;
    }
    return at;
}

/* ---- cutting and putting in ---- */

/* Removes the text between the cursor and `other`; Ctrl+Y can put it back. What is cut by one key
 * after the other is one piece. */
static void kill_to(LineEditor *ed, gsize other)
{
    gsize from = MIN(ed->cursor, other), to = MAX(ed->cursor, other);

    ed->action = ACTION_KILL;
    if (from == to) {
        return;
    }
    if (!ed->secret) {
        g_autofree char *piece = g_strndup(ed->line->str + from, to - from);
        gboolean more = ed->last_action == ACTION_KILL && ed->kills->head;
        g_autofree char *before = more ? g_queue_pop_head(ed->kills) : g_strdup("");
        g_queue_push_head(ed->kills, other < ed->cursor ? g_strconcat(piece, before, NULL)
                                                        : g_strconcat(before, piece, NULL));
        if (g_queue_get_length(ed->kills) > EDITOR_KILLS) {
            g_free(g_queue_pop_tail(ed->kills));
        }
    }
    editor_remove(ed, from, to);
}

static void yank(LineEditor *ed, guint n)
{
    const char *text = g_queue_peek_nth(ed->kills, n);

    if (text && ed->line->len + strlen(text) <= EDITOR_MAX_LINE) {
        ed->yank = n;
        ed->yanked = strlen(text);
        editor_insert(ed, text, ed->yanked);
        ed->action = ACTION_YANK;
    }
}

/* In place of what Ctrl+Y has put in, what was cut before that. */
static void yank_older(LineEditor *ed)
{
    if (ed->last_action == ACTION_YANK) {
        editor_remove(ed, ed->cursor - ed->yanked, ed->cursor);
        yank(ed, (ed->yank + 1) % g_queue_get_length(ed->kills));
    }
}

/* The characters before and behind the cursor change places; at the end, the last two. */
static void transpose(LineEditor *ed)
{
    gsize before = ed->cursor;

    if (before == ed->line->len) {
        ed->cursor = previous_char(ed);
    }
    gsize middle = ed->cursor, first = previous_char(ed), end = next_char(ed);
    if (first == middle || middle == end) {
        ed->cursor = before;
        return;
    }
    g_autofree char *moved = g_strndup(ed->line->str + first, middle - first);
    editor_remove(ed, first, middle);
    ed->cursor = end - strlen(moved);
    editor_insert(ed, moved, strlen(moved));
}

/* Makes the rest of the word upper (u) or lower case (l), or begin with a capital (c). */
static void change_case(LineEditor *ed, char how)
{
    gsize to = next_word(ed), from = ed->cursor;

    while (from < to && !is_word_char(ed->line->str[from])) {
        from++;
    }
    const char *text = ed->line->str + from, *end = ed->line->str + to;
    const char *rest = how == 'c' && text < end ? g_utf8_next_char(text) : text;
    g_autofree char *upper = g_utf8_strup(text, how == 'u' ? end - text : rest - text);
    g_autofree char *lower = how == 'u' ? g_strdup("") : g_utf8_strdown(rest, end - rest);
    editor_remove(ed, from, to);
    editor_insert(ed, upper, strlen(upper));
    editor_insert(ed, lower, strlen(lower));
}

static void delete_to(LineEditor *ed, gsize other)
{
    editor_remove(ed, MIN(ed->cursor, other), MAX(ed->cursor, other));
}

static void complete(LineEditor *ed)
{
    g_autofree char *text = g_strndup(ed->line->str, ed->cursor);

    if (!ed->secret) {
        editor_draw(ed);
        ed->ops->complete(ed->opaque, text);
    }
}

/* ---- keys ---- */

static void enter(LineEditor *ed)
{
    g_autofree char *line = NULL;

    ed->cursor = ed->line->len;
    editor_leave_line(ed, "");
    if (!ed->overflow) {
        editor_remember(ed);
        line = g_strdup(ed->line->str);
    }
    ed->active = FALSE;
    ed->ops->line(ed->opaque, line);
}

static void interrupt(LineEditor *ed)
{
    g_autofree char *prompt = g_strdup(ed->prompt);

    if (ed->secret) { /* an empty answer */
        editor_set_line(ed, "");
        enter(ed);
        return;
    }
    editor_leave_line(ed, "^C");
    line_editor_start(ed, prompt, FALSE);
}

static void control_key(LineEditor *ed, guint8 byte)
{
    switch (byte) {
    case KEY('A'): ed->cursor = 0; break;
    case KEY('B'): ed->cursor = previous_char(ed); break;
    case KEY('C'): interrupt(ed); break;
    case KEY('D'): delete_to(ed, next_char(ed)); break;
    case KEY('E'): ed->cursor = ed->line->len; break;
    case KEY('F'): ed->cursor = next_char(ed); break;
    case BACKSPACE:
    case DELETE: delete_to(ed, previous_char(ed)); break;
    case '\t': complete(ed); break;
    case '\r':
        ed->after_cr = TRUE;
        enter(ed);
        break;
    case '\n': enter(ed); break;
    case KEY('K'): kill_to(ed, ed->line->len); break;
    case KEY('L'): editor_clear_screen(ed); break;
    case KEY('N'): editor_show_newer(ed); break;
    case KEY('P'): editor_show_older(ed); break;
    case KEY('R'): editor_search(ed, TRUE); break;
    case KEY('S'): editor_search(ed, FALSE); break;
    case KEY('T'): transpose(ed); break;
    case KEY('U'): kill_to(ed, 0); break;
    case KEY('W'): kill_to(ed, previous_blank(ed)); break;
    case KEY('Y'): yank(ed, 0); break;
    case ESC: ed->escape = ESC_SEEN; break;
    default: break; /* NUL and the rest mean nothing here */
    }
}

/* Function keys: "ESC [ number ~". */
static void numbered_key(LineEditor *ed, guint number, gboolean modified)
{
    switch (number) {
    case 1:
    case 7: ed->cursor = 0; break;
    case 3:
        if (modified) {
            kill_to(ed, next_word(ed));
        } else {
            delete_to(ed, next_char(ed));
        }
        break;
    case 4:
    case 8: ed->cursor = ed->line->len; break;
    default: break;
    }
}

/* The final byte of "ESC [ args X" or "ESC O X" (xterm's control sequences). */
static void escape_key(LineEditor *ed, guint8 final)
{
    gboolean modified = ed->escape_nargs > 1 && ed->escape_args[1] > 1;

    switch (final) {
    case 'A': editor_show_older(ed); break;
    case 'B': editor_show_newer(ed); break;
    case 'C': ed->cursor = modified ? next_word(ed) : next_char(ed); break;
    case 'D': ed->cursor = modified ? previous_word(ed) : previous_char(ed); break;
    case 'H': ed->cursor = 0; break;
    case 'F': ed->cursor = ed->line->len; break;
    case '[': ed->escape = ESC_FUNCTION; break; /* the Linux console's F1 to F5: ESC [ [ A */
    case '~': numbered_key(ed, ed->escape_args[0], modified); break;
    default: break;
    }
}

/* The key pressed together with Alt. */
static void alt_key(LineEditor *ed, guint8 byte)
{
    switch (byte) {
    case 'b': ed->cursor = previous_word(ed); break;
    case 'f': ed->cursor = next_word(ed); break;
    case 'd': kill_to(ed, next_word(ed)); break;
    case BACKSPACE:
    case DELETE: kill_to(ed, previous_word(ed)); break;
    case 'y': yank_older(ed); break;
    case '.':
    case '_': editor_insert_last_word(ed); break;
    case '<': editor_show_oldest(ed); break;
    case '>': editor_show_draft(ed); break;
    case 'u':
    case 'l':
    case 'c': change_case(ed, (char)byte); break;
    default: break;
    }
}

static void escape_input(LineEditor *ed, guint8 byte)
{
    if (ed->escape == ESC_SEEN) {
        ed->escape_args[0] = ed->escape_args[1] = 0;
        ed->escape_nargs = 1;
        ed->escape = byte == '[' ? ESC_CSI : byte == 'O' ? ESC_SS3 : ESC_NONE;
        if (ed->escape == ESC_NONE) {
            alt_key(ed, byte);
        }
    } else if (ed->escape == ESC_FUNCTION) {
        ed->escape = ESC_NONE;
    } else if (byte < 0x20) { /* not a key of ours: a control character breaks it off */
        ed->escape = ESC_NONE;
        control_key(ed, byte);
    } else if (g_ascii_isdigit(byte) && ed->escape == ESC_CSI) {
        guint n = MIN(ed->escape_nargs, 2) - 1;
        ed->escape_args[n] = MIN(ed->escape_args[n] * 10 + (byte - '0'), 1000);
    } else if (byte == ';' && ed->escape == ESC_CSI) {
        ed->escape_nargs = MIN(ed->escape_nargs + 1, 3);
    } else if (byte >= 0x40) {
        ed->escape = ESC_NONE;
        escape_key(ed, byte);
    }
}

static void add_text(LineEditor *ed, const char *text, gsize length)
{
    if (g_unichar_iscntrl(g_utf8_get_char(text))) {
        return; /* U+0080 to U+009F: terminals would obey them */
    }
    if (ed->searching) {
        editor_search_add(ed, text, length);
    } else {
        editor_insert(ed, text, length);
    }
}

/* Puts in a character once all of its bytes are there; what is not UTF-8 is dropped. */
static void add_byte(LineEditor *ed, guint8 byte)
{
    if (byte < 0x80) {
        ed->utf8_have = 0;
        add_text(ed, (const char *)&byte, 1);
        return;
    }
    if ((byte & 0xc0) == 0xc0) {
        ed->utf8_have = 0;
        ed->utf8_need = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    } else if (ed->utf8_have == 0) {
        return;
    }
    ed->utf8[ed->utf8_have++] = (char)byte;
    if (ed->utf8_have == ed->utf8_need) {
        if (g_utf8_validate_len(ed->utf8, ed->utf8_have, NULL)) {
            add_text(ed, ed->utf8, ed->utf8_have);
        }
        ed->utf8_have = 0;
    }
}

/* A control character during a search. TRUE if it was for that; else the search is over, the line
 * is what it found, and the key still counts. */
static gboolean search_key(LineEditor *ed, guint8 byte)
{
    switch (byte) {
    case KEY('R'):
    case KEY('S'): editor_search(ed, byte == KEY('R')); return TRUE;
    case BACKSPACE:
    case DELETE: editor_search_erase(ed); return TRUE;
    case KEY('G'):
    case KEY('C'): editor_search_end(ed, FALSE); return TRUE;
    default: editor_search_end(ed, TRUE); return FALSE;
    }
}

static gboolean is_control(guint8 byte)
{
    return byte < 0x20 || byte == DELETE;
}

void line_editor_input(LineEditor *ed, guint8 byte)
{
    gboolean after_cr = ed->after_cr;

    if (!ed->active) {
        return;
    }
    ed->after_cr = FALSE;
    if (byte == '\n' && after_cr) {
        return;
    }
    ed->action = ACTION_OTHER;
    if (ed->escape != ESC_NONE) {
        escape_input(ed, byte);
    } else if (!is_control(byte)) {
        add_byte(ed, byte);
    } else if (!ed->searching || !search_key(ed, byte)) {
        control_key(ed, byte);
    }
    if (ed->escape == ESC_NONE) { /* else the key is not complete */
        ed->last_action = ed->action;
    }
}

/* ---- lifecycle ---- */

void line_editor_stop(LineEditor *ed)
{
    ed->active = FALSE;
    ed->after_cr = FALSE;
    ed->overflow = FALSE;
    ed->searching = FALSE;
    ed->escape = ESC_NONE;
    ed->last_action = ed->action = ACTION_OTHER;
    ed->utf8_have = 0;
    editor_set_line(ed, "");
    ed->entry = ed->word_from = ed->match = NULL;
    editor_forget_shown(ed);
}

void line_editor_start(LineEditor *ed, const char *prompt, gboolean secret)
{
    gboolean after_cr = ed->after_cr;

    line_editor_stop(ed);
    ed->after_cr = after_cr;
    g_free(ed->prompt);
    ed->prompt = g_strdup(prompt);
    ed->secret = secret;
    ed->active = TRUE;
    editor_draw(ed);
}

LineEditor *line_editor_new(const LineEditorOps *ops, void *opaque)
{
    LineEditor *ed = g_new0(LineEditor, 1);

    g_assert(ops->write && ops->line && ops->complete);
    ed->ops = ops;
    ed->opaque = opaque;
    ed->prompt = g_strdup("");
    ed->line = g_string_new(NULL);
    ed->shown = g_string_new(NULL);
    ed->wanted = g_string_new(NULL);
    ed->query = g_string_new(NULL);
    ed->kills = g_queue_new();
    ed->history = g_queue_new();
    ed->at_end = TRUE;
    return ed;
}

void line_editor_free(LineEditor *ed)
{
    if (!ed) {
        return;
    }
    g_queue_free_full(ed->history, g_free);
    g_queue_free_full(ed->kills, g_free);
    g_string_free(ed->line, TRUE);
    g_string_free(ed->shown, TRUE);
    g_string_free(ed->wanted, TRUE);
    g_string_free(ed->query, TRUE);
    g_free(ed->draft);
    g_free(ed->prompt);
    g_free(ed);
}
