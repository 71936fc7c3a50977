/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci-bridge.h"

#include <string.h>

#include "core/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci-priv.h"
#include "hw/pci/pci-reserve.h"
#include "hw/pci/pcie.h"

#define VGA_MEMORY_ADDR 0xa0000u
#define VGA_MEMORY_SIZE 0x20000u

#define PREFETCH_64BIT 0x01 /* in the low bits of base and limit: the upper halves are there */

#define CONTROL_WRITABLE                                                            \
    (PCI_BRIDGE_CONTROL_PARITY | PCI_BRIDGE_CONTROL_SERR | PCI_BRIDGE_CONTROL_VGA | \
     PCI_BRIDGE_CONTROL_VGA16 | PCI_BRIDGE_CONTROL_RESET)

/* Ports of a VGA below 64 KiB without its aliases (12.1.1). */
static const struct {
    guint16 addr, size;
} vga_ports[2] = {{0x3b0, 0x0c}, {0x3c0, 0x20}};

/* ---- windows ---- */

/* Moves a window in the bus before; base above limit = closed. */
static void set_window(Region *parent, Region *window, gboolean open, guint64 base, guint64 limit)
{
    open = open && base <= limit && limit < region_size(parent);
    if (window->parent &&
        (!open || window->addr != base || region_size(window) != limit - base + 1)) {
        region_remove(window);
    }
    if (open && !window->parent) {
        region_set_size(window, limit - base + 1);
        region_set_alias_offset(window, base);
        region_add(parent, base, window, 1);
    }
}

static guint64 upper(const PciDevice *pci, guint addr)
{
    return (guint64)pci_get_long(pci, addr) << 32;
}

/* A register of a memory window: bits 31 to 20. */
static guint64 megabytes(const PciDevice *pci, guint addr)
{
    return (guint64)(pci_get_word(pci, addr) & 0xfff0) << 16;
}

void pci_bridge_window(const PciDevice *pci, PciWindow window, guint64 *base, guint64 *limit)
{
    switch (window) {
    case PCI_WINDOW_IO:
        *base = (guint64)(pci->config[PCI_IO_BASE] & 0xf0) << 8;
        *limit = (guint64)(pci->config[PCI_IO_LIMIT] & 0xf0) << 8 | 0xfff;
        break;
    case PCI_WINDOW_MEMORY:
        *base = megabytes(pci, PCI_MEMORY_BASE);
        *limit = megabytes(pci, PCI_MEMORY_LIMIT) | 0xfffff;
        break;
    case PCI_WINDOW_PREFETCH:
    default:
        *base = upper(pci, PCI_PREFETCH_BASE_UP) | megabytes(pci, PCI_PREFETCH_BASE);
        *limit = upper(pci, PCI_PREFETCH_LIMIT_UP) | megabytes(pci, PCI_PREFETCH_LIMIT) | 0xfffff;
        break;
    }
}

static void update_window(PciBridge *bridge, PciWindow which, Region *parent, Region *window,
                          gboolean decodes)
{
    guint64 base, limit;

    pci_bridge_window(&bridge->pci, which, &base, &limit);
    set_window(parent, window, decodes, base, limit);
}

