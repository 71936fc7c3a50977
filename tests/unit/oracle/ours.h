/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our software processor as an engine of the oracle. */
#pragma once

#include "tests/unit/oracle/oracle.h"

/*
 * One instruction at a time by its plain function (tcg/ops.h), or, with `blocks`, as guests run:
 * decoded into blocks, with the fast handlers.
 */
OracleEngine *oracle_ours_open(gboolean blocks);
