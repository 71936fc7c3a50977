/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's clipboard: one text that somebody who looks at the machine has copied, for all
 * others who do, and for the monitor. The guest has no part in it unless the text is typed. No
 * frontend gives it the clipboard of the host's desktop unasked. Main loop, vm lock held.
 */
#pragma once

#include "core/machine.h"

/* Bytes; more is refused. */
#define CLIPBOARD_MAX (1u << 20)

typedef struct Clipboard {
    GBytes *text;   /* UTF-8, lines ended by \n, with a NUL behind its end; NULL = empty */
    char *owner;    /* for people: "VNC viewer 127.0.0.1:40112" */
    guint64 serial; /* grows with every text */
    GPtrArray *listeners;
} Clipboard;

typedef struct ClipboardListener ClipboardListener;

/* Never NULL; the machine's. */
Clipboard *machine_clipboard(Machine *machine);
void clipboard_free(Clipboard *clipboard); /* NULL is fine */

/* Lines may be ended by \r\n, too. FALSE if it is too long, or is not UTF-8. */
gboolean clipboard_set(Machine *machine, const char *owner, const char *text, gsize length,
                       GError **error);

/* Calls `changed` whenever there is a new text. */
ClipboardListener *clipboard_listen(Machine *machine, void (*changed)(void *opaque), void *opaque);
void clipboard_unlisten(Machine *machine, ClipboardListener *listener); /* NULL is fine */
