/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a server's viewers see: immutable frames, made from the display's surface when a viewer asks
 * for one and something has changed since the last. Making a frame compares the damaged parts with
 * the frame before, tile by tile, so that what is sent is what changed; it is done once, however
 * many viewers there are, by the viewer's thread that asks first.
 *
 * A frame does not change while anybody has a reference to it, so that an encoder needs no lock and
 * a viewer that stalls while it is sent holds up nobody: it keeps one frame's memory. Frames go
 * back to the picture when the last reference goes.
 */
#pragma once

#include <glib.h>
#include <pixman.h>

#include "core/display.h"

typedef struct VncPicture VncPicture;
typedef struct VncView VncView;
typedef struct VncFrame VncFrame;

/* Pixels as a Surface has them, rows without gaps. */
struct VncFrame {
    guint width, height;
    guint stride; /* width * 4 */
    guint8 *data;
    /* the picture's own */
    gint refs;               /* atomic */
    pixman_region32_t stale; /* where it differs from the newest frame */
};

VncPicture *vnc_picture_new(void);
void vnc_picture_free(VncPicture *picture); /* no view and no frame is in use any more */

/* From the display's listener, with the vm lock. They return at once. */
void vnc_picture_set_surface(VncPicture *picture, Surface *surface);
void vnc_picture_damage(VncPicture *picture, const pixman_region32_t *region);

/* ---- viewers' threads, without the vm lock ---- */

/* A viewer's place: what changed since it last took a frame. Begins with everything. */
VncView *vnc_view_new(VncPicture *picture);
void vnc_view_free(VncView *view); /* NULL is fine */

/*
 * The newest frame (a reference), NULL before there is a surface. What has changed since the last
 * call is added to `damage`; if the size is another one, that is all of it.
 */
VncFrame *vnc_view_take(VncView *view, pixman_region32_t *damage);

VncFrame *vnc_frame_ref(VncFrame *frame);
void vnc_frame_unref(VncFrame *frame); /* NULL is fine */
