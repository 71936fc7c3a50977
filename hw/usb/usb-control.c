/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoint 0: control transfers (USB 2.0, 8.5.3) and the standard requests (9.4). */
#include <string.h>

#include "core/error.h"
#include "hw/usb/usb-desc.h"
#include "hw/usb/usb-priv.h"

/* ---- states ---- */

void usb_halt_endpoint(UsbDevice *device, guint address, gboolean halt)
{
    guint16 bit = (guint16)(1u << (address & 15));
    guint16 *halted = address & 0x80 ? &device->halted_in : &device->halted_out;

    *halted = halt ? *halted | bit : *halted & ~bit;
}

static void tell_configured(UsbDevice *device)
{
    if (usb_device_ops(device)->configured) {
        usb_device_ops(device)->configured(device);
    }
}

static void set_configuration(UsbDevice *device, guint8 value)
{
    usb_cancel_pending(device, TRUE);
    device->configuration = value;
    device->state =
        value ? USB_STATE_CONFIGURED : (device->address ? USB_STATE_ADDRESSED : USB_STATE_DEFAULT);
    device->halted_in = device->halted_out = 0;
    memset(device->alternate, 0, sizeof device->alternate);
    tell_configured(device);
}

void usb_device_bus_reset(UsbDevice *device)
{
    device->address = 0;
    device->address_pending = FALSE;
    device->remote_wakeup = FALSE;
    device->suspended = FALSE;
    device->stage = USB_STAGE_IDLE;
    set_configuration(device, 0);
    device->state = USB_STATE_DEFAULT;
    if (usb_device_ops(device)->bus_reset) {
        usb_device_ops(device)->bus_reset(device);
    }
}

/* ---- standard requests; FALSE = stall ---- */

static gboolean get_status(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length)
{
    const UsbConfig *config = usb_config(device);
    guint status = 0;

    switch (setup->request_type & USB_REQUEST_RECIPIENT) {
    case USB_TO_DEVICE:
        status = (config && config->attributes & USB_CONFIG_SELF_POWERED ? 1 : 0) |
                 (device->remote_wakeup ? 2 : 0);
        break;
    case USB_TO_INTERFACE:
        if (!usb_interface(device, setup->index)) {
            return FALSE;
        }
        break;
    case USB_TO_ENDPOINT:
        if ((setup->index & 15) && !usb_find_endpoint(device, setup->index)) {
            return FALSE;
        }
        status =
            (setup->index & 0x80 ? device->halted_in : device->halted_out) >> (setup->index & 15) &
            1;
        break;
    default: return FALSE;
    }
    data[0] = (guint8)status;
    data[1] = 0;
    *length = 2;
    return TRUE;
}

static gboolean set_feature(UsbDevice *device, const UsbSetup *setup, gboolean on)
{
    guint recipient = setup->request_type & USB_REQUEST_RECIPIENT;
    const UsbConfig *config = usb_config(device);

    if (recipient == USB_TO_DEVICE && setup->value == USB_FEATURE_REMOTE_WAKEUP) {
        device->remote_wakeup = on && config && config->attributes & USB_CONFIG_REMOTE_WAKEUP;
        return TRUE;
    }
    if (recipient == USB_TO_ENDPOINT && setup->value == USB_FEATURE_ENDPOINT_HALT) {
        if (setup->index & 15) {
            if (!usb_find_endpoint(device, setup->index)) {
                return FALSE;
            }
            usb_halt_endpoint(device, setup->index, on);
        }
        return TRUE;
    }
    /* SuperSpeed: U1, U2 and function suspend change nothing here. */
    return device->speed == USB_SPEED_SUPER && recipient != USB_TO_ENDPOINT;
}

static gboolean set_address(UsbDevice *device, const UsbSetup *setup)
{
    if (setup->value > 127 || device->configuration) {
        return FALSE;
    }
    device->new_address = (guint8)setup->value;
    device->address_pending = TRUE;
    return TRUE;
}

static gboolean get_descriptor(UsbDevice *device, const UsbSetup *setup, guint8 *data,
                               guint *length)
{
    *length = usb_describe(device, setup->value, data);
    return *length != 0;
}

