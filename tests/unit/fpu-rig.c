/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fpu-rig.h"

#include <string.h>

#include "tcg/operand.h"

static Rig *rig_of(TcgCpu *cpu)
{
    return (Rig *)cpu;
}

/* ---- what the instructions need of the rest of the processor ---- */

void tcg_raise(TcgCpu *cpu, guint vector)
{
    rig_of(cpu)->vector = vector;
    longjmp(rig_of(cpu)->leave, 1);
}

void tcg_raise_gp(TcgCpu *cpu)
{
    tcg_raise(cpu, EXC_GP);
}

guint64 tcg_this_rip(const TcgCpu *cpu)
{
    return RIP;
}

void mmu_check(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access)
{
    if (linear + length > rig_of(cpu)->fault) {
        tcg_raise(cpu, EXC_PF);
    }
}

void mmu_read(TcgCpu *cpu, guint64 linear, void *buffer, gsize length)
{
    mmu_check(cpu, linear, length, MMU_READ);
    memcpy(buffer, rig_of(cpu)->memory + linear, length);
}

void mmu_write(TcgCpu *cpu, guint64 linear, const void *buffer, gsize length)
{
    mmu_check(cpu, linear, length, MMU_WRITE);
    memcpy(rig_of(cpu)->memory + linear, buffer, length);
}

guint64 mmu_load_slow(TcgCpu *cpu, guint64 linear, guint size, TlbKind kind)
{
    guint64 value = 0;

    mmu_read(cpu, linear, &value, size);
    return value;
}

void mmu_store_slow(TcgCpu *cpu, guint64 linear, guint64 value, guint size, TlbKind kind)
{
    mmu_write(cpu, linear, &value, size);
}

guint64 operand_offset(const TcgCpu *cpu, const Insn *insn)
{
    return cpu->gpr[insn->base] + (guint64)insn->disp;
}

guint64 segment_linear(TcgCpu *cpu, guint segment, guint64 offset, gsize length, MmuAccess access)
{
    return offset;
}

guint64 operand_linear(TcgCpu *cpu, const Insn *insn, gsize length, MmuAccess access)
{
    return operand_offset(cpu, insn);
}

guint64 operand_read(TcgCpu *cpu, const Insn *insn, guint n)
{
    const Operand *operand = &insn->operands[n];

    switch (operand->kind) {
    case OPERAND_REG: return reg_read(cpu, operand->reg, operand->size);
    case OPERAND_IMM: return insn->imm;
    default: return mmu_load_slow(cpu, operand_offset(cpu, insn), operand->size, TLB_KERNEL);
    }
}

void operand_write(TcgCpu *cpu, const Insn *insn, guint n, guint64 value)
{
    const Operand *operand = &insn->operands[n];

    if (operand->kind == OPERAND_REG) {
        reg_write(cpu, operand->reg, value, operand->size);
    } else {
        mmu_store_slow(cpu, operand_offset(cpu, insn), value, operand->size, TLB_KERNEL);
    }
}

/* ---- the rig ---- */

#define ROW(name, function) [OP_##name] = function,
const OpFn rig_functions[OP_COUNT] = {TCG_FPU_OPS(ROW)};

Rig *rig_new(void)
{
    Rig *rig = g_aligned_alloc0(1, sizeof(Rig), 64);

    rig->mode = (DecodeMode){.bits = 64, .protect = TRUE, .extensions = ~0u};
    rig->fault = sizeof(rig->memory);
    rig->cpu.mode = MODE_64 | MODE_PROTECT;
    rig->cpu.cr0 = CR0_PE | CR0_MP | CR0_NE;
    rig->cpu.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    rig->cpu.tlb = rig->cpu.tlbs[0];
    for (guint i = 0; i < TLB_SIZE; i++) {
        rig->cpu.tlb[i].read_tag = rig->cpu.tlb[i].write_tag = tlb_no_tag(i);
    }
    rig->cpu.gpr[CPU_RBX] = MEMORY;
    fpu_reset(&rig->cpu);
    return rig;
}

static guint8 hex_digit(char c)
{
    return (guint8)g_ascii_xdigit_value(c);
}

/* Executes one instruction; the vector it raised, or NO_EXCEPTION. */
guint rig_run(Rig *rig, const char *hex)
{
    guint8 bytes[15];
    gsize count = strlen(hex) / 2;
    Insn insn;

    for (gsize i = 0; i < count; i++) {
        bytes[i] = (guint8)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    g_assert_cmpint(decode_insn(&rig->mode, bytes, count, &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.length, ==, count);
    g_assert_nonnull(rig_functions[insn.op]);
    rig->vector = NO_EXCEPTION;
    if (!setjmp(rig->leave)) {
        rig_functions[insn.op](&rig->cpu, &insn);
    }
    return rig->vector;
}

void rig_run_all(Rig *rig, const char *list)
{
    g_auto(GStrv) words = g_strsplit(list, " ", -1);

    for (guint i = 0; words[i]; i++) {
        g_assert_cmpuint(rig_run(rig, words[i]), ==, NO_EXCEPTION);
    }
}

/* What compiled code relies on (System V ABI, 3.2.3). */
void rig_free(Rig *rig)
{
    guint32 mxcsr;
    struct {
        guint16 words[14];
    } env;

    fpu_leave(&rig->cpu);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    g_assert_cmphex(mxcsr & ~(guint)MXCSR_FLAGS, ==, MXCSR_RESET);
    __asm__ volatile("fnstenv %0\n\tfldcw %0" : "=m"(env));
    g_assert_cmphex(env.words[0], ==, FCW_RESET);
    g_assert_cmphex(env.words[4], ==, 0xffff);
    g_aligned_free(rig);
}

void rig_set_memory(Rig *rig, guint64 low, guint64 high)
{
    memcpy(rig->memory + MEMORY, &low, 8);
    memcpy(rig->memory + MEMORY + 8, &high, 8);
}

guint64 rig_memory(Rig *rig, guint offset, gsize size)
{
    guint64 value = 0;

    memcpy(&value, rig->memory + MEMORY + offset, size);
    return value;
}

void rig_set_xmm(Rig *rig, guint reg, guint64 low, guint64 high)
{
    memcpy(rig->cpu.fpu.xmm[reg], &low, 8);
    memcpy(rig->cpu.fpu.xmm[reg] + 8, &high, 8);
}

guint64 rig_xmm(Rig *rig, guint reg, guint half)
{
    guint64 value;

    memcpy(&value, rig->cpu.fpu.xmm[reg] + 8 * half, 8);
    return value;
}

guint64 rig_bits(double value)
{
    guint64 bits;

    memcpy(&bits, &value, 8);
    return bits;
}

void rig_set_mxcsr(Rig *rig, guint32 value)
{
    rig_set_memory(rig, value, 0);
    rig_run_all(rig, "0fae13"); /* ldmxcsr [rbx] */
}

guint32 rig_mxcsr(Rig *rig)
{
    rig_run_all(rig, "0fae1b"); /* stmxcsr [rbx] */
    return (guint32)rig_memory(rig, 0, 4);
}

void rig_set_fcw(Rig *rig, guint16 fcw)
{
    rig_set_memory(rig, fcw, 0);
    rig_run_all(rig, "d92b"); /* fldcw [rbx] */
}

guint16 rig_fsw(Rig *rig)
{
    rig_run_all(rig, "dfe0"); /* fnstsw ax */
    return (guint16)rig->cpu.gpr[CPU_RAX];
}
