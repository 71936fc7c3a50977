/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a CD image of files and folders (ISO 9660 level 3 with Joliet and Rock Ridge names), in
 * this process: the sandbox lets it start no other. Any thread but for iso_image_can(); nothing is
 * shared between two calls.
 */
#pragma once

#include <glib.h>

/* TRUE if it can be done here; else `error` says why. Called first, on the main loop. */
gboolean iso_image_can(GError **error);

/* Writes the image of `paths` to `fd`; ends early once *cancelled (atomic) is not 0. */
gboolean iso_image_make(GPtrArray *paths, int fd, const gint *cancelled, GError **error);
