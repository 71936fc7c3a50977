/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/misc/pvpanic.h"
#include "hw/pc/acpi.h"
#include "hw/pc/aml.h"
#include "hw/pci/pci.h"
#include "hw/timer/mc146818.h"

#define GIB (1ULL << 30)

#define STA_PRESENT   0x0f
#define STA_NO_UI     0x0b
#define CMOS_FLOPPY   0x10
#define PCI64_DEFAULT (2 * GIB) /* of the PCI bus, and of a PCI Express one */
#define PCIE_DEFAULT  (32 * GIB)

/* ---- windows of the host bridge ---- */

/* Takes in BARs above 4 GiB of the bus and of those behind it. */
static void cover_bars(const PciBus *bus, guint64 *first, guint64 *last)
{
    for (guint devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        const PciDevice *pci = bus->devices[devfn];
        for (guint n = 0; pci && n < PCI_BARS; n++) {
            guint64 addr = pci->bars[n].region ? pci_bar_address(pci, n) : G_MAXUINT64;
            if (addr == G_MAXUINT64 || addr < 4 * GIB) {
                continue;
            }
            *first = MIN(*first, addr);
            *last = MAX(*last, addr + region_size(pci->bars[n].region) - 1);
        }
        if (pci && pci->secondary) {
            cover_bars(pci->secondary, first, last);
        }
    }
}

/* Where 64-bit BARs may be: behind RAM, and wherever the firmware has put some. */
static void pci64_window(const PcBoard *board, const AcpiInfo *info, guint64 *first, guint64 *last)
{
    *first = (info->pci64_start + GIB - 1) / GIB * GIB;
    *last = *first + (info->express ? PCIE_DEFAULT : PCI64_DEFAULT) - 1;
    cover_bars(board->pci, first, last);
}

static void add_windows(Aml *aml, const PcBoard *board, const AcpiInfo *info)
{
    g_autoptr(GByteArray) crs = g_byte_array_new();
    guint64 first = 0, last = 0;

    pci64_window(board, info, &first, &last);
    aml_resource_bus_range(crs, 0, 0xff);
    aml_resource_io(crs, 0xcf8, 8); /* consumed: the configuration ports */
    aml_resource_io_range(crs, 0, 0xcf7);
    aml_resource_io_range(crs, 0xd00, 0xffff);
    aml_resource_memory32_range(crs, 0xa0000, 0xbffff, TRUE);
    aml_resource_memory32_range(crs, info->pci_start, info->pci_end - 1, FALSE);
    aml_resource_memory64_range(crs, first, last);
    aml_resource_end(crs);
    aml_open_scope(aml, "\\_SB.PCI0");
    aml_name_buffer(aml, "_CRS", crs->data, crs->len);
    aml_close(aml);
}

/* What is in no BAR must be said to be in use (PCI Firmware Specification 3.0, 4.1.2). */
static void add_reserved(Aml *aml, const AcpiInfo *info)
{
    g_autoptr(GByteArray) crs = g_byte_array_new();

    if (info->ecam_size) {
        aml_resource_memory32(crs, info->ecam_base, info->ecam_size);
    }
    if (info->rcba_size) {
        aml_resource_memory32(crs, info->rcba_base, info->rcba_size);
    }
    if (crs->len) {
        aml_resource_end(crs);
        aml_open_scope(aml, "\\_SB");
        aml_open_device(aml, "CHIP");
        aml_name_string(aml, "_HID", "PNP0C02");
        aml_name_string(aml, "_UID", "chipset");
        aml_name_buffer(aml, "_CRS", crs->data, crs->len);
        aml_close(aml);
        aml_close(aml);
    }
}

/* ---- processors and sleeping states ---- */

static void add_processors(Aml *aml, const PcBoard *board)
{
    aml_open_scope(aml, "\\_SB");
    for (guint i = 0; i < board->config.cpus; i++) {
        char name[5];
        g_snprintf(name, sizeof(name), "C%03X", i);
        aml_open_processor(aml, name, i);
        aml_close(aml);
    }
    aml_close(aml);
}

/* \_Sx (7.4.2): SLP_TYP for PM1a and PM1b. \_S5, always 0, is in the DSDT. */
static void add_sleep_states(Aml *aml, const PcBoard *board)
{
    static const char *const names[] = {"\\_S0", NULL, NULL, "\\_S3", "\\_S4"};
    guint8 types[ACPI_SLEEP_STATES];

    acpi_sleep_states(board->sleep, types);
    for (guint state = 0; state < G_N_ELEMENTS(names); state++) {
        guint8 type = types[state];
        if (!names[state] || (state && !(type & 0x80))) {
            continue;
        }
        aml_open_package(aml, names[state], 4);
        aml_integer(aml, type & 7);
        aml_integer(aml, type & 7);
        aml_integer(aml, 0);
        aml_integer(aml, 0);
        aml_close(aml);
    }
}

/* ---- parts on the ISA bus ---- */

