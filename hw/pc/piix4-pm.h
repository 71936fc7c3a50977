/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power management function of the 82371AB (PIIX4) at 01.3: ACPI fixed hardware and general
 * purpose events, the APM ports B2h/B3h, and an SMBus host controller with nothing on its bus.
 *
 * Line 0 = SCI (ISA interrupt 9 on the PC). The power button follows MACHINE_EVENT_POWERDOWN. The
 * S5 state and S4 end the machine, S3 suspends it: the RTC's alarm, a key or button, the power
 * button and a monitor wake it. Vm lock held.
 */
#pragma once

#include "hw/pc/acpi-info.h"
#include "hw/pci/pci.h"

extern const PciDeviceOps piix4_pm_ops;

/* For the firmware (etc/system-states): a byte for each state S0 to S5, SLP_TYP and in bit 7
 * whether it is offered. */
#define PIIX4_PM_SLEEP_STATES 6
void piix4_pm_sleep_states(Device *dev, guint8 states[PIIX4_PM_SLEEP_STATES]);

/* Fills the fixed hardware's fields. */
void piix4_pm_acpi_info(const Device *dev, AcpiInfo *info);
