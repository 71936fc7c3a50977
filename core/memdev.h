/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for the machine that a user describes: the backends memory-backend-ram (anonymous memory),
 * memory-backend-file (a file, on hugetlbfs too) and memory-backend-memfd. `-machine
 * memory-backend=ID` names the one that becomes the machine's RAM.
 *
 * The memory is mapped while the backend is made (in a worker, if the machine runs), and unmapped
 * when it goes, which nobody may do while it is claimed. Vm lock held.
 */
#pragma once

#include "core/backend.h"
#include "core/memory.h"

#define MEMDEV_TYPE "memory-backend" /* for backend_claim() */

/* First member of their state. */
typedef struct MemDev {
    Backend backend;
    guint64 size; /* as the user gave it */
    guint64 prealloc_threads;
    gboolean share, prealloc, merge, dump, reserve;
    /* private to core/memdev*.c */
    gboolean read_only; /* the guest could not write to it */
    guint8 *host;
    guint64 length; /* of the mapping: whole pages */
    guint64 page_size;
    gboolean drop_data; /* a file's contents are of no use any more when it goes */
} MemDev;

/* NULL if the backend is none. */
MemDev *memdev_of(Backend *backend);

/* Makes RAM of a whole memory backend, and keeps its name; without one (NULL) RAM of that name and
 * size. Fails if the guest could not write to it. */
gboolean memdev_init_ram(Backend *backend, Region *region, const char *name, guint64 size,
                         GError **error);

/* ---- memdev-map.c, for the backends; without the lock ---- */

/* Maps `length` bytes of `fd` (-1: of nothing) and prepares them as the options say. */
gboolean memdev_map(MemDev *memdev, int fd, GError **error);
/* Fine if it was never mapped. */
void memdev_unmap(MemDev *memdev);
