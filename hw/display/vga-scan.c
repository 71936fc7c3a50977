/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From registers to a picture: decodes the mode, keeps surface and colours, and lets the mode's
 * renderer redraw what was written since the last scan.
 */
#include <string.h>

#include "hw/display/vga-core.h"

/* ---- modes ---- */

/* AR13h (IBM VGA, "Horizontal PEL Panning"): with 9-dot cells 8 means no shift. */
static guint decode_pan(const VgaCore *vga, guint dots)
{
    guint pan = vga->attr[VGA_ATTR_PANNING];
    if (dots == 9) {
        return pan >= 8 ? 0 : pan + 1;
    }
    return pan & 7;
}

static void decode_planar(const VgaCore *vga, VgaMode *mode)
{
    const guint8 *crtc = vga->crtc;
    gboolean text = !(vga->gc[VGA_GC_MISC] & VGA_GC_MISC_GRAPHICS);
    guint8 clocking = vga->seq[VGA_SEQ_CLOCKING];

    mode->kind = text ? VGA_TEXT : VGA_GRAPHICS;
    mode->columns = crtc[VGA_CRTC_H_DISPLAY] + 1;
    mode->dots = text && !(clocking & VGA_SEQ_CLOCKING_8DOT) ? 9 : 8;
    mode->scale_x = clocking & VGA_SEQ_CLOCKING_HALF ? 2 : 1;
    mode->scale_y = crtc[VGA_CRTC_MODE] & VGA_CRTC_MODE_HALF ? 2 : 1;
    mode->width = mode->columns * mode->dots * mode->scale_x;
    mode->height = (vga_v_display_end(vga) + 1) * mode->scale_y;
    mode->cell_height = (crtc[VGA_CRTC_MAX_SCAN] & 0x1f) + 1;
    mode->row_repeat = crtc[VGA_CRTC_MAX_SCAN] & 0x80 ? 2 : 1;
    mode->start = crtc[VGA_CRTC_START_HIGH] << 8 | crtc[VGA_CRTC_START_LOW];
    mode->offset = crtc[VGA_CRTC_OFFSET] * 2;
    if (crtc[VGA_CRTC_UNDERLINE] & VGA_CRTC_UNDERLINE_COUNT4) {
        mode->count_shift = 2;
    } else if (crtc[VGA_CRTC_MODE] & VGA_CRTC_MODE_COUNT2) {
        mode->count_shift = 1;
    }
    mode->preset_row = crtc[VGA_CRTC_PRESET_ROW] & 0x1f;
    mode->byte_pan = crtc[VGA_CRTC_PRESET_ROW] >> 5 & 3;
    mode->line_compare = vga_line_compare(vga);
    mode->pan = decode_pan(vga, mode->dots);
    mode->split_pan = (vga->attr[VGA_ATTR_MODE] & VGA_ATTR_MODE_SPLIT_PAN) != 0;
    mode->crtc_mode = crtc[VGA_CRTC_MODE];
    mode->crtc_underline = crtc[VGA_CRTC_UNDERLINE];
    mode->gc_mode = vga->gc[VGA_GC_MODE] & (VGA_GC_MODE_INTERLEAVE | VGA_GC_MODE_256);
    mode->attr_mode = vga->attr[VGA_ATTR_MODE];
    mode->char_map = text ? vga->seq[VGA_SEQ_CHAR_MAP] : 0;
    mode->address_mask = 0xffff;
}

/* Four planes of any size: the VGA's counters, without its limits. */
static void decode_vbe_planar(const VgaCore *vga, VgaMode *mode)
{
    mode->kind = VGA_GRAPHICS;
    mode->columns = mode->width / 8;
    mode->dots = 8;
    mode->scale_x = mode->scale_y = mode->cell_height = mode->row_repeat = 1;
    mode->offset = vga->vbe[VBE_VIRT_WIDTH] / 8;
    mode->start = vga->vbe[VBE_Y_OFFSET] * mode->offset + vga->vbe[VBE_X_OFFSET] / 8;
    mode->pan = vga->vbe[VBE_X_OFFSET] & 7;
    mode->line_compare = G_MAXUINT;
    mode->crtc_mode = VGA_CRTC_MODE_BYTE | VGA_CRTC_MODE_ROW0 | VGA_CRTC_MODE_ROW1;
    mode->attr_mode = vga->attr[VGA_ATTR_MODE];
    mode->address_mask = vga->mem_size / 4 - 1;
}

