/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schedule of UHCI (Design Guide 1.1, chapters 1.3 and 3).
 *
 * Each millisecond of guest time the schedule of one frame is carried out: what a frame can hold
 * at most, and no queue twice without progress in between, so that schedules which run in circles
 * (drivers make such on purpose) end. When nothing has moved for a while, 16 frames at a time are
 * carried out, so that the host sleeps in between; what a guest adds to the schedule waits for
 * that long then, what a device has to say does not. Data goes through a buffer of ours: guest
 * memory is touched only while its descriptor is being looked at.
 */
#include <string.h>

#include "core/error.h"
#include "hw/usb/uhci-priv.h"

/* Link pointers (3.1). */
#define LINK_END   (1 << 0)
#define LINK_QUEUE (1 << 1)
#define LINK_DEPTH (1 << 2)
#define LINK_ADDR  0xfffffff0u

/* Transfer descriptors (3.2), second and third double word. */
#define TD_ACTUAL       0x7ff
#define TD_TIMEOUT      (1u << 18)
#define TD_NAK          (1u << 19)
#define TD_BABBLE       (1u << 20)
#define TD_STALLED      (1u << 22)
#define TD_ACTIVE       (1u << 23)
#define TD_IOC          (1u << 24)
#define TD_ERRORS_SHIFT 27
#define TD_ERRORS       (3u << TD_ERRORS_SHIFT)
#define TD_SPD          (1u << 29)

#define PID_IN    0x69
#define PID_OUT   0xe1
#define PID_SETUP 0x2d

#define FRAME_NS        NS_PER_MS
#define IDLE_FRAMES     32  /* without anything moving, until frames are put together */
#define FRAMES_AT_ONCE  16  /* then; and as many as a late timer makes up for */
#define FRAME_ELEMENTS  512 /* descriptors that a frame looks at */
#define MAX_QUEUES_SEEN 128
#define FORGET_FRAMES   256 /* a kept packet whose descriptor is not met any more is cancelled */

/* A packet that its device keeps, known by its descriptor. */
typedef struct UhciKept {
    Uhci *uhci;
    UsbPacket packet;
    guint32 td, token, buffer; /* the descriptor's address and words */
    guint64 seen;              /* the frame that last met it */
    gboolean over;
    guint8 data[UHCI_FRAME_BYTES];
} UhciKept;

typedef struct TransferDescriptor {
    guint32 link, control, token, buffer;
} TransferDescriptor;

/* One frame under way. */
typedef struct Frame {
    guint bytes, elements; /* used up */
    gboolean ioc, is_short, error, moved;
    guint32 seen[MAX_QUEUES_SEEN]; /* queues met since something last moved */
    guint seen_count;
} Frame;

typedef enum TdResult {
    TD_SKIP, /* not active, or nothing yet: the queue waits */
    TD_DONE, /* the queue goes on */
    TD_STOP, /* it is over, but its queue stays where it is (error, short packet) */
    TD_HALT, /* the controller stops */
} TdResult;

/* ---- guest memory ---- */

/* FALSE: no such memory, which is a host system error. */
static gboolean read_words(Uhci *uhci, guint32 addr, guint32 *words, guint count)
{
    if (!pci_dma_read(&uhci->pci, addr, words, count * sizeof *words)) {
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        words[i] = GUINT32_FROM_LE(words[i]);
    }
    return TRUE;
}

static gboolean write_word(Uhci *uhci, guint32 addr, guint32 word)
{
    word = GUINT32_TO_LE(word);
    return pci_dma_write(&uhci->pci, addr, &word, sizeof word);
}

/* ---- kept packets ---- */

static void kept_complete(UsbPacket *packet)
{
    UhciKept *kept = packet->opaque;

    kept->over = TRUE;
    uhci_schedule_kick(kept->uhci);
}

static void kept_free(gpointer data)
{
    UhciKept *kept = data;

    usb_cancel(&kept->packet);
    g_free(kept);
}

/* The kept packet of this descriptor, if it is still the same one. */
static UhciKept *find_kept(Uhci *uhci, guint32 addr, const TransferDescriptor *td)
{
    for (guint i = 0; i < uhci->kept->len; i++) {
        UhciKept *kept = g_ptr_array_index(uhci->kept, i);

        if (kept->td != addr) {
            continue;
        }
        if (kept->token == td->token && kept->buffer == td->buffer) {
            return kept;
        }
        g_ptr_array_remove_index_fast(uhci->kept, i);
        return NULL;
    }
    return NULL;
}

