/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two engines made of a case, side by side. */
#include <string.h>

#include "tests/unit/oracle/compare.h"
#include "tests/unit/oracle/generate.h"

enum { VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_XM = 19 };

/* Count of a shift, cut as the processor cuts it (SDM vol. 2, SAL/SAR/SHL/SHR). */
static guint shift_count(const OracleCase *test, guint operand)
{
    const Insn *insn = &test->insn;
    guint64 count = insn->operands[operand].kind == OPERAND_IMM ? insn->imm : test->in.gpr[CPU_RCX];

    return count & (insn->operands[0].size == 8 ? 63 : 31);
}

static guint32 undefined_by_shift(const OracleCase *test)
{
    const Insn *insn = &test->insn;
    gboolean twice = insn->op == OP_SHLD || insn->op == OP_SHRD;
    guint bits = 8 * insn->operands[0].size;
    guint count = shift_count(test, twice ? 2 : 1);
    guint32 undefined = decode_op_info[insn->op].flags_undefined;

    if (insn->op == OP_RCL || insn->op == OP_RCR) {
        count %= bits < 32 ? bits + 1 : 64;
    }
    if (count == 0) {
        return 0;
    }
    if (count == 1) {
        undefined &= ~FLAG_OF;
    }
    if (count >= bits && (insn->op == OP_SHL || insn->op == OP_SHR)) {
        undefined |= FLAG_CF;
    }
    return undefined;
}

guint32 oracle_undefined_flags(const OracleCase *test)
{
    if (test->insn.op >= OP_ROL && test->insn.op <= OP_SHRD) {
        return undefined_by_shift(test);
    }
    return decode_op_info[test->insn.op].flags_undefined;
}

/* Memory operands that are two things. */
static gboolean is_pair(const Insn *insn)
{
    return insn->op == OP_BOUND || insn->op == OP_JMP_FAR || insn->op == OP_CALL_FAR ||
           (insn->op >= OP_LES && insn->op <= OP_LGS);
}

/*
 * Instructions that touch many things, or check many: processors differ in what they find first,
 * and in what they have stored by then.
 */
static gboolean is_sequence(const OracleCase *test)
{
    switch (test->insn.op) {
    case OP_CALL:
    case OP_CALL_FAR:
    case OP_RET_FAR:
    case OP_IRET:
    case OP_ENTER:
    case OP_PUSHA:
    case OP_POPA:
    case OP_LES:
    case OP_LDS:
    case OP_LSS:
    case OP_LFS:
    case OP_LGS:
    case OP_MASKMOVQ:
    case OP_MASKMOVDQU:
    case OP_FLDENV:
    case OP_FNSTENV:
    case OP_FNSAVE:
    case OP_FRSTOR:
    case OP_FXSAVE:
    case OP_FXRSTOR: return TRUE;
    default: return FALSE;
    }
}

/* Alignment checking of what is not one operand of 2, 4 or 8 bytes. */
static gboolean is_odd_alignment(const OracleCase *test)
{
    const Insn *insn = &test->insn;
    gboolean odd = is_pair(insn) || is_sequence(test) || insn->op == OP_POP_SEG;

    for (guint i = 0; i < 3; i++) {
        odd |= insn->operands[i].kind == OPERAND_MEMORY && insn->operands[i].size > 8;
    }
    return odd && test->in.rflags & FLAG_AC;
}

/* A long operand over the end of 64 KB: some processors go on at its beginning. */
static gboolean wraps(const OracleCase *test)
{
    const Insn *insn = &test->insn;

    for (guint i = 0; i < 3; i++) {
        if (insn->operands[i].kind == OPERAND_MEMORY &&
            (insn->operands[i].size > 8 || is_pair(insn))) {
            return insn->address_size == 2 &&
                   oracle_effective_address(test) + insn->operands[i].size > 0x10000;
        }
    }
    return FALSE;
}

gboolean oracle_is_undefined(const OracleCase *test)
{
    const Insn *insn = &test->insn;

    switch (insn->op) {
    case OP_SHLD:
    case OP_SHRD: return shift_count(test, 2) > 8u * insn->operands[0].size;
    case OP_BSWAP: return insn->operand_size == 2;
    case OP_MOVSXD: /* how much is read then: two bytes or four */
        return insn->operand_size == 2 && insn->operands[1].kind == OPERAND_MEMORY;
    case OP_CVTPI2PS: /* whether it is an MMX instruction with a memory operand */
        return insn->operands[1].kind == OPERAND_MEMORY;
    default: return wraps(test) || is_odd_alignment(test);
    }
}

