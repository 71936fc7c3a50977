/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What head.c (the display's side and the server's thread) and head-command.c (the display
 * worker's side) share.
 */
#pragma once

#include "ui/spice/spice-priv.h"

struct SpiceHead {
    QXLInstance qxl;
    SpiceSession *session;
    Display *display;
    guint index;
    Deferred *wake; /* on the server's thread: something below changed */

    /* vm lock */
    DisplayListener *listener;
    int viewers;

    /* the server's thread */
    gboolean running; /* spice-server has it */
    guint8 *primary;  /* spice-server's picture, of this size; NULL = none */
    guint primary_width, primary_height;
    Clock *clock;
    Timer retry;    /* a viewer is behind, see follow_size() */
    guint64 unsent; /* bytes by which, and since when it is so many; 0 = none is */
    gint64 unsent_since;

    GMutex mutex;             /* guards what follows, a leaf */
    Surface *surface;         /* what to show */
    pixman_region32_t damage; /* not yet made into commands */
    gboolean open;            /* the primary has the surface's size: commands may come */
    gboolean starved;         /* too much is in flight */
    guint commands;           /* in flight: spice-server has not released them */
    gsize bytes;              /* ... their pixels */
    guint64 next_id;          /* of images */
    Cursor *cursor;           /* NULL = none */
    int cursor_x, cursor_y;
    gboolean cursor_visible;
    gboolean cursor_changed, cursor_moved; /* and not yet told */
};

extern const QXLInterface spice_head_qxl;
