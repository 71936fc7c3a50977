/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the oracle's tests of itself: an engine that asks the native one (which must be there as
 * long), and then changes the answer.
 */
#pragma once

#include "tests/unit/oracle/oracle.h"

typedef void (*OracleLie)(OracleEngine *mirror, const OracleCase *test, OracleOutcome *outcome);

/* `lie` may be NULL. */
OracleEngine *oracle_mirror_open(OracleEngine *native, OracleLie lie);
