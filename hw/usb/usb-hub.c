/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/usb/usb-hub.h"

#include <string.h>

#include "core/error.h"
#include "hw/usb/usb-desc.h"

#define PORTS           8
#define STATUS_BYTES    2 /* a bit for the hub, one a port (11.12.4) */
#define DT_HUB          0x29
#define DESCRIPTOR_SIZE 11
#define INTERVAL_FULL   255
#define INTERVAL_HIGH   12 /* 2^11 microframes */

/* Port features (table 11-17); those from 16 on are bits of the change word. */
#define FEATURE_ENABLE    1
#define FEATURE_SUSPEND   2
#define FEATURE_RESET     4
#define FEATURE_POWER     8
#define FEATURE_CHANGES   16
#define FEATURE_C_RESET   20
#define FEATURE_INDICATOR 22

/* Port status and change (11.24.2.7). */
#define STATUS_CONNECTION (1 << 0)
#define STATUS_ENABLE     (1 << 1)
#define STATUS_SUSPEND    (1 << 2)
#define STATUS_POWER      (1 << 8)
#define STATUS_LOW_SPEED  (1 << 9)
#define STATUS_HIGH_SPEED (1 << 10)
#define STATUS_INDICATOR  (1 << 12)
#define CHANGE_CONNECTION (1 << 0)
#define CHANGE_SUSPEND    (1 << 2)
#define CHANGE_RESET      (1 << 4)

/* Class requests by type and number (table 11-15). */
#define REQUEST(in, recipient, number) (((in) | USB_REQUEST_CLASS | (recipient)) << 8 | (number))

typedef struct UsbHub {
    UsbDevice usb;
    guint port_count; /* how many were added */
    UsbPort ports[PORTS];
    guint16 status[PORTS], change[PORTS];
} UsbHub;

/* ---- ports ---- */

static guint changes(const UsbHub *hub)
{
    guint bits = 0;

    for (guint n = 0; n < PORTS; n++) {
        bits |= hub->change[n] ? 2u << n : 0;
    }
    return bits;
}

static void set_change(UsbHub *hub, guint n, guint16 bits)
{
    hub->change[n] |= bits;
    if (usb_is_configured(&hub->usb)) {
        usb_endpoint_ready(&hub->usb, USB_TOKEN_IN, 1);
    }
}

/* A port that has power sees what is plugged in. */
static void see_device(UsbHub *hub, guint n)
{
    const UsbDevice *device = hub->ports[n].device;

    if (device && hub->status[n] & STATUS_POWER) {
        hub->status[n] |= STATUS_CONNECTION;
        hub->status[n] |= device->speed == USB_SPEED_LOW    ? STATUS_LOW_SPEED
                          : device->speed == USB_SPEED_HIGH ? STATUS_HIGH_SPEED
                                                            : 0;
        set_change(hub, n, CHANGE_CONNECTION);
    }
}

static void attach(UsbPort *port)
{
    see_device(port->opaque, port->index);
}

static void detach(UsbPort *port)
{
    UsbHub *hub = port->opaque;

    if (hub->status[port->index] & STATUS_CONNECTION) {
        hub->status[port->index] &= STATUS_POWER | STATUS_INDICATOR;
        set_change(hub, port->index, CHANGE_CONNECTION);
    }
}

static void resume(UsbHub *hub, guint n)
{
    if (hub->status[n] & STATUS_SUSPEND) {
        hub->status[n] &= ~STATUS_SUSPEND;
        if (hub->ports[n].device) {
            usb_device_set_suspended(hub->ports[n].device, FALSE);
        }
        set_change(hub, n, CHANGE_SUSPEND);
    }
}

/* The hub itself ends the signal (11.9); asleep, it passes it on. */
static void wakeup(UsbPort *port, UsbDevice *device)
{
    UsbHub *hub = port->opaque;

    resume(hub, port->index);
    usb_remote_wakeup(&hub->usb);
}

static void ready(UsbPort *port, UsbDevice *device, UsbToken token, guint endpoint)
{
    UsbHub *hub = port->opaque;
    UsbPort *up = hub->usb.port;

    if (hub->usb.suspended) { /* and so is all below it */
        usb_remote_wakeup(&hub->usb);
    } else if (up->ops->ready) {
        up->ops->ready(up, device, token, endpoint);
    }
}

static const UsbPortOps port_ops = {attach, detach, wakeup, ready};

