/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boards that `-machine` can make (core/board.h says what a board is). No state.
 */
#pragma once

#include "core/board.h"

/* Every board, ended by NULL; the first is the default. */
extern const BoardOps *const board_types[];

/* By name, or by one of QEMU's versioned names ("pc-i440fx-7.2"); NULL if unknown. */
const BoardOps *board_find(const char *name);
