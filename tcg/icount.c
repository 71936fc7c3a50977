/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/icount.h"

#include "core/machine.h"
#include "tcg/run.h"

/* The longest stretch without a look at the timers, which others may have set. */
#define STRETCH_NS NS_PER_MS

static gboolean is_counted(const TcgCpu *cpu)
{
    return cpu->accel->icount_shift >= 0;
}

static Clock *guest_clock(const TcgCpu *cpu)
{
    return cpu->vcpu->machine->guest_clock;
}

static gint64 uncounted_ns(const TcgCpu *cpu)
{
    return (gint64)(cpu->budget_given - cpu->budget) << cpu->accel->icount_shift;
}

gint64 icount_now(const TcgCpu *cpu)
{
    return clock_now(guest_clock(cpu)) + (is_counted(cpu) ? uncounted_ns(cpu) : 0);
}

void icount_sync(TcgCpu *cpu)
{
    VmLock *lock = cpu->vcpu->machine->lock;
    gint64 now;

    if (!is_counted(cpu)) {
        return;
    }
    vm_lock_take(lock, "tcg icount");
    now = clock_now(guest_clock(cpu)) + uncounted_ns(cpu);
    cpu->budget = cpu->budget_given = 0; /* a timer may be set now: see icount_refill() */
    clock_step(guest_clock(cpu), now);
    vm_lock_drop(lock);
}

void icount_refill(TcgCpu *cpu)
{
    VmLock *lock = cpu->vcpu->machine->lock;
    gint64 next, left = STRETCH_NS;

    if (!is_counted(cpu)) {
        cpu->budget = G_MAXINT32;
        return;
    }
    tcg_leave_guest(cpu);
    vm_lock_take(lock, "tcg icount");
    next = clock_next_expiry(guest_clock(cpu));
    if (next >= 0) {
        left = CLAMP(next - clock_now(guest_clock(cpu)), 0, STRETCH_NS);
    }
    vm_lock_drop(lock);
    tcg_enter_guest(cpu);
    cpu->budget = cpu->budget_given = (gint32)(left >> cpu->accel->icount_shift) + 1;
}

gboolean icount_skip(TcgCpu *cpu)
{
    VmLock *lock = cpu->vcpu->machine->lock;
    gint64 next;

    if (!is_counted(cpu) || !cpu->halted) {
        return FALSE;
    }
    tcg_leave_guest(cpu);
    vm_lock_take(lock, "tcg icount");
    next = clock_next_expiry(guest_clock(cpu));
    if (next >= 0) {
        clock_step(guest_clock(cpu), next);
    }
    vm_lock_drop(lock);
    tcg_enter_guest(cpu);
    return next >= 0;
}
