/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of guest memory as a scatter list that the block layer fills or empties directly. Pieces
 * that are not plain memory go through buffers of a bounded size, which are loaded and stored with
 * the lock held, while devices answer. One list serves one transfer after the other; it belongs to
 * its controller. Vm lock held.
 */
#pragma once

#include <sys/uio.h>

#include "hw/pci/pci.h"

typedef struct DmaList {
    PciDevice *pci; /* whose DMA it is */
    /* Set while devices answer: they may be the one that waits for them. NULL = does not matter. */
    gboolean *answering;
    guint32 bounce_max; /* most bytes that are not plain memory */
    gboolean to_memory;
    struct iovec *iov;
    struct DmaSegment *segments;
    guint niov, capacity;
    guint64 length;  /* bytes in the list */
    guint32 bounced; /* those of them that are not plain memory */
} DmaList;

void dma_list_init(DmaList *list, PciDevice *pci, guint32 bounce_max);
void dma_list_finish(DmaList *list);

/* Empties a list that has been released. */
void dma_list_begin(DmaList *list, gboolean to_memory);
/* FALSE, with part of it added, if too much of it is not plain memory. */
gboolean dma_list_add(DmaList *list, guint64 addr, gsize length);
/* From memory: fetches what is not plain memory; FALSE if nobody is there. */
gboolean dma_list_load(DmaList *list);
/*
 * Gives the memory back, `moved` bytes of it written; FALSE if some of them had no place. With
 * `give_up` what is still in buffers stays there.
 */
gboolean dma_list_release(DmaList *list, guint64 moved, gboolean give_up);
