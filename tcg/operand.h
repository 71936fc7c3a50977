/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operands of decoded instructions: registers, memory through segments, the stack. For OpFns;
 * everything here may raise. Values are zero-extended unless said otherwise.
 */
#pragma once

#include "tcg/flags.h"
#include "tcg/mmu.h"

/* ---- general registers ---- */

static inline guint64 reg_read(const TcgCpu *cpu, guint reg, guint size)
{
    return cpu->gpr[reg] & flags_mask(size);
}

/* 32-bit writes clear the upper half, narrower ones keep the rest (SDM vol. 1, 3.4.1.1). */
static inline void reg_write(TcgCpu *cpu, guint reg, guint64 value, guint size)
{
    switch (size) {
    case 1: cpu->gpr[reg] = (cpu->gpr[reg] & ~(guint64)0xff) | (guint8)value; break;
    case 2: cpu->gpr[reg] = (cpu->gpr[reg] & ~(guint64)0xffff) | (guint16)value; break;
    case 4: cpu->gpr[reg] = (guint32)value; break;
    default: cpu->gpr[reg] = value; break;
    }
}

/* ---- addresses ---- */

/* The memory operand's offset in its segment, cut to the address size. */
guint64 operand_offset(const TcgCpu *cpu, const Insn *insn);

/*
 * Linear address of `length` bytes at `offset` of a segment: adds the base and checks limit,
 * rights and canonical form, raising #GP, or #SS for the stack segment (SDM vol. 3, 5.3, 5.5;
 * 64-bit mode 5.3.1). With alignment checking on (CR0.AM, AC, CPL 3), `length` of 2, 4, 8 must be
 * aligned: #AC.
 */
guint64 segment_linear(TcgCpu *cpu, guint segment, guint64 offset, gsize length, MmuAccess access);

/*
 * How many bytes above `offset`, or below it, can be reached before the segment or the address
 * size ends; segment_linear() must have taken the one at `offset`. For string instructions.
 */
gsize segment_room(const TcgCpu *cpu, guint segment, guint64 offset, guint address_size,
                   gboolean down);

/* Linear address of the explicit memory operand, checked for `length` bytes. */
guint64 operand_linear(TcgCpu *cpu, const Insn *insn, gsize length, MmuAccess access);

/* ---- explicit operands: OPERAND_REG, _HIGH, _SEGMENT, _MEMORY, _IMM ---- */

guint64 operand_read(TcgCpu *cpu, const Insn *insn, guint n);
void operand_write(TcgCpu *cpu, const Insn *insn, guint n, guint64 value);

static inline guint operand_size(const Insn *insn, guint n)
{
    return insn->operands[n].size;
}

/*
 * Read-modify-write of the first operand, register or memory, with LOCK if it is there:
 *     do {
 *         old = operand_modify(cpu, insn, &rmw);
 *         ...
 *     } while (!operand_commit(cpu, insn, &rmw, new));
 *     flags...
 */
guint64 operand_modify(TcgCpu *cpu, const Insn *insn, MmuRmw *rmw);
gboolean operand_commit(TcgCpu *cpu, const Insn *insn, MmuRmw *rmw, guint64 value);

/* ---- the stack ---- */

/* Bytes of the stack pointer that count: 2, 4, 8. */
static inline guint stack_width(const TcgCpu *cpu)
{
    return tcg_is_64bit(cpu) ? 8 : (cpu->mode & MODE_STACK32) ? 4 : 2;
}

/* Linear address of `size` bytes at rSP + offset, checked as segment_linear() does. */
guint64 stack_linear(TcgCpu *cpu, guint64 offset, guint size, MmuAccess access);

/* rSP changes only when the access has succeeded. */
void stack_push(TcgCpu *cpu, guint64 value, guint size);
guint64 stack_pop(TcgCpu *cpu, guint size);
/* Reads at rSP + offset without popping; for what must check everything first. */
guint64 stack_peek(TcgCpu *cpu, guint64 offset, guint size);
/* Adds to rSP in its width. */
void stack_adjust(TcgCpu *cpu, gint64 bytes);

/* ---- branches ---- */

/* Goes to `target` near: cuts it to `size` bytes, checks the limit of CS or canonical form (#GP
 * with rip still at this instruction), sets cpu->rip. */
void branch_near(TcgCpu *cpu, guint64 target, guint size);
