/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys on a text console: to characters by the layout, then to the bytes of a VT220 or xterm. */
#include <xkbcommon/xkbcommon.h>

#include "ui/common/key-tracker.h"
#include "ui/common/text-console-priv.h"

/* Keys that the emulator spells: it knows the cursor key mode and how modifiers are told. */
static const struct {
    guint32 keysym;
    VTermKey key;
} special_keys[] = {
    {XKB_KEY_Up, VTERM_KEY_UP},         {XKB_KEY_KP_Up, VTERM_KEY_UP},
    {XKB_KEY_Down, VTERM_KEY_DOWN},     {XKB_KEY_KP_Down, VTERM_KEY_DOWN},
    {XKB_KEY_Left, VTERM_KEY_LEFT},     {XKB_KEY_KP_Left, VTERM_KEY_LEFT},
    {XKB_KEY_Right, VTERM_KEY_RIGHT},   {XKB_KEY_KP_Right, VTERM_KEY_RIGHT},
    {XKB_KEY_Insert, VTERM_KEY_INS},    {XKB_KEY_KP_Insert, VTERM_KEY_INS},
    {XKB_KEY_Delete, VTERM_KEY_DEL},    {XKB_KEY_KP_Delete, VTERM_KEY_DEL},
    {XKB_KEY_Home, VTERM_KEY_HOME},     {XKB_KEY_KP_Home, VTERM_KEY_HOME},
    {XKB_KEY_End, VTERM_KEY_END},       {XKB_KEY_KP_End, VTERM_KEY_END},
    {XKB_KEY_Prior, VTERM_KEY_PAGEUP},  {XKB_KEY_KP_Prior, VTERM_KEY_PAGEUP},
    {XKB_KEY_Next, VTERM_KEY_PAGEDOWN}, {XKB_KEY_KP_Next, VTERM_KEY_PAGEDOWN},
};

/* Keys that are one byte each. */
static const struct {
    guint32 keysym;
    guint8 byte;
} byte_keys[] = {
    {XKB_KEY_Return, '\r'}, {XKB_KEY_KP_Enter, '\r'},  {XKB_KEY_Tab, '\t'},
    {XKB_KEY_Escape, 0x1b}, {XKB_KEY_BackSpace, 0x7f},
};

static void send_byte(TextConsole *console, guint8 byte, guint mods)
{
    guint8 bytes[2] = {0x1b, byte};
    guint skip = mods & KEY_TRACKER_ALT ? 0 : 1;

    text_console_input(console, bytes + skip, 2 - skip);
}

static VTermModifier vterm_mods(guint mods)
{
    return (mods & KEY_TRACKER_SHIFT ? VTERM_MOD_SHIFT : 0) |
           (mods & KEY_TRACKER_CTRL ? VTERM_MOD_CTRL : 0) |
           (mods & KEY_TRACKER_ALT ? VTERM_MOD_ALT : 0);
}

/* The control characters of ECMA-48 as terminals reach them; FALSE if Ctrl means nothing here. */
static gboolean control_byte(gunichar ch, guint8 *byte)
{
    if ((ch >= '@' && ch <= '_') || (ch >= 'a' && ch <= 'z')) {
        *byte = ch & 0x1f;
        return TRUE;
    }
    switch (ch) {
    case ' ':
    case '2': *byte = 0x00; return TRUE;
    case '3': *byte = 0x1b; return TRUE;
    case '4': *byte = 0x1c; return TRUE;
    case '5': *byte = 0x1d; return TRUE;
    case '6': *byte = 0x1e; return TRUE;
    case '7':
    case '/':
    case '-': *byte = 0x1f; return TRUE;
    case '8':
    case '?': *byte = 0x7f; return TRUE;
    default: return FALSE;
    }
}

static void send_key(TextConsole *console, VTermKey key, guint mods)
{
    console->in_key = TRUE;
    vterm_keyboard_key(console->vterm, key, vterm_mods(mods));
    console->in_key = FALSE;
}

static void send_char(TextConsole *console, gunichar ch, guint mods)
{
    guint8 byte;
    char utf8[6];
    gint length = g_unichar_to_utf8(ch, utf8);

    if ((mods & KEY_TRACKER_CTRL) && control_byte(ch, &byte)) {
        send_byte(console, byte, mods);
        return;
    }
    if (mods & KEY_TRACKER_ALT) {
        text_console_input(console, (const guint8 *)"\x1b", 1);
    }
    text_console_input(console, (const guint8 *)utf8, (gsize)length);
}

/* Keys that move through the scrollback; QEMU's, and those of most terminals. */
static gboolean scroll_key(TextConsole *console, guint key, guint mods)
{
    gint page = (gint)MAX(console->rows / 2, 1);
    gboolean ctrl = mods == KEY_TRACKER_CTRL, shift = mods == KEY_TRACKER_SHIFT;

    if (ctrl && (key == KEY_UP || key == KEY_DOWN)) {
        text_console_scroll(console, key == KEY_UP ? 1 : -1);
    } else if ((ctrl || shift) && (key == KEY_PAGEUP || key == KEY_PAGEDOWN)) {
        text_console_scroll(console, key == KEY_PAGEUP ? page : -page);
    } else {
        return FALSE;
    }
    return TRUE;
}

static guint32 keysym_of(TextConsole *console, const Keymap *keymap, guint key, guint mods)
{
    return keymap_keysym(keymap, key,
                         (mods & KEY_TRACKER_SHIFT ? KEYMAP_SHIFT : 0) |
                             (mods & KEY_TRACKER_ALTGR ? KEYMAP_ALTGR : 0) |
                             (console->caps_lock ? KEYMAP_CAPSLOCK : 0) |
                             (console->num_lock ? KEYMAP_NUMLOCK : 0));
}

/* TRUE if it was a key that is no character. */
static gboolean send_special(TextConsole *console, guint32 keysym, guint mods)
{
    for (guint i = 0; i < G_N_ELEMENTS(byte_keys); i++) {
        if (byte_keys[i].keysym == keysym) {
            send_byte(console, byte_keys[i].byte, mods);
            return TRUE;
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(special_keys); i++) {
        if (special_keys[i].keysym == keysym) {
            send_key(console, special_keys[i].key, mods);
            return TRUE;
        }
    }
    if (keysym >= XKB_KEY_F1 && keysym <= XKB_KEY_F12) {
        send_key(console, VTERM_KEY_FUNCTION(keysym - XKB_KEY_F1 + 1), mods);
        return TRUE;
    }
    if (keysym == XKB_KEY_ISO_Left_Tab) {
        text_console_input(console, (const guint8 *)"\x1b[Z", 3);
        return TRUE;
    }
    return FALSE;
}

void text_console_key(TextConsole *console, const Keymap *keymap, guint key, guint mods)
{
    if (key == KEY_CAPSLOCK) {
        console->caps_lock = !console->caps_lock;
        return;
    }
    if (key == KEY_NUMLOCK) {
        console->num_lock = !console->num_lock;
        return;
    }
    if (scroll_key(console, key, mods)) {
        return;
    }
    guint32 keysym = keysym_of(console, keymap, key, mods);
    gunichar ch = xkb_keysym_to_utf32(keysym);

    if (!send_special(console, keysym, mods)) {
        if (ch == 0) {
            return; /* a modifier, a dead key */
        }
        send_char(console, ch, mods);
    }
    text_console_scroll(console, -(gint)console->offset);
}
