/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MMX and SSE of the software processor, function by function: known answers of every kind of
 * operation, exceptions masked and unmasked, who may use what. The host's processor as an oracle
 * for all the rest is tcg-oracle.
 */
#include <string.h>

#include "tests/unit/fpu-rig.h"

/* ---- known answers ---- */

typedef enum Where { XMM1, MM1, MEM, RAX, FLAGS, RCX } Where;

typedef struct Known {
    const char *what, *hex;
    guint64 x1[2], x2[2], memory[2], rax;
    Where where;
    guint64 low, high;
} Known;

#define ONE   0x3ff0000000000000
#define TWO   0x4000000000000000
#define THREE 0x4008000000000000
#define NAN64 0x7ff8000000000000
#define A     0x0706050403020100
#define B     0x0f0e0d0c0b0a0908
#define C     0x8786858483828180
#define D     0x8f8e8d8c8b8a8988

/* mm1 is x1[0], mm2 is x2[0]; [rbx] is `memory`. */
static const Known known[] = {
    {"addsd xmm1, xmm2", "f20f58ca", {ONE, B}, {TWO, D}, {0}, 0, XMM1, THREE, B},
    {"addsd xmm1, [rbx]", "f20f580b", {ONE, B}, {0}, {TWO, D}, 0, XMM1, THREE, B},
    {"mulps xmm1, [rbx]",
     "0f590b",
     {0x400000003f800000, 0x4080000040400000},
     {0},
     {0x4000000040000000, 0x4000000040000000},
     0,
     XMM1,
     0x4080000040000000,
     0x4100000040c00000},
    {"divsd xmm1, xmm2", "f20f5eca", {ONE, 7}, {TWO, 0}, {0}, 0, XMM1, 0x3fe0000000000000, 7},
    {"movups [rbx], xmm1", "0f110b", {A, B}, {0}, {0}, 0, MEM, A, B},
    {"movaps xmm1, [rbx]", "0f280b", {0}, {0}, {C, D}, 0, XMM1, C, D},
    {"movss xmm1, xmm2", "f30f10ca", {A, B}, {C, D}, {0}, 0, XMM1, 0x0706050483828180, B},
    {"movss xmm1, [rbx]", "f30f100b", {A, B}, {0}, {C, D}, 0, XMM1, 0x83828180, 0},
    {"movsd [rbx], xmm1", "f20f110b", {A, B}, {0}, {0, 5}, 0, MEM, A, 5},
    {"movhlps xmm1, xmm2", "0f12ca", {A, B}, {C, D}, {0}, 0, XMM1, D, B},
    {"movlhps xmm1, xmm2", "0f16ca", {A, B}, {C, D}, {0}, 0, XMM1, A, C},
    {"movhps xmm1, [rbx]", "0f160b", {A, B}, {0}, {C, D}, 0, XMM1, A, C},
    {"movlpd [rbx], xmm1", "660f130b", {A, B}, {0}, {0, 5}, 0, MEM, A, 5},
    {"movddup xmm1, [rbx]", "f20f120b", {A, B}, {0}, {C, D}, 0, XMM1, C, C},
    {"movq xmm1, rax", "66480f6ec8", {A, B}, {0}, {0}, C, XMM1, C, 0},
    {"movd eax, xmm1", "660f7ec8", {C, B}, {0}, {0}, ~0ull, RAX, 0x83828180, 0},
    {"movq xmm1, xmm2", "f30f7eca", {A, B}, {C, D}, {0}, 0, XMM1, C, 0},
    {"paddb mm1, mm2", "0ffcca", {A, 0}, {C, 0}, {0}, 0, MM1, 0x8e8c8a8886848280, 0},
    {"paddb mm1, [rbx]", "0ffc0b", {A, 0}, {0}, {C, D}, 0, MM1, 0x8e8c8a8886848280, 0},
    {"psrlw mm1, 4", "0f71d104", {C, 0}, {0}, {0}, 0, MM1, 0x0878085808380818, 0},
    {"palignr mm1, mm2, 3", "0f3a0fca03", {A, 0}, {C, 0}, {0}, 0, MM1, 0x0201008786858483, 0},
    {"pshufw mm1, mm2, 1b", "0f70ca1b", {0}, {A, 0}, {0}, 0, MM1, 0x0100030205040706, 0},
    {"pinsrw mm1, eax, 6", "0fc4c806", {A, 0}, {0}, {0}, 0xabcd, MM1, 0x0706abcd03020100, 0},
    {"pextrw eax, mm1, 2", "0fc5c102", {A, 0}, {0}, {0}, ~0ull, RAX, 0x0504, 0},
    {"pmovmskb eax, mm1", "0fd7c1", {0x80007fff00ff8000, 0}, {0}, {0}, 0, RAX, 0x96, 0},
    {"movq2dq xmm1, mm1", "f30fd6c9", {A, B}, {0}, {0}, 0, XMM1, A, 0},
    {"movdq2q mm1, xmm2", "f20fd6ca", {A, 0}, {C, D}, {0}, 0, MM1, C, 0},
    {"psrld xmm1, 4",
     "660f72d104",
     {C, D},
     {0},
     {0},
     0,
     XMM1,
     0x0878685808382818,
     0x08f8e8d808b8a898},
    {"psraw xmm1, 200", "660f71e1c8", {C, B}, {0}, {0}, 0, XMM1, ~0ull, 0},
    {"pslldq xmm1, 3",
     "660f73f903",
     {A, B},
     {0},
     {0},
     0,
     XMM1,
     0x0403020100000000 >> 8 << 8,
     0x0c0b0a0908070605},
    {"pslldq xmm1, 77", "660f73f94d", {A, B}, {0}, {0}, 0, XMM1, 0, 0},
    {"pshufd xmm1, xmm2, 1b",
     "660f70ca1b",
     {0},
     {A, B},
     {0},
     0,
     XMM1,
     0x0b0a09080f0e0d0c,
     0x0302010007060504},
    {"palignr xmm1, xmm2, 5",
     "660f3a0fca05",
     {A, B},
     {C, D},
     {0},
     0,
     XMM1,
     0x8c8b8a8988878685,
     0x04030201008f8e8d},
    {"pshufb xmm1, [rbx]",
     "660f38000b",
     {C, D},
     {0},
     {0x8000010203040506, 0},
     0,
     XMM1,
     0x0080818283848586,
     0x8080808080808080},
    {"pinsrb xmm1, eax, 15", "660f3a20c80f", {A, B}, {0}, {0}, 0x1ff, XMM1, A, 0xff0e0d0c0b0a0908},
    {"pinsrq xmm1, rax, 1", "66480f3a22c801", {A, B}, {0}, {0}, C, XMM1, A, C},
    {"pextrd [rbx], xmm1, 2", "660f3a160b02", {A, B}, {0}, {0, 5}, 0, MEM, 0x0b0a0908, 5},
    {"pextrw [rbx], xmm1, 7", "660f3a150b07", {A, B}, {0}, {0, 5}, 0, MEM, 0x0f0e, 5},
    {"insertps xmm1, [rbx], d0",
     "660f3a210bd0",
     {A, B},
     {0},
     {C, D},
     0,
     XMM1,
     0x8382818003020100,
     B},
    {"movmskpd eax, xmm1", "660f50c1", {A, D}, {0}, {0}, ~0ull, RAX, 2, 0},
    {"pmovmskb eax, xmm1", "660fd7c1", {A, D}, {0}, {0}, ~0ull, RAX, 0xff00, 0},
    {"pmovzxbq xmm1, [rbx]", "660f38320b", {A, D}, {0}, {C, D}, 0, XMM1, 0x80, 0x81},
    {"pblendvb xmm1, xmm2", "660f3810ca", {A, B}, {C, D}, {0}, 0, XMM1, A, D}, /* xmm0: 0, ~0 */
    {"dpps xmm1, xmm2, 31",
     "660f3a40ca31",
     {0x400000003f800000, 0},
     {0x4040000040000000, 0},
     {0},
     0,
     XMM1,
     0x41000000,
     0},
    {"comisd: less", "660f2fca", {ONE, 0}, {TWO, 0}, {0}, 0, FLAGS, FLAG_CF, 0},
    {"comisd: unordered",
     "660f2fca",
     {NAN64, 0},
     {TWO, 0},
     {0},
     0,
     FLAGS,
     FLAG_CF | FLAG_PF | FLAG_ZF,
     0},
    {"ptest: disjoint", "660f3817ca", {1, 0}, {2, 0}, {0}, 0, FLAGS, FLAG_ZF, 0},
    {"pcmpistri 0c", "660f3a63ca0c", {0x6261, 0}, {0x62617878, 0}, {0}, 0, RCX, 2, 0},
    {"cvtsi2sd xmm1, rax", "f2480f2ac8", {0, 7}, {0}, {0}, 3, XMM1, THREE, 7},
    {"cvtsi2sd xmm1, [rbx]",
     "f20f2a0b",
     {0, 7},
     {0},
     {0xffffffff, 0},
     0,
     XMM1,
     0xbff0000000000000,
     7},
    {"cvtsi2ss xmm1, eax", "f30f2ac8", {A, 7}, {0}, {0}, 0xffffffff, XMM1, 0x07060504bf800000, 7},
    {"cvttsd2si rax, xmm1", "f2480f2cc1", {0xc004000000000000, 0}, {0}, {0}, 0, RAX, -2ull, 0},
    {"cvtsd2si eax, xmm1: invalid", "f20f2dc1", {NAN64, 0}, {0}, {0}, ~0ull, RAX, 0x80000000, 0},
    {"cvtpi2ps xmm1, mm2",
     "0f2aca",
     {A, B},
     {0x0000000200000001, 0},
     {0},
     0,
     XMM1,
     0x400000003f800000,
     B},
    {"cvtps2pi mm1, xmm2",
     "0f2dca",
     {0},
     {0x400000003f800000, D},
     {0},
     0,
     MM1,
     0x0000000200000001,
     0},
    {"roundsd xmm1, xmm2, up",
     "660f3a0bca02",
     {0, 7},
     {0x3ff8000000000000, 0},
     {0},
     0,
     XMM1,
     TWO,
     7},
};

