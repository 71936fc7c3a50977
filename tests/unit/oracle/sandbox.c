/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages and segments that all engines of the oracle share. */
#include "tests/unit/oracle/oracle.h"

const OraclePage oracle_pages[ORACLE_PAGE_COUNT] = {
    {ORACLE_CODE_BASE + ORACLE_CODE_OFFSET, ORACLE_PAGE_CODE},
    {ORACLE_CODE_BASE + ORACLE_CODE_OFFSET + 0x1000, ORACLE_PAGE_CODE},
    {ORACLE_DATA_BASE + ORACLE_DATA_OFFSET, ORACLE_PAGE_RW},
    {ORACLE_DATA_BASE + ORACLE_DATA_OFFSET + 0x1000, ORACLE_PAGE_RW},
    {ORACLE_DATA_BASE + ORACLE_DATA_OFFSET + 0x2000, ORACLE_PAGE_RO},
    {ORACLE_DATA_BASE, ORACLE_PAGE_RW},
    {ORACLE_DATA_BASE + 0xf000, ORACLE_PAGE_RW},
};

enum { VECTOR_BP = 3, VECTOR_GP = 13, VECTOR_PF = 14, ERROR_FETCH = 16 };

/* Types (SDM vol. 3, tables 3-1): all accessed, as Linux makes them. */
enum { READ_ONLY = 1, DATA = 3, DOWN = 7, EXECUTE = 9, CODE = 11 };

const OracleDescriptor oracle_ldt[ORACLE_LDT_COUNT] = {
    [ORACLE_LDT_CODE32] = {ORACLE_CODE_BASE, 0xffff, CODE, 1, 0, 1},
    [ORACLE_LDT_CODE16] = {ORACLE_CODE_BASE, 0xffff, CODE, 0, 0, 1},
    [ORACLE_LDT_CODE32_TIGHT] = {ORACLE_CODE_BASE, 0x4fff, CODE, 1, 0, 1},
    [ORACLE_LDT_CODE16_TIGHT] = {ORACLE_CODE_BASE, 0x4fff, CODE, 0, 0, 1},
    [ORACLE_LDT_DATA32] = {ORACLE_DATA_BASE, 0xffff, DATA, 1, 0, 1},
    [ORACLE_LDT_DATA16] = {ORACLE_DATA_BASE, 0xffff, DATA, 0, 0, 1},
    [ORACLE_LDT_LIMIT32] = {ORACLE_DATA_BASE, 0x57ff, DATA, 1, 0, 1},
    [ORACLE_LDT_LIMIT16] = {ORACLE_DATA_BASE, 0x57ff, DATA, 0, 0, 1},
    [ORACLE_LDT_DOWN32] = {ORACLE_DATA_BASE, 0x47ff, DOWN, 1, 0, 1},
    [ORACLE_LDT_DOWN16] = {ORACLE_DATA_BASE, 0x47ff, DOWN, 0, 0, 1},
    [ORACLE_LDT_READONLY] = {ORACLE_DATA_BASE, 0xffff, READ_ONLY, 1, 0, 1},
    [ORACLE_LDT_FLAT] = {0, 0xfffff, DATA, 1, 1, 1},
    [ORACLE_LDT_ABSENT] = {ORACLE_DATA_BASE, 0xffff, DATA, 1, 0, 0},
    [ORACLE_LDT_EXECUTE] = {ORACLE_DATA_BASE, 0xffff, EXECUTE, 1, 0, 1},
};

guint64 oracle_descriptor(const OracleDescriptor *d)
{
    guint64 access = 0x70 | d->type | d->present << 7; /* S, DPL 3 */
    guint64 flags = 1 | d->db << 2 | d->pages << 3;    /* AVL: modify_ldt's `useable` */

    return (d->limit & 0xffff) | (guint64)(d->base & 0xffffff) << 16 | access << 40 |
           (guint64)(d->limit >> 16 & 15) << 48 | flags << 52 | (guint64)(d->base >> 24) << 56;
}

gboolean oracle_stopped_after(const OracleCase *test, OracleOutcome *outcome)
{
    OracleState *out = &outcome->state;

    if (outcome->vector == VECTOR_BP) {
        out->rip--;
        return TRUE;
    }
    if (test->count && out->rip != test->in.rip + test->length) {
        return FALSE;
    }
    if (out->rip == test->in.rip && out->selector[CPU_CS] == test->in.selector[CPU_CS]) {
        return FALSE;
    }
    return (outcome->vector == VECTOR_PF && outcome->error & ERROR_FETCH) ||
           outcome->vector == VECTOR_GP;
}

guint oracle_run_index(const OracleCase *test, guint64 rip)
{
    guint i = 0;

    while (i < test->count && test->in.rip + test->at[i] != rip) {
        i++;
    }
    return i;
}

guint8 *oracle_at(OracleEngine *engine, guint64 address)
{
    for (guint i = 0; i < ORACLE_PAGE_COUNT; i++) {
        if (address - oracle_pages[i].address < ORACLE_PAGE_SIZE) {
            return engine->image + i * ORACLE_PAGE_SIZE + (address - oracle_pages[i].address);
        }
    }
    return NULL;
}
