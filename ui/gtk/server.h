/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What depends on the display server. Apart from gui.h, because Xlib has a type Display of its
 * own. Main loop, vm lock held; after gtk_init_check().
 */
#pragma once

#include <glib.h>

#include "ui/common/hostkeys.h"

/* Its keycodes. */
void gui_server_host_keys(HostKeys *keys);

/*
 * Calls `lost` when the connection breaks, from within some GTK call: it may only note it down.
 * From then on calls on the display do nothing. NULL = ends the process then, as GDK does.
 * FALSE if the loss of this server cannot be survived.
 */
gboolean gui_server_watch(void (*lost)(void *opaque), void *opaque);

/* Drops a display whose connection is lost. */
void gui_server_discard(void);