static void check_known(Rig *rig, const Known *k)
{
    guint64 low = 0, high = 0;

    rig_set_xmm(rig, 0, 0, ~0ull);
    rig_set_memory(rig, k->x1[0], k->x2[0]);
    rig_run_all(rig, "0f6f0b 0f6f5308"); /* movq mm1, [rbx]; movq mm2, [rbx+8] */
    rig_set_memory(rig, k->memory[0], k->memory[1]);
    rig_set_xmm(rig, 1, k->x1[0], k->x1[1]);
    rig_set_xmm(rig, 2, k->x2[0], k->x2[1]);
    rig->cpu.gpr[CPU_RAX] = k->rax;
    rig_run_all(rig, k->hex);
    switch (k->where) {
    case XMM1: low = rig_xmm(rig, 1, 0), high = rig_xmm(rig, 1, 1); break;
    case MM1: low = fpu_mmx_get(1); break;
    case MEM: low = rig_memory(rig, 0, 8), high = rig_memory(rig, 8, 8); break;
    case RAX: low = rig->cpu.gpr[CPU_RAX]; break;
    case RCX: low = rig->cpu.gpr[CPU_RCX]; break;
    case FLAGS: low = flags_get(&rig->cpu.flags); break;
    }
    if (low != k->low || high != k->high) {
        g_test_message("%s: %016lx %016lx, expected %016lx %016lx", k->what, high, low, k->high,
                       k->low);
        g_test_fail();
    }
}

