/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CL-GD5446 as a card: what its chip has beyond a VGA; see cirrus.h. A guest may write anything
 * in any order: a mode that does not lie in video memory is shown as nothing.
 */
#include "hw/display/cirrus.h"

#include <string.h>

#include "core/error.h"
#include "hw/display/vga.h"

#define MIB ((guint64)1 << 20)

#define BAR_SIZE      (32 * MIB) /* half of it for other byte orders, which nobody uses */
#define MMIO_SIZE     0x1000
#define MMIO_BLT      0x100 /* the engine's registers; before them VGA ports from 3C0h on */
#define MMIO_BLT_SIZE 0x100
#define MMIO_LOW      0x18000 /* B8000h, in the window */
#define BANK_SIZE     0x8000

/* Sequencer (5446 TRM, "Extended Sequencer Registers") */
#define SR_UNLOCK      0x06
#define SR_MODE        0x07 /* bit 0: packed pixels; 3-1: their size */
#define SR_DRAM        0x0f
#define SR_CURSOR_X    0x10 /* bits 7-5 of the index are the lowest of the place */
#define SR_CURSOR_Y    0x11
#define SR_CURSOR_ATTR 0x12
#define SR_CURSOR_DATA 0x13
#define SR_MEMORY_SIZE 0x15
#define SR_CONFIG      0x17
#define SR_MODE_PACKED 0x01
#define SR_MODE_PIXEL  0x0e
#define CURSOR_ENABLED 0x01
#define CURSOR_COLORS  0x02 /* the DAC's second table is accessed */
#define CURSOR_LARGE   0x04
#define CONFIG_MMIO    0x04
#define CONFIG_PCI     0x20
#define UNLOCKED       0x12
#define LOCKED         0x0f

/* Graphics controller */
#define GR_EXTENDED 0x04 /* of CIRRUS_GR_BANKS: eight bits in SR2, three for the write mode */

/* CRTC */
#define CR_EXTENDED   0x1b /* bit 0, 3-2: start address bits 16, 18-17; bit 4: offset bit 8 */
#define CR_OVERLAY    0x1d /* bit 7: start address bit 19 */
#define CR_LATCH      0x22
#define CR_ATTR_DATA  0x24
#define CR_ATTR_INDEX 0x26
#define CR_ID         0x27
#define ID_5446       0xb8

static Cirrus *from_vga(const VgaCore *vga)
{
    return (Cirrus *)((char *)vga - G_STRUCT_OFFSET(Cirrus, vga));
}

/* ---- where writes to video memory go ---- */

void cirrus_update_windows(Cirrus *cirrus)
{
    gboolean takes = cirrus_blit_wants_data(cirrus);
    gboolean extended = !takes && cirrus_is_extended(cirrus);
    gboolean packed = (cirrus->seq[SR_MODE] & SR_MODE_PACKED) &&
                      (cirrus->vga.misc & VGA_MISC_RAM) && cirrus->vga.gc[VGA_GC_MISC] >> 2 <= 1;

    for (guint i = 0; i < 2; i++) {
        guint32 bank = cirrus_bank(cirrus, i);

        region_set_alias_offset(&cirrus->banks[i], MIN(bank, cirrus->vga.mem_size - BANK_SIZE));
        region_set_enabled(&cirrus->banks[i], packed && !takes && !extended);
    }
    region_set_enabled(&cirrus->window_wide, packed && extended);
    region_set_enabled(&cirrus->lfb_wide, extended);
    region_set_enabled(&cirrus->window_blit, takes);
    region_set_enabled(&cirrus->lfb_blit, takes);
    region_set_enabled(&cirrus->mmio_low, (cirrus->seq[SR_CONFIG] & CONFIG_MMIO) != 0);
}

static guint64 blit_window_read(void *opaque, guint64 addr, guint size)
{
    return G_MAXUINT64;
}

static void blit_window_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    cirrus_blit_data(opaque, value, size);
}

static const IoOps blit_window_ops = {blit_window_read, blit_window_write, .min_size = 1,
                                      .max_size = 8};

/* ---- the mode ---- */

static guint pixel_bits(const Cirrus *cirrus)
{
    switch (cirrus->seq[SR_MODE] & SR_MODE_PIXEL) {
    case 0x02:
    case 0x06: return (cirrus->hidden_dac & 0x0f) == 1 ? 16 : 15;
    case 0x04: return 24;
    case 0x08: return 32;
    default: return 8;
    }
}

