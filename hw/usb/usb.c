/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/usb/usb.h"

#include <string.h>

#include "core/error.h"
#include "hw/usb/usb-desc.h"
#include "hw/usb/usb-priv.h"

/* ---- ports ---- */

void usb_port_add(UsbBus *bus, UsbPort *port, UsbDevice *hub, guint index, guint speeds,
                  const UsbPortOps *ops, void *opaque)
{
    g_assert(ops->attach && ops->detach);
    memset(port, 0, sizeof *port);
    port->bus = bus;
    port->ops = ops;
    port->opaque = opaque;
    port->index = index;
    port->speeds = speeds;
    port->hub = hub;
    if (hub) {
        g_snprintf(port->path, sizeof port->path, "%s.%u", hub->port->path, index + 1);
    } else {
        g_snprintf(port->path, sizeof port->path, "%u", index + 1);
    }
    g_ptr_array_add(bus->ports, port);
}

void usb_port_remove(UsbPort *port)
{
    g_assert(!port->device);
    g_ptr_array_remove(port->bus->ports, port);
}

void usb_port_reset(UsbPort *port)
{
    if (port->device) {
        usb_device_bus_reset(port->device);
    }
}

void usb_port_disconnect(UsbPort *port)
{
    if (port->device) {
        usb_device_bus_reset(port->device);
        port->device->state = USB_STATE_ATTACHED;
        port->device->suspended = FALSE;
    }
}

UsbDevice *usb_port_find(UsbPort *port, guint address)
{
    UsbDevice *device = port->device;

    if (!device || device->state == USB_STATE_ATTACHED || device->suspended) {
        return NULL;
    }
    if (device->address == address) {
        return device;
    }
    return usb_device_ops(device)->find ? usb_device_ops(device)->find(device, address) : NULL;
}

/* ---- packets ---- */

static UsbStatus over(UsbPacket *packet, UsbStatus status)
{
    packet->status = status;
    return status;
}

static gboolean endpoint_halted(const UsbDevice *device, const UsbPacket *packet)
{
    guint16 halted = packet->token == USB_TOKEN_IN ? device->halted_in : device->halted_out;

    return halted >> packet->endpoint & 1;
}

static UsbStatus submit_data(UsbDevice *device, UsbPacket *packet)
{
    guint address = packet->endpoint | (packet->token == USB_TOKEN_IN ? 0x80 : 0);
    UsbStatus status;

    if (packet->token == USB_TOKEN_SETUP || !usb_find_endpoint(device, address)) {
        return USB_NO_DEVICE;
    }
    if (endpoint_halted(device, packet)) {
        return USB_STALL;
    }
    status = usb_device_ops(device)->transfer(device, packet);
    if (status == USB_STALL) {
        usb_halt_endpoint(device, address, TRUE);
    }
    return status;
}

UsbStatus usb_submit(UsbDevice *device, UsbPacket *packet)
{
    UsbStatus status;

    g_assert(packet->endpoint < USB_ENDPOINTS && !packet->device);
    packet->actual = 0;
    if (device->state == USB_STATE_ATTACHED) {
        return over(packet, USB_NO_DEVICE);
    }
    if (packet->endpoint == 0) {
        return over(packet, usb_control_packet(device, packet));
    }
    packet->device = device;
    status = submit_data(device, packet);
    if (status == USB_PENDING) {
        g_ptr_array_add(device->pending, packet);
    } else {
        packet->device = NULL;
    }
    return over(packet, status);
}

void usb_cancel(UsbPacket *packet)
{
    UsbDevice *device = packet->device;

    if (device && g_ptr_array_remove(device->pending, packet)) {
        usb_device_ops(device)->cancel(device, packet);
    }
    packet->device = NULL;
}

void usb_packet_complete(UsbPacket *packet, UsbStatus status)
{
    UsbDevice *device = packet->device;

    g_assert(status != USB_PENDING);
    g_ptr_array_remove(device->pending, packet);
    if (status == USB_STALL) {
        usb_halt_endpoint(device, packet->endpoint | (packet->token == USB_TOKEN_IN ? 0x80 : 0),
                          TRUE);
    }
    packet->device = NULL;
    packet->status = status;
    packet->complete(packet);
}

void usb_cancel_pending(UsbDevice *device, gboolean tell)
{
    while (device->pending->len > 0) {
        UsbPacket *packet = g_ptr_array_index(device->pending, device->pending->len - 1);

        usb_cancel(packet);
        packet->status = USB_NO_DEVICE;
        if (tell) {
            packet->complete(packet);
        }
    }
}

/* ---- signals from the device ---- */

void usb_remote_wakeup(UsbDevice *device)
{
    if (device->suspended && device->remote_wakeup && device->port->ops->wakeup) {
        device->port->ops->wakeup(device->port, device);
    }
}

