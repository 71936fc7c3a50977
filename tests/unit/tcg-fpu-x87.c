/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 of the software processor: arithmetic, pending exceptions, and the images in which state is
 * saved (SDM vol. 1, chapters 8 and 10).
 */
#include <string.h>

#include "tests/unit/fpu-rig.h"

#define ONE 0x3ff0000000000000
#define TWO 0x4000000000000000
#define A   0x0706050403020100
#define B   0x0f0e0d0c0b0a0908

static void test_x87(void)
{
    Rig *rig = rig_new();

    rig_run_all(rig, "dbe3 d9e8 d9e8 dec1 dd1b"); /* fninit; fld1; fld1; faddp; fstp qword */
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, TWO);
    rig_run_all(rig, "d9eb db3b"); /* fldpi; fstp tbyte */
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, 0xc90fdaa22168c235);
    g_assert_cmphex(rig_memory(rig, 8, 2), ==, 0x4000);
    rig_run_all(rig, "db2b df0b"); /* fld tbyte; fisttp word */
    g_assert_cmphex(rig_memory(rig, 0, 2), ==, 3);
    rig_set_memory(rig, rig_bits(-1234.0), 0);
    rig_run_all(rig, "dd03 df33"); /* fld qword; fbstp */
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, 0x1234);
    g_assert_cmphex(rig_memory(rig, 8, 2), ==, 0x8000);
    /* Comparison into flags, and a move by them. */
    rig_run_all(rig, "d9ee d9e8 dbf1"); /* fldz; fld1; fcomi st, st(1) */
    g_assert_cmphex(flags_get(&rig->cpu.flags), ==, 0);
    flags_set(&rig->cpu.flags, FLAG_CF);
    rig_run_all(rig, "dac1 dd1b"); /* fcmovb st, st(1); fstp qword */
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, 0);
    /* A fault changes nothing: st(0) is still to be popped. */
    rig->fault = MEMORY;
    g_assert_cmpuint(rig_run(rig, "dd1b"), ==, EXC_PF);
    g_assert_cmpuint(rig_run(rig, "dd03"), ==, EXC_PF);
    rig->fault = sizeof(rig->memory);
    g_assert_cmphex(rig_fsw(rig) & 0x3800, ==, 0x3800);
    rig_free(rig);
}

/* An unmasked exception waits for the next instruction that waits (SDM vol. 1, 8.7). */
static void test_x87_unmasked(void)
{
    Rig *rig = rig_new();

    rig_run_all(rig, "dbe3");
    rig_set_fcw(rig, 0x37b);       /* division by zero unmasked */
    rig_run_all(rig, "d9e8 d9ee"); /* fld1; fldz */
    rig_run_all(rig, "def9");      /* fdivp */
    g_assert_cmphex(rig_fsw(rig) & 0x80ff, ==, 0x8084);
    g_assert_cmpuint(rig_run(rig, "d9e8"), ==, EXC_MF);         /* fld1 */
    g_assert_cmpuint(rig_run(rig, "9b"), ==, EXC_MF);           /* fwait */
    g_assert_cmpuint(rig_run(rig, "0f77"), ==, EXC_MF);         /* emms */
    g_assert_cmpuint(rig_run(rig, "0fefc0"), ==, EXC_MF);       /* pxor mm */
    g_assert_cmpuint(rig_run(rig, "0f57c0"), ==, NO_EXCEPTION); /* xorps */
    fpu_leave(&rig->cpu);
    g_assert_cmpuint(rig_run(rig, "9b"), ==, EXC_MF);
    g_assert_cmpuint(rig_run(rig, "d9e8"), ==, EXC_MF);
    g_assert_cmphex(rig->cpu.fpu.last_op, ==, 0x6f9);
    rig_run_all(rig, "dbe2 d9e8"); /* fnclex; fld1 */
    g_assert_cmphex(rig_fsw(rig) & 0x80ff, ==, 0);
    /* FLDCW that unmasks what is already flagged. */
    rig_run_all(rig, "dbe3 d9e8 d9ee def9");
    g_assert_cmphex(rig_fsw(rig) & 0x80ff, ==, 4);
    rig_set_fcw(rig, 0x37b);
    g_assert_cmpuint(rig_run(rig, "d9e8"), ==, EXC_MF);
    rig_run_all(rig, "dbe3 9b d9e8");
    rig_free(rig);
}

