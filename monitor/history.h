/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines that people typed at monitors, kept from one run of the program to the next in a file: one
 * a line, oldest first, HISTORY_MAX_LINES at most, readable by its owner only.
 *
 * All monitors of a process share one store, and all processes the file: what one adds goes behind
 * what the others have added meanwhile, and each state of the file is whole (it is replaced). Files
 * are read and written by workers; a file that cannot be is not missed. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

#define HISTORY_MAX_LINES  500
#define HISTORY_MAX_LENGTH 1000 /* bytes of a line; longer ones are not kept */

typedef struct HistoryStore HistoryStore;

/* Lines of earlier runs, of char *, oldest first. */
typedef void (*HistoryFn)(const GPtrArray *lines, void *opaque);

/* `path`: its directories are made when there is something to write. */
HistoryStore *history_store_new(Machine *machine, const char *path);

/* Ends the store; what was added is written by then or soon after, by a worker. NULL is fine. */
void history_store_free(HistoryStore *store);

typedef struct HistoryQuery HistoryQuery;

/* Reads the file; `fn` is called later, once, unless cancelled (NULL is fine). */
HistoryQuery *history_store_load(HistoryStore *store, HistoryFn fn, void *opaque);
void history_query_cancel(HistoryQuery *query);

/* Adds a line - not one that begins with a space, or that looks as if it held a password. */
void history_store_add(HistoryStore *store, const char *line);

/* What keeps a line out of the file. */
gboolean history_is_private(const char *line);
