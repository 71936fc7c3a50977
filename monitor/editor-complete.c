/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor's side of completion: words put in, or listed. */
#include <string.h>

#include "monitor/editor-priv.h"

/* Width to which a list is folded if the terminal's is not known. */
#define LIST_COLUMNS 80

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

/* Sorted down the columns, as ls lists. Of paths only what comes behind the directory. */
static void list_words(LineEditor *ed, const GPtrArray *words, gsize shared)
{
    const char *first = g_ptr_array_index(words, 0);
    const char *slash = g_strrstr_len(first, (gssize)shared, "/");
    gsize skip = slash ? (gsize)(slash + 1 - first) : 0;
    gsize width = 0, total = ed->columns ? ed->columns : LIST_COLUMNS;
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        width = MAX(width, editor_text_width(word + skip) + 2);
    }
    guint across = (guint)MAX((total + 1) / width, 1);
    guint down = (words->len + across - 1) / across;
    for (guint row = 0; row < down; row++) {
        for (guint i = row; i < words->len; i += down) {
            const char *word = (const char *)g_ptr_array_index(words, i) + skip;
            gsize used = editor_text_width(word);
            gsize pad = i + down < words->len ? width - used : 0;
            g_string_append_printf(text, "%s%*s", word, (int)pad, "");
        }
        g_string_append(text, "\r\n");
    }
    editor_leave_line(ed, "");
    editor_write(ed, text->str);
}

void line_editor_offer(LineEditor *ed, gsize start, const GPtrArray *words, const char *after)
{
    if (!ed->active || words->len == 0 || start > ed->cursor) {
        return;
    }
    gsize typed = ed->cursor - start;
    gsize shared = common_prefix(words);
    const char *first = g_ptr_array_index(words, 0);
    gboolean begins = shared >= typed && memcmp(first, ed->line->str + start, typed) == 0;

    if (begins && shared > typed) {
        editor_insert(ed, first + typed, shared - typed);
    } else if (!begins && shared) {
        editor_remove(ed, start, ed->cursor); /* it wants a quote before it */
        editor_insert(ed, first, shared);
    } else if (words->len > 1) {
        list_words(ed, words, shared);
    }
    if (words->len == 1) {
        editor_insert(ed, after, strlen(after));
    }
    editor_draw(ed);
}
