/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/input-keys.h"

#include <linux/input-event-codes.h>

typedef struct NamedKey {
    guint32 symbol;
    guint16 key;
} NamedKey;

static const NamedKey named_keys[] = {
    {TERM_KEY_UP, KEY_UP},
    {TERM_KEY_DOWN, KEY_DOWN},
    {TERM_KEY_RIGHT, KEY_RIGHT},
    {TERM_KEY_LEFT, KEY_LEFT},
    {TERM_KEY_HOME, KEY_HOME},
    {TERM_KEY_END, KEY_END},
    {TERM_KEY_BEGIN, KEY_KP5},
    {TERM_KEY_INSERT, KEY_INSERT},
    {TERM_KEY_DELETE, KEY_DELETE},
    {TERM_KEY_PAGE_UP, KEY_PAGEUP},
    {TERM_KEY_PAGE_DOWN, KEY_PAGEDOWN},
    {0x1b, KEY_ESC},
    {'\r', KEY_ENTER},
    {'\t', KEY_TAB},
    {0x7f, KEY_BACKSPACE},
    {8, KEY_BACKSPACE},
    {' ', KEY_SPACE},
    /* kitty keyboard protocol, "Functional key definitions" */
    {57358, KEY_CAPSLOCK},
    {57359, KEY_SCROLLLOCK},
    {57360, KEY_NUMLOCK},
    {57361, KEY_SYSRQ},
    {57362, KEY_PAUSE},
    {57363, KEY_COMPOSE},
    {57399, KEY_KP0},
    {57400, KEY_KP1},
    {57401, KEY_KP2},
    {57402, KEY_KP3},
    {57403, KEY_KP4},
    {57404, KEY_KP5},
    {57405, KEY_KP6},
    {57406, KEY_KP7},
    {57407, KEY_KP8},
    {57408, KEY_KP9},
    {57409, KEY_KPDOT},
    {57410, KEY_KPSLASH},
    {57411, KEY_KPASTERISK},
    {57412, KEY_KPMINUS},
    {57413, KEY_KPPLUS},
    {57414, KEY_KPENTER},
    {57415, KEY_KPEQUAL},
    {57416, KEY_KPCOMMA},
    {57417, KEY_KP4},
    {57418, KEY_KP6},
    {57419, KEY_KP8},
    {57420, KEY_KP2},
    {57421, KEY_KP9},
    {57422, KEY_KP3},
    {57423, KEY_KP7},
    {57424, KEY_KP1},
    {57425, KEY_KP0},
    {57426, KEY_KPDOT},
    {57427, KEY_KP5},
    {57430, KEY_PLAYPAUSE},
    {57432, KEY_STOPCD},
    {57435, KEY_NEXTSONG},
    {57436, KEY_PREVIOUSSONG},
    {57438, KEY_VOLUMEDOWN},
    {57439, KEY_VOLUMEUP},
    {57440, KEY_MUTE},
    {57441, KEY_LEFTSHIFT},
    {57442, KEY_LEFTCTRL},
    {57443, KEY_LEFTALT},
    {57444, KEY_LEFTMETA},
    {57447, KEY_RIGHTSHIFT},
    {57448, KEY_RIGHTCTRL},
    {57449, KEY_RIGHTALT},
    {57450, KEY_RIGHTMETA},
    {57453, KEY_RIGHTALT}, /* ISO_Level3_Shift */
};

/* The keys of a PC's US keyboard, by character. */
static guint us_key(guint32 ch)
{
    static const char rows[] = "1234567890-=\0\0qwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./";

    for (guint i = 0; i < sizeof(rows) - 1; i++) {
        if (rows[i] && (guint32)rows[i] == ch) {
            return KEY_1 + i;
        }
    }
    return 0;
}

static guint named_key(guint32 symbol)
{
    if (symbol >= TERM_KEY_F1 && symbol <= TERM_KEY_F20) {
        guint n = symbol - TERM_KEY_F1;

        return n < 10 ? KEY_F1 + n : n < 12 ? KEY_F11 + n - 10 : KEY_F13 + n - 12;
    }
    if (symbol >= 57364 && symbol <= 57387) { /* F1 to F24 */
        return named_key(TERM_KEY_F1 + MIN(symbol - 57364, 19));
    }
    for (guint i = 0; i < G_N_ELEMENTS(named_keys); i++) {
        if (named_keys[i].symbol == symbol) {
            return named_keys[i].key;
        }
    }
    return 0;
}

gboolean term_stroke(const TermEvent *event, const Keymap *keymap, TermStroke *stroke)
{
    KeymapStroke found;

    *stroke = (TermStroke){
        .key = named_key(event->symbol),
        .mods = event->mods & (TERM_MOD_SHIFT | TERM_MOD_ALT | TERM_MOD_CTRL | TERM_MOD_SUPER),
    };
    if (!stroke->key && event->base) {
        stroke->key = us_key(event->base);
    }
    if (stroke->key) {
        return TRUE;
    }
    if (event->symbol >= TERM_KEY_FIRST || TERM_KEY_IS_KITTY(event->symbol) ||
        !keymap_find_char(keymap, event->symbol, 0, &found)) {
        return FALSE;
    }
    stroke->key = found.key;
    if (!event->paired) {
        stroke->mods |= found.mods & found.mask & KEYMAP_SHIFT ? TERM_MOD_SHIFT : 0;
        stroke->altgr = (found.mods & found.mask & KEYMAP_ALTGR) != 0;
    }
    return TRUE;
}

gsize term_key_text(const TermEvent *event, char text[6])
{
    if (event->symbol >= TERM_KEY_FIRST || TERM_KEY_IS_KITTY(event->symbol) ||
        event->symbol < 0x20 || event->symbol == 0x7f) {
        return 0;
    }
    return (gsize)g_unichar_to_utf8(event->symbol, text);
}
