/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/pci-hotplug.h"

#include "core/error.h"
#include "core/hotplug.h"

/* Registers of 4 bytes each. */
#define UP        0x00 /* where a device has come; reading clears it */
#define DOWN      0x04 /* where one is to go */
#define EJECT     0x08 /* write: slots to let go of; read: those that still are at it */
#define REMOVABLE 0x0c
#define BUS       0x10 /* which bus the others are about: there is one, 0 */
#define PORTS     0x14

#define SLOTS     32
#define FUNCTIONS 8

static PciDevice *function_of(const PciHotplug *hotplug, guint slot, guint function)
{
    return pci_bus_device(hotplug->bus, slot, function);
}

/* What is a part of the board or cannot go stays, whatever the guest says. */
static gboolean slot_is_removable(const PciHotplug *hotplug, guint slot)
{
    for (guint function = 0; function < FUNCTIONS; function++) {
        const PciDevice *pci = function_of(hotplug, slot, function);
        if (pci && !device_is_hotpluggable(&pci->device)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- registers ---- */

static guint32 removable_slots(const PciHotplug *hotplug)
{
    guint32 slots = 0;

    for (guint slot = 0; slot < SLOTS; slot++) {
        slots |= slot_is_removable(hotplug, slot) ? 1u << slot : 0;
    }
    return slots;
}

static guint64 ports_read(void *opaque, guint64 addr, guint size)
{
    PciHotplug *hotplug = opaque;
    guint32 up = hotplug->up;

    switch (addr) {
    case UP: hotplug->up = 0; return up;
    case DOWN: return hotplug->down;
    case EJECT: return hotplug->ejected;
    case REMOVABLE: return removable_slots(hotplug);
    default: return 0;
    }
}

/* On the loop: a device that goes may have to wait for its disk. */
static void ports_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PciHotplug *hotplug = opaque;

    if (addr == EJECT) {
        hotplug->ejected |= value;
        deferred_schedule(hotplug->eject);
    }
}

static const IoOps ports_ops = {ports_read, ports_write, 4, 4};

/* ---- going ---- */

/* All functions of a slot go at once. */
static void empty_slot(PciHotplug *hotplug, guint slot)
{
    for (guint function = FUNCTIONS; function-- > 0;) {
        PciDevice *pci = function_of(hotplug, slot, function);
        if (pci) {
            device_unplug_finish(&pci->device);
        }
    }
}

static void eject(void *opaque)
{
    PciHotplug *hotplug = opaque;

    for (guint slot = 0; slot < SLOTS; slot++) {
        if ((hotplug->ejected >> slot & 1) && slot_is_removable(hotplug, slot)) {
            empty_slot(hotplug, slot);
        }
    }
    hotplug->down &= ~hotplug->ejected;
    hotplug->up &= ~hotplug->ejected;
    hotplug->ejected = 0;
}

/* A system that starts anew holds nothing: what was to go goes. */
static void machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    PciHotplug *hotplug = opaque;

    if (event != MACHINE_EVENT_RESET) {
        return;
    }
    for (guint devfn = 0; devfn < SLOTS * FUNCTIONS; devfn++) {
        PciDevice *pci = hotplug->bus->devices[devfn];
        if (pci && pci->device.unplugging) {
            empty_slot(hotplug, devfn / FUNCTIONS);
        }
    }
}

static gboolean request(Bus *bus, Device *dev, GError **error)
{
    PciHotplug *hotplug = bus->hotplug_opaque;
    const PciDevice *pci = pci_device(dev);

    if (!slot_is_removable(hotplug, pci_slot(pci))) {
        return error_set(error, "slot %02x has a function that cannot go", pci_slot(pci));
    }
    hotplug->down |= 1u << pci_slot(pci);
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
    hotplug->up |= 1u << pci_slot(pci);
    hotplug->event(hotplug->opaque);
    return TRUE;
}

static const HotplugOps hotplug_ops = {added, request};

/* ---- lifecycle ---- */

/* A guest that sleeps goes on with what it knew before, and has yet to be told the rest. */
void pci_hotplug_reset(PciHotplug *hotplug)
{
    if (!hotplug->machine->waking) {
        hotplug->up = hotplug->down = 0;
    } else if (hotplug->up || hotplug->down) {
        hotplug->event(hotplug->opaque);
    }
}

void pci_hotplug_init(PciHotplug *hotplug, PciBus *bus, void (*event)(void *opaque), void *opaque)
{
    hotplug->machine = bus->machine;
    hotplug->bus = bus;
    hotplug->event = event;
    hotplug->opaque = opaque;
    region_init_io(&hotplug->region, "acpi-pci-hotplug", &ports_ops, hotplug, PORTS);
    hotplug->eject = deferred_new(bus->machine->loop, eject, hotplug);
    hotplug->listener = machine_listen(bus->machine, machine_event, hotplug);
    bus->bus.hotplug = &hotplug_ops;
    bus->bus.hotplug_opaque = hotplug;
}

void pci_hotplug_finish(PciHotplug *hotplug)
{
    hotplug->bus->bus.hotplug = NULL;
    machine_unlisten(hotplug->machine, hotplug->listener);
    deferred_free(hotplug->eject);
    region_finish(&hotplug->region);
}

static const StateField state_fields[] = {
    STATE_FIELD(U32, PciHotplug, up),
    STATE_FIELD(U32, PciHotplug, down),
    STATE_END,
};
const StateTable pci_hotplug_state = {1, state_fields, NULL};
