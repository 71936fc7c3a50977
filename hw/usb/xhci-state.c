/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved state of the xHCI controller. What devices had in hand is sent again: its descriptors are
 * still on their rings. */
#include "core/error.h"
#include "hw/usb/xhci-priv.h"

static gboolean place_is_good(const XhciEventPlace *place, guint segments)
{
    return !place->active || (place->segment < segments && place->size >= 16 &&
                              place->size <= 4096 && place->index < place->size);
}

static gboolean interrupter_is_good(const XhciInterrupter *in)
{
    return in->kept_count <= XHCI_EVENTS_KEPT && in->erst_size <= 1u << ERST_MAX_ORDER &&
           place_is_good(&in->place, in->erst_size) &&
           place_is_good(&in->saved, 1u << ERST_MAX_ORDER);
}

static gboolean slot_is_good(const XhciSlot *slot)
{
    for (guint id = 0; id < XHCI_ENDPOINTS; id++) {
        if (slot->endpoints[id].state > ENDPOINT_ERROR) {
            return FALSE;
        }
    }
    return slot->state <= SLOT_CONFIGURED;
}

static gboolean state_loaded(void *object, GError **error)
{
    Xhci *xhci = object;
    gboolean good = xhci->config <= xhci->slot_count;

    for (guint n = 0; n < XHCI_INTERRUPTS; n++) {
        good &= interrupter_is_good(&xhci->interrupters[n]);
    }
    for (guint n = 0; n < XHCI_SLOTS; n++) {
        good &= slot_is_good(&xhci->slots[n]);
    }
    if (!good) {
        return error_set(error, "saved state of an xHCI controller is damaged");
    }
    for (guint n = 0; n < XHCI_SLOTS; n++) {
        for (guint id = 0; id < XHCI_ENDPOINTS; id++) {
            xhci_td_drop(&xhci->slots[n].endpoints[id], FALSE);
            xhci->slots[n].endpoints[id].go_on = TRUE;
        }
    }
    xhci_update_interrupts(xhci);
    if (xhci_is_running(xhci)) {
        xhci_go_on_later(xhci, xhci_now(xhci));
    }
    return TRUE;
}

static const StateField endpoint_fields[] = {
    STATE_FIELD(U32, XhciEndpoint, state),       STATE_FIELD(U32, XhciEndpoint, type),
    STATE_FIELD(U32, XhciEndpoint, max_packet),  STATE_FIELD(U32, XhciEndpoint, interval),
    STATE_FIELD(U64, XhciEndpoint, next),        STATE_FIELD(U64, XhciEndpoint, ring.dequeue),
    STATE_FIELD(BOOL, XhciEndpoint, ring.cycle), STATE_END,
};
static const StateTable endpoint_state = {1, endpoint_fields, NULL};

static const StateField slot_fields[] = {
    STATE_FIELD(BOOL, XhciSlot, enabled),
    STATE_FIELD(U32, XhciSlot, state),
    STATE_FIELD(U64, XhciSlot, context),
    STATE_FIELD(U32, XhciSlot, port),
    STATE_FIELD(U32, XhciSlot, route),
    STATE_FIELD(U32, XhciSlot, interrupter),
    {"endpoints", STATE_STRUCT, G_STRUCT_OFFSET(XhciSlot, endpoints), XHCI_ENDPOINTS,
     sizeof(XhciEndpoint), 1, &endpoint_state},
    STATE_END,
};
static const StateTable slot_state = {1, slot_fields, NULL};

static const StateField place_fields[] = {
    STATE_FIELD(U64, XhciEventPlace, base),
    STATE_FIELD(U32, XhciEventPlace, segment),
    STATE_FIELD(U32, XhciEventPlace, size),
    STATE_FIELD(U32, XhciEventPlace, index),
    STATE_FIELD(BOOL, XhciEventPlace, cycle),
    STATE_FIELD(BOOL, XhciEventPlace, active),
    STATE_END,
};
static const StateTable place_state = {1, place_fields, NULL};

static const StateField interrupter_fields[] = {
    STATE_FIELD(U32, XhciInterrupter, iman),
    STATE_FIELD(U32, XhciInterrupter, imod),
    STATE_FIELD(U32, XhciInterrupter, erst_size),
    STATE_FIELD(U64, XhciInterrupter, erst),
    STATE_FIELD(U64, XhciInterrupter, dequeue),
    {"place", STATE_STRUCT, G_STRUCT_OFFSET(XhciInterrupter, place), 1, sizeof(XhciEventPlace), 1,
     &place_state},
    {"saved", STATE_STRUCT, G_STRUCT_OFFSET(XhciInterrupter, saved), 1, sizeof(XhciEventPlace), 1,
     &place_state},
    STATE_FIELD(BOOL, XhciInterrupter, due),
    STATE_FIELD(U64, XhciInterrupter, next),
    STATE_FIELD(U32, XhciInterrupter, kept_count),
    STATE_ARRAY(U32, XhciInterrupter, kept),
    STATE_FIELD(TIMER, XhciInterrupter, timer),
    STATE_END,
};
static const StateTable interrupter_state = {1, interrupter_fields, NULL};

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    MSIX_STATE(Xhci, msix),
    STATE_FIELD(U32, Xhci, command),
    STATE_FIELD(U32, Xhci, status),
    STATE_FIELD(U32, Xhci, notifications),
    STATE_FIELD(U32, Xhci, config),
    STATE_FIELD(U64, Xhci, dcbaap),
    STATE_FIELD(U64, Xhci, commands.dequeue),
    STATE_FIELD(BOOL, Xhci, commands.cycle),
    STATE_FIELD(BOOL, Xhci, command_running),
    STATE_FIELD(BOOL, Xhci, saved),
    STATE_FIELD(U64, Xhci, mfindex_start),
    STATE_ARRAY(U32, Xhci, port_status),
    {"slots", STATE_STRUCT, G_STRUCT_OFFSET(Xhci, slots), XHCI_SLOTS, sizeof(XhciSlot), 1,
     &slot_state},
    {"interrupters", STATE_STRUCT, G_STRUCT_OFFSET(Xhci, interrupters), XHCI_INTERRUPTS,
     sizeof(XhciInterrupter), 1, &interrupter_state},
    STATE_FIELD(TIMER, Xhci, go_on),
    STATE_FIELD(TIMER, Xhci, wrap),
    STATE_END,
};

const StateTable xhci_state = {1, state_fields, state_loaded};
