/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB between host controllers and devices (Universal Serial Bus Specification 2.0, chapters 8, 9
 * and 11; names of USB 3.1 for SuperSpeed).
 *
 * A host controller makes a bus with its root ports, finds devices by address and submits packets
 * to their endpoints. A packet is a transaction or as many of them as the controller likes to do
 * at once: data goes into or out of the controller's own buffer. An endpoint answers at once, with
 * USB_NAK if it has nothing yet, or keeps the packet (USB_PENDING) and completes it later. The core
 * answers the standard requests of chapter 9 from the device's description.
 *
 * Data toggles are the controller's: nothing gets lost between here and a device.
 *
 * Vm lock held. Ports belong to their controller or hub, devices to the bus; a packet to the
 * controller that submitted it.
 */
#pragma once

#include <glib.h>

#include "core/device.h"
#include "core/machine.h"

typedef struct UsbBus UsbBus;
typedef struct UsbPort UsbPort;
typedef struct UsbPortOps UsbPortOps;
typedef struct UsbDevice UsbDevice;
typedef struct UsbDeviceOps UsbDeviceOps;
typedef struct UsbPacket UsbPacket;
typedef struct UsbDescription UsbDescription;

typedef enum UsbSpeed {
    USB_SPEED_LOW,
    USB_SPEED_FULL,
    USB_SPEED_HIGH,
    USB_SPEED_SUPER,
} UsbSpeed;

#define USB_SPEED_MASK(speed) (1u << (speed))

typedef enum UsbStatus {
    USB_OK,        /* packet->actual bytes were moved */
    USB_NAK,       /* nothing to say now: ask again, at the latest after UsbPortOps.ready */
    USB_STALL,     /* the endpoint is halted, or the request is not one */
    USB_BABBLE,    /* the device sent more than was asked for; `actual` is what fits */
    USB_NO_DEVICE, /* no answer: no such device or endpoint, or the plug was pulled */
    USB_PENDING,   /* only from usb_submit(): completed later, or cancelled */
} UsbStatus;

/* Token of a packet. */
typedef enum UsbToken {
    USB_TOKEN_SETUP, /* 8 bytes to endpoint 0 */
    USB_TOKEN_IN,
    USB_TOKEN_OUT,
} UsbToken;

#define USB_ENDPOINTS   16
#define USB_SETUP_SIZE  8
#define USB_CONTROL_MAX 4096 /* most data of a control transfer that devices here take or give */
#define USB_INTERFACES  4
#define USB_PATH_MAX    20 /* "1.4.2" with its end: five tiers of hubs, two digits each */
#define USB_HUB_TIERS   5

struct UsbPacket {
    UsbToken token;
    guint8 endpoint; /* its number, without the direction */
    guint8 *data;    /* of the controller; must live until the packet is over */
    gsize length;
    gsize actual;     /* bytes moved; may be less than `length` for IN (a short packet) */
    UsbStatus status; /* once it is over */
    /* Called when a PENDING packet is over; not when it was cancelled. */
    void (*complete)(UsbPacket *packet);
    void *opaque; /* the controller's */
    /* private to usb.c and the device that keeps it */
    UsbDevice *device; /* NULL = not pending */
    void *keeper;
};

/* ---- ports ---- */

struct UsbPortOps {
    /* A device has come (port->device) or is about to go. */
    void (*attach)(UsbPort *port);
    void (*detach)(UsbPort *port);
    /* A suspended device signals resume. NULL = cannot be woken. */
    void (*wakeup)(UsbPort *port, UsbDevice *device);
    /* An endpoint of `device`, at this port or behind its hub, that had answered USB_NAK has
     * something now. NULL = the controller polls. */
    void (*ready)(UsbPort *port, UsbDevice *device, UsbToken token, guint endpoint);
};

struct UsbPort {
    UsbBus *bus;
    const UsbPortOps *ops; /* change only while no device is attached */
    void *opaque;
    guint index;             /* the controller's or hub's number for it, from 0 */
    char path[USB_PATH_MAX]; /* "1", "1.3": what `port=` takes */
    guint speeds;            /* USB_SPEED_MASK()s that it can do */
    UsbDevice *hub;          /* NULL = a root port */
    UsbDevice *device;       /* NULL = empty */
};

