/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds what has moved up or down from one frame to another, so that a viewer can be told to copy
 * it (CopyRect, RFC 6143, 7.7.2) instead of getting it again. On a viewer's thread, of which each
 * has a VncScroll of its own.
 */
#pragma once

#include <glib.h>
#include <pixman.h>

#include "ui/vnc/picture.h"

/* No more rectangles than these come out of one search. */
#define VNC_SCROLL_RECTS 32

typedef struct VncScroll VncScroll;

VncScroll *vnc_scroll_new(void);
void vnc_scroll_free(VncScroll *scroll); /* NULL is fine */

/* To be asked once before each frame. TRUE: searches were in vain of late, the next is left out. */
gboolean vnc_scroll_rests(VncScroll *scroll);

/*
 * Looks in what changed between two frames of one size for rows that are now `dy` lower (dy > 0)
 * or higher. TRUE if a good part of it has: then `moved` is where these rows are now, and what is
 * still to be sent is left in `damage`.
 */
gboolean vnc_scroll_find(VncScroll *scroll, const VncFrame *from, const VncFrame *to,
                         pixman_region32_t *damage, pixman_region32_t *moved, int *dy);
