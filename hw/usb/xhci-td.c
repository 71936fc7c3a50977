/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfer descriptors (3.2.8, 4.9 to 4.11): TRBs that are chained. One is gathered whole, sent to
 * the device as one packet, and reported TRB by TRB as the flags of each ask for. Of a control
 * transfer each stage is a descriptor.
 */
#include <string.h>

#include "hw/usb/xhci-priv.h"

#define LENGTH_MASK    0x1ffffu
#define RESIDUE_MASK   0xffffffu
#define IMMEDIATE_MAX  8
#define TARGET_SHIFT   22
#define SETUP_TRB_SIZE 8

struct XhciTd {
    XhciEndpoint *endpoint;
    gboolean gathered;  /* what follows is filled in */
    gboolean in_flight; /* the device has the packet */
    XhciTrb *trbs;
    guint count, trb_capacity;
    XhciRing after; /* where the ring goes on */
    UsbPacket packet;
    guint32 length;
    guint8 *data;
    gsize data_capacity;
};

/* ---- TRBs ---- */

static gboolean has_data(const XhciTrb *trb)
{
    switch (xhci_trb_type(trb)) {
    case TRB_NORMAL:
    case TRB_SETUP:
    case TRB_DATA:
    case TRB_ISOCH: return TRUE;
    default: return FALSE;
    }
}

static guint32 trb_length(const XhciTrb *trb)
{
    return has_data(trb) ? trb->status & LENGTH_MASK : 0;
}

static void report(XhciEndpoint *endpoint, const XhciTrb *trb, guint code, guint32 length)
{
    gboolean data = xhci_trb_type(trb) == TRB_EVENT_DATA && code != CC_STOPPED;

    xhci_event(endpoint->xhci, trb->status >> TARGET_SHIFT, data ? trb->parameter : trb->addr,
               code << 24 | (length & RESIDUE_MASK),
               TRB_TRANSFER_EVENT << TRB_TYPE_SHIFT | (guint32)endpoint->slot << 24 |
                   (guint32)endpoint->id << 16 | (data ? TRB_EVENT_IS_PTR : 0) |
                   (trb->control & TRB_BEI));
}

/* ---- gathering ---- */

/* May this TRB be here? The first decides what the descriptor is. */
static gboolean belongs(const XhciEndpoint *endpoint, const XhciTrb *trb, guint n)
{
    guint type = xhci_trb_type(trb);

    if (type == TRB_EVENT_DATA || type == TRB_NOOP) {
        return TRUE;
    }
    if (trb->control & TRB_IDT && trb_length(trb) > IMMEDIATE_MAX) {
        return FALSE;
    }
    switch (type) {
    case TRB_NORMAL: return endpoint->type != TYPE_CONTROL || n > 0;
    case TRB_SETUP:
        return endpoint->type == TYPE_CONTROL && n == 0 && trb->control & TRB_IDT &&
               trb_length(trb) == SETUP_TRB_SIZE;
    case TRB_DATA:
    case TRB_STATUS: return endpoint->type == TYPE_CONTROL && n == 0;
    case TRB_ISOCH:
        return n == 0 && (endpoint->type == TYPE_ISOCH_IN || endpoint->type == TYPE_ISOCH_OUT);
    default: return FALSE;
    }
}

static void add_trb(XhciTd *td, const XhciTrb *trb)
{
    if (td->count == td->trb_capacity) {
        td->trb_capacity = MAX(8, td->trb_capacity * 2);
        td->trbs = g_renew(XhciTrb, td->trbs, td->trb_capacity);
    }
    td->trbs[td->count++] = *trb;
}

/* The guest has made a ring that cannot be: the endpoint is in error until its ring is set anew. */
static XhciProgress refuse(XhciEndpoint *endpoint, const XhciTrb *trb)
{
    device_warn_once(&endpoint->xhci->pci.device, "a transfer ring has TRBs that do not belong");
    report(endpoint, trb, CC_TRB_ERROR, 0);
    xhci_endpoint_set_state(endpoint, ENDPOINT_ERROR);
    return XHCI_TD_HALT;
}

