/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clipboard.h"

#include <string.h>

#include "core/error.h"

struct ClipboardListener {
    void (*changed)(void *opaque);
    void *opaque;
};

Clipboard *machine_clipboard(Machine *machine)
{
    if (!machine->clipboard) {
        machine->clipboard = g_new0(Clipboard, 1);
        machine->clipboard->listeners = g_ptr_array_new_with_free_func(g_free);
    }
    return machine->clipboard;
}

void clipboard_free(Clipboard *clipboard)
{
    if (clipboard) {
        g_clear_pointer(&clipboard->text, g_bytes_unref);
        g_free(clipboard->owner);
        g_ptr_array_unref(clipboard->listeners);
        g_free(clipboard);
    }
}

/* With \n alone, and a NUL that the length does not count. */
static GBytes *clean(const char *text, gsize length)
{
    char *out = g_malloc(length + 1);
    gsize used = 0;

    for (gsize i = 0; i < length; i++) {
        if (text[i] != '\r' || i + 1 == length || text[i + 1] != '\n') {
            out[used++] = text[i];
        }
    }
    out[used] = '\0';
    return g_bytes_new_take(out, used);
}

gboolean clipboard_set(Machine *machine, const char *owner, const char *text, gsize length,
                       GError **error)
{
    Clipboard *clipboard = machine_clipboard(machine);

    if (length > CLIPBOARD_MAX) {
        return error_set(error, "the clipboard takes texts of at most %u bytes", CLIPBOARD_MAX);
    }
    if (!g_utf8_validate_len(text, length, NULL)) {
        return error_set(error, "what the clipboard is given is not text in UTF-8");
    }
    g_clear_pointer(&clipboard->text, g_bytes_unref);
    g_free(clipboard->owner);
    clipboard->text = length > 0 ? clean(text, length) : NULL;
    clipboard->owner = g_strdup(owner);
    clipboard->serial++;
    for (guint i = 0; i < clipboard->listeners->len; i++) {
        ClipboardListener *listener = g_ptr_array_index(clipboard->listeners, i);
        listener->changed(listener->opaque);
    }
    return TRUE;
}

ClipboardListener *clipboard_listen(Machine *machine, void (*changed)(void *opaque), void *opaque)
{
    ClipboardListener *listener = g_new0(ClipboardListener, 1);

    listener->changed = changed;
    listener->opaque = opaque;
    g_ptr_array_add(machine_clipboard(machine)->listeners, listener);
    return listener;
}

void clipboard_unlisten(Machine *machine, ClipboardListener *listener)
{
    if (listener) {
        g_ptr_array_remove(machine_clipboard(machine)->listeners, listener);
    }
}
