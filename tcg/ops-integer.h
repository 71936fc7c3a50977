/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of tcg/ops-integer*.c: moves, arithmetic, logic, shifts, bits, strings, near branches, stack.
 */
#pragma once

#include "tcg/ops.h"

/* X(OP_NAME without OP_, function), one row an operation. */
#define TCG_INTEGER_OPS(X)
