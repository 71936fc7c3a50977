/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/fdset.h"

#define HOLE_UNIT 65536

gboolean out_file_open(OutFile *file, Machine *machine, const char *path, const gboolean *cancel,
                       GError **error)
{
    struct stat st;

    /* Opening a FIFO would wait for its reader: without one it is an error instead. */
    *file = (OutFile){
        .fd = path_open(machine, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0600),
        .cancel = cancel,
    };
    if (file->fd < 0) {
        return error_set_errno(error, errno, "cannot open '%s'", path);
    }
    if (fdset_is_path(path)) {
        return TRUE; /* somebody else's file, like one that is taken: see there */
    }
    file->seekable = fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode);
    file->path = g_strdup(path);
    return TRUE;
}

void out_file_take(OutFile *file, int fd, const gboolean *cancel)
{
    /* Even a regular file may be open for appending, or hold something: it is written in order. */
    *file = (OutFile){.fd = fd, .cancel = cancel};
}

static gboolean failed(const OutFile *file, int errnum, GError **error)
{
    if (file->path) {
        return error_set_errno(error, errnum, "cannot write '%s'", file->path);
    }
    return error_set_errno(error, errnum, "cannot write to the descriptor");
}

/* A pipe's reader is slow: FALSE if it is waited for no longer. */
static gboolean wait_for_room(const OutFile *file)
{
    struct pollfd room = {.fd = file->fd, .events = POLLOUT};
    int ready = 0;

    while (ready == 0 && !__atomic_load_n(file->cancel, __ATOMIC_RELAXED)) {
        ready = poll(&room, 1, 100);
    }
    return ready != 0;
}

gboolean out_file_write_at(OutFile *file, guint64 offset, const void *data, gsize length,
                           GError **error)
{
    const guint8 *bytes = data;

    while (length > 0) {
        ssize_t n = file->seekable ? pwrite(file->fd, bytes, length, (off_t)offset)
                                   : write(file->fd, bytes, length);

        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(file)))) {
            continue;
        }
        if (n <= 0) {
            return failed(file, n < 0 ? errno : ENOSPC, error);
        }
        bytes += n;
        offset += (guint64)n;
        length -= (gsize)n;
    }
    return TRUE;
}

gboolean out_file_write(OutFile *file, const void *data, gsize length, GError **error)
{
    gboolean good = out_file_write_at(file, file->position, data, length, error);

    file->position += length;
    return good;
}

static gboolean is_zero(const guint8 *data, gsize length)
{
    return length == 0 || (data[0] == 0 && memcmp(data, data + 1, length - 1) == 0);
}

gboolean out_file_write_sparse(OutFile *file, const guint8 *data, gsize length, GError **error)
{
    while (length > 0) {
        gsize part = MIN(length, HOLE_UNIT);

        if (file->seekable && is_zero(data, part)) {
            out_file_skip(file, part);
        } else if (!out_file_write(file, data, part, error)) {
            return FALSE;
        }
        data += part;
        length -= part;
    }
    return TRUE;
}

void out_file_skip(OutFile *file, gsize length)
{
    g_assert(file->seekable);
    file->position += length;
}

static void clear(OutFile *file)
{
    g_clear_pointer(&file->path, g_free);
    file->fd = -1;
}

gboolean out_file_finish(OutFile *file, GError **error)
{
    gboolean good = TRUE;

    /* A hole at the end counts only if the file is told of it. */
    if (file->seekable && ftruncate(file->fd, (off_t)file->position) < 0) {
        good = failed(file, errno, error);
    }
    if (!good) {
        out_file_abandon(file);
        return FALSE;
    }
    if (close(file->fd) < 0 && errno != EINTR) {
        good = failed(file, errno, error);
        if (file->path && file->seekable) {
            unlink(file->path);
        }
    }
    clear(file);
    return good;
}

void out_file_abandon(OutFile *file)
{
    if (file->path && file->seekable) {
        /* Should somebody else hold it open by now, it is at least empty. */
        if (ftruncate(file->fd, 0) == 0) {
            unlink(file->path);
        }
    }
    close(file->fd);
    clear(file);
}
