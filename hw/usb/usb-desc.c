/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/usb/usb-desc.h"

#include <string.h>

/* Where a string is found: its number in string descriptors. */
#define STRING_MANUFACTURER 1
#define STRING_PRODUCT      2
#define STRING_SERIAL       3

#define LANGUAGE_US 0x0409

static const char *description_string(const UsbDevice *device, guint number)
{
    const UsbDescription *description = usb_device_ops(device)->description;

    switch (number) {
    case STRING_MANUFACTURER: return description->manufacturer;
    case STRING_PRODUCT: return description->product_name;
    case STRING_SERIAL: return device->serial ? device->serial : description->serial;
    default: return NULL;
    }
}

static guint8 string_number(const UsbDevice *device, guint number)
{
    return description_string(device, number) ? (guint8)number : 0;
}

const UsbConfig *usb_config(const UsbDevice *device)
{
    const UsbDescription *description = usb_device_ops(device)->description;

    return device->configuration ? description->speeds[device->speed]->config : NULL;
}

const UsbInterface *usb_interface(const UsbDevice *device, guint number)
{
    const UsbConfig *config = usb_config(device);

    for (guint i = 0; config && number < USB_INTERFACES && i < config->interface_count; i++) {
        const UsbInterface *interface = &config->interfaces[i];

        if (interface->number == number && interface->alternate == device->alternate[number]) {
            return interface;
        }
    }
    return NULL;
}

const UsbEndpoint *usb_find_endpoint(const UsbDevice *device, guint address)
{
    for (guint number = 0; number < USB_INTERFACES; number++) {
        const UsbInterface *interface = usb_interface(device, number);

        for (guint i = 0; interface && i < interface->endpoint_count; i++) {
            if (interface->endpoints[i].address == address) {
                return &interface->endpoints[i];
            }
        }
    }
    return NULL;
}

/* ---- descriptors ---- */

static void put16(guint8 *out, guint value)
{
    out[0] = (guint8)value;
    out[1] = (guint8)(value >> 8);
}

/* bMaxPacketSize0 is a power of two for SuperSpeed. */
static guint8 packet0(const UsbSpeedDescription *speed, gboolean super)
{
    return (guint8)(super ? g_bit_storage(speed->max_packet0) - 1 : speed->max_packet0);
}

static guint describe_device(const UsbDevice *device, guint8 *out)
{
    const UsbDescription *description = usb_device_ops(device)->description;
    const UsbSpeedDescription *speed = description->speeds[device->speed];

    out[0] = 18;
    out[1] = USB_DT_DEVICE;
    put16(out + 2, speed->bcd_usb);
    out[4] = description->class_code;
    out[5] = description->subclass;
    out[6] = description->protocol | speed->protocol;
    out[7] = packet0(speed, device->speed == USB_SPEED_SUPER);
    put16(out + 8, description->vendor);
    put16(out + 10, description->product);
    put16(out + 12, description->bcd_device);
    out[14] = string_number(device, STRING_MANUFACTURER);
    out[15] = string_number(device, STRING_PRODUCT);
    out[16] = string_number(device, STRING_SERIAL);
    out[17] = 1;
    return 18;
}

/* The other of full and high speed, NULL if the device has but one of them. */
static const UsbSpeedDescription *other_speed(const UsbDevice *device)
{
    const UsbDescription *description = usb_device_ops(device)->description;

    switch (device->speed) {
    case USB_SPEED_FULL: return device->version == 1 ? NULL : description->speeds[USB_SPEED_HIGH];
    case USB_SPEED_HIGH: return description->speeds[USB_SPEED_FULL];
    default: return NULL;
    }
}

static guint describe_qualifier(const UsbDevice *device, guint8 *out)
{
    const UsbDescription *description = usb_device_ops(device)->description;
    const UsbSpeedDescription *speed = other_speed(device);

    if (!speed) {
        return 0;
    }
    out[0] = 10;
    out[1] = USB_DT_QUALIFIER;
    put16(out + 2, 0x0200);
    out[4] = description->class_code;
    out[5] = description->subclass;
    out[6] = description->protocol | speed->protocol;
    out[7] = packet0(speed, FALSE);
    out[8] = 1;
    out[9] = 0;
    return 10;
}

