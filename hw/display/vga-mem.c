/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legacy memory window at A0000h: how accesses of the CPU reach the four planes (IBM VGA,
 * "Graphics Controller", "Sequencer", "Memory Modes"), and when the window can be video memory
 * itself.
 */
#include <string.h>

#include "hw/display/vga-core.h"

#define WINDOW_SIZE 0x20000
#define BANK_SIZE   0x10000

/* ---- from addresses to planes ---- */

/* A byte of the window: offset in its memory map; FALSE if the map does not cover it. */
static gboolean decode(const VgaCore *vga, guint *addr)
{
    if (!(vga->misc & VGA_MISC_RAM)) {
        return FALSE;
    }
    switch (vga->gc[VGA_GC_MISC] >> 2) {
    case 0: return TRUE;                              /* A0000h, 128 KiB */
    case 1: return *addr < 0x10000;                   /* A0000h, 64 KiB */
    case 2: *addr -= 0x10000; return *addr < 0x8000;  /* B0000h, 32 KiB */
    default: *addr -= 0x18000; return *addr < 0x8000; /* B8000h, 32 KiB */
    }
}

/* In odd/even modes the lowest address bit picks the plane; "chain odd/even" puts bit 16 of the
 * 128 KiB map in its place, which is 0 in the others. */
static guint odd_even_address(const VgaCore *vga, guint addr)
{
    return vga->gc[VGA_GC_MISC] & VGA_GC_MISC_CHAIN ? (addr & ~1u) | (addr >> 16 & 1) : addr;
}

/* Byte of plane 0 in video memory; with bound checks for any guest value. */
static guint8 *plane_bytes(const VgaCore *vga, guint addr, guint *offset)
{
    guint bank = vbe_is_enabled(vga) ? (guint)vga->vbe[VBE_BANK] << 16 : 0;
    *offset = ((addr & 0xffff) + bank) * 4 & (vga->mem_size - 1);
    return vga->mem + *offset;
}

/* ---- reading ---- */

/* Read mode 1: a bit is set where the pixel's colour is the wanted one in all planes cared for. */
static guint8 color_compare(const VgaCore *vga)
{
    guint8 differs = 0;
    for (guint plane = 0; plane < 4; plane++) {
        if (vga->gc[VGA_GC_DONT_CARE] >> plane & 1) {
            guint8 wanted = vga->gc[VGA_GC_COLOR_COMPARE] >> plane & 1 ? 0xff : 0;
            differs |= vga->latch[plane] ^ wanted;
        }
    }
    return ~differs;
}

static guint8 window_read_byte(VgaCore *vga, guint addr)
{
    guint plane = vga->gc[VGA_GC_READ_MAP];
    guint offset;
    if (!decode(vga, &addr)) {
        return 0xff;
    }
    if (vga->seq[VGA_SEQ_MEMORY_MODE] & VGA_SEQ_MEMORY_CHAIN4) {
        plane = addr & 3;
        addr = (addr & 0xffff) >> 2;
    } else if (vga->gc[VGA_GC_MODE] & VGA_GC_MODE_ODD_EVEN) {
        plane = (plane & 2) | (addr & 1);
        addr = odd_even_address(vga, addr);
    }
    memcpy(vga->latch, plane_bytes(vga, addr, &offset), 4);
    return vga->gc[VGA_GC_MODE] & VGA_GC_MODE_READ ? color_compare(vga) : vga->latch[plane];
}

/* ---- writing ---- */

/* Four bits as four bytes of 00h or FFh. */
static guint32 spread_planes(guint8 bits)
{
    guint32 ones = (bits & 1) | (bits & 2) << 7 | (bits & 4) << 14 | (bits & 8) << 21;
    return ones * 0xff;
}

static guint8 rotate_right(guint8 value, guint count)
{
    return value >> count | value << (8 - count);
}

static guint32 combine(guint8 function, guint32 data, guint32 latch)
{
    switch (function) {
    case 1: return data & latch;
    case 2: return data | latch;
    case 3: return data ^ latch;
    default: return data;
    }
}

/* What the four planes get, before the map mask (IBM VGA, "Write Operations"). */
static guint32 write_data(const VgaCore *vga, guint8 value, guint32 latch)
{
    const guint8 *gc = vga->gc;
    guint32 bit_mask = gc[VGA_GC_BIT_MASK] * 0x01010101u;
    guint32 set_reset = spread_planes(gc[VGA_GC_SET_RESET]);
    guint count = gc[VGA_GC_ROTATE] & 7;
    guint32 data;

    switch (gc[VGA_GC_MODE] & VGA_GC_MODE_WRITE) {
    case 0: {
        guint32 enable = spread_planes(gc[VGA_GC_ENABLE_SET_RESET]);
        data = rotate_right(value, count) * 0x01010101u;
        data = (data & ~enable) | (set_reset & enable);
        break;
    }
    case 1: return latch;
    case 2: data = spread_planes(value); break;
    default:
        data = set_reset;
        bit_mask &= rotate_right(value, count) * 0x01010101u;
        break;
    }
    data = combine(gc[VGA_GC_ROTATE] >> 3, data, latch);
    return (data & bit_mask) | (latch & ~bit_mask);
}

