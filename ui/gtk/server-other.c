/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A GTK without its X11 backend: Wayland, whose keycodes are evdev's plus 8 (wl_keyboard.key), and
 * whose loss GTK 3 answers with _exit().
 */
#include "ui/gtk/server.h"

void gui_server_host_keys(HostKeys *keys)
{
    host_keys_init_evdev(keys);
}

gboolean gui_server_watch(void (*lost)(void *opaque), void *opaque)
{
    return FALSE;
}

void gui_server_discard(void)
{
}
