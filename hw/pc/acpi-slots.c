/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI slots in the SSDT, for guests that are told by ACPI what comes and goes (pci-hotplug.h): a
 * Device for each slot, within those of the bridges that lead to it, and the event that looks at
 * all of them. The methods behind it are in data/acpi/slots.asl.
 */
#include "core/hotplug.h"
#include "hw/pc/acpi.h"
#include "hw/pc/pci-hotplug.h"

#define HOST_BRIDGE "\\_SB.PCI0"
#define HAS_COME    1 /* table 5.131: device check */
#define IS_TO_GO    3 /* ejection request */

/* What sits there from the start and stays is no slot. */
static gboolean is_slot(const PciBus *bus, guint slot)
{
    for (guint function = 0; function < 8; function++) {
        const PciDevice *pci = bus->devices[slot << 3 | function];
        if (pci && !device_is_hotpluggable(&pci->device)) {
            return FALSE;
        }
    }
    return bus->bridge || slot != 0;
}

static gboolean has_slots(const PciHotplug *hotplug, const PciBus *bus)
{
    gboolean has = pci_hotplug_number(hotplug, bus) >= 0;

    for (guint devfn = 0; !has && devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        const PciDevice *pci = bus->devices[devfn];
        has = pci && pci->secondary && has_slots(hotplug, pci->secondary);
    }
    return has;
}

static void slot_name(char name[5], guint slot)
{
    g_snprintf(name, 5, "SL%02X", slot);
}

static void add_slot(Aml *aml, guint number, guint slot)
{
    char name[5];

    slot_name(name, slot);
    aml_open_device(aml, name);
    aml_name_integer(aml, "_ADR", slot << 16);
    aml_name_integer(aml, "_SUN", slot);
    aml_open_method(aml, "_EJ0", 1, FALSE);
    aml_path(aml, HOST_BRIDGE ".PCEJ");
    aml_integer(aml, number);
    aml_integer(aml, slot);
    aml_close(aml);
    aml_close(aml);
}

/* PCNT (slots, what): tells the system of each of the slots (a bit each). */
static void add_notify(Aml *aml, const PciBus *bus)
{
    aml_open_method(aml, "PCNT", 2, FALSE);
    for (guint slot = 0; slot < 32; slot++) {
        if (is_slot(bus, slot)) {
            char name[5];
            slot_name(name, slot);
            aml_open_if_arg0(aml, 1u << slot);
            aml_notify_arg1(aml, name);
            aml_close(aml);
        }
    }
    aml_close(aml);
}

/* The slots of a bus and of those behind its bridges; what _E01 is to call for them is added to
 * `events`. */
static void add_bus(Aml *aml, const PciHotplug *hotplug, const PciBus *bus, const char *path,
                    Aml *events)
{
    gint number = pci_hotplug_number(hotplug, bus);
    g_autofree char *notify = g_strconcat(path, ".PCNT", NULL);

    for (guint slot = 0; number >= 0 && slot < 32; slot++) {
        if (is_slot(bus, slot)) {
            add_slot(aml, (guint)number, slot);
        }
    }
    if (number >= 0) {
        static const guint kinds[] = {HAS_COME, IS_TO_GO};

        add_notify(aml, bus);
        for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
            aml_path(events, notify);
            aml_path(events, HOST_BRIDGE ".PCIS");
            aml_integer(events, (guint)number);
            aml_integer(events, kinds[i]);
            aml_integer(events, kinds[i]);
        }
    }
    for (guint devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        const PciDevice *pci = bus->devices[devfn];
        if (pci && pci->secondary && has_slots(hotplug, pci->secondary)) {
            g_autofree char *name = g_strdup_printf("BR%02X", devfn);
            g_autofree char *below = g_strconcat(path, ".", name, NULL);

            aml_open_device(aml, name);
            aml_name_integer(aml, "_ADR", (devfn >> 3) << 16 | (devfn & 7));
            add_bus(aml, hotplug, pci->secondary, below, events);
            aml_close(aml);
        }
    }
}

void acpi_add_slots(Aml *aml, const PciHotplug *hotplug)
{
    g_autoptr(GByteArray) calls = g_byte_array_new();
    Aml events = {calls};

    if (!has_slots(hotplug, hotplug->root)) {
        return;
    }
    aml_open_scope(aml, HOST_BRIDGE);
    add_bus(aml, hotplug, hotplug->root, HOST_BRIDGE, &events);
    aml_close(aml);
    aml_open_scope(aml, "\\_GPE");
    aml_open_method(aml, "_E01", 0, FALSE);
    g_byte_array_append(aml->code, calls->data, calls->len);
    aml_close(aml);
    aml_close(aml);
}