static gboolean choose_configuration(UsbDevice *device, const UsbSetup *setup)
{
    const UsbDescription *description = usb_device_ops(device)->description;
    guint8 value = (guint8)setup->value;

    if (device->state < USB_STATE_ADDRESSED ||
        (value && value != description->speeds[device->speed]->config->value)) {
        return FALSE;
    }
    set_configuration(device, value);
    return TRUE;
}

static gboolean get_interface(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length)
{
    if (!usb_interface(device, setup->index)) {
        return FALSE;
    }
    data[0] = device->alternate[setup->index];
    *length = 1;
    return TRUE;
}

static gboolean set_interface(UsbDevice *device, const UsbSetup *setup)
{
    guint8 before;

    if (!usb_interface(device, setup->index)) {
        return FALSE;
    }
    before = device->alternate[setup->index];
    device->alternate[setup->index] = (guint8)setup->value;
    if (setup->value > 0xff || !usb_interface(device, setup->index)) {
        device->alternate[setup->index] = before;
        return FALSE;
    }
    tell_configured(device);
    return TRUE;
}

/* TRUE if it is a request of chapter 9 that is answered here; `*good` tells how. */
static gboolean standard_request(UsbDevice *device, const UsbSetup *setup, guint8 *data,
                                 guint *length, gboolean *good)
{
    guint recipient = setup->request_type & USB_REQUEST_RECIPIENT;

    switch ((setup->request_type & USB_REQUEST_IN) << 8 | setup->request) {
    case USB_REQUEST_IN << 8 | USB_GET_STATUS:
        *good = get_status(device, setup, data, length);
        return TRUE;
    case USB_CLEAR_FEATURE: *good = set_feature(device, setup, FALSE); return TRUE;
    case USB_SET_FEATURE: *good = set_feature(device, setup, TRUE); return TRUE;
    case USB_SET_ADDRESS: *good = set_address(device, setup); return TRUE;
    case USB_REQUEST_IN << 8 | USB_GET_DESCRIPTOR:
        if (recipient != USB_TO_DEVICE) {
            return FALSE; /* of the class: HID reports */
        }
        *good = get_descriptor(device, setup, data, length);
        return TRUE;
    case USB_REQUEST_IN << 8 | USB_GET_CONFIGURATION:
        data[0] = device->configuration;
        *length = 1;
        *good = TRUE;
        return TRUE;
    case USB_SET_CONFIGURATION: *good = choose_configuration(device, setup); return TRUE;
    case USB_REQUEST_IN << 8 | USB_GET_INTERFACE:
        *good = get_interface(device, setup, data, length);
        return TRUE;
    case USB_SET_INTERFACE: *good = set_interface(device, setup); return TRUE;
    case USB_SET_SEL:
    case USB_SET_ISOCH_DELAY: *good = device->speed == USB_SPEED_SUPER; return TRUE;
    default: return FALSE;
    }
}

static gboolean run_request(UsbDevice *device, const UsbSetup *setup, guint *length)
{
    gboolean good = FALSE;

    if ((setup->request_type & USB_REQUEST_TYPE) == USB_REQUEST_STANDARD &&
        standard_request(device, setup, device->control_data, length, &good)) {
        return good;
    }
    return usb_device_ops(device)->control &&
           usb_device_ops(device)->control(device, setup, device->control_data, length);
}

/* ---- stages ---- */

static UsbSetup parse_setup(const guint8 *bytes)
{
    return (UsbSetup){
        .request_type = bytes[0],
        .request = bytes[1],
        .value = (guint16)(bytes[2] | bytes[3] << 8),
        .index = (guint16)(bytes[4] | bytes[5] << 8),
        .length = (guint16)(bytes[6] | bytes[7] << 8),
    };
}

/* The setup transaction itself is always acknowledged; a request that cannot be carried out
 * stalls the stage after it. */
static UsbStatus setup_stage(UsbDevice *device, UsbPacket *packet)
{
    UsbSetup setup;
    guint length = 0;

    if (packet->length != USB_SETUP_SIZE) {
        return USB_STALL;
    }
    memcpy(device->setup_bytes, packet->data, USB_SETUP_SIZE);
    packet->actual = USB_SETUP_SIZE;
    setup = parse_setup(packet->data);
    device->control_done = 0;
    device->address_pending = FALSE;
    if (!setup.length) {
        device->control_length = 0;
        device->stage = USB_STAGE_STATUS_IN;
    } else if (setup.request_type & USB_REQUEST_IN) {
        memset(device->control_data, 0, MIN(setup.length, USB_CONTROL_MAX));
        device->stage =
            run_request(device, &setup, &length) ? USB_STAGE_DATA_IN : USB_STAGE_STALLED;
        device->control_length = MIN(length, setup.length);
    } else {
        device->control_length = setup.length;
        device->stage = setup.length <= USB_CONTROL_MAX ? USB_STAGE_DATA_OUT : USB_STAGE_STALLED;
    }
    return USB_OK;
}