static gboolean decode(const VgaCore *vga, VgaMode *mode)
{
    const Cirrus *cirrus = from_vga(vga);
    guint8 extended = cirrus->crtc[CR_EXTENDED];
    guint start = vga->crtc[VGA_CRTC_START_HIGH] << 8 | vga->crtc[VGA_CRTC_START_LOW] |
                  (extended & 0x01) << 16 | (extended & 0x0c) << 15 |
                  (cirrus->crtc[CR_OVERLAY] & 0x80) << 12;

    if (!(cirrus->seq[SR_MODE] & SR_MODE_PACKED)) {
        return FALSE;
    }
    mode->width = (vga->crtc[VGA_CRTC_H_DISPLAY] + 1u) * 8;
    mode->height = vga_v_display_end(vga) + 1;
    mode->bpp = pixel_bits(cirrus);
    mode->stride = (vga->crtc[VGA_CRTC_OFFSET] | (extended & 0x10u) << 4) * 8;
    mode->base = (guint64)start * 4;
    /* What is not there is not shown. */
    guint64 line = (guint64)mode->width * ((mode->bpp + 7) / 8);
    if (mode->base + line > vga->mem_size) {
        mode->base = 0;
    }
    if (mode->stride) {
        mode->height =
            (guint)MIN(mode->height, (vga->mem_size - mode->base - line) / mode->stride + 1);
    }
    return TRUE;
}

/* ---- sequencer ---- */

static void move_cursor(Cirrus *cirrus)
{
    display_warp(cirrus->vga.display, (int)cirrus->cursor_x, (int)cirrus->cursor_y,
                 (cirrus->seq[SR_CURSOR_ATTR] & CURSOR_ENABLED) != 0);
}

static void seq_write(Cirrus *cirrus, guint8 value)
{
    guint index = cirrus->seq_index & 0x1f;
    guint place = (guint)value << 3 | cirrus->seq_index >> 5;

    switch (index) {
    case SR_UNLOCK: value = (value & 0x17) == UNLOCKED ? UNLOCKED : LOCKED; break;
    case SR_CURSOR_X: cirrus->cursor_x = place; break;
    case SR_CURSOR_Y: cirrus->cursor_y = place; break;
    case SR_DRAM:
    case SR_MEMORY_SIZE: return;
    case SR_CONFIG: value = (value & ~CONFIG_PCI) | (cirrus->seq[SR_CONFIG] & CONFIG_PCI); break;
    default: break;
    }
    cirrus->seq[index] = value;
    if (index >= SR_CURSOR_X && index <= SR_CURSOR_DATA) {
        cirrus->cursor_stale |= index >= SR_CURSOR_ATTR;
        move_cursor(cirrus);
    }
    cirrus_update_windows(cirrus);
    vga_touch(&cirrus->vga);
}

static guint8 seq_read(const Cirrus *cirrus)
{
    guint index = cirrus->seq_index & 0x1f;

    switch (index) {
    case SR_CURSOR_X: return (guint8)(cirrus->cursor_x >> 3);
    case SR_CURSOR_Y: return (guint8)(cirrus->cursor_y >> 3);
    default: return cirrus->seq[index];
    }
}

/* ---- graphics controller ---- */

static void gc_write(Cirrus *cirrus, guint index, guint8 value)
{
    guint8 old = cirrus->gc[index];

    if (index >= GR_BLT_WIDTH || index <= 1 || (index >= 0x10 && index <= 0x15)) {
        /* The engine's: what was started goes by what was set then. */
        cirrus_blit_finish(cirrus);
    }
    cirrus->gc[index] = value;
    cirrus_blit_written(cirrus, index, old);
    if (index >= CIRRUS_GR_BANK0 && index <= CIRRUS_GR_BANKS) {
        cirrus_update_windows(cirrus);
    }
}

static guint8 gc_read(Cirrus *cirrus, guint index)
{
    if (index == GR_BLT_START) {
        cirrus_blit_some(cirrus); /* who asks waits for it */
    }
    return cirrus->gc[index];
}

/* ---- CRTC ---- */

