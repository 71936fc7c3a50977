/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queue heads (3.6) and their element transfer descriptors (3.5), carried out as 4.10 says: the
 * overlay in the queue head is where the state is; a descriptor is read into it, and its token
 * written back when it is done with.
 *
 * A descriptor is one packet to its device as long as that takes it whole. What a device keeps is
 * known by its queue head, and dropped if that is found to be about something else. Split
 * transactions (4.12) are none here: the device behind the hub is spoken to directly.
 */
#include <string.h>

#include "hw/usb/ehci-priv.h"

/* Words of a queue head; from QH_NEXT on they are those of a descriptor. */
enum {
    QH_LINK,
    QH_CHARACTERISTICS,
    QH_CAPABILITIES,
    QH_CURRENT,
    QH_NEXT,
    QH_ALTERNATE,
    QH_TOKEN,
    QH_BUFFER,
    QH_WORDS = QH_BUFFER + EHCI_PAGES,
};
#define TD_WORDS (QH_WORDS - QH_NEXT)
#define TD_TOKEN (QH_TOKEN - QH_NEXT)

/* Endpoint characteristics (3.6.2). */
#define CHAR_ADDRESS       0x7fu
#define CHAR_INACTIVATE    (1u << 7)
#define CHAR_ENDPOINT(w)   ((w) >> 8 & 15)
#define CHAR_SPEED_HIGH    2
#define CHAR_SPEED(w)      ((w) >> 12 & 3)
#define CHAR_DTC           (1u << 14) /* the toggle comes from the descriptor */
#define CHAR_MAX_PACKET(w) ((w) >> 16 & 0x7ff)
#define CHAR_NAK_RELOAD(w) ((w) >> 28)

#define CAP_START_MASK  0xffu
#define CAP_MULTIPLE(w) ((w) >> 30)

/* Token (3.5.3). */
#define TOKEN_PING         (1u << 0)
#define TOKEN_XACT_ERROR   (1u << 3)
#define TOKEN_BABBLE       (1u << 4)
#define TOKEN_BUFFER_ERROR (1u << 5)
#define TOKEN_HALTED       (1u << 6)
#define TOKEN_ACTIVE       (1u << 7)
#define TOKEN_PID(w)       ((w) >> 8 & 3)
#define TOKEN_ERRORS       (3u << 10)
#define TOKEN_ERROR_ONE    (1u << 10)
#define TOKEN_PAGE_SHIFT   12
#define TOKEN_PAGE         (7u << TOKEN_PAGE_SHIFT)
#define TOKEN_IOC          (1u << 15)
#define TOKEN_BYTES_SHIFT  16
#define TOKEN_BYTES        (0x7fffu << TOKEN_BYTES_SHIFT)
#define TOKEN_TOGGLE       (1u << 31)

#define NAK_COUNT_SHIFT 1 /* in the alternate pointer of the overlay (3.6.3) */
#define NAK_COUNT       (15u << NAK_COUNT_SHIFT)

#define SPARE_MAX 4

typedef struct Queue {
    guint32 addr;
    guint32 words[QH_WORDS];
    gboolean periodic;
} Queue;

/* ---- kept packets ---- */

static void kept_complete(UsbPacket *packet)
{
    EhciKept *kept = packet->opaque;

    kept->over = TRUE;
    ehci_schedule_kick(kept->ehci);
}

static EhciKept *kept_new(Ehci *ehci)
{
    EhciKept *kept =
        ehci->spare->len ? g_ptr_array_steal_index_fast(ehci->spare, 0) : g_new(EhciKept, 1);

    kept->ehci = ehci;
    kept->over = FALSE;
    kept->packet = (UsbPacket){.data = kept->data, .complete = kept_complete, .opaque = kept};
    return kept;
}

static void kept_free(Ehci *ehci, EhciKept *kept)
{
    usb_cancel(&kept->packet);
    if (ehci->spare->len < SPARE_MAX) {
        g_ptr_array_add(ehci->spare, kept);
    } else {
        g_free(kept);
    }
}

static void kept_drop(Ehci *ehci, guint index)
{
    kept_free(ehci, g_ptr_array_steal_index_fast(ehci->kept, index));
}

/* What the queue's device keeps; dropped if it is not what the overlay is about. */
static EhciKept *find_kept(Ehci *ehci, const Queue *queue)
{
    for (guint i = 0; i < ehci->kept->len; i++) {
        EhciKept *kept = g_ptr_array_index(ehci->kept, i);

        if (kept->queue != queue->addr) {
            continue;
        }
        if (kept->td == queue->words[QH_CURRENT] && kept->token == queue->words[QH_TOKEN]) {
            kept->seen = ehci->walks;
            return kept;
        }
        kept_drop(ehci, i);
        return NULL;
    }
    return NULL;
}

