/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/fds.h"

#include <unistd.h>

#include "core/error.h"

struct FdStore {
    GArray *arrived; /* of int */
    GArray *current; /* brought by requests that are, or have been, carried out */
    GHashTable *named;
};

static GArray *fd_list_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(int));
}

static void close_first(GArray *fds, guint count)
{
    for (guint i = 0; i < count; i++) {
        close(g_array_index(fds, int, i));
    }
    g_array_remove_range(fds, 0, count);
}

void fd_list_free(GArray *fds)
{
    if (fds) {
        close_first(fds, fds->len);
        g_array_unref(fds);
    }
}

static void close_value(gpointer value)
{
    close(GPOINTER_TO_INT(value));
}

FdStore *fd_store_new(void)
{
    FdStore *store = g_new0(FdStore, 1);

    store->arrived = fd_list_new();
    store->current = fd_list_new();
    store->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_value);
    return store;
}

void fd_store_free(FdStore *store)
{
    fd_list_free(store->arrived);
    fd_list_free(store->current);
    g_hash_table_unref(store->named);
    g_free(store);
}

void fd_store_clear(FdStore *store)
{
    close_first(store->arrived, store->arrived->len);
    close_first(store->current, store->current->len);
    g_hash_table_remove_all(store->named);
}

void fd_store_arrive(FdStore *store, const int *fds, guint count)
{
    g_array_append_vals(store->arrived, fds, count);
    if (store->arrived->len > FD_STORE_MAX_ARRIVED) {
        close_first(store->arrived, store->arrived->len - FD_STORE_MAX_ARRIVED);
    }
}

GArray *fd_store_take_arrived(FdStore *store)
{
    GArray *fds = store->arrived;

    if (fds->len == 0) {
        return NULL;
    }
    store->arrived = fd_list_new();
    return fds;
}

void fd_store_begin(FdStore *store, GArray *fds)
{
    if (fds) {
        fd_list_free(store->current);
        store->current = fds;
    }
}

int fd_store_next(FdStore *store)
{
    int fd = -1;

    if (store->current->len > 0) {
        fd = g_array_index(store->current, int, 0);
        g_array_remove_index(store->current, 0);
    }
    return fd;
}

gboolean fd_store_set(FdStore *store, const char *name, int fd)
{
    if (g_hash_table_size(store->named) >= FD_STORE_MAX_NAMED &&
        !g_hash_table_contains(store->named, name)) {
        return FALSE;
    }
    g_hash_table_insert(store->named, g_strdup(name), GINT_TO_POINTER(fd));
    return TRUE;
}

int fd_store_steal(FdStore *store, const char *name)
{
    gpointer key, value;

    if (!g_hash_table_steal_extended(store->named, name, &key, &value)) {
        return -1;
    }
    g_free(key);
    return GPOINTER_TO_INT(value);
}

int fd_store_claim(FdStore *store, const char *name, GError **error)
{
    int fd = store ? fd_store_steal(store, name) : -1;

    if (fd < 0) {
        error_set(error, "File descriptor named '%s' has not been found", name);
    }
    return fd;
}
