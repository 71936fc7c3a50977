/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sees to it that spice-server finds a sound first message on a display channel, and nothing else
 * until it has dealt with it. Called by the display's worker.
 */
#pragma once

#include <glib.h>

/*
 * A viewer has come. `fd` is a duplicate of its connection, `theirs` the number that spice-server
 * has it under, where another socket is now put; its other end is returned (-1 if that fails).
 * `good`: the viewer may stay.
 */
int spice_guard_begin(int fd, int theirs, gboolean tls, gboolean *good);

/* The worker has dealt with the message: puts the connection back, closes `end`. */
void spice_guard_end(int fd, int theirs, int end, gboolean good);
