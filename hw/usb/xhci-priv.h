/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the parts of the xHCI controller:
 *
 *     xhci.c           registers, doorbells, the life of the device
 *     xhci-event.c     interrupters and their event rings
 *     xhci-command.c   the command ring, slots
 *     xhci-context.c   commands that read and write contexts
 *     xhci-endpoint.c  endpoints: states, what waits for what
 *     xhci-td.c        transfer descriptors: gathered, carried out, reported
 *     xhci-port.c      root ports
 *     xhci-state.c     saved state
 *
 * Guest memory is read when its time has come and never kept. What the guest can make endless is
 * cut into pieces: whatever used up its budget goes on at a timer. Memory that is not there ends in
 * xhci_host_error(). Vm lock held.
 */
#pragma once

#include "hw/pci/msix.h"
#include "hw/usb/usb.h"
#include "hw/usb/xhci-regs.h"

#define XHCI_SLOTS        64
#define XHCI_INTERRUPTS   16
#define XHCI_PORTS_MAX    15 /* of each protocol */
#define XHCI_ENDPOINTS    31 /* device context index 1 to 31 */
#define XHCI_EVENTS_KEPT  64
#define XHCI_TD_TRBS      1024       /* most of one transfer descriptor, */
#define XHCI_TD_BYTES     (4u << 20) /* and what it moves */
#define XHCI_LINKS_MAX    8          /* links that follow each other */
#define XHCI_COMMANDS_MAX 256        /* commands carried out in one go, */
#define XHCI_READS_MAX    8192       /* and TRBs read for transfers */
#define XHCI_GO_ON_NS     NS_PER_MS  /* after which it goes on */

typedef struct Xhci Xhci;
typedef struct XhciTd XhciTd;

typedef struct XhciTrb {
    guint64 parameter;
    guint32 status, control;
    guint64 addr; /* where it was read */
} XhciTrb;

/* A producer's ring as its consumer sees it. */
typedef struct XhciRing {
    guint64 dequeue;
    gboolean cycle;
} XhciRing;

typedef struct XhciEndpoint {
    guint32 state; /* ENDPOINT_* */
    guint32 type;  /* of the context */
    guint32 max_packet, interval;
    XhciRing ring;
    guint64 next;   /* isochronous: guest time of the next interval */
    gboolean go_on; /* has used up its budget */
    gboolean nak;   /* its descriptor waits for the device to be ready */
    Xhci *xhci;
    guint8 slot, id; /* of which it is; set once */
    XhciTd *td;      /* the descriptor under way; NULL = there has been none yet */
} XhciEndpoint;

typedef struct XhciSlot {
    gboolean enabled;
    guint32 state; /* SLOT_* */
    guint64 context;
    guint32 port;  /* 1-based number of the root port, 0 = none yet */
    guint32 route; /* string of hub ports */
    guint32 interrupter;
    XhciEndpoint endpoints[XHCI_ENDPOINTS];
} XhciSlot;

typedef struct XhciEventPlace {
    guint64 base; /* of the segment */
    guint32 segment, size, index;
    gboolean cycle;
    gboolean active; /* there is a ring */
} XhciEventPlace;

typedef struct XhciInterrupter {
    guint32 iman, imod, erst_size;
    guint64 erst, dequeue;
    XhciEventPlace place; /* where the next event goes */
    XhciEventPlace saved; /* as the guest had it saved (4.23.2) */
    gboolean due;         /* an interrupt waits for its moderation */
    guint64 next;         /* guest time before which there is no interrupt */
    guint32 kept_count;
    guint32 kept[XHCI_EVENTS_KEPT * 4]; /* events that the ring had no room for */
    Timer timer;
    Xhci *xhci;
} XhciInterrupter;

struct Xhci {
    PciDevice pci;
    Region bar, registers;
    Msix msix;
    UsbBus *bus;
    UsbPort ports[XHCI_PORTS_MAX]; /* as plugs are: with both protocols */
    guint port_count;
    guint64 p2, p3, slot_count, interrupt_count; /* options */
    gboolean use_msi, use_msix;
    guint32 command, status, notifications, config;
    guint64 dcbaap;
    XhciRing commands;
    gboolean command_running;
    gboolean saved;        /* the guest has had the state saved, and nothing is lost since */
    guint64 mfindex_start; /* guest time */
    guint32 port_status[2 * XHCI_PORTS_MAX]; /* USB 2 first */
    XhciSlot slots[XHCI_SLOTS];
    XhciInterrupter interrupters[XHCI_INTERRUPTS];
    guint reads;      /* of TRBs, ever */
    guint go_on_slot; /* where the timer's next round begins */
    Timer go_on, wrap;
};

/* ---- xhci.c ---- */

gboolean xhci_is_running(const Xhci *xhci);
gint64 xhci_now(const Xhci *xhci);

/* Guest memory that is not there, or a ring that cannot be: the controller stops (4.24.1). `what`
 * is a literal. */
void xhci_host_error(Xhci *xhci, const char *what);

/* FALSE after xhci_host_error(). */
gboolean xhci_read_words(Xhci *xhci, guint64 addr, guint32 *words, guint count);
gboolean xhci_write_words(Xhci *xhci, guint64 addr, const guint32 *words, guint count);

