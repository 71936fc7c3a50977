/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon-pci (Virtual I/O Device 1.2, 5.5): the guest's driver takes pages from its
 * processes and names them here; the host has their memory until the guest touches them again.
 * With free page reporting it also names pages that are free at the moment. Asked every few seconds
 * (guest-stats-polling-interval), it tells how it gets along (guest-stats).
 */
#include "hw/virtio/virtio-balloon.h"

#include <string.h>

#include "core/balloon.h"
#include "core/error.h"

/* Features (5.5.3) */
#define F_STATS          (1ULL << 1)
#define F_DEFLATE_ON_OOM (1ULL << 2)
#define F_REPORTING      (1ULL << 5)

/* By their place if the driver takes all; it leaves no gap for those that it does not. */
enum { INFLATE, DEFLATE, STATS, REPORTING, QUEUES };

/* Configuration (5.5.4) */
#define NUM_PAGES   0
#define ACTUAL      4
#define CONFIG_SIZE 8

#define PAGE_SHIFT 12

/* Pages of one chain that the guest may name: drivers name 256. */
#define MAX_PAGES 4096

/* One statistic (5.5.6.3): its number and value, packed. */
#define STAT_SIZE    10
#define STATS_LENGTH (G_N_ELEMENTS(stat_names) * STAT_SIZE)

static const char *const stat_names[] = {
    "stat-swap-in",      "stat-swap-out",     "stat-major-faults",     "stat-minor-faults",
    "stat-free-memory",  "stat-total-memory", "stat-available-memory", "stat-disk-caches",
    "stat-htlb-pgalloc", "stat-htlb-pgfail",
};

typedef struct VirtioBalloon {
    VirtioDevice virtio;
    gboolean deflate_on_oom, free_page_reporting;
    Deferred *work;
    gint64 interval;     /* s between two questions for statistics; 0 = none are asked */
    Timer question;      /* the next one */
    gboolean has_buffer; /* the driver waits to be asked: the buffer of its last answer is ours */
    gint64 last_answer;  /* s since 1970; 0 = never */
    gint64 stats[G_N_ELEMENTS(stat_names)]; /* -1 = not told */
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

/* ---- statistics ---- */

static void take_stats(VirtioBalloon *balloon, const VirtioChain *chain)
{
    guint8 raw[STATS_LENGTH];
    gsize got = virtio_read(&balloon->virtio, chain, 0, raw, sizeof raw);
    guint16 tag;
    guint64 value;

    memset(balloon->stats, 0xff, sizeof balloon->stats);
    for (gsize at = 0; at + STAT_SIZE <= got; at += STAT_SIZE) {
        memcpy(&tag, raw + at, 2);
        memcpy(&value, raw + at + 2, 8);
        tag = GUINT16_FROM_LE(tag);
        if (tag < G_N_ELEMENTS(stat_names)) {
            balloon->stats[tag] = (gint64)GUINT64_FROM_LE(value);
        }
    }
    balloon->last_answer = g_get_real_time() / G_USEC_PER_SEC;
    balloon->has_buffer = TRUE;
}

static void plan_question(VirtioBalloon *balloon)
{
    if (balloon->interval) {
        timer_set_after(&balloon->question, balloon->interval * NS_PER_SEC);
    } else {
        timer_cancel(&balloon->question);
    }
}

/* Gives the driver's buffer back, which is the question; it comes again with the answer. */
static void ask(void *opaque)
{
    VirtioBalloon *balloon = opaque;
    VirtioDevice *virtio = &balloon->virtio;
    VirtioChain *chain =
        balloon->has_buffer && virtio_is_live(virtio) ? virtio_peek(virtio, STATS) : NULL;

    balloon->has_buffer = FALSE;
    if (chain) {
        virtio_push(virtio, STATS, chain, 0);
        virtio_signal(virtio, STATS);
        deferred_schedule(balloon->work); /* which wants to be told of the answer */
    }
    plan_question(balloon);
}

static GVariant *get_stats(Device *dev)
{
    VirtioBalloon *balloon = (VirtioBalloon *)dev;
    GVariantBuilder stats, all;

    g_variant_builder_init(&stats, G_VARIANT_TYPE_VARDICT);
    for (guint i = 0; i < G_N_ELEMENTS(stat_names); i++) {
        g_variant_builder_add(&stats, "{sv}", stat_names[i],
                              g_variant_new_int64(balloon->stats[i]));
    }
    g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&all, "{sv}", "stats", g_variant_builder_end(&stats));
    g_variant_builder_add(&all, "{sv}", "last-update", g_variant_new_int64(balloon->last_answer));
    return g_variant_builder_end(&all);
}

