/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void test_items(void)
{
    g_autoptr(GError) error = NULL;
    guint items = 0;

    g_assert_true(log_parse_items("int,guest_errors", &items, &error));
    g_assert_cmpuint(items, ==, LOG_INT | LOG_GUEST_ERROR);
    g_assert_true(log_parse_items("all", &items, &error));
    for (const LogItemInfo *info = log_items; info->name; info++) {
        g_assert_true(items & info->item);
    }
    g_assert_true(log_parse_items("none", &items, &error));
    g_assert_cmpuint(items, ==, 0);
    g_assert_false(log_parse_items("int,nonsense", &items, &error));
    g_assert_nonnull(strstr(error->message, "nonsense"));
    g_assert_cmpuint(items, ==, 0);
}

static void test_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("vitrine-log-XXXXXX", NULL);
    g_autofree char *pattern = g_build_filename(folder, "x-%d.log", NULL);
    g_autofree char *path = g_strdup_printf("%s/x-%d.log", folder, (int)getpid());
    g_autofree char *text = NULL;

    g_assert_true(log_set_file(pattern, &error));
    log_set_items(LOG_INT);
    log_line(LOG_INT, "vector %d", 8);
    log_line(LOG_UNIMP, "never seen");
    g_assert_true(log_enabled(LOG_INT));
    g_assert_false(log_enabled(LOG_UNIMP));
    log_set_items(0);
    g_assert_true(log_set_file(NULL, &error));
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_assert_cmpstr(text, ==, "vector 8\n");
    g_remove(path);
    g_assert_false(log_set_file("/proc/nonexistent/x.log", &error));
    g_assert_nonnull(strstr(error->message, "/proc/nonexistent/x.log"));
    g_rmdir(folder);
}

static void collect(const char *line, void *opaque)
{
    g_string_append_printf(opaque, "[%s]", line);
}

static void test_redirect(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);

    report_redirect(collect, seen);
    report_error("no %s", "disk");
    report_warning("hot");
    report_redirect(NULL, NULL);
    g_assert_cmpstr(seen->str, ==, "[no disk][warning: hot]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/items", test_items);
    g_test_add_func("/log/file", test_file);
    g_test_add_func("/log/redirect", test_redirect);
    return g_test_run();
}
