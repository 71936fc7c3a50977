/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Bochs VBE extensions: index and data ports that set linear modes directly. Interface as
 * described in Bochs' documentation of the "Bochs VBE Display API", version B0C5h.
 *
 * A guest may write anything in any order. Registers are made consistent when a mode is enabled
 * and after each write while it is, so that the scan can trust them: the whole picture lies in
 * video memory.
 */
#include <string.h>

#include "hw/display/vga-core.h"

gboolean vbe_is_enabled(const VgaCore *vga)
{
    return vga->vbe[VBE_ENABLE] & VBE_ENABLED;
}

/* Bytes of video memory that `pixels` of a line take; with 4 bpp, in all planes together. */
static guint64 pixel_bytes(guint bpp, guint64 pixels)
{
    switch (bpp) {
    case 4: return pixels / 2;
    case 15: return pixels * 2;
    default: return pixels * bpp / 8;
    }
}

guint vbe_line_bytes(const VgaCore *vga)
{
    return pixel_bytes(vga->vbe[VBE_BPP], vga->vbe[VBE_VIRT_WIDTH]);
}

/* ---- consistency ---- */

static guint valid_bpp(guint bpp)
{
    switch (bpp) {
    case 4:
    case 15:
    case 16:
    case 24:
    case 32: return bpp;
    default: return 8; /* 0 stood for 8 in the first version */
    }
}

static void fix_size(VgaCore *vga)
{
    guint16 *vbe = vga->vbe;
    vbe[VBE_BPP] = valid_bpp(vbe[VBE_BPP]);
    vbe[VBE_XRES] = CLAMP(vbe[VBE_XRES] & ~7, 8, VBE_MAX_XRES);
    vbe[VBE_YRES] = CLAMP(vbe[VBE_YRES], 1, VBE_MAX_YRES);
    vbe[VBE_VIRT_WIDTH] = MAX(vbe[VBE_VIRT_WIDTH] & ~7, vbe[VBE_XRES]);
    if ((guint64)vbe_line_bytes(vga) * vbe[VBE_YRES] > vga->mem_size) {
        vbe[VBE_VIRT_WIDTH] = vbe[VBE_XRES];
    }
    guint64 lines = vga->mem_size / vbe_line_bytes(vga);
    vbe[VBE_YRES] = MIN(vbe[VBE_YRES], lines);
    vbe[VBE_VIRT_HEIGHT] = MIN(lines, G_MAXUINT16);
}

static void fix_offset(VgaCore *vga)
{
    guint16 *vbe = vga->vbe;
    guint64 line = vbe_line_bytes(vga);
    guint64 end = line * (vbe[VBE_Y_OFFSET] + vbe[VBE_YRES] - 1u) +
                  pixel_bytes(vbe[VBE_BPP], vbe[VBE_X_OFFSET] + vbe[VBE_XRES]);
    if (end > vga->mem_size) {
        device_warn_once(vga->dev, "VBE offset puts the screen outside video memory");
        vbe[VBE_X_OFFSET] = vbe[VBE_Y_OFFSET] = 0;
    }
}

/* ---- enabling ---- */

/* The DAC holds what it shows: in 6-bit mode values are the upper bits of 8-bit ones. */
static void switch_dac(VgaCore *vga, gboolean to_8bit)
{
    for (guint i = 0; i < sizeof(vga->dac); i++) {
        vga->dac[i] = to_8bit ? vga->dac[i] << 2 : vga->dac[i] >> 2;
    }
}

static void enable_mode(VgaCore *vga, gboolean clear)
{
    vga->vbe[VBE_VIRT_WIDTH] = vga->vbe[VBE_XRES];
    vga->vbe[VBE_X_OFFSET] = vga->vbe[VBE_Y_OFFSET] = 0;
    fix_size(vga);
    if (clear) {
        guint64 length = (guint64)vbe_line_bytes(vga) * vga->vbe[VBE_YRES];
        memset(vga->mem, 0, length);
        vga_wrote(vga, 0, length);
    }
}

static void write_enable(VgaCore *vga, guint16 value)
{
    guint16 old = vga->vbe[VBE_ENABLE];
    value &= VBE_ENABLED | VBE_GETCAPS | VBE_8BIT_DAC | VBE_LFB | VBE_NOCLEAR;
    vga->vbe[VBE_ENABLE] = value;
    if ((old ^ value) & VBE_8BIT_DAC) {
        switch_dac(vga, value & VBE_8BIT_DAC);
        vga_touch_colors(vga);
    }
    if ((value & VBE_ENABLED) && !(old & VBE_ENABLED)) {
        enable_mode(vga, !(value & VBE_NOCLEAR));
    } else if (!(value & VBE_ENABLED)) {
        vga->vbe[VBE_BANK] = 0;
    }
    vga->timing.valid = FALSE;
}

/* ---- registers ---- */

guint16 vbe_read(VgaCore *vga, guint index)
{
    if (index >= VBE_COUNT) {
        return 0;
    }
    if (vga->vbe[VBE_ENABLE] & VBE_GETCAPS) {
        switch (index) {
        case VBE_XRES: return VBE_MAX_XRES;
        case VBE_YRES: return VBE_MAX_YRES;
        case VBE_BPP: return VBE_MAX_BPP;
        default: break;
        }
    }
    return vga->vbe[index];
}

void vbe_write(VgaCore *vga, guint index, guint16 value)
{
    switch (index) {
    case VBE_ID:
        if (value >= VBE_ID_OLDEST && value <= VBE_ID_NEWEST) {
            vga->vbe[VBE_ID] = value;
        }
        return;
    case VBE_XRES:
    case VBE_YRES:
    case VBE_BPP:
    case VBE_BANK:
    case VBE_VIRT_WIDTH:
    case VBE_X_OFFSET:
    case VBE_Y_OFFSET: vga->vbe[index] = value; break;
    case VBE_ENABLE: write_enable(vga, value); break;
    default: return; /* read-only: virtual height follows from the width */
    }
    if (vbe_is_enabled(vga)) {
        fix_size(vga);
        fix_offset(vga);
    }
    vga_mem_update(vga);
    vga_touch(vga);
}

/* ---- ports 1CEh index, 1CFh data, 1D0h data (for those who want it aligned) ---- */

static guint64 vbe_port_read(void *opaque, guint64 addr, guint size)
{
    VgaCore *vga = opaque;
    guint16 value = addr == 0 ? vga->vbe_index : vbe_read(vga, vga->vbe_index);
    return addr == 3 ? 0xff : value;
}

static void vbe_port_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    VgaCore *vga = opaque;
    if (addr == 0) {
        vga->vbe_index = value;
    } else if (addr < 3) {
        vbe_write(vga, vga->vbe_index, value);
    }
}

static const IoOps vbe_ops = {vbe_port_read, vbe_port_write, .min_size = 1, .max_size = 2};

/* ---- lifecycle ---- */

void vbe_init(VgaCore *vga)
{
    region_init_io(&vga->vbe_ports, "vbe", &vbe_ops, vga, 4);
}

void vbe_finish(VgaCore *vga)
{
    region_finish(&vga->vbe_ports);
}

void vbe_reset(VgaCore *vga)
{
    memset(vga->vbe, 0, sizeof(vga->vbe));
    vga->vbe_index = 0;
    vga->vbe[VBE_ID] = VBE_ID_NEWEST;
    vga->vbe[VBE_MEMORY_64K] = MIN(vga->mem_size >> 16, G_MAXUINT16);
}
