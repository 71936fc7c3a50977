/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/vnc/guard.h"

#include "core/log.h"

/* So many wrong ones are free; then a minute passes, and twice as long after each further one. */
#define FREE_TRIES   5
#define FIRST_LOCK_S 60
#define LAST_LOCK_S  3600
/* A host is forgotten so long after its last wrong password. */
#define MEMORY_S 7200
/* Who comes from more hosts than these is a flood: the oldest are forgotten. */
#define HOSTS_MAX 1024

struct VncGuard {
    GHashTable *hosts; /* name -> Host* */
};

typedef struct Host {
    guint failures;
    gint64 last, until; /* monotonic, in seconds */
} Host;

static gint64 now_s(void)
{
    return g_get_monotonic_time() / G_TIME_SPAN_SECOND;
}

VncGuard *vnc_guard_new(void)
{
    VncGuard *guard = g_new0(VncGuard, 1);

    guard->hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return guard;
}

void vnc_guard_free(VncGuard *guard)
{
    if (guard) {
        g_hash_table_unref(guard->hosts);
        g_free(guard);
    }
}

guint vnc_guard_locked(VncGuard *guard, const char *host)
{
    const Host *known = g_hash_table_lookup(guard->hosts, host);
    gint64 now = now_s();

    return known && known->until > now ? (guint)(known->until - now) : 0;
}

static gboolean is_old(gpointer name, gpointer value, gpointer opaque)
{
    const Host *host = value;
    return host->last < *(gint64 *)opaque;
}

static void make_room(VncGuard *guard)
{
    gint64 before = now_s() - MEMORY_S;

    g_hash_table_foreach_remove(guard->hosts, is_old, &before);
    if (g_hash_table_size(guard->hosts) >= HOSTS_MAX) {
        GHashTableIter iter;
        gpointer name, value, oldest_name = NULL;
        gint64 oldest = G_MAXINT64;
        g_hash_table_iter_init(&iter, guard->hosts);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
            if (((Host *)value)->last < oldest) {
                oldest = ((Host *)value)->last;
                oldest_name = name;
            }
        }
        g_hash_table_remove(guard->hosts, oldest_name);
    }
}

void vnc_guard_tried(VncGuard *guard, const char *name, gboolean right)
{
    Host *host = g_hash_table_lookup(guard->hosts, name);
    gint64 lock;

    if (right) {
        g_hash_table_remove(guard->hosts, name);
        return;
    }
    if (!host) {
        make_room(guard);
        host = g_new0(Host, 1);
        g_hash_table_insert(guard->hosts, g_strdup(name), host);
    }
    host->last = now_s();
    host->failures++;
    if (host->failures >= FREE_TRIES) {
        lock = (gint64)FIRST_LOCK_S << MIN(host->failures - FREE_TRIES, 16);
        lock = MIN(lock, LAST_LOCK_S);
        host->until = host->last + lock;
        report_warning("vnc: %s gave %u wrong passwords and is locked out for %u seconds", name,
                       host->failures, (guint)lock);
    }
}
