/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitors: what a person or a script commands the machine with.
 *
 * There is one table of commands (command.h, commands.c) and skins over it. hmp.c is the text
 * skin: a session with line editing on a character device. Vm lock held throughout; a session
 * never blocks: a peer that does not read stops being listened to, with bounded output waiting.
 */
#pragma once

#include <glib.h>

#include "core/char.h"
#include "core/machine.h"
#include "gdbstub/gdbstub.h"
#include "monitor/history.h"

typedef struct Monitor Monitor;

/*
 * Starts a text session as the user of `chr`, which must have none and stays its owner's. Each
 * time a peer connects it is greeted with banner and prompt.
 */
Monitor *monitor_hmp_new(Machine *machine, Chardev *chr, GError **error);

/*
 * Keeps the lines typed at the session from now on, and brings back those of earlier ones, if a
 * person at this machine sits at its terminal (a terminal on stdio, a console tab); what comes over
 * a socket or a pipe leaves no trace. The store must outlive the session.
 */
void monitor_keep_history(Monitor *monitor, HistoryStore *store);

/* Ends the session and lets go of its character device. NULL is fine. */
void monitor_free(Monitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Monitor, monitor_free)

/*
 * Runs one line without a session and appends what it prints, lines ended by "\n". An error is
 * text too ("Error: ..."); FALSE then. Commands that work in the background are waited for: the
 * lock is dropped meanwhile.
 */
gboolean monitor_hmp_run(Machine *machine, const char *line, GString *out);

/* Lets a debugger's client run commands. */
extern const GdbMonitorOps monitor_gdb_ops;
