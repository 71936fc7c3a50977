/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root ports (4.19). A plug, which is what a UsbPort is here, leads to a USB 2 and a USB 3 port;
 * the device's speed says to which. A USB 3 port enables itself, a USB 2 one when it is reset.
 */
#include "hw/usb/xhci-priv.h"

static gboolean is_usb3(const Xhci *xhci, guint n)
{
    return n >= xhci->p2;
}

static UsbPort *plug(Xhci *xhci, guint n)
{
    return &xhci->ports[is_usb3(xhci, n) ? n - xhci->p2 : n];
}

/* The port that the device in a plug is at. */
static guint port_number(const Xhci *xhci, const UsbPort *port)
{
    return port->index + (port->device->speed == USB_SPEED_SUPER ? (guint)xhci->p2 : 0);
}

UsbDevice *xhci_port_device(Xhci *xhci, guint n)
{
    UsbDevice *device = plug(xhci, n)->device;

    return device && (device->speed == USB_SPEED_SUPER) == is_usb3(xhci, n) ? device : NULL;
}

static guint link_state(const Xhci *xhci, guint n)
{
    return (xhci->port_status[n] & PORT_LINK) >> PORT_LINK_SHIFT;
}

static void set_link(Xhci *xhci, guint n, guint state)
{
    UsbDevice *device = xhci_port_device(xhci, n);

    xhci->port_status[n] = (xhci->port_status[n] & ~PORT_LINK) | state << PORT_LINK_SHIFT;
    if (device) {
        usb_device_set_suspended(device, state == LINK_U3 || state == LINK_RESUME);
    }
}

static void report(Xhci *xhci, guint n)
{
    xhci->status |= STS_PORT;
    xhci_event(xhci, 0, (guint64)(n + 1) << 24, (guint32)CC_SUCCESS << 24,
               TRB_PORT_EVENT << TRB_TYPE_SHIFT);
}

static void set_change(Xhci *xhci, guint n, guint32 bits)
{
    guint32 before = xhci->port_status[n];

    xhci->port_status[n] |= bits;
    if (xhci->port_status[n] != before && xhci_is_running(xhci)) {
        report(xhci, n);
    }
}

void xhci_ports_started(Xhci *xhci)
{
    for (guint n = 0; n < xhci->p2 + xhci->p3; n++) {
        if (xhci->port_status[n] & PORT_CHANGES) {
            report(xhci, n);
        }
    }
}

/* ---- the plug ---- */

/* Default speed identifiers (7.2.2.1.1). */
static guint32 speed_id(UsbSpeed speed)
{
    static const guint8 ids[] = {[USB_SPEED_LOW] = 2, [USB_SPEED_FULL] = 1, 3, 4};

    return ids[speed];
}

static void connect(Xhci *xhci, guint n, const UsbDevice *device)
{
    xhci->port_status[n] &= ~(PORT_LINK | PORT_SPEED | PORT_ENABLED);
    xhci->port_status[n] |= PORT_CONNECT | speed_id(device->speed) << PORT_SPEED_SHIFT;
    if (is_usb3(xhci, n)) {
        xhci->port_status[n] |= PORT_ENABLED;
        usb_port_reset(plug(xhci, n)); /* link training ends in the default state */
        set_link(xhci, n, LINK_U0);
    } else {
        set_link(xhci, n, LINK_POLLING);
    }
}

static void attach(UsbPort *port)
{
    Xhci *xhci = port->opaque;
    guint n = port_number(xhci, port);

    connect(xhci, n, port->device);
    set_change(xhci, n, PORT_CSC);
}

static void detach(UsbPort *port)
{
    Xhci *xhci = port->opaque;
    guint n = port_number(xhci, port);

    xhci->port_status[n] &= ~(PORT_CONNECT | PORT_ENABLED | PORT_SPEED | PORT_LINK);
    xhci->port_status[n] |= LINK_RX_DETECT << PORT_LINK_SHIFT;
    set_change(xhci, n, PORT_CSC);
}

static void wakeup(UsbPort *port, UsbDevice *device)
{
    Xhci *xhci = port->opaque;
    guint n = port_number(xhci, port);

    if (link_state(xhci, n) == LINK_U3) {
        xhci->port_status[n] = (xhci->port_status[n] & ~PORT_LINK) | (guint32)LINK_RESUME
                                                                         << PORT_LINK_SHIFT;
        set_change(xhci, n, PORT_PLC);
    }
}

static void ready(UsbPort *port, UsbDevice *device, UsbToken token, guint endpoint)
{
    xhci_device_ready(port->opaque, device, token, endpoint);
}

