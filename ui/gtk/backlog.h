/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a display server is behind. Xlib waits when the connection's socket is full, with the vm
 * lock held: a server that hangs, or a slow line, would stop the guest. So the socket is looked at
 * before each picture (SIOCOUTQ, unix(7), tcp(7): what was written and not read yet), and while
 * much is in it, no picture is drawn. Main loop, vm lock held. Belongs to a Gui.
 */
#pragma once

#include "mainloop/timer.h"

typedef struct Backlog {
    int fd; /* -1 = is never behind */
    gboolean behind;
    Timer timer; /* looks again */
    void (*changed)(void *opaque);
    void *opaque;
} Backlog;

/* `changed` is called when `behind` changes: inside backlog_check(), or by the timer. */
void backlog_init(Backlog *backlog, Clock *clock, int fd, void (*changed)(void *opaque),
                  void *opaque);
void backlog_end(Backlog *backlog);

/* Looks; TRUE if the server is behind, and nothing shall be sent to it now. */
gboolean backlog_check(Backlog *backlog);