static void update_windows(PciBridge *bridge)
{
    const PciDevice *pci = &bridge->pci;
    Machine *machine = pci->bus->machine;
    guint16 command = pci_get_word(pci, PCI_COMMAND);
    gboolean vga = pci_get_word(pci, PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CONTROL_VGA;
    gboolean memory = command & PCI_COMMAND_MEMORY, io = command & PCI_COMMAND_IO;

    memory_transaction_begin(machine->io);
    memory_transaction_begin(machine->memory);
    update_window(bridge, PCI_WINDOW_MEMORY, pci->bus->memory, &bridge->memory_window, memory);
    update_window(bridge, PCI_WINDOW_PREFETCH, pci->bus->memory, &bridge->prefetch_window, memory);
    update_window(bridge, PCI_WINDOW_IO, pci->bus->io, &bridge->io_window, io);
    set_window(pci->bus->memory, &bridge->vga_memory, vga && memory, VGA_MEMORY_ADDR,
               VGA_MEMORY_ADDR + VGA_MEMORY_SIZE - 1);
    for (guint i = 0; i < G_N_ELEMENTS(vga_ports); i++) {
        set_window(pci->bus->io, &bridge->vga_ports[i], vga && io, vga_ports[i].addr,
                   vga_ports[i].addr + vga_ports[i].size - 1);
    }
    memory_transaction_commit(machine->memory);
    memory_transaction_commit(machine->io);
}

/* ---- interrupts ---- */

static guint mapped_pirq(const PciBridge *bridge, guint wire)
{
    PciBus *bus = bridge->pci.bus;
    return bus->map_irq(bus, pci_slot(&bridge->pci), wire);
}

/* INTA-D of the bus behind go on as the bridge's own pins. */
static void set_wire(void *opaque, guint n, int level)
{
    PciBridge *bridge = opaque;

    bridge->wire_levels = (guint8)((bridge->wire_levels & ~(1u << n)) | (level ? 1u : 0u) << n);
    if (level) {
        bridge->wire_pirq[n] = (guint8)mapped_pirq(bridge, n);
    }
    pci_bus_drive_pirq(bridge->pci.bus, bridge->wire_pirq[n], level != 0);
}

void pci_bridge_reroute(PciDevice *pci)
{
    PciBridge *bridge = (PciBridge *)pci;

    for (guint n = 0; n < G_N_ELEMENTS(bridge->wire_pirq); n++) {
        guint pirq = mapped_pirq(bridge, n);
        if ((bridge->wire_levels >> n & 1) && pirq != bridge->wire_pirq[n]) {
            pci_bus_drive_pirq(pci->bus, bridge->wire_pirq[n], FALSE);
            bridge->wire_pirq[n] = (guint8)pirq;
            pci_bus_drive_pirq(pci->bus, bridge->wire_pirq[n], TRUE);
        }
    }
}

/* ---- configuration ---- */

static void reset_secondary(PciBridge *bridge)
{
    PciBus *bus = bridge->pci.secondary;

    for (guint i = 0; i < bus->bus.children->len; i++) {
        device_reset_tree(g_ptr_array_index(bus->bus.children, i));
    }
    pci_bus_reset(bus);
}

void pci_bridge_config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    PciBridge *bridge = (PciBridge *)pci;
    guint16 old = pci_get_word(pci, PCI_BRIDGE_CONTROL);

    pci_config_write_default(pci, addr, value, size);
    if (addr >= PCI_HEADER_SIZE) {
        return;
    }
    /* The reset begins where the bit rises (3.2.5.18). */
    if (pci_get_word(pci, PCI_BRIDGE_CONTROL) & ~old & PCI_BRIDGE_CONTROL_RESET) {
        reset_secondary(bridge);
    }
    update_windows(bridge);
}

void pci_bridge_reset_header(PciDevice *pci)
{
    for (guint addr = PCI_PRIMARY_BUS; addr < PCI_HEADER_SIZE; addr++) {
        pci->config[addr] &= ~pci->writable[addr];
    }
    update_windows((PciBridge *)pci);
}

static void init_header(PciDevice *pci)
{
    static const guint8 windows[] = {PCI_MEMORY_BASE, PCI_MEMORY_LIMIT, PCI_PREFETCH_BASE,
                                     PCI_PREFETCH_LIMIT};

    pci->config[PCI_HEADER_TYPE] |= PCI_HEADER_BRIDGE;
    for (guint addr = PCI_PRIMARY_BUS; addr <= PCI_SECONDARY_LATENCY; addr++) {
        pci->writable[addr] = 0xff;
    }
    pci->writable[PCI_IO_BASE] = pci->writable[PCI_IO_LIMIT] = 0xf0;
    for (guint i = 0; i < G_N_ELEMENTS(windows); i++) {
        pci->writable[windows[i]] = 0xf0;
        pci->writable[windows[i] + 1] = 0xff;
    }
    pci->config[PCI_PREFETCH_BASE] = pci->config[PCI_PREFETCH_LIMIT] = PREFETCH_64BIT;
    memset(pci->writable + PCI_PREFETCH_BASE_UP, 0xff, 8);
    pci->write_one_clear[PCI_SECONDARY_STATUS + 1] = PCI_STATUS_ERRORS >> 8;
    pci->writable[PCI_BRIDGE_CONTROL] = CONTROL_WRITABLE;
}

