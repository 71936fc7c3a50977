/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks all forms, in rounds of encodings and inputs. */
#include <string.h>

#include "tests/unit/oracle/campaign.h"
#include "tests/unit/oracle/compare.h"

#define DEFAULT_REPORTS 2
#define DEFAULT_RUNS    1000
#define RUN_NUMBER      G_MAXUINT32 /* in place of a form's */
#define DATA_PAGE       2           /* the first that is not code */

OracleCampaign *oracle_campaign_new(OracleEngine *native, OracleEngine *ours, guint64 seed)
{
    OracleCampaign *campaign = g_new0(OracleCampaign, 1);
    OracleRandom random = oracle_random_for(seed, 0, 0, 0);

    campaign->native = native;
    campaign->ours = ours;
    campaign->seed = seed;
    campaign->rounds = 1;
    campaign->fills = 8;
    campaign->runs = DEFAULT_RUNS;
    campaign->reports = DEFAULT_REPORTS;
    campaign->report = g_string_new(NULL);
    for (guint i = DATA_PAGE * ORACLE_PAGE_SIZE; i < sizeof(campaign->background); i += 8) {
        guint64 value = oracle_integer(&random);

        memcpy(campaign->background + i, &value, 8);
    }
    for (guint i = 0; i < 2; i++) {
        OracleEngine *engine = i ? ours : native;

        memcpy(engine->image, campaign->background, sizeof(campaign->background));
    }
    return campaign;
}

void oracle_campaign_free(OracleCampaign *campaign)
{
    g_string_free(campaign->report, TRUE);
    g_free(campaign);
}

static void put_pokes(OracleEngine *engine, const OraclePoke pokes[ORACLE_POKES])
{
    for (guint i = 0; i < ORACLE_POKES; i++) {
        for (guint j = 0; j < pokes[i].length; j++) {
            guint8 *byte = oracle_at(engine, pokes[i].address + j);

            if (byte && byte - engine->image >= DATA_PAGE * ORACLE_PAGE_SIZE) {
                *byte = pokes[i].bytes[j];
            }
        }
    }
}

static void restore(OracleEngine *engine, const OracleCampaign *campaign)
{
    guint from = DATA_PAGE * ORACLE_PAGE_SIZE;

    memcpy(engine->image + from, campaign->background + from, sizeof(campaign->background) - from);
}

static guint slot_of(const OracleCase *test)
{
    return test->count ? OP_COUNT : test->insn.op;
}

static const char *name_of(guint slot)
{
    return slot == OP_COUNT ? "run" : decode_op_info[slot].name;
}

gboolean oracle_campaign_try(OracleCampaign *campaign, const OracleCase *test,
                             const OraclePoke pokes[ORACLE_POKES], GString *why)
{
    OracleOutcome theirs, ours;
    gboolean same;

    put_pokes(campaign->native, pokes);
    put_pokes(campaign->ours, pokes);
    campaign->native->run(campaign->native, test, &theirs);
    campaign->ours->run(campaign->ours, test, &ours);
    same = oracle_compare(test, &theirs, &ours, campaign->native, campaign->ours, why);
    restore(campaign->native, campaign);
    restore(campaign->ours, campaign);
    campaign->trapped[slot_of(test)] += theirs.vector != ORACLE_NO_TRAP;
    return same;
}

static void note(OracleCampaign *campaign, const OracleCase *test, const char *id,
                 const OraclePoke pokes[ORACLE_POKES], const GString *why)
{
    guint slot = slot_of(test);

    if (campaign->failed[slot]++ >= campaign->reports) {
        return;
    }
    g_string_append_printf(campaign->report,
                           "%s: VITRINE_ORACLE_SEED=%" G_GUINT64_FORMAT
                           " VITRINE_ORACLE_CASE=%u:%s\n    %u bits: ",
                           name_of(slot), campaign->seed, test->bits, id, test->bits);
    oracle_print_case(test, campaign->report);
    for (guint i = 0; i < ORACLE_POKES; i++) {
        if (pokes[i].length) {
            g_string_append_printf(campaign->report, "        [%" G_GINT64_MODIFIER "x]",
                                   pokes[i].address);
            for (guint j = 0; j < MIN(pokes[i].length, 32); j++) {
                g_string_append_printf(campaign->report, " %02x", pokes[i].bytes[j]);
            }
            g_string_append_c(campaign->report, '\n');
        }
    }
    g_string_append(campaign->report, why->str);
}

