/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pvpanic: a register by which a guest tells that its system has crashed. On the ISA bus it is one
 * port (`ioport=`, 505h), which the firmware learns of by the file etc/pvpanic-port of fw_cfg; on
 * PCI a memory BAR. What then happens: core/action.h. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

extern const DeviceOps pvpanic_ops;
extern const PciDeviceOps pvpanic_pci_ops;

/* The port of a device of pvpanic_ops. */
guint pvpanic_port(Device *dev);
