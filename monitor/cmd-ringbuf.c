/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The far end of ring buffers. */
#include <string.h>

#include "core/char.h"
#include "core/error.h"
#include "monitor/handlers.h"

static Chardev *find_ringbuf(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "device");
    Chardev *chr = call->machine->chars ? chardev_find(call->machine, id) : NULL;

    if (!chr || !chardev_is_ringbuf(chr)) {
        error_set(error, "Device '%s' not found: there is no such ringbuf (see 'info chardev')",
                  id);
        return NULL;
    }
    return chr;
}

gboolean cmd_ringbuf_read(CommandCall *call, GError **error)
{
    Chardev *chr = find_ringbuf(call, error);
    gsize size = (gsize)command_int(call, "size", 0);
    g_autofree guint8 *data = NULL;

    if (!chr) {
        return FALSE;
    }
    data = g_malloc(size);
    size = chardev_ringbuf_read(chr, data, size);
    for (gsize i = 0; i < size; i++) {
        guint8 c = data[i];

        if (c == '\\') {
            g_string_append(call->out, "\\\\");
        } else if (g_ascii_isprint((char)c) || c == '\n' || c == '\t') {
            g_string_append_c(call->out, (char)c);
        } else {
            g_string_append_printf(call->out, "\\x%02x", c);
        }
    }
    g_string_append_c(call->out, '\n');
    return TRUE;
}

gboolean cmd_ringbuf_write(CommandCall *call, GError **error)
{
    Chardev *chr = find_ringbuf(call, error);
    const char *text = command_string(call, "data");

    if (!chr) {
        return FALSE;
    }
    chardev_write(chr, (const guint8 *)text, strlen(text));
    return TRUE;
}