static void decode_vbe(const VgaCore *vga, VgaMode *mode)
{
    const guint16 *vbe = vga->vbe;
    mode->width = vbe[VBE_XRES];
    mode->height = vbe[VBE_YRES];
    mode->bpp = vbe[VBE_BPP];
    if (mode->bpp == 4) {
        decode_vbe_planar(vga, mode);
        return;
    }
    mode->kind = VGA_LINEAR;
    mode->stride = vbe_line_bytes(vga);
    mode->base =
        (guint64)vbe[VBE_Y_OFFSET] * mode->stride + vbe[VBE_X_OFFSET] * ((mode->bpp + 7u) / 8);
    mode->big_endian = vga->big_endian;
}

static gboolean is_blank(const VgaCore *vga)
{
    gboolean vbe = vbe_is_enabled(vga);

    if (vga->linear_only) {
        return !vbe || vga->vbe[VBE_BPP] <= 8; /* there is no palette */
    }
    return !(vga->attr_index & VGA_ATTR_INDEX_PAS) ||
           (!vbe && (vga->seq[VGA_SEQ_CLOCKING] & VGA_SEQ_CLOCKING_OFF));
}

void vga_mode_decode(const VgaCore *vga, VgaMode *mode)
{
    memset(mode, 0, sizeof(*mode));
    if (is_blank(vga)) {
        mode->kind = VGA_BLANK;
        mode->width = vga->surface ? vga->surface->width : 640;
        mode->height = vga->surface ? vga->surface->height : 480;
    } else if (vbe_is_enabled(vga)) {
        decode_vbe(vga, mode);
    } else if (vga->extension && vga->extension->decode(vga, mode)) {
        mode->kind = VGA_LINEAR;
    } else {
        decode_planar(vga, mode);
    }
}

/* ---- addresses ---- */

guint vga_crtc_address(const VgaCore *vga, const VgaMode *mode, guint counter, guint row)
{
    guint addr = counter;
    /* IBM VGA, "CRT Mode Control Register": byte and word mode; doubleword: see vga-core.h. */
    if (!(mode->crtc_underline & VGA_CRTC_UNDERLINE_DWORD) &&
        !(mode->crtc_mode & VGA_CRTC_MODE_BYTE)) {
        guint carry = mode->crtc_mode & VGA_CRTC_MODE_WRAP ? 15 : 13;
        addr = counter << 1 | (counter >> carry & 1);
    }
    if (!(mode->crtc_mode & VGA_CRTC_MODE_ROW0)) {
        addr = (addr & ~0x2000u) | (row & 1) << 13;
    }
    if (!(mode->crtc_mode & VGA_CRTC_MODE_ROW1)) {
        addr = (addr & ~0x4000u) | (row & 2) << 13;
    }
    return addr & mode->address_mask & (vga->mem_size / 4 - 1);
}

void vga_line_begin(VgaLine *line)
{
    memset(line, 0, sizeof(*line));
    line->y = G_MAXUINT;
}

void vga_line_next(VgaLine *line, const VgaMode *mode)
{
    if (line->y == G_MAXUINT) {
        line->y = 0;
        line->counter = mode->start + mode->byte_pan;
        line->row = mode->preset_row;
        line->pan = mode->pan;
        return;
    }
    if (line->y++ == mode->line_compare) {
        line->counter = mode->split_pan ? 0 : mode->byte_pan;
        line->pan = mode->split_pan ? 0 : mode->pan;
        line->row = line->repeat = 0;
        line->text_row++;
        return;
    }
    if (++line->repeat < mode->row_repeat) {
        return;
    }
    line->repeat = 0;
    if (line->row + 1 == mode->cell_height) {
        line->row = 0;
        line->counter += mode->offset;
        line->text_row++;
    } else {
        line->row = (line->row + 1) & 0x1f; /* a five-bit counter, if preset is past the end */
    }
}

/* ---- colours ---- */

static guint32 dac_color(const VgaCore *vga, guint index)
{
    const guint8 *entry = &vga->dac[index * 3];
    guint32 color = 0;
    for (guint i = 0; i < 3; i++) {
        guint8 value = entry[i];
        if (!(vga->vbe[VBE_ENABLE] & VBE_8BIT_DAC)) {
            value = value << 2 | value >> 4;
        }
        color = color << 8 | value;
    }
    return color;
}

/* Attribute controller: four bits become eight (IBM VGA, "Attribute Controller"). */
static guint8 attr_index(const VgaCore *vga, guint pixel)
{
    guint8 select = vga->attr[VGA_ATTR_COLOR_SELECT];
    guint8 index = vga->attr[pixel & vga->attr[VGA_ATTR_PLANES]];
    if (vga->attr[VGA_ATTR_MODE] & VGA_ATTR_MODE_P54) {
        index = (index & 0x0f) | (select & 3) << 4;
    }
    return index | (select & 0x0c) << 4;
}

