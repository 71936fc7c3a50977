/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/editor.h"

#include <string.h>

#define KEY(c)    ((c)&0x1f) /* Ctrl + letter */
#define ESC       0x1b
#define BACKSPACE 0x08
#define DELETE    0x7f

/* Width to which a list of completions is folded: nobody tells us the terminal's. */
#define LIST_COLUMNS 80

typedef enum EscapeState { ESC_NONE, ESC_SEEN, ESC_CSI, ESC_SS3 } EscapeState;

struct LineEditor {
    const LineEditorOps *ops;
    void *opaque;
    gboolean active, secret;
    gboolean overflow; /* the line is too long and lost */
    gboolean after_cr; /* swallow the "\n" of "\r\n" */
    char *prompt;
    GString *line;
    gsize cursor;  /* byte in line */
    GString *kill; /* what Ctrl+K and the like cut, for Ctrl+Y */
    GQueue *history;
    GList *shown; /* the entry of history on the line; NULL = a line of one's own */
    char *draft;  /* that line, while history is shown */
    char utf8[4]; /* bytes of an unfinished character */
    guint utf8_have, utf8_need;
    EscapeState escape;
    guint escape_args[2], escape_nargs;
    gboolean searching;
    GString *query;
    GList *match;
};

/* ---- output ---- */

static void put(LineEditor *ed, const char *text, gsize length)
{
    if (length && !ed->secret) {
        ed->ops->write(ed->opaque, text, length);
    }
}

static void puts_raw(LineEditor *ed, const char *text)
{
    ed->ops->write(ed->opaque, text, strlen(text));
}