void ehci_forget(Ehci *ehci)
{
    while (ehci->kept->len) {
        kept_drop(ehci, ehci->kept->len - 1);
    }
}

void ehci_forget_unseen(Ehci *ehci)
{
    for (guint i = ehci->kept->len; i-- > 0;) {
        const EhciKept *kept = g_ptr_array_index(ehci->kept, i);

        if (!kept->periodic && kept->seen != ehci->walks) {
            kept_drop(ehci, i);
        }
    }
}

void ehci_queues_finish(Ehci *ehci)
{
    ehci_forget(ehci);
    g_ptr_array_set_free_func(ehci->spare, g_free);
    g_ptr_array_unref(ehci->spare);
    g_ptr_array_unref(ehci->kept);
}

/* ---- the overlay ---- */

static gboolean write_overlay(Ehci *ehci, const Queue *queue, guint from, guint to)
{
    return ehci_write(ehci, queue->addr + from * 4, &queue->words[from], to - from);
}

/* 4.10.2: the next descriptor into the overlay. */
static EhciProgress advance(Ehci *ehci, Queue *queue)
{
    guint32 *words = queue->words, td[TD_WORDS], token = words[QH_TOKEN];
    gboolean is_short = token & TOKEN_BYTES && !(words[QH_ALTERNATE] & LINK_END);
    guint32 addr = is_short ? words[QH_ALTERNATE] : words[QH_NEXT];

    if (words[QH_CHARACTERISTICS] & CHAR_INACTIVATE && queue->periodic) {
        return EHCI_IDLE; /* software is about to change it (4.12.2.5) */
    }
    if (addr & LINK_END) {
        return EHCI_IDLE;
    }
    addr &= LINK_ADDR;
    if (!ehci_read(ehci, addr, td, TD_WORDS)) {
        return EHCI_FAILED;
    }
    if (!(td[TD_TOKEN] & TOKEN_ACTIVE)) {
        return EHCI_IDLE;
    }
    memcpy(&words[QH_NEXT], td, sizeof td);
    words[QH_CURRENT] = addr;
    if (!(words[QH_CHARACTERISTICS] & CHAR_DTC)) {
        words[QH_TOKEN] = (words[QH_TOKEN] & ~TOKEN_TOGGLE) | (token & TOKEN_TOGGLE);
    }
    if (CHAR_SPEED(words[QH_CHARACTERISTICS]) == CHAR_SPEED_HIGH) {
        words[QH_TOKEN] = (words[QH_TOKEN] & ~TOKEN_PING) | (token & TOKEN_PING);
    }
    words[QH_ALTERNATE] &= ~NAK_COUNT;
    words[QH_ALTERNATE] |= CHAR_NAK_RELOAD(words[QH_CHARACTERISTICS]) << NAK_COUNT_SHIFT;
    return write_overlay(ehci, queue, QH_CURRENT, QH_WORDS) ? EHCI_MOVED : EHCI_FAILED;
}

static guint32 bytes_left(const Queue *queue)
{
    return (queue->words[QH_TOKEN] & TOKEN_BYTES) >> TOKEN_BYTES_SHIFT;
}

/* Where in the five pages the data goes on. */
static guint32 data_at(const Queue *queue)
{
    return ((queue->words[QH_TOKEN] & TOKEN_PAGE) >> TOKEN_PAGE_SHIFT) * EHCI_PAGE +
           (queue->words[QH_BUFFER] & (EHCI_PAGE - 1));
}

/* Moves `length` bytes between guest memory and `data`, page by page. */
static gboolean copy(Ehci *ehci, const Queue *queue, guint8 *data, gsize length, gboolean in)
{
    guint32 at = data_at(queue);

    while (length > 0) {
        guint32 offset = at & (EHCI_PAGE - 1);
        guint32 addr = (queue->words[QH_BUFFER + at / EHCI_PAGE] & ~(EHCI_PAGE - 1)) | offset;
        gsize part = MIN(length, EHCI_PAGE - offset);

        if (!(in ? ehci_write_data(ehci, addr, data, part)
                 : ehci_read_data(ehci, addr, data, part))) {
            return FALSE;
        }
        data += part;
        at += part;
        length -= part;
    }
    return TRUE;
}

/* ---- how a packet went ---- */