/* ---- lifecycle ---- */

static char *bus_name(const PciBridge *bridge, const char *format)
{
    const Device *dev = &bridge->pci.device;
    g_autofree char *name = g_strdup(dev->id);

    for (guint n = 1; !name || (!dev->id && bus_find(dev->machine->root, name)); n++) {
        g_free(name);
        name = g_strdup_printf("%s.%u", format, n);
    }
    return g_steal_pointer(&name);
}

void pci_bridge_init(PciBridge *bridge, const char *name_format)
{
    PciDevice *pci = &bridge->pci;
    PciBus *bus = pci->bus;
    g_autofree char *name = bus_name(bridge, name_format);
    guint64 memory = region_size(bus->memory), io = region_size(bus->io);

    init_header(pci);
    region_init_container(&bridge->memory, "pci-bridge-memory", memory);
    region_init_container(&bridge->io, "pci-bridge-io", io);
    region_init_alias(&bridge->memory_window, "pci-bridge-window", &bridge->memory, 0, memory);
    region_init_alias(&bridge->prefetch_window, "pci-bridge-prefetch", &bridge->memory, 0, memory);
    region_init_alias(&bridge->io_window, "pci-bridge-ports", &bridge->io, 0, io);
    region_init_alias(&bridge->vga_memory, "pci-bridge-vga", &bridge->memory, VGA_MEMORY_ADDR,
                      VGA_MEMORY_SIZE);
    pci->secondary = pci_bus_create(&pci->device, name, &bridge->memory, &bridge->io);
    pci->secondary->bridge = pci;
    for (guint i = 0; i < G_N_ELEMENTS(vga_ports); i++) {
        region_init_alias(&bridge->vga_ports[i], "pci-bridge-vga-ports", &bridge->io,
                          vga_ports[i].addr, vga_ports[i].size);
    }
    for (guint n = 0; n < G_N_ELEMENTS(bridge->wires); n++) {
        pci->secondary->pirq[n] = (IrqLine){set_wire, bridge, n};
    }
}

void pci_bridge_finish(PciBridge *bridge)
{
    Region *regions[] = {
        &bridge->memory_window, &bridge->prefetch_window, &bridge->io_window, &bridge->vga_memory,
        &bridge->vga_ports[0],  &bridge->vga_ports[1],    &bridge->memory,    &bridge->io};

    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        if (regions[i]->parent) {
            region_remove(regions[i]);
        }
        region_finish(regions[i]);
    }
}

static gboolean state_loaded(void *object, GError **error)
{
    update_windows(object);
    return TRUE;
}

/* The wires are asserted anew by what is behind. */
static const StateField state_fields[] = {PCI_DEVICE_STATE, STATE_END};
const StateTable pci_bridge_state = {1, state_fields, state_loaded};

/* ---- pci-bridge ---- */

/* Slot numbering (chapter 13): how many expansion slots, and the chassis's number. */
#define CAPABILITY_SLOT       0x04
#define CAPABILITY_SLOT_SIZE  4
#define SLOT_FIRST_IN_CHASSIS 0x20

typedef struct PlainBridge {
    PciBridge bridge;
    guint64 chassis;
    gboolean use_msi;
    PciReserve reserve;
} PlainBridge;

/* Slots of plain PCI have no hot-plug hardware; the board may have another way. */
static void offer_slots(PciBus *behind)
{
    PciBus *root = behind;

    while (root->bridge) {
        root = root->bridge->bus;
    }
    if (root->found) {
        root->found(behind, root->found_opaque);
    }
}

