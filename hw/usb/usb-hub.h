/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "usb-hub": eight ports more (USB 2.0, chapter 11), at full or high speed. Vm lock held. */
#pragma once

#include "hw/usb/usb.h"

extern const UsbDeviceOps usb_hub_ops;
