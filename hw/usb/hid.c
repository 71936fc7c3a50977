/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "hw/usb/hid-priv.h"

/* Class requests (7.2). */
#define GET_REPORT   1
#define GET_IDLE     2
#define GET_PROTOCOL 3
#define SET_REPORT   9
#define SET_IDLE     10
#define SET_PROTOCOL 11

#define REPORT_INPUT  1
#define REPORT_OUTPUT 2

#define DT_HID    0x21
#define DT_REPORT 0x22

#define IDLE_UNIT (4 * NS_PER_MS)

/* ---- reports ---- */

static void arm_repeat(HidDevice *hid)
{
    if (hid->idle) {
        timer_set_after(&hid->repeat, hid->idle * IDLE_UNIT);
    } else {
        timer_cancel(&hid->repeat);
    }
}

static void repeat_due(void *opaque)
{
    HidDevice *hid = opaque;

    if (usb_is_configured(&hid->usb) && !hid->usb.suspended) {
        usb_endpoint_ready(&hid->usb, USB_TOKEN_IN, 1);
    }
}

void hid_changed(HidDevice *hid)
{
    if (hid->taken) {
        usb_endpoint_ready(&hid->usb, USB_TOKEN_IN, 1);
    }
}

UsbStatus hid_transfer(UsbDevice *device, UsbPacket *packet)
{
    HidDevice *hid = (HidDevice *)device;
    guint8 report[HID_REPORT_MAX];
    guint length;

    if (!hid->taken) {
        hid->taken = TRUE;
        input_sink_set_active(hid->sink, TRUE);
    }
    /* With an idle rate the timer not pending means that the report is due again. */
    if (!hid->ops->pending(hid) && (!hid->idle || timer_pending(&hid->repeat))) {
        return USB_NAK;
    }
    length = hid->ops->report(hid, report);
    arm_repeat(hid);
    packet->actual = MIN(length, packet->length);
    memcpy(packet->data, report, packet->actual);
    return length > packet->length ? USB_BABBLE : USB_OK;
}

gboolean hid_is_urgent(UsbDevice *device)
{
    HidDevice *hid = (HidDevice *)device;

    return hid->ops->pending(hid);
}

/* ---- requests ---- */

static gboolean get_class_descriptor(HidDevice *hid, const UsbSetup *setup, guint8 *data,
                                     guint *length)
{
    const UsbInterface *interface =
        &usb_device_ops(&hid->usb)->description->speeds[hid->usb.speed]->config->interfaces[0];

    switch (setup->value >> 8) {
    case DT_HID:
        memcpy(data, interface->extra, interface->extra_length);
        *length = (guint)interface->extra_length;
        return TRUE;
    case DT_REPORT:
        memcpy(data, hid->ops->report_descriptor, hid->ops->report_descriptor_size);
        *length = (guint)hid->ops->report_descriptor_size;
        return TRUE;
    default: return FALSE;
    }
}

static gboolean get_byte(guint8 byte, guint8 *data, guint *length)
{
    data[0] = byte;
    *length = 1;
    return TRUE;
}

static gboolean set_report(HidDevice *hid, const UsbSetup *setup, const guint8 *data, guint length)
{
    if (setup->value >> 8 != REPORT_OUTPUT || !hid->ops->set_output || !length) {
        return FALSE;
    }
    hid->ops->set_output(hid, data, length);
    return TRUE;
}

static gboolean set_protocol(HidDevice *hid, const UsbSetup *setup)
{
    if (!hid->ops->boot || setup->value > HID_PROTOCOL_REPORT) {
        return FALSE;
    }
    hid->protocol = (guint8)setup->value;
    return TRUE;
}

gboolean hid_control(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length)
{
    HidDevice *hid = (HidDevice *)device;

    if ((setup->request_type & USB_REQUEST_RECIPIENT) != USB_TO_INTERFACE || setup->index != 0) {
        return FALSE;
    }
    switch ((setup->request_type & ~USB_REQUEST_RECIPIENT) << 8 | setup->request) {
    case USB_REQUEST_IN << 8 | USB_GET_DESCRIPTOR:
        return get_class_descriptor(hid, setup, data, length);
    case (USB_REQUEST_IN | USB_REQUEST_CLASS) << 8 | GET_REPORT:
        *length = setup->value >> 8 == REPORT_INPUT ? hid->ops->peek(hid, data) : 0;
        return *length != 0;
    case (USB_REQUEST_IN | USB_REQUEST_CLASS) << 8 | GET_IDLE:
        return get_byte(hid->idle, data, length);
    case (USB_REQUEST_IN | USB_REQUEST_CLASS) << 8 | GET_PROTOCOL:
        return hid->ops->boot && get_byte(hid->protocol, data, length);
    case USB_REQUEST_CLASS << 8 | SET_REPORT: return set_report(hid, setup, data, *length);
    case USB_REQUEST_CLASS << 8 | SET_IDLE:
        hid->idle = (guint8)(setup->value >> 8);
        arm_repeat(hid);
        return TRUE;
    case USB_REQUEST_CLASS << 8 | SET_PROTOCOL: return set_protocol(hid, setup);
    default: return FALSE;
    }
}

/* ---- lifecycle ---- */

static void let_go(HidDevice *hid)
{
    if (hid->taken) {
        hid->taken = FALSE;
        input_sink_set_active(hid->sink, FALSE);
    }
    timer_cancel(&hid->repeat);
    hid->ops->forget(hid);
}

void hid_bus_reset(UsbDevice *device)
{
    HidDevice *hid = (HidDevice *)device;

    let_go(hid);
    hid->protocol = HID_PROTOCOL_REPORT;
    hid->idle = hid->ops->idle_default;
}

void hid_configured(UsbDevice *device)
{
    let_go((HidDevice *)device);
}

void hid_init(HidDevice *hid, const HidOps *ops)
{
    Machine *machine = hid->usb.device.machine;

    hid->ops = ops;
    hid->protocol = HID_PROTOCOL_REPORT;
    hid->idle = ops->idle_default;
    timer_init(&hid->repeat, machine->guest_clock, repeat_due, hid);
    hid->sink = input_sink_add(machine->input, ops->sink, hid);
    input_sink_set_active(hid->sink, FALSE);
}

void hid_finish(HidDevice *hid)
{
    timer_cancel(&hid->repeat);
    input_sink_remove(hid->sink);
}

static gboolean hid_loaded(void *object, GError **error)
{
    HidDevice *hid = object;

    input_sink_set_active(hid->sink, hid->taken);
    return TRUE;
}

static const StateField hid_fields[] = {
    USB_DEVICE_STATE,
    STATE_FIELD(BOOL, HidDevice, taken),
    STATE_FIELD(U8, HidDevice, protocol),
    STATE_FIELD(U8, HidDevice, idle),
    STATE_FIELD(TIMER, HidDevice, repeat),
    STATE_END,
};

const StateTable hid_state = {1, hid_fields, hid_loaded};
