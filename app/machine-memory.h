/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -m, -mem-path, -mem-prealloc and -machine memory-backend=: how much memory the machine has, and
 * which memory backend it is. Vm lock held.
 */
#pragma once

#include "app/config.h"
#include "core/board.h"

/* Sets ram_size and memory of `board`; without a backend that was named, makes one. */
gboolean machine_memory_prepare(Machine *machine, CliConfig *config, const BoardOps *ops,
                                BoardConfig *board, GError **error);
