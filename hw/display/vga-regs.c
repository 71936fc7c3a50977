/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VGA registers at ports 3B0h-3DFh (IBM VGA, "Registers").
 */
#include <string.h>

#include "hw/display/vga-core.h"

#define PORTS_BASE 0x3b0

/* Bits that exist. */
static const guint8 seq_mask[VGA_SEQ_COUNT] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
static const guint8 gc_mask[VGA_GC_COUNT] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
static const guint8 crtc_mask[VGA_CRTC_COUNT] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0x3f, 0x7f, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xef, 0xff,
};
static const guint8 attr_mask[VGA_ATTR_COUNT] = {
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f,
};

/* ---- fields spread over several registers ---- */

guint vga_v_display_end(const VgaCore *vga)
{
    guint8 overflow = vga->crtc[VGA_CRTC_OVERFLOW];
    return vga->crtc[VGA_CRTC_V_DISPLAY] | (overflow & 0x02) << 7 | (overflow & 0x40) << 3;
}

guint vga_line_compare(const VgaCore *vga)
{
    return vga->crtc[VGA_CRTC_LINE_COMPARE] | (vga->crtc[VGA_CRTC_OVERFLOW] & 0x10) << 4 |
           (vga->crtc[VGA_CRTC_MAX_SCAN] & 0x40) << 3;
}

/* ---- sequencer, graphics controller, CRTC ---- */

static void seq_write(VgaCore *vga, guint8 value)
{
    if (vga->seq_index >= VGA_SEQ_COUNT) {
        return;
    }
    value &= seq_mask[vga->seq_index];
    if (vga->seq[vga->seq_index] == value) {
        return;
    }
    vga->seq[vga->seq_index] = value;
    if (vga->seq_index == VGA_SEQ_CLOCKING) {
        vga->timing.valid = FALSE;
    }
    if (vga->seq_index != VGA_SEQ_MAP_MASK) {
        vga_touch(vga);
    }
    if (vga->seq_index == VGA_SEQ_MAP_MASK || vga->seq_index == VGA_SEQ_MEMORY_MODE) {
        vga_mem_update(vga);
    }
}

static void gc_write(VgaCore *vga, guint8 value)
{
    if (vga->gc_index >= VGA_GC_COUNT) {
        return;
    }
    value &= gc_mask[vga->gc_index];
    guint8 changed = vga->gc[vga->gc_index] ^ value;
    if (!changed) {
        return;
    }
    vga->gc[vga->gc_index] = value;
    vga_mem_update(vga);
    if (vga->gc_index == VGA_GC_MISC ||
        (vga->gc_index == VGA_GC_MODE && (changed & (VGA_GC_MODE_INTERLEAVE | VGA_GC_MODE_256)))) {
        vga_touch(vga);
    }
}

static void crtc_write(VgaCore *vga, guint8 value)
{
    guint index = vga->crtc_index;
    if (index >= VGA_CRTC_COUNT) {
        return;
    }
    value &= crtc_mask[index];
    if (index <= VGA_CRTC_OVERFLOW && (vga->crtc[VGA_CRTC_V_SYNC_END] & 0x80)) {
        if (index != VGA_CRTC_OVERFLOW) {
            return;
        }
        /* Bit 8 of line compare is not protected. */
        value = (vga->crtc[index] & ~0x10) | (value & 0x10);
    }
    if (vga->crtc[index] == value) {
        return;
    }
    vga->crtc[index] = value;
    vga->timing.valid = FALSE;
    vga_touch(vga);
}

/* ---- attribute controller ---- */

static void attr_write(VgaCore *vga, guint8 value)
{
    if (!vga->attr_data) {
        guint8 old = vga->attr_index;
        vga->attr_index = value & 0x3f;
        if ((old ^ vga->attr_index) & VGA_ATTR_INDEX_PAS) {
            vga_touch(vga);
        }
    } else {
        guint index = vga->attr_index & 0x1f;
        if (index < VGA_ATTR_COUNT && vga->attr[index] != (value & attr_mask[index])) {
            vga->attr[index] = value & attr_mask[index];
            vga_touch_colors(vga);
        }
    }
    vga->attr_data = !vga->attr_data;
}