static void test_known(void)
{
    Rig *rig = rig_new();

    rig_run_all(rig, "dbe3"); /* fninit */
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        check_known(rig, &known[i]);
    }
    rig_free(rig);
}

/* CLFLUSH and so on are not of this family. */
static gboolean is_elsewhere(guint op)
{
    return op == OP_CRC32 || op == OP_MOVNTI || (op >= OP_CLFLUSH && op <= OP_MFENCE);
}

/* The table has no hole. */
static void test_table(void)
{
    for (guint op = 0; op < OP_COUNT; op++) {
        guint extension = decode_op_info[op].extension;

        if ((extension >= EXT_X87 && extension <= EXT_SSE42 && !is_elsewhere(op)) ||
            op == OP_FXSAVE || op == OP_FXRSTOR) {
            g_assert_nonnull(rig_functions[op]);
        }
    }
    g_assert_cmphex(fpu_host_extensions() & (1 << EXT_SSE2 | 1 << EXT_X87), ==,
                    1 << EXT_SSE2 | 1 << EXT_X87);
    g_assert_cmphex(fpu_host_extensions() & ~(guint)(2 * (1 << EXT_SSE42) - 1), ==, 0);
}

/* ---- SSE exceptions ---- */

static void test_rounding(void)
{
    static const guint64 expected[4] = {2, 2, 3, 2};
    Rig *rig = rig_new();

    for (guint rc = 0; rc < 4; rc++) {
        rig_set_mxcsr(rig, MXCSR_RESET | rc << 13);
        rig_set_xmm(rig, 1, rig_bits(2.5), 0);
        rig_run_all(rig, "f20f2dc1"); /* cvtsd2si eax, xmm1 */
        g_assert_cmpuint(rig->cpu.gpr[CPU_RAX], ==, expected[rc]);
        g_assert_cmphex(rig_mxcsr(rig), ==, MXCSR_RESET | rc << 13 | 0x20);
    }
    rig_free(rig);
}

