/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format "raw": the file's bytes are the disk's. A file that ends within a sector is shown
 * rounded up; the missing bytes read as zeros, and writing that sector makes the file longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/image-lock.h"
#include "block/types.h"
#include "core/block-iov.h"
#include "core/error.h"
#include "core/fdset.h"

/* O_DIRECT asks no more than this of memory, offset and length anywhere (open(2), statx(2)). */
#define DIRECT_ALIGN 4096

typedef struct RawImage {
    BlockImage image;
    int fd;
    int write_fd;        /* opened later, for writing (raw_set_writable); or -1 */
    int direct_fd;       /* with O_DIRECT, for requests that are aligned; or -1 */
    guint64 file_length; /* as opened, not rounded */
    gboolean flush_failed;
} RawImage;

static gboolean is_aligned(const BlockRequest *request)
{
    if ((request->offset | request->length) % DIRECT_ALIGN != 0) {
        return FALSE;
    }
    for (guint i = 0; i < request->niov; i++) {
        guint64 where = (guint64)(gsize)request->iov[i].iov_base;

        if (where % DIRECT_ALIGN != 0 || request->iov[i].iov_len % DIRECT_ALIGN != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static void raw_done(BlockJob *job, gint64 result)
{
    BlockRequest *request = job->opaque;
    RawImage *raw = (RawImage *)request->image;
    int outcome = result < 0 ? (int)result : 0;

    if (request->op == BLOCK_OP_READ && result >= 0 && (guint64)result < request->length) {
        guint64 end = request->offset + (guint64)result;

        if (end >= raw->file_length) {
            iov_zero_from(request->iov, request->niov, (guint64)result);
        } else {
            outcome = -EIO; /* somebody has cut the file short under us */
        }
    } else if (request->op == BLOCK_OP_WRITE && result >= 0 && (guint64)result < request->length) {
        outcome = -ENOSPC; /* a write that moves nothing and gives no reason */
    } else if (request->op == BLOCK_OP_DISCARD &&
               (result == -EOPNOTSUPP || result == -EINVAL || result == -ENODEV)) {
        outcome = 0; /* a hint only */
    } else if (request->op == BLOCK_OP_FLUSH && result < 0) {
        raw->flush_failed = TRUE;
    }
    block_image_complete(request, outcome);
}

static int choose_fd(const RawImage *raw, const BlockRequest *request)
{
    gboolean data = request->op == BLOCK_OP_READ || request->op == BLOCK_OP_WRITE;

    if (raw->write_fd >= 0 && request->op != BLOCK_OP_READ) {
        return raw->write_fd;
    }
    return raw->direct_fd >= 0 && data && is_aligned(request) ? raw->direct_fd : raw->fd;
}

static void raw_submit(BlockImage *image, BlockRequest *request)
{
    RawImage *raw = (RawImage *)image;
    BlockJob *job = &request->job;

    if (request->op == BLOCK_OP_DISCARD && !(image->flags & BLOCK_OPEN_DISCARD)) {
        block_image_complete(request, 0);
        return;
    }
    if (request->op == BLOCK_OP_FLUSH && raw->flush_failed) {
        /* What could not be written then counts as clean now, so that trying again would succeed
         * without it (fsync(2), "Errors"): nobody shall believe that. */
        block_image_complete(request, -EIO);
        return;
    }
    *job = (BlockJob){
        .op = request->op,
        .fd = choose_fd(raw, request),
        .offset = request->offset,
        .length = request->length,
        .iov = request->iov,
        .niov = request->niov,
        .prompt = request->prompt,
        .done = raw_done,
        .opaque = request,
    };
    image->engine->ops->submit(image->engine, job);
}

static gboolean open_failed(const BlockImage *image, int errnum, GError **error)
{
    gboolean readonly = image->flags & BLOCK_OPEN_READONLY;

    if (errnum == EBUSY) {
        return error_set(error,
                         "'%s' is in use by the host or another program (mounted?), whose data "
                         "writing would damage; unmount it, or use readonly=on or snapshot=on",
                         image->file);
    }
    if (!readonly && (errnum == EACCES || errnum == EROFS || errnum == EPERM)) {
        return error_set_errno(error, errnum,
                               "cannot open '%s' for writing (readonly=on opens it for reading "
                               "only, snapshot=on keeps writes elsewhere)",
                               image->file);
    }
    return error_set_errno(error, errnum, "cannot open '%s'", image->file);
}

/* Only files that have bytes at offsets can be images. */
static gboolean check_kind(const BlockImage *image, const struct stat *st, GError **error)
{
    const char *kind = S_ISDIR(st->st_mode)    ? "a directory"
                       : S_ISCHR(st->st_mode)  ? "a character device"
                       : S_ISFIFO(st->st_mode) ? "a pipe"
                       : S_ISSOCK(st->st_mode) ? "a socket"
                                               : NULL;

    return !kind ||
           error_set(error, "'%s' is %s, not an image file or a block device", image->file, kind);
}

static gboolean get_length(RawImage *raw, const struct stat *st, GError **error)
{
    guint64 length = (guint64)st->st_size;

    if (S_ISBLK(st->st_mode) && ioctl(raw->fd, BLKGETSIZE64, &length) < 0) {
        return error_set_errno(error, errno, "cannot tell the size of '%s'", raw->image.file);
    }
    if (length == 0) {
        return error_set(
            error, "'%s' is empty; make it as long as the disk shall be: truncate -s 10G FILE",
            raw->image.file);
    }
    raw->file_length = length;
    raw->image.length = (length + BLOCK_SECTOR_SIZE - 1) / BLOCK_SECTOR_SIZE * BLOCK_SECTOR_SIZE;
    return TRUE;
}

/* A second descriptor that goes past the page cache; what is not aligned for it uses the first. */
static gboolean open_direct(RawImage *raw, int flags, GError **error)
{
    raw->direct_fd = path_open(raw->image.machine, raw->image.file, flags | O_DIRECT, 0);
    if (raw->direct_fd < 0) {
        return error_set_errno(error, errno,
                               "cannot open '%s' past the host's cache (cache=writeback works on "
                               "every file system)",
                               raw->image.file);
    }
    return TRUE;
}

static gboolean raw_setup(RawImage *raw, int flags, GError **error)
{
    BlockImage *image = &raw->image;
    struct stat st;

    if (fstat(raw->fd, &st) < 0) {
        return open_failed(image, errno, error);
    }
    if (!check_kind(image, &st, error) || !get_length(raw, &st, error)) {
        return FALSE;
    }
    /* Block devices have been opened exclusively instead. */
    if ((image->flags & BLOCK_OPEN_LOCK) && S_ISREG(st.st_mode) &&
        !image_lock(raw->fd, image->file, !(image->flags & BLOCK_OPEN_READONLY), error)) {
        return FALSE;
    }
    return !(image->flags & BLOCK_OPEN_DIRECT) || open_direct(raw, flags, error);
}

/* Opens the image's file for writing; ESTALE if its name belongs to another file by now. */
static int open_same(const BlockImage *image, const struct stat *st)
{
    gboolean exclusive = S_ISBLK(st->st_mode) && (image->flags & BLOCK_OPEN_LOCK);
    int fd =
        path_open(image->machine, image->file, O_RDWR | O_CLOEXEC | (exclusive ? O_EXCL : 0), 0);
    struct stat now;

    if (fd >= 0 && (fstat(fd, &now) < 0 || now.st_dev != st->st_dev || now.st_ino != st->st_ino)) {
        close(fd);
        errno = ESTALE;
        return -1;
    }
    return fd;
}

static void raw_close(BlockImage *image)
{
    RawImage *raw = (RawImage *)image;

    if (raw->direct_fd >= 0) {
        close(raw->direct_fd);
    }
    if (raw->write_fd >= 0) {
        close(raw->write_fd);
    }
    close(raw->fd);
}

/* The first descriptor and its locks stay, so that nobody comes in between. */
static gboolean raw_set_writable(BlockImage *image, gboolean on, GError **error)
{
    RawImage *raw = (RawImage *)image;
    gboolean locks;
    struct stat st;
    int fd;

    if (fstat(raw->fd, &st) < 0) {
        return open_failed(image, errno, error);
    }
    locks = (image->flags & BLOCK_OPEN_LOCK) && S_ISREG(st.st_mode);
    if (!on) {
        if (raw->write_fd >= 0) {
            close(raw->write_fd);
            raw->write_fd = -1;
        }
        if (locks) {
            image_unlock_writing(raw->fd);
        }
        return TRUE;
    }
    if (locks && !image_lock(raw->fd, image->file, TRUE, error)) {
        image_unlock_writing(raw->fd);
        return FALSE;
    }
    fd = open_same(image, &st);
    if (fd < 0) {
        open_failed(image, errno, error);
        if (locks) {
            image_unlock_writing(raw->fd);
        }
        return FALSE;
    }
    raw->write_fd = fd;
    return TRUE;
}

static gboolean raw_can_grow(BlockImage *image, GError **error)
{
    const RawImage *raw = (const RawImage *)image;
    struct stat st;

    return (fstat(raw->fd, &st) == 0 && S_ISREG(st.st_mode)) ||
           error_set(error, "Cannot grow device files");
}

static void raw_grown(BlockImage *image, guint64 length)
{
    RawImage *raw = (RawImage *)image;

    raw->file_length = image->length = length;
}

static gboolean raw_open(BlockImage *image, GError **error)
{
    RawImage *raw = (RawImage *)image;
    int flags = O_CLOEXEC | (image->flags & BLOCK_OPEN_READONLY ? O_RDONLY : O_RDWR) |
                (image->flags & BLOCK_OPEN_SYNC ? O_DSYNC : 0);
    gboolean exclusive;
    struct stat st;

    raw->direct_fd = raw->write_fd = -1;
    if (path_stat(image->machine, image->file, &st) < 0) {
        return open_failed(image, errno, error);
    }
    if (!check_kind(image, &st, error)) {
        return FALSE;
    }
    /* Of a block device O_EXCL asks whether the host uses it, or a part of it (open(2)). */
    exclusive = S_ISBLK(st.st_mode) && (image->flags & BLOCK_OPEN_LOCK) &&
                !(image->flags & BLOCK_OPEN_READONLY);
    raw->fd = path_open(image->machine, image->file, flags | (exclusive ? O_EXCL : 0), 0);
    if (raw->fd < 0) {
        return open_failed(image, errno, error);
    }
    if (!raw_setup(raw, flags, error)) {
        raw_close(image);
        return FALSE;
    }
    return TRUE;
}

const BlockImageOps raw_image_ops = {
    .name = "raw",
    .summary = "The bytes of a file or block device as they are",
    .size = sizeof(RawImage),
    .open = raw_open,
    .close = raw_close,
    .submit = raw_submit,
    .set_writable = raw_set_writable,
    .can_grow = raw_can_grow,
    .grown = raw_grown,
};
