/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/firmware.h"

#include <glib/gstdio.h>
#include <string.h>

static void test_load(void)
{
    g_autofree char *folder = g_dir_make_tmp("vitrine-fw-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "rom.bin", NULL);
    g_autofree char *empty = g_build_filename(folder, "empty.bin", NULL);
    const char *const dirs[] = {"/nonexistent", folder, NULL};
    Machine machine = {.firmware_dirs = dirs};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;

    g_assert_true(g_file_set_contents(path, "\x55\xaa\x01", 3, NULL));
    g_assert_true(g_file_set_contents(empty, "", 0, NULL));
    bytes = firmware_load(&machine, "rom.bin", 3, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, 3);
    g_assert_null(firmware_load(&machine, "rom.bin", 2, &error));
    g_assert_nonnull(strstr(error->message, "3 bytes"));
    g_clear_error(&error);
    g_assert_null(firmware_load(&machine, "empty.bin", 2, &error));
    g_assert_nonnull(strstr(error->message, "0 bytes"));
    g_clear_error(&error);
    g_assert_null(firmware_load(&machine, "other.bin", 2, &error));
    g_assert_nonnull(strstr(error->message, "'other.bin' in /nonexistent"));
    g_clear_error(&error);
    g_assert_null(firmware_load(&machine, "/x/other.bin", 2, &error));
    g_assert_nonnull(error);
    g_remove(path);
    g_remove(empty);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firmware/load", test_load);
    return g_test_run();
}