static void window_write_byte(VgaCore *vga, guint addr, guint8 value)
{
    guint8 planes = vga->seq[VGA_SEQ_MAP_MASK];
    guint32 latch, old;
    guint offset;
    if (!decode(vga, &addr)) {
        return;
    }
    if (vga->seq[VGA_SEQ_MEMORY_MODE] & VGA_SEQ_MEMORY_CHAIN4) {
        planes &= 1 << (addr & 3);
        addr = (addr & 0xffff) >> 2;
    } else if (!(vga->seq[VGA_SEQ_MEMORY_MODE] & VGA_SEQ_MEMORY_SEQUENTIAL)) {
        planes &= addr & 1 ? 0x0a : 0x05;
        addr = odd_even_address(vga, addr);
    }
    guint8 *bytes = plane_bytes(vga, addr, &offset);
    memcpy(&latch, vga->latch, 4);
    memcpy(&old, bytes, 4);
    guint32 enabled = spread_planes(planes);
    guint32 data = (write_data(vga, value, latch) & enabled) | (old & ~enabled);
    if (data != old) {
        memcpy(bytes, &data, 4);
        vga_wrote(vga, offset, 4);
    }
}

static guint64 window_read(void *opaque, guint64 addr, guint size)
{
    guint64 value = 0;
    for (guint i = 0; i < size; i++) {
        value |= (guint64)window_read_byte(opaque, addr + i) << (8 * i);
    }
    return value;
}

static void window_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        window_write_byte(opaque, addr + i, value >> (8 * i));
    }
}

static const IoOps window_ops = {window_read, window_write, .min_size = 1, .max_size = 8};

/* ---- when the window is plain memory ---- */

/* Every write goes through unchanged: then only the latches would notice the difference. */
static gboolean pipeline_is_plain(const VgaCore *vga)
{
    const guint8 *gc = vga->gc;
    return (gc[VGA_GC_MODE] & (VGA_GC_MODE_WRITE | VGA_GC_MODE_READ)) == 0 &&
           gc[VGA_GC_ROTATE] == 0 && gc[VGA_GC_ENABLE_SET_RESET] == 0 &&
           gc[VGA_GC_BIT_MASK] == 0xff && vga->seq[VGA_SEQ_MAP_MASK] == 0x0f;
}

void vga_mem_update(VgaCore *vga)
{
    gboolean at_a0000 = (vga->misc & VGA_MISC_RAM) && vga->gc[VGA_GC_MISC] >> 2 <= 1;
    gboolean direct = FALSE;
    guint64 offset = 0;

    if (vbe_is_enabled(vga) && vga->vbe[VBE_BPP] > 4) {
        direct = at_a0000;
        offset = ((guint64)vga->vbe[VBE_BANK] << 16) & (vga->mem_size - 1);
    } else if (vga->seq[VGA_SEQ_MEMORY_MODE] & VGA_SEQ_MEMORY_CHAIN4) {
        direct = at_a0000 && !vbe_is_enabled(vga) && pipeline_is_plain(vga);
    }
    if (vga->window_alias.enabled && direct) {
        region_set_alias_offset(&vga->window_alias, offset);
    } else if (vga->window_alias.enabled != direct) {
        region_set_alias_offset(&vga->window_alias, offset);
        region_set_enabled(&vga->window_alias, direct);
    }
    if (vga->extension) {
        vga->extension->mem_update(vga);
    }
}

/* ---- lifecycle ---- */

void vga_mem_init(VgaCore *vga)
{
    region_init_container(&vga->window, "vga-window", WINDOW_SIZE);
    region_init_io(&vga->window_io, "vga-planes", &window_ops, vga, WINDOW_SIZE);
    region_init_alias(&vga->window_alias, "vga-bank", &vga->vram, 0, BANK_SIZE);
    region_set_enabled(&vga->window_alias, FALSE);
    region_add(&vga->window, 0, &vga->window_io, 0);
    region_add(&vga->window, 0, &vga->window_alias, 1);
}

void vga_mem_finish(VgaCore *vga)
{
    region_remove(&vga->window_alias);
    region_remove(&vga->window_io);
    region_finish(&vga->window_alias);
    region_finish(&vga->window_io);
    region_finish(&vga->window);
}
