/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDE: host controllers (PIIX3's on PCI, plain ones on ISA), their channels, and the disks and
 * CD-ROMs on them (ATA/ATAPI-6, MMC-3). What boards need to know.
 *
 * A controller has one or two channels, each a bus of kind BUS_IDE with units 0 and 1. It publishes
 * one interrupt line a channel. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/device.h"
#include "hw/pci/pci.h"

/*
 * Function 1 of the PIIX3: two channels at their fixed ports (1F0h/3F6h and 170h/376h), decoded
 * when the guest enables them in IDETIM, and bus-master DMA behind BAR 4. The board wires the
 * published lines 0 and 1 to ISA IRQ 14 and 15.
 */
extern const PciDeviceOps piix3_ide_ops;

/* One channel on the ISA bus (iobase=, iobase2=, irq=), without DMA. */
extern const DeviceOps isa_ide_ops;

/* Units of a channel. */
extern const DeviceOps ide_hd_ops, ide_cd_ops;

extern const BusOps ide_bus_ops;

/* Channel `n` of a controller, NULL if there is none. */
Bus *ide_bus(Device *controller, guint n);

/*
 * Makes the devices for the drives of machine->blocks with if=ide: bus `first_bus` + n goes to the
 * controller's channel n.
 */
gboolean ide_create_drives(Device *controller, guint first_bus, GError **error);

/* How a BIOS shall translate a disk's geometry for INT 13h, as in CMOS 39h and 3Ah. */
typedef enum IdeTranslation {
    IDE_TRANSLATION_NONE,
    IDE_TRANSLATION_LBA,
    IDE_TRANSLATION_LARGE,
    IDE_TRANSLATION_RECHS,
} IdeTranslation;

typedef struct IdeGeometry {
    guint cylinders, heads, sectors;
    IdeTranslation translation;
} IdeGeometry;

/* The geometry of the disk at `unit` of channel `n`; FALSE if there is no disk. */
gboolean ide_geometry(Device *controller, guint n, guint unit, IdeGeometry *geometry);

/* The channel (of AHCI the port), unit and bootindex= (-1 = none) of an ATA device; FALSE for other
 * devices. */
gboolean ide_boot_place(Device *dev, guint *channel, guint *unit, gint64 *bootindex);