gboolean vga_update_colors(VgaCore *vga)
{
    gboolean changed = FALSE;
    if (!vga->colors_stale) {
        return FALSE;
    }
    vga->colors_stale = FALSE;
    for (guint i = 0; i < 256; i++) {
        guint32 color = dac_color(vga, i & vga->dac_mask);
        changed |= vga->colors[i] != color;
        vga->colors[i] = color;
    }
    for (guint i = 0; i < 16; i++) {
        guint32 color = vga->colors[attr_index(vga, i)];
        changed |= vga->attr_colors[i] != color;
        vga->attr_colors[i] = color;
    }
    return changed;
}

/* ---- dirty memory ---- */

#define BITS_PER_WORD (8 * sizeof(unsigned long))

gboolean vga_is_dirty(const VgaCore *vga, guint64 offset, guint64 length)
{
    if (!vga->any_dirty || offset >= vga->mem_size) {
        return FALSE;
    }
    guint64 last = MIN(offset + length, vga->mem_size) - 1;
    for (guint64 page = offset >> DIRTY_PAGE_BITS; page <= last >> DIRTY_PAGE_BITS; page++) {
        if (vga->dirty[page / BITS_PER_WORD] >> (page % BITS_PER_WORD) & 1) {
            return TRUE;
        }
    }
    return FALSE;
}

void vga_damage_lines(VgaCore *vga, guint first, guint count)
{
    guint scale = MAX(vga->mode.scale_y, 1);
    display_damage(vga->display, 0, first * scale, vga->mode.width, count * scale);
}

/* ---- surfaces ---- */

/* The card may be gone by then: whoever reads the surface keeps video memory, not the card. */
static void vram_surface_released(Surface *surface, void *opaque)
{
    region_memory_unref(opaque);
}

/* Pixels of video memory are the surface's own format: no copy. */
static gboolean shows_vram(const VgaMode *mode)
{
    return mode->kind == VGA_LINEAR && mode->bpp == 32 && !mode->big_endian &&
           mode->base % 4 == 0 && mode->stride % 4 == 0 && mode->stride / 4 >= mode->width;
}

static void set_surface(VgaCore *vga, Surface *surface)
{
    surface_unref(vga->surface);
    vga->surface = surface;
    display_set_surface(vga->display, surface);
}

static void prepare_surface(VgaCore *vga)
{
    const VgaMode *mode = &vga->mode;
    const Surface *now = vga->surface;
    gboolean now_vram = now && now->data >= vga->mem && now->data < vga->mem + vga->mem_size;
    gboolean same_size = now && now->width == mode->width && now->height == mode->height;

    if (shows_vram(mode)) {
        guint8 *data = vga->mem + mode->base;
        if (!same_size || now->data != data || now->stride != mode->stride) {
            set_surface(vga,
                        surface_new_for_data(mode->width, mode->height, mode->stride, data,
                                             vram_surface_released, region_memory_ref(&vga->vram)));
        }
    } else if (!same_size || now_vram) {
        set_surface(vga, surface_new(mode->width, mode->height));
    }
}

static void draw_blank(VgaCore *vga, gboolean full)
{
    if (full) {
        memset(vga->surface->data, 0, (gsize)vga->surface->stride * vga->surface->height);
        display_damage(vga->display, 0, 0, vga->surface->width, vga->surface->height);
    }
}

/* ---- the scan ---- */

gint64 vga_scan(void *opaque)
{
    VgaCore *vga = opaque;
    gint64 next = -1;
    VgaMode mode;

    vga_mode_decode(vga, &mode);
    gboolean full = vga->redraw || memcmp(&mode, &vga->mode, sizeof(mode)) != 0;
    vga->mode = mode;
    if (vga_update_colors(vga) && !shows_vram(&mode)) {
        full = TRUE;
    }
    memset(vga->dirty, 0, region_dirty_words(&vga->vram) * sizeof(*vga->dirty));
    vga->any_dirty = region_take_dirty(&vga->vram, vga->dirty);
    if (full) {
        prepare_surface(vga);
    }
    if (vga->redraw) {
        display_set_surface(vga->display, vga->surface);
        vga->redraw = FALSE;
    }
    switch (mode.kind) {
    case VGA_BLANK: draw_blank(vga, full); break;
    case VGA_TEXT: next = vga_text_draw(vga, full); break;
    case VGA_GRAPHICS: vga_graphics_draw(vga, full); break;
    case VGA_LINEAR: vga_linear_draw(vga, full); break;
    }
    return next;
}
