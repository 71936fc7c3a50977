/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fast handlers of MMX, SSE and x87 share. They do their work by one host instruction on
 * registers in memory, with the guest's control words live, so nothing has to be looked at
 * afterwards; everything else is left to the plain functions.
 */
#pragma once

#include "tcg/fast.h"
#include "tcg/fpu-stubs.h"

/* 16 bytes that may be anything. */
typedef guint8 FastVector __attribute__((vector_size(16), may_alias));
typedef guint8 FastUnaligned __attribute__((vector_size(16), may_alias, aligned(1)));

/* Families; fast_fpu_handler() asks them in turn. */
Handler fast_sse_move_handler(const Insn *insn, Record *record);
Handler fast_sse_convert_handler(const Insn *insn);
Handler fast_mmx_handler(const Insn *insn, Record *record);
Handler fast_x87_handler(const TcgCpu *cpu, const Insn *insn);

FAST_INLINE FastVector *fast_xmm(TcgCpu *cpu, guint offset)
{
    return fast_at(cpu, offset);
}

FAST_INLINE gboolean fast_sse_live(const TcgCpu *cpu)
{
    return G_LIKELY(cpu->fpu.sse == FPU_LIVE);
}

/* Host address of a vector that has to be aligned (else the plain way raises #GP), or NULL. */
FAST_INLINE const FastVector *fast_read_vector(TcgCpu *cpu, const Record *record)
{
    guint64 linear = fast_linear(cpu, record);

    return G_UNLIKELY(linear & 15) ? NULL : (const FastVector *)fast_read_at(cpu, linear, 16);
}

/* CF, ZF and PF as told, OF, SF and AF clear (see TcgFlags). */
FAST_INLINE void fast_set_comparison(TcgCpu *cpu, gboolean cf, gboolean zf, gboolean pf)
{
    cpu->flags.result = !zf;
    cpu->flags.carry = cf ? (guint64)3 << 62 : 0;
    cpu->flags.aux = zf ^ pf;
}
