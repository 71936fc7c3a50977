/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pcie-slot.h"

#include "core/error.h"
#include "core/hotplug.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

/* Slot capabilities (7.8.9): button, power controller, indicators, surprise, hot-plug. */
#define SLTCAP_BUTTON       0x00000001u
#define SLTCAP_POWER        0x00000002u
#define SLTCAP_ATTENTION    0x00000008u
#define SLTCAP_INDICATOR    0x00000010u
#define SLTCAP_SURPRISE     0x00000020u
#define SLTCAP_HOTPLUG      0x00000040u
#define SLTCAP_NUMBER_SHIFT 19

/* Slot control (7.8.10) */
#define SLTCTL_EVENTS         0x101f /* enables of button to command, at the bits of the status */
#define SLTCTL_INTERRUPT      0x0020
#define SLTCTL_ATTENTION_OFF  0x00c0
#define SLTCTL_INDICATOR      0x0300
#define SLTCTL_INDICATOR_ON   0x0100
#define SLTCTL_INDICATOR_SLOW 0x0200
#define SLTCTL_INDICATOR_OFF  0x0300
#define SLTCTL_POWER_OFF      0x0400
#define SLTCTL_WRITABLE       0x17ff

/* Slot status (7.8.11) */
#define SLTSTA_BUTTON   0x0001
#define SLTSTA_PRESENCE 0x0008 /* has changed */
#define SLTSTA_COMMAND  0x0010 /* completed */
#define SLTSTA_PRESENT  0x0040
#define SLTSTA_LINK     0x0100 /* state has changed */
#define SLTSTA_CLEAR    0x011f

static guint at(const PcieSlot *slot, guint offset)
{
    return slot->port->express_capability + offset;
}

guint16 pcie_slot_control(const PcieSlot *slot)
{
    return pci_get_word(slot->port, at(slot, PCIE_SLTCTL));
}

static guint16 status(const PcieSlot *slot)
{
    return pci_get_word(slot->port, at(slot, PCIE_SLTSTA));
}

static gboolean is_present(const PcieSlot *slot)
{
    return slot->port->secondary->bus.children->len > 0;
}

/* ---- events ---- */

/* What is enabled and has happened; the link's enable bit has a place of its own. */
static guint16 events(const PcieSlot *slot)
{
    guint16 control = pcie_slot_control(slot);
    guint16 enabled = (control & SLTCTL_EVENTS & ~0x1000) | (control & 0x1000 ? SLTSTA_LINK : 0);

    return control & SLTCTL_INTERRUPT ? status(slot) & enabled : 0;
}

/* A message goes out when the first cause comes (6.7.3.4); INTx stays while there is one. */
static void update_irq(PcieSlot *slot)
{
    gboolean wanted = events(slot) != 0;
    gboolean rose = wanted && !slot->interrupting;

    slot->interrupting = wanted;
    pci_set_irq(slot->port, wanted);
    if (rose) {
        pci_notify(slot->port, 0);
    }
}

void pcie_slot_refresh(PcieSlot *slot)
{
    PciDevice *port = slot->port;
    guint16 sta = status(slot) & ~SLTSTA_PRESENT;
    guint16 link = pci_get_word(port, at(slot, PCIE_LNKSTA)) & ~PCIE_LNKSTA_DLLLA;
    gboolean present = is_present(slot);
    gboolean powered = !(pcie_slot_control(slot) & SLTCTL_POWER_OFF);

    pci_set_word(port, at(slot, PCIE_SLTSTA), sta | (present ? SLTSTA_PRESENT : 0));
    pci_set_word(port, at(slot, PCIE_LNKSTA), link | (present && powered ? PCIE_LNKSTA_DLLLA : 0));
}

static void raise_events(PcieSlot *slot, guint16 bits)
{
    pcie_slot_refresh(slot);
    pci_set_word(slot->port, at(slot, PCIE_SLTSTA), status(slot) | bits);
    update_irq(slot);
}

/* ---- devices come and go ---- */

static gboolean added(Bus *bus, Device *dev, GError **error)
{
    PcieSlot *slot = bus->hotplug_opaque;

    /* All functions of a slot come together: function 0 is the last. */
    if (pci_function(pci_device(dev)) == 0) {
        raise_events(slot, SLTSTA_PRESENCE | SLTSTA_LINK | SLTSTA_BUTTON);
    }
    return TRUE;
}

