/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/keynames.h"

#include <linux/input-event-codes.h>
#include <string.h>

#include "core/error.h"

typedef struct KeyRow {
    const char *name;
    guint16 evdev;
    guint16 set1; /* | 0x100: prefixed by E0h; 0: none */
} KeyRow;

#define E0 0x100

/*
 * The names are those of QMP's QKeyCode enumeration; the codes are scan code set 1 as in the IBM
 * PS/2 Hardware Interface Technical Reference and, for the multimedia keys, Microsoft's "Keyboard
 * Scan Code Specification". The first row of an evdev code gives its name.
 */
static const KeyRow rows[] = {
    {"shift", KEY_LEFTSHIFT, 0x2a},
    {"shift_r", KEY_RIGHTSHIFT, 0x36},
    {"alt", KEY_LEFTALT, 0x38},
    {"alt_r", KEY_RIGHTALT, E0 | 0x38},
    {"ctrl", KEY_LEFTCTRL, 0x1d},
    {"ctrl_r", KEY_RIGHTCTRL, E0 | 0x1d},
    {"menu", KEY_MENU, E0 | 0x1e},
    {"esc", KEY_ESC, 0x01},
    {"1", KEY_1, 0x02},
    {"2", KEY_2, 0x03},
    {"3", KEY_3, 0x04},
    {"4", KEY_4, 0x05},
    {"5", KEY_5, 0x06},
    {"6", KEY_6, 0x07},
    {"7", KEY_7, 0x08},
    {"8", KEY_8, 0x09},
    {"9", KEY_9, 0x0a},
    {"0", KEY_0, 0x0b},
    {"minus", KEY_MINUS, 0x0c},
    {"equal", KEY_EQUAL, 0x0d},
    {"backspace", KEY_BACKSPACE, 0x0e},
    {"tab", KEY_TAB, 0x0f},
    {"q", KEY_Q, 0x10},
    {"w", KEY_W, 0x11},
    {"e", KEY_E, 0x12},
    {"r", KEY_R, 0x13},
    {"t", KEY_T, 0x14},
    {"y", KEY_Y, 0x15},
    {"u", KEY_U, 0x16},
    {"i", KEY_I, 0x17},
    {"o", KEY_O, 0x18},
    {"p", KEY_P, 0x19},
    {"bracket_left", KEY_LEFTBRACE, 0x1a},
    {"bracket_right", KEY_RIGHTBRACE, 0x1b},
    {"ret", KEY_ENTER, 0x1c},
    {"a", KEY_A, 0x1e},
    {"s", KEY_S, 0x1f},
    {"d", KEY_D, 0x20},
    {"f", KEY_F, 0x21},
    {"g", KEY_G, 0x22},
    {"h", KEY_H, 0x23},
    {"j", KEY_J, 0x24},
    {"k", KEY_K, 0x25},
    {"l", KEY_L, 0x26},
    {"semicolon", KEY_SEMICOLON, 0x27},
    {"apostrophe", KEY_APOSTROPHE, 0x28},
    {"grave_accent", KEY_GRAVE, 0x29},
    {"backslash", KEY_BACKSLASH, 0x2b},
    {"z", KEY_Z, 0x2c},
    {"x", KEY_X, 0x2d},
    {"c", KEY_C, 0x2e},
    {"v", KEY_V, 0x2f},
    {"b", KEY_B, 0x30},
    {"n", KEY_N, 0x31},
    {"m", KEY_M, 0x32},
    {"comma", KEY_COMMA, 0x33},
    {"dot", KEY_DOT, 0x34},
    {"slash", KEY_SLASH, 0x35},
    {"asterisk", KEY_KPASTERISK, 0x37},
    {"spc", KEY_SPACE, 0x39},
    {"caps_lock", KEY_CAPSLOCK, 0x3a},
    {"f1", KEY_F1, 0x3b},
    {"f2", KEY_F2, 0x3c},
    {"f3", KEY_F3, 0x3d},
    {"f4", KEY_F4, 0x3e},
    {"f5", KEY_F5, 0x3f},
    {"f6", KEY_F6, 0x40},
    {"f7", KEY_F7, 0x41},
    {"f8", KEY_F8, 0x42},
    {"f9", KEY_F9, 0x43},
    {"f10", KEY_F10, 0x44},
    {"num_lock", KEY_NUMLOCK, 0x45},
    {"scroll_lock", KEY_SCROLLLOCK, 0x46},
    {"kp_divide", KEY_KPSLASH, E0 | 0x35},
    {"kp_multiply", KEY_KPASTERISK, 0x37},
    {"kp_subtract", KEY_KPMINUS, 0x4a},
    {"kp_add", KEY_KPPLUS, 0x4e},
    {"kp_enter", KEY_KPENTER, E0 | 0x1c},
    {"kp_decimal", KEY_KPDOT, 0x53},
    {"sysrq", KEY_SYSRQ, 0x54},
    {"print", KEY_SYSRQ, 0x54},
    {"pause", KEY_PAUSE, 0},
    {"kp_0", KEY_KP0, 0x52},
    {"kp_1", KEY_KP1, 0x4f},
    {"kp_2", KEY_KP2, 0x50},
    {"kp_3", KEY_KP3, 0x51},
    {"kp_4", KEY_KP4, 0x4b},
    {"kp_5", KEY_KP5, 0x4c},
    {"kp_6", KEY_KP6, 0x4d},
    {"kp_7", KEY_KP7, 0x47},
    {"kp_8", KEY_KP8, 0x48},
    {"kp_9", KEY_KP9, 0x49},
    {"less", KEY_102ND, 0x56},
    {"f11", KEY_F11, 0x57},
    {"f12", KEY_F12, 0x58},
    {"home", KEY_HOME, E0 | 0x47},
    {"pgup", KEY_PAGEUP, E0 | 0x49},
    {"pgdn", KEY_PAGEDOWN, E0 | 0x51},
    {"end", KEY_END, E0 | 0x4f},
    {"left", KEY_LEFT, E0 | 0x4b},
    {"up", KEY_UP, E0 | 0x48},
    {"down", KEY_DOWN, E0 | 0x50},
    {"right", KEY_RIGHT, E0 | 0x4d},
    {"insert", KEY_INSERT, E0 | 0x52},
    {"delete", KEY_DELETE, E0 | 0x53},
    {"meta_l", KEY_LEFTMETA, E0 | 0x5b},
    {"meta_r", KEY_RIGHTMETA, E0 | 0x5c},
    {"compose", KEY_COMPOSE, E0 | 0x5d},
    {"kp_equals", KEY_KPEQUAL, 0x59},
    {"kp_comma", KEY_KPCOMMA, 0x7e},
    {"ro", KEY_RO, 0x73},
    {"hiragana", KEY_HIRAGANA, 0x77},
    {"henkan", KEY_HENKAN, 0x79},
    {"muhenkan", KEY_MUHENKAN, 0x7b},
    {"katakanahiragana", KEY_KATAKANAHIRAGANA, 0x70},
    {"yen", KEY_YEN, 0x7d},
    {"lang1", KEY_HANGEUL, 0x72},
    {"lang2", KEY_HANJA, 0x71},
    {"f13", KEY_F13, 0x5d},
    {"f14", KEY_F14, 0x5e},
    {"f15", KEY_F15, 0x5f},
    {"f16", KEY_F16, 0x67},
    {"f17", KEY_F17, 0x68},
    {"f18", KEY_F18, 0x69},
    {"f19", KEY_F19, 0x6a},
    {"f20", KEY_F20, 0x6b},
    {"f21", KEY_F21, 0x6c},
    {"f22", KEY_F22, 0x6d},
    {"f23", KEY_F23, 0x6e},
    {"f24", KEY_F24, 0x76},
    {"stop", KEY_STOP, E0 | 0x68},
    {"again", KEY_AGAIN, E0 | 0x05},
    {"props", KEY_PROPS, E0 | 0x06},
    {"undo", KEY_UNDO, E0 | 0x07},
    {"front", KEY_FRONT, E0 | 0x0c},
    {"copy", KEY_COPY, E0 | 0x78},
    {"open", KEY_OPEN, 0x64},
    {"paste", KEY_PASTE, 0x65},
    {"find", KEY_FIND, E0 | 0x41},
    {"cut", KEY_CUT, E0 | 0x3c},
    {"lf", KEY_LINEFEED, 0x5b},
    {"help", KEY_HELP, E0 | 0x75},
    {"power", KEY_POWER, E0 | 0x5e},
    {"sleep", KEY_SLEEP, E0 | 0x5f},
    {"wake", KEY_WAKEUP, E0 | 0x63},
    {"audionext", KEY_NEXTSONG, E0 | 0x19},
    {"audioprev", KEY_PREVIOUSSONG, E0 | 0x10},
    {"audiostop", KEY_STOPCD, E0 | 0x24},
    {"audioplay", KEY_PLAYPAUSE, E0 | 0x22},
    {"audiomute", KEY_MUTE, E0 | 0x20},
    {"volumeup", KEY_VOLUMEUP, E0 | 0x30},
    {"volumedown", KEY_VOLUMEDOWN, E0 | 0x2e},
    {"mediaselect", KEY_MEDIA, E0 | 0x6d},
    {"mail", KEY_MAIL, E0 | 0x6c},
    {"calculator", KEY_CALC, E0 | 0x21},
    {"computer", KEY_COMPUTER, E0 | 0x6b},
    {"ac_home", KEY_HOMEPAGE, E0 | 0x32},
    {"ac_back", KEY_BACK, E0 | 0x6a},
    {"ac_forward", KEY_FORWARD, E0 | 0x69},
    {"ac_refresh", KEY_REFRESH, E0 | 0x67},
    {"ac_bookmarks", KEY_BOOKMARKS, E0 | 0x66},
};

