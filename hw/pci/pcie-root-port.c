/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pcie-root-port.h"

#include "core/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci-reserve.h"
#include "hw/pci/pcie-slot.h"
#include "hw/pci/pcie.h"

#define CAPABILITY_SUBSYSTEM      0x0d
#define CAPABILITY_SUBSYSTEM_SIZE 8

#define LNKCAP_PORT_SHIFT 24
#define RTCTL_WRITABLE    0x0f
#define RTSTA_PME         0x01 /* in the register's third byte; write one to clear */

typedef struct RootPort {
    PciBridge bridge;
    PcieSlot slot;
    guint64 port, chassis, number; /* options */
    gboolean hotplug;
    PciReserve reserve;
} RootPort;

static guint32 config_read(PciDevice *pci, guint addr, guint size)
{
    pcie_slot_refresh(&((RootPort *)pci)->slot);
    return pci_config_read_default(pci, addr, size);
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    RootPort *port = (RootPort *)pci;
    guint16 control = pcie_slot_control(&port->slot);

    pci_bridge_config_write(pci, addr, value, size);
    pcie_slot_config_written(&port->slot, addr, size, control);
}

/* ---- places ---- */

typedef struct Places {
    const RootPort *port;
    gboolean taken;
} Places;

static gboolean compare_place(Device *dev, void *opaque)
{
    Places *places = opaque;
    const RootPort *other = (const RootPort *)dev;

    if (dev->ops == &pcie_root_port_ops.device && other != places->port && dev->realized &&
        other->chassis == places->port->chassis && other->number == places->port->number) {
        places->taken = TRUE;
    }
    return !places->taken;
}

/* A slot is known to people by chassis and number. */
static gboolean check_place(const RootPort *port, GError **error)
{
    Places places = {port, FALSE};
    const PciBus *bus = port->bridge.pci.bus;

    if (!bus->express || bus->bridge) {
        return error_set(error,
                         "pcie-root-port goes on the root bus of a PCI Express machine, as "
                         "pcie.0 of -machine q35; bus %s is none",
                         bus->bus.name);
    }
    device_foreach(bus->machine->root, compare_place, &places);
    if (places.taken) {
        return error_set(error,
                         "Can't add chassis slot, error -16: chassis=%u,slot=%u is another port's; "
                         "give each a slot= of its own",
                         (guint)port->chassis, (guint)port->number);
    }
    return TRUE;
}

/* ---- lifecycle ---- */

static void reset(Device *dev)
{
    pcie_slot_reset(&((RootPort *)dev)->slot);
}

static gboolean realize(Device *dev, GError **error)
{
    RootPort *port = (RootPort *)dev;
    PciDevice *pci = &port->bridge.pci;
    guint at;

    if (!check_place(port, error) || !pci_reserve_check(&port->reserve, error)) {
        return FALSE;
    }
    pci_bridge_init(&port->bridge, "pcie");
    pci->secondary->express = TRUE;
    pci->secondary->last_slot = 0;
    at = pci_add_capability(pci, CAPABILITY_SUBSYSTEM, CAPABILITY_SUBSYSTEM_SIZE);
    pci_set_word(pci, at + 4, PCI_VENDOR_VIRTUAL);
    msi_init(pci, 1, TRUE);
    pcie_init(pci, PCIE_ROOT_PORT);
    at = pci->express_capability;
    pci_set_long(pci, at + PCIE_LNKCAP,
                 pci_get_long(pci, at + PCIE_LNKCAP) | (guint32)port->port << LNKCAP_PORT_SHIFT);
    pci->writable[at + PCIE_RTCTL] = RTCTL_WRITABLE;
    pci->write_one_clear[at + PCIE_RTSTA + 2] = RTSTA_PME;
    pcie_slot_init(&port->slot, pci, (guint)port->number, port->hotplug);
    pci_reserve_add(pci, &port->reserve);
    return TRUE;
}

static void unrealize(Device *dev)
{
    RootPort *port = (RootPort *)dev;

    pcie_slot_finish(&port->slot);
    pci_bridge_finish(&port->bridge);
}

static const OptionSpec root_port_options[] = {
    {"port", OPTION_UINT, G_STRUCT_OFFSET(RootPort, port), "0", "number of the port", 0, 255},
    {"chassis", OPTION_UINT, G_STRUCT_OFFSET(RootPort, chassis), "0",
     "number of the chassis that the slot is in", 0, 255},
    {"slot", OPTION_UINT, G_STRUCT_OFFSET(RootPort, number), "0",
     "number of the slot, different for each of a chassis", 0, 8191},
    {"hotplug", OPTION_BOOL, G_STRUCT_OFFSET(RootPort, hotplug), "on",
     "devices may come and go while the machine is there"},
    PCI_RESERVE_OPTIONS(RootPort, reserve),
    OPTION_END,
};

static gboolean state_loaded(void *object, GError **error)
{
    pcie_slot_refresh(&((RootPort *)object)->slot);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_BRIDGE_STATE,
    STATE_FIELD(BOOL, RootPort, slot.interrupting),
    STATE_END,
};
static const StateTable root_port_state = {1, state_fields, state_loaded};

const PciDeviceOps pcie_root_port_ops = {
    .device =
        {
            .name = "pcie-root-port",
            .summary = "PCI Express root port, with a slot for a device to come and go",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(RootPort),
            .options = root_port_options,
            .state = &root_port_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
            .no_hotplug = TRUE,
        },
    .vendor_id = PCI_VENDOR_VIRTUAL,
    .device_id = 0x000c,
    .class_code = PCI_CLASS_BRIDGE_PCI,
    .interrupt_pin = 1,
    .bridge = TRUE,
    .config_read = config_read,
    .config_write = config_write,
};
