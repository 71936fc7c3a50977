/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/idle-ticks.h"

#include "core/display.h"
#include "core/vcpu.h"

/* Ticks without a sign of life before batches begin: 5 s at 18.2 Hz. */
#define QUIET_TICKS 91

/* Most of a processor's time that counting ticks may take: 1/8. Where the host's KVM emulates code
 * that other processors run, a tick costs a few hundred microseconds. */
#define BUSY_SHIFT 3

static guint64 count_frames(Machine *machine)
{
    guint64 frames = 0;

    for (guint i = 0; i < machine->displays->len; i++) {
        DisplayStats stats;

        display_stats(g_ptr_array_index(machine->displays, i), &stats);
        frames += stats.frames;
    }
    return frames;
}

void idle_ticks_init(IdleTicks *idle, Machine *machine)
{
    *idle = (IdleTicks){.machine = machine};
}

gboolean idle_ticks_taken(IdleTicks *idle, guint irq)
{
    if (irq != 0) {
        idle->disturbed = TRUE;
        idle->quiet = 0;
        return FALSE;
    }
    idle->taken++;
    return TRUE;
}

gboolean idle_ticks_look(IdleTicks *idle, guint ticks)
{
    Machine *machine = idle->machine;
    guint64 activity =
        address_space_activity(machine->io) + address_space_activity(machine->memory);
    guint64 frames = count_frames(machine);
    gint64 cpu_ns = vcpus_cpu_time(machine);
    gint64 clock_ns = clock_now(machine->guest_clock);
    gboolean quiet = machine->vcpus->len == 1 && idle->taken >= 1 && idle->taken <= ticks + 1 &&
                     !idle->disturbed && activity == idle->activity && frames == idle->frames &&
                     cpu_ns - idle->cpu_ns <= (clock_ns - idle->clock_ns) >> BUSY_SHIFT;

    idle->activity = activity;
    idle->frames = frames;
    idle->cpu_ns = cpu_ns;
    idle->clock_ns = clock_ns;
    idle->taken = 0;
    idle->disturbed = FALSE;
    idle->quiet = quiet ? MIN(idle->quiet + ticks, QUIET_TICKS) : 0;
    return idle->quiet >= QUIET_TICKS;
}

void idle_ticks_wake(IdleTicks *idle)
{
    idle->quiet = 0;
}