static const UsbPortOps port_ops = {attach, detach, wakeup, ready};

/* ---- registers ---- */

guint64 xhci_port_read(Xhci *xhci, guint n, guint reg)
{
    return reg == PORTSC ? xhci->port_status[n] : 0;
}

static void reset_port(Xhci *xhci, guint n, gboolean warm)
{
    UsbDevice *device = xhci_port_device(xhci, n);

    if (!device) {
        return;
    }
    usb_port_reset(plug(xhci, n));
    xhci->port_status[n] |= PORT_ENABLED;
    set_link(xhci, n, LINK_U0);
    set_change(xhci, n, PORT_PRC | (warm ? PORT_WRC : 0));
}

static void write_link(Xhci *xhci, guint n, guint state)
{
    guint before = link_state(xhci, n);

    switch (state) {
    case LINK_U0:
        if (before == LINK_U3 || before == LINK_RESUME || before == LINK_U2) {
            set_link(xhci, n, LINK_U0);
            set_change(xhci, n, before == LINK_U2 ? 0 : PORT_PLC);
            xhci_try_waiting(xhci);
        }
        break;
    case LINK_U3:
        if (xhci->port_status[n] & PORT_ENABLED && before < LINK_U3) {
            set_link(xhci, n, LINK_U3);
        }
        break;
    case LINK_RESUME:
        if (!is_usb3(xhci, n) && before == LINK_U3) {
            set_link(xhci, n, LINK_RESUME);
        }
        break;
    case LINK_RX_DETECT:
        if (is_usb3(xhci, n) && before == LINK_DISABLED && xhci_port_device(xhci, n)) {
            connect(xhci, n, xhci_port_device(xhci, n));
            set_change(xhci, n, PORT_CSC);
        }
        break;
    case LINK_DISABLED:
        if (is_usb3(xhci, n)) {
            xhci->port_status[n] &= ~(PORT_ENABLED | PORT_CONNECT | PORT_SPEED);
            set_link(xhci, n, LINK_DISABLED);
        }
        break;
    default: break;
    }
}

static void disable_port(Xhci *xhci, guint n)
{
    if (xhci->port_status[n] & PORT_ENABLED) {
        xhci->port_status[n] &= ~PORT_ENABLED;
        set_link(xhci, n, is_usb3(xhci, n) ? LINK_DISABLED : LINK_POLLING);
    }
}

void xhci_port_write(Xhci *xhci, guint n, guint reg, guint32 value)
{
    guint32 kept = PORT_WAKE | PORT_INDICATOR;

    if (reg != PORTSC) {
        return; /* link power management: none */
    }
    xhci->port_status[n] &= ~(value & PORT_CHANGES);
    xhci->port_status[n] = (xhci->port_status[n] & ~kept) | (value & kept);
    if (value & PORT_WARM_RESET && is_usb3(xhci, n)) {
        reset_port(xhci, n, TRUE);
    } else if (value & PORT_RESET) {
        reset_port(xhci, n, FALSE);
    } else if (value & PORT_ENABLED) {
        disable_port(xhci, n);
    } else if (value & PORT_LINK_WRITE) {
        write_link(xhci, n, (value & PORT_LINK) >> PORT_LINK_SHIFT);
    }
}

/* ---- lifecycle ---- */

void xhci_ports_init(Xhci *xhci)
{
    const guint usb2 = USB_SPEED_MASK(USB_SPEED_LOW) | USB_SPEED_MASK(USB_SPEED_FULL) |
                       USB_SPEED_MASK(USB_SPEED_HIGH);

    xhci->port_count = (guint)MAX(xhci->p2, xhci->p3);
    for (guint n = 0; n < xhci->port_count; n++) {
        guint speeds =
            (n < xhci->p2 ? usb2 : 0) | (n < xhci->p3 ? USB_SPEED_MASK(USB_SPEED_SUPER) : 0);

        usb_port_add(xhci->bus, &xhci->ports[n], NULL, n, speeds, &port_ops, xhci);
    }
}

void xhci_ports_reset(Xhci *xhci)
{
    for (guint n = 0; n < xhci->p2 + xhci->p3; n++) {
        UsbDevice *device = xhci_port_device(xhci, n);

        xhci->port_status[n] = PORT_POWER | (guint32)LINK_RX_DETECT << PORT_LINK_SHIFT;
        if (device) {
            usb_port_reset(plug(xhci, n));
            connect(xhci, n, device);
            xhci->port_status[n] |= PORT_CSC;
        }
    }
}
