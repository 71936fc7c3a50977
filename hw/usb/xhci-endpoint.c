/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints: their states (4.8.3), and when their rings are consumed. An endpoint whose device has
 * nothing to say is not polled: it goes on when the device says that it is ready.
 */
#include "hw/usb/xhci-priv.h"

/* ---- devices ---- */

static UsbDevice *device_below(const UsbBus *bus, const UsbDevice *hub, guint index)
{
    for (guint i = 0; i < bus->ports->len; i++) {
        const UsbPort *port = g_ptr_array_index(bus->ports, i);

        if (port->hub == hub && port->index == index) {
            return port->device;
        }
    }
    return NULL;
}

UsbDevice *xhci_find_device(Xhci *xhci, guint port, guint32 route)
{
    UsbDevice *device = NULL;

    if (port >= 1 && port <= xhci->p2 + xhci->p3) {
        device = xhci_port_device(xhci, port - 1);
    }
    for (; device && route; route >>= 4) { /* 8.9 of USB 3.1: a nibble a tier */
        device = device_below(xhci->bus, device, (route & 15) - 1);
    }
    return device && device->state != USB_STATE_ATTACHED ? device : NULL;
}

UsbDevice *xhci_slot_device(Xhci *xhci, const XhciSlot *slot)
{
    UsbDevice *device = xhci_find_device(xhci, slot->port, slot->route);
    guint address = slot->state >= SLOT_ADDRESSED ? xhci_slot_number(xhci, slot) : 0;

    return device && device->address == address ? device : NULL;
}

void xhci_device_ready(Xhci *xhci, UsbDevice *device, UsbToken token, guint number)
{
    guint id = number ? 2 * number + (token == USB_TOKEN_IN) : 1;

    for (guint n = 0; n < xhci->slot_count; n++) {
        XhciSlot *slot = &xhci->slots[n];

        if (slot->enabled && slot->endpoints[id - 1].nak &&
            xhci_slot_device(xhci, slot) == device) {
            xhci_endpoint_run(&slot->endpoints[id - 1]);
            return;
        }
    }
}

void xhci_try_waiting(Xhci *xhci)
{
    for (guint n = 0; n < xhci->slot_count; n++) {
        for (guint id = 0; xhci->slots[n].enabled && id < XHCI_ENDPOINTS; id++) {
            if (xhci->slots[n].endpoints[id].nak) {
                xhci_endpoint_run(&xhci->slots[n].endpoints[id]);
            }
        }
    }
}

/* ---- states ---- */

void xhci_endpoint_enable(XhciEndpoint *endpoint, const guint32 *context)
{
    xhci_td_drop(endpoint, FALSE);
    endpoint->state = ENDPOINT_RUNNING;
    endpoint->type = context[1] >> 3 & 7;
    endpoint->max_packet = context[1] >> 16;
    endpoint->interval = context[0] >> 16 & 0xff;
    endpoint->ring.dequeue = (context[2] & ~15u) | (guint64)context[3] << 32;
    endpoint->ring.cycle = context[2] & 1;
    endpoint->next = 0;
}

void xhci_endpoint_disable(XhciEndpoint *endpoint)
{
    xhci_td_free(endpoint);
    endpoint->state = ENDPOINT_DISABLED;
    endpoint->go_on = FALSE;
    endpoint->ring = (XhciRing){0};
}

void xhci_endpoint_set_state(XhciEndpoint *endpoint, guint state)
{
    endpoint->state = state;
    xhci_endpoint_store(endpoint);
}

guint xhci_stop_endpoint(XhciEndpoint *endpoint)
{
    if (endpoint->state != ENDPOINT_RUNNING) {
        return CC_CONTEXT_STATE_ERROR;
    }
    xhci_td_drop(endpoint, TRUE);
    endpoint->go_on = FALSE;
    xhci_endpoint_set_state(endpoint, ENDPOINT_STOPPED);
    return CC_SUCCESS;
}

guint xhci_reset_endpoint(XhciEndpoint *endpoint)
{
    if (endpoint->state != ENDPOINT_HALTED) {
        return CC_CONTEXT_STATE_ERROR;
    }
    xhci_endpoint_set_state(endpoint, ENDPOINT_STOPPED);
    return CC_SUCCESS;
}

guint xhci_set_dequeue(XhciEndpoint *endpoint, guint64 pointer)
{
    if (endpoint->state != ENDPOINT_STOPPED && endpoint->state != ENDPOINT_ERROR) {
        return CC_CONTEXT_STATE_ERROR;
    }
    endpoint->ring.dequeue = pointer & ~15ull;
    endpoint->ring.cycle = pointer & 1;
    xhci_endpoint_set_state(endpoint, ENDPOINT_STOPPED);
    return CC_SUCCESS;
}

/* ---- running ---- */

static gboolean is_isochronous(const XhciEndpoint *endpoint)
{
    return endpoint->type == TYPE_ISOCH_IN || endpoint->type == TYPE_ISOCH_OUT;
}

/* An isochronous endpoint moves one descriptor an interval, of 125 us * 2^interval. */
static gboolean interval_is_over(XhciEndpoint *endpoint)
{
    gint64 now = xhci_now(endpoint->xhci);

    if (now < (gint64)endpoint->next) {
        endpoint->go_on = TRUE;
        xhci_go_on_later(endpoint->xhci, (gint64)endpoint->next);
        return FALSE;
    }
    endpoint->next = (guint64)now + (125000ull << MIN(endpoint->interval, 15));
    return TRUE;
}

void xhci_endpoint_run(XhciEndpoint *endpoint)
{
    Xhci *xhci = endpoint->xhci;
    guint start = xhci->reads;

    endpoint->go_on = FALSE;
    while (endpoint->state == ENDPOINT_RUNNING && xhci_is_running(xhci)) {
        if (xhci_events_stuck(xhci)) {
            endpoint->go_on = TRUE; /* once there is room */
            return;
        }
        if (xhci->reads - start > XHCI_READS_MAX) {
            endpoint->go_on = TRUE;
            xhci_go_on_later(xhci, xhci_now(xhci) + XHCI_GO_ON_NS);
            return;
        }
        if ((is_isochronous(endpoint) && !interval_is_over(endpoint)) ||
            xhci_td_run(endpoint) != XHCI_TD_OVER) {
            return;
        }
    }
}

void xhci_endpoint_doorbell(XhciEndpoint *endpoint)
{
    if (endpoint->state == ENDPOINT_STOPPED) {
        xhci_endpoint_set_state(endpoint, ENDPOINT_RUNNING);
    }
    xhci_endpoint_run(endpoint);
}
