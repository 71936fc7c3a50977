/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/block-iov.h"

#include <string.h>

guint64 iov_size(const struct iovec *iov, guint niov)
{
    guint64 size = 0;

    for (guint i = 0; i < niov; i++) {
        size += iov[i].iov_len;
    }
    return size;
}

/* The next stretch of at most `most` bytes, `offset` bytes into element `i`; both move on past it.
 * FALSE at the end. */
static gboolean next(const struct iovec *iov, guint niov, guint *i, guint64 *offset, guint64 most,
                     struct iovec *stretch)
{
    while (*i < niov && *offset >= iov[*i].iov_len) {
        *offset -= iov[(*i)++].iov_len;
    }
    if (*i == niov || most == 0) {
        return FALSE;
    }
    stretch->iov_base = (guint8 *)iov[*i].iov_base + *offset;
    stretch->iov_len = MIN(iov[*i].iov_len - *offset, most);
    *offset += stretch->iov_len;
    return TRUE;
}

guint iov_slice(struct iovec *out, const struct iovec *iov, guint niov, guint64 offset,
                guint64 length)
{
    struct iovec stretch;
    guint used = 0;

    for (guint i = 0; next(iov, niov, &i, &offset, length, &stretch); length -= stretch.iov_len) {
        out[used++] = stretch;
    }
    return used;
}

gsize iov_from_buffer(const struct iovec *iov, guint niov, guint64 offset, const void *buffer,
                      gsize length)
{
    struct iovec stretch;
    gsize copied = 0;

    for (guint i = 0; next(iov, niov, &i, &offset, length - copied, &stretch);
         copied += stretch.iov_len) {
        memcpy(stretch.iov_base, (const guint8 *)buffer + copied, stretch.iov_len);
    }
    return copied;
}

gsize iov_to_buffer(const struct iovec *iov, guint niov, guint64 offset, void *buffer, gsize length)
{
    struct iovec stretch;
    gsize copied = 0;

    for (guint i = 0; next(iov, niov, &i, &offset, length - copied, &stretch);
         copied += stretch.iov_len) {
        memcpy((guint8 *)buffer + copied, stretch.iov_base, stretch.iov_len);
    }
    return copied;
}

void iov_zero_from(const struct iovec *iov, guint niov, guint64 offset)
{
    struct iovec stretch;

    for (guint i = 0; next(iov, niov, &i, &offset, G_MAXUINT64, &stretch);) {
        memset(stretch.iov_base, 0, stretch.iov_len);
    }
}
