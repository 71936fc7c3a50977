/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a terminal's keys to a guest's. Pure functions; any thread. */
#pragma once

#include "core/keymap.h"
#include "ui/terminal/input-parser.h"

/* Modifier keys that the guest must see held for a key. */
typedef struct TermStroke {
    guint key;  /* KEY_x */
    guint mods; /* TERM_MOD_SHIFT, _CTRL, _ALT, _SUPER */
    gboolean altgr;
} TermStroke;

/*
 * The guest's key for an event. Function keys and, where the terminal tells it (`base`), all keys
 * by their place; else the key that makes the character on a keyboard of `keymap`, which may need
 * Shift or AltGr. FALSE if there is none.
 */
gboolean term_stroke(const TermEvent *event, const Keymap *keymap, TermStroke *stroke);

/* The key as text for a console: UTF-8 of a character, "" for others. */
gsize term_key_text(const TermEvent *event, char text[6]);
