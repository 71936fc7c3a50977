/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP, the monitor for programs: JSON requests, answers and events over a character device, as
 * QEMU's "QEMU Machine Protocol Specification" tells. A server on a listening socket takes any
 * number of clients, each a session of its own; on any other device there is one.
 *
 * Vm lock held. Nothing blocks: a client that does not read is not listened to, and what waits for
 * it is bounded; it misses events then.
 */
#pragma once

#include <glib.h>

#include "core/char.h"

typedef struct QmpServer QmpServer;

/* `pretty`: answers in many lines. The device stays its owner's. */
QmpServer *qmp_server_new(Machine *machine, Chardev *chr, gboolean pretty, GError **error);

/* Ends all its sessions. NULL is fine. */
void qmp_server_free(QmpServer *server);
