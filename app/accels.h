/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerators, and the choice among them. Main thread, vm lock held.
 */
#pragma once

#include "app/config.h"

/* Every accelerator, in order of preference, ended by NULL. */
extern const AccelOps *const accel_types[];

/*
 * Opens the first accelerator that the config asks for and that works, as machine->accel; says
 * on stderr which and why if it was not the first choice. Takes "accel" out of the board's
 * options.
 */
gboolean accel_open_first(Machine *machine, CliConfig *config, GError **error);
