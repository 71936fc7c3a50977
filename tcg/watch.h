/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data and code breakpoints, the guest's (DR0-3, DR7: SDM vol. 3, 18.2) and a debugger's. On the
 * vCPU's thread. Pages without any cost nothing.
 */
#pragma once

#include "tcg/mmu.h"

/* What is watched has changed (DR7, DR0-3, a debugger): forgets translations that ignore it. */
void tcg_watch_update(TcgCpu *cpu);

/* Is any byte of the page watched for reads or writes? For execution? */
gboolean tcg_watch_page(const TcgCpu *cpu, guint64 linear_page);
gboolean tcg_break_page(const TcgCpu *cpu, guint64 linear_page);

/* An access to a watched page: notes in cpu->pending_db (DR6's bits) what it hits. */
void tcg_watch_access(TcgCpu *cpu, guint64 linear, gsize size, MmuAccess access);

/* DR6's bits of guest breakpoints for execution at `linear`, which are hit before it runs. */
guint32 tcg_break_hits(const TcgCpu *cpu, guint64 linear);

/* A debugger wants to look after every instruction. */
gboolean tcg_debug_steps(const TcgCpu *cpu);
