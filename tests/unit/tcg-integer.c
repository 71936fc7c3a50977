/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcg/ops-integer*.c and tcg/operand.c by themselves, but for strings. Flags are compared with the
 * host's for all pairs of bytes; the rest are known answers and what a fault leaves behind.
 */
#include "tests/unit/integer-rig.h"

/* ---- flags, against the host ---- */

typedef struct Host {
    guint64 a, flags;
} Host;

/* Below the red zone. */
#define HOST_BINARY(name, insn)                                               \
    static Host name(guint64 a, guint64 b, guint64 flags)                     \
    {                                                                         \
        __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %1\n\tpopf\n\t" insn \
                         "\n\tpushf\n\tpop %1\n\tlea 128(%%rsp), %%rsp"       \
                         : "+a"(a), "+r"(flags)                               \
                         : "c"(b)                                             \
                         : "cc", "memory");                                   \
        return (Host){a, flags & FLAG_ARITH};                                 \
    }
HOST_BINARY(host_add, "add %%cl, %%al")
HOST_BINARY(host_or, "or %%cl, %%al")
HOST_BINARY(host_adc, "adc %%cl, %%al")
HOST_BINARY(host_sbb, "sbb %%cl, %%al")
HOST_BINARY(host_and, "and %%cl, %%al")
HOST_BINARY(host_sub, "sub %%cl, %%al")
HOST_BINARY(host_xor, "xor %%cl, %%al")
HOST_BINARY(host_cmp, "cmp %%cl, %%al")
HOST_BINARY(host_test, "test %%cl, %%al")
HOST_BINARY(host_inc, "inc %%al")
HOST_BINARY(host_dec, "dec %%al")
HOST_BINARY(host_neg, "neg %%al")
HOST_BINARY(host_mul, "mul %%cl")
HOST_BINARY(host_imul, "imul %%cl")
HOST_BINARY(host_rol, "rol %%cl, %%al")
HOST_BINARY(host_ror, "ror %%cl, %%al")
HOST_BINARY(host_rcl, "rcl %%cl, %%al")
HOST_BINARY(host_rcr, "rcr %%cl, %%al")
HOST_BINARY(host_shl, "shl %%cl, %%al")
HOST_BINARY(host_shr, "shr %%cl, %%al")
HOST_BINARY(host_sar, "sar %%cl, %%al")
HOST_BINARY(host_add64, "add %%rcx, %%rax")
HOST_BINARY(host_sbb64, "sbb %%rcx, %%rax")
HOST_BINARY(host_adc32, "adc %%ecx, %%eax")
HOST_BINARY(host_sub16, "sub %%cx, %%ax")
HOST_BINARY(host_rcl64, "rcl %%cl, %%rax")
HOST_BINARY(host_rcr32, "rcr %%cl, %%eax")
HOST_BINARY(host_shl64, "shl %%cl, %%rax")
HOST_BINARY(host_sar16, "sar %%cl, %%ax")
HOST_BINARY(host_imul64, "imul %%rcx, %%rax")
HOST_BINARY(host_bt64, "bt %%rcx, %%rax")
HOST_BINARY(host_xadd32, "xadd %%ecx, %%eax")

typedef struct HostCase {
    Host (*host)(guint64 a, guint64 b, guint64 flags);
    const char *hex;
} HostCase;

static const HostCase byte_cases[] = {
    {host_add, "00 c8"},  {host_or, "08 c8"},   {host_adc, "10 c8"}, {host_sbb, "18 c8"},
    {host_and, "20 c8"},  {host_sub, "28 c8"},  {host_xor, "30 c8"}, {host_cmp, "38 c8"},
    {host_test, "84 c8"}, {host_inc, "fe c0"},  {host_dec, "fe c8"}, {host_neg, "f6 d8"},
    {host_mul, "f6 e1"},  {host_imul, "f6 e9"}, {host_rol, "d2 c0"}, {host_ror, "d2 c8"},
    {host_rcl, "d2 d0"},  {host_rcr, "d2 d8"},  {host_shl, "d2 e0"}, {host_shr, "d2 e8"},
    {host_sar, "d2 f8"},
};

static const HostCase wide_cases[] = {
    {host_add64, "48 01 c8"},   {host_sbb64, "48 19 c8"},  {host_adc32, "11 c8"},
    {host_sub16, "66 29 c8"},   {host_rcl64, "48 d3 d0"},  {host_rcr32, "d3 d8"},
    {host_shl64, "48 d3 e0"},   {host_sar16, "66 d3 f8"},  {host_imul64, "48 0f af c1"},
    {host_bt64, "48 0f a3 c8"}, {host_xadd32, "0f c1 c8"},
};

/* Flags that mean nothing after this operation with this count. */
static guint64 undefined_flags(const Insn *insn, guint64 count)
{
    guint64 undefined = decode_op_info[insn->op].flags_undefined;
    gboolean shifts = insn->op >= OP_ROL && insn->op <= OP_SAR;
    guint bits = 8 * operand_size(insn, 0);

    if (!shifts) {
        return undefined;
    }
    count &= bits == 64 ? 63 : 31;
    if (count == 0 || count == 1) {
        undefined &= ~(guint64)FLAG_OF;
    }
    if (count == 0) {
        undefined = 0;
    }
    /* SHL and SHR by the size or more leave CF undefined. */
    return undefined | (insn->op >= OP_SHL && count >= bits ? FLAG_CF : 0);
}

static void compare_with_host(Rig *rig, const HostCase *c, guint64 a, guint64 b, guint64 flags)
{
    Host host = c->host(a, b, flags | 2);
    guint64 defined, got;

    rig->cpu.gpr[CPU_RAX] = a;
    rig->cpu.gpr[CPU_RCX] = b;
    flags_set(&rig->cpu.flags, flags);
    g_assert_cmpint(execute(rig, c->hex), ==, NO_FAULT);
    defined = FLAG_ARITH & ~undefined_flags(&rig->insn, b);
    got = flags_get(&rig->cpu.flags);
    if (rig->cpu.gpr[CPU_RAX] != host.a || (got & defined) != (host.flags & defined)) {
        g_test_message("%s", c->hex);
        g_assert_cmphex(rig->cpu.gpr[CPU_RAX], ==, host.a);
        g_assert_cmphex(got & defined, ==, host.flags & defined);
    }
}

static void test_bytes_like_host(void)
{
    g_autofree Rig *rig = rig_new(64);

    for (guint i = 0; i < G_N_ELEMENTS(byte_cases); i++) {
        for (guint pair = 0; pair < 0x10000; pair++) {
            guint64 flags = pair * 0x9e3779b1u >> 16 & FLAG_ARITH;
            compare_with_host(rig, &byte_cases[i], 0x1234567800005600 | (pair & 0xff), pair >> 8,
                              flags);
        }
    }
}

static guint64 random64(GRand *rand)
{
    guint64 value = (guint64)g_rand_int(rand) << 32 | g_rand_int(rand);

    /* Edges more often than chance has it. */
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0: return (guint64)1 << (value & 63);
    case 1: return ((guint64)1 << (value & 63)) - 1;
    case 2: return value & 0xff;
    default: return value;
    }
}