static void halt(Ehci *ehci, Queue *queue, guint32 bits)
{
    queue->words[QH_TOKEN] &= ~TOKEN_ACTIVE;
    queue->words[QH_TOKEN] |= TOKEN_HALTED | bits;
    ehci->events |= STS_ERROR;
}

/* Nobody answers: CERR says how often that is tried, 0 = for ever (3.5.3). FALSE: once more. */
static gboolean count_error(Ehci *ehci, Queue *queue)
{
    guint32 *token = &queue->words[QH_TOKEN];

    *token |= TOKEN_XACT_ERROR;
    if (!(*token & TOKEN_ERRORS)) {
        return FALSE;
    }
    *token -= TOKEN_ERROR_ONE;
    if (*token & TOKEN_ERRORS) {
        return FALSE;
    }
    halt(ehci, queue, 0);
    return TRUE;
}

static void count_bytes(Ehci *ehci, Queue *queue, const UsbPacket *packet)
{
    guint32 *token = &queue->words[QH_TOKEN];
    guint32 max = MAX(CHAR_MAX_PACKET(queue->words[QH_CHARACTERISTICS]), 1);
    guint32 left = bytes_left(queue) - (guint32)packet->actual;
    guint32 at = data_at(queue) + (guint32)packet->actual;
    gboolean is_short = packet->actual < packet->length;

    if (MAX((packet->actual + max - 1) / max, 1) & 1) {
        *token ^= TOKEN_TOGGLE;
    }
    *token &= ~(TOKEN_BYTES | TOKEN_PAGE | TOKEN_PING);
    *token |= left << TOKEN_BYTES_SHIFT | MIN(at / EHCI_PAGE, 7) << TOKEN_PAGE_SHIFT;
    queue->words[QH_BUFFER] = (queue->words[QH_BUFFER] & ~(EHCI_PAGE - 1)) | (at & (EHCI_PAGE - 1));
    if (left == 0 || (is_short && packet->token == USB_TOKEN_IN)) {
        *token &= ~TOKEN_ACTIVE;
        ehci->events |= left || *token & TOKEN_IOC ? STS_INT : 0;
    }
}

/* Into the overlay, and from there to the descriptor if it is done with. */
static EhciProgress finish(Ehci *ehci, Queue *queue, UsbPacket *packet)
{
    guint32 *words = queue->words;
    guint reload = CHAR_NAK_RELOAD(words[QH_CHARACTERISTICS]);
    guint32 before = words[QH_ALTERNATE];

    switch (packet->status) {
    case USB_NAK: /* 4.9: one less than the list's start has set it to */
        words[QH_ALTERNATE] = (before & ~NAK_COUNT) | (reload ? reload - 1 : 0) << NAK_COUNT_SHIFT;
        if (words[QH_ALTERNATE] != before &&
            !write_overlay(ehci, queue, QH_ALTERNATE, QH_ALTERNATE + 1)) {
            return EHCI_FAILED;
        }
        return EHCI_WAITS;
    case USB_STALL: halt(ehci, queue, 0); break;
    case USB_BABBLE: halt(ehci, queue, TOKEN_BABBLE); break;
    case USB_NO_DEVICE:
        if (!count_error(ehci, queue)) {
            return write_overlay(ehci, queue, QH_TOKEN, QH_TOKEN + 1) ? EHCI_WAITS : EHCI_FAILED;
        }
        break;
    default:
        if (packet->token == USB_TOKEN_IN &&
            !copy(ehci, queue, packet->data, packet->actual, TRUE)) {
            return EHCI_FAILED;
        }
        count_bytes(ehci, queue, packet);
    }
    ehci->events |= words[QH_TOKEN] & TOKEN_IOC && words[QH_TOKEN] & TOKEN_HALTED ? STS_INT : 0;
    if (!write_overlay(ehci, queue, QH_ALTERNATE, QH_BUFFER + 1)) {
        return EHCI_FAILED;
    }
    if (!(words[QH_TOKEN] & TOKEN_ACTIVE) &&
        !ehci_write(ehci, words[QH_CURRENT] + TD_TOKEN * 4, &words[QH_TOKEN], 1)) {
        return EHCI_FAILED;
    }
    return EHCI_MOVED;
}

/* ---- transactions ---- */