static void test_unmasked(void)
{
    Rig *rig = rig_new();

    /* Division by zero: nothing is written, the flag is set. */
    rig_set_mxcsr(rig, MXCSR_RESET & ~0x200u);
    rig_set_xmm(rig, 1, ONE, 7);
    rig_set_xmm(rig, 2, 0, 0);
    g_assert_cmpuint(rig_run(rig, "f20f5eca"), ==, EXC_XM); /* divsd xmm1, xmm2 */
    g_assert_cmphex(rig_xmm(rig, 1, 0), ==, ONE);
    g_assert_cmphex(rig_mxcsr(rig), ==, (MXCSR_RESET & ~0x200u) | MXCSR_ZE);
    rig->cpu.cr4 &= ~(guint64)CR4_OSXMMEXCPT;
    g_assert_cmpuint(rig_run(rig, "f20f5eca"), ==, EXC_UD);
    rig->cpu.cr4 |= CR4_OSXMMEXCPT;

    /* One lane divides by zero, another is inexact: only the former is told. */
    rig_set_mxcsr(rig, MXCSR_RESET & ~0x200u);
    rig_set_xmm(rig, 1, 0x3f8000003f800000, 0x3f8000003f800000);
    rig_set_xmm(rig, 2, 0x4040000000000000, 0x3f8000003f800000);
    g_assert_cmpuint(rig_run(rig, "0f5eca"), ==, EXC_XM); /* divps xmm1, xmm2 */
    g_assert_cmphex(rig_mxcsr(rig) & MXCSR_FLAGS, ==, MXCSR_ZE);

    /* What is masked gives its result as ever, and its flag. */
    rig_set_xmm(rig, 2, 0x4040000040400000, 0x3f8000003f800000);
    rig_run_all(rig, "0f5eca");
    g_assert_cmphex(rig_mxcsr(rig) & MXCSR_FLAGS, ==, MXCSR_ZE | 0x20);
    g_assert_cmphex(rig_xmm(rig, 1, 0), ==, 0x3eaaaaab3eaaaaab);
    rig_free(rig);
}

/* A tiny exact result: no flag if masked, an exception if not, and then FTZ does not count. */
static void test_underflow(void)
{
    Rig *rig = rig_new();

    rig_set_xmm(rig, 2, 0x0010000000000000, 0); /* the smallest normal */
    rig_set_xmm(rig, 1, 0x3fe0000000000000, 0); /* one half */
    rig_run_all(rig, "f20f59ca");               /* mulsd xmm1, xmm2 */
    g_assert_cmphex(rig_xmm(rig, 1, 0), ==, 0x0008000000000000);
    g_assert_cmphex(rig_mxcsr(rig), ==, MXCSR_RESET);

    rig_set_mxcsr(rig, MXCSR_RESET | MXCSR_FTZ);
    rig_set_xmm(rig, 1, 0x3fe0000000000000, 0);
    rig_run_all(rig, "f20f59ca");
    g_assert_cmphex(rig_xmm(rig, 1, 0), ==, 0);

    rig_set_mxcsr(rig, (MXCSR_RESET | MXCSR_FTZ) & ~0x800u);
    rig_set_xmm(rig, 1, 0x3fe0000000000000, 0);
    g_assert_cmpuint(rig_run(rig, "f20f59ca"), ==, EXC_XM);
    g_assert_cmphex(rig_xmm(rig, 1, 0), ==, 0x3fe0000000000000);
    g_assert_cmphex(rig_mxcsr(rig) & MXCSR_FLAGS, ==, MXCSR_UE);
    rig_free(rig);
}

/* ---- who may ---- */

