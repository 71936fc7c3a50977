/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug log of the software processor: `-d in_asm,exec,int,cpu`. Costs a test of one word
 * where an item is off; exec and cpu are looked at between blocks only. docs/debugging.md shows
 * what the lines look like.
 */
#pragma once

#include "tcg/cpu.h"

/* A block was decoded from `length` bytes at `host`; cpu->rip is its address. */
void tcg_trace_block(TcgCpu *cpu, const guint8 *host, guint length);
/* A block, or an instruction that is executed alone, is entered at cpu->rip. */
void tcg_trace_entry(TcgCpu *cpu);
/* An event is about to be delivered. */
void tcg_trace_event(TcgCpu *cpu, const TcgEvent *event);
