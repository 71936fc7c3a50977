/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From scan codes of set 1 (as keyboards of the PC/XT sent them) to evdev codes. A value; any
 * thread.
 */
#pragma once

#include <glib.h>

/* `code`: 01h to 7Fh; 80h is added where the keyboard sends E0h first. 0 if no such key. */
guint vnc_key_of_scancode(guint32 code);
