/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that work on contexts (4.6.5 to 4.6.7, 4.6.11, 4.6.15). An input context is read once
 * and checked before anything changes.
 */
#include <string.h>

#include "hw/usb/xhci-priv.h"

/* The slot context's words (6.2.2). */
#define SLOT_ROUTE          0xfffffu
#define SLOT_ENTRIES_SHIFT  27
#define SLOT_ENTRIES        (31u << SLOT_ENTRIES_SHIFT)
#define SLOT_LATENCY        0xffffu
#define SLOT_PORT_SHIFT     16
#define SLOT_TARGET_SHIFT   22
#define SLOT_TARGET         (0x3ffu << SLOT_TARGET_SHIFT)
#define SLOT_STATE_SHIFT    27
#define ENDPOINT_STATE_MASK 7u
#define PORT_BANDWIDTH      80 /* per cent for periodic transfers */

static guint64 input_context(guint64 base, guint index)
{
    return base + (index + 1) * CONTEXT_BYTES; /* behind the control context */
}

static guint64 output_context(const XhciSlot *slot, guint index)
{
    return slot->context + index * CONTEXT_BYTES;
}

static gboolean read_flags(Xhci *xhci, const XhciTrb *trb, guint32 *drop, guint32 *add)
{
    guint32 words[2];

    if (!xhci_read_words(xhci, trb->parameter & ~15ull, words, 2)) {
        return FALSE;
    }
    *drop = words[0];
    *add = words[1];
    return TRUE;
}

static guint32 state_word(const Xhci *xhci, const XhciSlot *slot)
{
    return slot->state << SLOT_STATE_SHIFT |
           (slot->state >= SLOT_ADDRESSED ? xhci_slot_number(xhci, slot) : 0);
}

void xhci_endpoint_store(XhciEndpoint *endpoint)
{
    Xhci *xhci = endpoint->xhci;
    guint64 context = output_context(&xhci->slots[endpoint->slot - 1], endpoint->id);
    guint32 words[4];

    if (!xhci_read_words(xhci, context, words, 4)) {
        return;
    }
    words[0] = (words[0] & ~ENDPOINT_STATE_MASK) | endpoint->state;
    words[2] = (guint32)endpoint->ring.dequeue | (endpoint->ring.cycle ? 1 : 0);
    words[3] = (guint32)(endpoint->ring.dequeue >> 32);
    xhci_write_words(xhci, context, words, 4);
}

/* ---- address device (4.6.5) ---- */

static gboolean send_set_address(UsbDevice *device, guint address)
{
    guint8 setup[USB_SETUP_SIZE] = {0, USB_SET_ADDRESS, (guint8)address};
    UsbPacket packet = {.token = USB_TOKEN_SETUP, .data = setup, .length = sizeof setup};

    if (usb_submit(device, &packet) != USB_OK) {
        return FALSE;
    }
    packet = (UsbPacket){.token = USB_TOKEN_IN, .data = setup};
    return usb_submit(device, &packet) == USB_OK;
}

/* Gives the device its address; that of the slot. */
static guint address_it(Xhci *xhci, const XhciSlot *slot, guint port, guint32 route)
{
    UsbDevice *device = xhci_find_device(xhci, port, route);

    if (!device || device->address != 0 ||
        !send_set_address(device, xhci_slot_number(xhci, slot))) {
        return CC_TRANSACTION_ERROR;
    }
    return CC_SUCCESS;
}

static gboolean find_output(Xhci *xhci, XhciSlot *slot)
{
    guint32 words[2];

    if (!xhci_read_words(xhci, xhci->dcbaap + xhci_slot_number(xhci, slot) * 8ull, words, 2)) {
        return FALSE;
    }
    slot->context = (words[0] & ~63u) | (guint64)words[1] << 32;
    return TRUE;
}