/* Unmasked overflow: the store does not happen and nothing is popped (8.5.4). */
static void test_x87_store(void)
{
    Rig *rig = rig_new();

    rig_run_all(rig, "dbe3");
    rig_set_memory(rig, rig_bits(1e300), 0);
    rig_run_all(rig, "dd03"); /* fld qword */
    rig_set_fcw(rig, 0x377);
    rig_set_memory(rig, A, B);
    rig_run_all(rig, "d91b"); /* fstp dword */
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, A);
    g_assert_cmphex(rig_fsw(rig) & 0xb888, ==, 0xb888);
    /* Unmasked precision: it does. */
    rig_run_all(rig, "dbe3 d9eb");
    rig_set_fcw(rig, 0x35f);
    rig_run_all(rig, "d91b");
    g_assert_cmphex(rig_memory(rig, 0, 4), ==, 0x40490fdb);
    g_assert_cmphex(rig_fsw(rig) & 0xb8a0, ==, 0x80a0);
    /* Without CR0.NE nobody is told, and the program goes on. */
    rig->cpu.cr0 &= ~(guint64)CR0_NE;
    rig_run_all(rig, "d9eb 9b");
    rig_free(rig);
}

/* ---- images ---- */

static void check_pointers(Rig *rig, guint size, const guint32 *expected)
{
    for (guint i = 0; i < 4; i++) {
        g_assert_cmphex(rig_memory(rig, (3 + i) * size, size), ==, expected[i]);
    }
}

static void test_environment(void)
{
    static const guint32 protect32[4] = {RIP, 0x06f90000, 0, 0xffff0000};
    static const guint32 protect16[4] = {RIP & 0xffff, 0, 0, 0};
    Rig *rig = rig_new();

    /* fninit, then 1 / 0 unmasked */
    rig_run_all(rig, "dbe3");
    rig_set_fcw(rig, 0x37b);
    rig_run_all(rig, "d9e8 d9ee def9 d933"); /* ...; fnstenv */
    g_assert_cmphex(rig_memory(rig, 0, 4), ==, 0xffff037b);
    g_assert_cmphex(rig_memory(rig, 4, 4), ==, 0xffffb084);
    g_assert_cmphex(rig_memory(rig, 8, 4), ==, 0xffff1fff);
    check_pointers(rig, 4, protect32);
    rig_run_all(rig, "66d933"); /* now masked */
    g_assert_cmphex(rig_memory(rig, 0, 6), ==, 0x1fff3004037f);
    check_pointers(rig, 2, protect16);

    /* Real mode: fild word [rbx] of nothing pushed eight times overflows the stack. */
    rig_run_all(rig, "dbe3");
    rig->mode = (DecodeMode){.bits = 32, .extensions = ~0u};
    rig->cpu.mode = MODE_32;
    rig->cpu.segment[CPU_CS].selector = 0x1170;
    rig->cpu.segment[CPU_DS].selector = 0x5670;
    rig_set_fcw(rig, 0x37e);
    rig->cpu.gpr[CPU_RBX] = MEMORY;
    rig_run_all(rig, "d9ee d9ee d9ee d9ee d9ee d9ee d9ee d9ee");
    rig_run_all(rig, "df03 d933"); /* fild word; fnstenv */
    g_assert_cmphex(rig->cpu.fpu.last_op, ==, 0x703);
    g_assert_cmphex(rig_memory(rig, 12, 4), ==, 0xffff0000 | ((RIP + 0x11700) & 0xffff));
    g_assert_cmphex(rig_memory(rig, 16, 4), ==, ((RIP + 0x11700) >> 16) << 12 | 0x703);
    g_assert_cmphex(rig_memory(rig, 20, 4), ==, 0xffff0000 | ((MEMORY + 0x56700) & 0xffff));
    g_assert_cmphex(rig_memory(rig, 24, 4), ==, ((MEMORY + 0x56700) >> 16) << 12);
    rig_run_all(rig, "66d933");
    g_assert_cmphex(rig_memory(rig, 8, 2), ==, (((RIP + 0x11700) >> 16) & 0xf) << 12 | 0x703);
    g_assert_cmphex(rig_memory(rig, 12, 2), ==, ((MEMORY + 0x56700) >> 16) << 12);
    /* And back again. */
    rig->cpu.fpu.last_op = 0;
    rig_run_all(rig, "66d923 d933");
    g_assert_cmphex(rig_memory(rig, 16, 4) & 0x7ff, ==, 0x703);
    g_assert_cmphex(rig_memory(rig, 20, 4), ==, 0xffff0000 | ((MEMORY + 0x56700) & 0xffff));
    rig_free(rig);
}

static void test_save(void)
{
    Rig *rig = rig_new();
    guint8 before[108];

    for (guint narrow = 0; narrow < 2; narrow++) {
        rig_run_all(rig, "dbe3 d9eb d9e8");
        rig_run_all(rig, narrow ? "66dd33" : "dd33"); /* fnsave */
        memcpy(before, rig->memory + MEMORY, 108);
        g_assert_cmphex(rig_memory(rig, narrow ? 14 : 28, 8), ==, 0x8000000000000000);
        g_assert_cmphex(rig_memory(rig, narrow ? 24 : 38, 8), ==, 0xc90fdaa22168c235);
        g_assert_cmphex(rig_fsw(rig), ==, 0); /* initialized */
        memcpy(rig->memory + MEMORY, before, 108);
        rig_run_all(rig, narrow ? "66dd23 66dd33" : "dd23 dd33"); /* frstor; fnsave */
        g_assert_cmpmem(before, narrow ? 94 : 108, rig->memory + MEMORY, narrow ? 94 : 108);
    }
    /* No pointer of ours is in the state at rest. */
    rig_run_all(rig, "d9e8");
    fpu_leave(&rig->cpu);
    for (guint i = ENV_FIP; i < ENV_SIZE; i++) {
        g_assert_cmphex(rig->cpu.fpu.image[i], ==, 0);
    }
    rig_free(rig);
}

