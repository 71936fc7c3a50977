/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on its way to a viewer. A message is composed in memory, by us or by libvncserver, and
 * sent with as few system calls as it takes; what the socket does not take at once waits here, so
 * that the viewer's thread can listen meanwhile. One message at a time: the next one begins when
 * this one is gone. On the viewer's thread.
 */
#pragma once

#include <glib.h>
#include <rfb/rfb.h>

typedef struct VncWire VncWire;

/* `fd` is the viewer's socket, which is not closed with the wire. */
VncWire *vnc_wire_new(int fd);
void vnc_wire_free(VncWire *wire); /* NULL is fine */

/* The functions below find the wire by its client. They return FALSE if the connection has failed.
 * (Before the session, and for its answers, libvncserver writes to the socket itself.) */
void vnc_wire_attach(VncWire *wire, rfbClientPtr client);

/* Begins a message. `library`: functions of libvncserver write some of it. */
gboolean vnc_wire_begin(rfbClientPtr client, gboolean library);
gboolean vnc_wire_put(rfbClientPtr client, const void *data, gsize length);
/* The same for data that stays where it is until the message is sent. */
gboolean vnc_wire_refer(rfbClientPtr client, const void *data, gsize length);
/* The message is complete, and `good`; begins to send it. To be called for every begun one. */
gboolean vnc_wire_end(rfbClientPtr client, gboolean good);

/* There is something that the socket has not taken yet. */
gboolean vnc_wire_busy(rfbClientPtr client);
/* Sends what the socket takes. FALSE too if it has not taken anything for long. */
gboolean vnc_wire_resume(rfbClientPtr client);
/* The socket has room for a short message of libvncserver's. If not, time counts from now on. */
gboolean vnc_wire_has_room(rfbClientPtr client);
/* How many ms the socket may still take nothing; 0: it is to be given up. */
int vnc_wire_patience(rfbClientPtr client);

/* A FramebufferUpdate with so many rectangles begins (RFC 6143, 7.6.1). */
gboolean vnc_wire_update(rfbClientPtr client, guint rectangles);

/* A rectangle's header. */
gboolean vnc_wire_rectangle(rfbClientPtr client, guint x, guint y, guint width, guint height,
                            gint32 encoding);
