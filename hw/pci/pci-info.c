/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci-priv.h"

typedef struct ClassName {
    guint16 code; /* base class and subclass */
    const char *name;
} ClassName;

/* PCI Local Bus Specification 3.0, appendix D. */
static const ClassName class_names[] = {
    {0x0001, "VGA controller"},
    {0x0100, "SCSI controller"},
    {0x0101, "IDE controller"},
    {0x0102, "Floppy controller"},
    {0x0103, "IPI controller"},
    {0x0104, "RAID controller"},
    {0x0106, "SATA controller"},
    {0x0107, "SAS controller"},
    {0x0180, "Storage controller"},
    {0x0200, "Ethernet controller"},
    {0x0280, "Network controller"},
    {0x0300, "VGA controller"},
    {0x0301, "XGA controller"},
    {0x0302, "3D controller"},
    {0x0380, "Display controller"},
    {0x0400, "Video controller"},
    {0x0401, "Audio controller"},
    {0x0403, "Audio controller"},
    {0x0500, "RAM controller"},
    {0x0501, "Flash controller"},
    {0x0600, "Host bridge"},
    {0x0601, "ISA bridge"},
    {0x0604, "PCI bridge"},
    {0x0680, "Bridge"},
    {0x0700, "Serial port"},
    {0x0701, "Parallel port"},
    {0x0c00, "IEEE 1394 controller"},
    {0x0c03, "USB controller"},
    {0x0c05, "SMBus"},
};

/* NULL = no name. */
static const char *class_name(guint16 code)
{
    for (guint i = 0; i < G_N_ELEMENTS(class_names); i++) {
        if (class_names[i].code == code) {
            return class_names[i].name;
        }
    }
    return NULL;
}

/* ---- for people ---- */

static void print_class(PciDevice *pci, GString *out)
{
    guint16 code = pci_get_word(pci, PCI_CLASS_SUB);
    const char *name = class_name(code);

    g_string_append(out, "    ");
    if (name) {
        g_string_append(out, name);
    } else {
        g_string_append_printf(out, "Class %04x", code);
    }
}

static void print_bar(PciDevice *pci, guint n, GString *out)
{
    const PciBar *bar = &pci->bars[n];

    if (!bar->region) {
        return;
    }
    guint64 first = pci_bar_address(pci, n);
    guint64 last = first + region_size(bar->region) - 1;
    g_string_append_printf(out, "      BAR%u: ", n);
    if (bar->type == PCI_BAR_IO) {
        first = bar->mapped ? first : 0xffff;
        last = bar->mapped ? last : 0xffff;
        g_string_append_printf(
            out, "I/O at 0x%04" G_GINT64_MODIFIER "x [0x%04" G_GINT64_MODIFIER "x].\n", first,
            last);
        return;
    }
    g_string_append_printf(
        out, "%d bit%s memory at 0x%08" G_GINT64_MODIFIER "x [0x%08" G_GINT64_MODIFIER "x].\n",
        bar->type & PCI_BAR_MEM64 ? 64 : 32,
        bar->type & PCI_BAR_MEM32_PREFETCH ? " prefetchable" : "", first, last);
}

static void print_bridge(PciDevice *pci, GString *out)
{
    static const char *const names[] = {"IO", "memory", "prefetchable memory"};

    g_string_append_printf(out,
                           "      BUS %u.\n      secondary bus %u.\n      subordinate bus %u.\n",
                           pci->config[PCI_PRIMARY_BUS], pci->config[PCI_SECONDARY_BUS],
                           pci->config[PCI_SUBORDINATE_BUS]);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        guint64 base, limit;

        pci_bridge_window(pci, (PciWindow)i, &base, &limit);
        g_string_append_printf(
            out, "      %s range [0x%0*" G_GINT64_MODIFIER "x, 0x%0*" G_GINT64_MODIFIER "x]\n",
            names[i], i ? 8 : 4, base, i ? 8 : 4, limit);
    }
}

static void print_device(PciDevice *pci, GString *out)
{
    g_string_append_printf(out, "  Bus %2u, device %3u, function %u:\n", pci_bus_number(pci->bus),
                           pci_slot(pci), pci_function(pci));
    print_class(pci, out);
    g_string_append_printf(out, ": PCI device %04x:%04x\n", pci_get_word(pci, PCI_VENDOR_ID),
                           pci_get_word(pci, PCI_DEVICE_ID));
    if (!pci->secondary) {
        g_string_append_printf(out, "      PCI subsystem %04x:%04x\n",
                               pci_get_word(pci, PCI_SUBSYSTEM_VENDOR_ID),
                               pci_get_word(pci, PCI_SUBSYSTEM_ID));
    }
    if (pci->config[PCI_INTERRUPT_PIN]) {
        g_string_append_printf(out, "      IRQ %u, pin %c\n", pci->config[PCI_INTERRUPT_LINE],
                               '@' + pci->config[PCI_INTERRUPT_PIN]);
    }
    if (pci->secondary) {
        print_bridge(pci, out);
    }
    for (guint n = 0; n <= PCI_ROM_SLOT; n++) {
        print_bar(pci, n, out);
    }
    g_string_append_printf(out, "      id \"%s\"\n", pci->device.id ? pci->device.id : "");
}

void pci_bus_info(PciBus *bus, GString *out)
{
    for (guint devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        PciDevice *pci = bus->devices[devfn];

        if (pci) {
            print_device(pci, out);
        }
        if (pci && pci->secondary && pci_bus_number(pci->secondary)) {
            pci_bus_info(pci->secondary, out);
        }
    }
}

/* ---- for programs: the words of QMP's query-pci ---- */

