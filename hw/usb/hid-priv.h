/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the HID devices share: the class requests, the endpoint, polling and idle rate. Vm lock
 * held. */
#pragma once

#include "core/input.h"
#include "hw/usb/usb-desc.h"
#include "hw/usb/usb.h"

#define HID_REPORT_MAX 8

#define HID_PROTOCOL_BOOT   0
#define HID_PROTOCOL_REPORT 1

typedef struct HidDevice HidDevice;

/* What one kind of device adds. All required but set_output. */
typedef struct HidOps {
    const InputSinkOps *sink;
    const guint8 *report_descriptor;
    gsize report_descriptor_size;
    gboolean boot;       /* has a boot protocol */
    guint8 idle_default; /* units of 4 ms */
    /* Is there something that the guest does not know? */
    gboolean (*pending)(HidDevice *hid);
    /* Fills a report with the oldest of it, or with the present state; returns its length. */
    guint (*report)(HidDevice *hid, guint8 *out);
    /* The present state, changing nothing (GET_REPORT). */
    guint (*peek)(HidDevice *hid, guint8 *out);
    void (*set_output)(HidDevice *hid, const guint8 *data, guint length); /* NULL = has none */
    void (*forget)(HidDevice *hid); /* reset: nothing is held or pending */
} HidOps;

struct HidDevice {
    UsbDevice usb;
    const HidOps *ops;
    InputSink *sink;
    gboolean taken; /* a driver polls it */
    guint8 protocol;
    guint8 idle;  /* units of 4 ms, 0 = report changes only */
    Timer repeat; /* until the same report is sent again */
};

/* The class descriptor inside the configuration (6.2.1), for a report descriptor of that size. */
#define HID_DESCRIPTOR(size) 9, 0x21, 0x11, 0x01, 0, 1, 0x22, (size)&0xff, (size) >> 8

/* From realize and unrealize of each kind. */
void hid_init(HidDevice *hid, const HidOps *ops);
void hid_finish(HidDevice *hid);

/* Something is pending now: tells the host. */
void hid_changed(HidDevice *hid);

/* Callbacks of UsbDeviceOps. */
void hid_bus_reset(UsbDevice *device);
void hid_configured(UsbDevice *device);
gboolean hid_control(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length);
UsbStatus hid_transfer(UsbDevice *device, UsbPacket *packet);
gboolean hid_is_urgent(UsbDevice *device);

/* State of a HidDevice, at offset 0: the first field of each kind's table. */
extern const StateTable hid_state;
#define HID_DEVICE_STATE                                            \
    {                                                               \
        "hid", STATE_STRUCT, 0, 1, sizeof(HidDevice), 1, &hid_state \
    }
