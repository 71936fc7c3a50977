/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel Universal Host Controller Interface, Design Guide revision 1.1.
 *
 * Each millisecond of guest time the schedule of one frame is carried out: what a frame can hold
 * at most, and no queue twice without progress in between, so that schedules which run in circles
 * (drivers make such on purpose) end. Data goes through a buffer of ours: guest memory is touched
 * only while its descriptor is being looked at.
 */
#include "hw/usb/uhci.h"

#include <string.h>

#include "core/error.h"
#include "hw/usb/usb.h"

#define PORTS    2
#define IO_BYTES 32

/* Registers (2.1). */
#define USBCMD    0x00
#define USBSTS    0x02
#define USBINTR   0x04
#define FRNUM     0x06
#define FRBASEADD 0x08
#define SOFMOD    0x0c
#define PORTSC    0x10

#define CMD_RUN     (1 << 0)
#define CMD_HCRESET (1 << 1)
#define CMD_GRESET  (1 << 2)
#define CMD_EGSM    (1 << 3)
#define CMD_FGR     (1 << 4)

#define STS_USBINT (1 << 0)
#define STS_ERROR  (1 << 1)
#define STS_RESUME (1 << 2)
#define STS_HSE    (1 << 3)
#define STS_HCPE   (1 << 4)
#define STS_HALTED (1 << 5)

#define INTR_TIMEOUT (1 << 0)
#define INTR_RESUME  (1 << 1)
#define INTR_IOC     (1 << 2)
#define INTR_SHORT   (1 << 3)

#define PORT_CONNECT        (1 << 0)
#define PORT_CONNECT_CHANGE (1 << 1)
#define PORT_ENABLED        (1 << 2)
#define PORT_ENABLE_CHANGE  (1 << 3)
#define PORT_RESUME         (1 << 6)
#define PORT_ALWAYS         (1 << 7)
#define PORT_LOW_SPEED      (1 << 8)
#define PORT_RESET          (1 << 9)
#define PORT_SUSPEND        (1 << 12)

/* Configuration space (2.2). */
#define SBRN   0x60
#define LEGSUP 0xc0

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
#define MAX_CATCH_UP    8    /* frames that a late timer makes up for */
#define FRAME_BYTES     1280 /* what a frame holds, and the longest packet */
#define FRAME_ELEMENTS  512  /* descriptors that a frame looks at */
#define MAX_QUEUES_SEEN 128
#define FORGET_FRAMES   256 /* a kept packet whose descriptor is not met any more is cancelled */

typedef struct Uhci Uhci;

/* A packet that its device keeps, known by its descriptor. */
typedef struct UhciKept {
    Uhci *uhci;
    UsbPacket packet;
    guint32 td, token, buffer; /* the descriptor's address and words */
    guint64 seen;              /* the frame that last met it */
    gboolean over;
    guint8 data[FRAME_BYTES];
} UhciKept;

struct Uhci {
    PciDevice pci;
    Region io;
    UsbBus *bus;
    UsbPort ports[PORTS];
    guint16 port_status[PORTS];
    guint16 command, status, enable, frame;
    guint32 base;
    guint8 sof;
    gboolean ioc, is_short; /* what STS_USBINT is for */
    Timer timer;
    guint64 next_frame; /* guest time, ns */
    guint64 frames;     /* how many have been carried out */
    GPtrArray *kept;    /* of UhciKept*, owned */
    guint8 data[FRAME_BYTES];
};

typedef struct TransferDescriptor {
    guint32 link, control, token, buffer;
} TransferDescriptor;

/* One frame under way. */
typedef struct Frame {
    guint bytes, elements; /* used up */
    gboolean ioc, is_short, error;
    guint32 seen[MAX_QUEUES_SEEN]; /* queues met since something last moved */
    guint seen_count;
} Frame;

typedef enum TdResult {
    TD_SKIP, /* not active, or nothing yet: the queue waits */
    TD_DONE, /* the queue goes on */
    TD_STOP, /* it is over, but its queue stays where it is (error, short packet) */
    TD_HALT, /* the controller stops */
} TdResult;

/* ---- interrupts ---- */

