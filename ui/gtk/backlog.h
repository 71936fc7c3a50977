/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a display server is behind. Pictures are for somebody: a server that hangs needs none,
 * and Xlib would wait, with the vm lock held, once the connection's socket is full. So while
 * pictures are sent the server is asked for an answer now and then, and is behind when that does
 * not come, or when much is in the socket (SIOCOUTQ, unix(7), tcp(7): what was written and not read
 * yet). Nothing is sent to it then, and nothing runs here, until the answer comes.
 *
 * Main loop, vm lock held. Belongs to a Gui.
 */
#pragma once

#include "mainloop/timer.h"
#include "ui/gtk/server.h"

typedef struct Backlog {
    GuiServer *server;
    Clock *clock;
    gboolean behind;
    guint32 awaits; /* the answer with this number, 0 = none */
    gint64 asked;   /* when; 0 = never */
    void (*changed)(void *opaque);
    void *opaque;
} Backlog;

/* `changed` is called when `behind` changes, inside of the two functions below. */
void backlog_init(Backlog *backlog, GuiServer *server, Clock *clock, void (*changed)(void *opaque),
                  void *opaque);

/* A picture is to be sent. TRUE if the server is behind, and nothing shall be. */
gboolean backlog_check(Backlog *backlog);

/* The server has answered this. */
void backlog_answered(Backlog *backlog, guint32 number);
