/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the last bytes written, for `ringbuf_read`; `ringbuf_write` adds to them. */
#include <string.h>

#include "core/char-priv.h"
#include "core/error.h"

typedef struct RingbufChardev {
    Chardev chr;
    guint64 size;
    guint8 *data;
    guint64 written, taken; /* running totals; written - taken <= size */
} RingbufChardev;

static const OptionSpec ringbuf_options[] = {
    {"size", OPTION_SIZE, offsetof(RingbufChardev, size), "64K", "bytes kept, a power of two", 1,
     64 << 20},
    OPTION_END,
};

static gsize ringbuf_write(Chardev *chr, const guint8 *data, gsize length)
{
    RingbufChardev *ring = (RingbufChardev *)chr;

    for (gsize i = 0; i < length; i++) {
        ring->data[ring->written++ & (ring->size - 1)] = data[i];
    }
    if (ring->written - ring->taken > ring->size) {
        ring->taken = ring->written - ring->size;
    }
    return length;
}

gsize chardev_ringbuf_read(Chardev *chr, guint8 *data, gsize length)
{
    RingbufChardev *ring = (RingbufChardev *)chr;
    gsize n = MIN(length, ring->written - ring->taken);

    g_assert(chardev_is_ringbuf(chr));
    for (gsize i = 0; i < n; i++) {
        data[i] = ring->data[ring->taken++ & (ring->size - 1)];
    }
    return n;
}

gsize chardev_ringbuf_write(Chardev *chr, const guint8 *data, gsize length)
{
    gsize n = MIN(length, chardev_user_room(chr));

    g_assert(chardev_is_ringbuf(chr));
    chardev_receive(chr, data, n);
    return n;
}

gboolean chardev_is_ringbuf(Chardev *chr)
{
    return chr->ops == &char_ringbuf_ops;
}

static gboolean ringbuf_open(Chardev *chr, GError **error)
{
    RingbufChardev *ring = (RingbufChardev *)chr;

    if (ring->size & (ring->size - 1)) {
        return error_set(error, "ringbuf 'size' must be a power of two, not %" G_GUINT64_FORMAT,
                         ring->size);
    }
    ring->data = g_malloc(ring->size);
    chardev_event(chr, CHAR_OPENED);
    return TRUE;
}

static void ringbuf_close(Chardev *chr)
{
    g_free(((RingbufChardev *)chr)->data);
}

const ChardevOps char_ringbuf_ops = {
    .name = "ringbuf",
    .summary = "keeps the last bytes written in memory",
    .size = sizeof(RingbufChardev),
    .options = ringbuf_options,
    .open = ringbuf_open,
    .close = ringbuf_close,
    .write = ringbuf_write,
};
