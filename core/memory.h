/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions and address spaces: what answers at which address, for memory and ports alike.
 *
 * A Region is RAM, ROM, I/O (callbacks), an alias of part of another region, or a plain container.
 * Regions nest, with priorities: where children overlap the higher priority answers, and of equal
 * ones the one added later. An AddressSpace flattens a tree of regions into an immutable view,
 * swapped as a whole when the tree changes, so that lookups take no lock (liburcu).
 *
 * Threads: regions are created, changed and destroyed with the vm lock held. The access functions
 * of AddressSpace may be called by any thread, with or without the lock: RAM is reached directly,
 * an I/O handler is called with the lock held (taken for the call if the caller does not have it)
 * unless its ops say `lockless`.
 *
 * A handler is never entered twice: a device whose DMA, started by an access to its registers,
 * leads to the same registers finds nobody there, as if the bus had timed out.
 *
 * Owners: a Region is embedded in its user's state (a device), which initialises and finishes it.
 * A region must be removed from its parent before it is finished; RAM stays mapped until no
 * reader can see it any more.
 */
#pragma once

#include <glib.h>

#include "mainloop/lock.h"

typedef struct Region Region;
typedef struct AddressSpace AddressSpace;
typedef struct FlatView FlatView;

/*
 * Handlers of an I/O region. `addr` is relative to the region. The dispatcher splits wider and
 * widens narrower accesses, so a handler sees only sizes from min_size to
 * max_size (1, 2, 4 or 8; 0 means 1 and 4). An access that is narrower than min_size reads the
 * containing unit, or writes the value in its low bytes. Values are little-endian numbers.
 */
typedef struct IoOps {
    guint64 (*read)(void *opaque, guint64 addr, guint size); /* NULL: reads as all ones */
    void (*write)(void *opaque, guint64 addr, guint64 value, guint size); /* NULL: ignored */
    guint8 min_size, max_size;
    gboolean lockless; /* handlers are thread-safe and called without the vm lock */
    /* Accesses are part of taking interrupts: not counted as activity of the guest. */
    gboolean housekeeping;
} IoOps;

typedef enum RegionKind {
    REGION_CONTAINER,
    REGION_RAM,
    REGION_ROM, /* RAM that the guest cannot write: writes go to `ops` if given, else nowhere */
    REGION_IO,
    REGION_ALIAS,
} RegionKind;

/* Treat the fields as private to core/memory*.c; use the functions. */
struct Region {
    const char *name;
    RegionKind kind;
    guint64 size;
    gboolean enabled;
    const IoOps *ops;
    void *opaque;
    gboolean busy;               /* a handler of `ops` is running; lock held */
    guint8 *host;                /* RAM and ROM: host address */
    struct RegionMemory *memory; /* what is mapped at `host`; NULL if it is not ours */
    gboolean shared;             /* that mapping is MAP_SHARED */
    unsigned long *dirty; /* one bit a page, set by writes that do not go through the accelerator */
    gboolean dirty_logged;
    /* RAM: told of writes that do not go through the accelerator, see
     * region_set_write_observer(). */
    void (*observer)(void *opaque, guint64 offset, guint64 length);
    void *observer_opaque;
    void (*write_watch)(void *opaque); /* armed one-shot watch, see region_watch_write() */
    void *write_watch_opaque;
    Region *target; /* ALIAS */
    guint64 target_offset;
    GSList *aliases;   /* regions that are aliases of this one */
    gboolean readonly; /* ALIAS: writes through it are ignored */
    Region *parent;
    guint64 addr; /* in parent */
    int priority;
    GPtrArray *children; /* of Region*, not owned, in order of adding */
    AddressSpace *space; /* set on a space's root */
};

#define DIRTY_PAGE_BITS 12
#define DIRTY_PAGE_SIZE (1u << DIRTY_PAGE_BITS)

/* ---- making regions (names are literals or live as long as the region) ---- */

