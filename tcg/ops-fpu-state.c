/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that save and restore the state of x87 and SSE. Pointers in the images are the
 * guest's own, never the host's.
 */
#include <string.h>

#include "tcg/fpu-priv.h"
#include "tcg/operand.h"

enum {
    FX_MXCSR = 24,
    FX_XMM = 160,
};

static void put(guint8 *at, guint64 value, gsize size)
{
    memcpy(at, &value, size);
}

static guint32 get(const guint8 *at, gsize size)
{
    guint32 value = 0;

    memcpy(&value, at, size);
    return value;
}

/* ---- the x87 environment (SDM vol. 1, 8.1.10) ---- */

typedef struct Environment {
    guint16 fcw, fsw, ftw;
} Environment;

/* What is not used of 32 bits reads as ones. Protected mode has no selectors (7:EBX bit 13). */
static void pack_environment(TcgCpu *cpu, const Insn *insn, const Environment *env, guint8 *image)
{
    const Fpu *fpu = &cpu->fpu;
    gboolean protect = tcg_is_protected(cpu);
    guint64 ip = fpu->last_ip, dp = fpu->last_dp;

    if (!protect) {
        ip += (guint64)fpu->last_cs << 4;
        dp += (guint64)fpu->last_ds << 4;
    }
    if (insn->operand_size == 2) {
        put(image, env->fcw, 2);
        put(image + 2, env->fsw, 2);
        put(image + 4, env->ftw, 2);
        put(image + 6, ip, 2);
        put(image + 8, protect ? 0 : (ip >> 16 & 0xf) << 12 | fpu->last_op, 2);
        put(image + 10, dp, 2);
        put(image + 12, protect ? 0 : (dp >> 16 & 0xf) << 12, 2);
        return;
    }
    put(image + ENV_FCW, 0xffff0000 | env->fcw, 4);
    put(image + ENV_FSW, 0xffff0000 | env->fsw, 4);
    put(image + ENV_FTW, 0xffff0000 | env->ftw, 4);
    if (protect) {
        put(image + ENV_FIP, ip, 4);
        put(image + ENV_FCS, (guint32)fpu->last_op << 16, 4);
        put(image + ENV_FDP, dp, 4);
        put(image + ENV_FDS, 0xffff0000, 4);
    } else {
        put(image + ENV_FIP, 0xffff0000 | (ip & 0xffff), 4);
        put(image + ENV_FCS, (ip >> 16 & 0xffff) << 12 | fpu->last_op, 4);
        put(image + ENV_FDP, 0xffff0000 | (dp & 0xffff), 4);
        put(image + ENV_FDS, (dp >> 16 & 0xffff) << 12, 4);
    }
}

static Environment unpack_environment(TcgCpu *cpu, const Insn *insn, const guint8 *image)
{
    guint step = insn->operand_size == 2 ? 2 : 4;
    guint64 low_ip = get(image + 3 * step, step), low_dp = get(image + 5 * step, step);
    guint32 high_ip = get(image + 4 * step, step), high_dp = get(image + 6 * step, step);
    Fpu *fpu = &cpu->fpu;

    fpu->last_cs = fpu->last_ds = 0;
    if (tcg_is_protected(cpu)) {
        fpu->last_ip = low_ip;
        fpu->last_dp = low_dp;
        fpu->last_op = step == 4 ? high_ip >> 16 & 0x7ff : fpu->last_op;
    } else {
        fpu->last_ip = (low_ip & 0xffff) | (guint64)(high_ip >> 12) << 16;
        fpu->last_dp = (low_dp & 0xffff) | (guint64)(high_dp >> 12) << 16;
        fpu->last_op = high_ip & 0x7ff;
    }
    return (Environment){
        .fcw = (guint16)get(image, 2),
        .fsw = (guint16)get(image + step, 2),
        .ftw = (guint16)get(image + 2 * step, 2),
    };
}

static Environment image_environment(const guint8 *image)
{
    return (Environment){
        .fcw = (guint16)get(image + ENV_FCW, 2),
        .fsw = (guint16)get(image + ENV_FSW, 2),
        .ftw = (guint16)get(image + ENV_FTW, 2),
    };
}

static void put_image_environment(guint8 *image, const Environment *env)
{
    memset(image, 0, ENV_SIZE);
    put(image + ENV_FCW, env->fcw, 2);
    put(image + ENV_FSW, env->fsw, 2);
    put(image + ENV_FTW, env->ftw, 2);
}

/* Masks all exceptions afterwards. */
void op_fnstenv(TcgCpu *cpu, const Insn *insn)
{
    gsize size = insn->operands[0].size;
    guint64 linear;
    guint8 image[ENV_SIZE], host[ENV_SIZE];
    Environment env;

    if (cpu->fpu.x87 == FPU_AWAY) {
        fpu_x87_enter(cpu, FALSE);
    }
    linear = operand_linear(cpu, insn, size, MMU_WRITE);
    mmu_check(cpu, linear, size, MMU_WRITE);
    __asm__ volatile("fnstenv %0" : "=m"(host));
    fpu_x87_settle(cpu);
    env = image_environment(host);
    pack_environment(cpu, insn, &env, image);
    mmu_write(cpu, linear, image, size);
}

