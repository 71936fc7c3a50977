/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket of a running machine: `vitrine list`, `attach` and `detach` talk to it from
 * other shells. docs/control-socket.md has the protocol. Main loop, vm lock held; no client can
 * make it wait, and none but this user's (and root's) processes are heard.
 */
#pragma once

#include "core/machine.h"

typedef struct ControlServer ControlServer;

/*
 * Listens, and sets machine->attach_name to what `vitrine attach` finds the machine by. NULL with
 * an error if it cannot; the machine does without.
 */
ControlServer *control_server_new(Machine *machine, GError **error);

/* Before the machine is freed. NULL is fine. */
void control_server_free(ControlServer *server);
