/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys on a text console: to characters by the layout, then to the bytes of a VT220 or xterm. */
#include <stdio.h>
#include <string.h>
#include <xkbcommon/xkbcommon.h>

#include "ui/common/key-tracker.h"
#include "ui/common/text-console-priv.h"

/* Keys that are "ESC [ letter" or "ESC [ number ~" (VT220, and xterm's ctlseqs "PC-Style Function
 * Keys"). */
static const struct {
    guint32 keysym;
    guint8 number; /* 1 for letters */
    char final;
} special_keys[] = {
    {XKB_KEY_Up, 1, 'A'},        {XKB_KEY_KP_Up, 1, 'A'},     {XKB_KEY_Down, 1, 'B'},
    {XKB_KEY_KP_Down, 1, 'B'},   {XKB_KEY_Right, 1, 'C'},     {XKB_KEY_KP_Right, 1, 'C'},
    {XKB_KEY_Left, 1, 'D'},      {XKB_KEY_KP_Left, 1, 'D'},   {XKB_KEY_Home, 1, 'H'},
    {XKB_KEY_KP_Home, 1, 'H'},   {XKB_KEY_End, 1, 'F'},       {XKB_KEY_KP_End, 1, 'F'},
    {XKB_KEY_Insert, 2, '~'},    {XKB_KEY_KP_Insert, 2, '~'}, {XKB_KEY_Delete, 3, '~'},
    {XKB_KEY_KP_Delete, 3, '~'}, {XKB_KEY_Prior, 5, '~'},     {XKB_KEY_KP_Prior, 5, '~'},
    {XKB_KEY_Next, 6, '~'},      {XKB_KEY_KP_Next, 6, '~'},   {XKB_KEY_F1, 1, 'P'},
    {XKB_KEY_F2, 1, 'Q'},        {XKB_KEY_F3, 1, 'R'},        {XKB_KEY_F4, 1, 'S'},
    {XKB_KEY_F5, 15, '~'},       {XKB_KEY_F6, 17, '~'},       {XKB_KEY_F7, 18, '~'},
    {XKB_KEY_F8, 19, '~'},       {XKB_KEY_F9, 20, '~'},       {XKB_KEY_F10, 21, '~'},
    {XKB_KEY_F11, 23, '~'},      {XKB_KEY_F12, 24, '~'},
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

static void send_key(TextConsole *console, guint number, char final, guint mods)
{
    guint modifiers = 1 + (mods & KEY_TRACKER_SHIFT ? 1 : 0) + (mods & KEY_TRACKER_ALT ? 2 : 0) +
                      (mods & KEY_TRACKER_CTRL ? 4 : 0);
    gboolean single_shift =
        (final >= 'P' && final <= 'S') || (final != '~' && console->vt->cursor_keys_application);
    char text[16];

    if (modifiers > 1) {
        snprintf(text, sizeof text, "\033[%u;%u%c", number, modifiers, final);
    } else if (final == '~') {
        snprintf(text, sizeof text, "\033[%u~", number);
    } else {
        snprintf(text, sizeof text, "\033%c%c", single_shift ? 'O' : '[', final);
    }
    text_console_input(console, (const guint8 *)text, strlen(text));
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
    gint page = (gint)MAX(console->vt->rows / 2, 1);
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
            send_key(console, special_keys[i].number, special_keys[i].final, mods);
            return TRUE;
        }
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
