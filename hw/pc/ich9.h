/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O controller hub ICH9: the LPC bridge at 1f.0, with interrupt routing, root complex
 * registers, ACPI power management and the TCO watchdog; and the SMBus controller at 1f.3.
 *
 * The bridge's inputs 0 to 7 are PIRQA to PIRQH; its lines 0 to 23 are global system interrupts,
 * which the board wires to the interrupt controllers. Vm lock held.
 */
#pragma once

#include "hw/isa/isa.h"
#include "hw/pc/acpi-info.h"
#include "hw/pc/acpi-sleep.h"
#include "hw/pc/pci-hotplug.h"
#include "hw/pci/pci-host.h"

#define ICH9_LPC_DEVFN (31 << 3)

extern const PciDeviceOps ich9_lpc_ops, ich9_smbus_ops;

IsaBus *ich9_lpc_isa_bus(Device *dev);

/* Puts the reset control register behind the host bridge's port CF8h. */
void ich9_lpc_connect_host(Device *dev, PciHost *host);

/* Has its registers route the pins of the root bus: for the bus's map_irq, with the bridge as its
 * map_opaque. */
guint ich9_lpc_map_irq(const PciBus *bus, guint slot, guint pin);

/* Input n of the global system interrupts, 0 to 23, for board devices. */
IrqLine ich9_lpc_gsi(Device *dev, guint n);

/* Sets the status bit of a general purpose event, 0 to 63, which asks for the SCI if the guest has
 * enabled it. */
void ich9_lpc_raise_gpe(Device *dev, guint n);

const AcpiSleep *ich9_lpc_sleep(const Device *dev);
const PciHotplug *ich9_lpc_hotplug(const Device *dev);

/* Fills the fields of what is in the bridge. */
void ich9_lpc_acpi_info(const Device *dev, AcpiInfo *info);
