/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: the machine that the command line asks for, put together, run, and taken apart again.
 * Main thread; session_new() takes the vm lock, session_free() drops it.
 */
#pragma once

#include "app/config.h"

typedef struct Session Session;

/* Puts everything together; the machine does not run yet. On failure nothing is left behind. */
Session *session_new(CliConfig *config, GError **error);

/* Runs until the machine ends; returns the exit status. */
int session_run(Session *session);

void session_free(Session *session); /* NULL is fine */