struct UsbBus {
    Bus bus;
    GPtrArray *ports; /* of UsbPort*, hubs' included, by path of appearance */
    /*
     * A companion controller (EHCI 1.0, 4.2) wants to serve port n too: `port` is its view of it,
     * whose `device` is set while the companion has it. Port NULL: it goes again. NULL = the ports
     * of this bus have no companions.
     */
    gboolean (*set_companion)(UsbBus *bus, guint n, UsbPort *port, GError **error);
};

extern const BusOps usb_bus_ops;

/* A bus of controller `dev`, named after its id: "ID.0", else "usb-bus.N". */
UsbBus *usb_bus_create(Device *dev);

/* Adds a port, of the controller or (`hub`) of a hub; `index` counts from 0. The port is embedded
 * in its owner's state. */
void usb_port_add(UsbBus *bus, UsbPort *port, UsbDevice *hub, guint index, guint speeds,
                  const UsbPortOps *ops, void *opaque);
/* The port must be empty. */
void usb_port_remove(UsbPort *port);

/*
 * For companions: fills in a view of port n of somebody else's bus, and offers to serve it. FALSE
 * with `error` set if the bus does not have such a port. Removing is fine for a port that is not
 * there, and after the bus.
 */
gboolean usb_companion_add(UsbBus *bus, guint n, UsbPort *port, const UsbPortOps *ops, guint index,
                           void *opaque, GError **error);
void usb_companion_remove(UsbPort *port, guint n);

/* What the ports of a hub can do. */
guint usb_hub_speeds(const UsbDevice *hub);

/* The device is at a port with these speeds now, which are not none of its own: it works at the
 * fastest of them, and so does what is plugged into it. Before attaching. */
void usb_device_choose_speed(UsbDevice *device, guint speeds);

/* Reset signalling: the device, if there is one, is in its default state with address 0. */
void usb_port_reset(UsbPort *port);

/* The wires lead elsewhere: the device, if there is one, is as if it were just plugged in. */
void usb_port_disconnect(UsbPort *port);

/* The enabled device with this address at the port or behind its hubs; NULL if nobody answers. */
UsbDevice *usb_port_find(UsbPort *port, guint address);

/* ---- transfers ---- */

/*
 * Sends a packet to an endpoint of the device. The status is also in packet->status; when it is
 * USB_PENDING, packet->complete is called later, never before the return.
 */
UsbStatus usb_submit(UsbDevice *device, UsbPacket *packet);

/* Takes a pending packet back: it will not complete. Fine if it is over. */
void usb_cancel(UsbPacket *packet);

/* ---- devices ---- */

typedef struct UsbSetup {
    guint8 request_type; /* bmRequestType, see USB_REQUEST_* */
    guint8 request;
    guint16 value, index, length;
} UsbSetup;

#define USB_REQUEST_IN        0x80
#define USB_REQUEST_TYPE      0x60
#define USB_REQUEST_STANDARD  0x00
#define USB_REQUEST_CLASS     0x20
#define USB_REQUEST_VENDOR    0x40
#define USB_REQUEST_RECIPIENT 0x1f
#define USB_TO_DEVICE         0
#define USB_TO_INTERFACE      1
#define USB_TO_ENDPOINT       2
#define USB_TO_OTHER          3

/* Requests of chapter 9. */
#define USB_GET_STATUS        0
#define USB_CLEAR_FEATURE     1
#define USB_SET_FEATURE       3
#define USB_SET_ADDRESS       5
#define USB_GET_DESCRIPTOR    6
#define USB_SET_DESCRIPTOR    7
#define USB_GET_CONFIGURATION 8
#define USB_SET_CONFIGURATION 9
#define USB_GET_INTERFACE     10
#define USB_SET_INTERFACE     11
#define USB_SET_SEL           48
#define USB_SET_ISOCH_DELAY   49

#define USB_FEATURE_ENDPOINT_HALT 0
#define USB_FEATURE_REMOTE_WAKEUP 1

