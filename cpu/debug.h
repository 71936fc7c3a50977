/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debugger outside the machine wants to be told of, and what it is told: types that the
 * debugger's side (gdbstub/) and the accelerators share. The guest knows nothing of it: its own
 * debug registers and trap flag are left alone as far as the accelerator can.
 */
#pragma once

#include <glib.h>

/* Kinds of access that a watchpoint stops at; a set. */
typedef enum CpuWatchAccess {
    CPU_WATCH_READ = 1 << 0,
    CPU_WATCH_WRITE = 1 << 1,
} CpuWatchAccess;

typedef struct CpuWatchpoint {
    guint64 addr; /* linear */
    guint64 length;
    guint access; /* CpuWatchAccess bits */
} CpuWatchpoint;

/* Wishes for one vCPU; all zero = none, which must then cost nothing. */
typedef struct CpuDebug {
    const guint64 *breakpoints; /* linear addresses: stops before the instruction there */
    guint breakpoint_count;
    const CpuWatchpoint *watchpoints; /* stops after the instruction that touches one */
    guint watchpoint_count;
    gboolean single_step;      /* stops after one instruction, or the delivery of an exception */
    gboolean step_blocks_irqs; /* and takes no external interrupt or NMI before that */
} CpuDebug;

typedef enum CpuDebugReason {
    CPU_DEBUG_NONE,
    CPU_DEBUG_STEP,
    CPU_DEBUG_BREAKPOINT,
    CPU_DEBUG_WATCHPOINT,
} CpuDebugReason;

/* Why vcpu_run returned VCPU_EXIT_DEBUG. */
typedef struct CpuDebugHit {
    CpuDebugReason reason;
    guint64 addr; /* linear: of the breakpoint, or the first byte watched that was touched */
    guint access; /* of a watchpoint: the bits that it was set for */
} CpuDebugHit;
