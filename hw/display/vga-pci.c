/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "VGA": the card of `-vga std`. BAR 0 is video memory, BAR 2 a page of registers, and the legacy
 * ports and window are where every VGA has them. "secondary-vga" is the same card without the
 * legacy part and the VGA BIOS: another head, for drivers that know the registers in BAR 2.
 * "bochs-display" has no VGA in it at all, but for its BIOS: a linear framebuffer, and in BAR 2 the
 * DISPI registers and the EDID.
 */
#include "hw/display/edid.h"
#include "hw/display/vga-core.h"
#include "hw/display/vga.h"

#define MIB ((guint64)1 << 20)

#define MMIO_EDID_SIZE 0x400 /* at the beginning of the page in BAR 2 */

typedef struct VgaPci {
    PciDevice pci;
    VgaCore vga;
    VgaMmio mmio;
    Region edid_region;
    guint8 edid[EDID_SIZE];
    EdidInfo hint; /* what a viewer asked for; sizes 0 = nothing */
    /* options */
    guint64 memory_mb, xres, yres, xmax, ymax, refresh_rate;
    guint64 memory; /* of bochs-display, in bytes */
    gboolean has_edid, has_mmio, has_ext, big_endian;
    gboolean legacy; /* the ports and the window of a VGA */
} VgaPci;

static VgaPci *vga_pci(VgaCore *vga)
{
    return (VgaPci *)((char *)vga - G_STRUCT_OFFSET(VgaPci, vga));
}

/* ---- handlers ---- */

static guint64 edid_read(void *opaque, guint64 addr, guint size)
{
    VgaPci *card = opaque;
    return addr < EDID_SIZE ? card->edid[addr] : 0;
}

static const IoOps edid_ops = {edid_read, NULL, .min_size = 1, .max_size = 1};

/* ---- EDID ---- */

static void update_edid(VgaPci *card)
{
    EdidInfo info = {.width = card->hint.width ? card->hint.width : card->xres,
                     .height = card->hint.height ? card->hint.height : card->yres,
                     .max_width = card->xmax,
                     .max_height = card->ymax,
                     .refresh_mhz = card->refresh_rate};
    edid_fill(&info, card->edid);
}

/* The guest sees it when it next reads the EDID. */
static void hint_size(VgaCore *vga, guint width, guint height)
{
    VgaPci *card = vga_pci(vga);
    card->hint.width = width;
    card->hint.height = height;
    update_edid(card);
}

/* ---- lifecycle ---- */

static void init_mmio(VgaPci *card)
{
    vga_mmio_init(&card->mmio, &card->vga, card->has_ext);
    if (card->has_edid) {
        region_init_io(&card->edid_region, "vga.edid", &edid_ops, card, MMIO_EDID_SIZE);
        region_add(&card->mmio.page, 0, &card->edid_region, 0);
    }
    pci_register_bar(&card->pci, 2, PCI_BAR_MEM32, &card->mmio.page);
}

static gboolean realize(VgaPci *card, GError **error)
{
    Device *dev = &card->pci.device;
    const char *name = dev->id ? dev->id : dev->ops->name;

    if (!vga_init(&card->vga, dev, name, card->memory_mb, error)) {
        return FALSE;
    }
    pci_register_bar(&card->pci, 0, PCI_BAR_MEM32_PREFETCH, &card->vga.vram);
    if (card->has_mmio) {
        init_mmio(card);
    }
    if (card->has_edid) {
        card->vga.hint = hint_size;
        update_edid(card);
    }
    return TRUE;
}

static gboolean vga_pci_realize(Device *dev, GError **error)
{
    VgaPci *card = (VgaPci *)dev;
    PciBus *bus = card->pci.bus;

    if (!realize(card, error)) {
        return FALSE;
    }
    card->legacy = TRUE;
    vga_map_legacy(&card->vga, bus->memory, bus->io);
    return TRUE;
}

static gboolean secondary_vga_realize(Device *dev, GError **error)
{
    VgaPci *card = (VgaPci *)dev;

    card->has_mmio = TRUE;
    return realize(card, error);
}

static gboolean bochs_display_realize(Device *dev, GError **error)
{
    VgaPci *card = (VgaPci *)dev;

    card->vga.linear_only = TRUE;
    card->memory_mb = (card->memory + MIB - 1) / MIB;
    card->has_mmio = card->has_ext = TRUE;
    return realize(card, error);
}

static void vga_pci_unrealize(Device *dev)
{
    VgaPci *card = (VgaPci *)dev;

    if (card->legacy) {
        vga_unmap_legacy(&card->vga);
    }
    if (card->edid_region.parent) {
        region_remove(&card->edid_region);
        region_finish(&card->edid_region);
    }
    vga_mmio_finish(&card->mmio);
    vga_finish(&card->vga);
}

