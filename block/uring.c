/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine "io_uring": jobs go to the kernel's ring, in batches, from the loop's thread, and
 * their ends are seen by a watch on the ring's descriptor, which is readable while there are any
 * (io_uring(7)). Vm lock held.
 *
 * Prompt jobs go there from the thread that sends them, when it drops the lock. The kernel carries
 * them out at once if the data is in its cache, so most have succeeded then and are done on the
 * spot. All else is the loop's: nothing but success is told from a thread where nobody waits for
 * it. The watch rests while the ring is empty, so that such a job wakes nobody.
 */
#include <fcntl.h>
#include <liburing.h>

#include "block/job.h"
#include "block/types.h"
#include "core/error.h"

#define RING_ENTRIES 128

/* The kernel copies cached data while it takes jobs, and we hold the lock: so much at once, a sixth
 * of a millisecond. What is more its own threads shall do. */
#define INLINE_MAX (1024 * 1024)

typedef struct UringEngine {
    BlockEngine engine;
    struct io_uring ring;
    FdWatch *watch;
    Deferred *submit;
    VmLockCall prompt;
    gboolean prompting; /* in `prompt`: what its jobs lead to is the loop's */
    gboolean watching;
    guint64 prompt_length;  /* of the jobs that wait for `prompt` */
    guint64 inline_length;  /* of those that the kernel is about to take */
    BlockJob *first, *last; /* jobs that wait for room in the ring, by `next` */
    guint in_ring;          /* at most RING_ENTRIES, so that their ends have room too */
} UringEngine;

static void enqueue(UringEngine *uring, BlockJob *job)
{
    job->next = NULL;
    if (uring->last) {
        uring->last->next = job;
    } else {
        uring->first = job;
    }
    uring->last = job;
    if (job->prompt && job->moved == 0 && !uring->prompting &&
        uring->prompt_length + job->length <= INLINE_MAX) {
        uring->prompt_length += job->length;
        vm_lock_call(event_loop_lock(uring->engine.machine->loop), &uring->prompt);
    } else {
        deferred_schedule(uring->submit);
    }
}

static void prepare(UringEngine *uring, struct io_uring_sqe *sqe, BlockJob *job)
{
    const struct iovec *iov;
    guint niov;

    switch (job->op) {
    case BLOCK_OP_READ:
        niov = job_next(job, &iov);
        io_uring_prep_readv(sqe, job->fd, iov, niov, job->offset + job->moved);
        break;
    case BLOCK_OP_WRITE:
        niov = job_next(job, &iov);
        io_uring_prep_writev(sqe, job->fd, iov, niov, job->offset + job->moved);
        break;
    case BLOCK_OP_DISCARD:
        io_uring_prep_fallocate(sqe, job->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                (off_t)job->offset, (off_t)job->length);
        break;
    default: io_uring_prep_fsync(sqe, job->fd, IORING_FSYNC_DATASYNC); break;
    }
    if (job->length > INLINE_MAX - uring->inline_length) {
        sqe->flags |= IOSQE_ASYNC;
    } else {
        uring->inline_length += job->length;
    }
    io_uring_sqe_set_data(sqe, job);
}

static void fill_ring(UringEngine *uring)
{
    struct io_uring_sqe *sqe;

    uring->inline_length = 0;
    while (uring->first && uring->in_ring < RING_ENTRIES &&
           (sqe = io_uring_get_sqe(&uring->ring)) != NULL) {
        BlockJob *job = uring->first;

        uring->first = job->next;
        if (!uring->first) {
            uring->last = NULL;
        }
        uring->in_ring++;
        prepare(uring, sqe, job);
    }
}

static gboolean has_all_moved(const BlockJob *job, gint64 result)
{
    return job->prompt && result >= 0 && (guint64)result == job->length;
}

/* Handles what has ended; TRUE if there was any. `prompt`: until one is the loop's. */
static gboolean reap(UringEngine *uring, gboolean prompt)
{
    struct io_uring_cqe *cqe;
    gboolean any = FALSE;

    while (io_uring_peek_cqe(&uring->ring, &cqe) == 0) {
        BlockJob *job = io_uring_cqe_get_data(cqe);
        gint64 result = cqe->res;

        if (prompt && !has_all_moved(job, result)) {
            break;
        }
        io_uring_cqe_seen(&uring->ring, cqe);
        any = TRUE;
        uring->in_ring--;
        if (!job_step(job, result)) {
            enqueue(uring, job);
            continue;
        }
        uring->engine.in_flight--;
        job->done(job, job->result);
    }
    if (any && uring->first) {
        deferred_schedule(uring->submit);
    }
    return any;
}

/* Of a change the loop has to be woken, if this is another thread. */
static void watch_ring(UringEngine *uring, gboolean on)
{
    if (uring->watching != on) {
        uring->watching = on;
        fd_watch_set_events(uring->watch, on ? G_IO_IN : 0);
    }
}

static void submit_waiting(UringEngine *uring, gboolean prompt)
{
    fill_ring(uring);
    /* -EAGAIN: the kernel is short of memory for now. */
    if (io_uring_submit(&uring->ring) < 0) {
        deferred_schedule(uring->submit);
    }
    reap(uring, prompt);
}

static void submit_now(void *opaque)
{
    UringEngine *uring = opaque;

    submit_waiting(uring, FALSE);
    watch_ring(uring, TRUE);
}

static void submit_promptly(void *opaque)
{
    UringEngine *uring = opaque;

    uring->prompt_length = 0;
    uring->prompting = TRUE;
    submit_waiting(uring, TRUE);
    uring->prompting = FALSE;
    watch_ring(uring, uring->in_ring > 0);
}

static void ring_readable(int fd, GIOCondition revents, void *opaque)
{
    reap(opaque, FALSE);
}

static void uring_submit(BlockEngine *engine, BlockJob *job)
{
    job_start(job);
    engine->in_flight++;
    enqueue((UringEngine *)engine, job);
}

static void uring_wait(BlockEngine *engine)
{
    UringEngine *uring = (UringEngine *)engine;

    g_assert(engine->in_flight > 0);
    do {
        fill_ring(uring);
        io_uring_submit_and_wait(&uring->ring, 1);
    } while (!reap(uring, FALSE));
}

static gboolean uring_open(BlockEngine *engine, GError **error)
{
    UringEngine *uring = (UringEngine *)engine;
    int result = io_uring_queue_init(RING_ENTRIES, &uring->ring, 0);

    if (result < 0) {
        return error_set_errno(error, -result, "cannot use io_uring (aio=threads works anywhere)");
    }
    uring->submit = deferred_new(engine->machine->loop, submit_now, uring);
    uring->prompt = (VmLockCall){.fn = submit_promptly, .opaque = uring};
    uring->watching = TRUE;
    uring->watch =
        fd_watch_add(engine->machine->loop, uring->ring.ring_fd, G_IO_IN, ring_readable, uring);
    return TRUE;
}

static void uring_close(BlockEngine *engine)
{
    UringEngine *uring = (UringEngine *)engine;

    vm_lock_cancel(event_loop_lock(engine->machine->loop), &uring->prompt);
    fd_watch_remove(uring->watch);
    deferred_free(uring->submit);
    io_uring_queue_exit(&uring->ring);
}

const BlockEngineOps uring_engine_ops = {
    .name = "io_uring",
    .summary = "Linux io_uring",
    .size = sizeof(UringEngine),
    .open = uring_open,
    .close = uring_close,
    .submit = uring_submit,
    .wait = uring_wait,
};