guint xhci_address_device(Xhci *xhci, XhciSlot *slot, const XhciTrb *trb)
{
    gboolean block = trb->control & TRB_BSR;
    guint64 input = trb->parameter & ~15ull;
    guint32 drop, add, words[CONTEXT_WORDS], control[CONTEXT_WORDS];
    guint port, code = CC_SUCCESS;

    if (block ? slot->state != SLOT_DISABLED : slot->state > SLOT_DEFAULT) {
        return CC_CONTEXT_STATE_ERROR;
    }
    if (!read_flags(xhci, trb, &drop, &add) ||
        !xhci_read_words(xhci, input_context(input, 0), words, CONTEXT_WORDS) ||
        !xhci_read_words(xhci, input_context(input, 1), control, CONTEXT_WORDS) ||
        !find_output(xhci, slot)) {
        return CC_PARAMETER_ERROR;
    }
    port = words[1] >> SLOT_PORT_SHIFT & 0xff;
    if (drop || (add & 3) != 3 || port < 1 || port > xhci->p2 + xhci->p3 ||
        (control[1] >> 3 & 7) != TYPE_CONTROL) {
        return CC_PARAMETER_ERROR;
    }
    if (!block) {
        code = address_it(xhci, slot, port, words[0] & SLOT_ROUTE);
    }
    if (code != CC_SUCCESS) {
        return code;
    }
    slot->port = port;
    slot->route = words[0] & SLOT_ROUTE;
    slot->interrupter = words[2] >> SLOT_TARGET_SHIFT;
    slot->state = block ? SLOT_DEFAULT : SLOT_ADDRESSED;
    words[3] = state_word(xhci, slot);
    control[0] = (control[0] & ~ENDPOINT_STATE_MASK) | ENDPOINT_RUNNING;
    xhci_endpoint_enable(&slot->endpoints[0], control);
    xhci_write_words(xhci, output_context(slot, 0), words, CONTEXT_WORDS);
    xhci_write_words(xhci, output_context(slot, 1), control, CONTEXT_WORDS);
    return CC_SUCCESS;
}

/* ---- configure endpoint (4.6.6) ---- */

static void drop_endpoint(Xhci *xhci, XhciSlot *slot, guint id)
{
    const guint32 nothing[CONTEXT_WORDS] = {0};

    if (slot->endpoints[id - 1].state != ENDPOINT_DISABLED) {
        xhci_endpoint_disable(&slot->endpoints[id - 1]);
        xhci_write_words(xhci, output_context(slot, id), nothing, CONTEXT_WORDS);
    }
}

/* The highest context in use, and the slot's state, in the slot context. */
static void store_slot(Xhci *xhci, XhciSlot *slot, guint32 *words)
{
    guint last = 1;

    for (guint id = 2; id <= XHCI_ENDPOINTS; id++) {
        if (slot->endpoints[id - 1].state != ENDPOINT_DISABLED) {
            last = id;
        }
    }
    if (slot->state >= SLOT_ADDRESSED) {
        slot->state = last > 1 ? SLOT_CONFIGURED : SLOT_ADDRESSED;
    }
    words[0] = (words[0] & ~SLOT_ENTRIES) | last << SLOT_ENTRIES_SHIFT;
    words[3] = state_word(xhci, slot);
    xhci_write_words(xhci, output_context(slot, 0), words, 4);
}

static void drop_all(Xhci *xhci, XhciSlot *slot)
{
    for (guint id = 2; id <= XHCI_ENDPOINTS; id++) {
        drop_endpoint(xhci, slot, id);
    }
}

/* No streams here; control endpoints other than the default one neither. */
static gboolean context_is_good(const guint32 *words)
{
    guint type = words[1] >> 3 & 7;

    return type != 0 && type != TYPE_CONTROL && (words[0] >> 10 & 0x1f) == 0;
}