static gboolean differs(GString *why, const char *what, guint64 a, guint64 b)
{
    if (a != b) {
        g_string_append_printf(
            why, "    %s: %" G_GINT64_MODIFIER "x, ours %" G_GINT64_MODIFIER "x\n", what, a, b);
    }
    return a != b;
}

static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const segment_names[] = {"es", "cs", "ss", "ds", "fs", "gs"};

/* When it switches tasks, Linux may lose the RPL of a null selector. */
static gboolean same_selector(guint16 a, guint16 b)
{
    return a == b || (a < 4 && b < 4);
}

/* Bits of a general register that no manual tells. */
static guint64 undefined_bits(const OracleCase *test, guint reg)
{
    /* LAR: the limit's upper bits may come along (SDM vol. 2). */
    return test->insn.op == OP_LAR && test->insn.operands[0].reg == reg ? 0xf0000 : 0;
}

static gboolean compare_general(const OracleCase *test, const OracleState *a, const OracleState *b,
                                GString *why)
{
    /* What compatibility mode leaves in upper halves is undefined (SDM vol. 1, 3.4.1.1). */
    gboolean wide = test->bits == 64 && a->selector[CPU_CS] == ORACLE_CS64;
    guint64 mask = wide ? ~0ull : 0xffffffff;
    gboolean bad = FALSE;

    for (guint i = 0; i < (wide ? 16 : 8); i++) {
        guint64 undefined = undefined_bits(test, i);

        bad |= differs(why, names[i], a->gpr[i] & mask & ~undefined, b->gpr[i] & mask & ~undefined);
    }
    bad |= differs(why, "rip", a->rip, b->rip);
    for (guint i = 0; i < 6; i++) {
        if (!same_selector(a->selector[i], b->selector[i])) {
            bad |= differs(why, segment_names[i], a->selector[i], b->selector[i]);
        }
    }
    if (test->bits == 64) {
        bad |= differs(why, "fs base", a->fs_base, b->fs_base);
        bad |= differs(why, "gs base", a->gs_base, b->gs_base);
    }
    return bad;
}

static guint32 undefined_flags_after(const OracleCase *test, const OracleOutcome *outcome)
{
    if (test->count) {
        return test->undefined_before[oracle_run_index(test, outcome->state.rip)];
    }
    return oracle_undefined_flags(test);
}

static gboolean compare_flags(const OracleCase *test, const OracleOutcome *a,
                              const OracleOutcome *b, GString *why)
{
    guint64 mask = FLAG_ARITH | FLAG_DF | FLAG_IF | FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_TF | 2;

    mask &= ~(guint64)undefined_flags_after(test, a);
    return differs(why, "rflags", a->state.rflags & mask, b->state.rflags & mask);
}

static gboolean compare_bytes(const guint8 *a, const guint8 *b, guint from, guint to,
                              const char *what, GString *why)
{
    guint at = from;

    if (memcmp(a + from, b + from, to - from) == 0) {
        return FALSE;
    }
    while (a[at] == b[at]) {
        at++;
    }
    g_string_append_printf(why, "    %s + %x:", what, at);
    for (guint i = at; i < MIN(to, at + 16); i++) {
        g_string_append_printf(why, " %02x", a[i]);
    }
    g_string_append(why, ", ours");
    for (guint i = at; i < MIN(to, at + 16); i++) {
        g_string_append_printf(why, " %02x", b[i]);
    }
    g_string_append_c(why, '\n');
    return TRUE;
}

/* Their steps may be #XM by themselves: see imprecise_mxcsr(). */
static gboolean is_dot_product(const OracleCase *test)
{
    return test->insn.op == OP_DPPS || test->insn.op == OP_DPPD;
}

/*
 * Flags of MXCSR that we do not make as the host does after #XM: precision, when overflow or
 * underflow is unmasked, is that of a result with unbounded exponent; and what steps of DPPS and
 * DPPD raised. We execute with everything masked and cannot see it.
 */
