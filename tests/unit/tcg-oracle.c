/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native oracle (docs/native-oracle.md): one instruction on the host's processor and on ours.
 * And the oracle itself: answers that are known, answers twice, and lies that must be noticed.
 *
 * VITRINE_ORACLE_ROUNDS=N, VITRINE_ORACLE_SEED=N, VITRINE_ORACLE_OP=NAME, VITRINE_ORACLE_TABLE=1,
 * VITRINE_ORACLE_CASE=BITS:FORM:ROUND:FILL (as a failure is reported).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/oracle/campaign.h"
#include "tests/unit/oracle/compare.h"
#include "tests/unit/oracle/mirror.h"
#include "tests/unit/oracle/ours.h"

#define DEFAULT_SEED   1
#define DEFAULT_ROUNDS 3

/* NULL, and the test is skipped, where the host cannot do it. */
static OracleEngine *open_native(void)
{
    const char *why = NULL;
    OracleEngine *native = oracle_native_open(&why);

    if (!native) {
        g_test_skip(why);
    }
    return native;
}

/* ---- known answers ---- */

typedef struct Known {
    const char *what;
    guint bits;
    const char *hex; /* of the instruction */
    guint64 rax, rbx, rcx;
    guint32 flags;
    /* expected */
    int vector;
    guint32 error;
    guint64 address; /* cr2, or rax */
    guint32 set, clear;
    guint64 rip; /* distance from the instruction */
} Known;

#define RW ((guint64)ORACLE_DATA_BASE + ORACLE_DATA_OFFSET)
#define NO ORACLE_NO_TRAP

static const Known known[] = {
    {"add al, bl", 64, "00 d8", 0xff, 1, 0, 0, NO, 0, 0, FLAG_CF | FLAG_ZF | FLAG_AF, FLAG_SF, 2},
    {"add al, bl", 16, "00 d8", 0x7f, 1, 0, 0, NO, 0, 0x80, FLAG_OF | FLAG_SF, FLAG_CF, 2},
    {"daa", 32, "27", 0x9a, 0, 0, 0, NO, 0, 0x00, FLAG_CF | FLAG_AF | FLAG_ZF, 0, 1},
    {"div bl", 64, "f6 f3", 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {"mov [rbx], al to RO", 64, "88 03", 1, RW + 0x2010, 0, 0, 14, 7, RW + 0x2010, 0, 0, 0},
    {"mov [rbx], al to none", 64, "88 03", 1, RW + 0x3010, 0, 0, 14, 6, RW + 0x3010, 0, 0, 0},
    {"mov al, [rbx] of none", 64, "8a 03", 1, RW + 0x3010, 0, 0, 14, 4, RW + 0x3010, 0, 0, 0},
    {"mov eax, [rbx] across", 64, "8b 03", 1, RW + 0x2ffd, 0, 0, 14, 4, RW + 0x3000, 0, 0, 0},
    {"mov [rbx], eax across", 64, "89 03", 1, RW + 0x1ffd, 0, 0, 14, 7, RW + 0x2000, 0, 0, 0},
    {"mov al, [rbx] not canonical", 64, "8a 03", 1, 1ull << 47, 0, 0, 13, 0, 0, 0, 0, 0},
    {"mov al, [ebx] at the limit", 32, "8a 03", 1, 0x10000, 0, 0, 13, 0, 0, 0, 0, 0},
    {"mov al, ss:[ebx] at the limit", 32, "36 8a 03", 1, 0x10000, 0, 0, 12, 0, 0, 0, 0, 0},
    {"mov ax, [bx] at the limit", 16, "8b 07", 1, 0xffff, 0, 0, 13, 0, 0, 0, 0, 0},
    {"mov cs:[bx], al", 16, "2e 88 07", 1, 0x4000, 0, 0, 13, 0, 0, 0, 0, 0},
    {"mov ds, bx: absent", 32, "8e db", 1, ORACLE_SELECTOR(ORACLE_LDT_ABSENT), 0, 0, 11,
     ORACLE_SELECTOR(ORACLE_LDT_ABSENT) & ~3, 0, 0, 0, 0},
    {"jc +10h", 64, "72 10", 5, 0, 0, FLAG_CF, NO, 0, 5, FLAG_CF, 0, 0x12},
    {"jc +10h, not taken", 32, "72 10", 5, 0, 0, 0, NO, 0, 5, 0, FLAG_CF, 2},
    {"jmp bx", 16, "ff e3", 5, 0x4800, 0, 0, NO, 0, 5, 0, 0, 0x400},
    {"lock mov", 64, "f0 88 03", 1, RW, 0, 0, 6, 0, 0, 0, 0, 0},
    {"bound ebx, [ecx]", 32, "62 19", 1, 0x80000001, ORACLE_DATA_OFFSET + 8, 0, 5, 0, 0, 0, 0, 0},
    {"cli", 64, "fa", 1, 0, 0, 0, 13, 0, 0, 0, 0, 0},
    {"bts eax, ebx", 64, "0f ab d8", 0, 37, 0, 0, NO, 0, 0x20, 0, FLAG_CF, 3},
    {"movaps xmm0, [rbx]", 64, "0f 28 03", 0, RW + 8, 0, 0, 13, 0, 0, 0, 0, 0},
};

static void make_known(const Known *k, OracleCase *test)
{
    DecodeMode mode = oracle_mode(k->bits);
    g_auto(GStrv) hex = g_strsplit(k->hex, " ", 0);
    guint data = ORACLE_SELECTOR(k->bits == 16 ? ORACLE_LDT_DATA16 : ORACLE_LDT_DATA32);
    guint code = k->bits == 64   ? ORACLE_CS64
                 : k->bits == 32 ? ORACLE_SELECTOR(ORACLE_LDT_CODE32)
                                 : ORACLE_SELECTOR(ORACLE_LDT_CODE16);
    OracleRandom random = {7};

    *test = (OracleCase){.bits = k->bits, .length = g_strv_length(hex)};
    for (guint i = 0; i < test->length; i++) {
        test->bytes[i] = strtoul(hex[i], NULL, 16);
    }
    decode_insn(&mode, test->bytes, test->length, &test->insn);
    test->in.rip = ORACLE_CODE_OFFSET + 0x400 + (k->bits == 64 ? ORACLE_CODE_BASE : 0);
    for (guint i = 0; i < 6; i++) {
        test->in.selector[i] = i == CPU_CS ? code : k->bits == 64 ? 0 : data;
    }
    test->in.gpr[CPU_RAX] = k->rax;
    test->in.gpr[CPU_RBX] = k->rbx;
    test->in.gpr[CPU_RCX] = k->rcx;
    test->in.rflags = FLAG_IF | 2 | k->flags;
    oracle_fx_image(&random, test->in.fx);
}

static void test_known(void)
{
    OracleEngine *native = open_native();

    if (!native) {
        return;
    }
    memset(native->image, 0, ORACLE_PAGE_COUNT * ORACLE_PAGE_SIZE);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        const Known *k = &known[i];
        OracleOutcome out;
        OracleCase test;

        g_test_message("%s, %u bits", k->what, k->bits);
        make_known(k, &test);
        oracle_put_code(native, &test);
        native->run(native, &test, &out);
        g_assert_cmpint(out.vector, ==, k->vector);
        g_assert_cmphex(out.error, ==, k->error);
        g_assert_cmphex(out.state.rip - test.in.rip, ==, k->rip);
        g_assert_cmphex(out.state.rflags & k->set, ==, k->set);
        g_assert_cmphex(out.state.rflags & k->clear, ==, 0);
        g_assert_cmphex(out.state.gpr[CPU_RBX], ==, k->rbx);
        if (k->vector == 14) {
            g_assert_cmphex(out.cr2, ==, k->address);
        } else if (k->vector == NO) {
            g_assert_cmphex(out.state.gpr[CPU_RAX], ==, k->address);
        }
        g_assert_cmpmem(out.state.fx + 160, 256, test.in.fx + 160, 256);
    }
    native->close(native);
}

