/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor/history: what is kept, by whom, in which order, and what never is. */
#include "monitor/history.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "monitor/monitor.h"
#include "tests/unit/monitor-rig.h"

typedef struct Fixture {
    Rig rig;
    char *dir, *path;
    GString *loaded; /* each line with "|" */
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    rig_init(&f->rig);
    f->dir = g_dir_make_tmp("history-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "new", "hmp-history", NULL);
    f->loaded = g_string_new(NULL);
}

static void teardown(Fixture *f, gconstpointer data)
{
    g_autofree char *sub = g_path_get_dirname(f->path);

    rig_clear(&f->rig);
    g_unlink(f->path);
    g_rmdir(sub);
    g_rmdir(f->dir);
    g_free(f->dir);
    g_free(f->path);
    g_string_free(f->loaded, TRUE);
}

static void loaded(const GPtrArray *lines, void *opaque)
{
    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(opaque, "%s|", (char *)g_ptr_array_index(lines, i));
    }
}

static void load(Fixture *f)
{
    HistoryStore *store = history_store_new(f->rig.machine, f->path);

    g_string_truncate(f->loaded, 0);
    history_store_load(store, loaded, f->loaded);
    history_store_free(store);
    rig_settle(&f->rig);
}

static void check(Fixture *f, const char *expected)
{
    load(f);
    g_assert_cmpstr(f->loaded->str, ==, expected);
}

static void add(Fixture *f, const char *line)
{
    HistoryStore *store = history_store_new(f->rig.machine, f->path);

    history_store_add(store, line);
    history_store_free(store);
    rig_settle(&f->rig);
}

static void test_keeps(Fixture *f, gconstpointer data)
{
    struct stat st;

    check(f, ""); /* there is no file yet */
    add(f, "info status");
    add(f, "info status");
    add(f, "screendump /tmp/\303\244.png");
    check(f, "info status|screendump /tmp/ä.png|");
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmphex(st.st_mode, ==, S_IFREG | 0600);
}

static void test_private(Fixture *f, gconstpointer data)
{
    add(f, "set_password vnc hunter2");
    add(f, "change vnc PassWord hunter2");
    add(f, "object_add secret,id=s,data=hunter2");
    add(f, " stop");
    add(f, "");
    add(f, "with\033[2Jescape");
    add(f, "with\302\233C1");
    add(f, "broken \377");
    g_autofree char *longest = g_strnfill(HISTORY_MAX_LENGTH + 1, 'a');
    add(f, longest);
    check(f, "");
    longest[HISTORY_MAX_LENGTH] = '\0';
    add(f, longest);
    g_autofree char *expected = g_strconcat(longest, "|", NULL);
    check(f, expected);
}

/* Two processes, and two monitors of one, take turns: nothing is lost, each state is whole. */
static void test_together(Fixture *f, gconstpointer data)
{
    HistoryStore *one = history_store_new(f->rig.machine, f->path);
    HistoryStore *other = history_store_new(f->rig.machine, f->path);

    for (guint i = 0; i < 50; i++) {
        g_autofree char *a = g_strdup_printf("one %u", i), *b = g_strdup_printf("other %u", i);
        history_store_add(one, a);
        history_store_add(other, b);
    }
    history_store_free(one); /* while its lines are being written */
    history_store_free(other);
    rig_settle(&f->rig);
    load(f);
    for (guint i = 0; i < 50; i++) {
        g_autofree char *a = g_strdup_printf("one %u|", i), *b = g_strdup_printf("other %u|", i);
        g_assert_nonnull(strstr(f->loaded->str, a));
        g_assert_nonnull(strstr(f->loaded->str, b));
    }
}

static void test_bounds(Fixture *f, gconstpointer data)
{
    HistoryStore *store = history_store_new(f->rig.machine, f->path);

    for (guint i = 0; i < HISTORY_MAX_LINES + 100; i++) {
        g_autofree char *line = g_strdup_printf("p %u", i);
        history_store_add(store, line);
    }
    history_store_free(store);
    rig_settle(&f->rig);
    load(f);
    g_assert_true(g_str_has_prefix(f->loaded->str, "p 100|p 101|"));
    g_assert_true(g_str_has_suffix(f->loaded->str, "p 598|p 599|"));
}

/* A file that somebody else has made of it, or one that cannot be had. */
static void test_hostile(Fixture *f, gconstpointer data)
{
    static const char junk[] = "good\n\0\nbad\033c\n\377\377\nalso good\n\n\nno end";
    HistoryQuery *query;

    add(f, "x");
    g_assert_true(g_file_set_contents(f->path, junk, sizeof(junk) - 1, NULL));
    check(f, "good|also good|");
    g_autofree char *big = g_strnfill(8 << 20, 'b');
    g_assert_true(g_file_set_contents(f->path, big, 8 << 20, NULL));
    check(f, "");
    add(f, "stop");
    check(f, "stop|");

    HistoryStore *nowhere = history_store_new(f->rig.machine, "/proc/nowhere/history");
    history_store_add(nowhere, "stop");
    history_store_free(nowhere);
    HistoryStore *device = history_store_new(f->rig.machine, "/dev/zero");
    query = history_store_load(device, loaded, f->loaded);
    history_query_cancel(query);
    history_store_free(device);
    g_string_truncate(f->loaded, 0);
    rig_settle(&f->rig);
    g_assert_cmpstr(f->loaded->str, ==, "");
}

static CharTerminal local_terminal(Chardev *chr)
{
    return (CharTerminal){80, TRUE};
}

/* Who presses "up" before a worker has read the file gets the line all the same. */
static void test_waited_for(Fixture *f, gconstpointer data)
{
    static const char keys[] = "\033[A\n";
    ChardevOps ops = *f->rig.chr.ops;

    add(f, "p 40+2");
    ops.terminal = local_terminal;
    f->rig.chr.ops = &ops;
    HistoryStore *store = history_store_new(f->rig.machine, f->path);
    Monitor *monitor = monitor_hmp_new(f->rig.machine, &f->rig.chr, NULL);
    monitor_keep_history(monitor, store);
    chardev_event(&f->rig.chr, CHAR_OPENED);
    gsize taken = rig_type(&f->rig, keys, strlen(keys));
    rig_settle(&f->rig);
    rig_type(&f->rig, keys + taken, strlen(keys) - taken);
    rig_settle(&f->rig);
    g_assert_nonnull(strstr(f->rig.peer->str, "0x2a"));
    monitor_free(monitor);
    history_store_free(store);
    rig_settle(&f->rig);
}

#define ADD(name, fn) g_test_add("/history/" name, Fixture, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("keeps", test_keeps);
    ADD("private", test_private);
    ADD("together", test_together);
    ADD("bounds", test_bounds);
    ADD("hostile", test_hostile);
    ADD("waited-for", test_waited_for);
    return g_test_run();
}
