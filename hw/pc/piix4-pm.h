/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power management function of the 82371AB (PIIX4) at 01.3: ACPI fixed hardware and general
 * purpose events, the APM ports B2h/B3h, and an SMBus host controller with nothing on its bus.
 *
 * Line 0 = SCI (ISA interrupt 9 on the PC). Vm lock held.
 */
#pragma once

#include "hw/pc/acpi-info.h"
#include "hw/pc/acpi-sleep.h"
#include "hw/pc/pci-hotplug.h"
#include "hw/pci/pci.h"

extern const PciDeviceOps piix4_pm_ops;

const AcpiSleep *piix4_pm_sleep(const Device *dev);
const PciHotplug *piix4_pm_hotplug(const Device *dev);

/* Fills the fixed hardware's fields. */
void piix4_pm_acpi_info(const Device *dev, AcpiInfo *info);
