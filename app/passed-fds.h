/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -add-fd: descriptors that the program was started with, put into sets that paths /dev/fdset/N
 * name (core/fdset.h). Vm lock held.
 */
#pragma once

#include "app/config.h"
#include "core/machine.h"

/* Takes them all; the numbers they had are free afterwards. */
gboolean passed_fds_take(Machine *machine, const CliConfig *config, GError **error);