static GVariant *describe_class(PciDevice *pci)
{
    guint16 code = pci_get_word(pci, PCI_CLASS_SUB);
    const char *name = class_name(code);

    return name ? g_variant_new_parsed("{'class': <%i>, 'desc': <%s>}", code, name)
                : g_variant_new_parsed("{'class': <%i>}", code);
}

/* An address is -1 while the device does not decode it. */
static GVariant *describe_bar(PciDevice *pci, guint n)
{
    const PciBar *bar = &pci->bars[n];
    gint64 address = bar->mapped ? (gint64)pci_bar_address(pci, n) : -1;
    gint64 size = (gint64)region_size(bar->region);

    if (bar->type == PCI_BAR_IO) {
        return g_variant_new_parsed("{'bar': <%i>, 'type': <'io'>, 'address': <%x>, 'size': <%x>}",
                                    n, address, size);
    }
    return g_variant_new_parsed("{'bar': <%i>, 'type': <'memory'>, 'address': <%x>, "
                                "'size': <%x>, 'prefetch': <%b>, 'mem_type_64': <%b>}",
                                n, address, size, (bar->type & PCI_BAR_MEM32_PREFETCH) != 0,
                                (bar->type & PCI_BAR_MEM64) != 0);
}

static GVariant *describe_bars(PciDevice *pci)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
    for (guint n = 0; n <= PCI_ROM_SLOT; n++) {
        if (pci->bars[n].region) {
            g_variant_builder_add_value(&list, describe_bar(pci, n));
        }
    }
    return g_variant_builder_end(&list);
}

static GVariant *describe_devices(PciBus *bus);

/* A bridge has no subsystem. */
static GVariant *describe_id(PciDevice *pci)
{
    guint vendor = pci_get_word(pci, PCI_VENDOR_ID), device = pci_get_word(pci, PCI_DEVICE_ID);

    if (pci->secondary) {
        return g_variant_new_parsed("{'vendor': <%i>, 'device': <%i>}", vendor, device);
    }
    return g_variant_new_parsed(
        "{'vendor': <%i>, 'device': <%i>, 'subsystem-vendor': <%i>, 'subsystem': <%i>}", vendor,
        device, pci_get_word(pci, PCI_SUBSYSTEM_VENDOR_ID), pci_get_word(pci, PCI_SUBSYSTEM_ID));
}

static GVariant *describe_window(PciDevice *pci, PciWindow window)
{
    guint64 base, limit;

    pci_bridge_window(pci, window, &base, &limit);
    return g_variant_new_parsed("{'base': <%x>, 'limit': <%x>}", (gint64)base, (gint64)limit);
}

static GVariant *describe_bridge(PciDevice *pci)
{
    GVariantBuilder info;

    g_variant_builder_init(&info, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add_parsed(
        &info,
        "{'bus', <{'number': <%i>, 'secondary': <%i>, 'subordinate': <%i>, 'io_range': <%@a{sv}>, "
        "'memory_range': <%@a{sv}>, 'prefetchable_range': <%@a{sv}>}>}",
        pci->config[PCI_PRIMARY_BUS], pci->config[PCI_SECONDARY_BUS],
        pci->config[PCI_SUBORDINATE_BUS], describe_window(pci, PCI_WINDOW_IO),
        describe_window(pci, PCI_WINDOW_MEMORY), describe_window(pci, PCI_WINDOW_PREFETCH));
    if (pci_bus_number(pci->secondary)) {
        g_variant_builder_add_parsed(&info, "{'devices', <%@aa{sv}>}",
                                     describe_devices(pci->secondary));
    }
    return g_variant_builder_end(&info);
}

static GVariant *describe_device(PciDevice *pci)
{
    GVariantBuilder info;

    g_variant_builder_init(&info, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add_parsed(&info, "{'bus', <%i>}", pci_bus_number(pci->bus));
    g_variant_builder_add_parsed(&info, "{'slot', <%i>}", pci_slot(pci));
    g_variant_builder_add_parsed(&info, "{'function', <%i>}", pci_function(pci));
    g_variant_builder_add_parsed(&info, "{'class_info', <%@a{sv}>}", describe_class(pci));
    g_variant_builder_add_parsed(&info, "{'id', <%@a{sv}>}", describe_id(pci));
    if (pci->config[PCI_INTERRUPT_PIN]) {
        g_variant_builder_add_parsed(&info, "{'irq', <%i>}", pci->config[PCI_INTERRUPT_LINE]);
    }
    g_variant_builder_add_parsed(&info, "{'irq_pin', <%i>}", pci->config[PCI_INTERRUPT_PIN]);
    g_variant_builder_add_parsed(&info, "{'qdev_id', <%s>}", pci->device.id ? pci->device.id : "");
    g_variant_builder_add_parsed(&info, "{'regions', <%@aa{sv}>}", describe_bars(pci));
    if (pci->secondary) {
        g_variant_builder_add_parsed(&info, "{'pci_bridge', <%@a{sv}>}", describe_bridge(pci));
    }
    return g_variant_builder_end(&info);
}

static GVariant *describe_devices(PciBus *bus)
{
    GVariantBuilder devices;

    g_variant_builder_init(&devices, G_VARIANT_TYPE("aa{sv}"));
    for (guint devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        if (bus->devices[devfn]) {
            g_variant_builder_add_value(&devices, describe_device(bus->devices[devfn]));
        }
    }
    return g_variant_builder_end(&devices);
}

GVariant *pci_bus_query(PciBus *bus)
{
    return g_variant_new_parsed("[{'bus': <0>, 'devices': <%@aa{sv}>}]", describe_devices(bus));
}
