/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/request.h"

#include "tcg/block.h"
#include "tcg/run.h"

struct TcgRequests {
    GMutex mutex;
    gboolean clear;
    GArray *pages; /* of const guint8 *, to invalidate */
};

TcgRequests *tcg_requests_new(void)
{
    TcgRequests *requests = g_new0(TcgRequests, 1);

    g_mutex_init(&requests->mutex);
    requests->pages = g_array_new(FALSE, FALSE, sizeof(const guint8 *));
    return requests;
}

void tcg_requests_free(TcgRequests *requests)
{
    g_mutex_clear(&requests->mutex);
    g_array_unref(requests->pages);
    g_free(requests);
}

void tcg_request_invalidate(TcgCpu *cpu, const guint8 *host_page)
{
    g_mutex_lock(&cpu->requests->mutex);
    g_array_append_val(cpu->requests->pages, host_page);
    g_mutex_unlock(&cpu->requests->mutex);
    tcg_attention(cpu, ATTENTION_REQUEST);
}

void tcg_request_clear(TcgCpu *cpu)
{
    g_mutex_lock(&cpu->requests->mutex);
    cpu->requests->clear = TRUE;
    g_mutex_unlock(&cpu->requests->mutex);
    tcg_attention(cpu, ATTENTION_REQUEST);
}

void tcg_requests_run(TcgCpu *cpu)
{
    TcgRequests *requests = cpu->requests;

    g_mutex_lock(&requests->mutex);
    if (requests->clear) {
        code_cache_clear(cpu);
        requests->clear = FALSE;
        g_array_set_size(requests->pages, 0);
    }
    for (guint i = 0; i < requests->pages->len; i++) {
        code_cache_invalidate(cpu, g_array_index(requests->pages, const guint8 *, i));
    }
    g_array_set_size(requests->pages, 0);
    g_mutex_unlock(&requests->mutex);
}