static void update_irq(Uhci *uhci)
{
    gboolean level =
        (uhci->status & STS_USBINT && ((uhci->ioc && uhci->enable & INTR_IOC) ||
                                       (uhci->is_short && uhci->enable & INTR_SHORT))) ||
        (uhci->status & STS_ERROR && uhci->enable & INTR_TIMEOUT) ||
        (uhci->status & STS_RESUME && uhci->enable & INTR_RESUME) ||
        uhci->status & (STS_HSE | STS_HCPE);

    pci_set_irq(&uhci->pci, level);
}

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
    ((UhciKept *)packet->opaque)->over = TRUE;
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

static UsbDevice *find_device(Uhci *uhci, guint address)
{
    for (guint n = 0; n < PORTS; n++) {
        UsbDevice *device =
            uhci->port_status[n] & PORT_ENABLED ? usb_port_find(&uhci->ports[n], address) : NULL;
        if (device) {
            return device;
        }
    }
    return NULL;
}

/* Ends or keeps the packet of a descriptor that was sent for the first time. */
static UsbStatus send_packet(Uhci *uhci, guint32 addr, const TransferDescriptor *td,
                             UsbPacket *packet)
{
    UsbDevice *device = find_device(uhci, td->token >> 8 & 0x7f);
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
        return TD_SKIP;
    }
    packet.endpoint = td->token >> 15 & 15;
    packet.length = ((td->token >> 21) + 1) & TD_ACTUAL;
    if (packet.length > FRAME_BYTES || !parse_token(td->token, &packet.token)) {
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
    return frame->bytes >= FRAME_BYTES || frame->elements >= FRAME_ELEMENTS;
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

static void stop(Uhci *uhci)
{
    uhci->command &= ~CMD_RUN;
    uhci->status |= STS_HALTED;
    timer_cancel(&uhci->timer);
}

static void run_frame(Uhci *uhci)
{
    Frame frame = {.bytes = 0};

    if (!run_schedule(uhci, &frame)) {
        device_warn_once(&uhci->pci.device, "the schedule is damaged; the controller halts");
        stop(uhci);
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
}

/* A late timer makes up for some frames; a guest that was held up for longer has lost the rest. */
static void frames_due(void *opaque)
{
    Uhci *uhci = opaque;
    gint64 now = clock_now(uhci->pci.device.machine->guest_clock);

    for (guint n = 0; n < MAX_CATCH_UP && (gint64)uhci->next_frame <= now; n++) {
        if (!(uhci->command & CMD_RUN)) {
            break;
        }
        run_frame(uhci);
        uhci->next_frame += FRAME_NS;
    }
    if ((gint64)uhci->next_frame <= now) {
        gint64 lost = (now - (gint64)uhci->next_frame) / FRAME_NS + 1;

        uhci->frame = (guint16)((uhci->frame + lost) & 0x7ff);
        uhci->next_frame += (guint64)(lost * FRAME_NS);
    }
    forget_stale(uhci);
    update_irq(uhci);
    if (uhci->command & CMD_RUN) {
        timer_set(&uhci->timer, (gint64)uhci->next_frame);
    }
}

static void start(Uhci *uhci)
{
    uhci->status &= ~STS_HALTED;
    uhci->next_frame =
        (guint64)clock_now(uhci->pci.device.machine->guest_clock) + (guint64)FRAME_NS;
    timer_set(&uhci->timer, (gint64)uhci->next_frame);
}

/* ---- ports ---- */

/* A sleeping bus hears of it. */
static void signal_resume(Uhci *uhci)
{
    uhci->status |= STS_RESUME;
    update_irq(uhci);
}

static void port_attach(UsbPort *port)
{
    Uhci *uhci = port->opaque;
    guint16 *status = &uhci->port_status[port->index];

    *status |= PORT_CONNECT | PORT_CONNECT_CHANGE;
    if (port->device->speed == USB_SPEED_LOW) {
        *status |= PORT_LOW_SPEED;
    }
    if (uhci->command & CMD_EGSM) {
        signal_resume(uhci);
    }
}

static void port_detach(UsbPort *port)
{
    Uhci *uhci = port->opaque;
    guint16 *status = &uhci->port_status[port->index];

    if (*status & PORT_ENABLED) {
        *status |= PORT_ENABLE_CHANGE;
    }
    *status &= ~(PORT_CONNECT | PORT_LOW_SPEED | PORT_ENABLED | PORT_SUSPEND | PORT_RESUME);
    *status |= PORT_CONNECT_CHANGE;
    if (uhci->command & CMD_EGSM) {
        signal_resume(uhci);
    }
}

static void port_wakeup(UsbPort *port, UsbDevice *device)
{
    Uhci *uhci = port->opaque;

    if (uhci->port_status[port->index] & PORT_SUSPEND) {
        uhci->port_status[port->index] |= PORT_RESUME;
    }
    signal_resume(uhci);
}

static const UsbPortOps port_ops = {port_attach, port_detach, port_wakeup, NULL};

static void update_suspended(Uhci *uhci)
{
    for (guint n = 0; n < PORTS; n++) {
        if (uhci->ports[n].device) {
            usb_device_set_suspended(uhci->ports[n].device, uhci->port_status[n] & PORT_SUSPEND ||
                                                                uhci->command & CMD_EGSM);
        }
    }
}

static void port_write(Uhci *uhci, guint n, guint16 value)
{
    guint16 before = uhci->port_status[n], now = before;

    now &= ~(value & (PORT_CONNECT_CHANGE | PORT_ENABLE_CHANGE));
    now &= ~(PORT_ENABLED | PORT_RESUME | PORT_RESET | PORT_SUSPEND);
    now |= value & (PORT_RESET | PORT_SUSPEND);
    if (value & PORT_RESET) {
        now &= ~PORT_SUSPEND;
    } else if (now & PORT_CONNECT) {
        now |= value & (PORT_ENABLED | PORT_RESUME);
    }
    if (before & PORT_RESUME && !(value & PORT_RESUME)) {
        now &= ~PORT_SUSPEND; /* the end of resume signalling */
    }
    uhci->port_status[n] = now;
    if (now & PORT_RESET && !(before & PORT_RESET)) {
        usb_port_reset(&uhci->ports[n]);
    }
    update_suspended(uhci);
}

/* ---- registers ---- */

static void reset_ports(Uhci *uhci)
{
    for (guint n = 0; n < PORTS; n++) {
        UsbPort *port = &uhci->ports[n];

        uhci->port_status[n] = PORT_ALWAYS;
        if (port->device) {
            port_attach(port);
            usb_port_reset(port);
        }
    }
}

static void reset_controller(Uhci *uhci)
{
    stop(uhci);
    g_ptr_array_set_size(uhci->kept, 0);
    uhci->command = uhci->enable = uhci->frame = 0;
    uhci->status = STS_HALTED;
    uhci->base = 0;
    uhci->sof = 64;
    uhci->ioc = uhci->is_short = FALSE;
    reset_ports(uhci);
    update_irq(uhci);
}

static void command_write(Uhci *uhci, guint16 value)
{
    guint16 before = uhci->command;

    if (value & CMD_HCRESET) {
        reset_controller(uhci);
        return;
    }
    if (value & CMD_GRESET && !(before & CMD_GRESET)) {
        reset_ports(uhci);
    }
    uhci->command = value & 0xff;
    if (value & CMD_RUN && !(before & CMD_RUN)) {
        start(uhci);
    } else if (!(value & CMD_RUN) && before & CMD_RUN) {
        stop(uhci);
    }
    update_suspended(uhci);
}

static void status_write(Uhci *uhci, guint16 value)
{
    uhci->status &= ~(value & 0x1f);
    if (value & STS_USBINT) {
        uhci->ioc = uhci->is_short = FALSE;
    }
    update_irq(uhci);
}

static guint64 io_read(void *opaque, guint64 addr, guint size)
{
    const Uhci *uhci = opaque;

    switch (addr) {
    case USBCMD: return uhci->command;
    case USBSTS: return uhci->status;
    case USBINTR: return uhci->enable;
    case FRNUM: return uhci->frame;
    case FRBASEADD: return uhci->base & 0xffff;
    case FRBASEADD + 2: return uhci->base >> 16;
    case SOFMOD: return uhci->sof;
    case PORTSC:
    case PORTSC + 2: return uhci->port_status[(addr - PORTSC) / 2];
    default: return 0xff7f; /* bit 7 clear: no third port */
    }
}

static void io_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Uhci *uhci = opaque;

    switch (addr) {
    case USBCMD: command_write(uhci, (guint16)value); break;
    case USBSTS: status_write(uhci, (guint16)value); break;
    case USBINTR:
        uhci->enable = value & 0xf;
        update_irq(uhci);
        break;
    case FRNUM:
        if (uhci->status & STS_HALTED) {
            uhci->frame = value & 0x7ff;
        }
        break;
    case FRBASEADD: uhci->base = (uhci->base & 0xffff0000) | (value & 0xf000); break;
    case FRBASEADD + 2: uhci->base = (uhci->base & 0xf000) | (guint32)(value & 0xffff) << 16; break;
    case SOFMOD: uhci->sof = value & 0x7f; break;
    case PORTSC:
    case PORTSC + 2: port_write(uhci, (guint)(addr - PORTSC) / 2, (guint16)value); break;
    default: break;
    }
}

static const IoOps io_ops = {io_read, io_write, .min_size = 2, .max_size = 2};

/* ---- lifecycle ---- */

static gboolean realize(Device *dev, GError **error)
{
    Uhci *uhci = (Uhci *)dev;

    uhci->kept = g_ptr_array_new_with_free_func(kept_free);
    timer_init(&uhci->timer, dev->machine->guest_clock, frames_due, uhci);
    region_init_io(&uhci->io, "uhci", &io_ops, uhci, IO_BYTES);
    pci_register_bar(&uhci->pci, 4, PCI_BAR_IO, &uhci->io);
    uhci->pci.config[SBRN] = 0x10;
    uhci->pci.writable[LEGSUP] = 0xbf;
    uhci->pci.writable[LEGSUP + 1] = 0x20;
    uhci->pci.write_one_clear[LEGSUP + 1] = 0x8f;
    uhci->bus = usb_bus_create(dev);
    for (guint n = 0; n < PORTS; n++) {
        usb_port_add(uhci->bus, &uhci->ports[n], NULL, n,
                     USB_SPEED_MASK(USB_SPEED_LOW) | USB_SPEED_MASK(USB_SPEED_FULL), &port_ops,
                     uhci);
    }
    return TRUE;
}

/* The bus and its devices are gone. */
static void unrealize(Device *dev)
{
    Uhci *uhci = (Uhci *)dev;

    timer_cancel(&uhci->timer);
    g_ptr_array_unref(uhci->kept);
    region_finish(&uhci->io);
}

static void reset(Device *dev)
{
    Uhci *uhci = (Uhci *)dev;

    uhci->pci.config[LEGSUP] = 0;
    uhci->pci.config[LEGSUP + 1] = 0x20;
    reset_controller(uhci);
}

static void info(Device *dev, GString *out)
{
    usb_bus_info(((Uhci *)dev)->bus, out);
}

/* What devices had kept is sent again: its descriptors are still active. */
static gboolean state_loaded(void *object, GError **error)
{
    Uhci *uhci = object;

    g_ptr_array_set_size(uhci->kept, 0);
    update_irq(uhci);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    STATE_ARRAY(U16, Uhci, port_status),
    STATE_FIELD(U16, Uhci, command),
    STATE_FIELD(U16, Uhci, status),
    STATE_FIELD(U16, Uhci, enable),
    STATE_FIELD(U16, Uhci, frame),
    STATE_FIELD(U32, Uhci, base),
    STATE_FIELD(U8, Uhci, sof),
    STATE_FIELD(BOOL, Uhci, ioc),
    STATE_FIELD(BOOL, Uhci, is_short),
    STATE_FIELD(TIMER, Uhci, timer),
    STATE_FIELD(U64, Uhci, next_frame),
    STATE_END,
};
static const StateTable uhci_state = {1, state_fields, state_loaded};

#define UHCI_OPS(device_name, text, id, pin)                                                   \
    {                                                                                          \
        .device = {.name = device_name,                                                        \
                   .summary = text,                                                            \
                   .category = "USB",                                                          \
                   .bus = BUS_PCI,                                                             \
                   .size = sizeof(Uhci),                                                       \
                   .state = &uhci_state,                                                       \
                   .realize = realize,                                                         \
                   .unrealize = unrealize,                                                     \
                   .reset = reset,                                                             \
                   .info_topic = "usb",                                                        \
                   .info = info},                                                              \
        .vendor_id = PCI_VENDOR_INTEL, .device_id = id, .class_code = 0x0c0300, .revision = 1, \
        .interrupt_pin = pin,                                                                  \
    }

const PciDeviceOps piix3_uhci_ops =
    UHCI_OPS("piix3-usb-uhci", "USB 1.1 controller of the PIIX3 (-usb on board pc)", 0x7020, 4);
const PciDeviceOps piix4_uhci_ops =
    UHCI_OPS("piix4-usb-uhci", "USB 1.1 controller of the PIIX4", 0x7112, 4);
