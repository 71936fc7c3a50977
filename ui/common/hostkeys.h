/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a display server's keycodes to evdev codes. Wayland and every X server with "evdev"
 * keycodes number keys as evdev plus 8; for the others the server's names of the keys ("AD01" is
 * the key right of Tab everywhere) are looked up in an evdev keymap. Values; any thread.
 */
#pragma once

#include <glib.h>

#include "core/keymap.h"

#define HOST_KEYS_MAX 256

typedef struct HostKeys {
    guint16 key[HOST_KEYS_MAX]; /* by keycode; 0 = no such key */
} HostKeys;

/* Keycode - 8. */
void host_keys_init_evdev(HostKeys *keys);

/* By name: `names[i]` is the XKB name of keycode i, NULL or "" if it has none. */
void host_keys_init_named(HostKeys *keys, const Keymap *keymap, const char *const names[],
                          guint count);

/* The evdev code of a keycode, 0 = none. */
guint host_keys_get(const HostKeys *keys, guint keycode);