static gboolean plain_realize(Device *dev, GError **error)
{
    PlainBridge *plain = (PlainBridge *)dev;
    PciDevice *pci = &plain->bridge.pci;
    /* So that what comes finds room. */
    const PciReserve some = {-1, (char *)"4K", (char *)"1M", NULL, (char *)"1M"};
    guint at;

    if (!plain->chassis) {
        return error_set(error, "pci-bridge needs chassis_nr=, a number from 1 to 255 that no "
                                "other bridge has");
    }
    if (!pci_reserve_check(&plain->reserve, error)) {
        return FALSE;
    }
    pci_bridge_init(&plain->bridge, "pci");
    if (plain->use_msi) {
        msi_init(pci, 1, FALSE);
    }
    pci_reserve_add(pci, pci_reserve_is_empty(&plain->reserve) ? &some : &plain->reserve);
    at = pci_add_capability(pci, CAPABILITY_SLOT, CAPABILITY_SLOT_SIZE);
    pci->config[at + 2] = SLOT_FIRST_IN_CHASSIS;
    pci->config[at + 3] = (guint8)plain->chassis;
    offer_slots(pci->secondary);
    return TRUE;
}

static void plain_unrealize(Device *dev)
{
    pci_bridge_finish((PciBridge *)dev);
}

static const OptionSpec plain_options[] = {
    {"chassis_nr", OPTION_UINT, G_STRUCT_OFFSET(PlainBridge, chassis), "0",
     "number of the chassis, 1 to 255, different for each bridge", 0, 255},
    {"msi", OPTION_BOOL, G_STRUCT_OFFSET(PlainBridge, use_msi), "on", "can send messages"},
    PCI_RESERVE_OPTIONS(PlainBridge, reserve),
    OPTION_END,
};

static const StateField plain_fields[] = {PCI_BRIDGE_STATE, STATE_END};
static const StateTable plain_state = {1, plain_fields, NULL};

const PciDeviceOps pci_bridge_ops = {
    .device =
        {
            .name = "pci-bridge",
            .summary = "PCI-to-PCI bridge, for 32 more slots",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(PlainBridge),
            .options = plain_options,
            .state = &plain_state,
            .realize = plain_realize,
            .unrealize = plain_unrealize,
            .no_hotplug = TRUE,
        },
    .vendor_id = PCI_VENDOR_VIRTUAL,
    .device_id = 0x0001,
    .class_code = PCI_CLASS_BRIDGE_PCI,
    .interrupt_pin = 1,
    .bridge = TRUE,
    .config_write = pci_bridge_config_write,
};

/* ---- pcie-pci-bridge ---- */

typedef struct ExpressBridge {
    PciBridge bridge;
    gboolean use_msi;
} ExpressBridge;

static gboolean express_realize(Device *dev, GError **error)
{
    ExpressBridge *express = (ExpressBridge *)dev;
    PciDevice *pci = &express->bridge.pci;

    if (!pci->bus->express) {
        return error_set(error, "pcie-pci-bridge goes on a PCI Express bus; bus %s is none",
                         pci->bus->bus.name);
    }
    pci_bridge_init(&express->bridge, "pci");
    if (express->use_msi) {
        msi_init(pci, 1, FALSE);
    }
    pcie_init(pci, PCIE_PCI_BRIDGE);
    offer_slots(pci->secondary);
    return TRUE;
}

static const OptionSpec express_options[] = {
    {"msi", OPTION_BOOL, G_STRUCT_OFFSET(ExpressBridge, use_msi), "on", "can send messages"},
    OPTION_END,
};

const PciDeviceOps pcie_pci_bridge_ops = {
    .device =
        {
            .name = "pcie-pci-bridge",
            .summary = "PCI Express to PCI bridge, for 32 slots of PCI",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(ExpressBridge),
            .options = express_options,
            .state = &plain_state,
            .realize = express_realize,
            .unrealize = plain_unrealize,
            .no_hotplug = TRUE,
        },
    .vendor_id = PCI_VENDOR_VIRTUAL,
    .device_id = 0x000e,
    .class_code = PCI_CLASS_BRIDGE_PCI,
    .interrupt_pin = 1,
    .bridge = TRUE,
    .config_write = pci_bridge_config_write,
};