guint key_from_name(const char *name)
{
    guint64 number;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(rows[i].name, name)) {
            return rows[i].evdev;
        }
    }
    if (name[0] == '0' && (name[1] == 'x' || name[1] == 'X') &&
        g_ascii_string_to_unsigned(name + 2, 16, 1, 0x1ff, &number, NULL)) {
        /* QEMU's numbers mark E0h-prefixed codes by bit 7. */
        guint code = (guint)number;
        guint scancode = code & 0x80 ? E0 | (code & 0x7f) : code;

        return key_from_scancode(scancode);
    }
    return 0;
}

const char *key_name(guint code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].evdev == code) {
            return rows[i].name;
        }
    }
    return NULL;
}

const char *key_nth_name(guint n)
{
    return n < G_N_ELEMENTS(rows) ? rows[n].name : NULL;
}

guint key_parse_chord(const char *text, guint *codes, guint max, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, "-", -1);
    guint count = 0;

    for (guint i = 0; names[i]; i++) {
        guint code = key_from_name(names[i]);

        if (!code) {
            error_set(error, "unknown key '%s' in '%s' (keys are named as in ctrl-alt-delete)",
                      names[i], text);
            return 0;
        }
        if (count == max) {
            error_set(error, "'%s' has more than %u keys", text, max);
            return 0;
        }
        codes[count++] = code;
    }
    if (!count) {
        error_set(error, "no key named (keys are named as in ctrl-alt-delete)");
    }
    return count;
}

guint key_to_scancode(guint code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].evdev == code) {
            return rows[i].set1;
        }
    }
    return 0;
}

guint key_from_scancode(guint scancode)
{
    if (scancode == (E0 | 0x37)) {
        return KEY_SYSRQ; /* PrtSc without Alt */
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rows) && scancode; i++) {
        if (rows[i].set1 == scancode) {
            return rows[i].evdev;
        }
    }
    return scancode == (E0 | 0x46) || scancode == (E0 | 0x45) ? KEY_PAUSE : 0;
}
