/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug server: GDB's remote serial protocol (GDB manual, appendix "GDB Remote Serial
 * Protocol") on a character device. To the client the machine is one process with a thread for
 * each vCPU; addresses are linear ones, seen through the tables of the chosen vCPU.
 *
 * A machine has at most one server, with one client at a time. Connecting stops the machine.
 * All of it runs on the loop with the vm lock. The client is not trusted to keep to the protocol.
 */
#pragma once

#include <glib.h>

#include "core/char.h"
#include "core/machine.h"

/* How a client's `monitor COMMAND` is run; the monitor is above this folder. */
typedef struct GdbMonitorOps {
    /* Starts a line; `done` is called once, maybe before the return (then returns NULL). */
    void *(*start)(Machine *machine, const char *line, void (*done)(const char *text, void *opaque),
                   void *opaque);
    void (*cancel)(void *run); /* `done` will not be called */
} GdbMonitorOps;

/*
 * Serves on `device`, a character device in its short form ("tcp::1234", "chardev:ID"), in place
 * of what was served before; "none" = no more. TCP listens and does not wait unless it says
 * otherwise, without a host on the loopback address only. `monitor` may be NULL.
 */
gboolean gdbstub_start(Machine *machine, const char *device, const GdbMonitorOps *monitor,
                       GError **error);

/* Serves on a character device that has no user and stays its owner's. */
gboolean gdbstub_serve(Machine *machine, Chardev *chr, const GdbMonitorOps *monitor,
                       GError **error);

/* TRUE while a client is connected and has not detached: it decides when the machine runs. */
gboolean gdbstub_has_client(const Machine *machine);

/* Ends the server, if there is one: break- and watchpoints are gone, the run state stays. */
void gdbstub_stop(Machine *machine);
