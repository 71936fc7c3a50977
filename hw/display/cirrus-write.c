/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extended write modes of the CL-GD5446 (5446 TRM, "Extended Write Modes"): each bit of a byte
 * that is written is a pixel, and each address of the window stands for 8 or 16 bytes of memory.
 */
#include "hw/display/cirrus.h"

#define WINDOW_SIZE 0x10000
#define BANK_SIZE   0x8000

/* GR0B */
#define MODE_DUAL     0x01
#define MODE_BY_8     0x02
#define MODE_EXTENDED 0x04
#define MODE_BY_16    0x10 /* with MODE_EXTENDED: pixels of 16 bits */
#define MODE_COARSE   0x20

static gboolean has_wide_pixels(const Cirrus *cirrus)
{
    guint8 both = MODE_EXTENDED | MODE_BY_16;
    return (cirrus->gc[CIRRUS_GR_BANKS] & both) == both;
}

/* Of the byte that an address stands for. */
static guint32 place(const Cirrus *cirrus, guint64 addr)
{
    guint shift = has_wide_pixels(cirrus) ? 4 : cirrus->gc[CIRRUS_GR_BANKS] & MODE_BY_8 ? 3 : 0;
    return (guint32)(addr << shift) & (cirrus->vga.mem_size - 1);
}

/* 4: ones become the foreground's colour, zeros leave what is there; 5: these are the
 * background's. Whichever, only where the pixel mask allows. */
static void write_pixels(Cirrus *cirrus, guint32 to, guint8 bits, gboolean has_background)
{
    const guint8 *gc = cirrus->gc;
    guint size = has_wide_pixels(cirrus) ? 2 : 1;
    guint8 mask = cirrus->seq[VGA_SEQ_MAP_MASK];
    guint8 *memory = cirrus->vga.mem;

    to &= ~(8 * size - 1);
    mask &= has_background ? 0xff : bits;
    for (guint n = 0; n < 8; n++, to += size) {
        gboolean one = bits & 0x80 >> n;

        if (mask & 0x80 >> n) {
            memory[to] = gc[one ? 0x01 : 0x00];
            if (size == 2) {
                memory[to + 1] = gc[one ? 0x11 : 0x10];
            }
        }
    }
    vga_wrote(&cirrus->vga, to - 8 * size, 8 * size);
}

static void write_byte(Cirrus *cirrus, guint64 addr, guint8 value)
{
    guint32 to = place(cirrus, addr);
    guint8 mode = cirrus->gc[VGA_GC_MODE] & 7;

    if ((cirrus->gc[CIRRUS_GR_BANKS] & MODE_EXTENDED) && (mode == 4 || mode == 5)) {
        write_pixels(cirrus, to, value, mode == 5);
    } else {
        cirrus->vga.mem[to] = value;
        vga_wrote(&cirrus->vga, to, 1);
    }
}

gboolean cirrus_is_extended(const Cirrus *cirrus)
{
    guint8 mode = cirrus->gc[VGA_GC_MODE] & 7;

    return (cirrus->gc[CIRRUS_GR_BANKS] & MODE_BY_8) || has_wide_pixels(cirrus) ||
           ((cirrus->gc[CIRRUS_GR_BANKS] & MODE_EXTENDED) && (mode == 4 || mode == 5));
}

guint32 cirrus_bank(const Cirrus *cirrus, guint n)
{
    guint shift = cirrus->gc[CIRRUS_GR_BANKS] & MODE_COARSE ? 14 : 12;

    return cirrus->gc[CIRRUS_GR_BANKS] & MODE_DUAL
               ? (guint32)cirrus->gc[CIRRUS_GR_BANK0 + n] << shift
               : ((guint32)cirrus->gc[CIRRUS_GR_BANK0] << shift) + n * BANK_SIZE;
}

static guint64 linear_read(void *opaque, guint64 addr, guint size)
{
    const Cirrus *cirrus = opaque;
    return cirrus->vga.mem[place(cirrus, addr)];
}

static void linear_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    write_byte(opaque, addr, (guint8)value);
}

static guint64 in_bank(const Cirrus *cirrus, guint64 addr)
{
    return cirrus_bank(cirrus, (guint)(addr / BANK_SIZE)) + addr % BANK_SIZE;
}

static guint64 window_read(void *opaque, guint64 addr, guint size)
{
    return linear_read(opaque, in_bank(opaque, addr), size);
}

static void window_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    write_byte(opaque, in_bank(opaque, addr), (guint8)value);
}

static const IoOps linear_ops = {linear_read, linear_write, .min_size = 1, .max_size = 1};
static const IoOps window_ops = {window_read, window_write, .min_size = 1, .max_size = 1};

void cirrus_write_init(Cirrus *cirrus)
{
    VgaCore *vga = &cirrus->vga;

    region_init_io(&cirrus->lfb_wide, "cirrus-wide-lfb", &linear_ops, cirrus, vga->mem_size);
    region_add(&cirrus->lfb, 0, &cirrus->lfb_wide, 1);
    region_init_io(&cirrus->window_wide, "cirrus-wide", &window_ops, cirrus, WINDOW_SIZE);
    region_add(&vga->window, 0, &cirrus->window_wide, 3);
}
