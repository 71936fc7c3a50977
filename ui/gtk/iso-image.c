/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/iso-image.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"

#define LIBISOFS_WITHOUT_LIBBURN
#include <libisofs.h>

#define ISO_LEVEL    3 /* files of 4 GiB and more (ECMA-119, 10.3) */
#define CHUNK        (32 * 2048)
#define DISTRIBUTION 2 /* iso_write_opts_new(): everybody may read, nobody owns */
#define VOLUME_NAME  "FILES"
#define QUIET        "NEVER"

static gboolean fail(GError **error, const char *what, int code)
{
    return error_set(error, "%s: %s", what, iso_error_to_msg(code));
}

gboolean iso_image_can(GError **error)
{
    static char quiet[] = QUIET, nothing[] = "", failure[] = "FAILURE";
    int result = iso_init(); /* again is fine */
    if (result < 0) {
        return fail(error, "libisofs", result);
    }
    iso_set_msgs_severities(quiet, quiet, nothing);
    iso_set_abort_severity(failure);
    return TRUE;
}

/* ---- the tree ---- */

static gboolean add(IsoImage *image, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    IsoNode *node = NULL;
    int result = iso_tree_add_new_node(image, iso_image_get_root(image), name, path, &node);
    if (result >= 0 && iso_node_get_type(node) == LIBISO_DIR) {
        result = iso_tree_add_dir_rec(image, (IsoDir *)node, path);
    }
    return result >= 0 || fail(error, name, result);
}

static gboolean add_all(IsoImage *image, GPtrArray *paths, const gint *cancelled, GError **error)
{
    for (guint i = 0; i < paths->len; i++) {
        if (g_atomic_int_get(cancelled) != 0) {
            return error_set(error, "given up");
        }
        if (!add(image, g_ptr_array_index(paths, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- writing ---- */

static gboolean write_all(int fd, const guint8 *data, gsize length, GError **error)
{
    while (length > 0) {
        gssize done = write(fd, data, length);
        if (done < 0 && errno != EINTR) {
            return error_set(error, "cannot write the image: %s", g_strerror(errno));
        }
        data += MAX(done, 0);
        length -= (gsize)MAX(done, 0);
    }
    return TRUE;
}

/* A thread of the library's reads the files meanwhile. */
static gboolean copy(struct burn_source *source, int fd, const gint *cancelled, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(CHUNK);
    int (*fill)(struct burn_source *, unsigned char *, int) =
        source->read != NULL ? source->read : source->read_xt;
    int got;
    while ((got = fill(source, buffer, CHUNK)) > 0) {
        if (g_atomic_int_get(cancelled) != 0) {
            return error_set(error, "given up");
        }
        if (!write_all(fd, buffer, (gsize)got, error)) {
            return FALSE;
        }
    }
    return got == 0 || error_set(error, "a file cannot be read, or has changed meanwhile");
}

static gboolean write_image(IsoImage *image, int fd, const gint *cancelled, GError **error)
{
    IsoWriteOpts *opts;
    struct burn_source *source;
    int result = iso_write_opts_new(&opts, DISTRIBUTION);
    if (result < 0) {
        return fail(error, "libisofs", result);
    }
    iso_write_opts_set_iso_level(opts, ISO_LEVEL);
    iso_write_opts_set_joliet(opts, 1);
    iso_write_opts_set_joliet_long_names(opts, 1);
    iso_write_opts_set_joliet_longer_paths(opts, 1);
    iso_write_opts_set_rockridge(opts, 1);
    result = iso_image_create_burn_source(image, opts, &source);
    iso_write_opts_free(opts);
    if (result < 0) {
        return fail(error, "libisofs", result);
    }
    gboolean good = copy(source, fd, cancelled, error);
    if (!good) {
        source->cancel(source);
    }
    source->free_data(source); /* waits for its thread */
    free(source);
    return good;
}

gboolean iso_image_make(GPtrArray *paths, int fd, const gint *cancelled, GError **error)
{
    IsoImage *image;
    int result = iso_image_new(VOLUME_NAME, &image);
    if (result < 0) {
        return fail(error, "libisofs", result);
    }
    gboolean good =
        add_all(image, paths, cancelled, error) && write_image(image, fd, cancelled, error);
    iso_image_unref(image);
    return good;
}