/* The status stage of a transfer that was OUT, or had no data: now it is carried out. */
static UsbStatus finish_out(UsbDevice *device)
{
    UsbSetup setup = parse_setup(device->setup_bytes);
    guint length = device->control_length;
    gboolean good = device->control_done == device->control_length;

    device->stage = USB_STAGE_IDLE;
    if (!good || !run_request(device, &setup, &length)) {
        device->stage = USB_STAGE_STALLED;
        return USB_STALL;
    }
    if (device->address_pending) {
        device->address_pending = FALSE;
        device->address = device->new_address;
        device->state = device->address ? USB_STATE_ADDRESSED : USB_STATE_DEFAULT;
    }
    return USB_OK;
}

static UsbStatus in_stage(UsbDevice *device, UsbPacket *packet)
{
    switch (device->stage) {
    case USB_STAGE_DATA_IN:
        packet->actual = MIN(packet->length, device->control_length - device->control_done);
        if (packet->actual) {
            memcpy(packet->data, device->control_data + device->control_done, packet->actual);
        }
        device->control_done += packet->actual;
        return USB_OK;
    case USB_STAGE_DATA_OUT:
    case USB_STAGE_STATUS_IN: return finish_out(device);
    default: return USB_STALL;
    }
}

static UsbStatus out_stage(UsbDevice *device, UsbPacket *packet)
{
    switch (device->stage) {
    case USB_STAGE_DATA_IN: /* the host has all that it wants */
        device->stage = USB_STAGE_IDLE;
        return USB_OK;
    case USB_STAGE_DATA_OUT:
        if (packet->length > device->control_length - device->control_done) {
            device->stage = USB_STAGE_STALLED;
            return USB_STALL;
        }
        if (packet->length) {
            memcpy(device->control_data + device->control_done, packet->data, packet->length);
        }
        device->control_done += packet->length;
        packet->actual = packet->length;
        return USB_OK;
    default: return USB_STALL;
    }
}

UsbStatus usb_control_packet(UsbDevice *device, UsbPacket *packet)
{
    switch (packet->token) {
    case USB_TOKEN_SETUP: return setup_stage(device, packet);
    case USB_TOKEN_IN: return in_stage(device, packet);
    default: return out_stage(device, packet);
    }
}

/* ---- saved state ---- */

static gboolean device_loaded(void *object, GError **error)
{
    UsbDevice *device = object;

    if (device->state > USB_STATE_CONFIGURED || device->stage > USB_STAGE_STALLED ||
        device->control_length > USB_CONTROL_MAX || device->control_done > device->control_length ||
        device->address > 127) {
        return error_set(error, "saved state of a USB device is damaged");
    }
    return TRUE;
}

static const StateField device_fields[] = {
    STATE_FIELD(U32, UsbDevice, state),          STATE_FIELD(U8, UsbDevice, address),
    STATE_FIELD(U8, UsbDevice, new_address),     STATE_FIELD(BOOL, UsbDevice, address_pending),
    STATE_FIELD(U8, UsbDevice, configuration),   STATE_ARRAY(U8, UsbDevice, alternate),
    STATE_FIELD(U16, UsbDevice, halted_in),      STATE_FIELD(U16, UsbDevice, halted_out),
    STATE_FIELD(BOOL, UsbDevice, remote_wakeup), STATE_FIELD(BOOL, UsbDevice, suspended),
    STATE_FIELD(U32, UsbDevice, stage),          STATE_ARRAY(U8, UsbDevice, setup_bytes),
    STATE_FIELD(U32, UsbDevice, control_length), STATE_FIELD(U32, UsbDevice, control_done),
    STATE_ARRAY(U8, UsbDevice, control_data),    STATE_END,
};

const StateTable usb_device_state = {1, device_fields, device_loaded};
