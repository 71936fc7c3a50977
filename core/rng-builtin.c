/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng-builtin: the kernel's own generator, getrandom(2). */
#include <string.h>
#include <sys/random.h>

#include "core/backend-priv.h"
#include "core/log.h"
#include "core/rng.h"

typedef struct RngBuiltin {
    Rng rng;
    Deferred *serve;
} RngBuiltin;

/* One request a turn. The generator never blocks, but for the first moments of the host. */
static void serve(void *opaque)
{
    RngBuiltin *builtin = opaque;
    gsize wanted = rng_wanted(&builtin->rng);
    g_autofree guint8 *data = g_malloc(wanted);
    gssize got = getrandom(data, wanted, 0);

    if (got <= 0) {
        report_warning("rng-builtin: the host gives no random bytes");
        rng_fail(&builtin->rng);
        return;
    }
    /* Before the user is told, who may ask for more. */
    if (builtin->rng.requests.length > 1) {
        deferred_schedule(builtin->serve);
    }
    rng_deliver(&builtin->rng, data, (gsize)got);
}

static void builtin_start(Rng *rng)
{
    deferred_schedule(((RngBuiltin *)rng)->serve);
}

static void builtin_stop(Rng *rng)
{
    deferred_cancel(((RngBuiltin *)rng)->serve);
}

static gboolean builtin_open(Backend *backend, GError **error)
{
    RngBuiltin *builtin = (RngBuiltin *)backend;

    builtin->serve = deferred_new(backend->machine->loop, serve, builtin);
    return TRUE;
}

static void builtin_close(Backend *backend)
{
    deferred_free(((RngBuiltin *)backend)->serve);
}

static const RngOps builtin_rng_ops = {.start = builtin_start, .stop = builtin_stop};

const BackendOps rng_builtin_ops = {
    .name = "rng-builtin",
    .summary = "random bytes from the kernel",
    .parent = "rng-backend",
    .size = sizeof(RngBuiltin),
    .open = builtin_open,
    .close = builtin_close,
    .rng = &builtin_rng_ops,
};