void op_fldenv(TcgCpu *cpu, const Insn *insn)
{
    gsize size = insn->operands[0].size;
    guint8 image[ENV_SIZE], host[ENV_SIZE];
    Environment env;

    fpu_x87_begin(cpu);
    mmu_read(cpu, operand_linear(cpu, insn, size, MMU_READ), image, size);
    env = unpack_environment(cpu, insn, image);
    put_image_environment(host, &env);
    __asm__ volatile("fldenv %0" : : "m"(host));
    fpu_x87_settle(cpu);
}

/* ---- all of x87 ---- */

/* Initializes x87 afterwards, as the host's own has done. */
void op_fnsave(TcgCpu *cpu, const Insn *insn)
{
    gsize size = insn->operands[0].size, env_size = size - 80;
    Fpu *fpu = &cpu->fpu;
    guint64 linear;
    guint8 image[108];
    Environment env;

    if (fpu->x87 == FPU_AWAY) {
        fpu_x87_enter(cpu, FALSE);
    }
    linear = operand_linear(cpu, insn, size, MMU_WRITE);
    mmu_check(cpu, linear, size, MMU_WRITE);
    __asm__ volatile("fnsave %0" : "=m"(fpu->image));
    fpu_x87_settle(cpu);
    env = image_environment(fpu->image);
    pack_environment(cpu, insn, &env, image);
    memcpy(image + env_size, fpu->image + ENV_SIZE, 80);
    fpu->last_ip = fpu->last_dp = 0;
    fpu->last_op = fpu->last_cs = fpu->last_ds = 0;
    mmu_write(cpu, linear, image, size);
}

void op_frstor(TcgCpu *cpu, const Insn *insn)
{
    gsize size = insn->operands[0].size, env_size = size - 80;
    guint8 image[108];
    Environment env;

    fpu_x87_begin(cpu);
    mmu_read(cpu, operand_linear(cpu, insn, size, MMU_READ), image, size);
    env = unpack_environment(cpu, insn, image);
    put_image_environment(cpu->fpu.image, &env);
    memcpy(cpu->fpu.image + ENV_SIZE, image + env_size, 80);
    __asm__ volatile("frstor %0" : : "m"(cpu->fpu.image));
    fpu_x87_settle(cpu);
}

/* ---- FXSAVE (SDM vol. 1, 10.5) ---- */

static guint64 fx_begin(TcgCpu *cpu, const Insn *insn, MmuAccess access)
{
    guint64 linear;

    if (cpu->cr0 & (CR0_EM | CR0_TS)) {
        tcg_raise(cpu, EXC_NM);
    }
    linear = operand_linear(cpu, insn, 512, access);
    if (linear & 15) {
        tcg_raise_gp(cpu);
    }
    return linear;
}

/* XMM8-15 belong to 64-bit mode, all of SSE to CR4.OSFXSR. */
static gsize fx_length(const TcgCpu *cpu)
{
    return !(cpu->cr4 & CR4_OSFXSR) ? FX_XMM : tcg_is_64bit(cpu) ? FX_XMM + 256 : FX_XMM + 128;
}

void op_fxsave(TcgCpu *cpu, const Insn *insn)
{
    guint64 linear = fx_begin(cpu, insn, MMU_WRITE);
    guint8 image[512];

    mmu_check(cpu, linear, 512, MMU_WRITE); /* whatever is left alone of it */
    fpu_x87_save(cpu);
    fpu_pack(cpu, image, (insn->prefixes & PREFIX_REX_W) != 0);
    mmu_write(cpu, linear, image, fx_length(cpu));
}

void op_fxrstor(TcgCpu *cpu, const Insn *insn)
{
    guint64 linear = fx_begin(cpu, insn, MMU_READ);
    gsize length = fx_length(cpu);
    guint8 image[512];
    guint32 mxcsr;

    mmu_read(cpu, linear, image, 512);
    mxcsr = get(image + FX_MXCSR, 4);
    if (length > FX_XMM && mxcsr & ~(guint32)MXCSR_VALID) {
        tcg_raise_gp(cpu);
    }
    fpu_unpack_x87(cpu, image, (insn->prefixes & PREFIX_REX_W) != 0);
    if (length > FX_XMM) {
        fpu_set_mxcsr(cpu, mxcsr);
        memcpy(cpu->fpu.xmm, image + FX_XMM, length - FX_XMM);
    }
}

/* ---- MXCSR ---- */

void op_ldmxcsr(TcgCpu *cpu, const Insn *insn)
{
    guint32 value;

    fpu_sse_begin(cpu);
    value = (guint32)operand_read(cpu, insn, 0);
    if (value & ~(guint32)MXCSR_VALID) {
        tcg_raise_gp(cpu);
    }
    fpu_set_mxcsr(cpu, value);
}

void op_stmxcsr(TcgCpu *cpu, const Insn *insn)
{
    fpu_sse_begin(cpu);
    operand_write(cpu, insn, 0, fpu_get_mxcsr(cpu));
}
