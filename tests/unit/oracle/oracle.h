/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native oracle: one instruction on given registers and memory, executed by the host's
 * processor in ring 3 and by ours, results compared. See docs/native-oracle.md.
 *
 * An OracleEngine executes; `native` is the host. Memory is a handful of pages (oracle_pages[])
 * around which nothing is mapped; every engine has an image of its own of them, at the same
 * linear addresses. One thread, and one native engine in a process: signals and low addresses
 * belong to it.
 */
#pragma once

#include <glib.h>

#include "cpu/registers.h"
#include "tcg/decode.h"
#include "tests/unit/oracle/layout.h"

#define ORACLE_PAGE_SIZE 4096

/* The pages, in the order in which they lie in an image. */
typedef enum OraclePageKind { ORACLE_PAGE_CODE, ORACLE_PAGE_RW, ORACLE_PAGE_RO } OraclePageKind;

typedef struct OraclePage {
    guint32 address;
    OraclePageKind kind;
} OraclePage;

#define ORACLE_PAGE_COUNT 7
extern const OraclePage oracle_pages[ORACLE_PAGE_COUNT];

/* Base of code segments, and of what is mapped around their code pages: 64 KB. */
#define ORACLE_CODE_BASE   0x20000000u
#define ORACLE_CODE_OFFSET 0x4000 /* of two pages */
/* Base of data segments. Pages at offsets 0, 4000 and 5000 (both RW), 6000 (RO), f000. */
#define ORACLE_DATA_BASE   0x30000000u
#define ORACLE_DATA_OFFSET 0x4000
/* Nothing but oracle_pages[] is mapped between these (data): accesses that miss are #PF. */
#define ORACLE_DATA_LOW  (ORACLE_DATA_BASE - 0x10000000u / 2)
#define ORACLE_DATA_HIGH (ORACLE_DATA_BASE + 0x10000000u / 2)

/* The LDT, which all engines share. */
typedef enum OracleSelector {
    ORACLE_LDT_CODE32,       /* base ORACLE_CODE_BASE, 64 KB, readable */
    ORACLE_LDT_CODE16,       /* likewise */
    ORACLE_LDT_CODE32_TIGHT, /* ends with the first code page */
    ORACLE_LDT_CODE16_TIGHT,
    ORACLE_LDT_DATA32,  /* base ORACLE_DATA_BASE, 64 KB; B = 1 */
    ORACLE_LDT_DATA16,  /* B = 0 */
    ORACLE_LDT_LIMIT32, /* ends in the middle of the second RW page */
    ORACLE_LDT_LIMIT16,
    ORACLE_LDT_DOWN32, /* expand-down: begins in the middle of the first RW page */
    ORACLE_LDT_DOWN16,
    ORACLE_LDT_READONLY,
    ORACLE_LDT_FLAT,    /* base 0, 4 GB */
    ORACLE_LDT_ABSENT,  /* data, not present */
    ORACLE_LDT_EXECUTE, /* code that cannot be read, base ORACLE_DATA_BASE */
    ORACLE_LDT_COUNT
} OracleSelector;

#define ORACLE_SELECTOR(n) ((n) << 3 | 7)

typedef struct OracleDescriptor {
    guint32 base, limit; /* limit in bytes, or in pages with `pages` */
    guint8 type;         /* as in the descriptor, without S: 0-15 */
    guint8 db, pages, present;
} OracleDescriptor;

extern const OracleDescriptor oracle_ldt[ORACLE_LDT_COUNT];

/* What an instruction works on, beside memory. Offsets are in layout.h. */
typedef struct OracleState {
    guint64 gpr[16];
    guint64 rip; /* linear in 64-bit code, else offset in CS */
    guint64 rflags;
    guint64 fs_base, gs_base; /* 64-bit code only: elsewhere they follow from the selectors */
    guint16 selector[8];      /* CPU_ES..., 2 of padding */
    guint8 fx[512] __attribute__((aligned(16)));
} OracleState;

#define ORACLE_RUN_MAX 6

/* An instruction, or a run of them, and all inputs but memory. */
typedef struct OracleCase {
    guint bits; /* 16, 32, 64 */
    guint8 bytes[ORACLE_RUN_MAX * 16];
    guint length;     /* what the decoder says; with `invalid`, how many bytes there are */
    gboolean invalid; /* the decoder says #UD */
    Insn insn;        /* of a run: its first */
    OracleState in;
    /* A run: several instructions, which do not branch, one behind the other. */
    guint count; /* 0: not a run */
    Insn run[ORACLE_RUN_MAX];
    guint8 at[ORACLE_RUN_MAX + 1];                /* where they begin, and the end */
    guint32 undefined_before[ORACLE_RUN_MAX + 1]; /* flags that nobody knows there */
} OracleCase;

#define ORACLE_NO_TRAP (-1)

typedef struct OracleOutcome {
    int vector;        /* of the exception, or ORACLE_NO_TRAP */
    guint32 error;     /* its error code, 0 if it has none */
    guint64 cr2;       /* of #PF */
    OracleState state; /* rip: where control is, or what the exception pushed */
} OracleOutcome;

typedef struct OracleEngine OracleEngine;
struct OracleEngine {
    guint8 *image; /* ORACLE_PAGE_COUNT pages, readable and writable for the harness */
    /* The bytes under test, or those around them, in the image's code pages have changed. */
    void (*code_changed)(OracleEngine *engine);
    void (*run)(OracleEngine *engine, const OracleCase *test, OracleOutcome *outcome);
    void (*close)(OracleEngine *engine);
};

/* NULL, and *why, if the host cannot: no FSGSBASE, no modify_ldt, low memory taken. */
OracleEngine *oracle_native_open(const char **why);

/* Puts the instruction of a case into an image: bytes, and for `native` the way back. */
void oracle_put_code(OracleEngine *engine, const OracleCase *test);

/* The LDT's entry as the processor reads it (SDM vol. 3, 3.4.5). */
guint64 oracle_descriptor(const OracleDescriptor *descriptor);

/*
 * Engines run on behind the instruction, to the INT3, the unmapped page or the limit that stops
 * them. TRUE if this exception is only that: the instruction was completed, and out->rip is set to
 * where control went.
 */
gboolean oracle_stopped_after(const OracleCase *test, OracleOutcome *outcome);

/* The instruction at `rip` of a run, or, behind the last, `count`. */
guint oracle_run_index(const OracleCase *test, guint64 rip);

/* Linear address to the place in an image; NULL if no page is there. */
guint8 *oracle_at(OracleEngine *engine, guint64 address);
