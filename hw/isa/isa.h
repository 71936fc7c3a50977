/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus: 64 KiB of ports, 16 MiB of memory and 16 interrupt lines shared by its cards.
 *
 * An ISA device is a plain Device whose ops say BUS_ISA. Most publish one region and one line and
 * leave it to the bus to put them where `iobase=` and `irq=` say, or else at the usual place of
 * their kind (isa_default_resources()). A card with fixed addresses (a VGA) puts its regions there
 * itself with isa_map_ports() and isa_map_memory(). Everything is taken off the bus before
 * unrealize. Vm lock held; the bus belongs to its bridge.
 */
#pragma once

#include <glib.h>

#include "core/device.h"

#define ISA_IRQS 16

/* Where a card of some kind usually sits; `iobase` 0 ends a list. */
typedef struct IsaResources {
    guint iobase;
    guint irq; /* 0 = none */
} IsaResources;

typedef struct IsaBus {
    Bus bus;
    Region *memory, *io;       /* not owned */
    IrqLine irqs[ISA_IRQS];    /* wired by the board */
    guint irq_count[ISA_IRQS]; /* how many cards hold it up */
    GPtrArray *cards;          /* of IsaCard, owned; private to isa.c */
    Device *dma; /* i8237.h: serves the bus's DMA channels; NULL = none. The board's */
} IsaBus;

extern const BusOps isa_bus_ops;
IsaBus *isa_bus_create(Device *bridge, const char *name, Region *memory, Region *io);

/* The bus that the device is plugged into. */
IsaBus *isa_bus(Device *dev);

/* ---- from a device's realize ---- */

/*
 * The usual places: without iobase= the first whose iobase no other card uses is taken, and fails
 * when there is none; with iobase= its entry gives the default of irq=. Lists must outlive the
 * device. Without this call a card has no default place.
 */
gboolean isa_default_resources(Device *dev, const IsaResources *choices, GError **error);

/* Puts a region at a fixed place, besides the published region 0. */
void isa_map_ports(Device *dev, guint port, Region *region);
void isa_map_memory(Device *dev, guint64 addr, Region *region);

/* The place in use: 0 = none. */
guint isa_iobase(Device *dev);
guint isa_irq(Device *dev);