static guint8 crtc_read(Cirrus *cirrus, guint index)
{
    const VgaCore *vga = &cirrus->vga;

    switch (index) {
    case CR_LATCH: return vga->latch[vga->gc[VGA_GC_READ_MAP]];
    case CR_ATTR_DATA: return vga->attr_data ? 0x80 : 0;
    case CR_ATTR_INDEX: return vga->attr_index;
    case CR_ID: return ID_5446;
    default: return index < CIRRUS_CRTC_COUNT ? cirrus->crtc[index] : 0;
    }
}

static void crtc_write(Cirrus *cirrus, guint index, guint8 value)
{
    if (index < CIRRUS_CRTC_COUNT) {
        cirrus->crtc[index] = value;
        vga_touch(&cirrus->vga);
    }
}

/* ---- DAC ---- */

/* The fifth access in a row to the pixel mask is to the hidden register instead. */
static gboolean hidden_dac(Cirrus *cirrus, guint port)
{
    gboolean hidden = port == 0x3c6 && cirrus->dac_reads == 4;

    if (port >= 0x3c7 && port <= 0x3c9) {
        cirrus->dac_reads = 0;
    }
    return hidden;
}

static gboolean second_table(const Cirrus *cirrus)
{
    return (cirrus->seq[SR_CURSOR_ATTR] & CURSOR_COLORS) != 0;
}

static void cursor_color_write(Cirrus *cirrus, guint8 value)
{
    VgaCore *vga = &cirrus->vga;

    cirrus->cursor_colors[vga->dac_index & 15][vga->dac_component] = value & 0x3f;
    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_index++;
        cirrus->cursor_stale = TRUE;
        vga_touch(vga);
    }
}

static guint8 cursor_color_read(Cirrus *cirrus)
{
    VgaCore *vga = &cirrus->vga;
    guint8 value = cirrus->cursor_colors[vga->dac_index & 15][vga->dac_component];

    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_index++;
    }
    return value;
}

/* ---- ports ---- */

static gboolean is_extended(const Cirrus *cirrus)
{
    return (cirrus->gc[CIRRUS_GR_BANKS] & GR_EXTENDED) != 0;
}

static gboolean port_read(VgaCore *vga, guint port, guint8 *value)
{
    Cirrus *cirrus = from_vga(vga);
    gboolean hidden = hidden_dac(cirrus, port);

    switch (port) {
    case 0x3c4: *value = cirrus->seq_index; return TRUE;
    case 0x3c5:
        *value = seq_read(cirrus);
        return cirrus->seq_index >= VGA_SEQ_COUNT ||
               (cirrus->seq_index == VGA_SEQ_MAP_MASK && is_extended(cirrus));
    case 0x3c6:
        *value = cirrus->hidden_dac;
        cirrus->dac_reads = hidden ? 0 : cirrus->dac_reads + 1;
        return hidden;
    case 0x3c9:
        if (second_table(cirrus)) {
            *value = cursor_color_read(cirrus);
            return TRUE;
        }
        return FALSE;
    case 0x3ce: *value = cirrus->gc_index; return TRUE;
    case 0x3cf:
        if (cirrus->gc_index > 1 && cirrus->gc_index < VGA_GC_COUNT &&
            !(cirrus->gc_index == VGA_GC_MODE && is_extended(cirrus))) {
            return FALSE;
        }
        *value = gc_read(cirrus, cirrus->gc_index);
        return TRUE;
    case 0x3d5:
        *value = crtc_read(cirrus, vga->crtc_index);
        return vga->crtc_index >= VGA_CRTC_COUNT;
    default: return FALSE;
    }
}

static gboolean port_write(VgaCore *vga, guint port, guint8 value)
{
    Cirrus *cirrus = from_vga(vga);
    gboolean hidden = hidden_dac(cirrus, port);

    switch (port) {
    case 0x3c4: cirrus->seq_index = value; return value >= VGA_SEQ_COUNT;
    case 0x3c5:
        if (cirrus->seq_index < VGA_SEQ_COUNT) {
            cirrus->seq[cirrus->seq_index] = value; /* SR2 has four bits more than the VGA's */
            return FALSE;
        }
        seq_write(cirrus, value);
        return TRUE;
    case 0x3c6:
        cirrus->dac_reads = 0;
        if (hidden) {
            cirrus->hidden_dac = value;
            vga_touch(vga);
        }
        return hidden;
    case 0x3c9:
        if (second_table(cirrus)) {
            cursor_color_write(cirrus, value);
            return TRUE;
        }
        return FALSE;
    case 0x3ce: cirrus->gc_index = value & (CIRRUS_GC_COUNT - 1); return value >= VGA_GC_COUNT;
    case 0x3cf:
        /* The first two have eight bits for the engine, the VGA's four beside. */
        if (cirrus->gc_index <= 1 || cirrus->gc_index >= VGA_GC_COUNT) {
            gc_write(cirrus, cirrus->gc_index, value);
        } else if (cirrus->gc_index == VGA_GC_MODE) {
            cirrus->gc[VGA_GC_MODE] = value; /* the same */
            cirrus_update_windows(cirrus);
        }
        return cirrus->gc_index >= VGA_GC_COUNT;
    case 0x3d5:
        if (vga->crtc_index >= VGA_CRTC_COUNT) {
            crtc_write(cirrus, vga->crtc_index, value);
        }
        return vga->crtc_index >= VGA_CRTC_COUNT;
    default: return FALSE;
    }
}

