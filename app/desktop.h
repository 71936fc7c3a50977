/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine gets that is shown on a desktop: a USB tablet, so that no pointer has to be
 * grabbed once the guest's driver uses it. Main thread, vm lock held.
 */
#pragma once

#include "app/config.h"
#include "core/board.h"

/*
 * Before the board is made: asks it for its USB controller, unless the command line has a USB
 * controller or pointer of its own, or says -nodefaults or -machine usb=off. TRUE if the machine
 * is to get a tablet.
 */
gboolean desktop_prepare(CliConfig *config, const BoardOps *board);

/* After -device: the tablet, into the last free port. Without a free one there is none. */
void desktop_add_tablet(Machine *machine);