/* XHCI_TD_OVER: the descriptor is whole. */
static XhciProgress gather(XhciEndpoint *endpoint, XhciTd *td)
{
    XhciTrb trb;

    td->after = endpoint->ring;
    td->count = 0;
    td->length = 0;
    do {
        if (!xhci_ring_peek(endpoint->xhci, &td->after, &trb)) {
            return XHCI_TD_NONE;
        }
        xhci_ring_next(&td->after);
        if (td->count == XHCI_TD_TRBS || !belongs(endpoint, &trb, td->count) ||
            td->length + trb_length(&trb) > XHCI_TD_BYTES) {
            return refuse(endpoint, &trb);
        }
        td->length += trb_length(&trb);
        add_trb(td, &trb);
    } while (trb.control & TRB_CHAIN);
    return XHCI_TD_OVER;
}

static UsbToken find_token(const XhciEndpoint *endpoint, const XhciTrb *first)
{
    switch (xhci_trb_type(first)) {
    case TRB_SETUP: return USB_TOKEN_SETUP;
    case TRB_DATA:
    case TRB_STATUS: return first->control & TRB_IN ? USB_TOKEN_IN : USB_TOKEN_OUT;
    default: return endpoint->type & TYPE_IN ? USB_TOKEN_IN : USB_TOKEN_OUT;
    }
}

/* Into our buffer; FALSE after a bus error. */
static gboolean fetch_data(XhciEndpoint *endpoint, XhciTd *td)
{
    guint8 *to = td->data;

    for (guint n = 0; n < td->count; n++) {
        const XhciTrb *trb = &td->trbs[n];
        guint32 length = trb_length(trb);
        guint64 immediate = GUINT64_TO_LE(trb->parameter);

        if (!length) {
            continue; /* there may be no buffer yet */
        }
        if (trb->control & TRB_IDT && has_data(trb)) {
            memcpy(to, &immediate, length);
        } else if (!pci_dma_read(&endpoint->xhci->pci, trb->parameter, to, length)) {
            xhci_host_error(endpoint->xhci, "data lies where no memory is; the controller halts");
            return FALSE;
        }
        to += length;
    }
    return TRUE;
}

/* ---- reporting ---- */

static guint completion_code(UsbStatus status)
{
    switch (status) {
    case USB_OK: return CC_SUCCESS;
    case USB_STALL: return CC_STALL;
    case USB_BABBLE: return CC_BABBLE;
    default: return CC_TRANSACTION_ERROR;
    }
}

static gboolean store_data(XhciEndpoint *endpoint, const XhciTrb *trb, const guint8 *data,
                           guint32 length)
{
    if (!pci_dma_write(&endpoint->xhci->pci, trb->parameter, data, length)) {
        xhci_host_error(endpoint->xhci, "data lies where no memory is; the controller halts");
        return FALSE;
    }
    return TRUE;
}

/* Data to its places and events as they were asked for (4.10.1). FALSE after a bus error. */
static gboolean report_all(XhciEndpoint *endpoint, XhciTd *td, guint code)
{
    gboolean in = td->packet.token == USB_TOKEN_IN;
    guint32 done = 0, since_event_data = 0;
    gboolean is_short = FALSE;

    for (guint n = 0; n < td->count; n++) {
        const XhciTrb *trb = &td->trbs[n];
        guint32 length = trb_length(trb);
        guint32 moved = MIN(length, (guint32)td->packet.actual - done);
        gboolean short_here = moved < length && !is_short;

        if (xhci_trb_type(trb) == TRB_EVENT_DATA) {
            if (trb->control & TRB_IOC && code <= CC_SUCCESS) {
                report(endpoint, trb, is_short ? CC_SHORT_PACKET : code, since_event_data);
            }
            since_event_data = 0;
            continue;
        }
        if (in && moved && !store_data(endpoint, trb, td->data + done, moved)) {
            return FALSE;
        }
        done += moved;
        since_event_data += moved;
        is_short |= short_here;
        if (code != CC_SUCCESS) {
            /* An error is always told, at the TRB where it was. */
            if (moved < length || n + 1 == td->count || !has_data(&td->trbs[n + 1])) {
                report(endpoint, trb, code, length - moved);
                return TRUE;
            }
        } else if (trb->control & TRB_IOC || (short_here && trb->control & TRB_ISP)) {
            report(endpoint, trb, is_short ? CC_SHORT_PACKET : CC_SUCCESS, length - moved);
        }
    }
    return TRUE;
}