static void mem_update(VgaCore *vga)
{
    cirrus_update_windows(from_vga(vga));
}

static const VgaExtension extension = {port_read, port_write, decode, mem_update};

/* ---- the engine's registers in memory ---- */

/* Which graphics register a byte is; 0xff = none. */
static guint8 mmio_register(guint64 addr)
{
    static const guint8 registers[] = {
        0x00, 0x10, 0x12, 0x14, 0x01, 0x11, 0x13, 0x15, 0x20, 0x21, 0x22, 0x23,
        0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0xff, 0x2c, 0x2d, 0x2e, 0x2f,
        0x30, 0xff, 0x32, 0x33, 0x34, 0x35, 0xff, 0xff, 0x38, 0x39,
    };

    if (addr == 0x40) {
        return GR_BLT_START;
    }
    return addr < G_N_ELEMENTS(registers) ? registers[addr] : 0xff;
}

static guint64 low_read(void *opaque, guint64 addr, guint size)
{
    guint8 index = mmio_register(addr);
    return index == 0xff ? 0xff : gc_read(opaque, index);
}

static void low_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    guint8 index = mmio_register(addr);

    if (index != 0xff) {
        gc_write(opaque, index, (guint8)value);
    }
}

static guint64 mmio_read(void *opaque, guint64 addr, guint size)
{
    Cirrus *cirrus = opaque;

    if (addr >= MMIO_BLT) {
        return low_read(opaque, addr - MMIO_BLT, size);
    }
    return addr < 0x20 ? vga_port_read(&cirrus->vga, 0x3c0 + (guint)addr) : 0xff;
}

static void mmio_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Cirrus *cirrus = opaque;

    if (addr >= MMIO_BLT) {
        low_write(opaque, addr - MMIO_BLT, value, size);
    } else if (addr < 0x20) {
        vga_port_write(&cirrus->vga, 0x3c0 + (guint)addr, (guint8)value);
    }
}

static const IoOps low_ops = {low_read, low_write, .min_size = 1, .max_size = 1};
static const IoOps mmio_ops = {mmio_read, mmio_write, .min_size = 1, .max_size = 1};

/* ---- the cursor (5446 TRM, "Hardware Cursor") ---- */

static guint cursor_size(const Cirrus *cirrus)
{
    return cirrus->seq[SR_CURSOR_ATTR] & CURSOR_LARGE ? 64 : 32;
}

/* Patterns lie in the last 16 KiB of video memory. */
static guint64 cursor_place(const Cirrus *cirrus)
{
    guint8 select = cirrus->seq[SR_CURSOR_DATA];
    guint64 base = cirrus->vga.mem_size - 0x4000;

    return cursor_size(cirrus) == 64 ? base + (select & 0x3c) * 256u
                                     : base + (select & 0x3f) * 256u;
}

static guint32 cursor_color(const Cirrus *cirrus, guint index)
{
    guint32 color = 0xff;

    for (guint i = 0; i < 3; i++) {
        guint8 value = cirrus->cursor_colors[index][i];
        color = color << 8 | (guint8)(value << 2 | value >> 4);
    }
    return color;
}

/* Two planes: with 64 pixels side by side in each row, with 32 one after the other. Both set is the
 * foreground, the second alone the background, the first alone the picture's inverse, which is
 * shown as grey. */
