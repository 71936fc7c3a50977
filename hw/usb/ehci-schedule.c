/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock and the two lists (4.4 to 4.8).
 *
 * Each millisecond of guest time one frame of the periodic list is carried out, and as much of the
 * async list as there is to do; devices that have something make it go on at once. When nothing
 * has moved for a while the frames are carried out some at a time: what a guest adds to a list
 * without touching a register waits for that long, and the host sleeps in between. A controller
 * with both lists off needs no clock: FRINDEX is calculated.
 *
 * Lists are guest memory and may run in circles: a walk is bounded by descriptors and bytes, and
 * meets no queue twice without something having moved.
 */
#include "hw/usb/ehci-priv.h"

#define UFRAME_NS    125000
#define FRAME_NS     NS_PER_MS
#define FRINDEX_MASK 0x3fffu

#define IDLE_FRAMES     32           /* without anything moving, until frames are put together */
#define FRAMES_AT_ONCE  16           /* then; and as many as a late timer makes up for */
#define PERIODIC_MAX    256          /* descriptors in a frame */
#define ASYNC_SEEN_MAX  128          /* queue heads in a walk */
#define ASYNC_BYTES_MAX (256 * 1024) /* in a walk */
#define PERIODIC_BYTES  (8 * 3 * 1024 * 4)

static gint64 guest_now(const Ehci *ehci)
{
    return clock_now(ehci->pci.device.machine->guest_clock);
}

static gboolean is_running(const Ehci *ehci)
{
    return ehci->command & CMD_RUN;
}

/* ---- time ---- */

guint32 ehci_frindex(const Ehci *ehci)
{
    if (!is_running(ehci)) {
        return ehci->stopped_at;
    }
    return (guint32)((guest_now(ehci) - (gint64)ehci->epoch) / UFRAME_NS) & FRINDEX_MASK;
}

static guint64 frame_now(const Ehci *ehci)
{
    return (guint64)(guest_now(ehci) - (gint64)ehci->epoch) / FRAME_NS;
}

/* Entries of the frame list; the size of 3 is reserved. */
static guint list_size(const Ehci *ehci)
{
    return 1024u >> MIN((ehci->command & CMD_SIZE) >> CMD_SIZE_SHIFT, 2u);
}

void ehci_update_rollover(Ehci *ehci)
{
    guint64 now;

    if (!is_running(ehci)) {
        return;
    }
    now = frame_now(ehci);
    if (now / list_size(ehci) != ehci->rollover_seen / list_size(ehci)) {
        ehci->status |= STS_ROLLOVER;
    }
    ehci->rollover_seen = now;
}

static gboolean needs_frames(const Ehci *ehci)
{
    return ehci->command & (CMD_PERIODIC | CMD_ASYNC | CMD_DOORBELL);
}

/* When there is something to do again. */
static void arm(Ehci *ehci)
{
    guint frames = ehci->idle < IDLE_FRAMES ? 1 : FRAMES_AT_ONCE;

    if (!is_running(ehci)) {
        timer_cancel(&ehci->timer);
    } else if (needs_frames(ehci)) {
        timer_set(&ehci->timer, (gint64)(ehci->epoch + (ehci->next_frame + frames - 1) * FRAME_NS));
    } else if (ehci->enable & STS_ROLLOVER) {
        guint64 at = (frame_now(ehci) / list_size(ehci) + 1) * list_size(ehci);
        timer_set(&ehci->timer, (gint64)(ehci->epoch + at * FRAME_NS));
    } else {
        timer_cancel(&ehci->timer);
    }
}

/* ---- the periodic list ---- */

/* Each microframe that the queue's mask names (3.6.2). */
static EhciProgress run_periodic_queue(Ehci *ehci, guint32 addr, guint32 *next)
{
    gssize budget = PERIODIC_BYTES;
    EhciProgress progress;
    gboolean moved = FALSE;
    guint uframe = 0;

    do {
        progress = ehci_queue_run(ehci, addr, &uframe, &budget, next);
        moved |= progress == EHCI_MOVED;
    } while (progress == EHCI_MOVED);
    return moved && progress != EHCI_FAILED ? EHCI_MOVED : progress;
}

static EhciProgress run_periodic_element(Ehci *ehci, guint32 link, guint32 *next)
{
    guint32 addr = link & LINK_ADDR;

    switch (link & LINK_TYPE) {
    case LINK_ITD: return ehci_itd_run(ehci, addr, next);
    case LINK_QUEUE: return run_periodic_queue(ehci, addr, next);
    case LINK_SITD: return ehci_sitd_run(ehci, addr, next);
    default: /* a frame span traversal node (3.7): no split is ever in the middle of something */
        return ehci_read(ehci, addr, next, 1) ? EHCI_IDLE : EHCI_FAILED;
    }
}

/* TRUE if something moved. */
static gboolean run_periodic(Ehci *ehci, guint64 frame)
{
    guint32 link;
    gboolean moved = FALSE;

    if (!ehci_read(ehci, ehci->periodic + (guint32)(frame & (list_size(ehci) - 1)) * 4, &link, 1)) {
        return FALSE;
    }
    for (guint n = 0; n < PERIODIC_MAX && !(link & LINK_END); n++) {
        guint32 next = LINK_END;
        EhciProgress progress = run_periodic_element(ehci, link, &next);

        if (progress == EHCI_FAILED) {
            return FALSE;
        }
        moved |= progress == EHCI_MOVED;
        link = next;
    }
    return moved;
}

