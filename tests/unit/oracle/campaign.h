/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many cases on two engines, and the counts and reports of it. */
#pragma once

#include "tests/unit/oracle/generate.h"

#define ORACLE_SLOTS (OP_COUNT + 1) /* the last is that of runs */

typedef struct OracleCampaign {
    OracleEngine *native, *ours;
    guint64 seed;
    guint rounds;          /* encodings of each form */
    guint fills;           /* inputs of each encoding */
    guint runs;            /* of instructions, for each round */
    const char *only_op;   /* NULL: all */
    const char *only_case; /* FORM:ROUND:FILL, or run:NUMBER:FILL, NULL: all */
    guint reports;         /* of failures of an operation that are printed */
    /* results */
    guint64 passed[ORACLE_SLOTS], failed[ORACLE_SLOTS], trapped[ORACLE_SLOTS]; /* by operation */
    guint64 skipped;
    GString *report;
    guint8 background[ORACLE_PAGE_COUNT * ORACLE_PAGE_SIZE];
} OracleCampaign;

OracleCampaign *oracle_campaign_new(OracleEngine *native, OracleEngine *ours, guint64 seed);
void oracle_campaign_free(OracleCampaign *campaign);

/* All forms of code of these bits; what fails is added to `report`. */
void oracle_campaign_run(OracleCampaign *campaign, guint bits);

/* Runs one case, whose memory is the background and `pokes`; TRUE if both agree. */
gboolean oracle_campaign_try(OracleCampaign *campaign, const OracleCase *test,
                             const OraclePoke pokes[ORACLE_POKES], GString *why);

guint64 oracle_campaign_passed(const OracleCampaign *campaign);
guint64 oracle_campaign_failed(const OracleCampaign *campaign);

/* A line for each operation that was tried. */
void oracle_campaign_table(const OracleCampaign *campaign, gboolean failed_only, GString *out);