static void forget_stale(Uhci *uhci)
{
    for (guint i = uhci->kept->len; i-- > 0;) {
        const UhciKept *kept = g_ptr_array_index(uhci->kept, i);

        if (uhci->frames - kept->seen > FORGET_FRAMES) {
            g_ptr_array_remove_index_fast(uhci->kept, i);
        }
    }
}

/* ---- descriptors ---- */

static gboolean parse_token(guint32 word, UsbToken *token)
{
    switch (word & 0xff) {
    case PID_IN: *token = USB_TOKEN_IN; return TRUE;
    case PID_OUT: *token = USB_TOKEN_OUT; return TRUE;
    case PID_SETUP: *token = USB_TOKEN_SETUP; return TRUE;
    default: return FALSE;
    }
}

/* Ends or keeps the packet of a descriptor that was sent for the first time. */
static UsbStatus send_packet(Uhci *uhci, guint32 addr, const TransferDescriptor *td,
                             UsbPacket *packet)
{
    UsbDevice *device = uhci_find_device(uhci, td->token >> 8 & 0x7f);
    UhciKept *kept;

    if (!device) {
        packet->status = USB_NO_DEVICE;
        return USB_NO_DEVICE;
    }
    kept = g_new(UhciKept, 1);
    *kept = (UhciKept){.uhci = uhci,
                       .packet = *packet,
                       .td = addr,
                       .token = td->token,
                       .buffer = td->buffer,
                       .seen = uhci->frames};
    memcpy(kept->data, packet->data, packet->length);
    kept->packet.data = kept->data;
    kept->packet.complete = kept_complete;
    kept->packet.opaque = kept;
    if (usb_submit(device, &kept->packet) == USB_PENDING) {
        g_ptr_array_add(uhci->kept, kept);
        return USB_PENDING;
    }
    *packet = kept->packet;
    memcpy(uhci->data, kept->data, packet->length);
    packet->data = uhci->data;
    g_free(kept);
    return packet->status;
}

/* What a packet came to, in the descriptor's control word (3.2.2). */
static TdResult finish_td(Frame *frame, guint32 *control, const UsbPacket *packet)
{
    guint errors = *control >> TD_ERRORS_SHIFT & 3;

    switch (packet->status) {
    case USB_NAK: *control |= TD_NAK; return TD_SKIP;
    case USB_STALL: *control |= TD_STALLED; break;
    case USB_BABBLE: *control |= TD_BABBLE | TD_STALLED; break;
    case USB_NO_DEVICE:
        *control |= TD_TIMEOUT;
        if (errors != 1) { /* 0: tried for ever */
            *control -= errors ? 1u << TD_ERRORS_SHIFT : 0;
            return TD_SKIP;
        }
        *control = (*control & ~TD_ERRORS) | TD_STALLED;
        break;
    default:
        *control = (*control & ~(TD_ACTUAL | TD_ACTIVE)) | ((packet->actual - 1) & TD_ACTUAL);
        frame->ioc |= (*control & TD_IOC) != 0;
        if (packet->token == USB_TOKEN_IN && packet->actual < packet->length && *control & TD_SPD) {
            frame->is_short = TRUE;
            return TD_STOP;
        }
        return TD_DONE;
    }
    *control = (*control & ~(TD_ACTIVE | TD_ACTUAL)) | TD_ACTUAL; /* no bytes */
    frame->error = TRUE;
    frame->ioc |= (*control & TD_IOC) != 0;
    return TD_STOP;
}

/* Sends the packet, or looks how far a kept one has come. */
static TdResult run_packet(Uhci *uhci, Frame *frame, guint32 addr, TransferDescriptor *td,
                           UsbPacket *packet)
{
    UhciKept *kept = find_kept(uhci, addr, td);
    TdResult result;

    if (kept) {
        kept->seen = uhci->frames;
        if (!kept->over) {
            return TD_SKIP;
        }
        *packet = kept->packet;
        memcpy(uhci->data, kept->data, packet->length);
        packet->data = uhci->data;
        g_ptr_array_remove_fast(uhci->kept, kept);
    } else {
        if (packet->token != USB_TOKEN_IN &&
            !pci_dma_read(&uhci->pci, td->buffer, uhci->data, packet->length)) {
            return TD_HALT;
        }
        if (send_packet(uhci, addr, td, packet) == USB_PENDING) {
            return TD_SKIP;
        }
    }
    if (packet->token == USB_TOKEN_IN && packet->actual &&
        !pci_dma_write(&uhci->pci, td->buffer, packet->data, packet->actual)) {
        return TD_HALT;
    }
    result = finish_td(frame, &td->control, packet);
    frame->bytes += packet->status == USB_OK ? packet->actual : 0;
    return result;
}

