/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines. A line is a value: whom to tell (`set`, `controller`) and which input (`n`).
 * A device embeds its output lines and sets their level; who they reach is wired by the board or
 * bus. An unwired (all zero) line goes nowhere. Lock held.
 */
#pragma once

#include <glib.h>

typedef struct IrqLine {
    void (*set)(void *controller, guint n, int level);
    void *controller;
    guint n;
} IrqLine;

static inline void irq_set(const IrqLine *line, int level)
{
    if (line->set) {
        line->set(line->controller, line->n, level);
    }
}

static inline void irq_raise(const IrqLine *line)
{
    irq_set(line, 1);
}

static inline void irq_lower(const IrqLine *line)
{
    irq_set(line, 0);
}

/* An edge: up and down again. */
static inline void irq_pulse(const IrqLine *line)
{
    irq_set(line, 1);
    irq_set(line, 0);
}
