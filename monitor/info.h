/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Topics of `info`: the built-in ones of monitor_info_topics[], and those that devices of the
 * tree (DeviceOps.info_topic) and open frontends bring along. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

/* Calls `fn` once for every topic there is now, in no particular order. */
void info_foreach_topic(Machine *machine, void (*fn)(const char *name, void *opaque), void *opaque);

/* Appends what devices and frontends have to say about `name`; FALSE if none of them knows it. */
gboolean info_print_topic(Machine *machine, const char *name, GString *out);
