/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rng.h"

struct RngRequest {
    Rng *rng;
    gsize length;
    RngFn fn;
    void *opaque;
};

RngRequest *rng_request(Backend *rng, gsize length, RngFn fn, void *opaque)
{
    Rng *source = (Rng *)rng;
    RngRequest *request = g_new(RngRequest, 1);

    g_assert(rng->ops->rng && length && length <= RNG_MAX_REQUEST);
    *request = (RngRequest){source, length, fn, opaque};
    g_queue_push_tail(&source->requests, request);
    if (source->requests.length == 1) {
        rng->ops->rng->start(source);
    }
    return request;
}

static void stop_if_idle(Rng *rng)
{
    if (g_queue_is_empty(&rng->requests)) {
        rng->backend.ops->rng->stop(rng);
    }
}

void rng_cancel(RngRequest *request)
{
    Rng *rng = request->rng;

    g_queue_remove(&rng->requests, request);
    g_free(request);
    stop_if_idle(rng);
}

gsize rng_wanted(const Rng *rng)
{
    const RngRequest *request = g_queue_peek_head((GQueue *)&rng->requests);

    return request ? request->length : 0;
}

void rng_deliver(Rng *rng, const guint8 *data, gsize length)
{
    RngRequest *request = g_queue_pop_head(&rng->requests);

    g_assert(length <= request->length);
    /* Before fn, which may ask for more. */
    stop_if_idle(rng);
    request->fn(data, length, request->opaque);
    g_free(request);
}

void rng_fail(Rng *rng)
{
    /* Not those that come on the way, or it would not end. */
    for (guint n = rng->requests.length; n > 0 && !g_queue_is_empty(&rng->requests); n--) {
        rng_deliver(rng, NULL, 0);
    }
}
