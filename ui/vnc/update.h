/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a viewer is sent of the picture: FramebufferUpdates (RFC 6143, 7.6.1), composed here, with
 * libvncserver's encoders but for raw pixels and ZRLE. All on the viewer's thread, which is the
 * only one that touches its rfbClientRec.
 *
 * A viewer that is behind is sent the newest frame when it asks again, whatever was between: there
 * is no queue but what the socket holds.
 */
#pragma once

#include <glib.h>
#include <rfb/rfb.h>

#include "ui/vnc/picture.h"

typedef struct VncUpdater VncUpdater;

/* `lossy`: JPEG and wavelets may be used if the viewer asks; `adaptive`: the effort goes by what it
 * yields. */
VncUpdater *vnc_updater_new(VncPicture *picture, gboolean lossy, gboolean adaptive);
/* Before the screen and its client are freed. NULL is fine. */
void vnc_updater_free(VncUpdater *updater);

/* A screen with the newest frame. NULL if there is none, or no memory. */
rfbScreenInfoPtr vnc_updater_open_screen(VncUpdater *updater);

/* TRUE while a request of the viewer is unanswered, so that news are worth a wake-up. */
gboolean vnc_updater_waits(VncUpdater *updater); /* any thread */

/* An incremental FramebufferUpdateRequest (RFC 6143, 7.5.3), which most messages are. FALSE if it
 * is one that libvncserver has to see. */
gboolean vnc_updater_request(VncUpdater *updater, rfbClientPtr client, guint x, guint y,
                             guint width, guint height);
/* Takes note of what the viewer has asked for. TRUE if that is anything: then it waits. */
gboolean vnc_updater_wants(VncUpdater *updater, rfbClientPtr client);
/* Answers it, as far as there is news. TRUE if something was sent. Closes the client if the
 * connection fails. */
gboolean vnc_updater_serve(VncUpdater *updater, rfbClientPtr client);

/* The cursor that is to be painted into the picture, because the viewer cannot show one; NULL =
 * none. A reference is taken. */
void vnc_updater_set_cursor(VncUpdater *updater, Cursor *cursor, int x, int y);
