/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "usb-storage": a memory stick (Mass Storage Class, Bulk-Only Transport 1.0) with a drive's
 * medium. Vm lock held.
 */
#pragma once

#include "hw/usb/usb.h"

extern const UsbDeviceOps usb_storage_ops;

/* Its bootindex=, -1 = none; FALSE for other devices. */
gboolean usb_storage_boot_index(const Device *dev, gint64 *index);
