/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ZRLE encoder (RFC 6143, 7.7.6), one for each connection, since its zlib stream lasts as long.
 * libvncserver has one too, which always compresses at zlib's default level; this one goes by what
 * the viewer asks for, and takes no trouble over pixels that do not get smaller. On the viewer's
 * thread.
 */
#pragma once

#include <glib.h>
#include <rfb/rfb.h>

#include "ui/vnc/picture.h"

typedef struct VncZrle VncZrle;

VncZrle *vnc_zrle_new(gboolean adaptive);
void vnc_zrle_free(VncZrle *zrle); /* NULL is fine */

/* Encodes a rectangle in the client's pixel format; what comes after the rectangle's header is in
 * `data` until the next call. NULL if zlib fails (no memory). */
const guint8 *vnc_zrle_encode(VncZrle *zrle, rfbClientPtr client, const VncFrame *frame,
                              const pixman_box32_t *box, int level, gsize *length);
