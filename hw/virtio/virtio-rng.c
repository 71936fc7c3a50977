/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-rng-pci (Virtual I/O Device 1.2, 5.4): fills the guest's buffers with random bytes of a
 * backend, one after the other, no faster than the user allows.
 */
#include "hw/virtio/virtio-rng.h"

#include "core/error.h"
#include "core/rng.h"

enum { REQUESTS, QUEUES };

typedef struct VirtioRng {
    VirtioDevice virtio;
    char *rng; /* option: id of the backend; NULL = one of its own */
    guint64 max_bytes, period;
    guint64 quota; /* bytes left in this period */
    Timer timer;   /* ends the period; pending once a byte of the quota is gone */
    Backend *backend;
    gboolean own_backend;
    RngRequest *request; /* NULL = none is under way */
} VirtioRng;

static void serve(VirtioRng *rng);

/* ---- bytes ---- */

static void on_bytes(const guint8 *data, gsize length, void *opaque)
{
    VirtioRng *rng = opaque;
    VirtioDevice *virtio = &rng->virtio;
    VirtioChain *chain;

    rng->request = NULL;
    if (!length) {
        device_warn_once(&virtio->pci.device, "the source of random bytes has run dry");
        return;
    }
    chain = virtio_peek(virtio, REQUESTS);
    if (chain) {
        length = virtio_write(virtio, chain, 0, data, length);
        virtio_push(virtio, REQUESTS, chain, (guint32)length);
        virtio_signal(virtio, REQUESTS);
    }
    serve(rng);
}

static void serve(VirtioRng *rng)
{
    VirtioChain *chain = rng->request ? NULL : virtio_peek(&rng->virtio, REQUESTS);
    guint64 length;

    if (!chain) {
        return;
    }
    if (!chain->in_size) {
        virtio_break(&rng->virtio, "a buffer for random bytes has no room");
        return;
    }
    if (!timer_pending(&rng->timer)) {
        rng->quota = rng->max_bytes;
    }
    length = MIN(MIN(chain->in_size, RNG_MAX_REQUEST), rng->quota);
    if (length) {
        rng->quota -= length;
        rng->request = rng_request(rng->backend, length, on_bytes, rng);
        if (rng->max_bytes < G_MAXINT64 && !timer_pending(&rng->timer)) {
            timer_set(&rng->timer, clock_now(rng->virtio.pci.device.machine->guest_clock) +
                                       (gint64)rng->period * NS_PER_MS);
        }
    }
}

static void on_period(void *opaque)
{
    serve(opaque);
}

static void notify(VirtioDevice *virtio, guint queue)
{
    serve((VirtioRng *)virtio);
}

static void started(VirtioDevice *virtio, gboolean on)
{
    VirtioRng *rng = (VirtioRng *)virtio;

    if (rng->request) {
        rng_cancel(rng->request);
        rng->request = NULL;
    }
}

/* ---- lifecycle ---- */

/* A generator of the host's for this device alone. */
static Backend *make_backend(Machine *machine, GError **error)
{
    g_autoptr(OptionList) options = option_list_new();
    g_autofree char *id = NULL;

    for (guint n = 0; !id || backend_find(machine, id); n++) {
        g_free(id);
        id = g_strdup_printf("virtio-rng-default%u", n);
    }
    option_list_add(options, "qom-type", "rng-builtin");
    option_list_add(options, "id", id);
    return backend_add(machine, options, error);
}

static void unrealize(Device *dev)
{
    VirtioRng *rng = (VirtioRng *)dev;

    started(&rng->virtio, FALSE);
    timer_cancel(&rng->timer);
    backend_release(rng->backend);
    if (rng->own_backend) {
        backend_remove(rng->backend, NULL);
    }
    virtio_finish(&rng->virtio);
}

static gboolean realize(Device *dev, GError **error)
{
    VirtioRng *rng = (VirtioRng *)dev;
    Backend *own = rng->rng ? NULL : make_backend(dev->machine, error);

    if (!rng->rng && !own) {
        return FALSE;
    }
    rng->own_backend = own != NULL;
    rng->backend = backend_claim(dev->machine, own ? own->id : rng->rng, "rng-backend", error);
    if (!rng->backend) {
        return FALSE;
    }
    timer_init(&rng->timer, dev->machine->guest_clock, on_period, rng);
    if (!virtio_init(&rng->virtio, error)) {
        backend_release(rng->backend);
        if (own) {
            backend_remove(own, NULL);
        }
        return FALSE;
    }
    return TRUE;
}

static void reset(Device *dev)
{
    timer_cancel(&((VirtioRng *)dev)->timer);
    virtio_reset(dev);
}

static gboolean state_loaded(void *object, GError **error)
{
    serve(object);
    return TRUE;
}

static const StateField state_fields[] = {
    VIRTIO_STATE,
    STATE_FIELD(U64, VirtioRng, quota),
    STATE_FIELD(TIMER, VirtioRng, timer),
    STATE_END,
};
static const StateTable rng_state = {1, state_fields, state_loaded};

static const OptionSpec options[] = {
    VIRTIO_OPTIONS("2"),
    {"rng", OPTION_STRING, G_STRUCT_OFFSET(VirtioRng, rng), NULL,
     "id of the source (-object rng-random); the host's generator if not given"},
    {"max-bytes", OPTION_UINT, G_STRUCT_OFFSET(VirtioRng, max_bytes), "9223372036854775807",
     "most bytes in a period", 1, G_MAXINT64},
    {"period", OPTION_UINT, G_STRUCT_OFFSET(VirtioRng, period), "65536", "length of it, ms", 1,
     G_MAXUINT32},
    OPTION_END,
};

const VirtioOps virtio_rng_ops = {
    .pci =
        {
            .device =
                {
                    .name = "virtio-rng-pci",
                    .summary = "virtio source of random bytes",
                    .category = "Misc",
                    .bus = BUS_PCI,
                    .size = sizeof(VirtioRng),
                    .options = options,
                    .state = &rng_state,
                    .realize = realize,
                    .unrealize = unrealize,
                    .reset = reset,
                },
            VIRTIO_PCI(VIRTIO_ID_RNG, 0x00ff00),
        },
    .queues = QUEUES,
    .queue_size = 8,
    .notify = notify,
    .started = started,
};
