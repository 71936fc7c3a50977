/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mainloop/lock.h"

#include <pthread.h>
#include <time.h>

struct VmLock {
    pthread_mutex_t mutex;
    guint64 holder; /* atomic: thread_id() of the holder, 0 = free */
    gint64 taken_at;
    const char *who;
    VmLockCall *calls; /* the last one first */
    VmLockStats stats;
};

/* A number that no other living thread has; pthread_t is a pointer to the thread's descriptor. */
static guint64 thread_id(void)
{
    return (guint64)pthread_self();
}

static gint64 now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (gint64)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

VmLock *vm_lock_new(void)
{
    VmLock *lock = g_new0(VmLock, 1);
    pthread_mutex_init(&lock->mutex, NULL);
    return lock;
}

void vm_lock_free(VmLock *lock)
{
    if (lock) {
        g_assert(lock->holder == 0);
        pthread_mutex_destroy(&lock->mutex);
        g_free(lock);
    }
}

void vm_lock_take(VmLock *lock, const char *who)
{
    g_assert(!vm_lock_held(lock));

    gint64 asked_at = 0;
    if (pthread_mutex_trylock(&lock->mutex) != 0) {
        asked_at = now_ns();
        pthread_mutex_lock(&lock->mutex);
    }
    lock->taken_at = now_ns();
    lock->who = who;
    lock->stats.takes++;
    if (asked_at) {
        lock->stats.contended++;
        lock->stats.longest_wait_ns = MAX(lock->stats.longest_wait_ns, lock->taken_at - asked_at);
    }
    __atomic_store_n(&lock->holder, thread_id(), __ATOMIC_RELAXED);
}

void vm_lock_call(VmLock *lock, VmLockCall *call)
{
    g_assert(vm_lock_held(lock));
    if (!call->queued) {
        call->queued = TRUE;
        call->next = lock->calls;
        lock->calls = call;
    }
}

void vm_lock_cancel(VmLock *lock, VmLockCall *call)
{
    VmLockCall **link = &lock->calls;

    if (call->queued) {
        while (*link != call) {
            link = &(*link)->next;
        }
        *link = call->next;
        call->queued = FALSE;
    }
}

static void run_calls(VmLock *lock)
{
    while (lock->calls) {
        VmLockCall *call = lock->calls;

        lock->calls = call->next;
        call->queued = FALSE;
        call->fn(call->opaque);
    }
}

void vm_lock_drop(VmLock *lock)
{
    g_assert(vm_lock_held(lock));
    run_calls(lock);

    gint64 held = now_ns() - lock->taken_at;
    if (held > lock->stats.longest_hold_ns) {
        lock->stats.longest_hold_ns = held;
        lock->stats.longest_who = lock->who;
    }
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock->mutex);
}

gboolean vm_lock_held(VmLock *lock)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == thread_id();
}

void vm_lock_stats(VmLock *lock, VmLockStats *stats, gboolean reset)
{
    *stats = lock->stats;
    if (reset) {
        lock->stats = (VmLockStats){0};
    }
}
