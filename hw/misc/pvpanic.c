/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface is that of QEMU's docs/specs/pvpanic. */
#include "hw/misc/pvpanic.h"

#include "core/action.h"
#include "hw/isa/isa.h"

/* Reading tells which events there are, writing that they happen. */
#define EVENT_PANICKED    1
#define EVENT_CRASHLOADED 2
#define EVENTS            "3"

#define BAR_SIZE 16

typedef struct Pvpanic {
    Device device;
    Region region;
    guint64 ioport, events; /* options */
} Pvpanic;

typedef struct PvpanicPci {
    PciDevice pci;
    Region region;
    guint64 events; /* option */
} PvpanicPci;

/* ---- the register ---- */

static void happened(Device *dev, guint64 events)
{
    if (events & ~(guint64)(EVENT_PANICKED | EVENT_CRASHLOADED)) {
        device_warn_once(dev, "the guest told of an event that there is not");
    }
    if (events & EVENT_PANICKED) {
        machine_guest_panicked(dev->machine);
    } else if (events & EVENT_CRASHLOADED) {
        machine_guest_crashloaded(dev->machine);
    }
}

static guint64 isa_read(void *opaque, guint64 addr, guint size)
{
    return ((Pvpanic *)opaque)->events;
}

static void isa_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    happened(opaque, value);
}

static guint64 pci_read(void *opaque, guint64 addr, guint size)
{
    return addr ? 0 : ((PvpanicPci *)opaque)->events;
}

static void pci_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    if (addr == 0) {
        happened(opaque, value);
    }
}

static const IoOps isa_ops = {isa_read, isa_write, 1, 1};
static const IoOps pci_ops = {pci_read, pci_write, 1, 1};

/* ---- lifecycle ---- */

guint pvpanic_port(Device *dev)
{
    return (guint)((Pvpanic *)dev)->ioport;
}

static gboolean pvpanic_realize(Device *dev, GError **error)
{
    Pvpanic *s = (Pvpanic *)dev;

    region_init_io(&s->region, "pvpanic", &isa_ops, s, 1);
    isa_map_ports(dev, (guint)s->ioport, &s->region);
    return TRUE;
}

static void pvpanic_unrealize(Device *dev)
{
    Pvpanic *s = (Pvpanic *)dev;

    region_remove(&s->region);
    region_finish(&s->region);
}

static gboolean pvpanic_pci_realize(Device *dev, GError **error)
{
    PvpanicPci *s = (PvpanicPci *)dev;

    region_init_io(&s->region, "pvpanic-pci", &pci_ops, s, BAR_SIZE);
    pci_register_bar(&s->pci, 0, PCI_BAR_MEM32, &s->region);
    return TRUE;
}

static void pvpanic_pci_unrealize(Device *dev)
{
    region_finish(&((PvpanicPci *)dev)->region);
}

static const OptionSpec pvpanic_options[] = {
    {"ioport", OPTION_UINT, G_STRUCT_OFFSET(Pvpanic, ioport), "0x505", "its port", 1, 0xffff},
    {"events", OPTION_UINT, G_STRUCT_OFFSET(Pvpanic, events), EVENTS,
     "what the guest is told that it can tell: 1 = panicked, 2 = crashloaded, 3 = both", 0, 255},
    OPTION_END,
};

static const OptionSpec pvpanic_pci_options[] = {
    {"events", OPTION_UINT, G_STRUCT_OFFSET(PvpanicPci, events), EVENTS,
     "what the guest is told that it can tell: 1 = panicked, 2 = crashloaded, 3 = both", 0, 255},
    OPTION_END,
};

static const StateField pci_fields[] = {PCI_DEVICE_STATE, STATE_END};
static const StateTable pvpanic_pci_state = {1, pci_fields, NULL};

const DeviceOps pvpanic_ops = {
    .name = "pvpanic",
    .summary = "tells the host that the guest has crashed",
    .category = "Misc",
    .bus = BUS_ISA,
    .size = sizeof(Pvpanic),
    .options = pvpanic_options,
    .realize = pvpanic_realize,
    .unrealize = pvpanic_unrealize,
};

const PciDeviceOps pvpanic_pci_ops = {
    .device =
        {
            .name = "pvpanic-pci",
            .summary = "the same, for PCI",
            .category = "Misc",
            .bus = BUS_PCI,
            .size = sizeof(PvpanicPci),
            .options = pvpanic_pci_options,
            .state = &pvpanic_pci_state,
            .realize = pvpanic_pci_realize,
            .unrealize = pvpanic_pci_unrealize,
        },
    .vendor_id = 0x1b36,
    .device_id = 0x0011,
    .class_code = 0x088000,
    .revision = 1,
};
