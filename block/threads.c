/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine "threads": each job is a worker's blocking system calls. Ended jobs gather in a list
 * of their own, so that waiting for one needs no turn of the loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "block/job.h"
#include "block/types.h"

typedef struct ThreadsEngine {
    BlockEngine engine;
    Deferred *reap;
    GMutex mutex;
    GCond cond;
    BlockJob *ended; /* under the mutex, newest first */
} ThreadsEngine;

typedef struct ThreadsJob {
    ThreadsEngine *threads;
    BlockJob *job;
} ThreadsJob;

static gint64 step(BlockJob *job)
{
    const struct iovec *iov;
    gint64 result;
    guint niov;

    switch (job->op) {
    case BLOCK_OP_READ:
        niov = job_next(job, &iov);
        result = preadv(job->fd, iov, (int)niov, (off_t)(job->offset + job->moved));
        break;
    case BLOCK_OP_WRITE:
        niov = job_next(job, &iov);
        result = pwritev(job->fd, iov, (int)niov, (off_t)(job->offset + job->moved));
        break;
    case BLOCK_OP_DISCARD:
        result = fallocate(job->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)job->offset,
                           (off_t)job->length);
        break;
    default: result = fdatasync(job->fd); break;
    }
    return result < 0 ? -errno : result;
}

/* In a worker, without the vm lock. */
static void work(void *opaque)
{
    ThreadsJob *item = opaque;
    ThreadsEngine *threads = item->threads;
    BlockJob *job = item->job;

    g_free(item);
    while (!job_step(job, step(job))) {
    }
    g_mutex_lock(&threads->mutex);
    job->next = threads->ended;
    threads->ended = job;
    /* Under the mutex: once the last job is seen as ended the engine may be closed. */
    deferred_schedule(threads->reap);
    g_cond_signal(&threads->cond);
    g_mutex_unlock(&threads->mutex);
}

/* Calls `done` of a list that was taken. */
static void finish(ThreadsEngine *threads, BlockJob *list)
{
    BlockJob *in_order = NULL;

    while (list) {
        BlockJob *job = list;

        list = job->next;
        job->next = in_order;
        in_order = job;
    }
    while (in_order) {
        BlockJob *job = in_order;

        in_order = job->next;
        threads->engine.in_flight--;
        job->done(job, job->result);
    }
}

static void reap(void *opaque)
{
    ThreadsEngine *threads = opaque;
    BlockJob *list;

    g_mutex_lock(&threads->mutex);
    list = g_steal_pointer(&threads->ended);
    g_mutex_unlock(&threads->mutex);
    finish(threads, list);
}

static void threads_submit(BlockEngine *engine, BlockJob *job)
{
    ThreadsJob *item = g_new(ThreadsJob, 1);

    job_start(job);
    engine->in_flight++;
    item->threads = (ThreadsEngine *)engine;
    item->job = job;
    worker_submit(engine->machine->workers, work, NULL, item);
}

static void threads_wait(BlockEngine *engine)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;
    BlockJob *list;

    g_assert(engine->in_flight > 0);
    g_mutex_lock(&threads->mutex);
    while (!threads->ended) {
        g_cond_wait(&threads->cond, &threads->mutex);
    }
    list = g_steal_pointer(&threads->ended);
    g_mutex_unlock(&threads->mutex);
    finish(threads, list);
}

static gboolean threads_open(BlockEngine *engine, GError **error)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;

    threads->reap = deferred_new(engine->machine->loop, reap, threads);
    g_mutex_init(&threads->mutex);
    g_cond_init(&threads->cond);
    return TRUE;
}

static void threads_close(BlockEngine *engine)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;

    /* The worker of the last job may still hold the mutex. */
    g_mutex_lock(&threads->mutex);
    g_mutex_unlock(&threads->mutex);
    deferred_free(threads->reap);
    g_mutex_clear(&threads->mutex);
    g_cond_clear(&threads->cond);
}

const BlockEngineOps threads_engine_ops = {
    .name = "threads",
    .summary = "Worker threads",
    .size = sizeof(ThreadsEngine),
    .open = threads_open,
    .close = threads_close,
    .submit = threads_submit,
    .wait = threads_wait,
};
