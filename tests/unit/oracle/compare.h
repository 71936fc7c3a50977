/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling whether two engines did the same, in words if not; what the manuals leave undefined is
 * left out.
 */
#pragma once

#include "tests/unit/oracle/oracle.h"

/* Flags of RFLAGS that may be anything after this case. */
guint32 oracle_undefined_flags(const OracleCase *test);

/* The manuals do not say what the result is: not worth trying. */
gboolean oracle_is_undefined(const OracleCase *test);

/*
 * Appends a line for each thing that differs; TRUE if nothing does. `images`: a[], then b's
 * (ORACLE_PAGE_COUNT pages each), from which bytes that nobody defines are taken out.
 */
gboolean oracle_compare(const OracleCase *test, const OracleOutcome *a, const OracleOutcome *b,
                        OracleEngine *engine_a, OracleEngine *engine_b, GString *why);

/* Bytes, disassembly and inputs, for a report. */
void oracle_print_case(const OracleCase *test, GString *out);

/* As ZYDIS says it, or our name of the operation. */
void oracle_disassemble(const OracleCase *test, GString *out);