static void vga_pci_reset(Device *dev)
{
    VgaPci *card = (VgaPci *)dev;
    card->vga.big_endian = card->big_endian;
    vga_reset(&card->vga);
}

/* ---- tables ---- */

#define FIELD(name) G_STRUCT_OFFSET(VgaPci, name)

#define EDID_OPTIONS                                                                            \
    {"edid", OPTION_BOOL, FIELD(has_edid), "on", "tell the guest of a monitor (EDID)"},         \
        {"xres", OPTION_UINT, FIELD(xres), "0", "preferred width for EDID, 0 = 1280", 0, 4095}, \
        {"yres", OPTION_UINT, FIELD(yres), "0", "preferred height for EDID, 0 = 800", 0, 4095}, \
        {"xmax", OPTION_UINT, FIELD(xmax), "0", "largest width for EDID, 0 = any", 0, 16384},   \
        {"ymax", OPTION_UINT, FIELD(ymax), "0", "largest height for EDID, 0 = any", 0, 16384},  \
    {                                                                                           \
        "refresh_rate", OPTION_UINT, FIELD(refresh_rate), "0",                                  \
            "refresh rate for EDID in mHz, 0 = 60000", 0, 1000000                               \
    }

/* The first is of "VGA" alone. */
static const OptionSpec vga_pci_options[] = {
    {"mmio", OPTION_BOOL, FIELD(has_mmio), "on", "registers in BAR 2"},
    {"vgamem_mb", OPTION_UINT, FIELD(memory_mb), "16",
     "video memory in MiB, rounded up to a power of two", 1, 512},
    EDID_OPTIONS,
    {"qemu-extended-regs", OPTION_BOOL, FIELD(has_ext), "on", "byte order register in BAR 2"},
    {"big-endian-framebuffer", OPTION_BOOL, FIELD(big_endian), "off",
     "pixels are big-endian after reset"},
    OPTION_END,
};

static const OptionSpec bochs_display_options[] = {
    {"vgamem", OPTION_SIZE, FIELD(memory), "16M", "video memory, rounded up to a power of two",
     4 * MIB, 256 * MIB},
    EDID_OPTIONS,
    OPTION_END,
};

static const StateTable vga_pci_state = {
    .version = 1,
    .fields =
        (const StateField[]){
            PCI_DEVICE_STATE,
            {"vga", STATE_STRUCT, FIELD(vga), 1, sizeof(VgaCore), 1, &vga_state},
            STATE_END,
        },
};

const PciDeviceOps vga_pci_ops = {
    .device =
        {
            .name = "VGA",
            .no_hotplug = TRUE,
            .summary = "standard VGA with Bochs VBE (-vga std)",
            .category = "Display",
            .bus = BUS_PCI,
            .size = sizeof(VgaPci),
            .options = vga_pci_options,
            .state = &vga_pci_state,
            .realize = vga_pci_realize,
            .unrealize = vga_pci_unrealize,
            .reset = vga_pci_reset,
        },
    .vendor_id = 0x1234,
    .device_id = 0x1111,
    .class_code = 0x030000,
    .revision = 2,
    .romfile = "vgabios-stdvga.bin",
};

const PciDeviceOps secondary_vga_ops = {
    .device =
        {
            .name = "secondary-vga",
            .summary = "another head: the VGA card without legacy ports and BIOS",
            .category = "Display",
            .bus = BUS_PCI,
            .size = sizeof(VgaPci),
            .options = vga_pci_options + 1,
            .state = &vga_pci_state,
            .realize = secondary_vga_realize,
            .unrealize = vga_pci_unrealize,
            .reset = vga_pci_reset,
        },
    .vendor_id = 0x1234,
    .device_id = 0x1111,
    .class_code = 0x038000,
    .revision = 2,
};

const PciDeviceOps bochs_display_ops = {
    .device =
        {
            .name = "bochs-display",
            .summary = "linear framebuffer with Bochs registers, without VGA",
            .category = "Display",
            .bus = BUS_PCI,
            .size = sizeof(VgaPci),
            .options = bochs_display_options,
            .state = &vga_pci_state,
            .realize = bochs_display_realize,
            .unrealize = vga_pci_unrealize,
            .reset = vga_pci_reset,
        },
    .vendor_id = 0x1234,
    .device_id = 0x1111,
    .class_code = 0x038000,
    .revision = 2,
    .romfile = "vgabios-bochs-display.bin",
};