static void set_cursor_picture(Cirrus *cirrus)
{
    guint size = cursor_size(cirrus), row_bytes = size / 8;
    const guint8 *data = cirrus->vga.mem + cursor_place(cirrus);
    guint32 colors[4] = {0, 0x80808080, cursor_color(cirrus, 0), cursor_color(cirrus, 15)};
    Cursor *cursor = cursor_new(size, size, 0, 0);

    for (guint y = 0; y < size; y++) {
        const guint8 *first = data + y * row_bytes * (size == 64 ? 2 : 1);
        const guint8 *second = first + (size == 64 ? row_bytes : row_bytes * size);

        for (guint x = 0; x < size; x++) {
            guint pixel = (first[x / 8] >> (7 - x % 8) & 1) | (second[x / 8] >> (7 - x % 8) & 1)
                                                                  << 1;
            cursor->pixels[y * size + x] = colors[pixel];
        }
    }
    display_set_cursor(cirrus->vga.display, cursor);
    cursor_unref(cursor);
}

static void update_cursor(Cirrus *cirrus)
{
    gboolean enabled = (cirrus->seq[SR_CURSOR_ATTR] & CURSOR_ENABLED) != 0;
    guint size = cursor_size(cirrus);

    if (enabled && (cirrus->cursor_stale ||
                    vga_is_dirty(&cirrus->vga, cursor_place(cirrus), size * size / 4))) {
        set_cursor_picture(cirrus);
        move_cursor(cirrus);
    } else if (!enabled && cirrus->cursor_stale) {
        display_set_cursor(cirrus->vga.display, NULL);
    }
    cirrus->cursor_stale = FALSE;
}

/* ---- the display: the VGA's, and the cursor ---- */

static gint64 scan(void *opaque)
{
    Cirrus *cirrus = opaque;
    gint64 next = vga_source_ops.scan(&cirrus->vga);

    update_cursor(cirrus);
    return next;
}

static void invalidate(void *opaque)
{
    vga_source_ops.invalidate(&((Cirrus *)opaque)->vga);
}

static gboolean watch(void *opaque)
{
    return vga_source_ops.watch(&((Cirrus *)opaque)->vga);
}

static gboolean text(void *opaque, TextScreen *screen)
{
    return vga_source_ops.text(&((Cirrus *)opaque)->vga, screen);
}

static const DisplaySourceOps source_ops = {
    .scan = scan, .invalidate = invalidate, .watch = watch, .text = text};

/* ---- lifecycle ---- */

static void do_work(void *opaque)
{
    cirrus_blit_some(opaque);
}

static void init_windows(Cirrus *cirrus)
{
    VgaCore *vga = &cirrus->vga;

    region_init_container(&cirrus->lfb, "cirrus-lfb", BAR_SIZE);
    region_add(&cirrus->lfb, 0, &vga->vram, 0);
    region_init_io(&cirrus->lfb_blit, "cirrus-blt-lfb", &blit_window_ops, cirrus, vga->mem_size);
    region_add(&cirrus->lfb, 0, &cirrus->lfb_blit, 2);
    for (guint i = 0; i < 2; i++) {
        region_init_alias(&cirrus->banks[i], "cirrus-bank", &vga->vram, 0, BANK_SIZE);
        region_add(&vga->window, i * BANK_SIZE, &cirrus->banks[i], 2);
    }
    cirrus_write_init(cirrus);
    region_init_io(&cirrus->window_blit, "cirrus-blt", &blit_window_ops, cirrus, 2 * BANK_SIZE);
    region_add(&vga->window, 0, &cirrus->window_blit, 4);
    region_init_io(&cirrus->mmio_low, "cirrus-mmio-low", &low_ops, cirrus, MMIO_BLT_SIZE);
    region_add(&vga->window, MMIO_LOW, &cirrus->mmio_low, 2);
    region_init_io(&cirrus->mmio, "cirrus-mmio", &mmio_ops, cirrus, MMIO_SIZE);
}

static gboolean realize(Device *dev, GError **error)
{
    Cirrus *cirrus = (Cirrus *)dev;
    VgaCore *vga = &cirrus->vga;
    PciBus *bus = cirrus->pci.bus;

    vga->display =
        display_new(dev->machine, dev->id ? dev->id : dev->ops->name, &source_ops, cirrus);
    vga->extension = &extension;
    if (!vga_init(vga, dev, dev->ops->name, (guint)cirrus->memory_mb, error)) {
        display_free(vga->display);
        vga->display = NULL;
        return FALSE;
    }
    cirrus->work = deferred_new(dev->machine->loop, do_work, cirrus);
    init_windows(cirrus);
    pci_register_bar(&cirrus->pci, 0, PCI_BAR_MEM32_PREFETCH, &cirrus->lfb);
    pci_register_bar(&cirrus->pci, 1, PCI_BAR_MEM32, &cirrus->mmio);
    region_add(bus->io, 0x3b0, &vga->ports, 1);
    region_add(bus->memory, 0xa0000, &vga->window, 1);
    return TRUE;
}

