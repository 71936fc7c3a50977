/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scan codes of PS/2 keyboards. Constant tables: any thread. */
#pragma once

#include <glib.h>

/* The 8042's translation of a byte of scan code set 2 (or 3) to set 1; F0h is handled outside. */
guint8 ps2_translate(guint8 byte);

/* Set 2 code of a set 1 code (1 to 7Fh): the code that the 8042 translates to it. */
guint8 ps2_set2_from_set1(guint8 set1);

/* How a key behaves in set 3 until the guest changes it. */
typedef enum Ps2KeyType {
    PS2_KEY_MAKE = 0, /* make code only */
    PS2_KEY_BREAK = 1 << 0,
    PS2_KEY_TYPEMATIC = 1 << 1,
} Ps2KeyType;

#define PS2_SET3_CODES 0x90

/* Set 3 code of an evdev key, 0 = none; and its default type. */
guint8 ps2_set3(guint key);
guint ps2_set3_type(guint8 code);
