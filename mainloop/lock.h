/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vm lock: the one lock that guards devices, address-space layout, displays and everything
 * else that is not said to be thread-safe.
 *
 * The thread of the main loop holds it whenever a source callback runs and drops it while it
 * polls (see loop.h); a vCPU thread runs guest code without it and takes it only to reach a
 * device. It is not recursive. Every hold is timed; `info lock` shows the longest one and the
 * name that its holder gave.
 */
#pragma once

#include <glib.h>

typedef struct VmLock VmLock;

/* What `info lock` shows. Times are in nanoseconds. */
typedef struct VmLockStats {
    guint64 takes;           /* how often the lock was taken */
    guint64 contended;       /* ... of these, how often the taker had to wait */
    gint64 longest_wait_ns;  /* longest wait for the lock */
    gint64 longest_hold_ns;  /* longest time between take and drop */
    const char *longest_who; /* the `who` of the longest hold, NULL before the first drop */
} VmLockStats;

VmLock *vm_lock_new(void);

/* Frees an unlocked lock. NULL is fine. */
void vm_lock_free(VmLock *lock);

/*
 * Takes the lock. `who` is a string literal naming the work to be done under it ("loop", "kvm
 * pio"); it is kept for the statistics. Taking a lock that this thread holds is a bug, asserted.
 */
void vm_lock_take(VmLock *lock, const char *who);

/* Drops the lock, which the calling thread holds. */
void vm_lock_drop(VmLock *lock);

/*
 * Something to be done with the lock by whoever holds it, when all else is done: just before the
 * lock is dropped, where the main loop's turn would be a change of threads later. Embedded in its
 * user's state; `next` and `queued` are private.
 */
typedef struct VmLockCall VmLockCall;
struct VmLockCall {
    void (*fn)(void *opaque);
    void *opaque;
    VmLockCall *next;
    gboolean queued;
};

/* Once, however often this is said before. Lock held. What `fn` asks for comes after it. */
void vm_lock_call(VmLock *lock, VmLockCall *call);
void vm_lock_cancel(VmLock *lock, VmLockCall *call);

/* TRUE when the calling thread holds the lock. For assertions. */
gboolean vm_lock_held(VmLock *lock);

/* Copies the statistics; with `reset`, starts them anew. Call with the lock held. */
void vm_lock_stats(VmLock *lock, VmLockStats *stats, gboolean reset);
