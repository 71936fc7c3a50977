/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI devices and the bus they sit on (PCI Local Bus Specification 3.0).
 *
 * A PCI device's state begins with a PciDevice and its type is a PciDeviceOps, which begins with
 * a DeviceOps: device_create() and `-device` take `&x_ops.device`. Before realize the bus has
 * given it a slot and filled its configuration header from the ops; realize registers BARs,
 * capabilities and writable bits of its own. The bus maps the BARs where and when the guest says
 * and routes INTx. After a machine reset the standard header is back at its power-on values; the
 * device's own registers are its reset()'s business.
 *
 * Everything here: vm lock held, but for pci_dma_*(), which any thread may call. The bus belongs
 * to its host bridge, a BAR's region to its device.
 */
#pragma once

#include <glib.h>

#include "core/device.h"
#include "core/machine.h"
#include "hw/pci/pci-regs.h"

typedef struct PciDevice PciDevice;
typedef struct PciDeviceOps PciDeviceOps;
typedef struct PciBus PciBus;

#define PCI_PIRQS    8 /* at most: inputs of an interrupt router */
#define PCI_BARS     6
#define PCI_ROM_SLOT 6 /* index of the expansion ROM among the BARs */

/* What a BAR decodes; the values are those of its low bits. */
typedef enum PciBarType {
    PCI_BAR_MEM32 = 0x00,
    PCI_BAR_IO = 0x01,
    PCI_BAR_MEM64 = 0x04, /* takes two BARs */
    PCI_BAR_MEM32_PREFETCH = 0x08,
    PCI_BAR_MEM64_PREFETCH = 0x0c,
} PciBarType;

struct PciDeviceOps {
    DeviceOps device; /* bus = BUS_PCI; size of a struct that begins with a PciDevice */
    guint16 vendor_id, device_id;
    guint16 subsystem_vendor_id, subsystem_id; /* both 0 = 1af4:1100 */
    guint32 class_code;                        /* base, sub and prog-if: 0x030000 */
    guint8 revision;
    guint8 interrupt_pin; /* 1 = INTA ... 4 = INTD, 0 = none */
    const char *romfile;  /* default of romfile=, an expansion ROM; NULL = none */
    gboolean bridge;      /* has a type 1 header: embeds a PciBridge (pci-bridge.h) */
    /* Reads `size` (1, 2, 4) bytes at `addr`, which do not leave the configuration space. NULL =
     * pci_config_read_default(). */
    guint32 (*config_read)(PciDevice *pci, guint addr, guint size);
    /* NULL = pci_config_write_default(), which a device's own function calls first or last. */
    void (*config_write)(PciDevice *pci, guint addr, guint32 value, guint size);
};

typedef struct PciBar {
    Region *region; /* NULL = no BAR; not owned */
    Region rom;     /* the region of an expansion ROM that the bus has loaded */
    PciBarType type;
    gboolean mapped;
    guint64 addr; /* where, while mapped */
} PciBar;

/* First member of every PCI device's state. */
struct PciDevice {
    Device device;
    const PciDeviceOps *pci_ops;
    PciBus *bus;
    guint8 devfn; /* slot * 8 + function */
    gboolean multifunction;
    gboolean rombar;
    const char *romfile; /* romfile=, interned; empty = none, NULL = the ops' */
    guint8 config[PCIE_CONFIG_SIZE];
    guint8 writable[PCIE_CONFIG_SIZE];        /* bits that the guest can change */
    guint8 write_one_clear[PCIE_CONFIG_SIZE]; /* bits that writing 1 clears */
    guint8 next_capability;                   /* where the next one is put */
    guint8 msi_capability, msix_capability;   /* where they are, 0 = has none */
    guint8 express_capability;                /* likewise; with it the space has 4 KiB */
    struct Msix *msix;                        /* of the device; NULL = has none */
    gboolean irq_level;                       /* what the device says; INTx disable comes after */
    gboolean irq_asserted;                    /* what the bus sees */
    guint8 irq_pirq;                          /* router input that it holds then */
    PciBus *secondary;                        /* behind a bridge; NULL = is none */
    PciBar bars[PCI_BARS + 1];
};

struct PciBus {
    Bus bus;
    Machine *machine;
    PciDevice *bridge;       /* that the bus is behind; NULL = a host bridge */
    Region *memory, *io;     /* where BARs appear; memory is a container below system_memory */
    PciDevice *devices[256]; /* by devfn */
    gboolean express;        /* PCI Express rather than PCI */
    guint last_slot;         /* 31, or 0 on a PCI Express link */
    /* Host bridge: input of the interrupt router for a pin (0 = INTA) of a slot; of a bus behind a
     * bridge: the virtual wire 0..3. */
    guint (*map_irq)(const PciBus *bus, guint slot, guint pin);
    void *map_opaque;
    IrqLine pirq[PCI_PIRQS];     /* wired by the board to the interrupt router */
    guint pirq_count[PCI_PIRQS]; /* how many devices hold it asserted */
    /* Of a host bridge, if the board has hot-plug for buses without hardware for it: a bridge has
     * come that makes such a bus. */
    void (*found)(PciBus *behind, void *opaque);
    void *found_opaque;
};

