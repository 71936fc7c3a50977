/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/error.h"

#include <errno.h>

static void test_set(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(error_set(&error, "port %d is %s", 5900, "in use"));
    g_assert_error(error, VITRINE_ERROR, VITRINE_ERROR_GENERIC);
    g_assert_cmpstr(error->message, ==, "port 5900 is in use");
    g_assert_false(error_set(NULL, "nobody asked"));
}

static void test_errno(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(error_set_errno(&error, ENOENT, "cannot open '%s'", "x"));
    g_assert_cmpstr(error->message, ==, "cannot open 'x': No such file or directory");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/set", test_set);
    g_test_add_func("/error/errno", test_errno);
    return g_test_run();
}
