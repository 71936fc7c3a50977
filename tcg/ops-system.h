/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of tcg/ops-system*.c: far transfers, segments, control registers, ports, interrupts, SYSCALL.
 */
#pragma once

#include "tcg/ops.h"

/* X(OP_NAME without OP_, function), one row an operation. */
#define TCG_SYSTEM_OPS(X)
