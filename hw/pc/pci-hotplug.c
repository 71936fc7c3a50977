/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/pci-hotplug.h"

#include "core/error.h"
#include "core/hotplug.h"

/* Registers of 4 bytes each. */
#define UP        0x00 /* where a device has come; reading clears it */
#define DOWN      0x04 /* where one is to go */
#define EJECT     0x08 /* write: slots to let go of; read: those that still are at it */
#define REMOVABLE 0x0c
#define BUS       0x10 /* which bus the others are about */
#define PORTS     0x14

#define SLOTS     32
#define FUNCTIONS 8

/* What is a part of the board or cannot go stays, whatever the guest says. */
static gboolean slot_is_removable(const PciBus *bus, guint slot)
{
    for (guint function = 0; function < FUNCTIONS; function++) {
        const PciDevice *pci = bus->devices[slot * FUNCTIONS + function];
        if (pci && !device_is_hotpluggable(&pci->device)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- registers ---- */

static guint32 removable_slots(const PciBus *bus)
{
    guint32 slots = 0;

    for (guint slot = 0; slot < SLOTS; slot++) {
        slots |= slot_is_removable(bus, slot) ? 1u << slot : 0;
    }
    return slots;
}

static guint64 ports_read(void *opaque, guint64 addr, guint size)
{
    PciHotplug *hotplug = opaque;
    guint n = hotplug->selected;
    guint32 up;

    if (addr == BUS) {
        return n;
    }
    if (n >= hotplug->count) {
        return 0;
    }
    switch (addr) {
    case UP:
        up = hotplug->up[n];
        hotplug->up[n] = 0;
        return up;
    case DOWN: return hotplug->down[n];
    case EJECT: return hotplug->ejected[n];
    case REMOVABLE: return removable_slots(hotplug->buses[n]);
    default: return 0;
    }
}

/* On the loop: a device that goes may have to wait for its disk. */
static void ports_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PciHotplug *hotplug = opaque;

    if (addr == BUS) {
        hotplug->selected = (guint)value;
    } else if (addr == EJECT && hotplug->selected < hotplug->count) {
        hotplug->ejected[hotplug->selected] |= (guint32)value;
        deferred_schedule(hotplug->eject);
    }
}

static const IoOps ports_ops = {ports_read, ports_write, 4, 4};

/* ---- going ---- */

/* All functions of a slot go at once. */
static void empty_slot(PciBus *bus, guint slot)
{
    for (guint function = FUNCTIONS; function-- > 0;) {
        PciDevice *pci = pci_bus_device(bus, slot, function);
        if (pci) {
            device_unplug_finish(&pci->device);
        }
    }
}

static void eject(void *opaque)
{
    PciHotplug *hotplug = opaque;

    for (guint n = 0; n < hotplug->count; n++) {
        for (guint slot = 0; hotplug->ejected[n] && slot < SLOTS; slot++) {
            if ((hotplug->ejected[n] >> slot & 1) && slot_is_removable(hotplug->buses[n], slot)) {
                empty_slot(hotplug->buses[n], slot);
            }
        }
        hotplug->down[n] &= ~hotplug->ejected[n];
        hotplug->up[n] &= ~hotplug->ejected[n];
        hotplug->ejected[n] = 0;
    }
}

/* A system that starts anew holds nothing: what was to go goes. */
static void machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    PciHotplug *hotplug = opaque;

    for (guint n = 0; event == MACHINE_EVENT_RESET && n < hotplug->count; n++) {
        for (guint devfn = 0; devfn < SLOTS * FUNCTIONS; devfn++) {
            PciDevice *pci = hotplug->buses[n]->devices[devfn];
            if (pci && pci->device.unplugging) {
                empty_slot(hotplug->buses[n], devfn / FUNCTIONS);
            }
        }
    }
}

gint pci_hotplug_number(const PciHotplug *hotplug, const PciBus *bus)
{
    for (guint n = 0; n < hotplug->count; n++) {
        if (hotplug->buses[n] == bus) {
            return (gint)n;
        }
    }
    return -1;
}

static gboolean request(Bus *bus, Device *dev, GError **error)
{
    PciHotplug *hotplug = bus->hotplug_opaque;
    const PciDevice *pci = pci_device(dev);

    if (!slot_is_removable(pci->bus, pci_slot(pci))) {
        return error_set(error, "slot %02x has a function that cannot go", pci_slot(pci));
    }
    hotplug->down[pci_hotplug_number(hotplug, pci->bus)] |= 1u << pci_slot(pci);
    hotplug->event(hotplug->opaque);
    return TRUE;
}

/* ---- coming ---- */

static gboolean added(Bus *bus, Device *dev, GError **error)
{
    PciHotplug *hotplug = bus->hotplug_opaque;
    const PciDevice *pci = pci_device(dev);

    if (pci_function(pci) != 0) {
        return error_set(error,
                         "slot %02x is in use by the guest already: it would not see function %u",
                         pci_slot(pci), pci_function(pci));
    }
    hotplug->up[pci_hotplug_number(hotplug, pci->bus)] |= 1u << pci_slot(pci);
    hotplug->event(hotplug->opaque);
    return TRUE;
}

static const HotplugOps hotplug_ops = {added, request};

/* ---- lifecycle ---- */

static void add_bus(PciBus *bus, void *opaque)
{
    PciHotplug *hotplug = opaque;

    if (hotplug->count < PCI_HOTPLUG_BUSES) {
        hotplug->buses[hotplug->count++] = bus;
        bus->bus.hotplug = &hotplug_ops;
        bus->bus.hotplug_opaque = hotplug;
    }
}

/* A guest that sleeps goes on with what it knew before, and has yet to be told the rest. */
void pci_hotplug_reset(PciHotplug *hotplug)
{
    guint32 any = 0;

    for (guint n = 0; n < hotplug->count; n++) {
        if (!hotplug->machine->waking) {
            hotplug->up[n] = hotplug->down[n] = 0;
        }
        any |= hotplug->up[n] | hotplug->down[n];
    }
    hotplug->selected = 0;
    if (any) {
        hotplug->event(hotplug->opaque);
    }
}

void pci_hotplug_init(PciHotplug *hotplug, PciBus *root, void (*event)(void *opaque), void *opaque)
{
    hotplug->machine = root->machine;
    hotplug->root = root;
    hotplug->event = event;
    hotplug->opaque = opaque;
    region_init_io(&hotplug->region, "acpi-pci-hotplug", &ports_ops, hotplug, PORTS);
    hotplug->eject = deferred_new(root->machine->loop, eject, hotplug);
    hotplug->listener = machine_listen(root->machine, machine_event, hotplug);
    root->found = add_bus;
    root->found_opaque = hotplug;
    if (!root->express) {
        add_bus(root, hotplug);
    }
}

/* Bridges have gone before. */
void pci_hotplug_finish(PciHotplug *hotplug)
{
    hotplug->root->found = NULL;
    hotplug->root->bus.hotplug = NULL;
    machine_unlisten(hotplug->machine, hotplug->listener);
    deferred_free(hotplug->eject);
    region_finish(&hotplug->region);
}

static const StateField state_fields[] = {
    STATE_FIELD(U32, PciHotplug, selected),
    STATE_ARRAY(U32, PciHotplug, up),
    STATE_ARRAY(U32, PciHotplug, down),
    STATE_END,
};
const StateTable pci_hotplug_state = {1, state_fields, NULL};
