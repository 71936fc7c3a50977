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

/* Is there any breakpoint for execution? */
static inline gboolean tcg_has_breaks(const TcgCpu *cpu)
{
    return (cpu->dr[7] & 0xff) || cpu->debug->breakpoint_count;
}

/*
 * An access to a watched page, before it is made. If it hits within a block, the instruction is
 * begun anew on its own: does not return then. Otherwise notes what it hits, in cpu->pending_db
 * (DR6's bits) and cpu->debug_hit, for the end of the instruction.
 */
void tcg_watch_access(TcgCpu *cpu, guint64 linear, gsize size, MmuAccess access);

/* IN, OUT and their like are about to reach ports: likewise (CR4.DE: SDM vol. 3, 18.2.5). */
void tcg_watch_io(TcgCpu *cpu, guint port, guint size);

/* DR6's bits of guest breakpoints for execution at `linear`, which are hit before it runs. */
guint32 tcg_break_hits(const TcgCpu *cpu, guint64 linear);

/* ---- for a debugger outside the machine (debug.c) ---- */

gboolean tcg_set_debug(Accel *accel, Vcpu *vcpu, const CpuDebug *debug, GError **error);

/* vcpu_run shall return before what comes next. */
void tcg_debug_stop(TcgCpu *cpu, const CpuDebugHit *hit);

/* Stops at the debugger's breakpoint at `linear`, if there is one. */
gboolean tcg_debug_break(TcgCpu *cpu, guint64 linear);

/* An instruction has ended, or an exception was delivered in its place: stops for a watchpoint or
 * a single step. */
void tcg_debug_after(TcgCpu *cpu);

/* A debugger wants to look after every instruction. */
static inline gboolean tcg_debug_steps(const TcgCpu *cpu)
{
    return cpu->debug->single_step;
}

/* The step takes no interrupts; unless HLT waits for one. */
static inline gboolean tcg_debug_blocks_irqs(const TcgCpu *cpu)
{
    return cpu->debug->single_step && cpu->debug->step_blocks_irqs && !cpu->halted;
}
