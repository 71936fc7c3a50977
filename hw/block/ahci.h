/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AHCI: a Serial ATA host controller on PCI with six ports ("Serial ATA AHCI 1.3.1 Specification"),
 * each a bus of kind BUS_IDE that takes one disk or CD-ROM of hw/block/ide.h. Commands and media
 * are those devices'; native command queuing is added here. Vm lock held.
 */
#pragma once

#include "hw/block/ide.h"

/* As in Intel's ICH9. */
extern const PciDeviceOps ich9_ahci_ops;