static Device *isa_find(const PcBoard *board, const char *type, guint iobase)
{
    for (guint i = 0; i < board->isa->bus.children->len; i++) {
        Device *dev = g_ptr_array_index(board->isa->bus.children, i);
        if (g_str_equal(dev->ops->name, type) && (!iobase || isa_iobase(dev) == iobase)) {
            return dev;
        }
    }
    return NULL;
}

static void add_presence(Aml *aml, const char *path, gboolean present)
{
    aml_open_scope(aml, path);
    aml_name_integer(aml, "_STA", present ? STA_PRESENT : 0);
    aml_close(aml);
}

static void add_pvpanic(Aml *aml, Device *pvpanic)
{
    g_autoptr(GByteArray) crs = g_byte_array_new();

    aml_resource_io(crs, pvpanic_port(pvpanic), 1);
    aml_resource_end(crs);
    aml_open_scope(aml, "\\_SB.PCI0.ISA");
    aml_open_device(aml, "PEVT");
    aml_name_string(aml, "_HID", "QEMU0001");
    aml_name_integer(aml, "_STA", STA_NO_UI);
    aml_name_buffer(aml, "_CRS", crs->data, crs->len);
    aml_close(aml);
    aml_close(aml);
}

/* One drive (_FDI, 9.9.2): what the AT's BIOS has in its diskette parameter tables. */
static void add_floppy(Aml *aml, guint unit, guint type)
{
    static const struct {
        guint type;
        guint8 values[14];
    } kinds[] = {
        /* Last cylinder, sector and head; the parameter table. */
        {2, {79, 15, 1, 0xdf, 0x02, 0x25, 0x02, 0x0f, 0x1b, 0xff, 0x54, 0xf6, 0x0f, 0x08}},
        {4, {79, 18, 1, 0xaf, 0x02, 0x25, 0x02, 0x12, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08}},
        {5, {79, 36, 1, 0xaf, 0x02, 0x25, 0x02, 0x24, 0x1b, 0xff, 0x53, 0xf6, 0x0f, 0x08}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type != type) {
            continue;
        }
        aml_open_device(aml, unit ? "FLPB" : "FLPA");
        aml_name_integer(aml, "_ADR", unit);
        aml_open_package(aml, "_FDI", 2 + G_N_ELEMENTS(kinds[i].values));
        aml_integer(aml, unit);
        aml_integer(aml, type);
        for (guint n = 0; n < G_N_ELEMENTS(kinds[i].values); n++) {
            aml_integer(aml, kinds[i].values[n]);
        }
        aml_close(aml);
        aml_close(aml);
    }
}

/* Which drives there are (_FDE, 9.9.1): four of them and a tape. */
static void add_floppies(Aml *aml, const PcBoard *board)
{
    guint8 types = mc146818_get_cmos(board->rtc, CMOS_FLOPPY), found[5 * 4] = {0};

    found[0] = types >> 4 ? 1 : 0;
    found[4] = types & 0xf ? 1 : 0;
    found[16] = 2; /* the controller has no tape drive: never present */
    aml_open_scope(aml, "\\_SB.PCI0.ISA.FDC0");
    aml_name_buffer(aml, "_FDE", found, sizeof(found));
    add_floppy(aml, 0, types >> 4);
    add_floppy(aml, 1, types & 0xf);
    aml_close(aml);
}

static void add_isa_parts(Aml *aml, const PcBoard *board)
{
    static const struct {
        const char *path, *type;
        guint iobase;
    } parts[] = {
        {"\\_SB.PCI0.ISA.COM1", "isa-serial", 0x3f8},
        {"\\_SB.PCI0.ISA.COM2", "isa-serial", 0x2f8},
        {"\\_SB.PCI0.ISA.COM3", "isa-serial", 0x3e8},
        {"\\_SB.PCI0.ISA.COM4", "isa-serial", 0x2e8},
        {"\\_SB.PCI0.ISA.LPT1", "isa-parallel", 0x378},
        {"\\_SB.PCI0.ISA.LPT2", "isa-parallel", 0x278},
        {"\\_SB.PCI0.ISA.FDC0", "isa-fdc", 0x3f0},
    };
    Device *pvpanic = isa_find(board, pvpanic_ops.name, 0);

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        add_presence(aml, parts[i].path, isa_find(board, parts[i].type, parts[i].iobase) != NULL);
    }
    add_presence(aml, "\\_SB.HPET", board->hpet != NULL);
    if (pvpanic) {
        add_pvpanic(aml, pvpanic);
    }
    if (isa_find(board, "isa-fdc", 0x3f0)) {
        add_floppies(aml, board);
    }
}

/* ---- the table ---- */

void acpi_add_ssdt(AcpiBlob *blob, PcBoard *board, const AcpiInfo *info)
{
    guint start = acpi_begin(blob, "SSDT", 1, "VITRMACH");
    Aml aml = {blob->tables};

    add_sleep_states(&aml, board);
    add_processors(&aml, board);
    add_windows(&aml, board, info);
    add_reserved(&aml, info);
    add_isa_parts(&aml, board);
    if (board->hotplug) {
        acpi_add_slots(&aml, board->hotplug);
    }
    acpi_end(blob, start, TRUE);
}