static void test_wide_like_host(void)
{
    g_autofree Rig *rig = rig_new(64);
    GRand *rand = g_rand_new_with_seed(1);

    for (guint i = 0; i < G_N_ELEMENTS(wide_cases); i++) {
        for (guint n = 0; n < 20000; n++) {
            compare_with_host(rig, &wide_cases[i], random64(rand), random64(rand),
                              g_rand_int(rand) & FLAG_ARITH);
        }
    }
    g_rand_free(rand);
}

/* Each of the 64 combinations can be set, and read by each condition. */
static void test_flags_by_themselves(void)
{
    for (guint bits = 0; bits < 0x1000; bits++) {
        guint64 want = bits & FLAG_ARITH;
        TcgFlags flags;

        flags_set(&flags, want);
        g_assert_cmpuint(flags_get(&flags), ==, want);
        flags_change(&flags, FLAG_CF | FLAG_AF, ~want);
        g_assert_cmpuint(flags_get(&flags), ==, want ^ FLAG_CF ^ FLAG_AF);
        flags_set_cf(&flags, !flags_cf(&flags));
        g_assert_cmpuint(flags_get(&flags), ==, want ^ FLAG_AF);
        flags_set_cf_of(&flags, TRUE, FALSE);
        g_assert_cmpuint(flags_get(&flags), ==, ((want ^ FLAG_AF) | FLAG_CF) & ~(guint64)FLAG_OF);
    }
}

/* ---- known answers ---- */

