/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "isa-vga": the VGA core as an ISA card. Its linear framebuffer is where Bochs put it, and its
 * BIOS comes to the firmware as a fw_cfg file.
 */
#include "core/firmware.h"
#include "hw/display/vga-core.h"
#include "hw/display/vga.h"
#include "hw/isa/isa.h"
#include "hw/pc/fw_cfg.h"

#define LFB_ADDRESS  0xe0000000
#define ROM_MAX_SIZE (256 * 1024)

typedef struct VgaIsa {
    Device dev;
    VgaCore vga;
    guint64 memory_mb;
} VgaIsa;

gboolean vga_offer_bios(Machine *machine, const char *rom, const char *file, GError **error)
{
    Device *fw_cfg = machine->root ? device_find_ops(machine->root, &fw_cfg_ops) : NULL;
    if (!fw_cfg) {
        return TRUE;
    }
    g_autoptr(GBytes) bios = firmware_load(machine, rom, ROM_MAX_SIZE, error);
    if (!bios) {
        return FALSE;
    }
    fw_cfg_add_file(fw_cfg, file, g_bytes_get_data(bios, NULL), g_bytes_get_size(bios));
    return TRUE;
}

static gboolean vga_isa_realize(Device *dev, GError **error)
{
    VgaIsa *card = (VgaIsa *)dev;
    if (!vga_offer_bios(dev->machine, "vgabios-isavga.bin", "vgaroms/vgabios.bin", error) ||
        !vga_init(&card->vga, dev, "isa-vga", card->memory_mb, error)) {
        return FALSE;
    }
    isa_map_ports(dev, 0x3b0, &card->vga.ports);
    isa_map_ports(dev, 0x1ce, &card->vga.vbe_ports);
    isa_map_memory(dev, 0xa0000, &card->vga.window);
    isa_map_memory(dev, LFB_ADDRESS, &card->vga.vram);
    return TRUE;
}

static void vga_isa_unrealize(Device *dev)
{
    vga_finish(&((VgaIsa *)dev)->vga);
}

static void vga_isa_reset(Device *dev)
{
    vga_reset(&((VgaIsa *)dev)->vga);
}

static const OptionSpec vga_isa_options[] = {
    {"vgamem_mb", OPTION_UINT, G_STRUCT_OFFSET(VgaIsa, memory_mb), "8",
     "video memory in MiB, rounded up to a power of two", 1, 512},
    OPTION_END,
};

static const StateTable vga_isa_state = {
    .version = 1,
    .fields =
        (const StateField[]){
            {"vga", STATE_STRUCT, G_STRUCT_OFFSET(VgaIsa, vga), 1, sizeof(VgaCore), 1, &vga_state},
            STATE_END,
        },
};

const DeviceOps isa_vga_ops = {
    .name = "isa-vga",
    .no_hotplug = TRUE,
    .summary = "standard VGA with Bochs VBE on the ISA bus",
    .category = "Display",
    .bus = BUS_ISA,
    .size = sizeof(VgaIsa),
    .options = vga_isa_options,
    .state = &vga_isa_state,
    .realize = vga_isa_realize,
    .unrealize = vga_isa_unrealize,
    .reset = vga_isa_reset,
};
