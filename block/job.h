/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engines share: a job is carried out in steps, since one system call takes at most
 * IOV_MAX buffers and may move fewer bytes than asked.
 */
#pragma once

#include "core/block.h"

/* Before the first step. */
void job_start(BlockJob *job);

/* The buffers of the next step, and their number; valid until the step has ended. */
guint job_next(BlockJob *job, const struct iovec **iov);

/* A step's system call returned `result` (bytes or -errno). TRUE: the job is over, its outcome is
 * in job->result and what job_next() made is freed. */
gboolean job_step(BlockJob *job, gint64 result);
