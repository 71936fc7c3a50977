/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes that scripts/font-to-bin.py made; see console-font.c. */
        .section .rodata
        .globl  console_font_data
        .hidden console_font_data
        .balign 16
console_font_data:
        .incbin CONSOLE_FONT_BIN
        .byte   0
        .section .note.GNU-stack,"",@progbits
