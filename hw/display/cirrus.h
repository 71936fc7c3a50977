/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "cirrus-vga": a Cirrus Logic CL-GD5446 on PCI, as the "CL-GD5446 Technical Reference Manual"
 * (1996; below "5446 TRM") describes it: extended registers and banks, packed-pixel modes, hardware
 * cursor and bit block transfer engine. cirrus.c is the card, cirrus-blit.c the engine,
 * cirrus-write.c has the extended write modes.
 *
 * Left out: eight latches in write mode 1, the video window, transfers from video memory to the
 * system. Vm lock held.
 */
#pragma once

#include "hw/display/vga-core.h"
#include "hw/pci/pci.h"

#define CIRRUS_SEQ_COUNT  0x20
#define CIRRUS_GC_COUNT   0x40
#define CIRRUS_CRTC_COUNT 0x28

/* Graphics controller, how the CPU reaches memory */
#define CIRRUS_GR_BANK0 0x09 /* and 0Ah */
#define CIRRUS_GR_BANKS 0x0b

/* Graphics controller, BLT engine (5446 TRM, "BLT Registers") */
#define GR_BLT_WIDTH       0x20
#define GR_BLT_HEIGHT      0x22
#define GR_BLT_DST_PITCH   0x24
#define GR_BLT_SRC_PITCH   0x26
#define GR_BLT_DST         0x28
#define GR_BLT_SRC         0x2c
#define GR_BLT_LEFT_CLIP   0x2f
#define GR_BLT_MODE        0x30
#define GR_BLT_START       0x31
#define GR_BLT_ROP         0x32
#define GR_BLT_EXTENSIONS  0x33
#define GR_BLT_TRANSPARENT 0x34

#define BLT_MODE_BACKWARDS   0x01
#define BLT_MODE_TO_SYSTEM   0x02
#define BLT_MODE_FROM_SYSTEM 0x04
#define BLT_MODE_TRANSPARENT 0x08
#define BLT_MODE_WIDTH       0x30 /* of a pixel in bytes, less one, in bits 5-4 */
#define BLT_MODE_PATTERN     0x40
#define BLT_MODE_EXPAND      0x80

#define BLT_START_BUSY     0x01
#define BLT_START_START    0x02
#define BLT_START_RESET    0x04
#define BLT_START_PROGRESS 0x08
#define BLT_START_AUTO     0x80

#define BLT_EXT_INVERT 0x02 /* expansion: the transparent pixels are the ones */
#define BLT_EXT_SOLID  0x04
#define BLT_EXT_DWORDS 0x08 /* expansion of system data: lines begin at double words */

#define BLT_ROW_MAX 0x2000 /* bytes: the width has 13 bits */

/* A transfer that was started; height 0 = none. */
typedef struct CirrusBlit {
    guint width, height; /* bytes; rows that are left */
    guint pixel;         /* bytes */
    guint row;           /* so far */
    guint skip;          /* pixels of the source at the left, or bytes with 24 bits a pixel */
    guint32 dst, src;    /* of the present row */
    gint dst_step, src_step;
    guint8 mode, rop, extensions;
    guint32 fg, bg;
    guint16 transparent;
    /* from the system: a row's bytes as they come */
    guint wanted, got;
    guint8 data[BLT_ROW_MAX + 8];
} CirrusBlit;

typedef struct Cirrus {
    PciDevice pci;
    VgaCore vga;
    Region lfb, lfb_wide, lfb_blit, mmio, mmio_low;
    Region banks[2], window_wide, window_blit;
    guint8 seq_index, gc_index;
    guint8 seq[CIRRUS_SEQ_COUNT], gc[CIRRUS_GC_COUNT], crtc[CIRRUS_CRTC_COUNT];
    guint8 hidden_dac, dac_reads;
    guint8 cursor_colors[16][3]; /* the DAC's second table: 0 background, 15 foreground */
    guint cursor_x, cursor_y;
    gboolean cursor_stale;
    CirrusBlit blit;
    Deferred *work;
    guint64 memory_mb; /* option */
} Cirrus;

/* ---- cirrus-blit.c ---- */

/* A write to one of the engine's registers, which is in cirrus->gc by now. */
void cirrus_blit_written(Cirrus *cirrus, guint index, guint8 old);
/* Ends what runs. */
void cirrus_blit_abort(Cirrus *cirrus);
/* Carries out some of what was started. */
void cirrus_blit_some(Cirrus *cirrus);
/* All of it, before its registers change. */
void cirrus_blit_finish(Cirrus *cirrus);
/* It waits for the system's data. */
gboolean cirrus_blit_wants_data(const Cirrus *cirrus);
void cirrus_blit_data(Cirrus *cirrus, guint64 value, guint size);

/* ---- cirrus-write.c ---- */

/* Video memory is not what the CPU sees: cirrus->lfb_wide and window_wide are. */
gboolean cirrus_is_extended(const Cirrus *cirrus);
/* Where a half of the window begins, in what the CPU sees. */
guint32 cirrus_bank(const Cirrus *cirrus, guint n);
void cirrus_write_init(Cirrus *cirrus);

/* ---- cirrus.c ---- */

/* What the engine waits for has changed: where writes to video memory go. */
void cirrus_update_windows(Cirrus *cirrus);

extern const PciDeviceOps cirrus_vga_ops;
