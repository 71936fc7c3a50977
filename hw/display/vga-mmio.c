/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How cards on PCI show the VGA core to the guest beside its memory: the registers of the Bochs
 * card in a page of memory, and the legacy ports and window.
 */
#include "hw/display/vga-core.h"

#define MMIO_PORTS      0x400 /* 3C0h-3DFh */
#define MMIO_PORTS_SIZE 0x20
#define MMIO_VBE        0x500 /* DISPI registers, 16 bits each */
#define MMIO_EXT        0x600 /* 32 bits: size of this block; byte order */
#define MMIO_EXT_SIZE   8
#define EXT_ENDIAN      4
#define ENDIAN_LITTLE   0x1e1e1e1e
#define ENDIAN_BIG      0xbebebebe

/* ---- handlers ---- */

static guint64 ports_read(void *opaque, guint64 addr, guint size)
{
    return vga_port_read(opaque, 0x3c0 + addr);
}

static void ports_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    vga_port_write(opaque, 0x3c0 + addr, value);
}

static guint64 mmio_vbe_read(void *opaque, guint64 addr, guint size)
{
    return vbe_read(opaque, addr / 2);
}

static void mmio_vbe_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    vbe_write(opaque, addr / 2, value);
}

static guint64 ext_read(void *opaque, guint64 addr, guint size)
{
    VgaCore *vga = opaque;
    if (addr == EXT_ENDIAN) {
        return vga->big_endian ? ENDIAN_BIG : ENDIAN_LITTLE;
    }
    return addr == 0 ? MMIO_EXT_SIZE : 0;
}

static void ext_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    VgaCore *vga = opaque;
    if (addr == EXT_ENDIAN && (value == ENDIAN_LITTLE || value == ENDIAN_BIG)) {
        vga->big_endian = value == ENDIAN_BIG;
        vga_touch(vga);
    }
}

static const IoOps ports_ops = {ports_read, ports_write, .min_size = 1, .max_size = 1};
static const IoOps mmio_vbe_ops = {mmio_vbe_read, mmio_vbe_write, .min_size = 2, .max_size = 2};
static const IoOps ext_ops = {ext_read, ext_write, .min_size = 4, .max_size = 4};

/* ---- the page ---- */

static void add(VgaMmio *mmio, Region *region, const char *name, const IoOps *ops, VgaCore *vga,
                guint64 addr, guint64 size)
{
    region_init_io(region, name, ops, vga, size);
    region_add(&mmio->page, addr, region, 0);
}

void vga_mmio_init(VgaMmio *mmio, VgaCore *vga, gboolean ext)
{
    region_init_container(&mmio->page, "vga.mmio", VGA_MMIO_SIZE);
    if (!vga->linear_only) {
        add(mmio, &mmio->ports, "vga.mmio-ports", &ports_ops, vga, MMIO_PORTS, MMIO_PORTS_SIZE);
    }
    add(mmio, &mmio->vbe, "vga.mmio-vbe", &mmio_vbe_ops, vga, MMIO_VBE, VBE_COUNT * 2);
    if (ext) {
        add(mmio, &mmio->ext, "vga.mmio-ext", &ext_ops, vga, MMIO_EXT, MMIO_EXT_SIZE);
    }
}

void vga_mmio_finish(VgaMmio *mmio)
{
    Region *parts[] = {&mmio->ports, &mmio->vbe, &mmio->ext};

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i]->parent) {
            region_remove(parts[i]);
            region_finish(parts[i]);
        }
    }
    region_finish(&mmio->page);
}

/* ---- legacy ---- */

void vga_map_legacy(VgaCore *vga, Region *memory, Region *io)
{
    region_add(io, 0x3b0, &vga->ports, 1);
    region_add(io, 0x1ce, &vga->vbe_ports, 1);
    region_add(memory, 0xa0000, &vga->window, 1);
}

void vga_unmap_legacy(VgaCore *vga)
{
    region_remove(&vga->window);
    region_remove(&vga->vbe_ports);
    region_remove(&vga->ports);
}