void region_init_container(Region *region, const char *name, guint64 size);
/* Zeroed memory, page-aligned; costs host memory only where touched. */
gboolean region_init_ram(Region *region, const char *name, guint64 size, GError **error);
/* The same of memory that is mapped at `host`, its caller's, for longer than the region lives.
 * `shared`: with MAP_SHARED. */
void region_init_ram_at(Region *region, const char *name, guint64 size, guint8 *host,
                        gboolean shared);
gboolean region_init_rom(Region *region, const char *name, guint64 size, GError **error);
void region_init_io(Region *region, const char *name, const IoOps *ops, void *opaque, guint64 size);
void region_init_alias(Region *region, const char *name, Region *target, guint64 offset,
                       guint64 size);

/* Undoes region_init_*; the region must have no parent and no children. Fine on all zero. */
void region_finish(Region *region);

/* The host memory of a region of region_init_ram(). While there is a reference it stays mapped,
 * even if the region is finished. References may be given back by any thread. */
typedef struct RegionMemory RegionMemory;
RegionMemory *region_memory_ref(Region *region);
void region_memory_unref(RegionMemory *memory);

/* ---- the tree ---- */

/* Puts `child` at `addr` of a container. */
void region_add(Region *parent, guint64 addr, Region *child, int priority);
void region_remove(Region *child);

void region_set_enabled(Region *region, gboolean enabled);
void region_set_addr(Region *region, guint64 addr);
void region_set_size(Region *region, guint64 size);
void region_set_alias_offset(Region *region, guint64 offset);
void region_set_alias_target(Region *region, Region *target);
/* Who gets the writes that a ROM ignores; NULL = nobody. */
void region_set_write_ops(Region *region, const IoOps *ops, void *opaque);
/* Turns RAM into ROM and back; on an alias: for accesses through this alias. */
void region_set_readonly(Region *region, gboolean readonly);

/* Changes between begin and the matching commit become visible at once, in one new view. */
void memory_transaction_begin(AddressSpace *space);
void memory_transaction_commit(AddressSpace *space);

guint64 region_size(const Region *region);
/* Host address of RAM or ROM, else NULL. */
guint8 *region_host(Region *region);

/* ---- dirty log (RAM; units are pages of DIRTY_PAGE_SIZE) ---- */

/* Starts or stops logging writes: from guest code, DMA and the debugger. */
void region_set_dirty_log(Region *region, gboolean on);

/*
 * Moves the dirty bits out: ORs them into `bitmap` (one bit a page, region_dirty_words() words)
 * and clears them. Returns TRUE if any bit was set. Bits are never lost: a write that races with
 * the call is in this bitmap or in the next.
 */
gboolean region_take_dirty(Region *region, unsigned long *bitmap);
gsize region_dirty_words(const Region *region);

/* Marks bytes as written; for code that writes through region_host(). From any thread. */
void region_mark_dirty(Region *region, guint64 offset, guint64 length);

/*
 * `fn` is called after every write that region_mark_dirty() hears of (DMA, the debugger, devices),
 * by the thread that wrote, with or without the lock: a software processor forgets the code that
 * it had decoded there. One observer a region; NULL = none.
 */
void region_set_write_observer(Region *region,
                               void (*fn)(void *opaque, guint64 offset, guint64 length),
                               void *opaque);

/*
 * Calls `fn(opaque)` once, with the lock, before the next write to the region is carried out.
 * Until then its slot is read-only in the accelerator, so it costs nothing while nothing happens.
 * NULL disarms. Used to stop polling the dirty log of a still screen.
 */
void region_watch_write(Region *region, void (*fn)(void *opaque), void *opaque);

/* ---- address spaces ---- */

/* A space of `root` (a container, its caller's). `lock` is taken for I/O handlers. */
AddressSpace *address_space_new(const char *name, Region *root, VmLock *lock);
void address_space_free(AddressSpace *space);
Region *address_space_root(AddressSpace *space);

