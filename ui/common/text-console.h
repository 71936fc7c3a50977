/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vc's terminal (vt.h) with a picture: drawn with the font of console-font.h, with scrollback.
 * Frontends use it through console.h. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/char.h"
#include "core/display.h"
#include "core/keymap.h"

typedef struct TextConsole TextConsole;

/* `chr` is a vc; when it goes away the text stays as it is. */
TextConsole *text_console_new(Chardev *chr);
void text_console_free(TextConsole *console); /* NULL is fine */

Display *text_console_display(TextConsole *console);

/* A key was pressed (or repeats); `mods`: KEY_TRACKER_x that are held. */
void text_console_key(TextConsole *console, const Keymap *keymap, guint key, guint mods);

void text_console_input(TextConsole *console, const guint8 *data, gsize length);

/* lines > 0 = back in time. */
void text_console_scroll(TextConsole *console, gint lines);
