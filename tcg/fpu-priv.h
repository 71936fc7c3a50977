/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the x87, MMX and SSE instructions share: bringing state into the host's
 * registers before an instruction and looking for exceptions after it. On the vCPU's thread.
 */
#pragma once

#include "tcg/fpu-stubs.h"
#include "tcg/ops-fpu.h"
#include "tcg/ops.h"

#define FPU_DECLARE(name, function) void function(TcgCpu *cpu, const Insn *insn);
TCG_FPU_OPS(FPU_DECLARE)

/* MXCSR (SDM vol. 1, 10.2.3). */
enum {
    MXCSR_IE = 1 << 0,
    MXCSR_DE = 1 << 1,
    MXCSR_ZE = 1 << 2,
    MXCSR_UE = 1 << 4,
    MXCSR_FLAGS = 0x3f,
    MXCSR_DAZ = 1 << 6,
    MXCSR_MASKS = 0x1f80,
    MXCSR_MASK_SHIFT = 7,
    MXCSR_FTZ = 1 << 15,
    MXCSR_VALID = 0xffff, /* MXCSR_MASK */
    MXCSR_RESET = 0x1f80,
};

/* x87 control and status words (8.1.3, 8.1.5). */
enum {
    FCW_MASKS = 0x3f,
    FCW_RESET = 0x37f,
    FSW_IE = 1 << 0,
    FSW_PE = 1 << 5,
    FSW_FLAGS = 0x3f,
    FSW_ES = 1 << 7,
    FSW_BUSY = 1 << 15,
    FSW_TOP_SHIFT = 11,
};

/* Offsets of the 32-bit environment (8.1.10). */
enum {
    ENV_FCW = 0,
    ENV_FSW = 4,
    ENV_FTW = 8,
    ENV_FIP = 12,
    ENV_FCS = 16,
    ENV_FOP = 18,
    ENV_FDP = 20,
    ENV_FDS = 24,
    ENV_SIZE = 28,
};

/* ---- SSE ---- */

/* Checks that SSE may be used and loads MXCSR; raises #UD, #NM. */
void fpu_sse_enter(TcgCpu *cpu);

/* Of each SSE instruction, first. */
static inline void fpu_sse_begin(TcgCpu *cpu)
{
    if (cpu->fpu.sse == FPU_AWAY) {
        fpu_sse_enter(cpu);
    }
}

/* Looks at what the instruction raised; `result` for `tiny`. Raises #XM or #UD. */
void fpu_sse_check(TcgCpu *cpu, FpuTiny tiny, const void *result);

/* Of each one with numeric exceptions, when it has its result but has written nothing. */
static inline void fpu_sse_end(TcgCpu *cpu, FpuTiny tiny, const void *result)
{
    if (cpu->fpu.sse == FPU_CHECKED) {
        fpu_sse_check(cpu, tiny, result);
    }
}

/* The guest's MXCSR, wherever it is. */
guint32 fpu_get_mxcsr(TcgCpu *cpu);
/* Takes over a valid MXCSR; keeps it live if it was. */
void fpu_set_mxcsr(TcgCpu *cpu, guint32 value);

/* ---- x87 and MMX ---- */

/* Checks that x87 or MMX may be used and loads it; raises #NM; #UD for MMX with CR0.EM. */
void fpu_x87_enter(TcgCpu *cpu, gboolean mmx);

/* Raises #MF if an unmasked exception is pending; of waiting instructions. */
void fpu_x87_wait(TcgCpu *cpu);

/* Of each waiting x87 instruction, first. */
static inline void fpu_x87_begin(TcgCpu *cpu)
{
    if (cpu->fpu.x87 == FPU_AWAY) {
        fpu_x87_enter(cpu, FALSE);
    }
    if (cpu->fpu.x87 == FPU_CHECKED) {
        fpu_x87_wait(cpu);
    }
}

static inline void fpu_mmx_begin(TcgCpu *cpu)
{
    if (cpu->fpu.x87 == FPU_AWAY) {
        fpu_x87_enter(cpu, TRUE);
    }
    if (cpu->fpu.x87 == FPU_CHECKED) {
        fpu_x87_wait(cpu);
    }
}

static inline guint16 fpu_host_fsw(void)
{
    guint16 fsw;

    __asm__ volatile("fnstsw %0" : "=am"(fsw));
    return fsw;
}

/* After something that may have changed FCW, in the host's registers: live or checked. */
void fpu_x87_settle(TcgCpu *cpu);

/* The x87 state into fpu->image; whatever is next finds it away. */
void fpu_x87_save(TcgCpu *cpu);
/* Forgets the host's copy; the caller writes the image. */
void fpu_x87_drop(TcgCpu *cpu);

guint64 fpu_mmx_get(guint reg);
void fpu_mmx_set(guint reg, guint64 value);

/* ---- operands ---- */

/* Operand n, an XMM register or memory (aligned if it has to be), zero-extended to 16 bytes. */
void fpu_read_vector(TcgCpu *cpu, const Insn *insn, guint n, guint8 value[16]);

/* ---- images ---- */

/* FXSAVE's image of everything (SDM vol. 1, table 10-2), 416 bytes; `wide`: 64-bit pointers. The
 * x87 state must be away. */
void fpu_pack(TcgCpu *cpu, guint8 image[512], gboolean wide);
void fpu_unpack_x87(TcgCpu *cpu, const guint8 image[512], gboolean wide);