typedef struct Known {
    guint bits;
    const char *hex;
    guint64 ax, cx, dx, flags; /* before */
    guint64 ax2, dx2;          /* after */
    guint64 flags2, mask;      /* of these flags */
} Known;

#define CF FLAG_CF
#define AF FLAG_AF
#define ZF FLAG_ZF

static const Known known[] = {
    /* SDM vol. 2, DAA and DAS: examples, and the carry that only DAS keeps. */
    {32, "27", 0xae, 0, 0, 0, 0x14, 0, CF | AF, CF | AF},
    {32, "27", 0x2e, 0, 0, 0, 0x34, 0, AF, CF | AF},
    {32, "2f", 0xee, 0, 0, 0, 0x88, 0, CF | AF, CF | AF},
    {32, "2f", 0x05, 0, 0, AF, 0xff, 0, CF | AF, CF | AF},
    {32, "37", 0x0f, 0, 0, 0, 0x105, 0, CF | AF, CF | AF},
    {32, "37", 0xfa, 0, 0, 0, 0x200, 0, CF | AF, CF | AF},
    {32, "3f", 0x0200, 0, 0, AF, 0x000a, 0, CF | AF, CF | AF},
    {32, "d4 0a", 0x3f, 0, 0, 0, 0x603, 0, 0, ZF},
    {32, "d5 0a", 0x0603, 0, 0, 0, 0x3f, 0, 0, ZF},
    {32, "d6", 0x1234, 0, 0, CF, 0x12ff, 0, CF, CF},
    /* Widening, and the upper halves of 32-bit results. */
    {64, "98", 0xffffffff00008000, 0, 0, 0, 0xffff8000, 0, 0, 0},
    {64, "48 98", 0x80000000, 0, 0, 0, 0xffffffff80000000, 0, 0, 0},
    {64, "66 98", 0x1180, 0, 0, 0, 0xff80, 0, 0, 0},
    {64, "99", 0x80000000, 0, G_MAXUINT64, 0, 0x80000000, 0xffffffff, 0, 0},
    {64, "0f 44 c1", 0xffffffffffffffff, 5, 0, 0, 0xffffffff, 0, 0, ZF},
    {64, "0f 44 c1", 0xffffffffffffffff, 5, 0, ZF, 5, 0, ZF, ZF},
    {64, "c1 e0 20", 0xffffffffffffffff, 0, 0, CF, 0xffffffff, 0, CF, FLAG_ARITH},
    {64, "0f bc c1", G_MAXUINT64, 0, 0, 0, G_MAXUINT64, 0, ZF, ZF},
    {64, "0f bd c1", G_MAXUINT64, 0x80, 0, ZF, 7, 0, 0, ZF},
    {64, "66 0f c8", 0x12345678, 0, 0, 0, 0x12340000, 0, 0, 0},
    {64, "48 0f c8", 0x0102030405060708, 0, 0, 0, 0x0807060504030201, 0, 0, 0},
    {64, "f3 0f b8 c1", 0, 0xf0f0, 0, FLAG_ARITH, 8, 0, 0, FLAG_ARITH},
    /* CRC-32C of the one byte "a" is C1D04330h, inverted as the instruction leaves it. */
    {64, "f2 0f 38 f0 c1", 0xffffffff, 'a', 0, 0, 0x3e2fbccf, 0, 0, 0},
    /* Division: 64 by 32, quotients at the edge, the dividend's both halves. */
    {64, "f7 f1", 1, 2, 1, 0, 0x80000000, 1, 0, 0},
    {64, "48 f7 f1", 5, 3, 2, 0, 0xaaaaaaaaaaaaaaac, 1, 0, 0},
    {64, "f6 f9", 0xff80, 1, 0, 0, 0x0080, 0, 0, 0},
    {64, "48 f7 f9", (guint64)-7, 2, G_MAXUINT64, 0, (guint64)-3, G_MAXUINT64, 0, 0},
    {64, "48 f7 e1", G_MAXUINT64, G_MAXUINT64, 0, 0, 1, G_MAXUINT64 - 1, CF, CF},
    {64, "48 f7 e9", G_MAXUINT64, 5, 0, 0, (guint64)-5, G_MAXUINT64, 0, CF},
    /* Compare and exchange: RAX keeps its upper half if they are equal. */
    {64, "0f b1 ca", 0xaaaaaaaa00000001, 7, 1, 0, 0xaaaaaaaa00000001, 7, ZF, ZF},
    {64, "0f b1 ca", 0xaaaaaaaa00000002, 7, 1, ZF, 1, 1, 0, ZF},
    {64, "48 0f c1 c0", 21, 0, 0, 0, 42, 0, 0, ZF},
    {64, "9f", 0, 0, 0, FLAG_ARITH, 0xd700, 0, FLAG_ARITH, FLAG_ARITH},
    {64, "9e", 0xffff, 0, 0, 0, 0xffff, 0, FLAG_ARITH & ~FLAG_OF, FLAG_ARITH},
    {64, "86 e0", 0x1234, 0, 0, 0, 0x3412, 0, 0, 0},
};