/* The packet is over. */
static XhciProgress finish(XhciEndpoint *endpoint, XhciTd *td)
{
    guint code = completion_code(td->packet.status);
    gboolean isochronous = endpoint->type == TYPE_ISOCH_IN || endpoint->type == TYPE_ISOCH_OUT;

    td->gathered = FALSE;
    endpoint->nak = FALSE;
    if (!report_all(endpoint, td, code)) {
        return XHCI_TD_HALT;
    }
    if (code != CC_SUCCESS && !isochronous) {
        xhci_endpoint_set_state(endpoint, ENDPOINT_HALTED); /* with the ring at this descriptor */
        return XHCI_TD_HALT;
    }
    endpoint->ring = td->after;
    return XHCI_TD_OVER;
}

static void complete(UsbPacket *packet)
{
    XhciTd *td = packet->opaque;
    XhciEndpoint *endpoint = td->endpoint;

    td->in_flight = FALSE;
    if (xhci_is_running(endpoint->xhci) && finish(endpoint, td) == XHCI_TD_OVER) {
        xhci_endpoint_run(endpoint);
    }
}

/* ---- carrying out ---- */

static XhciProgress prepare(XhciEndpoint *endpoint, XhciTd *td)
{
    XhciProgress progress = gather(endpoint, td);

    if (progress != XHCI_TD_OVER) {
        return progress;
    }
    if (td->data_capacity < td->length) {
        g_free(td->data);
        td->data = g_malloc(td->length);
        td->data_capacity = td->length;
    }
    td->packet = (UsbPacket){
        .token = find_token(endpoint, &td->trbs[0]),
        .endpoint = endpoint->id / 2,
        .data = td->data,
        .length = td->length,
        .complete = complete,
        .opaque = td,
    };
    if (td->packet.token != USB_TOKEN_IN && !fetch_data(endpoint, td)) {
        return XHCI_TD_HALT;
    }
    td->gathered = TRUE;
    return XHCI_TD_OVER;
}

/* No operations, and event data without data, do not reach the device. */
static gboolean has_packet(const XhciTd *td)
{
    for (guint n = 0; n < td->count; n++) {
        if (has_data(&td->trbs[n]) || xhci_trb_type(&td->trbs[n]) == TRB_STATUS) {
            return TRUE;
        }
    }
    return FALSE;
}

/* A device sleeps with the hubs that it is behind. */
static gboolean is_asleep(const UsbDevice *device)
{
    for (; device; device = device->port->hub) {
        if (device->suspended) {
            return TRUE;
        }
    }
    return FALSE;
}

static UsbStatus submit(XhciEndpoint *endpoint, XhciTd *td)
{
    Xhci *xhci = endpoint->xhci;
    UsbDevice *device = xhci_slot_device(xhci, &xhci->slots[endpoint->slot - 1]);

    td->packet.status = USB_NO_DEVICE;
    if (!has_packet(td)) {
        td->packet.status = USB_OK;
    } else if (device && is_asleep(device)) {
        td->packet.status = USB_NAK; /* until the port is awake */
    } else if (device) {
        td->in_flight = TRUE; /* before it could be completed */
        td->in_flight = usb_submit(device, &td->packet) == USB_PENDING;
    }
    return td->packet.status;
}

XhciProgress xhci_td_run(XhciEndpoint *endpoint)
{
    XhciTd *td = endpoint->td;
    XhciProgress progress;

    if (!td) {
        td = endpoint->td = g_new0(XhciTd, 1);
        td->endpoint = endpoint;
    }
    if (td->in_flight) {
        return XHCI_TD_WAITS;
    }
    if (!td->gathered) {
        progress = prepare(endpoint, td);
        if (progress != XHCI_TD_OVER) {
            return progress;
        }
    }
    endpoint->nak = FALSE;
    switch (submit(endpoint, td)) {
    case USB_PENDING: return XHCI_TD_WAITS;
    case USB_NAK: endpoint->nak = TRUE; return XHCI_TD_WAITS;
    default: return finish(endpoint, td);
    }
}

void xhci_td_drop(XhciEndpoint *endpoint, gboolean stopped)
{
    XhciTd *td = endpoint->td;

    endpoint->nak = FALSE;
    if (!td || !td->gathered) {
        return;
    }
    if (td->in_flight) {
        usb_cancel(&td->packet);
        td->in_flight = FALSE;
    }
    td->gathered = FALSE;
    if (stopped) {
        report(endpoint, &td->trbs[0], CC_STOPPED, trb_length(&td->trbs[0]));
    }
}

void xhci_td_free(XhciEndpoint *endpoint)
{
    XhciTd *td = endpoint->td;

    xhci_td_drop(endpoint, FALSE);
    if (td) {
        g_free(td->trbs);
        g_free(td->data);
        g_free(td);
        endpoint->td = NULL;
    }
}
