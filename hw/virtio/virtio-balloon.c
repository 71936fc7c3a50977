/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon-pci (Virtual I/O Device 1.2, 5.5): the guest's driver takes pages from its
 * processes and names them here; the host has their memory until the guest touches them again.
 * With free page reporting it also names pages that are free at the moment.
 */
#include "hw/virtio/virtio-balloon.h"

#include <string.h>

#include "core/balloon.h"

/* Features (5.5.3) */
#define F_DEFLATE_ON_OOM (1ULL << 2)
#define F_REPORTING      (1ULL << 5)

enum { INFLATE, DEFLATE, REPORTING, QUEUES };

/* Configuration (5.5.4) */
#define NUM_PAGES   0
#define ACTUAL      4
#define CONFIG_SIZE 8

#define PAGE_SHIFT 12

/* Pages of one chain that the guest may name: drivers name 256. */
#define MAX_PAGES 4096

typedef struct VirtioBalloon {
    VirtioDevice virtio;
    gboolean deflate_on_oom, free_page_reporting;
    Deferred *work;
} VirtioBalloon;

/* ---- pages ---- */

static guint32 get_config(const VirtioBalloon *balloon, guint at)
{
    guint32 raw;

    memcpy(&raw, balloon->virtio.config + at, 4);
    return GUINT32_FROM_LE(raw);
}

/* Gives pages back, neighbours at once. */
static void discard_pages(VirtioBalloon *balloon, const guint32 *numbers, guint count)
{
    AddressSpace *space = balloon->virtio.pci.device.machine->memory;
    guint first = 0;

    for (guint i = 1; i <= count; i++) {
        guint32 start = GUINT32_FROM_LE(numbers[first]);

        if (i < count && GUINT32_FROM_LE(numbers[i]) == start + (i - first)) {
            continue;
        }
        if (!address_space_discard(space, (guint64)start << PAGE_SHIFT,
                                   (guint64)(i - first) << PAGE_SHIFT)) {
            device_warn_once(&balloon->virtio.pci.device, "a page that is not in memory");
        }
        first = i;
    }
}

static void take_inflated(VirtioBalloon *balloon, const VirtioChain *chain)
{
    guint32 numbers[256];
    guint64 at = 0;

    if (chain->out_size > MAX_PAGES * sizeof numbers[0]) {
        virtio_break(&balloon->virtio, "too many pages at once");
        return;
    }
    while (at < chain->out_size) {
        gsize got = virtio_read(&balloon->virtio, chain, at, numbers, sizeof numbers);

        if (got == 0) {
            break;
        }
        discard_pages(balloon, numbers, (guint)(got / sizeof numbers[0]));
        at += got;
    }
}

/* 5.5.6.7: the buffers themselves are what is free. */
static void take_reported(VirtioBalloon *balloon, const VirtioChain *chain)
{
    AddressSpace *space = balloon->virtio.pci.device.machine->memory;

    for (guint i = 0; i < chain->in_count; i++) {
        const VirtioSegment *segment = &chain->segments[chain->out_count + i];

        if (!address_space_discard(space, segment->addr, segment->length)) {
            virtio_break(&balloon->virtio, "a free page that is not in memory");
        }
    }
}

/* ---- queues ---- */

/* One chain of each queue; TRUE if there may be more. */
static gboolean serve(VirtioBalloon *balloon, guint queue)
{
    VirtioDevice *virtio = &balloon->virtio;
    VirtioChain *chain = virtio_peek(virtio, queue);

    if (!chain) {
        return FALSE;
    }
    switch (queue) {
    case INFLATE: take_inflated(balloon, chain); break;
    case REPORTING:
        if (virtio_has(virtio, F_REPORTING)) {
            take_reported(balloon, chain);
        }
        break;
    default: break; /* deflated pages come back when they are touched */
    }
    virtio_push(virtio, queue, chain, 0);
    virtio_signal(virtio, queue);
    return !virtio->broken;
}

/* Giving memory back takes time: others have the lock between two chains. */
static void do_work(void *opaque)
{
    VirtioBalloon *balloon = opaque;
    gboolean more = FALSE;

    for (guint queue = 0; queue < QUEUES; queue++) {
        more |= serve(balloon, queue);
    }
    if (more) {
        deferred_schedule(balloon->work);
    }
}

