/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/history.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that has grown larger is none of ours. */
#define MAX_BYTES ((HISTORY_MAX_LINES + 1) * (HISTORY_MAX_LENGTH + 1))

struct HistoryStore {
    Machine *machine;
    char *path;
    GPtrArray *added; /* not given to a worker yet */
    gboolean writing; /* a worker is at it */
    gboolean ended;   /* free the store when that is done */
};

struct HistoryQuery {
    char *path;
    GPtrArray *lines;
    HistoryFn fn; /* NULL = cancelled */
    void *opaque;
};

/* A worker's task: lines to add to the file. */
typedef struct HistoryWrite {
    HistoryStore *store;
    char *path;
    GPtrArray *lines;
} HistoryWrite;

gboolean history_is_private(const char *line)
{
    /* As shells do (ignorespace); and what commands name their secrets. */
    static const char *const words[] = {"passw", "secret", "data=", "keyid="};
    g_autofree char *lower = g_ascii_strdown(line, -1);

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(lower, words[i])) {
            return TRUE;
        }
    }
    return g_ascii_isspace(line[0]);
}

/* Control characters would be obeyed by the terminal that shows the line. */
static gboolean is_good(const char *line)
{
    if (!*line || strlen(line) > HISTORY_MAX_LENGTH || !g_utf8_validate(line, -1, NULL)) {
        return FALSE;
    }
    for (const char *p = line; *p; p = g_utf8_next_char(p)) {
        if (g_unichar_iscntrl(g_utf8_get_char(p))) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- the file; by workers ---- */

static void append_line(GPtrArray *lines, const char *line)
{
    if (lines->len && strcmp(g_ptr_array_index(lines, lines->len - 1), line) == 0) {
        return;
    }
    g_ptr_array_add(lines, g_strdup(line));
    if (lines->len > HISTORY_MAX_LINES) {
        g_ptr_array_remove_index(lines, 0);
    }
}

/* Up to MAX_BYTES of a regular file; NULL if there is none to read. */
static char *read_text(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    gsize used = 0;
    gssize n = 1;

    if (fd < 0) {
        return NULL;
    }
    char *text = g_malloc(MAX_BYTES + 1);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        while (used < MAX_BYTES && (n = read(fd, text + used, MAX_BYTES - used)) != 0) {
            if (n < 0 && errno != EINTR) {
                break;
            }
            used += MAX(n, 0);
        }
    }
    for (gsize i = 0; i < used; i++) {
        text[i] = text[i] ? text[i] : '\1'; /* no line of ours has either */
    }
    text[used] = '\0';
    close(fd);
    return text;
}

static GPtrArray *read_lines(const char *path)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = read_text(path);
    char *rest = text;

    while (rest && *rest) {
        char *end = strchr(rest, '\n');
        if (!end) {
            break; /* cut short: not a line */
        }
        *end = '\0';
        if (is_good(rest)) {
            append_line(lines, rest);
        }
        rest = end + 1;
    }
    return lines;
}

/* One writer at a time, of all processes: they lock the directory. Where that cannot be locked (a
 * network file system) we go on without. Returns a descriptor to close, or -1. */
static int lock_directory(const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);

    g_mkdir_with_parents(directory, 0700);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        while (flock(fd, LOCK_EX) < 0 && errno == EINTR) {
            continue;
        }
    }
    return fd;
}

static void write_lines(void *opaque)
{
    HistoryWrite *job = opaque;
    int lock = lock_directory(job->path);
    g_autoptr(GPtrArray) lines = read_lines(job->path);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < job->lines->len; i++) {
        append_line(lines, g_ptr_array_index(job->lines, i));
    }
    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(text, "%s\n", (char *)g_ptr_array_index(lines, i));
    }
    g_file_set_contents_full(job->path, text->str, (gssize)text->len,
                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
    if (lock >= 0) {
        close(lock);
    }
}

static void load_lines(void *opaque)
{
    HistoryQuery *query = opaque;

    query->lines = read_lines(query->path);
}

/* ---- on the loop ---- */

static void lines_loaded(void *opaque)
{
    HistoryQuery *query = opaque;

    if (query->fn) {
        query->fn(query->lines, query->opaque);
    }
    g_ptr_array_unref(query->lines);
    g_free(query->path);
    g_free(query);
}

HistoryQuery *history_store_load(HistoryStore *store, HistoryFn fn, void *opaque)
{
    HistoryQuery *query = g_new0(HistoryQuery, 1);

    query->path = g_strdup(store->path);
    query->fn = fn;
    query->opaque = opaque;
    worker_submit(store->machine->workers, load_lines, lines_loaded, query);
    return query;
}

void history_query_cancel(HistoryQuery *query)
{
    if (query) {
        query->fn = NULL;
    }
}

static void free_if_over(HistoryStore *store)
{
    if (store->ended && !store->writing) {
        g_ptr_array_unref(store->added);
        g_free(store->path);
        g_free(store);
    }
}

static void start_writing(HistoryStore *store);

static void lines_written(void *opaque)
{
    HistoryWrite *job = opaque;

    job->store->writing = FALSE;
    start_writing(job->store);
    free_if_over(job->store);
    g_ptr_array_unref(job->lines);
    g_free(job->path);
    g_free(job);
}

/* Lines that come while a worker writes wait for it: one write for all of them. */
static void start_writing(HistoryStore *store)
{
    if (store->writing || store->added->len == 0) {
        return;
    }
    HistoryWrite *job = g_new0(HistoryWrite, 1);
    job->store = store;
    job->path = g_strdup(store->path);
    job->lines = store->added;
    store->added = g_ptr_array_new_with_free_func(g_free);
    store->writing = TRUE;
    worker_submit(store->machine->workers, write_lines, lines_written, job);
}

void history_store_add(HistoryStore *store, const char *line)
{
    if (!is_good(line) || history_is_private(line)) {
        return;
    }
    append_line(store->added, line);
    start_writing(store);
}

HistoryStore *history_store_new(Machine *machine, const char *path)
{
    HistoryStore *store = g_new0(HistoryStore, 1);

    store->machine = machine;
    store->path = g_strdup(path);
    store->added = g_ptr_array_new_with_free_func(g_free);
    return store;
}

void history_store_free(HistoryStore *store)
{
    if (store) {
        store->ended = TRUE;
        free_if_over(store);
    }
}
