/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB input devices (Device Class Definition for HID 1.11): keyboard, mouse and tablet, each with
 * one interrupt endpoint. A driver that polls the endpoint has taken the device: from then on it
 * gets the events that fit it, until it is reset, unconfigured or unplugged. Vm lock held.
 */
#pragma once

#include "hw/usb/usb.h"

extern const UsbDeviceOps usb_kbd_ops;
extern const UsbDeviceOps usb_mouse_ops;
extern const UsbDeviceOps usb_tablet_ops; /* absolute: the pointer needs no grab */
