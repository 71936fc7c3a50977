/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/job.h"

#include <errno.h>
#include <limits.h>

#include "core/block-iov.h"

void job_start(BlockJob *job)
{
    job->moved = 0;
    job->rest = NULL;
    job->result = 0;
}

guint job_next(BlockJob *job, const struct iovec **iov)
{
    if (job->moved == 0) {
        *iov = job->iov;
        return MIN(job->niov, IOV_MAX);
    }
    if (!job->rest) {
        job->rest = g_new(struct iovec, job->niov);
    }
    *iov = job->rest;
    return MIN(iov_slice(job->rest, job->iov, job->niov, job->moved, job->length - job->moved),
               IOV_MAX);
}

gboolean job_step(BlockJob *job, gint64 result)
{
    if (result == -EINTR || result == -EAGAIN) {
        return FALSE;
    }
    if (job->op == BLOCK_OP_FLUSH || job->op == BLOCK_OP_DISCARD) {
        job->result = result;
    } else if (result < 0) {
        job->result = result;
    } else {
        job->moved += (guint64)result;
        job->result = (gint64)job->moved;
        if (result > 0 && job->moved < job->length) {
            return FALSE;
        }
    }
    g_clear_pointer(&job->rest, g_free);
    return TRUE;
}
