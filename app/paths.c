/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/paths.h"

#include "app/build-info.h"

/* The build folder if the program lies in its app/, else NULL. */
static char *build_root(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;
    g_autofree char *parent = folder ? g_path_get_dirname(folder) : NULL;
    g_autofree char *mark = parent ? g_build_filename(parent, "build.ninja", NULL) : NULL;

    return mark && g_file_test(mark, G_FILE_TEST_EXISTS) ? g_steal_pointer(&parent) : NULL;
}

static char *if_exists(char *path)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_clear_pointer(&path, g_free);
    }
    return path;
}

char *paths_find_module(const char *name)
{
    g_autofree char *file = g_strdup_printf("libvitrine-ui-%s.so", name);
    const char *chosen = g_getenv("VITRINE_MODULE_DIR");
    g_autofree char *build = NULL;

    if (chosen) {
        return if_exists(g_build_filename(chosen, file, NULL));
    }
    build = build_root();
    if (build) {
        return if_exists(g_build_filename(build, "ui", name, file, NULL));
    }
    return if_exists(g_build_filename(VITRINE_LIBDIR, file, NULL));
}

char *paths_find_data(const char *name)
{
    g_autofree char *build = build_root();

    return if_exists(build ? g_build_filename(build, "data", "demo", name, NULL)
                           : g_build_filename(VITRINE_DATADIR, name, NULL));
}

const char *const *paths_firmware_dirs(void)
{
    static const char *const folders[] = {
        VITRINE_DATADIR "/firmware",
        "/usr/share/seabios",
        "/usr/share/qemu",
        "/usr/lib/ipxe/qemu",
        "/usr/share/OVMF",
        "/usr/share/ovmf",
        NULL,
    };

    return folders;
}
