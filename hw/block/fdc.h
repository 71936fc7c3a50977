/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floppy disk controller of a PC/AT (Intel 82077AA) and its drives. What boards need to know.
 *
 * The controller sits on the ISA bus (3F0h, IRQ 6, DMA channel 2) and has one bus of kind
 * BUS_FLOPPY with units 0 and 1. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/device.h"

#define BUS_FLOPPY "floppy-bus"

#define FDC_DRIVES 2

/* As the options' words say: 144, 288, 120, none, auto. */
typedef enum FloppyType {
    FLOPPY_144,
    FLOPPY_288,
    FLOPPY_120,
    FLOPPY_NONE,
    FLOPPY_AUTO,
} FloppyType;

extern const DeviceOps isa_fdc_ops;
extern const DeviceOps floppy_ops;
extern const BusOps floppy_bus_ops;

/* Makes the devices for the drives of machine->blocks with if=floppy. */
gboolean fdc_create_drives(Device *fdc, GError **error);

/* The kind of drive at `unit`; FLOPPY_NONE if there is none. */
FloppyType fdc_drive_type(Device *fdc, guint unit);

/* The unit and place in the boot order (-1 = none) of a floppy drive; FALSE for other devices. */
gboolean fdc_boot_place(Device *dev, guint *unit, gint64 *bootindex);