/* The slot is off: what was to leave does. */
static void let_go(PcieSlot *slot)
{
    gboolean some = slot->leaving->len > 0;

    while (slot->leaving->len) {
        Device *dev = g_ptr_array_steal_index(slot->leaving, slot->leaving->len - 1);
        device_unplug_finish(dev);
    }
    if (some) {
        raise_events(slot, SLTSTA_PRESENCE | SLTSTA_LINK);
    }
}

static gboolean request(Bus *bus, Device *dev, GError **error)
{
    PcieSlot *slot = bus->hotplug_opaque;
    guint16 control = pcie_slot_control(slot);

    if ((control & SLTCTL_INDICATOR) == SLTCTL_INDICATOR_SLOW) {
        return error_set(error, "Hot-unplug failed: guest is busy (power indicator blinking)");
    }
    g_ptr_array_add(slot->leaving, dev);
    if (control & SLTCTL_POWER_OFF) {
        let_go(slot);
    } else {
        raise_events(slot, SLTSTA_BUTTON);
    }
    return TRUE;
}

static const HotplugOps hotplug_ops = {added, request};

/* ---- registers ---- */

void pcie_slot_config_written(PcieSlot *slot, guint addr, guint size, guint16 old_control)
{
    const guint16 off = SLTCTL_POWER_OFF | SLTCTL_INDICATOR_OFF;
    guint first = at(slot, PCIE_SLTCTL);
    guint16 control = pcie_slot_control(slot);

    if (addr < first + 2 && addr + size > first) {
        if ((control & off) == off && (old_control & off) != off) {
            let_go(slot);
        }
        /* Done at once: it may have been the last of several. */
        raise_events(slot, SLTSTA_COMMAND);
    }
    update_irq(slot);
}

void pcie_slot_reset(PcieSlot *slot)
{
    guint16 power;

    let_go(slot);
    power = is_present(slot) ? SLTCTL_INDICATOR_ON : SLTCTL_INDICATOR_OFF | SLTCTL_POWER_OFF;
    pci_set_word(slot->port, at(slot, PCIE_SLTCTL), SLTCTL_ATTENTION_OFF | power);
    pci_set_word(slot->port, at(slot, PCIE_SLTSTA), 0);
    pcie_slot_refresh(slot);
    update_irq(slot);
}

void pcie_slot_init(PcieSlot *slot, PciDevice *port, guint number, gboolean hotplug)
{
    guint32 abilities = SLTCAP_BUTTON | SLTCAP_POWER | SLTCAP_ATTENTION | SLTCAP_INDICATOR |
                        SLTCAP_SURPRISE | SLTCAP_HOTPLUG;
    guint cap = port->express_capability;

    slot->port = port;
    slot->leaving = g_ptr_array_new();
    pci_set_word(port, cap + PCIE_FLAGS, pci_get_word(port, cap + PCIE_FLAGS) | PCIE_FLAGS_SLOT);
    pci_set_long(port, cap + PCIE_SLTCAP,
                 number << SLTCAP_NUMBER_SHIFT | (hotplug ? abilities : 0));
    port->write_one_clear[cap + PCIE_SLTSTA] = SLTSTA_CLEAR & 0xff;
    port->write_one_clear[cap + PCIE_SLTSTA + 1] = SLTSTA_CLEAR >> 8;
    if (hotplug) {
        pci_set_long(port, cap + PCIE_LNKCAP,
                     pci_get_long(port, cap + PCIE_LNKCAP) | PCIE_LNKCAP_DLLLA);
        port->writable[cap + PCIE_SLTCTL] = SLTCTL_WRITABLE & 0xff;
        port->writable[cap + PCIE_SLTCTL + 1] = SLTCTL_WRITABLE >> 8;
        port->secondary->bus.hotplug = &hotplug_ops;
        port->secondary->bus.hotplug_opaque = slot;
    }
}

void pcie_slot_finish(PcieSlot *slot)
{
    g_clear_pointer(&slot->leaving, g_ptr_array_unref);
}