/* ---- the async list ---- */

typedef struct AsyncWalk {
    guint32 seen[ASYNC_SEEN_MAX]; /* queue heads met since something moved */
    guint seen_count;
} AsyncWalk;

static gboolean was_seen(AsyncWalk *walk, guint32 addr)
{
    for (guint i = 0; i < walk->seen_count; i++) {
        if (walk->seen[i] == addr) {
            return TRUE;
        }
    }
    if (walk->seen_count == ASYNC_SEEN_MAX) {
        return TRUE;
    }
    walk->seen[walk->seen_count++] = addr;
    return FALSE;
}

/* Goes round until nothing moves any more; where it ends it goes on the next time, which is never
 * a queue that has been taken out since. TRUE if something moved. */
static gboolean run_async(Ehci *ehci)
{
    AsyncWalk walk = {.seen_count = 0};
    gssize budget = ASYNC_BYTES_MAX;
    gboolean moved = FALSE;

    ehci->walks++;
    while (budget > 0 && !was_seen(&walk, ehci->async)) {
        guint32 next = LINK_END;
        EhciProgress progress = ehci_queue_run(ehci, ehci->async, NULL, &budget, &next);

        if (progress == EHCI_FAILED) {
            return FALSE;
        }
        if (progress == EHCI_MOVED) {
            moved = TRUE;
            walk.seen_count = 0;
        }
        if (next & LINK_END || (next & LINK_TYPE) != LINK_QUEUE) {
            break; /* nothing else can be here (4.8) */
        }
        ehci->async = next & LINK_ADDR;
    }
    ehci->went_round = budget > 0;
    ehci->status = (ehci->status & ~STS_RECLAIM) | (moved ? STS_RECLAIM : 0);
    return moved;
}

/* 4.8.2: what has left the list is not known here any more. */
static void answer_doorbell(Ehci *ehci)
{
    ehci_forget_unseen(ehci);
    ehci->command &= ~CMD_DOORBELL;
    ehci->status |= STS_ADVANCE;
}

/* ---- walks ---- */

static gboolean run_frames(Ehci *ehci)
{
    guint64 now = frame_now(ehci);
    gboolean moved = FALSE;

    if (now >= ehci->next_frame + FRAMES_AT_ONCE) {
        ehci->next_frame = now - FRAMES_AT_ONCE + 1; /* the guest was held up: they are lost */
    }
    while (ehci->next_frame <= now && is_running(ehci)) {
        if (ehci->command & CMD_PERIODIC) {
            moved |= run_periodic(ehci, ehci->next_frame);
        }
        ehci->idle++;
        ehci->next_frame++;
    }
    return moved;
}

static void walk(void *opaque)
{
    Ehci *ehci = opaque;
    gboolean moved;

    ehci->walking = ehci->went_round = TRUE;
    moved = run_frames(ehci);
    if (is_running(ehci) && ehci->command & CMD_ASYNC) {
        moved |= run_async(ehci);
    }
    ehci->walking = FALSE;
    if (is_running(ehci) && ehci->command & CMD_DOORBELL && ehci->went_round) {
        answer_doorbell(ehci);
    }
    ehci->status |= ehci->events;
    ehci->events = 0;
    ehci->idle = moved ? 0 : MIN(ehci->idle, IDLE_FRAMES);
    ehci_update_rollover(ehci);
    arm(ehci);
    ehci_update_irq(ehci);
}

/* In a walk: it goes on until nothing moves, frames come at their time. */
void ehci_schedule_kick(Ehci *ehci)
{
    ehci->idle = 0;
    if (ehci->walking) {
        return;
    }
    if (is_running(ehci) && needs_frames(ehci)) {
        timer_set(&ehci->timer, guest_now(ehci));
    } else {
        arm(ehci);
    }
}

/* ---- lifecycle ---- */

void ehci_schedule_start(Ehci *ehci)
{
    ehci->status &= ~STS_HALTED;
    ehci->epoch = (guint64)(guest_now(ehci) - (gint64)ehci->stopped_at * UFRAME_NS);
    ehci->rollover_seen = frame_now(ehci);
    ehci->next_frame = frame_now(ehci) + 1;
}

void ehci_schedule_stop(Ehci *ehci)
{
    ehci_update_rollover(ehci);
    ehci->stopped_at = ehci_frindex(ehci);
    ehci->command &= ~CMD_RUN;
    ehci->status = (ehci->status & ~(STS_PERIODIC | STS_ASYNC)) | STS_HALTED;
    timer_cancel(&ehci->timer);
}

void ehci_schedule_init(Ehci *ehci)
{
    ehci->kept = g_ptr_array_new();
    ehci->spare = g_ptr_array_new();
    timer_init(&ehci->timer, ehci->pci.device.machine->guest_clock, walk, ehci);
}

void ehci_schedule_finish(Ehci *ehci)
{
    timer_cancel(&ehci->timer);
    ehci_queues_finish(ehci);
}