static void test_known(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        const Known *k = &known[i];
        g_autofree Rig *rig = rig_new(k->bits);

        g_test_message("%s", k->hex);
        rig->cpu.gpr[CPU_RAX] = k->ax;
        rig->cpu.gpr[CPU_RCX] = k->cx;
        rig->cpu.gpr[CPU_RDX] = k->dx;
        flags_set(&rig->cpu.flags, k->flags);
        g_assert_cmpint(execute(rig, k->hex), ==, NO_FAULT);
        g_assert_cmphex(rig->cpu.gpr[CPU_RAX], ==, k->ax2);
        g_assert_cmphex(rig->cpu.gpr[CPU_RDX], ==, k->dx2);
        g_assert_cmphex(flags_get(&rig->cpu.flags) & k->mask, ==, k->flags2);
    }
}

static void test_divide_errors(void)
{
    g_autofree Rig *rig = rig_new(64);

    rig->cpu.gpr[CPU_RAX] = 0;
    rig->cpu.gpr[CPU_RDX] = (guint64)1 << 63;
    assert_fault(rig, "48 f7 f1", EXC_DE); /* by 0 */
    rig->cpu.gpr[CPU_RCX] = G_MAXUINT64;
    assert_fault(rig, "48 f7 f9", EXC_DE); /* most negative by -1 */
    rig->cpu.gpr[CPU_RCX] = rig->cpu.gpr[CPU_RDX];
    assert_fault(rig, "48 f7 f1", EXC_DE); /* quotient of 65 bits */
    rig->cpu.gpr[CPU_RAX] = 0xff7f;
    rig->cpu.gpr[CPU_RCX] = 1;
    assert_fault(rig, "f6 f9", EXC_DE); /* -129 in a byte */
}

static void test_cmpxchg16b(void)
{
    g_autofree Rig *rig = rig_new(64);
    guint64 *gpr = rig->cpu.gpr;

    gpr[CPU_RSI] = BASE;
    gpr[CPU_RBX] = 3, gpr[CPU_RCX] = 4;
    mmu_host_store(at(rig, BASE), 1, 8);
    mmu_host_store(at(rig, BASE + 8), 2, 8);
    g_assert_cmpint(execute(rig, "48 0f c7 0e"), ==, NO_FAULT);
    g_assert_false(flags_zf(&rig->cpu.flags));
    g_assert_cmphex(gpr[CPU_RAX], ==, 1);
    g_assert_cmphex(gpr[CPU_RDX], ==, 2);
    g_assert_cmpint(execute(rig, "48 0f c7 0e"), ==, NO_FAULT);
    g_assert_true(flags_zf(&rig->cpu.flags));
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 8), 8), ==, 4);
}

/* ---- bits of memory ---- */

static void test_bit_offsets(void)
{
    g_autofree Rig *rig = rig_new(64);

    rig->cpu.gpr[CPU_RBX] = BASE + 0x800;
    rig->cpu.gpr[CPU_RCX] = (guint64)-1; /* the bit below */
    g_assert_cmpint(execute(rig, "48 0f ab 0b"), ==, NO_FAULT);
    g_assert_cmphex(*at(rig, BASE + 0x7ff), ==, 0x80);
    g_assert_false(flags_cf(&rig->cpu.flags));
    rig->cpu.gpr[CPU_RCX] = 8 * 0x400 + 3;
    g_assert_cmpint(execute(rig, "0f bb 0b"), ==, NO_FAULT);
    g_assert_cmphex(*at(rig, BASE + 0xc00), ==, 8);
    /* 16 bits: the number is signed and of 16 bits too. */
    rig->cpu.gpr[CPU_RCX] = 0xfff0;
    *at(rig, BASE + 0x7fe) = 1;
    g_assert_cmpint(execute(rig, "66 0f b3 0b"), ==, NO_FAULT);
    g_assert_cmphex(*at(rig, BASE + 0x7fe), ==, 0);
    g_assert_true(flags_cf(&rig->cpu.flags));
    /* An immediate wraps within the operand. */
    g_assert_cmpint(execute(rig, "0f ba 2b 21"), ==, NO_FAULT);
    g_assert_cmphex(*at(rig, BASE + 0x800), ==, 2);
}