static guint8 attr_read(const VgaCore *vga)
{
    guint index = vga->attr_index & 0x1f;
    return index < VGA_ATTR_COUNT ? vga->attr[index] : 0;
}

/* ---- palette ---- */

static gboolean dac_is_8bit(const VgaCore *vga)
{
    return vga->vbe[VBE_ENABLE] & VBE_8BIT_DAC;
}

/* Three writes make a colour, which takes effect at the third. */
static void dac_write(VgaCore *vga, guint8 value)
{
    vga->dac_latch[vga->dac_component] = dac_is_8bit(vga) ? value : value & 0x3f;
    if (++vga->dac_component < 3) {
        return;
    }
    vga->dac_component = 0;
    guint8 *entry = &vga->dac[vga->dac_index++ * 3];
    if (memcmp(entry, vga->dac_latch, 3) != 0) {
        memcpy(entry, vga->dac_latch, 3);
        vga_touch_colors(vga);
    }
}

static guint8 dac_read(VgaCore *vga)
{
    guint8 value = vga->dac[vga->dac_index * 3 + vga->dac_component];
    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_index++;
    }
    return value;
}

static void dac_set_index(VgaCore *vga, guint8 value, gboolean reading)
{
    vga->dac_index = value;
    vga->dac_component = 0;
    vga->dac_reading = reading;
}

/* ---- ports ---- */

static void misc_write(VgaCore *vga, guint8 value)
{
    if (vga->misc != value) {
        vga->misc = value;
        vga->timing.valid = FALSE;
        vga_mem_update(vga);
    }
}

/* The CRTC, status and feature ports move between 3Bxh and 3Dxh. */
static gboolean port_decodes(const VgaCore *vga, guint port)
{
    if (port >= 0x3c0 && port < 0x3d0) {
        return TRUE;
    }
    return (port >= 0x3d0) == ((vga->misc & VGA_MISC_COLOR_IO) != 0);
}

static guint8 status_read(VgaCore *vga)
{
    vga->attr_data = FALSE;
    return vga_retrace_status(vga);
}

/* As an extension sees it: the CRTC is always where colour cards have it. */
static guint extension_port(guint port)
{
    return port == 0x3b4 || port == 0x3b5 ? port + 0x20 : port;
}

guint8 vga_port_read(VgaCore *vga, guint port)
{
    guint8 value;

    if (!port_decodes(vga, port)) {
        return 0xff;
    }
    if (vga->extension && vga->extension->port_read(vga, extension_port(port), &value)) {
        return value;
    }
    switch (port) {
    case 0x3b4:
    case 0x3d4: return vga->crtc_index;
    case 0x3b5:
    case 0x3d5: return vga->crtc_index < VGA_CRTC_COUNT ? vga->crtc[vga->crtc_index] : 0;
    case 0x3ba:
    case 0x3da: return status_read(vga);
    case 0x3c0: return vga->attr_index;
    case 0x3c1: return attr_read(vga);
    case 0x3c2: return 0x10; /* switch sense: a colour monitor is there; no interrupt */
    case 0x3c3: return vga->enable;
    case 0x3c4: return vga->seq_index;
    case 0x3c5: return vga->seq_index < VGA_SEQ_COUNT ? vga->seq[vga->seq_index] : 0;
    case 0x3c6: return vga->dac_mask;
    case 0x3c7: return vga->dac_reading ? 3 : 0;
    case 0x3c8: return vga->dac_index;
    case 0x3c9: return dac_read(vga);
    case 0x3ca: return vga->feature;
    case 0x3cc: return vga->misc;
    case 0x3ce: return vga->gc_index;
    case 0x3cf: return vga->gc_index < VGA_GC_COUNT ? vga->gc[vga->gc_index] : 0;
    default: return 0xff;
    }
}

