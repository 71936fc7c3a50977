/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys as HID usages (HID Usage Tables 1.12, section 10, Keyboard/Keypad page). Constant table: any
 * thread. */
#pragma once

#include <glib.h>

#define HID_USAGE_ROLLOVER  0x01
#define HID_USAGE_MODIFIERS 0xe0 /* the first of eight; the bits of a report's first byte */
#define HID_USAGE_COUNT     0xe8

/* Usage of an evdev key; 0 if keyboards have none. */
guint8 hid_usage_from_key(guint key);
