/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of keys, as `sendkey` and QMP's QKeyCode spell them ("ret", "ctrl", "kp_add", "f1"), and
 * their evdev codes. Constant tables: any thread.
 */
#pragma once

#include <glib.h>

/* evdev code of a name, or of a hexadecimal PC scan code number ("0x1e"); 0 if unknown. */
guint key_from_name(const char *name);

/* Name of an evdev code, or NULL. */
const char *key_name(guint code);

/* The n-th name for completion, or NULL past the end. */
const char *key_nth_name(guint n);

/* Parses "ctrl-alt-delete"; names are split at '-'. Returns the count, 0 with `error` set. */
guint key_parse_chord(const char *text, guint *codes, guint max, GError **error);

/* PC scan code set 1 of an evdev code: the low byte, | 0x100 if it is prefixed by E0h; 0 if none.
 * Pause and PrtSc have no single code: the PS/2 keyboard knows them. */
guint key_to_scancode(guint code);
guint key_from_scancode(guint scancode);
