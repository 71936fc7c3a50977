/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mainloop/worker.h"

#include <signal.h>

struct WorkerPool {
    EventLoop *loop;
    GThreadPool *threads;
    guint pending; /* atomic: submitted, and `done` not yet called */
};

typedef struct WorkerJob {
    WorkerPool *pool;
    void (*work)(void *opaque);
    void (*done)(void *opaque);
    void *opaque;
} WorkerJob;

/* On the loop. */
static void worker_done(void *opaque)
{
    WorkerJob *job = opaque;
    WorkerPool *pool = job->pool;

    if (job->done) {
        job->done(job->opaque);
    }
    g_free(job);
    __atomic_sub_fetch(&pool->pending, 1, __ATOMIC_ACQ_REL);
}

static void worker_run(gpointer data, gpointer user_data)
{
    WorkerJob *job = data;
    job->work(job->opaque);
    event_loop_defer(job->pool->loop, worker_done, job);
}

WorkerPool *worker_pool_new(EventLoop *loop, guint max_threads)
{
    WorkerPool *pool = g_new0(WorkerPool, 1);
    sigset_t all, before;

    /* GLib starts a thread here whose children do the work: signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pool->loop = loop;
    pool->threads = g_thread_pool_new(worker_run, pool, (gint)max_threads, FALSE, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool;
}

void worker_pool_drain(WorkerPool *pool)
{
    while (__atomic_load_n(&pool->pending, __ATOMIC_ACQUIRE) > 0) {
        event_loop_iterate(pool->loop, TRUE);
    }
}

void worker_pool_free(WorkerPool *pool)
{
    if (pool) {
        worker_pool_drain(pool);
        g_thread_pool_free(pool->threads, FALSE, TRUE);
        g_free(pool);
    }
}

void worker_submit(WorkerPool *pool, void (*work)(void *opaque), void (*done)(void *opaque),
                   void *opaque)
{
    WorkerJob *job = g_new(WorkerJob, 1);
    *job = (WorkerJob){pool, work, done, opaque};
    __atomic_add_fetch(&pool->pending, 1, __ATOMIC_ACQ_REL);
    g_thread_pool_push(pool->threads, job, NULL);
}
