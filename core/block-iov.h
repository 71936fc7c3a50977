/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scattered buffers: sizes, slices and copies. Pure functions, any thread. */
#pragma once

#include <glib.h>
#include <sys/uio.h>

guint64 iov_size(const struct iovec *iov, guint niov);

/*
 * Describes bytes [offset, offset + length) of `iov` in `out`, which has room for `niov` elements.
 * Returns how many were used; fewer bytes if `iov` ends before.
 */
guint iov_slice(struct iovec *out, const struct iovec *iov, guint niov, guint64 offset,
                guint64 length);

/* Copies between a flat buffer and `iov` from `offset` on; returns the bytes copied. */
gsize iov_from_buffer(const struct iovec *iov, guint niov, guint64 offset, const void *buffer,
                      gsize length);
gsize iov_to_buffer(const struct iovec *iov, guint niov, guint64 offset, void *buffer,
                    gsize length);

/* Fills with zeros from `offset` to the end. */
void iov_zero_from(const struct iovec *iov, guint niov, guint64 offset);
