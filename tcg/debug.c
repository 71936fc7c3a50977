/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a debugger outside the machine wants (cpu/debug.h), beside watch.c's lookups. */
#include "tcg/tcg.h"
#include "tcg/watch.h"

gboolean tcg_set_debug(Accel *accel, Vcpu *vcpu, const CpuDebug *debug, GError **error)
{
    TcgCpu *cpu = tcg_cpu_of(vcpu);
    const CpuDebug *before = cpu->debug;

    cpu->debug = debug;
    /* A step is asked for often, and no translation depends on it. */
    if (before->breakpoints != debug->breakpoints || before->watchpoints != debug->watchpoints ||
        before->breakpoint_count != debug->breakpoint_count ||
        before->watchpoint_count != debug->watchpoint_count) {
        tcg_watch_update(cpu);
    }
    return TRUE;
}

void tcg_debug_stop(TcgCpu *cpu, const CpuDebugHit *hit)
{
    cpu->vcpu->debug_hit = *hit;
    cpu->debug_exit = TRUE;
}

gboolean tcg_debug_break(TcgCpu *cpu, guint64 linear)
{
    for (guint i = 0; i < cpu->debug->breakpoint_count; i++) {
        if (cpu->debug->breakpoints[i] == linear) {
            tcg_debug_stop(cpu, &(CpuDebugHit){CPU_DEBUG_BREAKPOINT, linear, 0});
            return TRUE;
        }
    }
    return FALSE;
}

void tcg_debug_after(TcgCpu *cpu)
{
    if (cpu->debug_hit.reason != CPU_DEBUG_NONE) {
        tcg_debug_stop(cpu, &cpu->debug_hit);
        cpu->debug_hit.reason = CPU_DEBUG_NONE;
    } else if (cpu->debug->single_step) {
        tcg_debug_stop(cpu, &(CpuDebugHit){CPU_DEBUG_STEP, 0, 0});
    }
}
