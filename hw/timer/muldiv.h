/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversion between nanoseconds and the ticks of a crystal, exact and without overflow. Any
 * thread.
 */
#pragma once

#include <glib.h>

#include "mainloop/timer.h"

/* Ticks of a clock of `hz` that have passed at `ns`, which is not negative. */
static inline gint64 ticks_at(gint64 ns, guint hz)
{
    return (gint64)((unsigned __int128)ns * hz / NS_PER_SEC);
}

/* The first nanosecond at which ticks_at() has reached `ticks`, which is not negative. */
static inline gint64 ns_of_tick(gint64 ticks, guint hz)
{
    return (gint64)(((unsigned __int128)ticks * NS_PER_SEC + hz - 1) / hz);
}
