/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci-host.h"

#define ADDRESS_ENABLE (1u << 31)
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

/* TRUE if the data window shows a configuration register of a device on our bus. */
static gboolean decode(const PciHost *host, guint64 offset, guint *devfn, guint *addr)
{
    *devfn = host->address >> 8 & 0xff;
    *addr = (host->address & 0xfc) | (offset & 3);
    return (host->address & ADDRESS_ENABLE) && (host->address >> 16 & 0xff) == 0;
}

static guint64 data_read(void *opaque, guint64 offset, guint size)
{
    PciHost *host = opaque;
    guint devfn, addr;

    if (!decode(host, offset, &devfn, &addr)) {
        return G_MAXUINT64;
    }
    return pci_bus_config_read(host->bus, devfn, addr, size);
}

static void data_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    PciHost *host = opaque;
    guint devfn, addr;

    if (decode(host, offset, &devfn, &addr)) {
        pci_bus_config_write(host->bus, devfn, addr, value, size);
    }
}

static const IoOps data_ops = {data_read, data_write, 1, 4};

void pci_host_init(PciHost *host, PciBus *bus)
{
    host->bus = bus;
    region_init_io(&host->address_port, "pci-conf-idx", &address_ops, host, 4);
    region_init_io(&host->data_port, "pci-conf-data", &data_ops, host, 4);
}

void pci_host_finish(PciHost *host)
{
    region_finish(&host->address_port);
    region_finish(&host->data_port);
}

void pci_host_reset(PciHost *host)
{
    host->address = 0;
}

void pci_host_set_bypass(PciHost *host, const IoOps *ops, void *opaque)
{
    host->bypass = ops;
    host->bypass_opaque = opaque;
}
