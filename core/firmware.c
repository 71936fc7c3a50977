/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

char *firmware_find(Machine *machine, const char *name, GError **error)
{
    g_autofree char *searched = NULL;

    if (g_file_test(name, G_FILE_TEST_IS_REGULAR)) {
        return g_strdup(name);
    }
    if (strchr(name, '/')) {
        error_set(error, "there is no firmware file '%s'", name);
        return NULL;
    }
    for (guint i = 0; machine->firmware_dirs && machine->firmware_dirs[i]; i++) {
        g_autofree char *path = g_build_filename(machine->firmware_dirs[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            return g_steal_pointer(&path);
        }
    }
    if (machine->firmware_dirs) {
        searched = g_strjoinv(", ", (char **)machine->firmware_dirs);
    }
    error_set(error,
              "there is no firmware file '%s' in %s (install seabios, or name its folder "
              "with -L)",
              name, searched && searched[0] ? searched : "any folder");
    return NULL;
}

static GBytes *read_all(int fd, const char *path, gsize max_size, GError **error)
{
    g_autofree guint8 *data = NULL;
    struct stat st;
    gsize done = 0;

    if (fstat(fd, &st) < 0) {
        error_set_errno(error, errno, "cannot read the firmware file '%s'", path);
        return NULL;
    }
    if (st.st_size <= 0 || (guint64)st.st_size > max_size) {
        error_set(error,
                  "the firmware file '%s' has %" G_GINT64_FORMAT " bytes; 1 to %" G_GSIZE_FORMAT
                  " would fit",
                  path, (gint64)st.st_size, max_size);
        return NULL;
    }
    data = g_malloc((gsize)st.st_size);
    while (done < (gsize)st.st_size) {
        ssize_t n = read(fd, data + done, (gsize)st.st_size - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            error_set_errno(error, n < 0 ? errno : EIO, "cannot read the firmware file '%s'", path);
            return NULL;
        }
        done += (gsize)n;
    }
    return g_bytes_new_take(g_steal_pointer(&data), done);
}

GBytes *firmware_load(Machine *machine, const char *name, gsize max_size, GError **error)
{
    g_autofree char *path = firmware_find(machine, name, error);
    GBytes *bytes;
    int fd;

    if (!path) {
        return NULL;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(error, errno, "cannot read the firmware file '%s'", path);
        return NULL;
    }
    bytes = read_all(fd, path, max_size, error);
    close(fd);
    return bytes;
}
