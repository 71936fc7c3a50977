/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci-host.h"

#define ADDRESS_ENABLE (1u << 31)
#define ECAM_SIZE_MAX  (256u << 20)
#define ADDRESS_BITS   0x80fffffcu /* bits 30-24 and 1-0 read as zero */

static guint64 address_read(void *opaque, guint64 addr, guint size)
{
    PciHost *host = opaque;

    if (size == 4) {
        return host->address;
    }
    if (size == 1 && host->bypass && host->bypass->read) {
        return host->bypass->read(host->bypass_opaque, addr, size);
    }
    return G_MAXUINT64;
}

static void address_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PciHost *host = opaque;

    if (size == 4) {
        host->address = value & ADDRESS_BITS;
    } else if (size == 1 && host->bypass && host->bypass->write) {
        host->bypass->write(host->bypass_opaque, addr, value, size);
    }
}

static const IoOps address_ops = {address_read, address_write, 1, 4};

/* The bus whose configuration register the data window shows; NULL = none. */
static PciBus *decode(const PciHost *host, guint64 offset, guint *devfn, guint *addr)
{
    *devfn = host->address >> 8 & 0xff;
    *addr = (host->address & 0xfc) | (offset & 3);
    if (!(host->address & ADDRESS_ENABLE)) {
        return NULL;
    }
    return pci_bus_find(host->bus, host->address >> 16 & 0xff);
}

static guint64 data_read(void *opaque, guint64 offset, guint size)
{
    PciHost *host = opaque;
    guint devfn, addr;
    PciBus *bus = decode(host, offset, &devfn, &addr);

    if (!bus) {
        return G_MAXUINT64;
    }
    return pci_bus_config_read(bus, devfn, addr, size);
}

static void data_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    PciHost *host = opaque;
    guint devfn, addr;
    PciBus *bus = decode(host, offset, &devfn, &addr);

    if (bus) {
        pci_bus_config_write(bus, devfn, addr, (guint32)value, size);
    }
}

static const IoOps data_ops = {data_read, data_write, 1, 4};

/* ---- memory-mapped ---- */

static guint64 ecam_read(void *opaque, guint64 addr, guint size)
{
    PciHost *host = opaque;
    PciBus *bus = pci_bus_find(host->bus, (guint)(addr >> 20));

    if (!bus) {
        return G_MAXUINT64;
    }
    return pci_bus_config_read(bus, addr >> 12 & 0xff, addr & 0xfff, size);
}

static void ecam_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PciHost *host = opaque;
    PciBus *bus = pci_bus_find(host->bus, (guint)(addr >> 20));

    if (bus) {
        pci_bus_config_write(bus, addr >> 12 & 0xff, addr & 0xfff, (guint32)value, size);
    }
}

static const IoOps ecam_ops = {ecam_read, ecam_write, 1, 4};

void pci_host_set_ecam(PciHost *host, Region *memory, guint64 base, guint buses)
{
    guint64 size = (guint64)buses << 20;

    if (host->ecam.parent) {
        region_remove(&host->ecam);
    }
    if (buses) {
        region_set_size(&host->ecam, size);
        region_add(memory, base, &host->ecam, 1);
    }
}

void pci_host_set_bypass(PciHost *host, const IoOps *ops, void *opaque)
{
    host->bypass = ops;
    host->bypass_opaque = opaque;
}

/* ---- as a device ---- */

void pci_host_realize(PciHostDevice *dev, const char *bus)
{
    Region *io = &dev->device.machine->system_io;
    PciHost *host = &dev->host;

    host->bus = pci_bus_create(&dev->device, bus, NULL, io);
    region_init_io(&host->address_port, "pci-conf-idx", &address_ops, host, 4);
    region_init_io(&host->data_port, "pci-conf-data", &data_ops, host, 4);
    region_init_io(&host->ecam, "pcie-mmcfg", &ecam_ops, host, ECAM_SIZE_MAX);
    region_add(io, 0xcf8, &host->address_port, 0);
    region_add(io, 0xcfc, &host->data_port, 0);
}

void pci_host_unrealize(Device *dev)
{
    PciHost *host = &((PciHostDevice *)dev)->host;

    region_remove(&host->address_port);
    region_remove(&host->data_port);
    region_finish(&host->address_port);
    region_finish(&host->data_port);
    if (host->ecam.parent) {
        region_remove(&host->ecam);
    }
    region_finish(&host->ecam);
}

/* After all that sits on the bus. */
void pci_host_reset(Device *dev)
{
    PciHost *host = &((PciHostDevice *)dev)->host;

    host->address = 0;
    pci_bus_reset(host->bus);
}

static const StateField state_fields[] = {
    {"address", STATE_U32, G_STRUCT_OFFSET(PciHostDevice, host.address), 1, 4, 1, NULL},
    STATE_END,
};
const StateTable pci_host_state = {1, state_fields, NULL};

void pci_host_info(Device *dev, GString *out)
{
    pci_bus_info(((PciHostDevice *)dev)->host.bus, out);
}

GVariant *pci_host_query(Device *dev)
{
    return pci_bus_query(((PciHostDevice *)dev)->host.bus);
}