static void run_fill(OracleCampaign *campaign, OracleCase *test, const char *id,
                     OracleRandom *random)
{
    g_autoptr(GString) why = NULL;
    OraclePoke pokes[ORACLE_POKES];

    if (!oracle_fill(test, pokes, random) || oracle_is_undefined(test)) {
        campaign->skipped++;
        return;
    }
    why = g_string_new(NULL);
    if (oracle_campaign_try(campaign, test, pokes, why)) {
        campaign->passed[slot_of(test)]++;
    } else {
        note(campaign, test, id, pokes, why);
    }
}

static gboolean is_wanted(const OracleCampaign *campaign, const char *id)
{
    return !campaign->only_case || strcmp(campaign->only_case, id) == 0;
}

/* All fills of an encoded case. `name` and `round` make the case's name. */
static void run_case(OracleCampaign *campaign, OracleCase *test, const char *name, guint64 number,
                     guint round)
{
    oracle_put_code(campaign->native, test);
    oracle_put_code(campaign->ours, test);
    for (guint fill = 0; fill < campaign->fills; fill++) {
        g_autofree char *id = g_strdup_printf("%s:%u:%u", name, round, fill);
        OracleRandom random = oracle_random_for(campaign->seed, test->bits, number,
                                                (guint64)round << 32 | (fill + 1));

        if (is_wanted(campaign, id)) {
            run_fill(campaign, test, id, &random);
        }
    }
}

static void run_form(OracleCampaign *campaign, guint bits, const OracleForm *form, guint number)
{
    g_autofree char *name = g_strdup_printf("%u", number);

    for (guint round = 0; round < campaign->rounds; round++) {
        OracleRandom random = oracle_random_for(campaign->seed, bits, number, round);
        OracleCase test;

        if (oracle_encode(&test, bits, form, &random)) {
            run_case(campaign, &test, name, number, round);
        } else {
            campaign->skipped++;
        }
    }
}

static void run_runs(OracleCampaign *campaign, guint bits, const GArray *forms)
{
    g_autoptr(GArray) fit = g_array_new(FALSE, FALSE, sizeof(OracleForm));

    for (guint i = 0; i < forms->len; i++) {
        const OracleForm *form = &g_array_index(forms, OracleForm, i);

        if (oracle_may_run(&form->insn)) {
            g_array_append_vals(fit, form, 1);
        }
    }
    for (guint i = 0; i < campaign->runs * campaign->rounds; i++) {
        OracleRandom random = oracle_random_for(campaign->seed, bits, RUN_NUMBER, i);
        OracleCase test;

        if (oracle_encode_run(&test, bits, fit, &random)) {
            run_case(campaign, &test, "run", RUN_NUMBER, i);
        } else {
            campaign->skipped++;
        }
    }
}

void oracle_campaign_run(OracleCampaign *campaign, guint bits)
{
    g_autoptr(GArray) forms = oracle_forms(bits);

    for (guint i = 0; i < forms->len; i++) {
        const OracleForm *form = &g_array_index(forms, OracleForm, i);
        const char *name = decode_op_info[form->insn.op].name;

        if (!campaign->only_op || g_ascii_strcasecmp(campaign->only_op, name) == 0) {
            run_form(campaign, bits, form, i);
        }
    }
    if (!campaign->only_op || strcmp(campaign->only_op, "run") == 0) {
        run_runs(campaign, bits, forms);
    }
}

static guint64 sum(const guint64 counts[ORACLE_SLOTS])
{
    guint64 total = 0;

    for (guint i = 0; i < ORACLE_SLOTS; i++) {
        total += counts[i];
    }
    return total;
}

guint64 oracle_campaign_passed(const OracleCampaign *campaign)
{
    return sum(campaign->passed);
}

guint64 oracle_campaign_failed(const OracleCampaign *campaign)
{
    return sum(campaign->failed);
}

void oracle_campaign_table(const OracleCampaign *campaign, gboolean failed_only, GString *out)
{
    for (guint i = 0; i < ORACLE_SLOTS; i++) {
        if (campaign->failed[i] || (campaign->passed[i] && !failed_only)) {
            g_string_append_printf(out,
                                   "%-14s passed %8" G_GUINT64_FORMAT ", failed %8" G_GUINT64_FORMAT
                                   ", exceptions %8" G_GUINT64_FORMAT "\n",
                                   name_of(i), campaign->passed[i], campaign->failed[i],
                                   campaign->trapped[i]);
        }
    }
}
