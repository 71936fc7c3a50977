/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The font of text consoles: GNU Unifont's Basic Multilingual Plane, built in (8x16 pixels, 16x16
 * for wide characters). Immutable; any thread.
 */
#pragma once

#include <glib.h>

#define CONSOLE_FONT_WIDTH  8
#define CONSOLE_FONT_HEIGHT 16

typedef struct ConsoleGlyph {
    const guint8 *rows; /* 16 rows of `bytes` bytes, the leftmost pixel in bit 7 of the first */
    guint bytes;        /* 1; 2 = a wide one */
} ConsoleGlyph;

/* The glyph of a character; the replacement character's (U+FFFD) if the font has none. */
ConsoleGlyph console_font_glyph(gunichar ch);
