/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the USB core: usb.c (ports, packets, bus) and usb-control.c (endpoint 0). Vm
 * lock held. */
#pragma once

#include "hw/usb/usb.h"

/* A packet to endpoint 0: never pending. */
UsbStatus usb_control_packet(UsbDevice *device, UsbPacket *packet);

/* Into the default state, with address 0; kept packets are over. */
void usb_device_bus_reset(UsbDevice *device);

/* `address` has bit 7 set for IN. */
void usb_halt_endpoint(UsbDevice *device, guint address, gboolean halt);

/* Takes back every packet that the device keeps; `tell`: completed with USB_NO_DEVICE. */
void usb_cancel_pending(UsbDevice *device, gboolean tell);
