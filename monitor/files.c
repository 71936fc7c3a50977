/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/files.h"

#include <string.h>

/* Names listed at most. */
#define MAX_NAMES 500

struct FileQuery {
    char *directory; /* as typed, with the "/"; empty = the working directory */
    char *base;      /* what names begin with */
    FileQuoting quoting;
    GPtrArray *words;
    FileQueryFn fn; /* NULL once cancelled */
    void *opaque;
};

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* No sequences for the terminal, nor what the line editor could not show. */
static gboolean can_be_shown(const char *name)
{
    for (const char *p = name; *p; p++) {
        if (g_ascii_iscntrl(*p)) {
            return FALSE;
        }
    }
    return g_utf8_validate(name, -1, NULL);
}

/* A backslash means nothing outside of quotes. */
static gboolean needs_quotes(const char *path)
{
    return path[0] == '"' || strchr(path, ' ') != NULL;
}

/* See parse_quoted() of parse.c, which reads it back. */
static char *quote(const char *path)
{
    GString *text = g_string_new("\"");

    for (const char *p = path; *p; p++) {
        if (*p == '"' || *p == '\\') {
            g_string_append_c(text, '\\');
        }
        g_string_append_c(text, *p);
    }
    return g_string_free(text, FALSE);
}

static void quote_all(FileQuery *query)
{
    gboolean needed = query->quoting == FILES_QUOTED;

    for (guint i = 0; i < query->words->len && query->quoting == FILES_MIXED; i++) {
        needed = needed || needs_quotes(g_ptr_array_index(query->words, i));
    }
    for (guint i = 0; needed && i < query->words->len; i++) {
        char *path = g_ptr_array_index(query->words, i);

        g_ptr_array_index(query->words, i) = quote(path);
        g_free(path);
    }
}

static void read_directory(void *opaque)
{
    FileQuery *query = opaque;
    GDir *dir = g_dir_open(*query->directory ? query->directory : ".", 0, NULL);
    const char *name;

    while (dir && query->words->len < MAX_NAMES && (name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_prefix(name, query->base) || !can_be_shown(name) ||
            (name[0] == '.' && query->base[0] != '.')) {
            continue;
        }
        g_autofree char *path = g_strconcat(query->directory, name, NULL);
        if (query->quoting == FILES_PLAIN && needs_quotes(path)) {
            continue;
        }
        gboolean is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);
        g_ptr_array_add(query->words, g_strconcat(path, is_dir ? "/" : NULL, NULL));
    }
    g_clear_pointer(&dir, g_dir_close);
    g_ptr_array_sort(query->words, compare_words);
    quote_all(query);
}

static void answer(void *opaque)
{
    FileQuery *query = opaque;

    if (query->fn) {
        query->fn(query->words, query->opaque);
    }
    g_ptr_array_unref(query->words);
    g_free(query->directory);
    g_free(query->base);
    g_free(query);
}

FileQuery *file_query_start(Machine *machine, const char *prefix, FileQuoting quoting,
                            FileQueryFn fn, void *opaque)
{
    FileQuery *query = g_new0(FileQuery, 1);
    const char *slash = strrchr(prefix, '/');

    query->directory = slash ? g_strndup(prefix, slash + 1 - prefix) : g_strdup("");
    query->base = g_strdup(slash ? slash + 1 : prefix);
    query->words = g_ptr_array_new_with_free_func(g_free);
    query->quoting = quoting;
    query->fn = fn;
    query->opaque = opaque;
    worker_submit(machine->workers, read_directory, answer, query);
    return query;
}

void file_query_cancel(FileQuery *query)
{
    if (query) {
        query->fn = NULL;
    }
}
