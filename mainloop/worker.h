/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers: a pool of threads for calls that block or compute for long (disk, PNG, DNS).
 *
 * `work` runs in a pool thread without the vm lock; then `done` runs on the loop, with it. The
 * pool belongs to its creator. Jobs start in the order of submission, at most `max_threads` at a
 * time; `done` calls come in order of completion.
 */
#pragma once

#include <glib.h>

#include "mainloop/loop.h"

typedef struct WorkerPool WorkerPool;

WorkerPool *worker_pool_new(EventLoop *loop, guint max_threads);

/*
 * Waits for all submitted jobs, runs their `done` calls, and frees the pool. Call with the lock
 * held; it is dropped while waiting. NULL is fine.
 */
void worker_pool_free(WorkerPool *pool);

/* Submits a job. `done` may be NULL. From any thread. */
void worker_submit(WorkerPool *pool, void (*work)(void *opaque), void (*done)(void *opaque),
                   void *opaque);

/* Waits until no job is queued, running or waiting for its `done` call. Lock held, as for free. */
void worker_pool_drain(WorkerPool *pool);
