/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcg/decode by itself: what a comparison with another decoder does not show - where bytes end,
 * the modes' rules, what the processor lacks, and what the record says. tcg-decode-zydis compares.
 */
#include <string.h>

#include "cpu/registers.h"
#include "tcg/decode.h"

static DecodeMode mode(unsigned bits)
{
    return (DecodeMode){.bits = bits, .protect = TRUE, .extensions = (1u << EXT_COUNT) - 1};
}

/* `hex` is "0f a2"; decodes it as it is, with nothing after it. */
static DecodeStatus decode_in(const DecodeMode *m, const char *hex, Insn *insn)
{
    guint8 bytes[32];
    gsize count = 0;

    for (; *hex; hex += hex[2] ? 3 : 2) {
        bytes[count++] = g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]);
    }
    return decode_insn(m, bytes, count, insn);
}

static DecodeStatus decode(unsigned bits, const char *hex, Insn *insn)
{
    DecodeMode m = mode(bits);
    return decode_in(&m, hex, insn);
}

static void test_end_of_bytes(void)
{
    static const guint8 bytes[] = {0x66, 0xf0, 0x48, 0x81, 0x84, 0x88, 1, 2, 3, 4, 5, 6, 7, 8};
    DecodeMode m = mode(64);
    Insn insn;

    for (gsize n = 0; n < sizeof(bytes); n++) {
        g_assert_cmpint(decode_insn(&m, bytes, n, &insn), ==, DECODE_MORE);
    }
    g_assert_cmpint(decode_insn(&m, bytes, sizeof(bytes), &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.length, ==, sizeof(bytes));
    /* What is undefined whatever follows does not ask for what follows. */
    g_assert_cmpint(decode(64, "06", &insn), ==, DECODE_UNDEFINED);
    g_assert_cmpint(decode(64, "0f 0b", &insn), ==, DECODE_OK);
    g_assert_cmpint(decode(64, "c5 f8", &insn), ==, DECODE_UNDEFINED);
}

static void test_too_long(void)
{
    Insn insn;

    g_assert_cmpint(decode(32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", &insn), ==,
                    DECODE_OK);
    g_assert_cmpuint(insn.length, ==, 15);
    g_assert_cmpint(decode(32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", &insn), ==,
                    DECODE_TOO_LONG);
    /* The 15 bytes that are there are prefixes: no page is fetched for a 16th. */
    g_assert_cmpint(decode(32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66", &insn), ==,
                    DECODE_TOO_LONG);
    g_assert_cmpint(decode(32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66", &insn), ==,
                    DECODE_MORE);
    /* An immediate across the limit. */
    g_assert_cmpint(decode(32, "26 26 26 26 26 26 26 26 26 26 26 b8 01 02 03 04", &insn), ==,
                    DECODE_TOO_LONG);
}

static void test_modes(void)
{
    static const struct {
        const char *hex;
        Op op[3]; /* in 16, 32, 64 bits; OP_COUNT: #UD */
        guint8 length[3];
    } cases[] = {
        {"c4 44 24 01 00 00", {OP_LES, OP_LES, OP_COUNT}, {3, 4, 0}},
        {"c5 44 24 01 00 00", {OP_LDS, OP_LDS, OP_COUNT}, {3, 4, 0}},
        {"c5 f8 58 c0 00 00", {OP_COUNT, OP_COUNT, OP_COUNT}, {0}},
        {"62 44 24 01 00 00", {OP_BOUND, OP_BOUND, OP_COUNT}, {3, 4, 0}},
        {"62 f1 7c 48 58 c0", {OP_COUNT, OP_COUNT, OP_COUNT}, {0}},
        {"8f e8 78 c0 c0 01", {OP_COUNT, OP_COUNT, OP_COUNT}, {0}},
        {"40 90 00 00 00 00", {OP_INC, OP_INC, OP_NOP}, {1, 1, 2}},
        {"63 c8 00 00 00 00", {OP_ARPL, OP_ARPL, OP_MOVSXD}, {2, 2, 2}},
        {"9a 01 02 03 04 05 06", {OP_CALL_FAR, OP_CALL_FAR, OP_COUNT}, {5, 7, 0}},
        {"0f 01 f8", {OP_COUNT, OP_COUNT, OP_SWAPGS}, {0, 0, 3}},
        {"b8 01 02 03 04", {OP_MOV, OP_MOV, OP_MOV}, {3, 5, 5}},
        {"e3 fe", {OP_JCXZ, OP_JECXZ, OP_JRCXZ}, {2, 2, 2}},
        {"d5 0a", {OP_AAD, OP_AAD, OP_COUNT}, {2, 2, 0}},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned m = 0; m < 3; m++) {
            Insn insn;
            DecodeStatus status = decode(16u << m, cases[i].hex, &insn);

            g_test_message("%s in %u bits", cases[i].hex, 16u << m);
            if (cases[i].op[m] == OP_COUNT) {
                g_assert_cmpint(status, ==, DECODE_UNDEFINED);
            } else {
                g_assert_cmpint(status, ==, DECODE_OK);
                g_assert_cmpstr(decode_op_info[insn.op].name, ==,
                                decode_op_info[cases[i].op[m]].name);
                g_assert_cmpuint(insn.length, ==, cases[i].length[m]);
            }
        }
    }
}

static void test_real_mode(void)
{
    static const char *const protected[] = {"0f 00 c0", "0f 00 d8", "0f 02 c0", "0f 03 c0",
                                            "63 c0"};
    DecodeMode real = {.bits = 16, .extensions = ~0u};
    Insn insn;

    for (unsigned i = 0; i < G_N_ELEMENTS(protected); i++) {
        g_assert_cmpint(decode(16, protected[i], &insn), ==, DECODE_OK);
        g_assert_cmpint(decode_in(&real, protected[i], &insn), ==, DECODE_UNDEFINED);
    }
    g_assert_cmpint(decode_in(&real, "0f 01 16 00 10", &insn), ==, DECODE_OK); /* LGDT */
    g_assert_cmpint(decode_in(&real, "0f 22 c0", &insn), ==, DECODE_OK);
}

static void test_lock(void)
{
    static const char *const right[] = {"f0 01 00",       "f0 0f b1 08", "f0 0f c7 08", "f0 87 00",
                                        "f0 0f ba 28 01", "f0 ff 00",    "f0 f6 18"};
    static const char *const wrong[] = {"f0 01 c0",    "f0 03 00", "f0 89 00",
                                        "f0 39 00",    "f0 90",    "f0 0f a3 00",
                                        "f0 0f b1 c8", "f0 0f a2", "f0 a4"};
    Insn insn;

    for (unsigned i = 0; i < G_N_ELEMENTS(right); i++) {
        g_assert_cmpint(decode(32, right[i], &insn), ==, DECODE_OK);
        g_assert_true(insn.prefixes & PREFIX_LOCK && insn.flags & INSN_WRITES);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_cmpint(decode(32, wrong[i], &insn), ==, DECODE_UNDEFINED);
    }
}

/* What CPUID hides is #UD, or what it was before it existed. */
static void test_extensions(void)
{
    static const struct {
        const char *hex;
        OpExtension extension;
    } cases[] = {
        {"d9 e8", EXT_X87},
        {"0f fc c1", EXT_MMX},
        {"0f 58 c1", EXT_SSE},
        {"66 0f fc c1", EXT_SSE2},
        {"66 0f e0 c1", EXT_SSE2},
        {"0f d4 c1", EXT_SSE2},
        {"f2 0f 7c c1", EXT_SSE3},
        {"0f 38 00 c1", EXT_SSSE3},
        {"66 0f 38 17 c1", EXT_SSE41},
        {"f2 0f 38 f0 c1", EXT_SSE42},
        {"f3 0f b8 c1", EXT_POPCNT},
        {"48 0f c7 08", EXT_CX16},
        {"0f 01 f9", EXT_RDTSCP},
        {"0f 38 f0 08", EXT_MOVBE},
        {"0f 01 ca", EXT_SMAP},
        {"66 0f 3a 15 00 01", EXT_SSE41},
    };
    DecodeMode m = mode(64);
    Insn insn;

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        m.extensions = 1u << cases[i].extension;
        g_assert_cmpint(decode_in(&m, cases[i].hex, &insn), ==, DECODE_OK);
        m.extensions = ~m.extensions;
        g_assert_cmpint(decode_in(&m, cases[i].hex, &insn), ==, DECODE_UNDEFINED);
    }
    m.extensions = 0;
    g_assert_cmpint(decode_in(&m, "f3 0f bc c1", &insn), ==, DECODE_OK); /* TZCNT elsewhere */
    g_assert_cmpint(insn.op, ==, OP_BSF);
    g_assert_cmpint(decode_in(&m, "f3 0f 1e fa", &insn), ==, DECODE_OK); /* ENDBR64 */
    g_assert_cmpint(insn.op, ==, OP_NOP);
    g_assert_cmpint(decode_in(&m, "0f ae 00", &insn), ==, DECODE_OK); /* FXSAVE */
}

static void test_near_branches(void)
{
    DecodeMode m = mode(64);
    Insn insn;

    g_assert_cmpint(decode_in(&m, "66 e8 01 02 03 84", &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.length, ==, 6);
    g_assert_cmpuint(insn.operand_size, ==, 8);
    g_assert_cmphex(insn.imm, ==, 0xffffffff84030201);
    m.amd_near = TRUE;
    g_assert_cmpint(decode_in(&m, "66 e8 01 82", &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.operand_size, ==, 2);
    g_assert_cmphex(insn.imm, ==, 0xffffffffffff8201);
    g_assert_true(insn.flags & INSN_ENDS_BLOCK);
}

static void test_record(void)
{
    Insn insn;

    /* add qword ptr gs:[r12+r9*4-0x10], -2 */
    g_assert_cmpint(decode(64, "65 4b 83 44 8c f0 fe", &insn), ==, DECODE_OK);
    g_assert_cmpint(insn.op, ==, OP_ADD);
    g_assert_cmpuint(insn.segment, ==, CPU_GS);
    g_assert_cmpuint(insn.base, ==, 12);
    g_assert_cmpuint(insn.index, ==, 9);
    g_assert_cmpuint(insn.scale, ==, 2);
    g_assert_cmpint(insn.disp, ==, -16);
    g_assert_cmpint((gint64)insn.imm, ==, -2);
    g_assert_cmpuint(insn.operands[0].kind, ==, OPERAND_MEMORY);
    g_assert_cmpuint(insn.operands[0].size, ==, 8);
    g_assert_cmpuint(insn.operands[1].kind, ==, OPERAND_IMM);
    g_assert_cmpuint(insn.operands[2].kind, ==, OPERAND_NONE);
    g_assert_cmpuint(insn.flags, ==, INSN_MODRM | INSN_READS | INSN_WRITES);
    /* movups and movaps differ in what they demand */
    g_assert_cmpint(decode(64, "0f 28 00", &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.flags, ==, INSN_MODRM | INSN_READS | INSN_ALIGNED);
    g_assert_cmpint(decode(64, "0f 10 00", &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.flags, ==, INSN_MODRM | INSN_READS);
    /* rep movsd fs:, and F3 as a part of the opcode */
    g_assert_cmpint(decode(32, "64 f3 a5", &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.prefixes, ==, PREFIX_REP | PREFIX_SEGMENT);
    g_assert_cmpuint(insn.operands[0].kind, ==, OPERAND_TARGET);
    g_assert_cmpuint(insn.segment, ==, CPU_FS);
    g_assert_cmpint(decode(32, "f3 0f 10 c1", &insn), ==, DECODE_OK);
    g_assert_cmpuint(insn.prefixes, ==, 0);
    /* the stack's segment, 16-bit addressing, high bytes */
    g_assert_cmpint(decode(16, "8a 62 fe", &insn), ==, DECODE_OK); /* mov ah, [bp+si-2] */
    g_assert_cmpuint(insn.segment, ==, CPU_SS);
    g_assert_cmpuint(insn.operands[0].kind, ==, OPERAND_HIGH);
    g_assert_cmpuint(insn.operands[0].reg, ==, CPU_RAX);
    /* mov rax, moffs64; enter; far pointer */
    g_assert_cmpint(decode(64, "48 a1 01 02 03 04 05 06 07 88", &insn), ==, DECODE_OK);
    g_assert_cmphex(insn.imm, ==, 0x8807060504030201);
    g_assert_cmpint(decode(32, "c8 34 12 1f", &insn), ==, DECODE_OK);
    g_assert_true(insn.imm == 0x1234 && insn.disp == 0x1f);
    g_assert_cmpint(decode(32, "ea 78 56 34 12 08 00", &insn), ==, DECODE_OK);
    g_assert_true(insn.imm == 0x12345678 && insn.disp == 8);
}

static void test_reserved(void)
{
    static const char *const wrong[] = {
        "0f 20 c8",
        /* CR1 */ "0f 20 e8",
        /* CR5 */ "8e c8", /* MOV CS */
        "8c f0",
        /* segment 6 */ "8e f8",
        "0f 04",
        "0f c7 c8",
        /* 8B, 16B of a register */ "ff f8",
        "fe d0",
        "c6 c8 00",
        "0f ba c0 01",
        "0f 01 c0",
        /* VMCALL and below */ "0f 01 d0",
        "0f ae e0",
        "8d c0",
        "0f 0f c0 9e",
        "0f 78 c0",
        "dd f0",
        "d9 d1",
        "0f b8 c0",
        "66 0f 2b c0",
        "0f c3 c0",
    };
    Insn insn;

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_test_message("%s", wrong[i]);
        g_assert_cmpint(decode(64, wrong[i], &insn), ==, DECODE_UNDEFINED);
    }
}

/* What the interpreter indexes by the enum is there for each, and says what is possible. */
static void test_op_info(void)
{
    for (unsigned op = 0; op < OP_COUNT; op++) {
        const OpInfo *info = &decode_op_info[op];

        g_assert_nonnull(info->name);
        g_assert_cmpuint(info->extension, <, EXT_COUNT);
        g_assert_cmphex(info->flags_undefined & ~info->flags_written, ==, 0);
        g_assert_false(info->attr & OP_LOCKABLE && !(info->access & ACCESS_WRITE));
    }
    g_assert_cmpuint(sizeof(Insn), ==, 40);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-decode/end-of-bytes", test_end_of_bytes);
    g_test_add_func("/tcg-decode/too-long", test_too_long);
    g_test_add_func("/tcg-decode/modes", test_modes);
    g_test_add_func("/tcg-decode/real-mode", test_real_mode);
    g_test_add_func("/tcg-decode/lock", test_lock);
    g_test_add_func("/tcg-decode/extensions", test_extensions);
    g_test_add_func("/tcg-decode/near-branches", test_near_branches);
    g_test_add_func("/tcg-decode/record", test_record);
    g_test_add_func("/tcg-decode/reserved", test_reserved);
    g_test_add_func("/tcg-decode/op-info", test_op_info);
    return g_test_run();
}