/* ---- the stack ---- */

static void test_stack(void)
{
    g_autofree Rig *rig = rig_new(64);
    guint64 *gpr = rig->cpu.gpr;

    gpr[CPU_RSP] = BASE + PAGE_SIZE;
    g_assert_cmpint(execute(rig, "54"), ==, NO_FAULT); /* PUSH RSP: as it was */
    g_assert_cmphex(mmu_host_load(at(rig, gpr[CPU_RSP]), 8), ==, BASE + PAGE_SIZE);
    /* POP [RSP + 8]: the address is made after the pop. */
    g_assert_cmpint(execute(rig, "8f 44 24 08"), ==, NO_FAULT);
    g_assert_cmphex(gpr[CPU_RSP], ==, BASE + PAGE_SIZE);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + PAGE_SIZE + 8), 8), ==, BASE + PAGE_SIZE);
    g_assert_cmpint(execute(rig, "6a ff"), ==, NO_FAULT);
    g_assert_cmpint(execute(rig, "5c"), ==, NO_FAULT); /* POP RSP */
    g_assert_cmphex(gpr[CPU_RSP], ==, G_MAXUINT64);
    /* ENTER 16, 0; LEAVE */
    gpr[CPU_RSP] = BASE + PAGE_SIZE;
    gpr[CPU_RBP] = 0x1122334455667788;
    g_assert_cmpint(execute(rig, "c8 10 00 00"), ==, NO_FAULT);
    g_assert_cmphex(gpr[CPU_RSP], ==, BASE + PAGE_SIZE - 24);
    g_assert_cmphex(gpr[CPU_RBP], ==, BASE + PAGE_SIZE - 8);
    g_assert_cmpint(execute(rig, "c9"), ==, NO_FAULT);
    g_assert_cmphex(gpr[CPU_RSP], ==, BASE + PAGE_SIZE);
    g_assert_cmphex(gpr[CPU_RBP], ==, 0x1122334455667788);
}

static void test_enter_nested(void)
{
    g_autofree Rig *rig = rig_new(32);
    guint64 *gpr = rig->cpu.gpr;

    gpr[CPU_RSP] = BASE + 0x800;
    gpr[CPU_RBP] = BASE + 0x900;
    mmu_host_store(at(rig, BASE + 0x8fc), 0x11111111, 4);
    mmu_host_store(at(rig, BASE + 0x8f8), 0x22222222, 4);
    g_assert_cmpint(execute(rig, "c8 08 00 03"), ==, NO_FAULT);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 0x7fc), 4), ==, BASE + 0x900);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 0x7f8), 4), ==, 0x11111111);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 0x7f4), 4), ==, 0x22222222);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 0x7f0), 4), ==, BASE + 0x7fc);
    g_assert_cmphex(gpr[CPU_RBP], ==, BASE + 0x7fc);
    g_assert_cmphex(gpr[CPU_RSP], ==, BASE + 0x7e8);
}

static void test_all_registers(void)
{
    g_autofree Rig *rig = rig_new(16);
    guint64 *gpr = rig->cpu.gpr;

    for (guint i = 0; i < 8; i++) {
        gpr[i] = 0x1110 + i;
    }
    gpr[CPU_RSP] = 0xabcd0008; /* SP wraps within 64 KiB, and ESP's upper half stays */
    rig->pages[0] = PAGE_PLAIN;
    rig->cpu.base[CPU_SS] = BASE + 0x100;
    rig->cpu.segment[CPU_SS].limit = 0x1fff;
    assert_fault(rig, "60", EXC_SS);
    gpr[CPU_RSP] = 0xabcd0800;
    g_assert_cmpint(execute(rig, "60"), ==, NO_FAULT);
    g_assert_cmphex(gpr[CPU_RSP], ==, 0xabcd07f0);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 0x100 + 0x7f6), 2), ==, 0x0800);
    memset(gpr, 0, 4 * sizeof(*gpr));
    g_assert_cmpint(execute(rig, "61"), ==, NO_FAULT);
    g_assert_cmphex(gpr[CPU_RSP], ==, 0xabcd0800);
    g_assert_cmphex(gpr[CPU_RBX], ==, 0x1113);
}

