/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs one line of HMP: parses it, calls the handler, gathers its output, reports and error as one
 * text. What sessions and monitor_hmp_run() share. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "monitor/command.h"

typedef struct HmpRun HmpRun;

typedef struct HmpResult {
    const char *text; /* lines end in "\n"; an error is the last */
    gboolean ok;
    gboolean unknown; /* there is no such command */
    gboolean forget;  /* the line held a secret */
    gboolean goodbye; /* nothing further is expected */
} HmpResult;

typedef void (*HmpDoneFn)(const HmpResult *result, void *opaque);

/*
 * Runs a line. `done` is called once: before the return (NULL then), or later. Until then the
 * returned run stands for it.
 */
HmpRun *hmp_run_start(CommandContext *context, const char *line, HmpDoneFn done, void *opaque);

/* The context goes away: `done` will not be called. NULL is fine. */
void hmp_run_detach(HmpRun *run);
