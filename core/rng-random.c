/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng-random: random bytes from a character device (/dev/urandom, /dev/hwrng) or a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/backend-priv.h"
#include "core/error.h"
#include "core/fdset.h"
#include "core/log.h"
#include "core/rng.h"

typedef struct RngRandom {
    Rng rng;
    char *filename;
    int fd; /* -1 = none */
    FdWatch *watch;
    gboolean warned; /* that there is no more */
} RngRandom;

static const OptionSpec random_options[] = {
    {"filename", OPTION_STRING, G_STRUCT_OFFSET(RngRandom, filename), "/dev/urandom",
     "file that is read"},
    OPTION_END,
};

static void readable(int fd, GIOCondition revents, void *opaque)
{
    RngRandom *random = opaque;
    gsize wanted = rng_wanted(&random->rng);
    g_autofree guint8 *data = g_malloc(wanted);
    gssize got = read(fd, data, wanted);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got > 0) {
        rng_deliver(&random->rng, data, (gsize)got);
        return;
    }
    if (!random->warned) {
        report_warning("rng-random: %s: %s", random->filename,
                       got ? g_strerror(errno) : "there is no more in it");
        random->warned = TRUE;
    }
    rng_fail(&random->rng);
}

static void random_start(Rng *rng)
{
    fd_watch_set_events(((RngRandom *)rng)->watch, G_IO_IN);
}

static void random_stop(Rng *rng)
{
    fd_watch_set_events(((RngRandom *)rng)->watch, 0);
}

static gboolean random_load(Backend *backend, GError **error)
{
    RngRandom *random = (RngRandom *)backend;

    random->fd = path_open(backend->machine, random->filename,
                           O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    return random->fd >= 0 ||
           error_set_errno(error, errno, "Could not open '%s'", random->filename);
}

static gboolean random_open(Backend *backend, GError **error)
{
    RngRandom *random = (RngRandom *)backend;

    random->watch = fd_watch_add(backend->machine->loop, random->fd, 0, readable, random);
    return TRUE;
}

static void random_close(Backend *backend)
{
    RngRandom *random = (RngRandom *)backend;

    fd_watch_remove(random->watch);
    if (random->fd >= 0) {
        close(random->fd);
    }
}

static const RngOps random_rng_ops = {.start = random_start, .stop = random_stop};

const BackendOps rng_random_ops = {
    .name = "rng-random",
    .summary = "random bytes from a device",
    .parent = "rng-backend",
    .size = sizeof(RngRandom),
    .options = random_options,
    .load = random_load,
    .open = random_open,
    .close = random_close,
    .rng = &random_rng_ops,
};