void usb_endpoint_ready(UsbDevice *device, UsbToken token, guint endpoint)
{
    UsbPort *port = device->port;

    if (device->suspended) {
        usb_remote_wakeup(device);
    } else if (port->ops->ready) {
        port->ops->ready(port, device, token, endpoint);
    }
}

void usb_device_set_suspended(UsbDevice *device, gboolean suspended)
{
    const UsbDeviceOps *ops = usb_device_ops(device);
    gboolean before = device->suspended;

    device->suspended = suspended;
    if (suspended && !before && ops->is_urgent && ops->is_urgent(device)) {
        usb_remote_wakeup(device);
    }
}

gboolean usb_is_configured(const UsbDevice *device)
{
    return device->state == USB_STATE_CONFIGURED;
}

/* ---- the bus ---- */

static UsbBus *usb_bus(Bus *bus)
{
    return (UsbBus *)bus;
}

static gboolean port_taken(UsbPort *port, const UsbDevice *except)
{
    GPtrArray *children = port->bus->bus.children;

    for (guint i = 0; i < children->len; i++) {
        const UsbDevice *other = g_ptr_array_index(children, i);

        if (other != except && other->port == port) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Speeds that the device can do, by its description and its usb_version=. */
static guint device_speeds(const UsbDevice *device)
{
    guint speeds = 0;

    for (guint speed = 0; speed <= USB_SPEED_SUPER; speed++) {
        if (usb_device_ops(device)->description->speeds[speed] &&
            (device->version != 1 || speed <= USB_SPEED_FULL)) {
            speeds |= USB_SPEED_MASK(speed);
        }
    }
    return speeds;
}

static UsbPort *find_port(UsbBus *bus, const char *path)
{
    for (guint i = 0; i < bus->ports->len; i++) {
        UsbPort *port = g_ptr_array_index(bus->ports, i);

        if (g_str_equal(port->path, path)) {
            return port;
        }
    }
    return NULL;
}

/* The free port at which the device is fastest; of those the first. */
static UsbPort *choose_port(UsbBus *bus, const UsbDevice *device)
{
    UsbPort *best = NULL;
    guint best_speeds = 0;

    for (guint i = 0; i < bus->ports->len; i++) {
        UsbPort *port = g_ptr_array_index(bus->ports, i);
        guint speeds = port->speeds & device_speeds(device);

        if (speeds && !port_taken(port, device) &&
            g_bit_storage(speeds) > g_bit_storage(best_speeds)) {
            best = port;
            best_speeds = speeds;
        }
    }
    return best;
}

static gboolean place(Bus *bus, Device *dev, OptionList *options, GError **error)
{
    UsbDevice *device = usb_device(dev);
    g_autofree char *path = option_list_take(options, "port");
    UsbPort *port = path ? find_port(usb_bus(bus), path) : choose_port(usb_bus(bus), device);

    device->port = NULL;
    if (path && !port) {
        return error_set(error, "port=%s: bus %s has no such port; `info usb` lists them", path,
                         bus->name);
    }
    if (!port) {
        return error_set(error, "bus %s has no free port for %s", bus->name, dev->ops->name);
    }
    if (port_taken(port, device)) {
        return error_set(error, "port=%s of bus %s is taken", path, bus->name);
    }
    guint speeds = port->speeds & device_speeds(device);
    if (!speeds) {
        return error_set(error, "%s cannot work at the speeds of port %s of bus %s", dev->ops->name,
                         port->path, bus->name);
    }
    device->port = port;
    device->speed = g_bit_storage(speeds) - 1;
    return TRUE;
}

static gboolean plugged(Bus *bus, Device *dev, GError **error)
{
    UsbDevice *device = usb_device(dev);

    device->pending = g_ptr_array_new();
    device->state = USB_STATE_ATTACHED;
    device->port->device = device;
    device->port->ops->attach(device->port);
    return TRUE;
}

static void unplugged(Bus *bus, Device *dev)
{
    UsbDevice *device = usb_device(dev);
    UsbPort *port = device->port;

    if (port->device == device) {
        port->ops->detach(port);
        usb_cancel_pending(device, TRUE);
        port->device = NULL;
    }
    g_clear_pointer(&device->pending, g_ptr_array_unref);
}

static void describe(Bus *bus, Device *dev, GString *out)
{
    const UsbDevice *device = usb_device(dev);

    g_string_append_printf(out, "port %s, addr %u, %s Mb/s", device->port->path, device->address,
                           usb_speed_name(device->speed));
}

static void finish(Bus *bus)
{
    g_ptr_array_unref(usb_bus(bus)->ports);
}

static const OptionSpec place_options[] = {
    {"port", OPTION_STRING, .help = "port of the bus, 1; behind hubs 1.3; unset: a free one"},
    OPTION_END,
};

static GVariant *get_place(Bus *bus, Device *dev, const OptionSpec *spec)
{
    const UsbPort *port = usb_device(dev)->port;

    return g_variant_new_string(port ? port->path : "");
}

/* A plug can be pulled at any time; attach and detach tell the guest. */
static const HotplugOps hotplug_ops = {NULL, NULL};

const BusOps usb_bus_ops = {
    .kind = BUS_USB,
    .size = sizeof(UsbBus),
    .place = place,
    .plugged = plugged,
    .unplugged = unplugged,
    .describe = describe,
    .finish = finish,
    .place_options = place_options,
    .get_place = get_place,
};

static gboolean count_bus(Device *dev, void *opaque)
{
    for (guint i = 0; i < dev->buses->len; i++) {
        const Bus *bus = g_ptr_array_index(dev->buses, i);
        *(guint *)opaque += bus->ops == &usb_bus_ops && g_str_has_prefix(bus->name, "usb-bus.");
    }
    return TRUE;
}

UsbBus *usb_bus_create(Device *dev)
{
    UsbBus *bus;

    if (dev->id) {
        bus = usb_bus(bus_create(dev, &usb_bus_ops, "%s.0", dev->id));
    } else {
        guint count = 0;

        device_foreach(dev->machine->root, count_bus, &count);
        bus = usb_bus(bus_create(dev, &usb_bus_ops, "usb-bus.%u", count));
    }
    bus->bus.hotplug = &hotplug_ops;
    bus->ports = g_ptr_array_new();
    return bus;
}

/* ---- ports of two controllers ---- */

gboolean usb_companion_add(UsbBus *bus, guint n, UsbPort *port, const UsbPortOps *ops, guint index,
                           void *opaque, GError **error)
{
    memset(port, 0, sizeof *port);
    port->ops = ops;
    port->opaque = opaque;
    port->index = index;
    if (!bus->set_companion) {
        return error_set(error, "bus %s has no ports for companions; use that of an EHCI",
                         bus->bus.name);
    }
    if (!bus->set_companion(bus, n, port, error)) {
        return FALSE;
    }
    port->bus = bus;
    return TRUE;
}

void usb_companion_remove(UsbPort *port, guint n)
{
    if (port->bus) {
        port->bus->set_companion(port->bus, n, NULL, NULL);
        port->bus = NULL;
    }
}

guint usb_hub_speeds(const UsbDevice *hub)
{
    return USB_SPEED_MASK(USB_SPEED_LOW) | USB_SPEED_MASK(USB_SPEED_FULL) |
           (hub->speed == USB_SPEED_HIGH ? USB_SPEED_MASK(USB_SPEED_HIGH) : 0);
}

void usb_device_choose_speed(UsbDevice *device, guint speeds)
{
    speeds &= device_speeds(device);
    g_assert(speeds);
    device->speed = g_bit_storage(speeds) - 1;
    if (!usb_device_ops(device)->find) {
        return;
    }
    for (guint i = 0; i < device->port->bus->ports->len; i++) {
        UsbPort *port = g_ptr_array_index(device->port->bus->ports, i);

        if (port->hub == device) {
            port->speeds = usb_hub_speeds(device);
            if (port->device) {
                usb_device_choose_speed(port->device, port->speeds);
            }
        }
    }
}

/* ---- for people ---- */

const char *usb_speed_name(UsbSpeed speed)
{
    static const char *const names[] = {"1.5", "12", "480", "5000"};

    return names[speed];
}

typedef struct BusCount {
    const Bus *bus;
    guint before; /* USB's buses that are found before it */
} BusCount;

static gboolean count_buses(Device *dev, void *opaque)
{
    BusCount *count = opaque;

    for (guint i = 0; i < dev->buses->len; i++) {
        const Bus *bus = g_ptr_array_index(dev->buses, i);

        if (bus == count->bus) {
            return FALSE;
        }
        count->before += bus->ops == &usb_bus_ops ? 1 : 0;
    }
    return TRUE;
}

void usb_bus_info(UsbBus *bus, GString *out)
{
    BusCount count = {&bus->bus, 0};

    device_foreach(bus->bus.parent->machine->root, count_buses, &count);
    for (guint i = 0; i < bus->ports->len; i++) {
        const UsbPort *port = g_ptr_array_index(bus->ports, i);
        const UsbDevice *device = port->device;

        if (!device) {
            continue;
        }
        g_string_append_printf(out, "  Device %u.%u, Port %s, Speed %s Mb/s, Product %s",
                               count.before, device->address, port->path,
                               usb_speed_name(device->speed),
                               usb_device_ops(device)->description->product_name);
        if (device->device.id) {
            g_string_append_printf(out, ", ID: %s", device->device.id);
        }
        g_string_append_c(out, '\n');
    }
}
