/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes everything, gives nothing. */
#include "core/char-priv.h"

static gsize null_write(Chardev *chr, const guint8 *data, gsize length)
{
    return length;
}

static gboolean null_open(Chardev *chr, GError **error)
{
    chardev_event(chr, CHAR_OPENED);
    return TRUE;
}

static void null_close(Chardev *chr)
{
}

const ChardevOps char_null_ops = {
    .name = "null",
    .summary = "takes everything and gives nothing",
    .size = sizeof(Chardev),
    .open = null_open,
    .close = null_close,
    .write = null_write,
};
