/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles: what a frontend can show. Each display of the machine is one, and each "vc" character
 * device (monitor, serial, parallel): in one numbered list, displays first, then monitors, serial
 * and parallel ports and the rest, so that number N is what Ctrl+Alt+N shows in every frontend.
 *
 * A frontend makes a ConsoleList for itself and shows console_display() of the one that it wants:
 * that is always a Display, drawn by a terminal emulator where the console is text (a frontend may
 * show a vc by its own terminal instead, see vc_view_attach()). Keys go through a KeyTracker whose
 * console was set, pointers through a Pointer likewise; text consoles get bytes, by the machine's
 * keyboard layout, and scroll with Ctrl or Shift and Page Up/Down, Ctrl+Up/Down, and the wheel.
 *
 * Every list has its own emulators: two frontends may have the same console at different sizes and
 * places of its scrollback. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/char.h"
#include "core/display.h"

typedef struct ConsoleList ConsoleList;
typedef struct Console Console;

/* Both may be NULL. They may be called from device code: take note, and do work of your own later
 * or carefully. Numbers of others change with them. */
typedef struct ConsoleListOps {
    void (*added)(void *opaque, Console *console);
    /* Its picture turns black and then never changes; keys are swallowed. Leave it now. */
    void (*removed)(void *opaque, Console *console);
} ConsoleListOps;

/* `added` is not called for those that are there now. `ops` may be NULL. */
ConsoleList *console_list_new(Machine *machine, const ConsoleListOps *ops, void *opaque);
/* The consoles end, as if removed, without a call. NULL is fine. */
void console_list_free(ConsoleList *list);

guint console_list_count(const ConsoleList *list);
/* By number - 1; NULL beyond the end. */
Console *console_list_get(const ConsoleList *list, guint index);
/* By title ("VGA", "serial0"), or number ("2"); NULL with an error naming those that are there. */
Console *console_list_find(const ConsoleList *list, const char *text, GError **error);

/* One that is referenced outlives its list and what it showed; it is empty then. */
Console *console_ref(Console *console);
void console_unref(Console *console); /* NULL is fine */

guint console_number(const Console *console);      /* from 1; 0 = gone */
const char *console_title(const Console *console); /* "VGA", "VGA 2", "monitor0", "serial0" */
gboolean console_is_text(const Console *console);  /* a vc; FALSE for displays in text modes too */
gboolean console_is_gone(const Console *console);

/* The picture; made when first asked for. NULL once it is gone. It obeys display_hint_size(): a
 * text console fills a window so. */
Display *console_display(Console *console);
/* The vc; NULL for displays, and once it is gone. */
Chardev *console_chardev(const Console *console);

/*
 * A key (KEY_x) was pressed, or repeats, on a text console; key trackers call this. `mods`:
 * KEY_TRACKER_x that are held. Nothing for a display.
 */
void console_key(Console *console, guint key, guint mods);

/* Bytes for a text console as if typed (a paste); nothing for a display. */
void console_input(Console *console, const guint8 *data, gsize length);

/* Moves through the scrollback of a text console: lines > 0 = back in time. */
void console_scroll(Console *console, gint lines);