/* Carries out one descriptor and writes its status back. */
static TdResult run_td(Uhci *uhci, Frame *frame, guint32 addr, TransferDescriptor *td)
{
    UsbPacket packet = {.data = uhci->data};
    guint32 before;
    TdResult result;

    if (!read_words(uhci, addr, (guint32 *)td, 4)) {
        uhci->status |= STS_HSE;
        return TD_HALT;
    }
    if (!(td->control & TD_ACTIVE)) {
        frame->ioc |= (td->control & TD_IOC) != 0; /* a mark for the end of the frame (3.2.2) */
        return TD_SKIP;
    }
    packet.endpoint = td->token >> 15 & 15;
    packet.length = ((td->token >> 21) + 1) & TD_ACTUAL;
    if (packet.length > UHCI_FRAME_BYTES || !parse_token(td->token, &packet.token)) {
        uhci->status |= STS_HCPE; /* 2.1.2: an inconsistent descriptor */
        return TD_HALT;
    }
    before = td->control;
    td->control &= ~(TD_NAK | TD_TIMEOUT);
    result = run_packet(uhci, frame, addr, td, &packet);
    if (result == TD_HALT) {
        uhci->status |= STS_HSE;
        return TD_HALT;
    }
    if (td->control != before && !write_word(uhci, addr + 4, td->control)) {
        uhci->status |= STS_HSE;
        return TD_HALT;
    }
    frame->moved |= result != TD_SKIP;
    return result;
}

/* ---- the schedule ---- */

/* TRUE if the queue was met before and nothing has moved since: the schedule runs in a circle, or
 * there are more queues than can be remembered. */
static gboolean in_circle(Frame *frame, guint32 queue)
{
    for (guint i = 0; i < frame->seen_count; i++) {
        if (frame->seen[i] == queue) {
            return TRUE;
        }
    }
    if (frame->seen_count == MAX_QUEUES_SEEN) {
        return TRUE;
    }
    frame->seen[frame->seen_count++] = queue;
    return FALSE;
}

static gboolean is_full(const Frame *frame)
{
    return frame->bytes >= UHCI_FRAME_BYTES || frame->elements >= FRAME_ELEMENTS;
}

/* Carries out what a queue head has to do, and says where the schedule goes on. FALSE = halt. */
static gboolean run_queue(Uhci *uhci, Frame *frame, guint32 addr, guint32 *next)
{
    guint32 words[2]; /* horizontal link, element */
    TransferDescriptor td;
    TdResult result = TD_DONE;

    if (!read_words(uhci, addr, words, 2)) {
        uhci->status |= STS_HSE;
        return FALSE;
    }
    *next = words[0];
    if (!(words[1] & LINK_END) && words[1] & LINK_QUEUE) {
        *next = words[1];
        return TRUE;
    }
    while (!(words[1] & (LINK_END | LINK_QUEUE)) && result == TD_DONE && !is_full(frame)) {
        frame->elements++;
        result = run_td(uhci, frame, words[1] & LINK_ADDR, &td);
        if (result == TD_DONE) {
            words[1] = td.link;
            if (!write_word(uhci, addr + 4, td.link)) {
                uhci->status |= STS_HSE;
                return FALSE;
            }
        }
        if (result == TD_DONE || result == TD_STOP) {
            frame->seen_count = 0;
        }
        if (result == TD_DONE && !(td.link & LINK_DEPTH)) {
            break; /* breadth first: one each, then the next queue */
        }
    }
    return result != TD_HALT;
}

/* FALSE = halt. */
static gboolean run_schedule(Uhci *uhci, Frame *frame)
{
    TransferDescriptor td;
    guint32 link;

    if (!read_words(uhci, uhci->base + (uhci->frame & 0x3ff) * 4, &link, 1)) {
        uhci->status |= STS_HSE;
        return FALSE;
    }
    while (!(link & LINK_END) && !is_full(frame)) {
        guint32 addr = link & LINK_ADDR;

        frame->elements++;
        if (link & LINK_QUEUE) {
            if (in_circle(frame, addr)) {
                break;
            }
            if (!run_queue(uhci, frame, addr, &link)) {
                return FALSE;
            }
        } else {
            if (run_td(uhci, frame, addr, &td) == TD_HALT) {
                return FALSE;
            }
            link = td.link;
        }
    }
    return TRUE;
}