static UsbDevice *find(UsbDevice *device, guint address)
{
    UsbHub *hub = (UsbHub *)device;

    for (guint n = 0; n < PORTS; n++) {
        UsbDevice *found =
            hub->status[n] & STATUS_ENABLE ? usb_port_find(&hub->ports[n], address) : NULL;
        if (found) {
            return found;
        }
    }
    return NULL;
}

/* Without power nothing is seen, and what is plugged in forgets all. */
static void switch_off(UsbHub *hub, guint n)
{
    usb_port_reset(&hub->ports[n]);
    hub->status[n] = hub->change[n] = 0;
}

static void switch_on(UsbHub *hub, guint n)
{
    if (!(hub->status[n] & STATUS_POWER)) {
        hub->status[n] |= STATUS_POWER;
        see_device(hub, n);
    }
}

static void reset_port(UsbHub *hub, guint n)
{
    if (hub->status[n] & STATUS_CONNECTION) {
        usb_port_reset(&hub->ports[n]);
        hub->status[n] = (hub->status[n] & ~STATUS_SUSPEND) | STATUS_ENABLE;
        set_change(hub, n, CHANGE_RESET);
    }
}

static void suspend_port(UsbHub *hub, guint n)
{
    if (hub->status[n] & STATUS_ENABLE) {
        hub->status[n] |= STATUS_SUSPEND;
        usb_device_set_suspended(hub->ports[n].device, TRUE);
    }
}

/* ---- requests ---- */

static gboolean set_port_feature(UsbHub *hub, guint n, guint feature)
{
    switch (feature) {
    case FEATURE_SUSPEND: suspend_port(hub, n); return TRUE;
    case FEATURE_RESET: reset_port(hub, n); return TRUE;
    case FEATURE_POWER: switch_on(hub, n); return TRUE;
    case FEATURE_INDICATOR: hub->status[n] |= STATUS_INDICATOR; return TRUE;
    default: return FALSE;
    }
}

static gboolean clear_port_feature(UsbHub *hub, guint n, guint feature)
{
    switch (feature) {
    case FEATURE_ENABLE: hub->status[n] &= ~(STATUS_ENABLE | STATUS_SUSPEND); return TRUE;
    case FEATURE_SUSPEND: resume(hub, n); return TRUE;
    case FEATURE_POWER: switch_off(hub, n); return TRUE;
    case FEATURE_INDICATOR: hub->status[n] &= ~STATUS_INDICATOR; return TRUE;
    default:
        if (feature < FEATURE_CHANGES || feature > FEATURE_C_RESET) {
            return FALSE;
        }
        hub->change[n] &= ~(1u << (feature - FEATURE_CHANGES));
        return TRUE;
    }
}

/* 11.23.2.1: ports switched one by one, no over-current protection. */
static guint describe(guint8 *data)
{
    static const guint8 descriptor[DESCRIPTOR_SIZE] = {
        DESCRIPTOR_SIZE, DT_HUB, PORTS, 0x11, 0, 1 /* 2 ms */, 0, 0, 0, 0xff, 0xff};

    memcpy(data, descriptor, sizeof descriptor);
    return sizeof descriptor;
}

static gboolean port_request(UsbHub *hub, const UsbSetup *setup, guint8 *data, guint *length)
{
    guint n = (setup->index & 0xff) - 1u;

    if (n >= PORTS) {
        return FALSE;
    }
    switch (setup->request) {
    case USB_GET_STATUS:
        data[0] = (guint8)hub->status[n];
        data[1] = (guint8)(hub->status[n] >> 8);
        data[2] = (guint8)hub->change[n];
        data[3] = (guint8)(hub->change[n] >> 8);
        *length = 4;
        return TRUE;
    case USB_SET_FEATURE: return set_port_feature(hub, n, setup->value);
    default: return clear_port_feature(hub, n, setup->value);
    }
}

static gboolean control(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length)
{
    UsbHub *hub = (UsbHub *)device;

    switch (setup->request_type << 8 | setup->request) {
    case REQUEST(USB_REQUEST_IN, USB_TO_DEVICE, USB_GET_DESCRIPTOR):
        *length = setup->value >> 8 == DT_HUB ? describe(data) : 0;
        return *length != 0;
    case REQUEST(USB_REQUEST_IN, USB_TO_DEVICE, USB_GET_STATUS):
        memset(data, 0, 4); /* local power is good */
        *length = 4;
        return TRUE;
    case REQUEST(0, USB_TO_DEVICE, USB_CLEAR_FEATURE):
    case REQUEST(0, USB_TO_DEVICE, USB_SET_FEATURE): return setup->value <= 1; /* changes: none */
    case REQUEST(USB_REQUEST_IN, USB_TO_OTHER, USB_GET_STATUS):
    case REQUEST(0, USB_TO_OTHER, USB_SET_FEATURE):
    case REQUEST(0, USB_TO_OTHER, USB_CLEAR_FEATURE): return port_request(hub, setup, data, length);
    default: return FALSE;
    }
}

