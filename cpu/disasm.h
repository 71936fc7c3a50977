/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions as text, in AT&T syntax, for monitors and logs; by the library Zydis, without which
 * the program can do all but this. Pure functions: any thread.
 */
#pragma once

#include <glib.h>

#include "cpu/registers.h"

#define CPU_MAX_INSTRUCTION 15

/* FALSE if the program was built without a disassembler. */
gboolean cpu_can_disassemble(void);

/* How instructions are decoded in this state: 16, 32 or 64. */
guint cpu_code_bits(const CpuRegisters *regs);

/*
 * Appends the instruction at the start of `bytes`, "movl     $1, %eax", which is at `addr` (what
 * branches are relative to), and returns its length. 0 if the bytes are no instruction, or end
 * within one, and always without a disassembler.
 */
guint cpu_disassemble(const guint8 *bytes, gsize length, guint bits, guint64 addr, GString *out);

/*
 * Appends lines "ADDRESS:  BYTES  TEXT" for `count` instructions, or for as many as begin in
 * `length` bytes if `count` is 0. Bytes that are no instruction are shown one by one. Returns how
 * many bytes were shown: fewer than asked for if `length` bytes were not enough.
 */
gsize cpu_disassemble_lines(const guint8 *bytes, gsize length, guint bits, guint64 addr,
                            guint count, GString *out);
