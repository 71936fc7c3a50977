/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing to a viewer through libvncserver's update buffer, so that small things share a system
 * call and large ones are not copied. On the viewer's thread. All return FALSE when the connection
 * has failed.
 */
#pragma once

#include <glib.h>
#include <rfb/rfb.h>

gboolean vnc_wire_put(rfbClientPtr client, const void *data, gsize length);
gboolean vnc_wire_flush(rfbClientPtr client);

/* A FramebufferUpdate with so many rectangles begins (RFC 6143, 7.6.1). */
gboolean vnc_wire_begin_update(rfbClientPtr client, guint rectangles);

/* A rectangle's header. */
gboolean vnc_wire_rectangle(rfbClientPtr client, guint x, guint y, guint width, guint height,
                            gint32 encoding);
