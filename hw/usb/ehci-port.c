/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root ports (2.3.9) and their owners (4.2): a port is ours, or its companion's until the device
 * goes. A high-speed device works at full speed there.
 */
#include "core/error.h"
#include "hw/usb/ehci-priv.h"

/* PORTSC. */
#define PORT_CONNECT        (1u << 0)
#define PORT_CONNECT_CHANGE (1u << 1)
#define PORT_ENABLED        (1u << 2)
#define PORT_ENABLE_CHANGE  (1u << 3)
#define PORT_RESUME         (1u << 6)
#define PORT_SUSPEND        (1u << 7)
#define PORT_RESET          (1u << 8)
#define PORT_LINE           (3u << 10)
#define PORT_LINE_K         (1u << 10) /* a low-speed device */
#define PORT_LINE_J         (2u << 10)
#define PORT_POWER          (1u << 12)                               /* always on */
#define PORT_OWNER          (1u << 13)                               /* the companion */
#define PORT_KEPT           ((3u << 14) | (0xfu << 16) | (7u << 20)) /* indicator, test, wake */

#define SLOWER (USB_SPEED_MASK(USB_SPEED_LOW) | USB_SPEED_MASK(USB_SPEED_FULL))

static gboolean is_ours(const Ehci *ehci, guint n)
{
    return !(ehci->port_status[n] & PORT_OWNER);
}

UsbDevice *ehci_find_device(Ehci *ehci, guint address)
{
    for (guint n = 0; n < EHCI_PORTS; n++) {
        UsbDevice *device = (ehci->port_status[n] & (PORT_ENABLED | PORT_OWNER)) == PORT_ENABLED
                                ? usb_port_find(&ehci->ports[n].port, address)
                                : NULL;
        if (device) {
            return device;
        }
    }
    return NULL;
}

static void set_change(Ehci *ehci, guint n, guint32 bits)
{
    ehci->port_status[n] |= bits;
    ehci->status |= STS_PORT;
    ehci_update_irq(ehci);
}

/* ---- who has the device ---- */

/* The device in the port, if there is one, shows up at the port's owner. */
static void connect(Ehci *ehci, guint n)
{
    EhciPort *port = &ehci->ports[n];
    UsbDevice *device = port->port.device;

    if (!device) {
        return;
    }
    if (is_ours(ehci, n)) {
        usb_device_choose_speed(device, SLOWER | USB_SPEED_MASK(USB_SPEED_HIGH));
        ehci->port_status[n] &= ~PORT_LINE;
        ehci->port_status[n] |=
            PORT_CONNECT | (device->speed == USB_SPEED_LOW ? PORT_LINE_K : PORT_LINE_J);
        set_change(ehci, n, PORT_CONNECT_CHANGE);
    } else if (port->companion) {
        usb_device_choose_speed(device, SLOWER);
        port->companion->device = device;
        port->companion->ops->attach(port->companion);
    }
}

static void disconnect(Ehci *ehci, guint n)
{
    UsbPort *companion = ehci->ports[n].companion;

    if (companion && companion->device) {
        companion->ops->detach(companion);
        companion->device = NULL;
    } else if (ehci->port_status[n] & PORT_CONNECT) {
        ehci->port_status[n] &=
            ~(PORT_CONNECT | PORT_ENABLED | PORT_SUSPEND | PORT_RESUME | PORT_RESET | PORT_LINE);
        set_change(ehci, n, PORT_CONNECT_CHANGE);
    }
}

static void set_owner(Ehci *ehci, guint n, gboolean ours)
{
    if (is_ours(ehci, n) == ours) {
        return;
    }
    disconnect(ehci, n);
    usb_port_disconnect(&ehci->ports[n].port);
    ehci->port_status[n] = (ehci->port_status[n] & ~PORT_OWNER) | (ours ? 0 : PORT_OWNER);
    connect(ehci, n);
}

void ehci_ports_route(Ehci *ehci, gboolean ours)
{
    for (guint n = 0; n < EHCI_PORTS; n++) {
        set_owner(ehci, n, ours);
    }
}

/* ---- the plug ---- */

static void attach(UsbPort *port)
{
    connect(port->opaque, port->index);
}

/* 4.2.2: the port is ours again, once it is empty, if we are configured. */
static void detach(UsbPort *port)
{
    Ehci *ehci = port->opaque;

    disconnect(ehci, port->index);
    if (ehci->config_flag) {
        ehci->port_status[port->index] &= ~PORT_OWNER;
    }
}

/* What happens at a companion's port is its to know. */
static UsbPort *companion_port(UsbPort *port)
{
    Ehci *ehci = port->opaque;

    return is_ours(ehci, port->index) ? NULL : ehci->ports[port->index].companion;
}

static void wakeup(UsbPort *port, UsbDevice *device)
{
    Ehci *ehci = port->opaque;
    UsbPort *companion = companion_port(port);

    if (companion) {
        companion->ops->wakeup(companion, device);
    } else if (ehci->port_status[port->index] & PORT_SUSPEND) {
        set_change(ehci, port->index, PORT_RESUME);
    }
}

static void ready(UsbPort *port, UsbDevice *device, UsbToken token, guint endpoint)
{
    UsbPort *companion = companion_port(port);

    if (!companion) {
        ehci_schedule_kick(port->opaque);
    } else if (companion->ops->ready) {
        companion->ops->ready(companion, device, token, endpoint);
    }
}

static const UsbPortOps port_ops = {attach, detach, wakeup, ready};

/* ---- companions ---- */

