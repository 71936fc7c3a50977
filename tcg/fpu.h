/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87, MMX and SSE state of a software processor. Instructions are executed by the host's own, on
 * this state (tcg/fpu*.c), so results are bit-exact.
 *
 * While a vCPU runs guest code, the host's x87 registers (and MMX with them), FCW and MXCSR may
 * hold the guest's: `live`. Everything else of the program expects its own there, so the loop and
 * the slow paths that reach devices call fpu_leave() first. XMM registers are always in memory.
 */
#pragma once

#include <glib.h>

typedef struct TcgCpu TcgCpu;

typedef struct Fpu {
    guint8 xmm[16][16] __attribute__((aligned(16)));
    guint8 x87[108]; /* FNSAVE's 32-bit image, valid unless live */
    guint32 mxcsr;   /* valid unless live */
    gboolean live;   /* never with CR0.EM or CR0.TS, so one test on the fast path is enough */
    /* Of the last x87 instruction that was not a control instruction (SDM vol. 1, 8.1.8). */
    guint64 last_ip, last_dp;
    guint16 last_op, last_cs, last_ds;
} Fpu;

/* Takes the guest's state out of the host's registers, if it is there, and restores what compiled
 * code expects. Cheap when it is not. */
void fpu_leave(TcgCpu *cpu);

/* FNINIT and MXCSR of power-up, zero registers (SDM vol. 3, table 10-1); INIT keeps them. */
void fpu_reset(TcgCpu *cpu);

/* 512 bytes in FXSAVE's layout, as CpuRegisters has it. */
void fpu_get(TcgCpu *cpu, guint8 image[512]);
void fpu_set(TcgCpu *cpu, const guint8 image[512]);

/* TRUE if MXCSR or FCW unmask an exception: MODE_FP_CHECKED. */
gboolean fpu_is_unmasked(const TcgCpu *cpu);
