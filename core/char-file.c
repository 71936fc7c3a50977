/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and named pipes. "file" writes to a path (a pipe or device there may be slow, and is then
 * waited for without blocking) and may read its input from another; "pipe" is a pair of named
 * pipes PATH.in and PATH.out, or one PATH: a named pipe for output, or a device for both.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"
#include "core/fdset.h"

typedef struct FileChardev {
    Chardev chr;
    char *path, *input_path;
    gboolean append;
    int in, out; /* -1 = none */
    FdWatch *in_watch, *out_watch;
} FileChardev;

static const OptionSpec file_options[] = {
    {"path", OPTION_STRING, offsetof(FileChardev, path), NULL, "file that is written"},
    {"append", OPTION_BOOL, offsetof(FileChardev, append), "off",
     "keep what is in the file and add to it"},
    {"input-path", OPTION_STRING, offsetof(FileChardev, input_path), NULL,
     "file that is read as input"},
    OPTION_END,
};

static const OptionSpec pipe_options[] = {
    {"path", OPTION_STRING, offsetof(FileChardev, path), NULL,
     "named pipe for output, or PATH.in and PATH.out where they exist"},
    OPTION_END,
};

static void file_readable(int fd, GIOCondition revents, void *opaque)
{
    FileChardev *file = opaque;
    gboolean room;

    if (!char_fd_read(&file->chr, fd, &room)) {
        g_clear_pointer(&file->in_watch, fd_watch_remove);
    } else if (!room) {
        fd_watch_set_events(file->in_watch, 0);
    }
}

static void file_accept(Chardev *chr)
{
    FileChardev *file = (FileChardev *)chr;

    if (file->in_watch && chardev_user_room(chr)) {
        fd_watch_set_events(file->in_watch, G_IO_IN);
    }
}

static void file_writable(int fd, GIOCondition revents, void *opaque)
{
    FileChardev *file = opaque;

    fd_watch_set_events(file->out_watch, 0);
    chardev_writable(&file->chr);
}

static gsize file_write(Chardev *chr, const guint8 *data, gsize length)
{
    FileChardev *file = (FileChardev *)chr;
    gssize n = char_fd_write(file->out, data, length);

    if (n < 0) {
        return length; /* full disk, closed pipe: lost, as a printer without paper */
    }
    if ((gsize)n < length) {
        fd_watch_set_events(file->out_watch, G_IO_OUT);
    }
    return (gsize)n;
}

static int open_path(Chardev *chr, const char *path, int flags, GError **error)
{
    int fd = path_open(chr->machine, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);

    if (fd < 0 && errno == ENXIO) {
        error_set(error, "cannot open '%s': nobody has it open for reading", path);
    } else if (fd < 0) {
        error_set_errno(error, errno, "cannot open '%s'", path);
    }
    return fd;
}

static void file_close(Chardev *chr)
{
    FileChardev *file = (FileChardev *)chr;

    g_clear_pointer(&file->in_watch, fd_watch_remove);
    g_clear_pointer(&file->out_watch, fd_watch_remove);
    if (file->in >= 0 && file->in != file->out) {
        close(file->in);
    }
    if (file->out >= 0) {
        close(file->out);
    }
}

static void file_start(FileChardev *file)
{
    EventLoop *loop = file->chr.machine->loop;

    if (file->in >= 0) {
        file->in_watch = fd_watch_add(loop, file->in, 0, file_readable, file);
    }
    file->out_watch = fd_watch_add(loop, file->out, 0, file_writable, file);
    chardev_event(&file->chr, CHAR_OPENED);
}

static gboolean file_open(Chardev *chr, GError **error)
{
    FileChardev *file = (FileChardev *)chr;

    file->in = file->out = -1;
    if (!file->path) {
        return error_set(error, "character device '%s' needs path=FILE", chr->id);
    }
    file->out =
        open_path(chr, file->path, O_WRONLY | O_CREAT | (file->append ? O_APPEND : O_TRUNC), error);
    if (file->out < 0) {
        return FALSE;
    }
    if (file->input_path) {
        file->in = open_path(chr, file->input_path, O_RDONLY, error);
        if (file->in < 0) {
            file_close(chr);
            return FALSE;
        }
    }
    file_start(file);
    return TRUE;
}

/* Opened for both directions, so that a pipe opens without a peer and never reports an end. */
static gboolean pipe_open(Chardev *chr, GError **error)
{
    FileChardev *file = (FileChardev *)chr;
    g_autofree char *in_path = g_strconcat(file->path ? file->path : "", ".in", NULL);
    g_autofree char *out_path = g_strconcat(file->path ? file->path : "", ".out", NULL);
    struct stat st;

    file->in = file->out = -1;
    if (!file->path) {
        return error_set(error, "character device '%s' needs path=PIPE", chr->id);
    }
    if (access(in_path, F_OK) == 0 && access(out_path, F_OK) == 0) {
        file->in = open_path(chr, in_path, O_RDWR, error);
        file->out = file->in < 0 ? -1 : open_path(chr, out_path, O_RDWR, error);
    } else {
        file->out = open_path(chr, file->path, O_RDWR, error);
        /* From a single named pipe we would read what we have written. */
        if (file->out >= 0 && fstat(file->out, &st) == 0 && !S_ISFIFO(st.st_mode)) {
            file->in = file->out;
        }
    }
    if (file->out < 0) {
        file_close(chr);
        return FALSE;
    }
    file_start(file);
    return TRUE;
}

const ChardevOps char_file_ops = {
    .name = "file",
    .summary = "writes to a file",
    .size = sizeof(FileChardev),
    .options = file_options,
    .open = file_open,
    .close = file_close,
    .write = file_write,
    .accept = file_accept,
};

const ChardevOps char_pipe_ops = {
    .name = "pipe",
    .summary = "a pair of named pipes",
    .size = sizeof(FileChardev),
    .options = pipe_options,
    .open = pipe_open,
    .close = file_close,
    .write = file_write,
    .accept = file_accept,
};
