/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a USB device says of itself, as constant tables from which the descriptors of USB 2.0
 * section 9.6 (and for SuperSpeed USB 3.1 section 9.6) are made. Any thread.
 */
#pragma once

#include <glib.h>

#include "hw/usb/usb.h"

#define USB_DT_DEVICE      1
#define USB_DT_CONFIG      2
#define USB_DT_STRING      3
#define USB_DT_INTERFACE   4
#define USB_DT_ENDPOINT    5
#define USB_DT_QUALIFIER   6
#define USB_DT_OTHER_SPEED 7
#define USB_DT_BOS         15
#define USB_DT_CAPABILITY  16
#define USB_DT_COMPANION   48

#define USB_ENDPOINT_ISOCHRONOUS 1
#define USB_ENDPOINT_BULK        2
#define USB_ENDPOINT_INTERRUPT   3

#define USB_CONFIG_FIXED         0x80 /* bmAttributes: reserved, always set */
#define USB_CONFIG_SELF_POWERED  0x40
#define USB_CONFIG_REMOTE_WAKEUP 0x20

typedef struct UsbEndpoint {
    guint8 address; /* bit 7: IN */
    guint8 attributes;
    guint16 max_packet;
    guint8 interval;
    guint8 max_burst; /* SuperSpeed */
} UsbEndpoint;

typedef struct UsbInterface {
    guint8 number, alternate;
    guint8 class_code, subclass, protocol;
    guint8 endpoint_count;
    const UsbEndpoint *endpoints;
    const guint8 *extra; /* class descriptors between interface and endpoints */
    gsize extra_length;
} UsbInterface;

typedef struct UsbConfig {
    guint8 value;
    guint8 attributes;
    guint8 max_power;       /* mA / 2; SuperSpeed: mA / 8 */
    guint8 interface_count; /* entries of `interfaces`, alternate settings included */
    const UsbInterface *interfaces;
} UsbConfig;

/* At one speed. */
typedef struct UsbSpeedDescription {
    guint16 bcd_usb;
    guint16 max_packet0; /* bytes */
    const UsbConfig *config;
    guint8 protocol; /* bDeviceProtocol, where it goes with the speed */
} UsbSpeedDescription;

struct UsbDescription {
    guint16 vendor, product, bcd_device;
    guint8 class_code, subclass, protocol;
    const char *manufacturer, *product_name, *serial;       /* ASCII; NULL = has none */
    const UsbSpeedDescription *speeds[USB_SPEED_SUPER + 1]; /* by UsbSpeed; NULL = cannot */
};

/*
 * Writes the descriptor (type in the high, index in the low byte of `value`) as device `device`
 * gives it, whole, into `out` (USB_CONTROL_MAX bytes). Returns its length, 0 if there is none.
 */
guint usb_describe(const UsbDevice *device, guint value, guint8 *out);

/* The present configuration's table at the device's speed; NULL while there is none. */
const UsbConfig *usb_config(const UsbDevice *device);

/* The setting in force of an interface; NULL if there is none. */
const UsbInterface *usb_interface(const UsbDevice *device, guint number);
