/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counted time, for runs that can be repeated exactly (-icount): the guest clock moves by the
 * instructions that the one processor has executed, 2^shift ns each, and jumps to the next timer
 * while it is halted. Timers fire between blocks, on the vCPU's thread with the vm lock. Blocks
 * are counted whole, so time is exact to 32 instructions and the same in every run.
 *
 * On the vCPU's thread. Without -icount all of these do next to nothing.
 */
#pragma once

#include "tcg/cpu.h"

/* The budget is used up: fires what is due and says how many instructions may run till the next
 * timer. In the guest, which it leaves for a moment. */
void icount_refill(TcgCpu *cpu);

/* Brings the guest clock up to date; out of the guest, without the vm lock. */
void icount_sync(TcgCpu *cpu);

/* The processor is halted: goes to the next timer. FALSE: there is none, or time is not counted. */
gboolean icount_skip(TcgCpu *cpu);

/* The guest clock in ns, the instructions since the last sync included. */
gint64 icount_now(const TcgCpu *cpu);
