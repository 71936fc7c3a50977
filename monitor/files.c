/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/files.h"

#include <string.h>

/* Names listed at most. */
#define MAX_NAMES 500

struct FileQuery {
    char *directory; /* as typed, with the "/"; empty = the working directory */
    char *base;      /* what names begin with */
    GPtrArray *words;
    FileQueryFn fn; /* NULL once cancelled */
    void *opaque;
};

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean is_plain(const char *name)
{
    return g_utf8_validate(name, -1, NULL) && !strpbrk(name, " \t\r\n\"\\\033");
}

static void read_directory(void *opaque)
{
    FileQuery *query = opaque;
    GDir *dir = g_dir_open(*query->directory ? query->directory : ".", 0, NULL);
    const char *name;

    while (dir && query->words->len < MAX_NAMES && (name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_prefix(name, query->base) || !is_plain(name) ||
            (name[0] == '.' && query->base[0] != '.')) {
            continue;
        }
        g_autofree char *path = g_strconcat(query->directory, name, NULL);
        gboolean is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);
        g_ptr_array_add(query->words, g_strconcat(path, is_dir ? "/" : NULL, NULL));
    }
    g_clear_pointer(&dir, g_dir_close);
    g_ptr_array_sort(query->words, compare_words);
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

FileQuery *file_query_start(Machine *machine, const char *prefix, FileQueryFn fn, void *opaque)
{
    FileQuery *query = g_new0(FileQuery, 1);
    const char *slash = strrchr(prefix, '/');

    query->directory = slash ? g_strndup(prefix, slash + 1 - prefix) : g_strdup("");
    query->base = g_strdup(slash ? slash + 1 : prefix);
    query->words = g_ptr_array_new_with_free_func(g_free);
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