/* State of a PciDevice: the first field of the state table of every PCI device, at offset 0. */
extern const StateTable pci_device_state;
#define PCI_DEVICE_STATE                                                   \
    {                                                                      \
        "pci", STATE_STRUCT, 0, 1, sizeof(PciDevice), 1, &pci_device_state \
    }

/* The ops of a device that is known to be a PCI device. */
static inline const PciDeviceOps *pci_device_ops(const Device *dev)
{
    return (const PciDeviceOps *)dev->ops;
}

static inline PciDevice *pci_device(Device *dev)
{
    return (PciDevice *)dev;
}

static inline guint pci_slot(const PciDevice *pci)
{
    return pci->devfn >> 3;
}

static inline guint pci_function(const PciDevice *pci)
{
    return pci->devfn & 7;
}

/* ---- for devices ---- */

/*
 * From realize: BAR `n` (0 to 5; PCI_ROM_SLOT with PCI_BAR_MEM32) decodes `region`, whose size is
 * a power of two: at least 4 for I/O, 16 for memory, 2048 for the ROM.
 */
void pci_register_bar(PciDevice *pci, guint n, PciBarType type, Region *region);

/* Where the guest has put BAR `n`, or G_MAXUINT64 while it does not decode. */
guint64 pci_bar_address(const PciDevice *pci, guint n);

/* Adds a capability of `size` bytes (its two header bytes included); returns its offset. */
guint pci_add_capability(PciDevice *pci, guint8 id, guint size);

/* Little-endian fields of the configuration space, past the write masks. */
guint16 pci_get_word(const PciDevice *pci, guint addr);
guint32 pci_get_long(const PciDevice *pci, guint addr);
void pci_set_word(PciDevice *pci, guint addr, guint16 value);
void pci_set_long(PciDevice *pci, guint addr, guint32 value);

/* Level of the device's INTx pin. */
void pci_set_irq(PciDevice *pci, gboolean level);
/* The same as a line, for parts that know nothing of PCI. */
IrqLine pci_irq_line(PciDevice *pci);

/*
 * DMA by the device. FALSE, without effect (reads: all FFh), when the guest has not made it a bus
 * master; FALSE also if a byte had nothing behind it.
 */
gboolean pci_dma_read(PciDevice *pci, guint64 addr, void *buffer, gsize length);
gboolean pci_dma_write(PciDevice *pci, guint64 addr, const void *buffer, gsize length);
gboolean pci_is_bus_master(const PciDevice *pci);

guint32 pci_config_read_default(PciDevice *pci, guint addr, guint size);
void pci_config_write_default(PciDevice *pci, guint addr, guint32 value, guint size);

/* ---- for host bridges and boards ---- */

extern const BusOps pci_bus_ops;
PciBus *pci_bus_create(Device *bridge, const char *name, Region *memory, Region *io);

/* The bus of a number as bridges are set up now, from the host bridge's on; NULL = none. */
PciBus *pci_bus_find(PciBus *root, guint number);
/* The number that the guest has given the bus. */
guint pci_bus_number(const PciBus *bus);

/* map_irq has other answers than before: asserted pins move. */
void pci_bus_reroute(PciBus *bus);
/* Drives an input of the router; each that raises it lowers it once. */
void pci_bus_drive_pirq(PciBus *bus, guint pirq, gboolean level);

/* Power-on values of the standard headers, here and behind bridges: the host bridge's reset calls
 * it. */
void pci_bus_reset(PciBus *bus);

/* Configuration cycles, `addr` below 4096; a device that is not there reads as all ones, and so
 * does one without the PCI Express capability from 256 on. */
guint32 pci_bus_config_read(PciBus *bus, guint devfn, guint addr, guint size);
void pci_bus_config_write(PciBus *bus, guint devfn, guint addr, guint32 value, guint size);

PciDevice *pci_bus_device(PciBus *bus, guint slot, guint function);

/* Level of the interrupt router's input for a slot's pin has changed: what an INTx line does. */
gboolean pci_bus_pirq_level(const PciBus *bus, guint pirq);

/* `info pci`. */
void pci_bus_info(PciBus *bus, GString *out);
/* The same for programs: QMP's [PciInfo], an aa{sv}, floating. */
GVariant *pci_bus_query(PciBus *bus);