/*
 * The TRB at the ring's dequeue pointer, links followed; FALSE if the producer has put none there.
 * The ring then stands at that TRB; xhci_ring_next() passes it. A ring of links alone is an error.
 */
gboolean xhci_ring_peek(Xhci *xhci, XhciRing *ring, XhciTrb *trb);

static inline guint xhci_trb_type(const XhciTrb *trb)
{
    return trb->control >> TRB_TYPE_SHIFT & 0x3f;
}

static inline void xhci_ring_next(XhciRing *ring)
{
    ring->dequeue += 16;
}

/* Has the go-on timer run, which takes up commands and endpoints that wait for it. */
void xhci_go_on_later(Xhci *xhci, gint64 at);

/* ---- xhci-state.c ---- */

extern const StateTable xhci_state;

/* ---- xhci-event.c ---- */

/* `control` without the cycle bit; BEI in it blocks the interrupt. */
void xhci_event(Xhci *xhci, guint interrupter, guint64 parameter, guint32 status, guint32 control);
/* No room for more: rings stop being consumed until there is. */
gboolean xhci_events_stuck(const Xhci *xhci);
guint64 xhci_interrupter_read(Xhci *xhci, guint n, guint reg);
void xhci_interrupter_write(Xhci *xhci, guint n, guint reg, guint32 value);
void xhci_update_interrupts(Xhci *xhci); /* USBCMD.INTE has changed */
void xhci_events_init(Xhci *xhci);
void xhci_events_reset(Xhci *xhci);
/* The controller's own part of saving and restoring state: writing the registers has begun the
 * rings anew. */
void xhci_events_save(Xhci *xhci);
void xhci_events_restore(Xhci *xhci);

/* ---- xhci-command.c ---- */

void xhci_run_commands(Xhci *xhci);
void xhci_crcr_write(Xhci *xhci, guint32 value);
void xhci_slots_init(Xhci *xhci);
void xhci_slots_reset(Xhci *xhci);
/* The slot with that number, 1-based; NULL if it is not enabled. */
XhciSlot *xhci_slot(Xhci *xhci, guint number);
guint xhci_slot_number(const Xhci *xhci, const XhciSlot *slot);

/* ---- xhci-context.c: the commands; they return a completion code ---- */

guint xhci_address_device(Xhci *xhci, XhciSlot *slot, const XhciTrb *trb);
guint xhci_configure_endpoint(Xhci *xhci, XhciSlot *slot, const XhciTrb *trb);
guint xhci_evaluate_context(Xhci *xhci, XhciSlot *slot, const XhciTrb *trb);
guint xhci_reset_device(Xhci *xhci, XhciSlot *slot);
guint xhci_get_bandwidth(Xhci *xhci, const XhciTrb *trb);
/* Writes the endpoint's state and dequeue pointer into its context. */
void xhci_endpoint_store(XhciEndpoint *endpoint);

/* ---- xhci-endpoint.c ---- */

void xhci_endpoint_enable(XhciEndpoint *endpoint, const guint32 *context);
void xhci_endpoint_disable(XhciEndpoint *endpoint);
/* Into that state, which the context shows. */
void xhci_endpoint_set_state(XhciEndpoint *endpoint, guint state);
void xhci_endpoint_doorbell(XhciEndpoint *endpoint);
void xhci_endpoint_run(XhciEndpoint *endpoint);
guint xhci_stop_endpoint(XhciEndpoint *endpoint);
guint xhci_reset_endpoint(XhciEndpoint *endpoint);
guint xhci_set_dequeue(XhciEndpoint *endpoint, guint64 pointer);
/* The device of the slot, if it is there, awake and of the slot's address. */
UsbDevice *xhci_slot_device(Xhci *xhci, const XhciSlot *slot);
UsbDevice *xhci_find_device(Xhci *xhci, guint port, guint32 route);
/* Endpoints that wait try again: the one that serves this device's, or all. */
void xhci_device_ready(Xhci *xhci, UsbDevice *device, UsbToken token, guint number);
void xhci_try_waiting(Xhci *xhci);

/* ---- xhci-td.c ---- */

typedef enum XhciProgress {
    XHCI_TD_NONE,  /* the ring has no whole descriptor */
    XHCI_TD_OVER,  /* reported; the ring stands behind it */
    XHCI_TD_HALT,  /* the endpoint has halted */
    XHCI_TD_WAITS, /* for the device */
} XhciProgress;

/* Carries out the next descriptor. */
XhciProgress xhci_td_run(XhciEndpoint *endpoint);
/* Forgets what is under way; `stopped`: reports it so (4.6.9). */
void xhci_td_drop(XhciEndpoint *endpoint, gboolean stopped);
void xhci_td_free(XhciEndpoint *endpoint);

/* ---- xhci-port.c ---- */

void xhci_ports_init(Xhci *xhci);
void xhci_ports_reset(Xhci *xhci);
void xhci_ports_started(Xhci *xhci); /* reports the changes that are */
guint64 xhci_port_read(Xhci *xhci, guint n, guint reg);
void xhci_port_write(Xhci *xhci, guint n, guint reg, guint32 value);
/* What is plugged in at a port (0-based, as PORTSC); NULL if nothing of its protocol is. */
UsbDevice *xhci_port_device(Xhci *xhci, guint n);