/* Fills the packet from the overlay. FALSE: there is no such transaction. */
static gboolean describe(const Queue *queue, UsbPacket *packet)
{
    static const UsbToken tokens[] = {USB_TOKEN_OUT, USB_TOKEN_IN, USB_TOKEN_SETUP};
    guint32 characteristics = queue->words[QH_CHARACTERISTICS];
    guint pid = TOKEN_PID(queue->words[QH_TOKEN]);
    guint32 left = bytes_left(queue), at = data_at(queue);

    if (pid >= G_N_ELEMENTS(tokens) || (left > 0 && at >= EHCI_TRANSFER_MAX)) {
        return FALSE;
    }
    packet->token = tokens[pid];
    packet->endpoint = CHAR_ENDPOINT(characteristics);
    packet->length = left ? MIN(left, EHCI_TRANSFER_MAX - at) : 0;
    if (queue->periodic) { /* 4.10.3: no more than fits a microframe */
        guint multiple = MAX(CAP_MULTIPLE(queue->words[QH_CAPABILITIES]), 1);
        packet->length = MIN(packet->length, multiple * CHAR_MAX_PACKET(characteristics));
    }
    return TRUE;
}

static EhciProgress submit(Ehci *ehci, Queue *queue, EhciKept *kept)
{
    UsbDevice *device = ehci_find_device(ehci, queue->words[QH_CHARACTERISTICS] & CHAR_ADDRESS);

    if (!device) {
        kept->packet.status = USB_NO_DEVICE;
        return finish(ehci, queue, &kept->packet);
    }
    if (kept->packet.token != USB_TOKEN_IN &&
        !copy(ehci, queue, kept->data, kept->packet.length, FALSE)) {
        return EHCI_FAILED;
    }
    kept->queue = queue->addr;
    kept->td = queue->words[QH_CURRENT];
    kept->token = queue->words[QH_TOKEN];
    kept->periodic = queue->periodic;
    kept->seen = ehci->walks;
    if (usb_submit(device, &kept->packet) != USB_PENDING) {
        return finish(ehci, queue, &kept->packet);
    }
    g_ptr_array_add(ehci->kept, kept);
    return EHCI_WAITS;
}

/* The overlay is active: sends its packet, or looks how far a kept one has come. */
static EhciProgress transact(Ehci *ehci, Queue *queue, gssize *budget)
{
    EhciKept *kept = find_kept(ehci, queue);
    EhciProgress progress;

    if (kept && !kept->over) {
        return EHCI_WAITS;
    }
    if (kept) {
        g_ptr_array_remove_fast(ehci->kept, kept);
        progress = finish(ehci, queue, &kept->packet);
    } else {
        kept = kept_new(ehci);
        if (!describe(queue, &kept->packet)) {
            halt(ehci, queue, TOKEN_BUFFER_ERROR);
            kept->packet.status = USB_STALL;
            progress = finish(ehci, queue, &kept->packet);
        } else {
            progress = submit(ehci, queue, kept);
        }
        if (progress == EHCI_WAITS && kept->packet.status == USB_PENDING) {
            return EHCI_WAITS;
        }
    }
    *budget -= (gssize)MAX(kept->packet.actual, CHAR_MAX_PACKET(~0u));
    kept_free(ehci, kept);
    return progress;
}

/* FALSE: not in this frame any more. */
static gboolean find_uframe(const Queue *queue, guint *uframe)
{
    guint mask = queue->words[QH_CAPABILITIES] & CAP_START_MASK;

    while (*uframe < EHCI_UFRAMES && !(mask >> *uframe & 1)) {
        ++*uframe;
    }
    return (*uframe)++ < EHCI_UFRAMES;
}

EhciProgress ehci_queue_run(Ehci *ehci, guint32 addr, guint *uframe, gssize *budget, guint32 *next)
{
    Queue queue = {.addr = addr, .periodic = uframe != NULL};
    EhciProgress progress = EHCI_MOVED;
    gboolean moved = FALSE;

    if (!ehci_read(ehci, addr, queue.words, QH_WORDS)) {
        return EHCI_FAILED;
    }
    *next = queue.words[QH_LINK];
    if (uframe && !find_uframe(&queue, uframe)) {
        return EHCI_IDLE;
    }
    while (progress == EHCI_MOVED && *budget > 0) {
        if (queue.words[QH_TOKEN] & TOKEN_HALTED) {
            progress = EHCI_IDLE;
        } else if (!(queue.words[QH_TOKEN] & TOKEN_ACTIVE)) {
            progress = advance(ehci, &queue);
        } else {
            progress = transact(ehci, &queue, budget);
            moved |= progress == EHCI_MOVED;
            if (uframe) {
                break;
            }
        }
    }
    return moved && progress != EHCI_FAILED ? EHCI_MOVED : progress;
}
