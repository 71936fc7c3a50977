/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/image-lock.h"

#include <errno.h>
#include <fcntl.h>

#include "core/error.h"

/*
 * Byte 100 + n is read-locked by who uses permission n, byte 200 + n by who does not want others
 * to use it (QEMU, docs/system/qemu-block-drivers: image locking).
 */
#define USED_BASE     100
#define UNSHARED_BASE 200

enum {
    PERMISSION_READ = 0,
    PERMISSION_WRITE = 1,
    PERMISSION_RESIZE = 3,
};

static int lock_byte(int fd, off_t byte)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

/* Whether another open file has the byte locked. */
static gboolean byte_is_taken(int fd, off_t byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static gboolean refused(const char *file, gboolean writes, GError **error)
{
    if (writes) {
        return error_set(
            error,
            "'%s' is in use already, by another program or by another drive of this "
            "machine; stop that one, or open the image with readonly=on or snapshot=on in both",
            file);
    }
    return error_set(error,
                     "'%s' is being written by another program or by another drive of this "
                     "machine; stop that one, or say file.locking=off to read it all the same",
                     file);
}

gboolean image_lock(int fd, const char *file, gboolean writes, GError **error)
{
    int result = lock_byte(fd, USED_BASE + PERMISSION_READ);

    if (result == -ENOLCK || result == -EOPNOTSUPP || result == -EINVAL || result == -ENOSYS) {
        return TRUE;
    }
    if (result == 0) {
        result = lock_byte(fd, UNSHARED_BASE + PERMISSION_WRITE);
    }
    if (result == 0 && writes) {
        result = lock_byte(fd, USED_BASE + PERMISSION_WRITE);
    }
    if (result == 0 && writes) {
        result = lock_byte(fd, UNSHARED_BASE + PERMISSION_RESIZE);
    }
    if (result == -EAGAIN || result == -EACCES) {
        return refused(file, writes, error);
    }
    if (result < 0) {
        return error_set_errno(error, -result, "cannot lock '%s'", file);
    }
    /* Ours are set first, so of two that start at once at least one sees the other. */
    if (byte_is_taken(fd, UNSHARED_BASE + PERMISSION_READ) ||
        byte_is_taken(fd, USED_BASE + PERMISSION_WRITE) ||
        (writes && (byte_is_taken(fd, UNSHARED_BASE + PERMISSION_WRITE) ||
                    byte_is_taken(fd, USED_BASE + PERMISSION_RESIZE)))) {
        return refused(file, writes, error);
    }
    return TRUE;
}

void image_unlock_writing(int fd)
{
    static const off_t bytes[] = {USED_BASE + PERMISSION_WRITE, UNSHARED_BASE + PERMISSION_RESIZE};

    for (guint i = 0; i < G_N_ELEMENTS(bytes); i++) {
        struct flock lock = {
            .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = bytes[i], .l_len = 1};

        fcntl(fd, F_OFD_SETLK, &lock);
    }
}
