/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/char/debugcon.h"

#include "core/char.h"
#include "core/error.h"
#include "hw/char/line.h"
#include "hw/isa/isa.h"

/* What a slow reader has not taken; a guest that says more than this loses it. */
#define BACKLOG_MAX (64 * 1024)

typedef struct Debugcon {
    Device dev;
    char *chardev;
    guint64 readback;
    Chardev *chr;
    Region region;
    GByteArray *backlog;
} Debugcon;

static void debugcon_flush(void *opaque)
{
    Debugcon *con = opaque;
    gsize taken = chardev_write(con->chr, con->backlog->data, con->backlog->len);

    g_byte_array_remove_range(con->backlog, 0, (guint)taken);
}

static guint64 debugcon_read(void *opaque, guint64 addr, guint size)
{
    return ((Debugcon *)opaque)->readback;
}

static void debugcon_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Debugcon *con = opaque;
    guint8 byte = (guint8)value;

    if (con->backlog->len < BACKLOG_MAX) {
        g_byte_array_append(con->backlog, &byte, 1);
        debugcon_flush(con);
    }
}

static const IoOps debugcon_io = {
    .read = debugcon_read, .write = debugcon_write, .min_size = 1, .max_size = 1};

static void debugcon_receive(void *opaque, const guint8 *data, gsize length)
{
    /* The port has no input. */
}

static void debugcon_moved(void *opaque, Chardev *chr)
{
    ((Debugcon *)opaque)->chr = chr;
}

static const CharUser debugcon_user = {
    .receive = debugcon_receive,
    .writable = debugcon_flush,
    .moved = debugcon_moved,
};

static void debugcon_unrealize(Device *dev)
{
    Debugcon *con = (Debugcon *)dev;

    chardev_detach(con->chr);
    g_byte_array_unref(con->backlog);
    region_finish(&con->region);
}

static gboolean debugcon_realize(Device *dev, GError **error)
{
    static const IsaResources places[] = {{0xe9, 0}, {0, 0}};
    Debugcon *con = (Debugcon *)dev;

    if (!isa_default_resources(dev, places, error)) {
        return FALSE;
    }
    if (!con->chardev) {
        return error_set(error, "isa-debugcon: it needs a character device: chardev=ID");
    }
    con->chr = char_line_open(dev, con->chardev, &debugcon_user, error);
    if (!con->chr) {
        return FALSE;
    }
    con->backlog = g_byte_array_new();
    region_init_io(&con->region, "isa-debugcon", &debugcon_io, con, 1);
    device_publish_region(dev, &con->region);
    return TRUE;
}

static const OptionSpec debugcon_options[] = {
    {"chardev", OPTION_STRING, offsetof(Debugcon, chardev), NULL,
     "id of the character device that gets the bytes"},
    {"readback", OPTION_UINT, offsetof(Debugcon, readback), "0xe9", "what the port reads as", 0,
     255},
    OPTION_END,
};

const DeviceOps isa_debugcon_ops = {
    .name = "isa-debugcon",
    .summary = "debug console port (E9h)",
    .category = "Misc",
    .bus = BUS_ISA,
    .size = sizeof(Debugcon),
    .options = debugcon_options,
    .realize = debugcon_realize,
    .unrealize = debugcon_unrealize,
};
