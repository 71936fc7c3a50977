/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 440FX PCIset, 82441FX PMC and 82442FX DBX datasheet, May 1996 (order 290549). */
#include "hw/pc/i440fx.h"

#include <string.h>

#define PMCCFG  0x50 /* PMC configuration, 2 bytes */
#define DETURBO 0x52
#define DBC     0x53 /* data buffer control */
#define AXC     0x54 /* auxiliary control */
#define DRT     0x55 /* DRAM row type, 2 bytes */
#define DRAMC   0x57
#define DRAMT   0x58
#define PAM0    0x59 /* to 5Fh */
#define DRB     0x60 /* DRAM row boundaries, 8 bytes */
#define FDHC    0x68 /* fixed DRAM hole */
#define MTT     0x70
#define CLT     0x71
#define SMRAM   0x72
#define ERRCMD  0x90
#define ERRSTS  0x91

typedef struct I440fx {
    PciDevice pci;
    Pam pam;
    Region *ram; /* starts at address 0; the board's */
} I440fx;

typedef struct I440fxHost {
    PciHostDevice host;
    I440fx *bridge;
} I440fxHost;

/* ---- the PCI device at 00.0 ---- */

static void update_memory(I440fx *bridge)
{
    pam_set_registers(&bridge->pam, bridge->pci.config + PAM0, bridge->pci.config[SMRAM]);
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    I440fx *bridge = (I440fx *)pci;
    guint8 old = pci->config[SMRAM];

    pci_config_write_default(pci, addr, value, size);
    if (addr <= SMRAM && addr + size > SMRAM) {
        pci->config[SMRAM] = pam_smram_written(old, (guint8)(value >> (8 * (SMRAM - addr))));
    }
    if (addr + size > PAM0 && addr <= SMRAM) {
        update_memory(bridge);
    }
}

static void reset(Device *dev)
{
    I440fx *bridge = (I440fx *)dev;
    guint8 *config = bridge->pci.config;

    if (dev->machine->waking) {
        return; /* it has kept memory alive, and what of it is seen where */
    }
    memset(config + PMCCFG, 0, 0x100 - PMCCFG);
    config[DBC] = 0x83;
    config[DRAMC] = 0x01;
    config[DRAMT] = 0x10;
    memset(config + DRB, 0x01, 8);
    config[SMRAM] = PAM_SMRAM_DEFAULT;
    if (bridge->ram) {
        update_memory(bridge);
    }
}

static gboolean realize(Device *dev, GError **error)
{
    PciDevice *pci = pci_device(dev);

    pci_set_word(pci, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM | PCI_STATUS_FAST_BACK);
    /* Memory decoding and bus mastering are hard-wired on (3.2.3). */
    pci_set_word(pci, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci->writable[PCI_COMMAND] = PCI_COMMAND_PARITY;
    pci->writable[PCI_COMMAND + 1] = PCI_COMMAND_SERR >> 8;
    pci->writable[PCI_CACHE_LINE_SIZE] = 0;
    pci->writable[PCI_INTERRUPT_LINE] = 0;
    memset(pci->writable + PMCCFG, 0xff, SMRAM - PMCCFG);
    for (guint i = 0; i < 7; i++) {
        pci->writable[PAM0 + i] = i ? 0x33 : 0x30;
    }
    pci->writable[SMRAM] = 0xff;
    pci->writable[ERRCMD] = 0xff;
    pci->write_one_clear[ERRSTS] = 0xff;
    return TRUE;
}

static void unrealize(Device *dev)
{
    I440fx *bridge = (I440fx *)dev;

    if (bridge->ram) {
        pam_finish(&bridge->pam);
    }
}

/* The RAM comes after realize, since no option can carry it. */
static void connect_ram(I440fx *bridge, Region *ram)
{
    bridge->ram = ram;
    pam_init(&bridge->pam, bridge->pci.device.machine, ram, bridge->pci.bus->memory);
    update_memory(bridge);
}

static gboolean state_loaded(void *object, GError **error)
{
    update_memory(object);
    return TRUE;
}

static const StateField state_fields[] = {PCI_DEVICE_STATE, STATE_END};
static const StateTable i440fx_state = {1, state_fields, state_loaded};

/* ---- the host side ---- */

/* PIRQA-D rotate with the slot, such that slot 1 has INTA on PIRQA as on Intel's boards. */
static guint map_irq(const PciBus *bus, guint slot, guint pin)
{
    return (slot + pin - 1) & 3;
}

static gboolean host_realize(Device *dev, GError **error)
{
    PciHostDevice *host = (PciHostDevice *)dev;

    pci_host_realize(host, "pci.0");
    host->host.bus->map_irq = map_irq;
    return TRUE;
}

PciBus *i440fx_pci_bus(Device *dev)
{
    return ((PciHostDevice *)dev)->host.bus;
}

PciHost *i440fx_pci_host(Device *dev)
{
    return &((PciHostDevice *)dev)->host;
}

Pam *i440fx_pam(Device *dev)
{
    return &((I440fxHost *)dev)->bridge->pam;
}

Device *i440fx_create(Machine *machine, Bus *bus, Region *ram, Region *pci_memory, GError **error)
{
    Device *dev = device_create(machine, &i440fx_pcihost_ops, bus, NULL, NULL, error);
    I440fxHost *host = (I440fxHost *)dev;

    if (!dev) {
        return NULL;
    }
    host->host.host.bus->memory = pci_memory;
    Device *bridge =
        device_create(machine, &i440fx_ops.device, &host->host.host.bus->bus, NULL, NULL, error);
    if (!bridge) {
        device_destroy(dev);
        return NULL;
    }
    host->bridge = (I440fx *)bridge;
    connect_ram(host->bridge, ram);
    return dev;
}

const PciDeviceOps i440fx_ops = {
    .device =
        {
            .name = "i440FX",
            .summary = "Host bridge",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(I440fx),
            .board_only = TRUE,
            .state = &i440fx_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x1237,
    .class_code = PCI_CLASS_BRIDGE_HOST,
    .revision = 0x02,
    .config_write = config_write,
};

const DeviceOps i440fx_pcihost_ops = {
    .name = "i440FX-pcihost",
    .part = "i440fx",
    .summary = "PCI host of the i440FX",
    .size = sizeof(I440fxHost),
    .realize = host_realize,
    PCI_HOST_OPS,
};
