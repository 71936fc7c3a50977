/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci.h"

#include <string.h>

#include "core/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci-priv.h"

/* ---- fields ---- */

guint16 pci_get_word(const PciDevice *pci, guint addr)
{
    return pci->config[addr] | pci->config[addr + 1] << 8;
}

guint32 pci_get_long(const PciDevice *pci, guint addr)
{
    return pci_get_word(pci, addr) | (guint32)pci_get_word(pci, addr + 2) << 16;
}

void pci_set_word(PciDevice *pci, guint addr, guint16 value)
{
    pci->config[addr] = value;
    pci->config[addr + 1] = value >> 8;
}

void pci_set_long(PciDevice *pci, guint addr, guint32 value)
{
    pci_set_word(pci, addr, value);
    pci_set_word(pci, addr + 2, value >> 16);
}

guint pci_add_capability(PciDevice *pci, guint8 id, guint size)
{
    guint offset = pci->next_capability;

    g_assert(offset + size <= PCI_CONFIG_SIZE);
    pci->config[offset] = id;
    pci->config[offset + 1] = pci->config[PCI_CAPABILITIES];
    pci->config[PCI_CAPABILITIES] = offset;
    pci->config[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
    pci->next_capability = (offset + size + 3) & ~3u;
    return offset;
}

/* ---- INTx ---- */

gboolean pci_bus_pirq_level(const PciBus *bus, guint pirq)
{
    return bus->pirq_count[pirq] > 0;
}

/* Several devices share an input of the router; it is low when all of them are. */
void pci_bus_drive_pirq(PciBus *bus, guint pirq, gboolean level)
{
    if (level) {
        if (bus->pirq_count[pirq]++ == 0) {
            irq_raise(&bus->pirq[pirq]);
        }
    } else if (--bus->pirq_count[pirq] == 0) {
        irq_lower(&bus->pirq[pirq]);
    }
}

static guint mapped_pirq(const PciDevice *pci)
{
    return pci->bus->map_irq(pci->bus, pci_slot(pci), pci->config[PCI_INTERRUPT_PIN] - 1);
}

static void update_irq(PciDevice *pci)
{
    gboolean disabled =
        pci_get_word(pci, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE || pci_messages_enabled(pci);
    gboolean asserted = pci->irq_level && !disabled && pci->config[PCI_INTERRUPT_PIN];

    /* The status bit shows the device's request even when the command register blocks the pin. */
    pci->config[PCI_STATUS] &= ~PCI_STATUS_INTERRUPT;
    pci->config[PCI_STATUS] |= pci->irq_level ? PCI_STATUS_INTERRUPT : 0;
    if (asserted != pci->irq_asserted) {
        pci->irq_asserted = asserted;
        if (asserted) {
            pci->irq_pirq = (guint8)mapped_pirq(pci);
        }
        pci_bus_drive_pirq(pci->bus, pci->irq_pirq, asserted);
    }
}

void pci_bus_reroute(PciBus *bus)
{
    for (guint devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        PciDevice *pci = bus->devices[devfn];

        if (pci && pci->secondary) {
            pci_bridge_reroute(pci);
        }
        if (pci && pci->irq_asserted && pci->irq_pirq != mapped_pirq(pci)) {
            pci_bus_drive_pirq(bus, pci->irq_pirq, FALSE);
            pci->irq_pirq = (guint8)mapped_pirq(pci);
            pci_bus_drive_pirq(bus, pci->irq_pirq, TRUE);
        }
    }
}

void pci_set_irq(PciDevice *pci, gboolean level)
{
    g_assert(pci->config[PCI_INTERRUPT_PIN]);
    if (!pci->irq_level != !level) {
        pci->irq_level = !!level;
        update_irq(pci);
    }
}

static void irq_line_set(void *opaque, guint n, int level)
{
    pci_set_irq(opaque, level);
}

IrqLine pci_irq_line(PciDevice *pci)
{
    return (IrqLine){irq_line_set, pci, 0};
}

/* ---- bus mastering ---- */

gboolean pci_is_bus_master(const PciDevice *pci)
{
    return pci->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
}

gboolean pci_dma_read(PciDevice *pci, guint64 addr, void *buffer, gsize length)
{
    if (!pci_is_bus_master(pci)) {
        memset(buffer, 0xff, length);
        return FALSE;
    }
    return address_space_read(pci->bus->machine->memory, addr, buffer, length);
}

gboolean pci_dma_write(PciDevice *pci, guint64 addr, const void *buffer, gsize length)
{
    return pci_is_bus_master(pci) &&
           address_space_write(pci->bus->machine->memory, addr, buffer, length);
}

/* ---- configuration cycles ---- */

guint32 pci_config_read_default(PciDevice *pci, guint addr, guint size)
{
    guint32 value = 0;

    for (guint i = 0; i < size; i++) {
        value |= (guint32)pci->config[addr + i] << (i * 8);
    }
    return value;
}

static gboolean overlaps(guint addr, guint size, guint first, guint length)
{
    return addr < first + length && first < addr + size;
}

void pci_config_write_default(PciDevice *pci, guint addr, guint32 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        guint8 byte = value >> (i * 8);
        guint8 mask = pci->writable[addr + i];
        guint8 *reg = &pci->config[addr + i];
        *reg = (*reg & ~mask) | (byte & mask);
        *reg &= ~(byte & pci->write_one_clear[addr + i]);
    }
    if (addr + size > PCI_HEADER_SIZE) {
        update_irq(pci);
        msi_config_written(pci);
        msix_config_written(pci);
    }
    if (overlaps(addr, size, PCI_COMMAND, 2)) {
        update_irq(pci);
    }
    if (overlaps(addr, size, PCI_COMMAND, 2) || overlaps(addr, size, PCI_BAR0, PCI_BARS * 4) ||
        overlaps(addr, size, PCI_ROM_ADDRESS, 4)) {
        pci_update_bars(pci);
    }
}

static guint config_size(const PciDevice *pci)
{
    return pci->express_capability ? PCIE_CONFIG_SIZE : PCI_CONFIG_SIZE;
}

guint pci_bus_number(const PciBus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : 0;
}

PciBus *pci_bus_find(PciBus *root, guint number)
{
    if (pci_bus_number(root) == number) {
        return root;
    }
    for (guint devfn = 0; devfn < G_N_ELEMENTS(root->devices); devfn++) {
        const PciDevice *pci = root->devices[devfn];

        /* 0 = the firmware has not numbered it yet. */
        if (pci && pci->secondary && pci->config[PCI_SECONDARY_BUS] &&
            pci->config[PCI_SECONDARY_BUS] <= number &&
            number <= pci->config[PCI_SUBORDINATE_BUS]) {
            return pci_bus_find(pci->secondary, number);
        }
    }
    return NULL;
}

guint32 pci_bus_config_read(PciBus *bus, guint devfn, guint addr, guint size)
{
    PciDevice *pci = bus->devices[devfn & 0xff];

    if (!pci || addr + size > config_size(pci)) {
        return 0xffffffffu >> (32 - size * 8);
    }
    if (pci->pci_ops->config_read) {
        return pci->pci_ops->config_read(pci, addr, size);
    }
    return pci_config_read_default(pci, addr, size);
}

void pci_bus_config_write(PciBus *bus, guint devfn, guint addr, guint32 value, guint size)
{
    PciDevice *pci = bus->devices[devfn & 0xff];

    if (!pci || addr + size > config_size(pci)) {
        return;
    }
    if (pci->pci_ops->config_write) {
        pci->pci_ops->config_write(pci, addr, value, size);
    } else {
        pci_config_write_default(pci, addr, value, size);
    }
}

PciDevice *pci_bus_device(PciBus *bus, guint slot, guint function)
{
    return bus->devices[(slot << 3 | function) & 0xff];
}

/* ---- saved state ---- */

static gboolean state_loaded(void *object, GError **error)
{
    PciDevice *pci = object;

    update_irq(pci);
    pci_update_bars(pci);
    return TRUE;
}

static const StateField state_fields[] = {
    STATE_ARRAY(U8, PciDevice, config),
    STATE_FIELD(BOOL, PciDevice, irq_level),
    STATE_END,
};

const StateTable pci_device_state = {1, state_fields, state_loaded};

/* ---- places ---- */

static gboolean parse_hex(const char **text, guint max, guint *value)
{
    char *end = NULL;
    if (!g_ascii_isxdigit(**text)) {
        return FALSE;
    }
    guint64 n = g_ascii_strtoull(*text, &end, 16);
    *text = end;
    *value = n;
    return n <= max;
}

/* "SLOT", "SLOT.FUNCTION", hexadecimal as lspci writes them. */
static gboolean parse_addr(const char *text, guint *devfn, GError **error)
{
    const char *at = text;
    guint slot = 0, function = 0;
    gboolean ok = parse_hex(&at, 31, &slot);

    if (ok && *at == '.') {
        at++;
        ok = parse_hex(&at, 7, &function);
    }
    if (!ok || *at) {
        return error_set(error,
                         "addr=%s is not a PCI address; use SLOT or SLOT.FUNCTION, 0 to 1f and 0 "
                         "to 7, hexadecimal",
                         text);
    }
    *devfn = slot << 3 | function;
    return TRUE;
}

static gboolean slot_is_empty(const PciBus *bus, guint devfn)
{
    for (guint function = 0; function < 8; function++) {
        if (bus->devices[(devfn & ~7u) + function]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The functions of a slot may come in any order if this one says that there are several: nobody
 * looks for them before the guest runs. */
static gboolean choose_devfn(PciBus *bus, OptionList *options, gboolean multifunction, guint *devfn,
                             GError **error)
{
    g_autofree char *addr = option_list_take(options, "addr");

    if (!addr) {
        for (*devfn = 0; *devfn <= bus->last_slot << 3; *devfn += 8) {
            if (slot_is_empty(bus, *devfn)) {
                return TRUE;
            }
        }
        return error_set(error, "bus %s has no free slot", bus->bus.name);
    }
    if (!parse_addr(addr, devfn, error)) {
        return FALSE;
    }
    if (*devfn >> 3 > bus->last_slot) {
        return error_set(error, "addr=%s: bus %s has no such slot, only 0 to %x", addr,
                         bus->bus.name, bus->last_slot);
    }
    if (bus->devices[*devfn]) {
        return error_set(error, "addr=%s of bus %s is taken by %s", addr, bus->bus.name,
                         bus->devices[*devfn]->device.ops->name);
    }
    if ((*devfn & 7) && !bus->devices[*devfn & ~7u] && !multifunction) {
        return error_set(error,
                         "addr=%s: slot %02x of bus %s has no function 0 yet; add "
                         "it first, or multifunction=on here",
                         addr, *devfn >> 3, bus->bus.name);
    }
    return TRUE;
}

static gboolean take_bool(OptionList *options, const char *key, gboolean *value, GError **error)
{
    g_autofree char *text = option_list_take(options, key);
    return !text || option_parse_bool(key, text, value, error);
}

static void init_header(PciDevice *pci)
{
    const PciDeviceOps *ops = pci->pci_ops;
    gboolean own = ops->subsystem_vendor_id || ops->subsystem_id;

    pci_set_word(pci, PCI_VENDOR_ID, ops->vendor_id);
    pci_set_word(pci, PCI_DEVICE_ID, ops->device_id);
    pci->config[PCI_REVISION] = ops->revision;
    pci->config[PCI_CLASS_PROG] = ops->class_code;
    pci_set_word(pci, PCI_CLASS_SUB, ops->class_code >> 8);
    if (!ops->bridge) {
        pci_set_word(pci, PCI_SUBSYSTEM_VENDOR_ID,
                     own ? ops->subsystem_vendor_id : PCI_VENDOR_REDHAT);
        pci_set_word(pci, PCI_SUBSYSTEM_ID, own ? ops->subsystem_id : PCI_SUBSYSTEM_VM);
    }
    pci->config[PCI_INTERRUPT_PIN] = ops->interrupt_pin;
    pci->config[PCI_HEADER_TYPE] = pci->multifunction ? PCI_HEADER_MULTIFUNCTION : 0;
    pci->writable[PCI_COMMAND] =
        PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY;
    pci->writable[PCI_COMMAND + 1] = (PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE) >> 8;
    pci->write_one_clear[PCI_STATUS + 1] = PCI_STATUS_ERRORS >> 8;
    pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
    pci->writable[PCI_LATENCY_TIMER] = 0xff;
    pci->writable[PCI_INTERRUPT_LINE] = 0xff;
    pci->next_capability = 0x40;
}

static gboolean place(Bus *bus, Device *dev, OptionList *options, GError **error)
{
    PciBus *pci_bus = (PciBus *)bus;
    PciDevice *pci = pci_device(dev);
    guint devfn = 0;

    pci->pci_ops = pci_device_ops(dev);
    pci->bus = pci_bus;
    pci->rombar = TRUE;
    if (!take_bool(options, "multifunction", &pci->multifunction, error) ||
        !choose_devfn(pci_bus, options, pci->multifunction, &devfn, error) ||
        !take_bool(options, "rombar", &pci->rombar, error)) {
        return FALSE;
    }
    pci->devfn = devfn;
    g_autofree char *romfile = option_list_take(options, "romfile");
    pci->romfile = romfile ? g_intern_string(romfile) : NULL;
    init_header(pci);
    return TRUE;
}

static gboolean plugged(Bus *bus, Device *dev, GError **error)
{
    PciBus *pci_bus = (PciBus *)bus;
    PciDevice *pci = pci_device(dev);
    gboolean shared = !slot_is_empty(pci_bus, pci->devfn);
    PciDevice *first;

    pci_bus->devices[pci->devfn] = pci;
    first = pci_bus->devices[pci->devfn & ~7u];
    if (shared && first) {
        first->config[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
    }
    return pci_load_rom(pci, error);
}

static void unplugged(Bus *bus, Device *dev)
{
    PciBus *pci_bus = (PciBus *)bus;
    PciDevice *pci = pci_device(dev);

    if (pci->irq_asserted) {
        pci->irq_level = FALSE;
        update_irq(pci);
    }
    pci_unmap_bars(pci);
    pci_free_rom(pci);
    pci_bus->devices[pci->devfn] = NULL;
}

static void describe(Bus *bus, Device *dev, GString *out)
{
    PciDevice *pci = pci_device(dev);
    g_string_append_printf(out, "addr = %02x.%x", pci_slot(pci), pci_function(pci));
}

static const OptionSpec place_options[] = {
    {"addr", OPTION_INT, .def = "-1", .min = (guint64)-1, .max = 255,
     .help = "SLOT or SLOT.FUNCTION, hexadecimal; unset: the first free slot"},
    {"multifunction", OPTION_BOOL, .help = "says that the slot has several functions"},
    {"rombar", OPTION_BOOL, .def = "on", .help = "shows the expansion ROM"},
    {"romfile", OPTION_STRING, .help = "expansion ROM image"},
    OPTION_END,
};

static GVariant *get_place(Bus *bus, Device *dev, const OptionSpec *spec)
{
    const PciDevice *pci = pci_device(dev);
    const char *romfile = pci->romfile ? pci->romfile : pci->pci_ops->romfile;

    switch (spec - place_options) {
    case 0: return g_variant_new_int64(pci->devfn);
    case 1: return g_variant_new_boolean(pci->multifunction);
    case 2: return g_variant_new_boolean(pci->rombar);
    default: return g_variant_new_take_string(g_utf8_make_valid(romfile ? romfile : "", -1));
    }
}

/* ---- lifecycle ---- */

/* Without a router of its own a bus shares its four pins by slot, as PCI-to-PCI bridges do. */
static guint map_irq_swizzle(const PciBus *bus, guint slot, guint pin)
{
    return (slot + pin) & 3;
}

static void reset_header(PciDevice *pci)
{
    static const guint8 cleared[] = {PCI_COMMAND, PCI_COMMAND + 1, PCI_CACHE_LINE_SIZE,
                                     PCI_LATENCY_TIMER, PCI_INTERRUPT_LINE};

    for (guint i = 0; i < G_N_ELEMENTS(cleared); i++) {
        pci->config[cleared[i]] &= ~pci->writable[cleared[i]]; /* hard-wired bits stay */
    }
    pci->config[PCI_STATUS + 1] &= ~(PCI_STATUS_ERRORS >> 8);
    for (guint n = 0; n <= PCI_ROM_SLOT; n++) {
        if (pci->bars[n].region) {
            guint32 type = n == PCI_ROM_SLOT ? 0 : pci->bars[n].type;
            pci_set_long(pci, pci_bar_offset(n), type);
            if (type & PCI_BAR_MEM64) {
                pci_set_long(pci, pci_bar_offset(n) + 4, 0);
            }
        }
    }
    if (pci->secondary) {
        pci_bridge_reset_header(pci);
        pci_bus_reset(pci->secondary);
    }
    msi_reset(pci);
    msix_reset(pci);
    pcie_reset(pci);
    pci->irq_level = FALSE;
    update_irq(pci);
    pci_update_bars(pci);
}

void pci_bus_reset(PciBus *bus)
{
    for (guint devfn = 0; devfn < 256; devfn++) {
        if (bus->devices[devfn]) {
            reset_header(bus->devices[devfn]);
        }
    }
}

const BusOps pci_bus_ops = {
    .kind = BUS_PCI,
    .size = sizeof(PciBus),
    .place = place,
    .plugged = plugged,
    .unplugged = unplugged,
    .describe = describe,
    .place_options = place_options,
    .get_place = get_place,
};

PciBus *pci_bus_create(Device *bridge, const char *name, Region *memory, Region *io)
{
    PciBus *bus = (PciBus *)bus_create(bridge, &pci_bus_ops, "%s", name);
    bus->machine = bridge->machine;
    bus->memory = memory;
    bus->io = io;
    bus->last_slot = 31;
    bus->map_irq = map_irq_swizzle;
    return bus;
}
