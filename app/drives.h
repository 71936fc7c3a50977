/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drives and images of the command line. Main thread, vm lock held. */
#pragma once

#include "app/config.h"

/*
 * Makes the drives that the config asks for. An image alone becomes the first free IDE disk, or
 * the CD-ROM if that is what it holds; without any drive the demonstration disk is put in, unless
 * `demo` is FALSE.
 */
gboolean drives_create(Machine *machine, const CliConfig *config, gboolean demo, GError **error);

/*
 * Adds the empty CD-ROM drive that people put discs into at the monitor, unless its place is taken
 * or the config says how drives should be.
 */
gboolean drives_add_empty_cdrom(Machine *machine, const CliConfig *config, GError **error);
/* The same of the floppy drive, if the board has one. */
gboolean drives_add_empty_floppy(Machine *machine, const CliConfig *config, GError **error);
