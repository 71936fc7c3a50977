/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rectangles of an update. A region is cut into bands as wide as the picture, so that things beside
 * each other cut each other into pieces; every piece costs an encoder's call, a header and a flush
 * of its stream. Here what hangs together becomes one rectangle again, where it takes few pixels
 * more. Values; any thread.
 */
#pragma once

#include <glib.h>
#include <pixman.h>

/* The region's rectangles (of pixman_box32_t), joined where that pays and stays `within`; they may
 * overlap. To be freed with g_array_unref(). */
GArray *vnc_boxes_join(pixman_region32_t *region, pixman_region32_t *within);

/* The region's rectangles as they are. */
GArray *vnc_boxes_new(pixman_region32_t *region);
