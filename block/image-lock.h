/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on image files, by the byte ranges that QEMU and qemu-img use, so that the programs keep
 * out of each other's way. They belong to the open file: closing it ends them.
 */
#pragma once

#include <glib.h>

/* Locks `fd` for a guest that reads, or reads and writes. Fails if another program forbids that.
 * File systems without locks are let through. */
gboolean image_lock(int fd, const char *file, gboolean writes, GError **error);
/* From now on it only reads. */
void image_unlock_writing(int fd);