guint xhci_configure_endpoint(Xhci *xhci, XhciSlot *slot, const XhciTrb *trb)
{
    guint64 input = trb->parameter & ~15ull;
    guint32 drop = 0, add = 0, words[4], contexts[XHCI_ENDPOINTS + 1][CONTEXT_WORDS];

    if (slot->state < SLOT_ADDRESSED) {
        return CC_CONTEXT_STATE_ERROR;
    }
    if (!xhci_read_words(xhci, output_context(slot, 0), words, 4)) {
        return CC_PARAMETER_ERROR;
    }
    if (trb->control & TRB_DC) {
        drop_all(xhci, slot);
        store_slot(xhci, slot, words);
        return CC_SUCCESS;
    }
    if (!read_flags(xhci, trb, &drop, &add) || drop & 3 || add & 2) {
        return CC_PARAMETER_ERROR;
    }
    if (add & 1 && !xhci_read_words(xhci, input_context(input, 0), words, 3)) {
        return CC_PARAMETER_ERROR;
    }
    for (guint id = 2; id <= XHCI_ENDPOINTS; id++) {
        if (add >> id & 1 &&
            (!xhci_read_words(xhci, input_context(input, id), contexts[id], CONTEXT_WORDS) ||
             !context_is_good(contexts[id]))) {
            return CC_PARAMETER_ERROR;
        }
    }
    for (guint id = 2; id <= XHCI_ENDPOINTS; id++) {
        if ((drop | add) >> id & 1) {
            drop_endpoint(xhci, slot, id);
        }
        if (add >> id & 1) {
            contexts[id][0] = (contexts[id][0] & ~ENDPOINT_STATE_MASK) | ENDPOINT_RUNNING;
            xhci_endpoint_enable(&slot->endpoints[id - 1], contexts[id]);
            xhci_write_words(xhci, output_context(slot, id), contexts[id], CONTEXT_WORDS);
        }
    }
    store_slot(xhci, slot, words);
    return CC_SUCCESS;
}

/* ---- evaluate context (4.6.7) ---- */

guint xhci_evaluate_context(Xhci *xhci, XhciSlot *slot, const XhciTrb *trb)
{
    guint64 input = trb->parameter & ~15ull;
    guint32 drop, add, in[CONTEXT_WORDS], out[CONTEXT_WORDS];

    if (slot->state < SLOT_DEFAULT) {
        return CC_CONTEXT_STATE_ERROR;
    }
    if (!read_flags(xhci, trb, &drop, &add) || drop) {
        return CC_PARAMETER_ERROR;
    }
    if (add & 1) {
        if (!xhci_read_words(xhci, input_context(input, 0), in, 4) ||
            !xhci_read_words(xhci, output_context(slot, 0), out, 4)) {
            return CC_PARAMETER_ERROR;
        }
        out[1] = (out[1] & ~SLOT_LATENCY) | (in[1] & SLOT_LATENCY);
        out[2] = (out[2] & ~SLOT_TARGET) | (in[2] & SLOT_TARGET);
        slot->interrupter = in[2] >> SLOT_TARGET_SHIFT;
        xhci_write_words(xhci, output_context(slot, 0), out, 4);
    }
    if (add & 2) {
        if (!xhci_read_words(xhci, input_context(input, 1), in, 2) ||
            !xhci_read_words(xhci, output_context(slot, 1), out, 2)) {
            return CC_PARAMETER_ERROR;
        }
        out[1] = (out[1] & 0xffff) | (in[1] & 0xffff0000);
        slot->endpoints[0].max_packet = in[1] >> 16;
        xhci_write_words(xhci, output_context(slot, 1), out, 2);
    }
    return CC_SUCCESS;
}

/* ---- reset device (4.6.11), get port bandwidth (4.6.15) ---- */

guint xhci_reset_device(Xhci *xhci, XhciSlot *slot)
{
    guint32 words[4];

    if (slot->state < SLOT_ADDRESSED) {
        return CC_CONTEXT_STATE_ERROR;
    }
    if (!xhci_read_words(xhci, output_context(slot, 0), words, 4)) {
        return CC_PARAMETER_ERROR;
    }
    drop_all(xhci, slot);
    xhci_td_drop(&slot->endpoints[0], FALSE);
    slot->state = SLOT_DEFAULT;
    store_slot(xhci, slot, words);
    return CC_SUCCESS;
}

guint xhci_get_bandwidth(Xhci *xhci, const XhciTrb *trb)
{
    guint8 bytes[1 + 2 * XHCI_PORTS_MAX] = {0};
    guint ports = (guint)(xhci->p2 + xhci->p3);

    memset(bytes + 1, PORT_BANDWIDTH, ports);
    if (!pci_dma_write(&xhci->pci, trb->parameter & ~15ull, bytes, ports + 1)) {
        xhci_host_error(xhci, "a structure lies where no memory is; the controller halts");
        return CC_PARAMETER_ERROR;
    }
    return CC_SUCCESS;
}
