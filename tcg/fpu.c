/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the x87 and SSE state is. The host's registers get the guest's control words only with
 * all SSE exceptions masked, and a pending x87 exception is found before the host would trap: so
 * this program never gets SIGFPE.
 */
#include "tcg/fpu.h"

#include <string.h>

#include "tcg/fpu-priv.h"

/* ---- SSE ---- */

static void host_set_mxcsr(guint32 value)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static guint32 host_get_mxcsr(void)
{
    guint32 value;

    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

/* MXCSR into the host: as it is, or with everything masked if an exception has to be looked for.
 * Flush to zero does nothing while underflow is unmasked (SDM vol. 1, 10.2.3.3). */
static void load_mxcsr(Fpu *fpu)
{
    guint32 value = fpu->mxcsr;

    if ((value & MXCSR_MASKS) == MXCSR_MASKS) {
        fpu->sse = FPU_LIVE;
    } else {
        if (!(value & MXCSR_UE << MXCSR_MASK_SHIFT)) {
            value &= ~(guint32)MXCSR_FTZ;
        }
        value = (value & ~(guint32)MXCSR_FLAGS) | MXCSR_MASKS;
        fpu->sse = FPU_CHECKED;
    }
    host_set_mxcsr(value);
}

void fpu_sse_enter(TcgCpu *cpu)
{
    if (cpu->cr0 & CR0_EM || !(cpu->cr4 & CR4_OSFXSR)) {
        tcg_raise(cpu, EXC_UD);
    }
    if (cpu->cr0 & CR0_TS) {
        tcg_raise(cpu, EXC_NM);
    }
    load_mxcsr(&cpu->fpu);
}

static gboolean is_denormal32(const guint8 *lane)
{
    guint32 value;

    memcpy(&value, lane, 4);
    return !(value & 0x7f800000) && (value & 0x7fffff);
}

static gboolean is_denormal64(const guint8 *lane)
{
    guint64 value;

    memcpy(&value, lane, 8);
    return !(value & 0x7ff0000000000000) && (value & 0xfffffffffffff);
}

static gboolean is_tiny(FpuTiny tiny, const guint8 *lanes)
{
    switch (tiny) {
    case TINY_SS: return is_denormal32(lanes);
    case TINY_SD: return is_denormal64(lanes);
    case TINY_PS:
        return is_denormal32(lanes) || is_denormal32(lanes + 4) || is_denormal32(lanes + 8) ||
               is_denormal32(lanes + 12);
    case TINY_PD: return is_denormal64(lanes) || is_denormal64(lanes + 8);
    default: return FALSE;
    }
}

/*
 * SDM vol. 1, 11.5.2 and 11.5.3: exceptions of the operands come first and, if one of them is
 * unmasked, no result is computed that could raise the others. A tiny result that is exact raises
 * underflow only when that is unmasked, so the host, where it is masked, did not tell.
 */
void fpu_sse_check(TcgCpu *cpu, FpuTiny tiny, const void *result)
{
    const guint32 before = MXCSR_IE | MXCSR_DE | MXCSR_ZE;
    Fpu *fpu = &cpu->fpu;
    guint32 unmasked = ~fpu->mxcsr >> MXCSR_MASK_SHIFT & MXCSR_FLAGS;
    guint32 host = host_get_mxcsr(), raised = host & MXCSR_FLAGS;

    if (raised) {
        host_set_mxcsr(host & ~(guint32)MXCSR_FLAGS);
    }
    if (raised & unmasked & before) {
        raised &= before;
    } else if (unmasked & MXCSR_UE && is_tiny(tiny, result)) {
        raised |= MXCSR_UE;
    }
    fpu->mxcsr |= raised;
    if (raised & unmasked) {
        tcg_raise(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
    }
}

guint32 fpu_get_mxcsr(TcgCpu *cpu)
{
    return cpu->fpu.sse == FPU_LIVE ? host_get_mxcsr() : cpu->fpu.mxcsr;
}

void fpu_set_mxcsr(TcgCpu *cpu, guint32 value)
{
    cpu->fpu.mxcsr = value;
    if (cpu->fpu.sse != FPU_AWAY) {
        load_mxcsr(&cpu->fpu);
    }
}

/* ---- x87 ---- */

static guint16 image_word(const Fpu *fpu, guint offset)
{
    guint16 value;

    memcpy(&value, fpu->image + offset, 2);
    return value;
}

void fpu_x87_enter(TcgCpu *cpu, gboolean mmx)
{
    if (cpu->cr0 & CR0_EM) {
        tcg_raise(cpu, mmx ? EXC_UD : EXC_NM);
    }
    if (cpu->cr0 & CR0_TS) {
        tcg_raise(cpu, EXC_NM);
    }
    __asm__ volatile("frstor %0" : : "m"(cpu->fpu.image));
    fpu_x87_settle(cpu);
}

void fpu_x87_settle(TcgCpu *cpu)
{
    guint16 fcw;

    __asm__ volatile("fnstcw %0" : "=m"(fcw));
    cpu->fpu.x87 =
        (fcw & FCW_MASKS) == FCW_MASKS && !(fpu_host_fsw() & FSW_ES) ? FPU_LIVE : FPU_CHECKED;
}

/* With CR0.NE clear hardware would ask for IRQ 13 by FERR#, a wire that our boards do not have: the
 * exception is forgotten, as by the usual handler's FNCLEX, and the program goes on. */
void fpu_x87_wait(TcgCpu *cpu)
{
    Fpu *fpu = &cpu->fpu;
    guint16 fsw;

    if (fpu->x87 == FPU_AWAY) {
        fsw = image_word(fpu, ENV_FSW) & ~image_word(fpu, ENV_FCW) & FSW_FLAGS ? FSW_ES : 0;
    } else {
        fsw = fpu_host_fsw();
    }
    if (fsw & FSW_ES) {
        if (cpu->cr0 & CR0_NE) {
            tcg_raise(cpu, EXC_MF);
        }
        if (fpu->x87 != FPU_AWAY) {
            __asm__ volatile("fnclex");
        }
    }
}

/* FNSAVE also leaves the registers empty and everything masked, as compiled code wants them. */
void fpu_x87_save(TcgCpu *cpu)
{
    if (cpu->fpu.x87 != FPU_AWAY) {
        __asm__ volatile("fnsave %0" : "=m"(cpu->fpu.image));
        memset(cpu->fpu.image + ENV_FIP, 0, ENV_SIZE - ENV_FIP);
        cpu->fpu.x87 = FPU_AWAY;
    }
}

void fpu_x87_drop(TcgCpu *cpu)
{
    if (cpu->fpu.x87 != FPU_AWAY) {
        __asm__ volatile("fninit");
        cpu->fpu.x87 = FPU_AWAY;
    }
}

guint64 fpu_mmx_get(guint reg)
{
    guint64 value;

    fpu_call_live(fpu_mmx_store + 4 * (64 + reg), &value);
    return value;
}

void fpu_mmx_set(guint reg, guint64 value)
{
    fpu_call_live(fpu_mmx_load + 4 * (64 + reg), &value);
}

/* ---- images ---- */

static void put16(guint8 *at, guint16 value)
{
    memcpy(at, &value, 2);
}

static guint16 get16(const guint8 *at)
{
    guint16 value;

    memcpy(&value, at, 2);
    return value;
}

void fpu_pack(TcgCpu *cpu, guint8 image[512], gboolean wide)
{
    const Fpu *fpu = &cpu->fpu;
    guint16 tags = image_word(fpu, ENV_FTW);
    guint32 mask = MXCSR_VALID, mxcsr = fpu_get_mxcsr(cpu);

    memset(image, 0, 160);
    put16(image, image_word(fpu, ENV_FCW));
    put16(image + 2, image_word(fpu, ENV_FSW));
    for (guint i = 0; i < 8; i++) {
        image[4] |= (tags >> (2 * i) & 3) != 3 ? 1 << i : 0;
        memcpy(image + 32 + 16 * i, fpu->image + ENV_SIZE + 10 * i, 10);
    }
    put16(image + 6, fpu->last_op);
    memcpy(image + 8, &fpu->last_ip, wide ? 8 : 4);
    memcpy(image + 16, &fpu->last_dp, wide ? 8 : 4);
    if (!wide) {
        put16(image + 12, fpu->last_cs);
        put16(image + 20, fpu->last_ds);
    }
    memcpy(image + 24, &mxcsr, 4);
    memcpy(image + 28, &mask, 4);
    memcpy(image + 160, fpu->xmm, sizeof(fpu->xmm));
}

void fpu_unpack_x87(TcgCpu *cpu, const guint8 image[512], gboolean wide)
{
    Fpu *fpu = &cpu->fpu;
    guint16 tags = 0;

    fpu_x87_drop(cpu);
    memset(fpu->image, 0, ENV_SIZE);
    put16(fpu->image + ENV_FCW, get16(image));
    put16(fpu->image + ENV_FSW, get16(image + 2));
    for (guint i = 0; i < 8; i++) {
        tags |= image[4] >> i & 1 ? 0 : 3 << (2 * i);
        memcpy(fpu->image + ENV_SIZE + 10 * i, image + 32 + 16 * i, 10);
    }
    put16(fpu->image + ENV_FTW, tags);
    fpu->last_op = get16(image + 6) & 0x7ff;
    fpu->last_ip = fpu->last_dp = 0;
    memcpy(&fpu->last_ip, image + 8, wide ? 8 : 4);
    memcpy(&fpu->last_dp, image + 16, wide ? 8 : 4);
    fpu->last_cs = wide ? 0 : get16(image + 12);
    fpu->last_ds = wide ? 0 : get16(image + 20);
}

/* ---- for the rest of the program ---- */

guint32 fpu_host_extensions(void)
{
    guint32 bits = 1 << EXT_X87;

    __builtin_cpu_init();
    bits |= __builtin_cpu_supports("mmx") ? 1 << EXT_MMX : 0;
    bits |= __builtin_cpu_supports("sse") ? 1 << EXT_SSE : 0;
    bits |= __builtin_cpu_supports("sse2") ? 1 << EXT_SSE2 : 0;
    bits |= __builtin_cpu_supports("sse3") ? 1 << EXT_SSE3 : 0;
    bits |= __builtin_cpu_supports("ssse3") ? 1 << EXT_SSSE3 : 0;
    bits |= __builtin_cpu_supports("sse4.1") ? 1 << EXT_SSE41 : 0;
    bits |= __builtin_cpu_supports("sse4.2") ? 1 << EXT_SSE42 : 0;
    return bits;
}

void fpu_leave(TcgCpu *cpu)
{
    Fpu *fpu = &cpu->fpu;

    fpu_x87_save(cpu);
    if (fpu->sse != FPU_AWAY) {
        if (fpu->sse == FPU_LIVE) {
            fpu->mxcsr = host_get_mxcsr();
        }
        host_set_mxcsr(MXCSR_RESET);
        fpu->sse = FPU_AWAY;
    }
}

void fpu_reset(TcgCpu *cpu)
{
    fpu_leave(cpu);
    memset(&cpu->fpu, 0, sizeof(cpu->fpu));
    cpu->fpu.mxcsr = MXCSR_RESET;
    put16(cpu->fpu.image + ENV_FCW, 0x40);
    put16(cpu->fpu.image + ENV_FTW, 0x5555);
}

void fpu_get(TcgCpu *cpu, guint8 image[512])
{
    fpu_leave(cpu);
    memset(image, 0, 512);
    fpu_pack(cpu, image, TRUE);
}

void fpu_set(TcgCpu *cpu, const guint8 image[512])
{
    guint32 mxcsr;

    fpu_leave(cpu);
    fpu_unpack_x87(cpu, image, TRUE);
    memcpy(&mxcsr, image + 24, 4);
    cpu->fpu.mxcsr = mxcsr & MXCSR_VALID;
    memcpy(cpu->fpu.xmm, image + 160, sizeof(cpu->fpu.xmm));
}
