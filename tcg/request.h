/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other threads ask a vCPU to do with its caches before it runs on. From any thread.
 */
#pragma once

#include "tcg/cpu.h"

typedef struct TcgRequests TcgRequests;

TcgRequests *tcg_requests_new(void);
void tcg_requests_free(TcgRequests *requests);

/* The page of `host` was written. */
void tcg_request_invalidate(TcgCpu *cpu, const guint8 *host_page);
/* Memory has gone: all cached code is to be forgotten. */
void tcg_request_clear(TcgCpu *cpu);

/* Carries them out; on the vCPU's thread, between blocks. */
void tcg_requests_run(TcgCpu *cpu);
