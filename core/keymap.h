/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard layouts, from keysyms (or characters) back to keys: what a VNC viewer's keysym or a
 * text to be typed means on the guest's keyboard.
 *
 * A Keymap is made from the XKB database by pressing every key of a libxkbcommon keyboard under
 * every combination of the modifiers below and noting what comes out. It is immutable: any thread
 * may look up. Owned by its creator.
 */
#pragma once

#include <glib.h>

typedef struct Keymap Keymap;

/* Modifiers as a guest sees them. */
typedef enum KeymapMods {
    KEYMAP_SHIFT = 1 << 0,    /* KEY_LEFTSHIFT or KEY_RIGHTSHIFT is held */
    KEYMAP_ALTGR = 1 << 1,    /* KEY_RIGHTALT is held */
    KEYMAP_CAPSLOCK = 1 << 2, /* is on (1 << LED_CAPSL of input_leds()) */
    KEYMAP_NUMLOCK = 1 << 3,  /* is on (1 << LED_NUML) */
} KeymapMods;

/* One way to make a keysym: `key` gives it while (modifiers & mask) == mods. */
typedef struct KeymapStroke {
    guint key;  /* evdev KEY_x */
    guint mods; /* of those in `mask`, which must be held or on */
    guint mask; /* KEYMAP_x that matter for this key; others may be anything */
} KeymapStroke;

/*
 * `layout` is an XKB layout ("de", "ch(fr)", "us:dvorak" for a variant) or one of QEMU's names
 * ("en-us", "pt-br"); NULL = "us". Fails if the XKB database has no such layout.
 */
Keymap *keymap_new(const char *layout, GError **error);
void keymap_free(Keymap *keymap); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keymap, keymap_free)

/* All ways to make an X keysym, the best first (no AltGr, few modifiers, common keys). Returns
 * their number, 0 if the layout has no such symbol. */
guint keymap_lookup(const Keymap *keymap, guint32 keysym, const KeymapStroke **strokes);

/*
 * The way that suits the modifiers which are held and on (`mods`): one that needs no change if
 * there is any, else the best. FALSE if the layout has no such symbol. Keysyms of modifiers,
 * function and keypad keys are found too, and letters in the other case when there is no better.
 */
gboolean keymap_find(const Keymap *keymap, guint32 keysym, guint mods, KeymapStroke *stroke);

/* The same for a Unicode character ('\n' and '\t' included). */
gboolean keymap_find_char(const Keymap *keymap, gunichar ch, guint mods, KeymapStroke *stroke);

/* What `key` gives under `mods`: a keysym, 0 if nothing. */
guint32 keymap_keysym(const Keymap *keymap, guint key, guint mods);

/* The evdev code of a key by its XKB name ("AD01", "RTRN"), 0 if unknown: positions have the same
 * names on X servers whose keycodes are not evdev's. */
guint keymap_key_by_name(const Keymap *keymap, const char *name);
