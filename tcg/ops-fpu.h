/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of tcg/ops-fpu*.c: x87, MMX, SSE.
 */
#pragma once

#include "tcg/ops.h"

/* X(OP_NAME without OP_, function), one row an operation. */
#define TCG_FPU_OPS(X)
