/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor's history: going through it, searching in it. */
#include <string.h>

#include "monitor/editor-priv.h"

GQueue *line_editor_history(LineEditor *ed)
{
    return ed->history;
}

void line_editor_forget(LineEditor *ed)
{
    if (ed->remembered) {
        g_free(g_queue_pop_tail(ed->history));
        ed->remembered = FALSE;
    }
}

void line_editor_add_old(LineEditor *ed, const GPtrArray *lines)
{
    for (guint i = lines->len; i > 0; i--) {
        if (g_queue_get_length(ed->history) == EDITOR_MAX_HISTORY) {
            break;
        }
        g_queue_push_head(ed->history, g_strdup(g_ptr_array_index(lines, i - 1)));
    }
}

void editor_remember(LineEditor *ed)
{
    const char *newest = g_queue_peek_tail(ed->history);

    ed->remembered = FALSE;
    if (ed->line->len == 0 || ed->secret || (newest && strcmp(newest, ed->line->str) == 0)) {
        return;
    }
    g_queue_push_tail(ed->history, g_strdup(ed->line->str));
    ed->remembered = TRUE;
    if (g_queue_get_length(ed->history) > EDITOR_MAX_HISTORY) {
        g_free(g_queue_pop_head(ed->history));
    }
}

/* Shows an entry; NULL = the line of one's own. */
static void show(LineEditor *ed, GList *entry)
{
    if (ed->secret || entry == ed->entry) {
        return;
    }
    if (!ed->entry) {
        g_free(ed->draft);
        ed->draft = g_strdup(ed->line->str);
    }
    ed->entry = entry;
    editor_set_line(ed, entry ? entry->data : ed->draft);
}

void editor_show_older(LineEditor *ed)
{
    GList *older = ed->entry ? ed->entry->prev : ed->history->tail;

    if (older) {
        show(ed, older);
    }
}

void editor_show_newer(LineEditor *ed)
{
    if (ed->entry) {
        show(ed, ed->entry->next);
    }
}

void editor_show_oldest(LineEditor *ed)
{
    if (ed->history->head) {
        show(ed, ed->history->head);
    }
}

void editor_show_draft(LineEditor *ed)
{
    show(ed, NULL);
}

void editor_insert_last_word(LineEditor *ed)
{
    gboolean again = ed->last_action == ACTION_LAST_WORD && ed->word_from;
    GList *entry = again ? ed->word_from->prev : ed->history->tail;

    if (!entry || ed->secret) {
        return;
    }
    if (again) {
        editor_remove(ed, ed->cursor - ed->yanked, ed->cursor);
    }
    g_autofree char *text = g_strchomp(g_strdup(entry->data));
    const char *word = text + strlen(text);
    while (word > text && word[-1] != ' ') {
        word--;
    }
    ed->word_from = entry;
    ed->yanked = strlen(word);
    editor_insert(ed, word, ed->yanked);
    ed->action = ACTION_LAST_WORD;
}

/* ---- search ---- */

static void find_from(LineEditor *ed, GList *entry, gboolean backward)
{
    const char *shown = ed->match ? ed->match->data : NULL;
    gboolean moving = entry != ed->match; /* on to another one, so not to the same text */

    while (entry && (!strstr(entry->data, ed->query->str) ||
                     (moving && shown && strcmp(entry->data, shown) == 0))) {
        entry = backward ? entry->prev : entry->next;
    }
    ed->search_failed = !entry;
    if (entry) {
        ed->match = entry;
    }
}

void editor_search(LineEditor *ed, gboolean backward)
{
    if (ed->secret) {
        return;
    }
    if (!ed->searching) {
        ed->searching = TRUE;
        ed->search_failed = FALSE;
        ed->match = NULL;
        g_string_truncate(ed->query, 0);
    } else if (ed->query->len && ed->match) {
        find_from(ed, backward ? ed->match->prev : ed->match->next, backward);
    } else if (ed->query->len && backward) {
        find_from(ed, ed->history->tail, TRUE);
    }
}

void editor_search_add(LineEditor *ed, const char *text, gsize length)
{
    if (ed->query->len + length <= EDITOR_MAX_LINE) {
        g_string_append_len(ed->query, text, length);
        find_from(ed, ed->match ? ed->match : ed->history->tail, TRUE);
    }
}

void editor_search_erase(LineEditor *ed)
{
    const char *text = ed->query->str;

    if (ed->query->len) {
        g_string_truncate(ed->query, g_utf8_prev_char(text + ed->query->len) - text);
    }
    ed->match = NULL;
    ed->search_failed = FALSE;
    if (ed->query->len) {
        find_from(ed, ed->history->tail, TRUE);
    }
}

void editor_search_end(LineEditor *ed, gboolean accept)
{
    ed->searching = FALSE;
    if (accept && ed->match) {
        editor_set_line(ed, ed->match->data);
        ed->entry = NULL;
    }
}