/* ---- the oracle against itself ---- */

static void report(OracleCampaign *campaign)
{
    g_autoptr(GString) table = g_string_new(NULL);

    oracle_campaign_table(campaign, !g_getenv("VITRINE_ORACLE_TABLE"), table);
    if (campaign->report->len) {
        g_test_message("\n%s", campaign->report->str);
    }
    if (table->len) {
        g_test_message("\n%s", table->str);
    }
    g_test_message("%" G_GUINT64_FORMAT " passed, %" G_GUINT64_FORMAT " failed, %" G_GUINT64_FORMAT
                   " were not for trying",
                   oracle_campaign_passed(campaign), oracle_campaign_failed(campaign),
                   campaign->skipped);
}

static OracleCampaign *open_campaign(OracleEngine *native, OracleEngine *ours)
{
    const char *seed = g_getenv("VITRINE_ORACLE_SEED"), *rounds = g_getenv("VITRINE_ORACLE_ROUNDS");
    OracleCampaign *campaign =
        oracle_campaign_new(native, ours, seed ? strtoull(seed, NULL, 0) : DEFAULT_SEED);

    campaign->rounds = rounds ? strtoul(rounds, NULL, 0) : DEFAULT_ROUNDS;
    campaign->only_op = g_getenv("VITRINE_ORACLE_OP");
    return campaign;
}

/* What the host says once, it says twice: no state leaks from one case to the next. */
static void test_twice(gconstpointer data)
{
    OracleEngine *native = open_native(), *mirror;
    OracleCampaign *campaign;

    if (!native) {
        return;
    }
    mirror = oracle_mirror_open(native, NULL);
    campaign = open_campaign(native, mirror);
    campaign->fills = 1;
    oracle_campaign_run(campaign, GPOINTER_TO_UINT(data));
    report(campaign);
    g_assert_cmpuint(oracle_campaign_failed(campaign), ==, 0);
    g_assert_cmpuint(oracle_campaign_passed(campaign), >, 1000);
    oracle_campaign_free(campaign);
    mirror->close(mirror);
    native->close(native);
}