/* ---- what a fault leaves ---- */

static void test_restart(void)
{
    g_autofree Rig *rig = rig_new(64);
    guint64 *gpr = rig->cpu.gpr;

    rig->pages[1] = PAGE_READONLY;
    rig->pages[2] = PAGE_ABSENT;
    gpr[CPU_RSP] = BASE + 3 * PAGE_SIZE;
    gpr[CPU_RBX] = BASE + PAGE_SIZE; /* read only */
    gpr[CPU_RBP] = 5;
    assert_fault(rig, "50", EXC_PF);
    g_assert_cmphex(rig->cpu.cr2, ==, BASE + 3 * PAGE_SIZE - 8);
    g_assert_cmphex(rig->cpu.event.error, ==, 2);
    assert_fault(rig, "c8 10 00 00", EXC_PF);
    assert_fault(rig, "e8 00 00 00 00", EXC_PF);
    g_assert_cmphex(rig->cpu.rip, ==, RIP);
    gpr[CPU_RSP] = BASE + 0x100;
    assert_fault(rig, "8f 03", EXC_PF);
    assert_fault(rig, "c8 00 10 00", EXC_PF); /* the new top is not there */
    assert_fault(rig, "48 0f c1 03", EXC_PF);
    assert_fault(rig, "48 87 03", EXC_PF);
    gpr[CPU_RAX] = 1; /* not equal: still a write */
    assert_fault(rig, "48 0f b1 0b", EXC_PF);
    g_assert_cmphex(rig->cpu.event.error, ==, 2);
    assert_fault(rig, "48 0f c7 0b", EXC_PF);
    assert_fault(rig, "ff 03", EXC_PF);
    assert_fault(rig, "48 d3 23", EXC_PF); /* even if the count is 0 */
    gpr[CPU_RBX] = BASE + 3 * PAGE_SIZE - 2;
    assert_fault(rig, "0f 44 03", EXC_PF); /* CMOV reads, whatever ZF is */
    /* An operand that begins in a good page. */
    gpr[CPU_RBX] = BASE + 2 * PAGE_SIZE - 4;
    assert_fault(rig, "48 8b 03", EXC_PF);
    g_assert_cmphex(rig->cpu.cr2, ==, BASE + 2 * PAGE_SIZE);
    gpr[CPU_RBX] = BASE + 8;
    assert_fault(rig, "48 0f c7 0b", EXC_GP); /* CMPXCHG16B must be aligned */
}