/* TRUE if something was done. */
static gboolean run_frame(Uhci *uhci)
{
    Frame frame = {.bytes = 0};

    if (!run_schedule(uhci, &frame)) {
        device_warn_once(&uhci->pci.device, "the schedule is damaged; the controller halts");
        uhci_schedule_stop(uhci);
    }
    if (frame.ioc || frame.is_short) {
        uhci->status |= STS_USBINT;
        uhci->ioc |= frame.ioc;
        uhci->is_short |= frame.is_short;
    }
    if (frame.error) {
        uhci->status |= STS_USBINT | STS_ERROR;
        uhci->ioc |= frame.ioc;
    }
    uhci->frame = (uhci->frame + 1) & 0x7ff;
    uhci->frames++;
    return frame.moved || frame.ioc;
}

static void arm(Uhci *uhci)
{
    guint wait = uhci->idle < IDLE_FRAMES ? 0 : FRAMES_AT_ONCE - 1;

    timer_set(&uhci->timer, (gint64)(uhci->next_frame + wait * FRAME_NS));
}

/* How many frames have begun that have not been carried out. */
static guint64 frames_late(const Uhci *uhci)
{
    gint64 now = clock_now(uhci->pci.device.machine->guest_clock);

    return now < (gint64)uhci->next_frame
               ? 0
               : (guint64)(now - (gint64)uhci->next_frame) / FRAME_NS + 1;
}

/* A late timer makes up for some frames; a guest that was held up for longer has lost the rest. */
static void frames_due(void *opaque)
{
    Uhci *uhci = opaque;
    guint64 late = frames_late(uhci);

    if (late > FRAMES_AT_ONCE) {
        guint64 lost = late - FRAMES_AT_ONCE;

        uhci->frame = (guint16)((uhci->frame + lost) & 0x7ff);
        uhci->next_frame += lost * FRAME_NS;
        late = FRAMES_AT_ONCE;
    }
    uhci->walking = TRUE;
    for (; late > 0 && uhci->command & CMD_RUN; late--) {
        uhci->idle = run_frame(uhci) ? 0 : uhci->idle + 1;
        uhci->next_frame += FRAME_NS;
    }
    uhci->walking = FALSE;
    uhci->idle = MIN(uhci->idle, IDLE_FRAMES);
    forget_stale(uhci);
    uhci_update_irq(uhci);
    if (uhci->command & CMD_RUN) {
        arm(uhci);
    }
}

void uhci_schedule_kick(Uhci *uhci)
{
    uhci->idle = 0;
    if (uhci->command & CMD_RUN && !uhci->walking) {
        arm(uhci);
    }
}

guint16 uhci_schedule_frame(Uhci *uhci)
{
    guint64 late = uhci->command & CMD_RUN ? frames_late(uhci) : 0;

    if (late > 0) {
        timer_set(&uhci->timer, (gint64)uhci->next_frame); /* somebody waits for it */
    }
    return (guint16)((uhci->frame + late) & 0x7ff);
}

void uhci_schedule_stop(Uhci *uhci)
{
    if (!uhci->walking) {
        uhci->frame = uhci_schedule_frame(uhci);
    }
    uhci->command &= ~CMD_RUN;
    uhci->status |= STS_HALTED;
    timer_cancel(&uhci->timer);
}

void uhci_schedule_start(Uhci *uhci)
{
    uhci->status &= ~STS_HALTED;
    uhci->idle = 0;
    uhci->next_frame =
        (guint64)clock_now(uhci->pci.device.machine->guest_clock) + (guint64)FRAME_NS;
    arm(uhci);
}

/* ---- lifecycle ---- */

void uhci_schedule_init(Uhci *uhci)
{
    uhci->kept = g_ptr_array_new_with_free_func(kept_free);
    timer_init(&uhci->timer, uhci->pci.device.machine->guest_clock, frames_due, uhci);
}

void uhci_schedule_forget(Uhci *uhci)
{
    g_ptr_array_set_size(uhci->kept, 0);
}

void uhci_schedule_finish(Uhci *uhci)
{
    timer_cancel(&uhci->timer);
    g_ptr_array_unref(uhci->kept);
}
