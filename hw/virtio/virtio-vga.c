/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "virtio-vga": a VGA card with Bochs VBE extensions for firmware and boot loaders, and a
 * virtio-gpu for the operating system's driver, with one first screen between them: it shows the
 * VGA until the driver gives it a picture, and again after the driver's reset.
 *
 * BAR 0 is the VGA's video memory. BAR 2 has the VGA's registers in its first page, as in "VGA",
 * and virtio's behind; BAR 4 is MSI-X's.
 */
#include "hw/display/edid.h"
#include "hw/display/vga-core.h"
#include "hw/virtio/virtio-gpu-priv.h"

#define MEMORY_BAR    0
#define REGISTERS_BAR 2
#define MSIX_BAR      4
#define VIRTIO_OFFSET VIRTIO_WINDOW_SIZE
#define BAR_SIZE      (2 * VIRTIO_WINDOW_SIZE)

typedef struct VirtioVga {
    VirtioGpu gpu;
    VgaCore vga;
    VgaMmio mmio;
    Region registers;
    guint64 memory_mb; /* option */
} VirtioVga;

static gboolean vga_realize(Device *dev, GError **error)
{
    VirtioVga *card = (VirtioVga *)dev;
    VirtioGpu *gpu = &card->gpu;
    PciDevice *pci = &gpu->virtio.pci;

    if (!gpu_realize(dev, error)) {
        return FALSE;
    }
    card->vga.display = gpu->scanouts[0].display;
    if (!vga_init(&card->vga, dev, gpu->scanouts[0].name, (guint)card->memory_mb, error)) {
        gpu_unrealize(dev);
        return FALSE;
    }
    gpu->legacy = &vga_source_ops;
    gpu->legacy_opaque = &card->vga;
    gpu->legacy_shown = TRUE;
    vga_mmio_init(&card->mmio, &card->vga, TRUE);
    region_init_container(&card->registers, "virtio-vga", BAR_SIZE);
    region_add(&card->registers, 0, &card->mmio.page, 0);
    region_add(&card->registers, VIRTIO_OFFSET, &gpu->virtio.registers, 0);
    pci_register_bar(pci, MEMORY_BAR, PCI_BAR_MEM32_PREFETCH, &card->vga.vram);
    pci_register_bar(pci, REGISTERS_BAR, PCI_BAR_MEM64_PREFETCH, &card->registers);
    vga_map_legacy(&card->vga, pci->bus->memory, pci->bus->io);
    return TRUE;
}

static void vga_unrealize(Device *dev)
{
    VirtioVga *card = (VirtioVga *)dev;

    vga_unmap_legacy(&card->vga);
    region_remove(&card->gpu.virtio.registers);
    region_remove(&card->mmio.page);
    gpu_unrealize(dev);
    region_finish(&card->registers);
    vga_mmio_finish(&card->mmio);
    vga_finish(&card->vga);
}

static void reset(Device *dev)
{
    VirtioVga *card = (VirtioVga *)dev;

    vga_reset(&card->vga);
    virtio_reset(dev);
}

static const OptionSpec options[] = {
    {"vgamem_mb", OPTION_UINT, G_STRUCT_OFFSET(VirtioVga, memory_mb), "8",
     "video memory of the VGA in MiB, rounded up to a power of two", 1, 512},
    VIRTIO_GPU_OPTIONS,
    OPTION_END,
};

static const StateField state_fields[] = {
    VIRTIO_STATE,
    {"vga", STATE_STRUCT, G_STRUCT_OFFSET(VirtioVga, vga), 1, sizeof(VgaCore), 1, &vga_state},
    STATE_END,
};
static const StateTable state = {1, state_fields, gpu_loaded};

const VirtioOps virtio_vga_ops = {
    .pci =
        {
            .device =
                {
                    .name = "virtio-vga",
                    .no_hotplug = TRUE,
                    .summary = "virtio display in two dimensions, and a VGA (-vga virtio)",
                    .category = "Display",
                    .bus = BUS_PCI,
                    .size = sizeof(VirtioVga),
                    .options = options,
                    .state = &state,
                    .realize = vga_realize,
                    .unrealize = vga_unrealize,
                    .reset = reset,
                },
            .romfile = "vgabios-virtio.bin",
            VIRTIO_PCI(VIRTIO_ID_GPU, PCI_CLASS_DISPLAY_VGA),
        },
    .window_bar = REGISTERS_BAR,
    .msix_bar = MSIX_BAR,
    .window_offset = VIRTIO_OFFSET,
    VIRTIO_GPU_ROWS,
};
