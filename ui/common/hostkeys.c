/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/hostkeys.h"

/* X keycodes begin at 8 (X11 protocol, section 5), so evdev codes are moved up by that. */
#define X_KEYCODE_OFFSET 8

void host_keys_init_evdev(HostKeys *keys)
{
    *keys = (HostKeys){0};
    for (guint code = X_KEYCODE_OFFSET + 1; code < HOST_KEYS_MAX; code++) {
        keys->key[code] = (guint16)(code - X_KEYCODE_OFFSET);
    }
}

void host_keys_init_named(HostKeys *keys, const Keymap *keymap, const char *const names[],
                          guint count)
{
    *keys = (HostKeys){0};
    for (guint code = 0; code < MIN(count, HOST_KEYS_MAX); code++) {
        if (names[code] != NULL && names[code][0] != '\0') {
            keys->key[code] = (guint16)keymap_key_by_name(keymap, names[code]);
        }
    }
}

guint host_keys_get(const HostKeys *keys, guint keycode)
{
    return keycode < HOST_KEYS_MAX ? keys->key[keycode] : 0;
}
