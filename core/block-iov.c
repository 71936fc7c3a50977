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

guint iov_slice(struct iovec *out, const struct iovec *iov, guint niov, guint64 offset,
                guint64 length)
{
    guint used = 0;

    for (guint i = 0; i < niov && length > 0; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        out[used].iov_base = (guint8 *)iov[i].iov_base + offset;
        out[used].iov_len = MIN(iov[i].iov_len - offset, length);
        length -= out[used].iov_len;
        offset = 0;
        used++;
    }
    return used;
}

gsize iov_from_buffer(const struct iovec *iov, guint niov, guint64 offset, const void *buffer,
                      gsize length)
{
    gsize copied = 0;

    for (guint i = 0; i < niov && copied < length; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        gsize part = MIN(iov[i].iov_len - offset, length - copied);

        memcpy((guint8 *)iov[i].iov_base + offset, (const guint8 *)buffer + copied, part);
        copied += part;
        offset = 0;
    }
    return copied;
}

gsize iov_to_buffer(const struct iovec *iov, guint niov, guint64 offset, void *buffer, gsize length)
{
    gsize copied = 0;

    for (guint i = 0; i < niov && copied < length; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        gsize part = MIN(iov[i].iov_len - offset, length - copied);

        memcpy((guint8 *)buffer + copied, (const guint8 *)iov[i].iov_base + offset, part);
        copied += part;
        offset = 0;
    }
    return copied;
}

void iov_zero_from(const struct iovec *iov, guint niov, guint64 offset)
{
    for (guint i = 0; i < niov; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        memset((guint8 *)iov[i].iov_base + offset, 0, iov[i].iov_len - offset);
        offset = 0;
    }
}