static void unrealize(Device *dev)
{
    Cirrus *cirrus = (Cirrus *)dev;
    VgaCore *vga = &cirrus->vga;
    Region *parts[] = {&cirrus->banks[0],    &cirrus->banks[1], &cirrus->window_wide,
                       &cirrus->window_blit, &cirrus->mmio_low, &cirrus->lfb_wide,
                       &cirrus->lfb_blit};

    region_remove(&vga->window);
    region_remove(&vga->ports);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        region_remove(parts[i]);
        region_finish(parts[i]);
    }
    region_remove(&vga->vram);
    region_finish(&cirrus->lfb);
    region_finish(&cirrus->mmio);
    deferred_free(cirrus->work);
    display_free(vga->display);
    vga_finish(vga);
}

static void reset(Device *dev)
{
    Cirrus *cirrus = (Cirrus *)dev;
    gboolean small = cirrus->vga.mem_size < 4 * MIB;

    memset(cirrus->seq, 0, sizeof cirrus->seq);
    memset(cirrus->gc, 0, sizeof cirrus->gc);
    memset(cirrus->crtc, 0, sizeof cirrus->crtc);
    memset(cirrus->cursor_colors, 0, sizeof cirrus->cursor_colors);
    cirrus->seq[SR_UNLOCK] = LOCKED;
    cirrus->seq[SR_DRAM] = small ? 0x18 : 0x98;
    cirrus->seq[SR_MEMORY_SIZE] = small ? 3 : 4;
    cirrus->seq[SR_CONFIG] = CONFIG_PCI;
    cirrus->seq_index = cirrus->gc_index = 0;
    cirrus->hidden_dac = cirrus->dac_reads = 0;
    cirrus->cursor_x = cirrus->cursor_y = 0;
    cirrus->cursor_stale = TRUE;
    vga_reset(&cirrus->vga);
    cirrus_blit_abort(cirrus);
}

#define FIELD(name) G_STRUCT_OFFSET(Cirrus, name)

static const OptionSpec options[] = {
    {"vgamem_mb", OPTION_UINT, FIELD(memory_mb), "4",
     "video memory in MiB, rounded up to a power of two; drivers know of 2 and 4", 2, 16},
    OPTION_END,
};

/* A transfer is ended where the state was saved. */
static gboolean loaded(void *object, GError **error)
{
    Cirrus *cirrus = object;

    cirrus->cursor_stale = TRUE;
    cirrus_blit_abort(cirrus);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    {"vga", STATE_STRUCT, FIELD(vga), 1, sizeof(VgaCore), 1, &vga_state},
    STATE_FIELD(U8, Cirrus, seq_index),
    STATE_FIELD(U8, Cirrus, gc_index),
    STATE_ARRAY(U8, Cirrus, seq),
    STATE_ARRAY(U8, Cirrus, gc),
    STATE_ARRAY(U8, Cirrus, crtc),
    STATE_FIELD(U8, Cirrus, hidden_dac),
    STATE_FIELD(U8, Cirrus, dac_reads),
    {"cursor_colors", STATE_U8, FIELD(cursor_colors), 48, 1, 1, NULL},
    STATE_FIELD(U32, Cirrus, cursor_x),
    STATE_FIELD(U32, Cirrus, cursor_y),
    STATE_END,
};
static const StateTable state = {1, state_fields, loaded};

const PciDeviceOps cirrus_vga_ops = {
    .device =
        {
            .name = "cirrus-vga",
            .no_hotplug = TRUE,
            .summary = "Cirrus Logic CL-GD5446 (-vga cirrus)",
            .category = "Display",
            .bus = BUS_PCI,
            .size = sizeof(Cirrus),
            .options = options,
            .state = &state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
        },
    .vendor_id = 0x1013,
    .device_id = 0x00b8,
    .class_code = PCI_CLASS_DISPLAY_VGA,
    .romfile = "vgabios-cirrus.bin",
};