static void test_branches(void)
{
    g_autofree Rig *rig = rig_new(64);
    guint64 *gpr = rig->cpu.gpr;

    gpr[CPU_RSP] = BASE + 0x100;
    gpr[CPU_RAX] = (guint64)1 << 47;
    assert_fault(rig, "ff e0", EXC_GP);
    assert_fault(rig, "ff d0", EXC_GP);
    mmu_host_store(at(rig, BASE + 0x100), gpr[CPU_RAX], 8);
    assert_fault(rig, "c3", EXC_GP);
    g_assert_cmpint(execute(rig, "e8 fb ff ff ff"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, RIP);
    g_assert_cmpint(execute(rig, "c2 08 00"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, RIP + 5);
    g_assert_cmphex(gpr[CPU_RSP], ==, BASE + 0x108);
    gpr[CPU_RCX] = 0xffffffff00000001; /* by ECX: done, and cleared above */
    g_assert_cmpint(execute(rig, "67 e2 10"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, RIP + 3);
    g_assert_cmphex(gpr[CPU_RCX], ==, 0);
    g_assert_cmpint(execute(rig, "e3 10"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, RIP + 0x12);
}

static void test_branch_limit(void)
{
    g_autofree Rig *rig = rig_new(16);

    rig->cpu.segment[CPU_CS].limit = RIP + 0x10;
    rig->cpu.gpr[CPU_RCX] = 2;
    assert_fault(rig, "e2 10", EXC_GP); /* CX is not counted down either */
    g_assert_cmpint(execute(rig, "e2 0e"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, RIP + 0x10);
    /* IP wraps at 64 KiB. */
    g_assert_cmpint(execute(rig, "e9 00 90"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, 3);
}

/* ---- segments ---- */

static void test_segments(void)
{
    g_autofree Rig *rig = rig_new(32);
    guint64 *gpr = rig->cpu.gpr;
    CpuSegment *ds = &rig->cpu.segment[CPU_DS];

    rig->cpu.mode &= ~(guint32)MODE_FLAT_DATA;
    rig->cpu.base[CPU_DS] = BASE;
    ds->limit = 0x7ff;
    gpr[CPU_RBX] = 0x7fc;
    g_assert_cmpint(execute(rig, "8b 03"), ==, NO_FAULT);
    gpr[CPU_RBX] = 0x7fd;
    assert_fault(rig, "8b 03", EXC_GP);
    gpr[CPU_RBX] = 0xffffffff;
    assert_fault(rig, "8b 03", EXC_GP);
    /* Expand-down: what is above the limit. */
    ds->type = 7;
    gpr[CPU_RBX] = 0x7ff;
    assert_fault(rig, "8a 03", EXC_GP);
    gpr[CPU_RBX] = 0x800;
    g_assert_cmpint(execute(rig, "8b 03"), ==, NO_FAULT);
    ds->db = 0;
    gpr[CPU_RBX] = 0x10000;
    assert_fault(rig, "8a 03", EXC_GP);
    /* Rights. */
    *ds = (CpuSegment){.type = 1, .limit = 0xffffffff};
    gpr[CPU_RBX] = 0x10;
    g_assert_cmpint(execute(rig, "8b 03"), ==, NO_FAULT);
    assert_fault(rig, "89 03", EXC_GP);
    ds->type = 9; /* execute only */
    assert_fault(rig, "8b 03", EXC_GP);
    ds->type = 3;
    ds->unusable = 1;
    assert_fault(rig, "8b 03", EXC_GP);
    assert_fault(rig, "2e 89 03", EXC_GP); /* code is never written */
    rig->cpu.segment[CPU_SS].limit = 0xf;
    gpr[CPU_RBP] = 0xd;
    assert_fault(rig, "8b 45 00", EXC_SS);
}

static void test_canonical(void)
{
    g_autofree Rig *rig = rig_new(64);

    rig->cpu.gpr[CPU_RBX] = rig->cpu.gpr[CPU_RBP] = rig->cpu.gpr[CPU_RSP] = 0x7ffffffffffd;
    assert_fault(rig, "8b 03", EXC_GP);
    assert_fault(rig, "8b 45 00", EXC_SS);
    assert_fault(rig, "58", EXC_SS);
}

static void test_alignment(void)
{
    g_autofree Rig *rig = rig_new(64);

    rig->cpu.gpr[CPU_RBX] = BASE + 2;
    rig->cpu.cr0 |= CR0_AM;
    rig->cpu.rflags |= FLAG_AC;
    g_assert_cmpint(execute(rig, "8b 03"), ==, NO_FAULT); /* CPL 0 */
    rig->cpu.cpl = 3;
    assert_fault(rig, "8b 03", EXC_AC);
    g_assert_cmpint(execute(rig, "66 8b 03"), ==, NO_FAULT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-integer/flags", test_flags_by_themselves);
    g_test_add_func("/tcg-integer/bytes-like-host", test_bytes_like_host);
    g_test_add_func("/tcg-integer/wide-like-host", test_wide_like_host);
    g_test_add_func("/tcg-integer/known", test_known);
    g_test_add_func("/tcg-integer/divide-errors", test_divide_errors);
    g_test_add_func("/tcg-integer/cmpxchg16b", test_cmpxchg16b);
    g_test_add_func("/tcg-integer/bit-offsets", test_bit_offsets);
    g_test_add_func("/tcg-integer/stack", test_stack);
    g_test_add_func("/tcg-integer/enter-nested", test_enter_nested);
    g_test_add_func("/tcg-integer/all-registers", test_all_registers);
    g_test_add_func("/tcg-integer/restart", test_restart);
    g_test_add_func("/tcg-integer/branches", test_branches);
    g_test_add_func("/tcg-integer/branch-limit", test_branch_limit);
    g_test_add_func("/tcg-integer/segments", test_segments);
    g_test_add_func("/tcg-integer/canonical", test_canonical);
    g_test_add_func("/tcg-integer/alignment", test_alignment);
    return g_test_run();
}