static guint describe_endpoint(const UsbEndpoint *endpoint, gboolean super, guint8 *out)
{
    out[0] = 7;
    out[1] = USB_DT_ENDPOINT;
    out[2] = endpoint->address;
    out[3] = endpoint->attributes;
    put16(out + 4, endpoint->max_packet);
    out[6] = endpoint->interval;
    if (!super) {
        return 7;
    }
    out[7] = 6;
    out[8] = USB_DT_COMPANION;
    out[9] = endpoint->max_burst;
    out[10] = 0;
    /* wBytesPerInterval, of periodic endpoints. */
    put16(out + 11, (endpoint->attributes & 3) == USB_ENDPOINT_BULK ? 0 : endpoint->max_packet);
    return 13;
}

static guint describe_interface(const UsbInterface *interface, gboolean super, guint8 *out)
{
    guint length = 9;

    out[0] = 9;
    out[1] = USB_DT_INTERFACE;
    out[2] = interface->number;
    out[3] = interface->alternate;
    out[4] = interface->endpoint_count;
    out[5] = interface->class_code;
    out[6] = interface->subclass;
    out[7] = interface->protocol;
    out[8] = 0;
    if (interface->extra_length) {
        memcpy(out + length, interface->extra, interface->extra_length);
        length += (guint)interface->extra_length;
    }
    for (guint i = 0; i < interface->endpoint_count; i++) {
        length += describe_endpoint(&interface->endpoints[i], super, out + length);
    }
    return length;
}

static guint describe_config(const UsbSpeedDescription *speed, guint type, gboolean super,
                             guint8 *out)
{
    const UsbConfig *config = speed->config;
    guint length = 9, interfaces = 0;

    for (guint i = 0; i < config->interface_count; i++) {
        interfaces += config->interfaces[i].alternate == 0;
        length += describe_interface(&config->interfaces[i], super, out + length);
    }
    g_assert(length <= USB_CONTROL_MAX);
    out[0] = 9;
    out[1] = (guint8)type;
    put16(out + 2, length);
    out[4] = (guint8)interfaces;
    out[5] = config->value;
    out[6] = 0;
    out[7] = USB_CONFIG_FIXED | config->attributes;
    out[8] = config->max_power;
    return length;
}

static guint describe_string(const UsbDevice *device, guint number, guint8 *out)
{
    const char *text = description_string(device, number);
    guint length = 2;

    if (number == 0) {
        put16(out + 2, LANGUAGE_US);
        length = 4;
    } else if (!text) {
        return 0;
    } else {
        /* bLength is a byte: 126 characters. A user's serial number may be anything. */
        for (const char *p = text; *p && length < 254; p++, length += 2) {
            put16(out + length, (guint8)*p < 0x80 ? (guint8)*p : '?');
        }
    }
    out[0] = (guint8)length;
    out[1] = USB_DT_STRING;
    return length;
}

/* USB 3.1, 9.6.2: USB 2.0 extension and SuperSpeed capability. */
static guint describe_bos(const UsbDevice *device, guint8 *out)
{
    static const guint8 bos[] = {
        5,  USB_DT_BOS,        22, 0, 2,                    /**/
        7,  USB_DT_CAPABILITY, 2,  0, 0,    0, 0,           /* no link power management */
        10, USB_DT_CAPABILITY, 3,  0, 0x0e, 0, 1, 10, 0, 0, /* full, high, super; all from full */
    };

    if (!usb_device_ops(device)->description->speeds[USB_SPEED_SUPER] || device->version == 1) {
        return 0;
    }
    memcpy(out, bos, sizeof bos);
    return sizeof bos;
}

guint usb_describe(const UsbDevice *device, guint value, guint8 *out)
{
    const UsbDescription *description = usb_device_ops(device)->description;
    const UsbSpeedDescription *speed = description->speeds[device->speed];
    guint type = value >> 8, index = value & 0xff;

    switch (type) {
    case USB_DT_DEVICE: return describe_device(device, out);
    case USB_DT_CONFIG:
        return index ? 0 : describe_config(speed, type, device->speed == USB_SPEED_SUPER, out);
    case USB_DT_STRING: return describe_string(device, index, out);
    case USB_DT_QUALIFIER: return describe_qualifier(device, out);
    case USB_DT_OTHER_SPEED:
        speed = other_speed(device);
        return index || !speed ? 0 : describe_config(speed, type, FALSE, out);
    case USB_DT_BOS: return describe_bos(device, out);
    default: return 0;
    }
}