/* Columns that text takes on a terminal. The line is valid UTF-8: add_char() sees to it. */
static gsize columns(const char *text, gsize length)
{
    gsize n = 0;

    for (const char *p = text; p < text + length; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        n += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return n;
}

static void move_back(LineEditor *ed, gsize n)
{
    g_autofree char *sequence = g_strdup_printf("\033[%" G_GSIZE_FORMAT "D", n);

    if (n) {
        put(ed, sequence, strlen(sequence));
    }
}

/* Rewrites what follows the cursor after a change there; the terminal's cursor is at ours. */
static void redraw_tail(LineEditor *ed, gboolean shrunk)
{
    gsize length = ed->line->len - ed->cursor;

    put(ed, ed->line->str + ed->cursor, length);
    if (shrunk) {
        put(ed, "\033[K", 3);
    }
    move_back(ed, columns(ed->line->str + ed->cursor, length));
}

static void redraw_all(LineEditor *ed)
{
    puts_raw(ed, "\r\033[K");
    puts_raw(ed, ed->prompt);
    put(ed, ed->line->str, ed->cursor);
    redraw_tail(ed, FALSE);
}

/* ---- editing ---- */

static void move_to(LineEditor *ed, gsize target)
{
    const char *text = ed->line->str;

    if (target < ed->cursor) {
        move_back(ed, columns(text + target, ed->cursor - target));
    } else {
        put(ed, text + ed->cursor, target - ed->cursor);
    }
    ed->cursor = target;
}

static void insert(LineEditor *ed, const char *text, gsize length)
{
    if (ed->line->len + length > EDITOR_MAX_LINE) {
        ed->overflow = TRUE;
        return;
    }
    g_string_insert_len(ed->line, ed->cursor, text, length);
    put(ed, text, length);
    ed->cursor += length;
    if (ed->cursor < ed->line->len) {
        redraw_tail(ed, FALSE);
    }
}

/* Removes the text between the cursor and `other`. */
static void erase(LineEditor *ed, gsize other, gboolean keep)
{
    gsize from = MIN(ed->cursor, other);
    gsize length = MAX(ed->cursor, other) - from;

    if (length == 0) {
        return;
    }
    if (keep && !ed->secret) {
        g_string_truncate(ed->kill, 0);
        g_string_append_len(ed->kill, ed->line->str + from, length);
    }
    move_to(ed, from);
    g_string_erase(ed->line, from, length);
    redraw_tail(ed, TRUE);
}

static gsize previous_char(const LineEditor *ed)
{
    const char *text = ed->line->str;

    return ed->cursor ? g_utf8_prev_char(text + ed->cursor) - text : 0;
}

static gsize next_char(const LineEditor *ed)
{
    const char *text = ed->line->str;

    if (ed->cursor == ed->line->len) {
        return ed->cursor;
    }
    return g_utf8_next_char(text + ed->cursor) - text;
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

static void replace_line(LineEditor *ed, const char *text)
{
    move_to(ed, 0);
    g_string_assign(ed->line, text);
    put(ed, "\033[K", 3);
    put(ed, ed->line->str, ed->line->len);
    ed->cursor = ed->line->len;
}

/* ---- history ---- */

GQueue *line_editor_history(LineEditor *ed)
{
    return ed->history;
}

void line_editor_forget(LineEditor *ed)
{
    g_free(g_queue_pop_tail(ed->history));
}

static void remember(LineEditor *ed)
{
    const char *newest = g_queue_peek_tail(ed->history);

    if (ed->line->len == 0 || ed->secret || (newest && strcmp(newest, ed->line->str) == 0)) {
        return;
    }
    g_queue_push_tail(ed->history, g_strdup(ed->line->str));
    if (g_queue_get_length(ed->history) > EDITOR_MAX_HISTORY) {
        g_free(g_queue_pop_head(ed->history));
    }
}

static void show_older(LineEditor *ed)
{
    GList *older = ed->shown ? ed->shown->prev : ed->history->tail;

    if (!older || ed->secret) {
        return;
    }
    if (!ed->shown) {
        g_free(ed->draft);
        ed->draft = g_strdup(ed->line->str);
    }
    ed->shown = older;
    replace_line(ed, older->data);
}

static void show_newer(LineEditor *ed)
{
    if (!ed->shown) {
        return;
    }
    ed->shown = ed->shown->next;
    replace_line(ed, ed->shown ? ed->shown->data : ed->draft);
}

/* ---- reverse search ---- */

static void draw_search(LineEditor *ed)
{
    g_autofree char *text = g_strdup_printf("\r\033[K(reverse-i-search)`%s': %s", ed->query->str,
                                            ed->match ? (const char *)ed->match->data : "");
    puts_raw(ed, text);
}

static void search_from(LineEditor *ed, GList *entry)
{
    while (entry && !strstr(entry->data, ed->query->str)) {
        entry = entry->prev;
    }
    if (entry) {
        ed->match = entry;
    }
    draw_search(ed);
}

static void end_search(LineEditor *ed, gboolean accept)
{
    ed->searching = FALSE;
    if (accept && ed->match) {
        g_string_assign(ed->line, ed->match->data);
        ed->cursor = ed->line->len;
        ed->shown = NULL;
    }
    redraw_all(ed);
}

static void start_search(LineEditor *ed)
{
    if (!ed->secret) {
        ed->searching = TRUE;
        ed->match = NULL;
        g_string_truncate(ed->query, 0);
        draw_search(ed);
    }
}

/* TRUE if the byte was for the search; else the search is over and the byte still counts. */
static gboolean search_input(LineEditor *ed, guint8 byte)
{
    switch (byte) {
    case KEY('R'):
        if (ed->query->len) {
            search_from(ed, ed->match ? ed->match->prev : ed->history->tail);
        }
        return TRUE;
    case BACKSPACE:
    case DELETE:
        g_string_truncate(ed->query, ed->query->len ? ed->query->len - 1 : 0);
        ed->match = NULL;
        search_from(ed, ed->query->len ? ed->history->tail : NULL);
        return TRUE;
    case KEY('G'):
    case KEY('C'): end_search(ed, FALSE); return TRUE;
    default:
        if (byte >= 0x20 && byte < 0x7f) {
            if (ed->query->len < EDITOR_MAX_LINE) {
                g_string_append_c(ed->query, byte);
            }
            search_from(ed, ed->match ? ed->match : ed->history->tail);
            return TRUE;
        }
        end_search(ed, TRUE);
        return FALSE;
    }
}

/* ---- completion ---- */

static gsize common_prefix(const GPtrArray *words)
{
    const char *first = g_ptr_array_index(words, 0);
    gsize length = strlen(first);

    for (guint i = 1; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        gsize n = 0;
        while (n < length && word[n] == first[n]) {
            n++;
        }
        length = n;
    }
    while (length && (first[length] & 0xc0) == 0x80) {
        length--; /* not within a character */
    }
    return length;
}

static void list_words(LineEditor *ed, const GPtrArray *words)
{
    gsize width = 0;
    g_autoptr(GString) text = g_string_new("\r\n");

    for (guint i = 0; i < words->len; i++) {
        width = MAX(width, strlen(g_ptr_array_index(words, i)) + 2);
    }
    guint per_line = MAX(LIST_COLUMNS / width, 1);
    for (guint i = 0; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        if (i + 1 == words->len || i % per_line == per_line - 1) {
            g_string_append_printf(text, "%s\r\n", word);
        } else {
            g_string_append_printf(text, "%-*s", (int)width, word);
        }
    }
    puts_raw(ed, text->str);
    redraw_all(ed);
}

void line_editor_offer(LineEditor *ed, gsize start, const GPtrArray *words, gboolean keep_open)
{
    if (!ed->active || words->len == 0 || start > ed->cursor) {
        return;
    }
    gsize typed = ed->cursor - start;
    gsize shared = common_prefix(words);
    const char *first = g_ptr_array_index(words, 0);

    if (shared > typed) {
        insert(ed, first + typed, shared - typed);
    } else if (words->len > 1) {
        list_words(ed, words);
    }
    if (words->len == 1 && !keep_open) {
        insert(ed, " ", 1);
    }
}

static void complete(LineEditor *ed)
{
    g_autofree char *text = g_strndup(ed->line->str, ed->cursor);

    if (!ed->secret) {
        ed->ops->complete(ed->opaque, text);
    }
}

/* ---- keys ---- */

static void enter(LineEditor *ed)
{
    g_autofree char *line = NULL;

    move_to(ed, ed->line->len);
    puts_raw(ed, "\r\n");
    if (!ed->overflow) {
        remember(ed);
        line = g_strdup(ed->line->str);
    }
    ed->active = FALSE;
    ed->ops->line(ed->opaque, line);
}

static void interrupt(LineEditor *ed)
{
    g_autofree char *prompt = g_strdup(ed->prompt);

    if (ed->secret) { /* an empty answer */
        g_string_truncate(ed->line, 0);
        ed->cursor = 0;
        enter(ed);
        return;
    }
    puts_raw(ed, "^C\r\n");
    line_editor_start(ed, prompt, FALSE);
}

static void control_key(LineEditor *ed, guint8 byte)
{
    switch (byte) {
    case KEY('A'): move_to(ed, 0); break;
    case KEY('B'): move_to(ed, previous_char(ed)); break;
    case KEY('C'): interrupt(ed); break;
    case KEY('D'): erase(ed, next_char(ed), FALSE); break;
    case KEY('E'): move_to(ed, ed->line->len); break;
    case KEY('F'): move_to(ed, next_char(ed)); break;
    case BACKSPACE:
    case DELETE: erase(ed, previous_char(ed), FALSE); break;
    case '\t': complete(ed); break;
    case '\r':
        ed->after_cr = TRUE;
        enter(ed);
        break;
    case '\n': enter(ed); break;
    case KEY('K'): erase(ed, ed->line->len, TRUE); break;
    case KEY('L'):
        puts_raw(ed, "\033[H\033[2J");
        redraw_all(ed);
        break;
    case KEY('N'): show_newer(ed); break;
    case KEY('P'): show_older(ed); break;
    case KEY('R'): start_search(ed); break;
    case KEY('U'): erase(ed, 0, TRUE); break;
    case KEY('W'): erase(ed, previous_blank(ed), TRUE); break;
    case KEY('Y'): insert(ed, ed->kill->str, ed->kill->len); break;
    case ESC: ed->escape = ESC_SEEN; break;
    default: break; /* NUL and the rest mean nothing here */
    }
}

/* The final byte of "ESC [ args X" or "ESC O X" (xterm's control sequences). */
static void escape_key(LineEditor *ed, guint8 final)
{
    gboolean modified = ed->escape_nargs > 1 && ed->escape_args[1] > 1;

    switch (final) {
    case 'A': show_older(ed); break;
    case 'B': show_newer(ed); break;
    case 'C': move_to(ed, modified ? next_word(ed) : next_char(ed)); break;
    case 'D': move_to(ed, modified ? previous_word(ed) : previous_char(ed)); break;
    case 'H': move_to(ed, 0); break;
    case 'F': move_to(ed, ed->line->len); break;
    case '~':
        switch (ed->escape_args[0]) {
        case 1:
        case 7: move_to(ed, 0); break;
        case 3: erase(ed, next_char(ed), FALSE); break;
        case 4:
        case 8: move_to(ed, ed->line->len); break;
        default: break;
        }
        break;
    default: break;
    }
}

/* The key pressed together with Alt. */
static void alt_key(LineEditor *ed, guint8 byte)
{
    switch (byte) {
    case 'b': move_to(ed, previous_word(ed)); break;
    case 'f': move_to(ed, next_word(ed)); break;
    case 'd': erase(ed, next_word(ed), TRUE); break;
    case BACKSPACE:
    case DELETE: erase(ed, previous_word(ed), TRUE); break;
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

/* Puts in a character once all of its bytes are there; what is not UTF-8 is dropped. */
static void add_char(LineEditor *ed, guint8 byte)
{
    if (byte < 0x80) {
        ed->utf8_have = 0;
        insert(ed, (const char *)&byte, 1);
        return;
    }
    if ((byte & 0xc0) == 0xc0) {
        ed->utf8_have = 0;
        ed->utf8_need = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    } else if (ed->utf8_have == 0) {
        return;
    }
    ed->utf8[ed->utf8_have++] = byte;
    if (ed->utf8_have == ed->utf8_need) {
        if (g_utf8_validate_len(ed->utf8, ed->utf8_have, NULL)) {
            insert(ed, ed->utf8, ed->utf8_have);
        }
        ed->utf8_have = 0;
    }
}

void line_editor_input(LineEditor *ed, guint8 byte)
{
    if (!ed->active) {
        return;
    }
    if (byte == '\n' && ed->after_cr) {
        ed->after_cr = FALSE;
        return;
    }
    ed->after_cr = FALSE;
    if (ed->escape != ESC_NONE) {
        escape_input(ed, byte);
    } else if (ed->searching && search_input(ed, byte)) {
        return;
    } else if (byte < 0x20 || byte == DELETE) {
        control_key(ed, byte);
    } else {
        add_char(ed, byte);
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
    ed->utf8_have = 0;
    g_string_truncate(ed->line, 0);
    ed->cursor = 0;
    ed->shown = NULL;
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
    puts_raw(ed, prompt);
}

LineEditor *line_editor_new(const LineEditorOps *ops, void *opaque)
{
    LineEditor *ed = g_new0(LineEditor, 1);

    g_assert(ops->write && ops->line && ops->complete);
    ed->ops = ops;
    ed->opaque = opaque;
    ed->line = g_string_new(NULL);
    ed->kill = g_string_new(NULL);
    ed->query = g_string_new(NULL);
    ed->history = g_queue_new();
    return ed;
}

void line_editor_free(LineEditor *ed)
{
    if (!ed) {
        return;
    }
    g_queue_free_full(ed->history, g_free);
    g_string_free(ed->line, TRUE);
    g_string_free(ed->kill, TRUE);
    g_string_free(ed->query, TRUE);
    g_free(ed->draft);
    g_free(ed->prompt);
    g_free(ed);
}
