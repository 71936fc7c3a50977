/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for tcg-decode-zydis.c where Zydis is not installed. */
#include <glib.h>

static void test_skipped(void)
{
    g_test_skip("libzydis-dev is not installed");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-decode-zydis/all", test_skipped);
    return g_test_run();
}
