/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/console-font.h"

#define FONT_CHARS 0x10000
#define NO_GLYPH   0

/*
 * Made by scripts/font-to-bin.py and put here by console-font-data.S: for each character a
 * little-endian word, the offset of its bitmap * 2 + 1 if it is wide, 0 = none; then the bitmaps.
 */
extern const guint8 console_font_data[];

static guint32 font_word(gunichar ch)
{
    const guint8 *at = console_font_data + (gsize)ch * 4;

    return ch < FONT_CHARS ? at[0] | at[1] << 8 | at[2] << 16 | (guint32)at[3] << 24 : NO_GLYPH;
}

ConsoleGlyph console_font_glyph(gunichar ch)
{
    guint32 word = font_word(ch);

    if (word == NO_GLYPH) {
        word = font_word(0xfffd);
    }
    return (ConsoleGlyph){console_font_data + (word >> 1), 1 + (word & 1)};
}
