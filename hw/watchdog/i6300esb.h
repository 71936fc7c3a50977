/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog of the Intel 6300ESB I/O controller hub, a PCI function of its own with two stages:
 * the first ends in an interrupt, the second in what -action watchdog= says. It counts guest time.
 *
 * BAR 0 = 16 bytes of registers. The interrupt of the first stage, of an interrupt controller that
 * no board here has, shows in its status bit only. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"

extern const PciDeviceOps i6300esb_ops;