guint ehci_companions(const Ehci *ehci)
{
    guint ports = 0;

    for (guint n = 0; n < EHCI_PORTS; n++) {
        ports += ehci->ports[n].companion != NULL;
    }
    return ports / EHCI_COMPANION_PORTS;
}

static gboolean set_companion(UsbBus *bus, guint n, UsbPort *companion, GError **error)
{
    Ehci *ehci = (Ehci *)bus->bus.parent;
    EhciPort *port;

    if (n >= EHCI_PORTS) {
        return error_set(error, "bus %s has ports 0 to %u only", bus->bus.name, EHCI_PORTS - 1);
    }
    port = &ehci->ports[n];
    if (companion && port->companion) {
        return error_set(error, "port %u of bus %s has a companion already", n, bus->bus.name);
    }
    if (!is_ours(ehci, n)) {
        disconnect(ehci, n);
        usb_port_disconnect(&port->port);
    }
    port->companion = companion;
    port->port.speeds = USB_SPEED_MASK(USB_SPEED_HIGH) | (companion ? SLOWER : 0);
    if (!is_ours(ehci, n)) {
        connect(ehci, n);
    }
    return TRUE;
}

/* ---- registers ---- */

static void update_suspended(Ehci *ehci, guint n)
{
    UsbDevice *device = ehci->ports[n].port.device;

    if (device) {
        usb_device_set_suspended(device, (ehci->port_status[n] & PORT_SUSPEND) != 0);
    }
}

/* A reset ends at once when software says so; a device that is not of high speed is not enabled:
 * the driver gives it away. */
static void write_reset(Ehci *ehci, guint n, gboolean on)
{
    UsbPort *port = &ehci->ports[n].port;
    guint32 *status = &ehci->port_status[n];
    gboolean before = *status & PORT_RESET;

    if (on && !before) {
        *status = (*status & ~(PORT_ENABLED | PORT_SUSPEND | PORT_RESUME)) | PORT_RESET;
    } else if (!on && before) {
        *status &= ~PORT_RESET;
        if (*status & PORT_CONNECT) {
            usb_port_reset(port);
            *status |= port->device->speed == USB_SPEED_HIGH ? PORT_ENABLED : 0;
        }
    }
}

static void write_suspend(Ehci *ehci, guint n, guint32 value)
{
    guint32 *status = &ehci->port_status[n];

    if (!(*status & PORT_ENABLED) || *status & PORT_RESET) {
        return;
    }
    if (value & PORT_SUSPEND) {
        *status |= PORT_SUSPEND;
    }
    if (value & PORT_RESUME && *status & PORT_SUSPEND) {
        *status |= PORT_RESUME;
    } else if (!(value & PORT_RESUME) && *status & PORT_RESUME) {
        *status &= ~(PORT_RESUME | PORT_SUSPEND); /* the end of resume signalling */
    }
}

void ehci_port_write(Ehci *ehci, guint n, guint32 value)
{
    guint32 *status = &ehci->port_status[n];

    *status &= ~(value & (PORT_CONNECT_CHANGE | PORT_ENABLE_CHANGE));
    *status = (*status & ~PORT_KEPT) | (value & PORT_KEPT);
    if (ehci->config_flag) {
        set_owner(ehci, n, !(value & PORT_OWNER));
    }
    if (!is_ours(ehci, n)) {
        return;
    }
    if (!(value & PORT_ENABLED)) {
        *status &= ~(PORT_ENABLED | PORT_SUSPEND | PORT_RESUME); /* it is enabled by reset only */
    }
    write_reset(ehci, n, (value & PORT_RESET) != 0);
    write_suspend(ehci, n, value);
    update_suspended(ehci, n);
    ehci_schedule_kick(ehci);
}

/* ---- lifecycle ---- */

void ehci_ports_reset(Ehci *ehci)
{
    for (guint n = 0; n < EHCI_PORTS; n++) {
        gboolean was_ours = is_ours(ehci, n);

        if (was_ours) {
            disconnect(ehci, n);
            usb_port_disconnect(&ehci->ports[n].port);
        }
        ehci->port_status[n] = PORT_POWER | PORT_OWNER;
        if (was_ours) {
            connect(ehci, n);
        }
    }
    ehci->status &= ~STS_PORT;
}

void ehci_ports_loaded(Ehci *ehci)
{
    for (guint n = 0; n < EHCI_PORTS; n++) {
        EhciPort *port = &ehci->ports[n];
        UsbDevice *device = port->port.device;
        gboolean ours = is_ours(ehci, n);

        if (device) {
            usb_device_choose_speed(device, SLOWER | (ours ? USB_SPEED_MASK(USB_SPEED_HIGH) : 0));
        }
        if (port->companion) {
            port->companion->device = ours ? NULL : device;
        }
    }
}

void ehci_ports_init(Ehci *ehci)
{
    for (guint n = 0; n < EHCI_PORTS; n++) {
        usb_port_add(ehci->bus, &ehci->ports[n].port, NULL, n, USB_SPEED_MASK(USB_SPEED_HIGH),
                     &port_ops, ehci);
        ehci->port_status[n] = PORT_POWER | PORT_OWNER;
    }
    ehci->bus->set_companion = set_companion;
}

/* Companions that are still there know that we are not. */
void ehci_ports_finish(Ehci *ehci)
{
    for (guint n = 0; n < EHCI_PORTS; n++) {
        if (ehci->ports[n].companion) {
            ehci->ports[n].companion->bus = NULL;
        }
    }
}