static void test_allowed(void)
{
    static const struct {
        guint64 cr0, cr4;
        guint sse, mmx, x87, fwait, fxsave;
    } rows[] = {
        {CR0_MP, CR4_OSFXSR, NO_EXCEPTION, NO_EXCEPTION, NO_EXCEPTION, NO_EXCEPTION, NO_EXCEPTION},
        {CR0_MP, 0, EXC_UD, NO_EXCEPTION, NO_EXCEPTION, NO_EXCEPTION, NO_EXCEPTION},
        {CR0_MP | CR0_TS, CR4_OSFXSR, EXC_NM, EXC_NM, EXC_NM, EXC_NM, EXC_NM},
        {CR0_TS, CR4_OSFXSR, EXC_NM, EXC_NM, EXC_NM, NO_EXCEPTION, EXC_NM},
        {CR0_EM, CR4_OSFXSR, EXC_UD, EXC_UD, EXC_NM, NO_EXCEPTION, EXC_NM},
        {CR0_EM | CR0_TS | CR0_MP, CR4_OSFXSR, EXC_UD, EXC_UD, EXC_NM, EXC_NM, EXC_NM},
    };
    Rig *rig = rig_new();

    rig_run_all(rig, "dbe3");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        fpu_leave(&rig->cpu);
        rig->cpu.cr0 = rows[i].cr0 | CR0_PE | CR0_NE;
        rig->cpu.cr4 = rows[i].cr4;
        g_assert_cmpuint(rig_run(rig, "0f57c0"), ==, rows[i].sse); /* xorps */
        g_assert_cmpuint(rig_run(rig, "0fefc0"), ==, rows[i].mmx); /* pxor mm */
        fpu_leave(&rig->cpu);
        g_assert_cmpuint(rig_run(rig, "d9ee"), ==, rows[i].x87); /* fldz */
        g_assert_cmpuint(rig_run(rig, "9b"), ==, rows[i].fwait);
        g_assert_cmpuint(rig_run(rig, "0fae03"), ==, rows[i].fxsave);
    }
    rig_free(rig);
}

static void test_alignment(void)
{
    static const struct {
        const char *hex;
        guint vector;
    } rows[] = {
        {"0f280b", EXC_GP},             /* movaps */
        {"0f590b", EXC_GP},             /* mulps */
        {"660fe70b", EXC_GP},           /* movntdq */
        {"0f100b", NO_EXCEPTION},       /* movups */
        {"f20f580b", NO_EXCEPTION},     /* addsd */
        {"660f3a630b0c", NO_EXCEPTION}, /* pcmpistri */
        {"0fae03", EXC_GP},             /* fxsave */
        {"0fae0b", EXC_GP},             /* fxrstor */
    };
    Rig *rig = rig_new();

    rig->cpu.gpr[CPU_RBX] = MEMORY + 8;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpuint(rig_run(rig, rows[i].hex), ==, rows[i].vector);
    }
    rig_free(rig);
}

/* Only bytes that are stored can fault. */
static void test_maskmov(void)
{
    Rig *rig = rig_new();

    rig->cpu.gpr[CPU_RDI] = MEMORY;
    rig->fault = MEMORY + 5;
    rig_set_memory(rig, ~0ull, ~0ull);
    rig_set_xmm(rig, 1, A, B);
    rig_set_xmm(rig, 2, 0x0000008000008000, 0);
    rig_run_all(rig, "660ff7ca"); /* maskmovdqu xmm1, xmm2 */
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, 0xffffff04ffff01ff);
    rig_set_xmm(rig, 2, 0x0000800000000080, 0);
    g_assert_cmpuint(rig_run(rig, "660ff7ca"), ==, EXC_PF);
    g_assert_cmphex(rig_memory(rig, 0, 8), ==, 0xffffff04ffff01ff);
    rig_set_xmm(rig, 2, 0, 0x80);
    rig->fault = 0;
    rig_set_xmm(rig, 2, 0, 0);
    rig_run_all(rig, "660ff7ca");
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-fpu/table", test_table);
    g_test_add_func("/tcg-fpu/known", test_known);
    g_test_add_func("/tcg-fpu/rounding", test_rounding);
    g_test_add_func("/tcg-fpu/unmasked", test_unmasked);
    g_test_add_func("/tcg-fpu/underflow", test_underflow);
    g_test_add_func("/tcg-fpu/allowed", test_allowed);
    g_test_add_func("/tcg-fpu/alignment", test_alignment);
    g_test_add_func("/tcg-fpu/maskmov", test_maskmov);
    return g_test_run();
}
