/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic flags of a TcgCpu (see TcgFlags): writing them after an operation, reading them,
 * conditions. Sizes are 1, 2, 4 or 8 bytes; operands are zero- or sign-extended as one likes, only
 * their low `size` bytes count. SDM vol. 1, 3.4.3.1 and appendix A.
 */
#pragma once

#include "tcg/cpu.h"

static inline guint64 flags_extend(guint64 value, guint size)
{
    switch (size) {
    case 1: return (guint64)(gint8)value;
    case 2: return (guint64)(gint16)value;
    case 4: return (guint64)(gint32)value;
    default: return value;
    }
}

static inline guint64 flags_mask(guint size)
{
    return ~(guint64)0 >> (64 - 8 * size);
}

/* ---- writing ---- */

/* result = a + b, or a + b + CF. */
static inline void flags_add(TcgFlags *flags, guint64 a, guint64 b, guint64 result, guint size)
{
    flags->result = flags_extend(result, size);
    flags->carry = ((a & b) | ((a | b) & ~result)) << (64 - 8 * size);
    flags->aux = (a ^ b ^ result) & 0x10;
}

/* result = a - b, or a - b - CF. */
static inline void flags_sub(TcgFlags *flags, guint64 a, guint64 b, guint64 result, guint size)
{
    flags->result = flags_extend(result, size);
    flags->carry = ((~a & b) | (~(a ^ b) & result)) << (64 - 8 * size);
    flags->aux = (a ^ b ^ result) & 0x10;
}

/* AND, OR, XOR, TEST: CF = OF = AF = 0. */
static inline void flags_logic(TcgFlags *flags, guint64 result, guint size)
{
    flags->result = flags_extend(result, size);
    flags->carry = 0;
    flags->aux = 0;
}

/* ---- reading ---- */

static inline gboolean flags_cf(const TcgFlags *flags)
{
    return (gboolean)(flags->carry >> 63);
}

static inline gboolean flags_of(const TcgFlags *flags)
{
    return (gboolean)((flags->carry ^ (flags->carry << 1)) >> 63);
}

static inline gboolean flags_zf(const TcgFlags *flags)
{
    return flags->result == 0;
}

static inline gboolean flags_sf(const TcgFlags *flags)
{
    return (gboolean)((flags->result ^ flags->aux) >> 63);
}

static inline gboolean flags_pf(const TcgFlags *flags)
{
    return (gboolean)((guint)__builtin_parity((guint)(flags->result & 0xff)) ^ 1 ^
                      (guint)(flags->aux & 1));
}

static inline gboolean flags_af(const TcgFlags *flags)
{
    return (gboolean)(flags->aux >> 4) & 1;
}

/* FLAG_CF and so on, of the six. */
static inline guint64 flags_get(const TcgFlags *flags)
{
    return (guint64)(flags_cf(flags) * FLAG_CF | flags_pf(flags) * FLAG_PF |
                     flags_af(flags) * FLAG_AF | flags_zf(flags) * FLAG_ZF |
                     flags_sf(flags) * FLAG_SF | flags_of(flags) * FLAG_OF);
}

/* Sets all six from FLAG_* bits; others in `bits` do not matter. */
static inline void flags_set(TcgFlags *flags, guint64 bits)
{
    guint64 cf = (bits & FLAG_CF) != 0, of = (bits & FLAG_OF) != 0;
    gboolean zf = (bits & FLAG_ZF) != 0, sf = (bits & FLAG_SF) != 0, pf = (bits & FLAG_PF) != 0;

    /* Parity of the low byte is even for 0 and odd for 1. */
    flags->result = zf ? 0 : 1;
    flags->carry = cf << 63 | (cf ^ of) << 62;
    flags->aux = ((bits & FLAG_AF) ? 0x10 : 0) | (sf ? (guint64)1 << 63 : 0) | (pf != zf);
}

/* Changes some: those in `mask` become as in `bits`. */
static inline void flags_change(TcgFlags *flags, guint64 mask, guint64 bits)
{
    flags_set(flags, (flags_get(flags) & ~mask) | (bits & mask));
}

/* CF and OF, the others stay: multiplications, rotates. */
static inline void flags_set_cf_of(TcgFlags *flags, gboolean cf, gboolean of)
{
    flags->carry = (guint64)cf << 63 | (guint64)(cf ^ of) << 62;
}

/* CF alone: INC and DEC after their own flags, bit tests, STC. */
static inline void flags_set_cf(TcgFlags *flags, gboolean cf)
{
    flags_set_cf_of(flags, cf, flags_of(flags));
}

/* The condition of Jcc, SETcc, CMOVcc: low four bits of the opcode (SDM vol. 1, appendix B). */
static inline gboolean flags_condition(const TcgFlags *flags, guint condition)
{
    gboolean value;

    switch (condition >> 1) {
    case 0: value = flags_of(flags); break;
    case 1: value = flags_cf(flags); break;
    case 2: value = flags_zf(flags); break;
    case 3: value = flags_cf(flags) || flags_zf(flags); break;
    case 4: value = flags_sf(flags); break;
    case 5: value = flags_pf(flags); break;
    case 6: value = flags_sf(flags) != flags_of(flags); break;
    default: value = flags_zf(flags) || flags_sf(flags) != flags_of(flags); break;
    }
    return value ^ (gboolean)(condition & 1);
}

/* ---- RFLAGS as a whole ---- */

static inline guint64 tcg_get_rflags(const TcgCpu *cpu)
{
    return cpu->rflags | flags_get(&cpu->flags);
}

/* Takes all bits as they are, but for the reserved ones. The caller has checked what may change,
 * and calls tcg_update_mode() if VM or AC did. */
static inline void tcg_set_rflags(TcgCpu *cpu, guint64 value)
{
    flags_set(&cpu->flags, value);
    cpu->rflags = (value & 0x3f7700) | 2;
}
