/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitors that the command line asks for: -monitor, -mon, -qmp, "mon:..." and the one that
 * is there by default. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "app/ports.h"
#include "monitor/history.h"

typedef struct Monitors {
    GPtrArray *human;      /* of Monitor*, owned; NULL before monitors_open() */
    GPtrArray *programs;   /* of QmpServer*, owned; likewise */
    HistoryStore *history; /* NULL = none is kept */
} Monitors;

/* After the ports, whose "mon:..." have monitors, too. What was opened before a failure is left
 * to monitors_close(). */
gboolean monitors_open(Monitors *monitors, Ports *ports, GError **error);
void monitors_close(Monitors *monitors);