static guint32 imprecise_mxcsr(const OracleCase *test, const OracleOutcome *outcome)
{
    enum { OVERFLOW = 8, UNDERFLOW = 16, PRECISION = 32, ALL = 63 };
    guint32 mxcsr;

    memcpy(&mxcsr, outcome->state.fx + 24, 4);
    if (outcome->vector != VECTOR_XM) {
        return 0;
    }
    if (is_dot_product(test)) {
        return ALL;
    }
    return mxcsr & ~(mxcsr >> 7) & (OVERFLOW | UNDERFLOW) ? PRECISION : 0;
}

/* FXSAVE's layout without the x87 pointers, which vendors keep in different cases. */
static gboolean compare_fx(const OracleState *a, const OracleState *b, guint32 imprecise,
                           GString *why)
{
    guint32 a32, b32;
    guint16 a16[3], b16[3];
    gboolean bad = FALSE;

    if (memcmp(a->fx, b->fx, 6) != 0) {
        memcpy(a16, a->fx, 6);
        memcpy(b16, b->fx, 6);
        bad |= differs(why, "fcw", a16[0], b16[0]);
        bad |= differs(why, "fsw", a16[1], b16[1]);
        bad |= differs(why, "ftw", a16[2] & 0xff, b16[2] & 0xff);
    }
    memcpy(&a32, a->fx + 24, 4);
    memcpy(&b32, b->fx + 24, 4);
    bad |= differs(why, "mxcsr", a32 & ~imprecise, b32 & ~imprecise);
    for (guint i = 0; i < 8; i++) {
        g_autofree char *what = NULL;

        if (memcmp(a->fx + 32 + 16 * i, b->fx + 32 + 16 * i, 10) != 0) {
            what = g_strdup_printf("st%u", i);
            bad |= compare_bytes(a->fx + 32 + 16 * i, b->fx + 32 + 16 * i, 0, 10, what, why);
        }
    }
    for (guint i = 0; i < 16; i++) {
        if (memcmp(a->fx + 160 + 16 * i, b->fx + 160 + 16 * i, 16) != 0) {
            g_autofree char *what = g_strdup_printf("xmm%u", i);

            bad |= compare_bytes(a->fx + 160 + 16 * i, b->fx + 160 + 16 * i, 0, 16, what, why);
        }
    }
    return bad;
}

static void forget(OracleEngine *a, OracleEngine *b, guint64 address, guint count)
{
    for (guint i = 0; i < count; i++) {
        guint8 *byte_a = oracle_at(a, address + i), *byte_b = oracle_at(b, address + i);

        if (byte_a) {
            *byte_b = *byte_a;
        }
    }
}

/* The x87 pointers, and what FXSAVE may leave alone, as they were stored. */
static void forget_pointers(const OracleCase *test, OracleEngine *a, OracleEngine *b)
{
    guint64 at = oracle_effective_address(test) + oracle_segment_base(test, test->insn.segment);

    switch (test->insn.op) {
    case OP_FNSTENV:
    case OP_FNSAVE:
        if (test->insn.operand_size == 2) {
            forget(a, b, at + 6, 8);
        } else {
            forget(a, b, at + 12, 16);
        }
        break;
    case OP_FXSAVE:
        forget(a, b, at + 6, 18);
        forget(a, b, at + 28, 4);
        forget(a, b, at + 416, 96);
        break;
    }
}

static gboolean compare_memory(const OracleCase *test, OracleEngine *a, OracleEngine *b,
                               GString *why)
{
    gboolean bad = FALSE;

    forget_pointers(test, a, b);
    for (guint i = 0; i < ORACLE_PAGE_COUNT; i++) {
        const guint8 *page_a = a->image + i * ORACLE_PAGE_SIZE;
        const guint8 *page_b = b->image + i * ORACLE_PAGE_SIZE;

        if (oracle_pages[i].kind == ORACLE_PAGE_RW &&
            memcmp(page_a, page_b, ORACLE_PAGE_SIZE) != 0) {
            g_autofree char *what = g_strdup_printf("memory %x", oracle_pages[i].address);

            bad |= compare_bytes(page_a, page_b, 0, ORACLE_PAGE_SIZE, what, why);
        }
    }
    return bad;
}

/* Whether alignment or the limit is looked at first. */
static gboolean is_other_first(const OracleCase *test, int a, int b)
{
    return test->insn.flags & INSN_ALIGNED && (a == VECTOR_SS || a == VECTOR_GP) &&
           (b == VECTOR_SS || b == VECTOR_GP);
}

/* Bytes that are not moved may fault or not. */
static gboolean is_masked_move(const OracleCase *test)
{
    return test->insn.op == OP_MASKMOVQ || test->insn.op == OP_MASKMOVDQU;
}