/* ---- the host against ours ---- */

typedef struct Mode {
    guint bits;
    gboolean blocks;
} Mode;

/* VITRINE_ORACLE_CASE is for one mode, for all engines. */
static gboolean choose_case(OracleCampaign *campaign, guint bits)
{
    const char *only = g_getenv("VITRINE_ORACLE_CASE");
    char *end;

    if (!only) {
        return TRUE;
    }
    if (strtoul(only, &end, 10) != bits || *end != ':') {
        return FALSE;
    }
    campaign->only_case = end + 1;
    campaign->rounds = G_MAXUINT;
    sscanf(campaign->only_case, "%*[^:]:%u", &campaign->rounds);
    campaign->rounds++;
    campaign->runs = 1;
    return TRUE;
}

static void test_ours(gconstpointer data)
{
    const Mode *mode = data;
    OracleEngine *native = open_native(), *ours;
    OracleCampaign *campaign;

    if (!native) {
        return;
    }
    ours = oracle_ours_open(mode->blocks);
    campaign = open_campaign(native, ours);
    if (choose_case(campaign, mode->bits)) {
        oracle_campaign_run(campaign, mode->bits);
        report(campaign);
        if (oracle_campaign_failed(campaign)) {
            g_test_fail();
        }
    }
    oracle_campaign_free(campaign);
    ours->close(ours);
    native->close(native);
}

/* ---- lies ---- */

static void lie_carry(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome)
{
    outcome->state.rflags ^= FLAG_CF;
}

static void lie_register(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome)
{
    outcome->state.gpr[CPU_RDI] ^= 1;
}

static void lie_memory(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome)
{
    *oracle_at(mirror, RW + 0x123) ^= 0x10;
}

static void lie_xmm(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome)
{
    outcome->state.fx[160 + 15] ^= 0x80;
}

static void lie_fault(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome)
{
    if (outcome->vector == NO) {
        outcome->vector = 13;
    } else {
        outcome->error ^= 2;
    }
}

static void lie_rip(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome)
{
    outcome->state.rip++;
}

static void test_lies(void)
{
    static const OracleLie lies[] = {lie_carry, lie_register, lie_memory,
                                     lie_xmm,   lie_fault,    lie_rip};

    for (guint i = 0; i < G_N_ELEMENTS(lies); i++) {
        OracleEngine *native = open_native(), *mirror;
        OracleCampaign *campaign;

        if (!native) {
            return;
        }
        mirror = oracle_mirror_open(native, lies[i]);
        campaign = oracle_campaign_new(native, mirror, DEFAULT_SEED);
        campaign->only_op = "adc";
        oracle_campaign_run(campaign, 32);
        g_assert_cmpuint(oracle_campaign_passed(campaign), ==, 0);
        g_assert_cmpuint(oracle_campaign_failed(campaign), >, 50);
        g_assert_nonnull(strstr(campaign->report->str, "VITRINE_ORACLE_CASE=32:"));
        oracle_campaign_free(campaign);
        mirror->close(mirror);
        native->close(native);
    }
}

/* A form for each operation that ring 3 can try, in some mode. */
static void test_forms(void)
{
    static const guint bits[] = {16, 32, 64};
    gboolean seen[OP_COUNT] = {FALSE};
    guint missing = 0;

    for (guint i = 0; i < G_N_ELEMENTS(bits); i++) {
        g_autoptr(GArray) forms = oracle_forms(bits[i]);

        g_test_message("%u bits: %u forms", bits[i], forms->len);
        g_assert_cmpuint(forms->len, >, 1000);
        for (guint j = 0; j < forms->len; j++) {
            seen[g_array_index(forms, OracleForm, j).insn.op] = TRUE;
        }
    }
    for (guint i = 0; i < OP_COUNT; i++) {
        if (!seen[i]) {
            g_test_message("not tried: %s", decode_op_info[i].name);
            missing++;
        }
    }
    g_assert_cmpuint(missing, <, 20);
}

int main(int argc, char **argv)
{
    static const Mode modes[] = {{64, FALSE}, {32, FALSE}, {16, FALSE},
                                 {64, TRUE},  {32, TRUE},  {16, TRUE}};

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-oracle/forms", test_forms);
    g_test_add_func("/tcg-oracle/known", test_known);
    g_test_add_func("/tcg-oracle/lies", test_lies);
    g_test_add_data_func("/tcg-oracle/twice/64", GUINT_TO_POINTER(64), test_twice);
    g_test_add_data_func("/tcg-oracle/twice/32", GUINT_TO_POINTER(32), test_twice);
    g_test_add_data_func("/tcg-oracle/twice/16", GUINT_TO_POINTER(16), test_twice);
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *path = g_strdup_printf(
            "/tcg-oracle/%s/%u", modes[i].blocks ? "blocks" : "plain", modes[i].bits);

        g_test_add_data_func(path, &modes[i], test_ours);
    }
    return g_test_run();
}