static GVariant *get_interval(Device *dev)
{
    return g_variant_new_int64(((VirtioBalloon *)dev)->interval);
}

static gboolean set_interval(Device *dev, GVariant *value, GError **error)
{
    VirtioBalloon *balloon = (VirtioBalloon *)dev;
    gint64 interval;

    if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT64)) {
        interval = (gint64)MIN(g_variant_get_uint64(value), G_MAXINT64);
    } else if (g_variant_is_of_type(value, G_VARIANT_TYPE_INT64)) {
        interval = g_variant_get_int64(value);
    } else {
        return error_set(error, "Invalid parameter type for 'guest-stats-polling-interval', "
                                "expected: integer");
    }
    if (interval < 0) {
        return error_set(error, "timer value must be greater than zero");
    }
    if (interval > G_MAXUINT32) {
        return error_set(error, "timer value is too big");
    }
    balloon->interval = interval;
    plan_question(balloon);
    return TRUE;
}

static const DeviceProperty properties[] = {
    {"guest-stats", "guest statistics", "what the guest's driver has told last", get_stats, NULL},
    {"guest-stats-polling-interval", "int", "seconds between two questions for it, 0 = none",
     get_interval, set_interval},
    {NULL},
};

/* ---- queues ---- */

/* What the driver uses the queue at that place for; QUEUES = nothing. */
static guint role(const VirtioBalloon *balloon, guint queue)
{
    guint what = queue >= STATS && !virtio_has(&balloon->virtio, F_STATS) ? queue + 1 : queue;

    return what != REPORTING || virtio_has(&balloon->virtio, F_REPORTING) ? what : QUEUES;
}

/* One chain of each queue; TRUE if there may be more. */
static gboolean serve(VirtioBalloon *balloon, guint queue)
{
    VirtioDevice *virtio = &balloon->virtio;
    guint what = role(balloon, queue);
    VirtioChain *chain;

    if (what == STATS && balloon->has_buffer) {
        return FALSE; /* kept until the next question */
    }
    chain = virtio_peek(virtio, queue);
    if (!chain) {
        return FALSE;
    }
    switch (what) {
    case INFLATE: take_inflated(balloon, chain); break;
    case STATS:
        take_stats(balloon, chain);
        plan_question(balloon);
        return FALSE;
    case REPORTING: take_reported(balloon, chain); break;
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
    ((VirtioBalloon *)virtio)->has_buffer = FALSE;
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
    timer_cancel(&balloon->question);
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
    memset(balloon->stats, 0xff, sizeof balloon->stats);
    balloon->work = deferred_new(dev->machine->loop, do_work, balloon);
    timer_init(&balloon->question, dev->machine->guest_clock, ask, balloon);
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
                    .properties = properties,
                    .state = &balloon_state,
                    .realize = realize,
                    .unrealize = unrealize,
                    .reset = reset,
                },
            VIRTIO_PCI(VIRTIO_ID_BALLOON, 0x00ff00),
        },
    .features = F_STATS,
    .queues = QUEUES,
    .queue_size = 128,
    .config_size = CONFIG_SIZE,
    .config_writable = ACTUAL,
    .config_writable_size = 4,
    .config_written = config_written,
    .notify = notify,
    .started = started,
};
