/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process's standard error (and output) while its terminal shows a guest: what is written
 * there is collected, line by line, and written to the terminal when that is free again. Vm lock
 * held.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct Messages Messages;

/* `line` is told of each new line (valid UTF-8). NULL if nothing can be collected. */
Messages *messages_new(Machine *machine, gboolean (*is_screen)(int fd, void *opaque),
                       void (*line)(const char *text, void *opaque), void *opaque);
/* Gives the descriptors back, writes out what was collected and forgets it. NULL is fine. */
void messages_free(Messages *messages);