struct UsbDeviceOps {
    DeviceOps device; /* bus = BUS_USB; size of a struct that begins with a UsbDevice */
    const UsbDescription *description;
    /* Bus reset, and power-on. NULL = nothing of its own. */
    void (*bus_reset)(UsbDevice *device);
    /* A request that the core does not know: of the class, of the vendor, or a standard one of an
     * interface. For IN it fills `data` and sets `*length`, at most setup->length and
     * USB_CONTROL_MAX; for OUT `data` has `*length` bytes, which are what setup->length said. FALSE
     * = stall. NULL = knows none. */
    gboolean (*control)(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length);
    /* A configuration (0 = none) or an alternate setting was chosen; endpoints start anew. */
    void (*configured)(UsbDevice *device);
    /* A packet for a data endpoint, which is of the configuration and not halted. May return
     * USB_PENDING and keep the packet until usb_packet_complete(). NULL = has no data endpoints. */
    UsbStatus (*transfer)(UsbDevice *device, UsbPacket *packet);
    /* Forgets a kept packet. Required if transfer() ever returns USB_PENDING. */
    void (*cancel)(UsbDevice *device, UsbPacket *packet);
    /* A hub's: the device with this address below it. NULL = no hub. */
    UsbDevice *(*find)(UsbDevice *device, guint address);
    /* TRUE = it has something that the host has not fetched: put to sleep now, it signals resume
     * at once, if it may. NULL = what it has can wait. */
    gboolean (*is_urgent)(UsbDevice *device);
};

typedef enum UsbState {
    USB_STATE_ATTACHED, /* plugged in, not yet reset */
    USB_STATE_DEFAULT,
    USB_STATE_ADDRESSED,
    USB_STATE_CONFIGURED,
} UsbState;

/* The control transfer under way at endpoint 0 (section 8.5.3). */
typedef enum UsbStage {
    USB_STAGE_IDLE,
    USB_STAGE_DATA_IN,
    USB_STAGE_DATA_OUT,
    USB_STAGE_STATUS_IN, /* after an OUT transfer, or one without data */
    USB_STAGE_STATUS_OUT,
    USB_STAGE_STALLED, /* until the next SETUP */
} UsbStage;

/* First member of every USB device's state. */
struct UsbDevice {
    Device device;
    UsbPort *port;
    UsbSpeed speed;
    guint32 state; /* UsbState */
    guint8 address;
    guint8 new_address; /* takes effect after the status stage */
    gboolean address_pending;
    guint8 configuration;             /* its value, 0 = none */
    guint8 alternate[USB_INTERFACES]; /* by interface number */
    guint16 halted_in, halted_out;    /* a bit an endpoint */
    gboolean remote_wakeup;           /* the host has enabled it */
    gboolean suspended;               /* by the port */
    /* endpoint 0 */
    guint32 stage; /* UsbStage */
    guint8 setup_bytes[USB_SETUP_SIZE];
    guint32 control_length, control_done;
    guint8 control_data[USB_CONTROL_MAX];
    GPtrArray *pending; /* of UsbPacket*, kept by the device */
    /* options, for those that offer them */
    char *serial;    /* NULL = the description's */
    guint64 version; /* usb_version=: 1 = not faster than full speed; 0, 2 = as fast as it can */
};

/* State of a UsbDevice: the first field of the state table of every USB device. */
extern const StateTable usb_device_state;
#define USB_DEVICE_STATE                                                   \
    {                                                                      \
        "usb", STATE_STRUCT, 0, 1, sizeof(UsbDevice), 1, &usb_device_state \
    }

static inline UsbDevice *usb_device(Device *dev)
{
    return (UsbDevice *)dev;
}

static inline const UsbDeviceOps *usb_device_ops(const UsbDevice *device)
{
    return (const UsbDeviceOps *)device->device.ops;
}

/* Ends a packet that the device has kept. */
void usb_packet_complete(UsbPacket *packet, UsbStatus status);

/* An endpoint that has answered USB_NAK has something now. Wakes a suspended device, if the host
 * has allowed it. */
void usb_endpoint_ready(UsbDevice *device, UsbToken token, guint endpoint);

/* Signals resume, if the device is suspended and the host has allowed it. */
void usb_remote_wakeup(UsbDevice *device);

/* For ports: the device below has been suspended or resumed. */
void usb_device_set_suspended(UsbDevice *device, gboolean suspended);

gboolean usb_is_configured(const UsbDevice *device);

/* The endpoint of the present settings, as `info usb` and controllers want to know it; NULL if
 * there is none. `address` has bit 7 set for IN. */
const struct UsbEndpoint *usb_find_endpoint(const UsbDevice *device, guint address);

const char *usb_speed_name(UsbSpeed speed); /* "1.5", "12", "480", "5000" (Mbit/s) */

/* `info usb`: the devices of a bus. */
void usb_bus_info(UsbBus *bus, GString *out);
