/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logfile=: what the user of a character device writes is kept in a file, too. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"
#include "core/fdset.h"

gboolean char_log_open(Chardev *chr, GError **error)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

    if (!chr->logfile) {
        return !chr->logappend ||
               error_set(error, "character device '%s': logappend=on needs logfile=FILE", chr->id);
    }
    chr->log_fd =
        path_open(chr->machine, chr->logfile, flags | (chr->logappend ? O_APPEND : O_TRUNC), 0666);
    if (chr->log_fd < 0) {
        return error_set_errno(error, errno, "character device '%s': cannot open logfile '%s'",
                               chr->id, chr->logfile);
    }
    chr->logs = TRUE;
    return TRUE;
}

/* A log that cannot be written (full disk, pipe that nobody reads) does not hold up the device. */
void char_log_write(Chardev *chr, const guint8 *data, gsize length)
{
    char_fd_write(chr->log_fd, data, length);
}

void char_log_close(Chardev *chr)
{
    if (chr->logs) {
        close(chr->log_fd);
        chr->logs = FALSE;
    }
}