static void test_fxsave(void)
{
    Rig *rig = rig_new();
    guint8 before[512];

    rig_run_all(rig, "dbe3 d9eb");
    rig_set_mxcsr(rig, MXCSR_RESET | 0x6021);
    for (guint i = 0; i < 16; i++) {
        rig_set_xmm(rig, i, A + i, B);
    }
    memset(rig->memory + MEMORY, 0xcc, 512);
    rig_run_all(rig, "480fae03"); /* fxsave64 */
    memcpy(before, rig->memory + MEMORY, 512);
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, 0x803800037f);
    g_assert_cmphex(rig_memory(rig, 8, 8), ==, RIP);
    g_assert_cmphex(rig_memory(rig, 16, 8), ==, 0);
    g_assert_cmphex(rig_memory(rig, 24, 8), ==, 0x0000ffff00007fa1);
    g_assert_cmphex(rig_memory(rig, 32, 8), ==, 0xc90fdaa22168c235);
    g_assert_cmphex(rig_memory(rig, 160 + 15 * 16, 8), ==, A + 15);
    g_assert_cmphex(rig_memory(rig, 416, 8), ==, 0xcccccccccccccccc); /* for software */

    rig_run_all(rig, "dbe3 d9ee");
    rig_set_mxcsr(rig, MXCSR_RESET);
    rig_set_xmm(rig, 15, 0, 0);
    memcpy(rig->memory + MEMORY, before, 512);
    rig_run_all(rig, "480fae0b"); /* fxrstor64 */
    memset(rig->memory + MEMORY, 0xcc, 512);
    rig_run_all(rig, "480fae03");
    g_assert_cmpmem(before, 512, rig->memory + MEMORY, 512);

    /* Reserved bits of MXCSR. */
    rig->memory[MEMORY + 26] = 1;
    g_assert_cmpuint(rig_run(rig, "0fae0b"), ==, EXC_GP);
    rig_set_memory(rig, 0x10000, 0);
    g_assert_cmpuint(rig_run(rig, "0fae13"), ==, EXC_GP);

    /* Outside 64-bit mode XMM8-15 are not there; without CR4.OSFXSR none is. */
    memset(rig->memory + MEMORY, 0xcc, 512);
    rig->mode.bits = 32;
    rig->cpu.mode = MODE_32 | MODE_PROTECT;
    rig_run_all(rig, "0fae03");
    g_assert_cmphex(rig_memory(rig, 160 + 7 * 16, 8), ==, A + 7);
    g_assert_cmphex(rig_memory(rig, 160 + 8 * 16, 8), ==, 0xcccccccccccccccc);
    memset(rig->memory + MEMORY, 0xcc, 512);
    rig->cpu.cr4 = 0;
    rig_run_all(rig, "0fae03");
    g_assert_cmphex(rig_memory(rig, 160, 8), ==, 0xcccccccccccccccc);
    rig_free(rig);
}

/* What a debugger or a saved state sees, and sets. */
static void test_registers(void)
{
    Rig *rig = rig_new(), *other = rig_new();
    guint8 image[512], again[512];

    rig_run_all(rig, "dbe3 d9eb d9e8");
    rig_set_fcw(rig, 0x37b);
    rig_set_mxcsr(rig, 0x1f00);
    rig_set_xmm(rig, 3, A, B);
    fpu_get(&rig->cpu, image);
    fpu_set(&other->cpu, image);
    fpu_get(&other->cpu, again);
    g_assert_cmpmem(image, 512, again, 512);
    rig_run_all(other, "dd1b"); /* fstp qword */
    g_assert_cmphex(rig_memory(other, 0, 8), ==, ONE);
    g_assert_cmphex(rig_mxcsr(other), ==, 0x1f00);
    rig_free(other);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-fpu-x87/compute", test_x87);
    g_test_add_func("/tcg-fpu-x87/unmasked", test_x87_unmasked);
    g_test_add_func("/tcg-fpu-x87/store", test_x87_store);
    g_test_add_func("/tcg-fpu-x87/environment", test_environment);
    g_test_add_func("/tcg-fpu-x87/save", test_save);
    g_test_add_func("/tcg-fpu-x87/fxsave", test_fxsave);
    g_test_add_func("/tcg-fpu-x87/registers", test_registers);
    return g_test_run();
}
