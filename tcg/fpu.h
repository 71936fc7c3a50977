/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87, MMX and SSE state of a software processor. Instructions are executed by the host's own, on
 * this state (tcg/fpu*.c, tcg/ops-fpu*.c), so results are bit-exact.
 *
 * XMM registers are always in memory. While a vCPU runs guest code the host's MXCSR may be the
 * guest's (`sse`), and the host's x87 registers, MMX with them, may hold the guest's (`x87`).
 * Everything else of the program expects its own there, so the loop, the slow paths that reach
 * devices and whatever changes CR0.TS, CR0.EM or CR4.OSFXSR call fpu_leave() first. All on the
 * vCPU's thread.
 */
#pragma once

#include <glib.h>

typedef struct TcgCpu TcgCpu;

/*
 * Where half of the state is. Fast paths want FPU_LIVE, which promises that the instruction is
 * allowed (CR0.TS, CR0.EM, CR4.OSFXSR) and cannot raise a numeric exception. Everything else is
 * for the plain functions in tcg/ops-fpu*.c.
 */
typedef enum FpuPlace {
    FPU_AWAY,    /* in memory */
    FPU_LIVE,    /* in the host's registers */
    FPU_CHECKED, /* likewise, but an exception is unmasked: every result is looked at */
} FpuPlace;

typedef struct Fpu {
    guint8 xmm[16][16] __attribute__((aligned(16)));
    guint8 sse;        /* FpuPlace of MXCSR; CHECKED: the host's has all masked, no flags */
    guint8 x87;        /* FpuPlace of the x87 registers, FCW and FSW */
    guint32 mxcsr;     /* valid unless live */
    guint8 image[108]; /* FNSAVE's 32-bit protected layout, pointers unused; valid if x87 is away */
    /* Of the last x87 instruction that was not a control instruction (SDM vol. 1, 8.1.8). */
    guint64 last_ip, last_dp;
    guint16 last_op, last_cs, last_ds;
} Fpu;

/* OpExtension bits (1 << EXT_...) of what the host executes: X87 to SSE42. */
guint32 fpu_host_extensions(void);

/* Takes the guest's state out of the host's registers, if it is there, and restores what compiled
 * code expects. Cheap when it is not. */
void fpu_leave(TcgCpu *cpu);

/* Power-up (SDM vol. 3, table 10-1); INIT keeps everything. */
void fpu_reset(TcgCpu *cpu);

/* 512 bytes in FXSAVE's 64-bit layout, as CpuRegisters has it. Both leave first. */
void fpu_get(TcgCpu *cpu, guint8 image[512]);
void fpu_set(TcgCpu *cpu, const guint8 image[512]);
