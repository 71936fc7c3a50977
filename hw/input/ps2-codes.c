/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/input/ps2-codes.h"

#include <linux/input-event-codes.h>

/*
 * Bytes 00h to 84h, as the translation table in the 8042's ROM has them (IBM PS/2 Hardware
 * Interface Technical Reference, "Keyboard Controller"); the rest translate to themselves.
 */
static const guint8 translation[] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
    0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
    0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
    0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
    0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
    0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
    0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
    0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
    0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
};

/* IBM PS/2 Hardware Interface Technical Reference, "Scan Code Set 3", with default types. */
static const struct {
    guint16 key;
    guint8 code, type;
} set3[] = {
    {KEY_GRAVE, 0x0e, PS2_KEY_TYPEMATIC},
    {KEY_1, 0x16, PS2_KEY_TYPEMATIC},
    {KEY_2, 0x1e, PS2_KEY_TYPEMATIC},
    {KEY_3, 0x26, PS2_KEY_TYPEMATIC},
    {KEY_4, 0x25, PS2_KEY_TYPEMATIC},
    {KEY_5, 0x2e, PS2_KEY_TYPEMATIC},
    {KEY_6, 0x36, PS2_KEY_TYPEMATIC},
    {KEY_7, 0x3d, PS2_KEY_TYPEMATIC},
    {KEY_8, 0x3e, PS2_KEY_TYPEMATIC},
    {KEY_9, 0x46, PS2_KEY_TYPEMATIC},
    {KEY_0, 0x45, PS2_KEY_TYPEMATIC},
    {KEY_MINUS, 0x4e, PS2_KEY_TYPEMATIC},
    {KEY_EQUAL, 0x55, PS2_KEY_TYPEMATIC},
    {KEY_BACKSPACE, 0x66, PS2_KEY_TYPEMATIC},
    {KEY_TAB, 0x0d, PS2_KEY_TYPEMATIC},
    {KEY_Q, 0x15, PS2_KEY_TYPEMATIC},
    {KEY_W, 0x1d, PS2_KEY_TYPEMATIC},
    {KEY_E, 0x24, PS2_KEY_TYPEMATIC},
    {KEY_R, 0x2d, PS2_KEY_TYPEMATIC},
    {KEY_T, 0x2c, PS2_KEY_TYPEMATIC},
    {KEY_Y, 0x35, PS2_KEY_TYPEMATIC},
    {KEY_U, 0x3c, PS2_KEY_TYPEMATIC},
    {KEY_I, 0x43, PS2_KEY_TYPEMATIC},
    {KEY_O, 0x44, PS2_KEY_TYPEMATIC},
    {KEY_P, 0x4d, PS2_KEY_TYPEMATIC},
    {KEY_LEFTBRACE, 0x54, PS2_KEY_TYPEMATIC},
    {KEY_RIGHTBRACE, 0x5b, PS2_KEY_TYPEMATIC},
    {KEY_BACKSLASH, 0x5c, PS2_KEY_TYPEMATIC},
    {KEY_A, 0x1c, PS2_KEY_TYPEMATIC},
    {KEY_S, 0x1b, PS2_KEY_TYPEMATIC},
    {KEY_D, 0x23, PS2_KEY_TYPEMATIC},
    {KEY_F, 0x2b, PS2_KEY_TYPEMATIC},
    {KEY_G, 0x34, PS2_KEY_TYPEMATIC},
    {KEY_H, 0x33, PS2_KEY_TYPEMATIC},
    {KEY_J, 0x3b, PS2_KEY_TYPEMATIC},
    {KEY_K, 0x42, PS2_KEY_TYPEMATIC},
    {KEY_L, 0x4b, PS2_KEY_TYPEMATIC},
    {KEY_SEMICOLON, 0x4c, PS2_KEY_TYPEMATIC},
    {KEY_APOSTROPHE, 0x52, PS2_KEY_TYPEMATIC},
    {KEY_ENTER, 0x5a, PS2_KEY_TYPEMATIC},
    {KEY_102ND, 0x13, PS2_KEY_TYPEMATIC},
    {KEY_Z, 0x1a, PS2_KEY_TYPEMATIC},
    {KEY_X, 0x22, PS2_KEY_TYPEMATIC},
    {KEY_C, 0x21, PS2_KEY_TYPEMATIC},
    {KEY_V, 0x2a, PS2_KEY_TYPEMATIC},
    {KEY_B, 0x32, PS2_KEY_TYPEMATIC},
    {KEY_N, 0x31, PS2_KEY_TYPEMATIC},
    {KEY_M, 0x3a, PS2_KEY_TYPEMATIC},
    {KEY_COMMA, 0x41, PS2_KEY_TYPEMATIC},
    {KEY_DOT, 0x49, PS2_KEY_TYPEMATIC},
    {KEY_SLASH, 0x4a, PS2_KEY_TYPEMATIC},
    {KEY_SPACE, 0x29, PS2_KEY_TYPEMATIC},
    {KEY_DELETE, 0x64, PS2_KEY_TYPEMATIC},
    {KEY_LEFT, 0x61, PS2_KEY_TYPEMATIC},
    {KEY_UP, 0x63, PS2_KEY_TYPEMATIC},
    {KEY_DOWN, 0x60, PS2_KEY_TYPEMATIC},
    {KEY_RIGHT, 0x6a, PS2_KEY_TYPEMATIC},
    {KEY_KPPLUS, 0x7c, PS2_KEY_TYPEMATIC},
    {KEY_YEN, 0x5d, PS2_KEY_TYPEMATIC},
    {KEY_RO, 0x51, PS2_KEY_TYPEMATIC},
    {KEY_CAPSLOCK, 0x14, PS2_KEY_BREAK},
    {KEY_LEFTSHIFT, 0x12, PS2_KEY_BREAK},
    {KEY_RIGHTSHIFT, 0x59, PS2_KEY_BREAK},
    {KEY_LEFTCTRL, 0x11, PS2_KEY_BREAK},
    {KEY_LEFTALT, 0x19, PS2_KEY_BREAK},
    {KEY_RIGHTALT, 0x39, PS2_KEY_MAKE},
    {KEY_RIGHTCTRL, 0x58, PS2_KEY_MAKE},
    {KEY_LEFTMETA, 0x8b, PS2_KEY_MAKE},
    {KEY_RIGHTMETA, 0x8c, PS2_KEY_MAKE},
    {KEY_COMPOSE, 0x8d, PS2_KEY_MAKE},
    {KEY_INSERT, 0x67, PS2_KEY_MAKE},
    {KEY_HOME, 0x6e, PS2_KEY_MAKE},
    {KEY_END, 0x65, PS2_KEY_MAKE},
    {KEY_PAGEUP, 0x6f, PS2_KEY_MAKE},
    {KEY_PAGEDOWN, 0x6d, PS2_KEY_MAKE},
    {KEY_NUMLOCK, 0x76, PS2_KEY_MAKE},
    {KEY_KP7, 0x6c, PS2_KEY_MAKE},
    {KEY_KP4, 0x6b, PS2_KEY_MAKE},
    {KEY_KP1, 0x69, PS2_KEY_MAKE},
    {KEY_KPSLASH, 0x77, PS2_KEY_MAKE},
    {KEY_KP8, 0x75, PS2_KEY_MAKE},
    {KEY_KP5, 0x73, PS2_KEY_MAKE},
    {KEY_KP2, 0x72, PS2_KEY_MAKE},
    {KEY_KP0, 0x70, PS2_KEY_MAKE},
    {KEY_KPASTERISK, 0x7e, PS2_KEY_MAKE},
    {KEY_KP9, 0x7d, PS2_KEY_MAKE},
    {KEY_KP6, 0x74, PS2_KEY_MAKE},
    {KEY_KP3, 0x7a, PS2_KEY_MAKE},
    {KEY_KPDOT, 0x71, PS2_KEY_MAKE},
    {KEY_KPMINUS, 0x84, PS2_KEY_MAKE},
    {KEY_KPENTER, 0x79, PS2_KEY_MAKE},
    {KEY_ESC, 0x08, PS2_KEY_MAKE},
    {KEY_F1, 0x07, PS2_KEY_MAKE},
    {KEY_F2, 0x0f, PS2_KEY_MAKE},
    {KEY_F3, 0x17, PS2_KEY_MAKE},
    {KEY_F4, 0x1f, PS2_KEY_MAKE},
    {KEY_F5, 0x27, PS2_KEY_MAKE},
    {KEY_F6, 0x2f, PS2_KEY_MAKE},
    {KEY_F7, 0x37, PS2_KEY_MAKE},
    {KEY_F8, 0x3f, PS2_KEY_MAKE},
    {KEY_F9, 0x47, PS2_KEY_MAKE},
    {KEY_F10, 0x4f, PS2_KEY_MAKE},
    {KEY_F11, 0x56, PS2_KEY_MAKE},
    {KEY_F12, 0x5e, PS2_KEY_MAKE},
    {KEY_SYSRQ, 0x57, PS2_KEY_MAKE},
    {KEY_SCROLLLOCK, 0x5f, PS2_KEY_MAKE},
    {KEY_PAUSE, 0x62, PS2_KEY_MAKE},
    {KEY_MUHENKAN, 0x85, PS2_KEY_MAKE},
    {KEY_HENKAN, 0x86, PS2_KEY_MAKE},
    {KEY_KATAKANAHIRAGANA, 0x87, PS2_KEY_MAKE},
};

guint8 ps2_translate(guint8 byte)
{
    return byte < sizeof translation ? translation[byte] : byte;
}

guint8 ps2_set2_from_set1(guint8 set1)
{
    /* F7 and Alt+SysRq are outside the first 128 codes, which hold stand-ins for them. */
    if (set1 == 0x41 || set1 == 0x54) {
        return set1 == 0x41 ? 0x83 : 0x84;
    }
    for (guint byte = 0; byte < 0x80; byte++) {
        if (translation[byte] == set1) {
            return (guint8)byte;
        }
    }
    return 0;
}

guint8 ps2_set3(guint key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(set3); i++) {
        if (set3[i].key == key) {
            return set3[i].code;
        }
    }
    return 0;
}

guint ps2_set3_type(guint8 code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(set3); i++) {
        if (set3[i].code == code) {
            return set3[i].type;
        }
    }
    return PS2_KEY_MAKE;
}