gboolean oracle_compare(const OracleCase *whole, const OracleOutcome *a, const OracleOutcome *b,
                        OracleEngine *engine_a, OracleEngine *engine_b, GString *why)
{
    OracleCase last; /* of a run: what faulted */
    const OracleCase *test = whole;
    gboolean faults = a->vector != ORACLE_NO_TRAP && b->vector != ORACLE_NO_TRAP, bad = FALSE;

    if (whole->count && a->vector != ORACLE_NO_TRAP) {
        last = *whole;
        last.insn = whole->run[MIN(oracle_run_index(whole, a->state.rip), whole->count - 1)];
        test = &last;
    }
    if (faults && is_sequence(test)) {
        return !compare_general(test, &a->state, &b->state, why);
    }
    if (a->vector != b->vector && (is_masked_move(test) || is_dot_product(test))) {
        return TRUE;
    }
    if (a->vector != b->vector && !is_other_first(test, a->vector, b->vector)) {
        g_string_append_printf(why, "    vector: %d (error %x, cr2 %" G_GINT64_MODIFIER "x)",
                               a->vector, a->error, a->cr2);
        g_string_append_printf(why, ", ours %d (error %x, cr2 %" G_GINT64_MODIFIER "x)\n",
                               b->vector, b->error, b->cr2);
        return FALSE;
    }
    bad |= differs(why, "error code", a->error, b->error);
    bad |= differs(why, "cr2", a->cr2, b->cr2);
    bad |= compare_general(test, &a->state, &b->state, why);
    bad |= compare_flags(test, a, b, why);
    bad |= compare_fx(&a->state, &b->state, imprecise_mxcsr(test, a), why);
    bad |= compare_memory(test, engine_a, engine_b, why);
    if (bad && a->vector != ORACLE_NO_TRAP) {
        g_string_append_printf(why, "    (vector %d)\n", a->vector);
    }
    return !bad;
}

static void print_instructions(const OracleCase *test, GString *out)
{
    for (guint i = 0; i < MAX(test->count, 1); i++) {
        OracleCase one = *test;

        if (test->count) {
            one.insn = test->run[i];
            one.length = test->at[i + 1] - test->at[i];
            one.in.rip += test->at[i];
            memmove(one.bytes, one.bytes + test->at[i], one.length);
            g_string_append(out, "\n    ");
        }
        for (guint j = 0; j < one.length; j++) {
            g_string_append_printf(out, "%02x ", one.bytes[j]);
        }
        g_string_append(out, "  ");
        oracle_disassemble(&one, out);
    }
}

void oracle_print_case(const OracleCase *test, GString *out)
{
    const OracleState *in = &test->in;
    guint16 control, status;
    guint32 mxcsr;

    print_instructions(test, out);
    g_string_append_printf(out, "\n    in: rip %" G_GINT64_MODIFIER "x rflags %x", in->rip,
                           (guint)in->rflags);
    for (guint i = 0; i < (test->bits == 64 ? 16 : 8); i++) {
        g_string_append_printf(out, "%s%s %" G_GINT64_MODIFIER "x", i % 6 ? " " : "\n        ",
                               names[i], in->gpr[i]);
    }
    memcpy(&control, in->fx, 2);
    memcpy(&status, in->fx + 2, 2);
    memcpy(&mxcsr, in->fx + 24, 4);
    g_string_append_printf(out, "\n        fcw %x fsw %x ftw %x mxcsr %x", control, status,
                           in->fx[4], mxcsr);
    for (guint i = 0; i < 6; i++) {
        g_string_append_printf(out, " %s %x", segment_names[i], in->selector[i]);
    }
    for (guint i = 0; i < 3 && !test->invalid; i++) {
        const Operand *operand = &test->insn.operands[i];
        gboolean xmm = operand->kind == OPERAND_XMM;

        if (xmm || operand->kind == OPERAND_MMX || operand->kind == OPERAND_ST) {
            g_string_append_printf(out, "\n        %s%u", xmm ? "xmm" : "st", operand->reg);
            for (guint j = 0; j < (xmm ? 16 : 10); j++) {
                g_string_append_printf(out, " %02x",
                                       in->fx[(xmm ? 160 : 32) + 16 * operand->reg + j]);
            }
        }
    }
    g_string_append_c(out, '\n');
}
