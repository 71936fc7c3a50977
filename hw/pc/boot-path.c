/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/boot-path.h"

#include "hw/block/fdc.h"
#include "hw/block/ide.h"
#include "hw/isa/isa.h"
#include "hw/pci/pci.h"
#include "hw/usb/usb-storage.h"

#define CLASS_IDE    0x0101
#define CLASS_BRIDGE 0x0604
#define CLASS_USB    0x0c03

static void append_pci(GString *path, const PciDevice *pci)
{
    guint16 class_code = pci_get_word(pci, PCI_CLASS_SUB);

    if (pci->bus->bridge) {
        append_pci(path, pci->bus->bridge);
    } else {
        g_string_append(path, "/pci@i0cf8");
    }
    switch (class_code) {
    case CLASS_IDE: g_string_append(path, "/ide"); break;
    case CLASS_BRIDGE: g_string_append(path, "/pci-bridge"); break;
    case CLASS_USB: g_string_append(path, "/usb"); break;
    default:
        g_string_append_printf(path, "/pci%x,%x", pci_get_word(pci, PCI_VENDOR_ID),
                               pci_get_word(pci, PCI_DEVICE_ID));
    }
    g_string_append_printf(path, "@%x", pci_slot(pci));
    if (pci_function(pci)) {
        g_string_append_printf(path, ",%x", pci_function(pci));
    }
}

/* Hubs by their ports, down to the port itself. */
static void append_usb(GString *path, const UsbPort *port)
{
    if (port->hub) {
        append_usb(path, port->hub->port);
    }
    g_string_append_printf(path, "/hub@%x", port->index + 1);
}

static char *usb_path(Device *dev)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const UsbPort *port = usb_device(dev)->port;

    append_pci(path, pci_device(dev->bus->parent));
    if (port->hub) {
        append_usb(path, port->hub->port);
    }
    g_string_append_printf(path, "/storage@%x/channel@0/disk@0,0", port->index + 1);
    return g_string_free(g_steal_pointer(&path), FALSE);
}

static char *ide_path(Device *dev, guint channel, guint unit)
{
    g_autoptr(GString) path = g_string_new(NULL);

    append_pci(path, pci_device(dev->bus->parent));
    g_string_append_printf(path, "/drive@%x/disk@%x", channel, unit);
    return g_string_free(g_steal_pointer(&path), FALSE);
}

static gboolean is_behind_pci(const Device *dev)
{
    return dev->bus && dev->bus->parent && !g_strcmp0(dev->bus->parent->ops->bus, BUS_PCI);
}

static char *floppy_path(Device *dev, guint unit)
{
    g_autoptr(GString) path = g_string_new("/pci@i0cf8");
    Device *fdc = dev->bus->parent;

    if (!is_behind_pci(fdc)) {
        return NULL;
    }
    g_string_append_printf(path, "/isa@%x/fdc@%04x/floppy@%x",
                           pci_slot(pci_device(fdc->bus->parent)), isa_iobase(fdc), unit);
    return g_string_free(g_steal_pointer(&path), FALSE);
}

char *boot_path(Device *dev, gint64 *index)
{
    guint channel, unit;

    *index = -1;
    if (fdc_boot_place(dev, &unit, index) && *index >= 0) {
        return floppy_path(dev, unit);
    }
    if (!is_behind_pci(dev)) {
        return NULL; /* firmware knows no names for what is not behind PCI */
    }
    if (ide_boot_place(dev, &channel, &unit, index) && *index >= 0) {
        return ide_path(dev, channel, unit);
    }
    if (usb_storage_boot_index(dev, index) && *index >= 0) {
        return usb_path(dev);
    }
    return NULL;
}