static void notify(VirtioDevice *virtio, guint queue)
{
    deferred_schedule(((VirtioBalloon *)virtio)->work);
}

static void started(VirtioDevice *virtio, gboolean on)
{
    if (on) {
        deferred_schedule(((VirtioBalloon *)virtio)->work);
    } else {
        deferred_cancel(((VirtioBalloon *)virtio)->work);
    }
}

/* ---- the monitor ---- */

static void set_target(void *opaque, guint64 size)
{
    VirtioBalloon *balloon = opaque;
    guint64 pages = (balloon->virtio.pci.device.machine->ram_size - size) >> PAGE_SHIFT;
    guint32 raw = GUINT32_TO_LE((guint32)MIN(pages, G_MAXUINT32));

    memcpy(balloon->virtio.config + NUM_PAGES, &raw, 4);
    virtio_config_changed(&balloon->virtio);
}

static guint64 actual(void *opaque)
{
    VirtioBalloon *balloon = opaque;
    guint64 ram = balloon->virtio.pci.device.machine->ram_size;

    return ram - MIN(ram, (guint64)get_config(balloon, ACTUAL) << PAGE_SHIFT);
}

static const BalloonOps balloon_ops = {set_target, actual};

static void config_written(VirtioDevice *virtio)
{
    balloon_changed(virtio->pci.device.machine);
}

/* ---- lifecycle ---- */

/* The target stays; what a new guest has is all memory. */
static void reset(Device *dev)
{
    VirtioDevice *virtio = (VirtioDevice *)dev;

    memset(virtio->config + ACTUAL, 0, 4);
    virtio_reset(dev);
}

static void unrealize(Device *dev)
{
    VirtioBalloon *balloon = (VirtioBalloon *)dev;

    balloon_unregister(dev->machine, balloon);
    deferred_free(balloon->work);
    virtio_finish(&balloon->virtio);
}

static gboolean realize(Device *dev, GError **error)
{
    VirtioBalloon *balloon = (VirtioBalloon *)dev;
    VirtioDevice *virtio = &balloon->virtio;

    if (!virtio_init(virtio, error)) {
        return FALSE;
    }
    virtio->offered |= balloon->deflate_on_oom ? F_DEFLATE_ON_OOM : 0;
    virtio->offered |= balloon->free_page_reporting ? F_REPORTING : 0;
    balloon->work = deferred_new(dev->machine->loop, do_work, balloon);
    if (!balloon_register(dev->machine, &balloon_ops, balloon, error)) {
        unrealize(dev);
        return FALSE;
    }
    return TRUE;
}

static const StateField state_fields[] = {VIRTIO_STATE, STATE_END};
static const StateTable balloon_state = {1, state_fields, NULL};

static const OptionSpec options[] = {
    VIRTIO_OPTIONS("0"),
    {"deflate-on-oom", OPTION_BOOL, G_STRUCT_OFFSET(VirtioBalloon, deflate_on_oom), "off",
     "the guest may take memory back when it runs out of it"},
    {"free-page-reporting", OPTION_BOOL, G_STRUCT_OFFSET(VirtioBalloon, free_page_reporting), "off",
     "the guest tells of memory that it does not use"},
    OPTION_END,
};

const VirtioOps virtio_balloon_ops = {
    .pci =
        {
            .device =
                {
                    .name = "virtio-balloon-pci",
                    .summary = "virtio memory balloon",
                    .category = "Misc",
                    .bus = BUS_PCI,
                    .size = sizeof(VirtioBalloon),
                    .options = options,
                    .state = &balloon_state,
                    .realize = realize,
                    .unrealize = unrealize,
                    .reset = reset,
                },
            VIRTIO_PCI(VIRTIO_ID_BALLOON, 0x00ff00),
        },
    .queues = QUEUES,
    .queue_size = 128,
    .config_size = CONFIG_SIZE,
    .config_writable = ACTUAL,
    .config_writable_size = 4,
    .config_written = config_written,
    .notify = notify,
    .started = started,
};