/*
 * Copies `length` bytes; splits at region borders. FALSE if any byte had nothing behind it: such
 * bytes read as FFh, writes to them are lost.
 */
gboolean address_space_read(AddressSpace *space, guint64 addr, void *buffer, gsize length);
gboolean address_space_write(AddressSpace *space, guint64 addr, const void *buffer, gsize length);

/* One access of 1, 2, 4 or 8 bytes, as a CPU does it: an I/O handler sees this size if it can. */
guint64 address_space_load(AddressSpace *space, guint64 addr, guint size);
void address_space_store(AddressSpace *space, guint64 addr, guint64 value, guint size);

/*
 * Direct access for DMA: host address of `addr` if at least one byte there is RAM (for writing:
 * writable RAM), else NULL; `*length` shrinks to what is contiguous. Valid until unmapped. After
 * writing, unmap with `written` bytes to mark them dirty. Map and unmap from any thread.
 */
typedef struct DmaMap {
    Region *region;
    guint64 offset;
    gsize length;
    guint64 addr;
} DmaMap;
guint8 *address_space_map(AddressSpace *space, guint64 addr, gsize *length, gboolean is_write,
                          DmaMap *map);
void address_space_unmap(AddressSpace *space, DmaMap *map, gsize written);

/*
 * Gives the host memory behind whole pages of RAM in these bytes back: they read as zeroes (or as
 * the file says, if RAM is a file that is mapped privately) until they are written again. FALSE if
 * a byte is not RAM. Lock held.
 */
gboolean address_space_discard(AddressSpace *space, guint64 addr, guint64 length);

/* How many accesses I/O handlers have served, but for housekeeping. Lock held. */
guint64 address_space_activity(AddressSpace *space);

/* A run of RAM or ROM as the flattened view shows it. */
typedef struct MemoryRun {
    guint64 addr, size; /* guest physical */
    Region *region;
    guint64 offset; /* of `addr` in the region */
    gboolean readonly;
} MemoryRun;

/* Calls `fn` for each run of RAM and ROM in ascending order of addresses. Lock held. */
void address_space_foreach_run(AddressSpace *space, void (*fn)(const MemoryRun *run, void *opaque),
                               void *opaque);

/* Calls `fn` once for each RAM or ROM region below the root, seen at present or not. Lock held. */
void address_space_foreach_region(AddressSpace *space, void (*fn)(Region *region, void *opaque),
                                  void *opaque);

/* ---- who follows the layout (the accelerator) ---- */

/* A run of the flattened view. `host` is NULL for I/O. Slots are whole host pages. */
typedef struct MemorySlot {
    guint index;  /* stable from appearance to disappearance */
    guint64 addr; /* guest physical, page-aligned */
    guint64 size; /* bytes, whole pages; 0 = the slot disappears */
    guint8 *host;
    Region *region;
    guint64 offset;    /* of `host` in the region */
    gboolean readonly; /* ROM, or a write watch is armed */
    gboolean dirty_log;
} MemorySlot;

typedef struct MemoryListenerOps {
    /* Around a change in which slots disappear: what stays in the layout may be away for a moment
     * between the two. NULL, both = not wanted. */
    void (*begin)(void *opaque);
    void (*end)(void *opaque);
    /* A slot appeared, changed flags, or (size 0) disappeared. Lock held. Disappearing come first.
     */
    void (*set_slot)(void *opaque, const MemorySlot *slot);
    /* ORs the accelerator's dirty bits of a slot into `bitmap` (bit 0 = slot's first page). */
    void (*take_dirty)(void *opaque, const MemorySlot *slot, unsigned long *bitmap);
} MemoryListenerOps;

/* One listener a space; replays the present slots. NULL ops = none. */
void address_space_listen(AddressSpace *space, const MemoryListenerOps *ops, void *opaque);

/* Appends the region tree (`flat`: the flattened view) for `info mtree`. */
void address_space_print(AddressSpace *space, GString *out, gboolean flat);
