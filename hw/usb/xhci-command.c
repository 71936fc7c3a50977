/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command ring (4.6, 4.9.3) and the device slots. Commands end at once: none is ever under way
 * between two accesses of the guest. */
#include <string.h>

#include "hw/usb/xhci-priv.h"

static void report(Xhci *xhci, guint64 trb, guint code, guint slot)
{
    xhci_event(xhci, 0, trb, code << 24, TRB_COMMAND_EVENT << TRB_TYPE_SHIFT | (guint32)slot << 24);
}

/* ---- slots ---- */

XhciSlot *xhci_slot(Xhci *xhci, guint number)
{
    if (number < 1 || number > xhci->slot_count || !xhci->slots[number - 1].enabled) {
        return NULL;
    }
    return &xhci->slots[number - 1];
}

guint xhci_slot_number(const Xhci *xhci, const XhciSlot *slot)
{
    return (guint)(slot - xhci->slots) + 1;
}

static void disable_slot(XhciSlot *slot)
{
    for (guint id = 0; id < XHCI_ENDPOINTS; id++) {
        xhci_endpoint_disable(&slot->endpoints[id]);
    }
    slot->enabled = FALSE;
    slot->state = SLOT_DISABLED;
    slot->context = 0;
    slot->port = slot->route = slot->interrupter = 0;
}

static guint enable_slot(Xhci *xhci, guint *number)
{
    for (guint n = 0; n < xhci->config; n++) {
        if (!xhci->slots[n].enabled) {
            xhci->slots[n].enabled = TRUE;
            *number = n + 1;
            return CC_SUCCESS;
        }
    }
    return CC_NO_SLOTS;
}

void xhci_slots_init(Xhci *xhci)
{
    for (guint n = 0; n < XHCI_SLOTS; n++) {
        for (guint id = 0; id < XHCI_ENDPOINTS; id++) {
            xhci->slots[n].endpoints[id].xhci = xhci;
            xhci->slots[n].endpoints[id].slot = (guint8)(n + 1);
            xhci->slots[n].endpoints[id].id = (guint8)(id + 1);
        }
    }
}

void xhci_slots_reset(Xhci *xhci)
{
    for (guint n = 0; n < XHCI_SLOTS; n++) {
        disable_slot(&xhci->slots[n]);
    }
}

/* The slot context shows that it is free (4.6.4). */
static guint run_disable_slot(Xhci *xhci, XhciSlot *slot)
{
    guint32 word = 0;

    if (slot->context) {
        xhci_write_words(xhci, slot->context + 12, &word, 1);
    }
    disable_slot(slot);
    return CC_SUCCESS;
}

/* ---- commands ---- */

static guint run_endpoint_command(XhciSlot *slot, const XhciTrb *trb)
{
    guint id = trb->control >> 16 & 0x1f;
    XhciEndpoint *endpoint;

    if (id < 1) {
        return CC_TRB_ERROR;
    }
    endpoint = &slot->endpoints[id - 1];
    if (endpoint->state == ENDPOINT_DISABLED) {
        return CC_ENDPOINT_NOT_ENABLED;
    }
    switch (xhci_trb_type(trb)) {
    case TRB_RESET_ENDPOINT: return xhci_reset_endpoint(endpoint);
    case TRB_STOP_ENDPOINT: return xhci_stop_endpoint(endpoint);
    default: return xhci_set_dequeue(endpoint, trb->parameter);
    }
}

static guint run_slot_command(Xhci *xhci, const XhciTrb *trb)
{
    XhciSlot *slot = xhci_slot(xhci, trb->control >> 24);

    if (!slot) {
        return CC_SLOT_NOT_ENABLED;
    }
    switch (xhci_trb_type(trb)) {
    case TRB_DISABLE_SLOT: return run_disable_slot(xhci, slot);
    case TRB_ADDRESS_DEVICE: return xhci_address_device(xhci, slot, trb);
    case TRB_CONFIGURE_ENDPOINT: return xhci_configure_endpoint(xhci, slot, trb);
    case TRB_EVALUATE_CONTEXT: return xhci_evaluate_context(xhci, slot, trb);
    case TRB_RESET_DEVICE: return xhci_reset_device(xhci, slot);
    default: return run_endpoint_command(slot, trb);
    }
}

static void run_command(Xhci *xhci, const XhciTrb *trb)
{
    guint slot = trb->control >> 24, code;

    switch (xhci_trb_type(trb)) {
    case TRB_ENABLE_SLOT: code = enable_slot(xhci, &slot); break;
    case TRB_DISABLE_SLOT:
    case TRB_ADDRESS_DEVICE:
    case TRB_CONFIGURE_ENDPOINT:
    case TRB_EVALUATE_CONTEXT:
    case TRB_RESET_ENDPOINT:
    case TRB_STOP_ENDPOINT:
    case TRB_SET_DEQUEUE:
    case TRB_RESET_DEVICE: code = run_slot_command(xhci, trb); break;
    case TRB_GET_BANDWIDTH: code = xhci_get_bandwidth(xhci, trb); break;
    case TRB_NOOP_COMMAND: code = CC_SUCCESS; break;
    default: code = CC_TRB_ERROR; break;
    }
    if (!(xhci->status & STS_HSE)) {
        report(xhci, trb->addr, code, slot);
    }
}

void xhci_run_commands(Xhci *xhci)
{
    XhciTrb trb;

    for (guint n = 0; xhci->command_running && xhci_is_running(xhci); n++) {
        if (xhci_events_stuck(xhci)) {
            return; /* until there is room */
        }
        if (n == XHCI_COMMANDS_MAX) {
            xhci_go_on_later(xhci, xhci_now(xhci) + XHCI_GO_ON_NS);
            return;
        }
        if (!xhci_ring_peek(xhci, &xhci->commands, &trb)) {
            return;
        }
        xhci_ring_next(&xhci->commands);
        run_command(xhci, &trb);
    }
}

/* 5.4.5: stops a running ring, else says where it is. */
void xhci_crcr_write(Xhci *xhci, guint32 value)
{
    if (!xhci->command_running) {
        xhci->commands.dequeue = (xhci->commands.dequeue & ~(guint64)G_MAXUINT32) | (value & ~63u);
        xhci->commands.cycle = value & CRCR_CYCLE;
    } else if (value & (CRCR_STOP | CRCR_ABORT)) {
        xhci->command_running = FALSE;
        report(xhci, xhci->commands.dequeue, CC_COMMAND_RING_STOPPED, 0);
    }
}
