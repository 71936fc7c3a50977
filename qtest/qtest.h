/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator `qtest`, whose vCPUs are parked and whose guest clock stands still until a test
 * steps it, and the server of QEMU's line-based qtest protocol, through which a test plays the
 * processor: it reads and writes ports and memory, steps the clock and watches interrupt lines.
 *
 * docs/testing.md lists the commands. Vm lock held.
 */
#pragma once

#include "core/accel.h"
#include "core/char.h"

extern const AccelOps qtest_accel_ops;

/*
 * Serves the protocol on `chr` (-qtest CHARDEV), whose only user it becomes. The machine must have
 * been given the accelerator qtest, which ends the server when it is closed. Several chardevs may
 * be served at once. The dialogue is logged to `log_file` unless that is NULL: lines received (R)
 * and sent (S), with the seconds since the start of the log.
 */
gboolean qtest_server_start(Machine *machine, Chardev *chr, const char *log_file, GError **error);
