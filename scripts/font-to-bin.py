#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs GNU Unifont's text form for ui/common/console-font.c.

Usage: font-to-bin.py unifont.hex OUTPUT

Each line of the .hex format is CODEPOINT:BITMAP, 32 hexadecimal digits for a glyph of 8x16 pixels
and 64 for one of 16x16.
"""
import struct
import sys

CHARS = 0x10000


def main():
    source, output = sys.argv[1:]
    words, bitmaps = [0] * CHARS, bytearray()
    with open(source, encoding="ascii") as file:
        for line in file:
            code, bitmap = line.strip().split(":")
            code, bitmap = int(code, 16), bytes.fromhex(bitmap)
            if code < CHARS and len(bitmap) in (16, 32):
                words[code] = (CHARS * 4 + len(bitmaps)) << 1 | (len(bitmap) == 32)
                bitmaps += bitmap
    if not words[0xFFFD]:
        sys.exit(f"{source} has no replacement character (U+FFFD)")
    with open(output, "wb") as file:
        file.write(struct.pack(f"<{CHARS}I", *words) + bitmaps)


main()