static UsbStatus transfer(UsbDevice *device, UsbPacket *packet)
{
    guint bits = changes((UsbHub *)device);
    guint8 bytes[STATUS_BYTES] = {(guint8)bits, (guint8)(bits >> 8)};

    if (!bits) {
        return USB_NAK;
    }
    packet->actual = MIN(packet->length, sizeof bytes);
    memcpy(packet->data, bytes, packet->actual);
    return USB_OK;
}

/* 11.9: a port that has changed since the host looked last. */
static gboolean is_urgent(UsbDevice *device)
{
    return changes((UsbHub *)device) != 0;
}

/* ---- lifecycle ---- */

static void bus_reset(UsbDevice *device)
{
    UsbHub *hub = (UsbHub *)device;

    for (guint n = 0; n < PORTS; n++) {
        switch_off(hub, n);
    }
}

static guint tier(const UsbPort *port)
{
    return port->hub ? 1 + tier(port->hub->port) : 1;
}

static gboolean realize(Device *dev, GError **error)
{
    UsbHub *hub = (UsbHub *)dev;
    guint speeds = usb_hub_speeds(&hub->usb);

    if (tier(hub->usb.port) > USB_HUB_TIERS) {
        return error_set(error, "port=%s: at most %u hubs can be plugged one into the other",
                         hub->usb.port->path, USB_HUB_TIERS);
    }
    while (hub->port_count < PORTS) {
        usb_port_add(hub->usb.port->bus, &hub->ports[hub->port_count], &hub->usb, hub->port_count,
                     speeds, &port_ops, hub);
        hub->port_count++;
    }
    return TRUE;
}

/* What is plugged in goes with it. */
static void unrealize(Device *dev)
{
    UsbHub *hub = (UsbHub *)dev;

    while (hub->port_count > 0) {
        UsbPort *port = &hub->ports[--hub->port_count];

        if (port->device) {
            device_destroy(&port->device->device);
        }
        usb_port_remove(port);
    }
}

static const StateField state_fields[] = {
    USB_DEVICE_STATE,
    STATE_ARRAY(U16, UsbHub, status),
    STATE_ARRAY(U16, UsbHub, change),
    STATE_END,
};
static const StateTable hub_state = {1, state_fields, NULL};

static const UsbEndpoint endpoints[] = {
    {0x81, USB_ENDPOINT_INTERRUPT, STATUS_BYTES, INTERVAL_FULL},
    {0x81, USB_ENDPOINT_INTERRUPT, STATUS_BYTES, INTERVAL_HIGH},
};
static const UsbInterface interfaces[] = {
    {0, 0, 9, 0, 0, 1, &endpoints[0], NULL, 0},
    {0, 0, 9, 0, 0, 1, &endpoints[1], NULL, 0},
};
static const UsbConfig configs[] = {
    {1, USB_CONFIG_SELF_POWERED | USB_CONFIG_REMOTE_WAKEUP, 0, 1, &interfaces[0]},
    {1, USB_CONFIG_SELF_POWERED | USB_CONFIG_REMOTE_WAKEUP, 0, 1, &interfaces[1]},
};
static const UsbSpeedDescription full_speed = {0x0200, 64, &configs[0], 0};
/* 11.23.1: a single transaction translator. */
static const UsbSpeedDescription high_speed = {0x0200, 64, &configs[1], 1};
static const UsbDescription description = {
    .vendor = 0x0409,
    .product = 0x55aa,
    .bcd_device = 0x0101,
    .class_code = 9,
    .manufacturer = "Vitrine",
    .product_name = "USB Hub",
    .serial = "1",
    .speeds = {[USB_SPEED_FULL] = &full_speed, [USB_SPEED_HIGH] = &high_speed},
};

const UsbDeviceOps usb_hub_ops = {
    .device = {.name = "usb-hub",
               .summary = "USB hub with eight ports",
               .category = "USB",
               .bus = BUS_USB,
               .size = sizeof(UsbHub),
               .state = &hub_state,
               .realize = realize,
               .unrealize = unrealize},
    .description = &description,
    .bus_reset = bus_reset,
    .control = control,
    .transfer = transfer,
    .find = find,
    .is_urgent = is_urgent,
};
