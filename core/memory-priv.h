/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of core/memory share: the flattened view of an address space.
 *
 * memory.c keeps the region tree, memory-view.c flattens it and tells the listener, and
 * memory-access.c looks addresses up and carries accesses out.
 */
#pragma once

#include "core/memory.h"

/* A run of addresses answered by one RAM, ROM or I/O region. */
typedef struct FlatRange {
    guint64 addr;
    guint64 last;   /* inclusive, so that a range may end at 2^64 - 1 */
    Region *region; /* never an alias or container */
    guint64 offset; /* of `addr` in the region */
    gboolean readonly;
} FlatRange;

/* Immutable once published; replaced as a whole, freed after a grace period. */
struct FlatView {
    guint count;
    FlatRange *ranges; /* sorted by addr, disjoint */
};

struct AddressSpace {
    char *name;
    Region *root;
    VmLock *lock;
    FlatView *view; /* RCU-protected */
    guint transaction_depth;
    gboolean changed; /* the tree changed within the transaction */
    const MemoryListenerOps *listener;
    void *listener_opaque;
    GArray *slots;    /* of MemorySlot, size 0 = free */
    guint64 activity; /* accesses served with the lock, but for housekeeping */
};

/* Brings the published view up to date after a change of the tree, now or at commit. */
void memory_tree_changed(AddressSpace *space);

/* Tells the listener that flags of the region's slots (dirty log, watch) changed. */
void memory_slots_changed(AddressSpace *space);

FlatView *flat_view_build(AddressSpace *space);
void flat_view_free(FlatView *view);

/* Index of the range that holds `addr`, or -1. */
int flat_view_find(const FlatView *view, guint64 addr);
