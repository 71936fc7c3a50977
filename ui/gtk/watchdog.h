/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds how long GTK can wait for an X server. In a few places (a menu opens, the keyboard is
 * grabbed, the pointer rests) it asks the server and waits, with the vm lock held; a server that
 * hangs in that moment would stop the machine. A thread looks, while the main loop does something,
 * whether it does so for more than two seconds; if then the server does not answer a connection of
 * our own either, GTK's is broken: whatever waits for it returns, and the frontend closes.
 *
 * Main loop, vm lock held. Belongs to a GuiServer. An idle loop costs nothing, a busy one a look a
 * second.
 */
#pragma once

#include "mainloop/loop.h"

typedef struct GuiWatchdog GuiWatchdog;

/* `display`: the X server's name; `fd`: the connection's socket (a copy of it is kept). */
GuiWatchdog *gui_watchdog_new(EventLoop *loop, const char *display, int fd);

/* Breaks the connection now. */
void gui_watchdog_bite(GuiWatchdog *watchdog);

/* After the connection has been closed. NULL is fine. */
void gui_watchdog_free(GuiWatchdog *watchdog);
