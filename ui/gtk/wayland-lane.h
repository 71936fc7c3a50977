/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of the Wayland relay: bytes and descriptors that were read from one socket and go
 * to another, whole messages at a time (Wayland protocol, "Wire Format": an object's id, then size
 * << 16 | opcode, in the host's byte order; the size counts this header and is a multiple of 4).
 * The relay's thread owns it.
 */
#pragma once

#include <glib.h>

/* A message is at most 65535 bytes long; what libwayland sends is at most 4096. */
#define WAYLAND_LANE_SIZE (128 * 1024)
#define WAYLAND_LANE_FDS  253 /* as many as the kernel passes at once */

#define WAYLAND_HEADER_SIZE 8
#define WAYLAND_DISPLAY_ID  1

typedef struct WaylandMessage {
    guint32 object;
    guint16 opcode, size;
    const guint8 *data; /* with its header; unaligned */
} WaylandMessage;

typedef struct WaylandLane {
    guint8 data[WAYLAND_LANE_SIZE];
    gsize length; /* bytes in `data` */
    gsize ready;  /* of these belong to whole messages that may be sent */
    int fds[WAYLAND_LANE_FDS];
    guint fd_count;
} WaylandLane;

void wayland_lane_init(WaylandLane *lane);
void wayland_lane_clear(WaylandLane *lane); /* closes its descriptors, forgets its bytes */

/* Reads what there is. FALSE on the peer's end, an error, or more descriptors than there can be. */
gboolean wayland_lane_read(WaylandLane *lane, int fd);

/*
 * The next message that is not `ready` yet. FALSE if it is not complete; `broken` is set if it
 * never can be. wayland_lane_accept() makes it ready, wayland_lane_drop() takes it out.
 */
gboolean wayland_lane_next(WaylandLane *lane, WaylandMessage *message, gboolean *broken);
void wayland_lane_accept(WaylandLane *lane, const WaylandMessage *message);
void wayland_lane_drop(WaylandLane *lane, const WaylandMessage *message);

/* Drops what is not ready. */
void wayland_lane_drop_rest(WaylandLane *lane);
/* Drops what is ready, and all descriptors: nobody takes them any more. */
void wayland_lane_drop_ready(WaylandLane *lane);

/* Appends a ready message of 32-bit arguments, behind the other ready ones; FALSE if it is full.
 * Nothing else may be waiting. */
gboolean wayland_lane_put(WaylandLane *lane, guint32 object, guint16 opcode, guint32 argument);

/* Sends what is ready, as far as it goes. FALSE if the peer has gone. */
gboolean wayland_lane_send(WaylandLane *lane, int fd);

guint32 wayland_message_word(const WaylandMessage *message, guint index); /* after the header */
