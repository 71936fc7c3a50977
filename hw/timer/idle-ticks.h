/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells whether nobody can miss the timer's ticks for a moment.
 *
 * A guest that waits under its firmware ("No bootable device", a boot menu without a timeout, DOS
 * at its prompt) is woken 18.2 times a second to count a tick and halts again, for as long as its
 * window stays open. Once it has done nothing else for some seconds, its ticks may come in small
 * batches: none is lost, some are late. The first sign of life ends that.
 *
 * Quiet is: one processor, which takes each tick through the 8259s, uses hardly any CPU time and
 * reaches no device but these; no other interrupt taken; no new frame on any display. Vm lock held.
 */
#pragma once

#include "core/machine.h"

typedef struct IdleTicks {
    Machine *machine;
    guint64 activity, frames; /* at the last tick */
    gint64 cpu_ns, clock_ns;
    guint taken;        /* ticks that the processor took since then */
    gboolean disturbed; /* it took another interrupt */
    guint quiet;        /* ticks in a row without a sign of life */
} IdleTicks;

void idle_ticks_init(IdleTicks *idle, Machine *machine);

/* The processor took an interrupt; TRUE if it was the timer's. */
gboolean idle_ticks_taken(IdleTicks *idle, guint irq);

/* A tick, or a batch of `ticks`, is due: looks around. TRUE when the next ones may be batched. */
gboolean idle_ticks_look(IdleTicks *idle, guint ticks);

/* A sign of life: the waiting starts anew. */
void idle_ticks_wake(IdleTicks *idle);