void vga_port_write(VgaCore *vga, guint port, guint8 value)
{
    if (!port_decodes(vga, port) ||
        (vga->extension && vga->extension->port_write(vga, extension_port(port), value))) {
        return;
    }
    switch (port) {
    case 0x3b4:
    case 0x3d4: vga->crtc_index = value; break;
    case 0x3b5:
    case 0x3d5: crtc_write(vga, value); break;
    case 0x3ba:
    case 0x3da: vga->feature = value & 0x0b; break;
    case 0x3c0: attr_write(vga, value); break;
    case 0x3c2: misc_write(vga, value); break;
    case 0x3c3: vga->enable = value & 1; break;
    case 0x3c4: vga->seq_index = value & 7; break;
    case 0x3c5: seq_write(vga, value); break;
    case 0x3c6:
        if (vga->dac_mask != value) {
            vga->dac_mask = value;
            vga_touch_colors(vga);
        }
        break;
    case 0x3c7: dac_set_index(vga, value, TRUE); break;
    case 0x3c8: dac_set_index(vga, value, FALSE); break;
    case 0x3c9: dac_write(vga, value); break;
    case 0x3ce: vga->gc_index = value & 0x0f; break;
    case 0x3cf: gc_write(vga, value); break;
    default: break;
    }
}

/* ---- regions: one per gap-free run of ports, so that the gaps stay free for others ---- */

#define PORT_RUN(name, base)                                                        \
    static guint64 name##_read(void *opaque, guint64 addr, guint size)              \
    {                                                                               \
        return vga_port_read(opaque, (base) + addr);                                \
    }                                                                               \
    static void name##_write(void *opaque, guint64 addr, guint64 value, guint size) \
    {                                                                               \
        vga_port_write(opaque, (base) + addr, value);                               \
    }                                                                               \
    static const IoOps name##_ops = {name##_read, name##_write, .min_size = 1, .max_size = 1};

PORT_RUN(mono_crtc, 0x3b4)
PORT_RUN(mono_status, 0x3ba)
PORT_RUN(main_ports, 0x3c0)
PORT_RUN(color_crtc, 0x3d4)
PORT_RUN(color_status, 0x3da)

static void add_run(VgaCore *vga, Region *run, const char *name, const IoOps *ops, guint port,
                    guint size)
{
    region_init_io(run, name, ops, vga, size);
    region_add(&vga->ports, port - PORTS_BASE, run, 0);
}

void vga_regs_init(VgaCore *vga)
{
    region_init_container(&vga->ports, "vga-ports", 0x30);
    add_run(vga, &vga->mono_crtc, "vga-mono-crtc", &mono_crtc_ops, 0x3b4, 2);
    add_run(vga, &vga->mono_status, "vga-mono-status", &mono_status_ops, 0x3ba, 1);
    add_run(vga, &vga->main_ports, "vga-registers", &main_ports_ops, 0x3c0, 16);
    add_run(vga, &vga->color_crtc, "vga-crtc", &color_crtc_ops, 0x3d4, 2);
    add_run(vga, &vga->color_status, "vga-status", &color_status_ops, 0x3da, 1);
}

void vga_regs_finish(VgaCore *vga)
{
    Region *runs[] = {&vga->mono_crtc, &vga->mono_status, &vga->main_ports, &vga->color_crtc,
                      &vga->color_status};
    for (guint i = 0; i < G_N_ELEMENTS(runs); i++) {
        region_remove(runs[i]);
        region_finish(runs[i]);
    }
    region_finish(&vga->ports);
}

void vga_regs_reset(VgaCore *vga)
{
    /* Colour addresses, so that a BIOS that never sets them finds the CRTC where colour cards
     * have it; all else is 0 until the video BIOS has run. */
    vga->misc = VGA_MISC_COLOR_IO;
    vga->feature = 0;
    vga->enable = 1;
    vga->seq_index = vga->gc_index = vga->crtc_index = vga->attr_index = 0;
    vga->attr_data = FALSE;
    memset(vga->seq, 0, sizeof(vga->seq));
    memset(vga->gc, 0, sizeof(vga->gc));
    memset(vga->crtc, 0, sizeof(vga->crtc));
    memset(vga->attr, 0, sizeof(vga->attr));
    memset(vga->dac, 0, sizeof(vga->dac));
    memset(vga->latch, 0, sizeof(vga->latch));
    vga->dac_mask = 0xff;
    vga->dac_index = vga->dac_component = 0;
    vga->dac_reading = FALSE;
    vga->timing.valid = FALSE;
}
