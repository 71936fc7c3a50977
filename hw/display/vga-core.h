/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA core that all VGA-compatible cards embed: IBM VGA registers and memory pipeline, Bochs
 * VBE extensions, and the scan that makes a picture of it all. Vm lock held throughout.
 *
 * Documents: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem" (1992; below
 * "IBM VGA"); the interface of the Bochs "DISPI" extensions (vbe.c).
 *
 * Video memory holds the four planes side by side: byte `a` of plane `p` is mem[4 * a + p]. Thus
 * chain-4 pixels, unchained pixels and the linear framebuffer are the same bytes in the same
 * order. A consequence that differs from IBM's layout: the CRTC's doubleword mode, which spreads
 * chain-4 addresses over every fourth byte of a plane, is taken as packed.
 */
#pragma once

#include "core/device.h"
#include "core/display.h"
#include "core/machine.h"
#include "core/memory.h"

typedef struct VgaCore VgaCore;

/* ---- registers ---- */

enum {
    VGA_SEQ_RESET,
    VGA_SEQ_CLOCKING, /* bit 0: 8 dots; 3: dot clock / 2; 5: screen off */
    VGA_SEQ_MAP_MASK,
    VGA_SEQ_CHAR_MAP,
    VGA_SEQ_MEMORY_MODE, /* bit 2: no odd/even; 3: chain 4 */
    VGA_SEQ_COUNT,
};
#define VGA_SEQ_CLOCKING_8DOT     0x01
#define VGA_SEQ_CLOCKING_HALF     0x08
#define VGA_SEQ_CLOCKING_OFF      0x20
#define VGA_SEQ_MEMORY_EXTENDED   0x02
#define VGA_SEQ_MEMORY_SEQUENTIAL 0x04
#define VGA_SEQ_MEMORY_CHAIN4     0x08

enum {
    VGA_GC_SET_RESET,
    VGA_GC_ENABLE_SET_RESET,
    VGA_GC_COLOR_COMPARE,
    VGA_GC_ROTATE, /* bits 2-0 count, 4-3 function */
    VGA_GC_READ_MAP,
    VGA_GC_MODE, /* bits 1-0 write mode; 3 read mode; 4 odd/even; 5 interleave; 6 256 colours */
    VGA_GC_MISC, /* bit 0 graphics; 1 chain odd/even; 3-2 memory map */
    VGA_GC_DONT_CARE,
    VGA_GC_BIT_MASK,
    VGA_GC_COUNT,
};
#define VGA_GC_MODE_WRITE      0x03
#define VGA_GC_MODE_READ       0x08
#define VGA_GC_MODE_ODD_EVEN   0x10
#define VGA_GC_MODE_INTERLEAVE 0x20
#define VGA_GC_MODE_256        0x40
#define VGA_GC_MISC_GRAPHICS   0x01
#define VGA_GC_MISC_CHAIN      0x02

enum {
    VGA_CRTC_H_TOTAL,
    VGA_CRTC_H_DISPLAY,
    VGA_CRTC_H_BLANK_START,
    VGA_CRTC_H_BLANK_END,
    VGA_CRTC_H_SYNC_START,
    VGA_CRTC_H_SYNC_END,
    VGA_CRTC_V_TOTAL,
    VGA_CRTC_OVERFLOW,
    VGA_CRTC_PRESET_ROW,
    VGA_CRTC_MAX_SCAN,
    VGA_CRTC_CURSOR_START,
    VGA_CRTC_CURSOR_END,
    VGA_CRTC_START_HIGH,
    VGA_CRTC_START_LOW,
    VGA_CRTC_CURSOR_HIGH,
    VGA_CRTC_CURSOR_LOW,
    VGA_CRTC_V_SYNC_START,
    VGA_CRTC_V_SYNC_END, /* bit 7: registers 0-7 are protected */
    VGA_CRTC_V_DISPLAY,
    VGA_CRTC_OFFSET,
    VGA_CRTC_UNDERLINE,
    VGA_CRTC_V_BLANK_START,
    VGA_CRTC_V_BLANK_END,
    VGA_CRTC_MODE,
    VGA_CRTC_LINE_COMPARE,
    VGA_CRTC_COUNT,
};
#define VGA_CRTC_MODE_ROW0        0x01 /* 0: address bit 13 is row scan bit 0 */
#define VGA_CRTC_MODE_ROW1        0x02 /* 0: address bit 14 is row scan bit 1 */
#define VGA_CRTC_MODE_HALF        0x04 /* lines are counted in pairs */
#define VGA_CRTC_MODE_COUNT2      0x08
#define VGA_CRTC_MODE_WRAP        0x20
#define VGA_CRTC_MODE_BYTE        0x40
#define VGA_CRTC_UNDERLINE_COUNT4 0x20
#define VGA_CRTC_UNDERLINE_DWORD  0x40

enum {
    VGA_ATTR_PALETTE = 0,
    VGA_ATTR_MODE = 0x10,
    VGA_ATTR_OVERSCAN,
    VGA_ATTR_PLANES,
    VGA_ATTR_PANNING,
    VGA_ATTR_COLOR_SELECT,
    VGA_ATTR_COUNT,
};
#define VGA_ATTR_MODE_MONO       0x02
#define VGA_ATTR_MODE_LINE_GFX   0x04
#define VGA_ATTR_MODE_BLINK      0x08
#define VGA_ATTR_MODE_SPLIT_PAN  0x20 /* panning is 0 below the split */
#define VGA_ATTR_MODE_HALF_CLOCK 0x40
#define VGA_ATTR_MODE_P54        0x80
#define VGA_ATTR_INDEX_PAS       0x20 /* of the index: the screen shows the palette's output */

#define VGA_MISC_COLOR_IO 0x01
#define VGA_MISC_RAM      0x02

/* Bochs DISPI registers. */
enum {
    VBE_ID,
    VBE_XRES,
    VBE_YRES,
    VBE_BPP,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRT_WIDTH,
    VBE_VIRT_HEIGHT,
    VBE_X_OFFSET,
    VBE_Y_OFFSET,
    VBE_MEMORY_64K,
    VBE_COUNT,
};
#define VBE_ENABLED   0x01
#define VBE_GETCAPS   0x02
#define VBE_8BIT_DAC  0x20
#define VBE_LFB       0x40
#define VBE_NOCLEAR   0x80
#define VBE_ID_NEWEST 0xb0c5
#define VBE_ID_OLDEST 0xb0c0
/* Bounded by what a surface can be. */
#define VBE_MAX_XRES 16000
#define VBE_MAX_YRES 12000
#define VBE_MAX_BPP  32

/* ---- the picture ---- */

typedef enum VgaKind { VGA_BLANK, VGA_TEXT, VGA_GRAPHICS, VGA_LINEAR } VgaKind;

/* Everything but palette, memory and blink phase that the picture depends on. Compared as bytes:
 * cleared before it is filled. */
typedef struct VgaMode {
    VgaKind kind;
    guint width, height; /* of the surface, pixels */
    /* text and graphics */
    guint columns;     /* character clocks a line */
    guint dots;        /* pixels a character clock, before doubling */
    guint scale_x;     /* 2 = dot clock is halved */
    guint scale_y;     /* 2 = the CRTC counts lines in pairs */
    guint cell_height; /* scan lines a row */
    guint row_repeat;  /* 2 = every line twice ("double scan") */
    guint start;       /* CRTC address of the first character */
    guint offset;      /* CRTC addresses from row to row */
    guint count_shift; /* character clocks a CRTC address, log2 */
    guint preset_row;
    guint byte_pan;     /* added to `start`, and to the split's 0 unless split_pan */
    guint line_compare; /* last line above the split */
    guint pan;          /* dots */
    gboolean split_pan;
    guint8 crtc_mode, crtc_underline;
    guint8 gc_mode, attr_mode;
    guint address_mask; /* of plane addresses */
    /* text */
    guint8 char_map;
    /* linear */
    guint bpp;
    guint stride; /* bytes */
    guint64 base; /* of the first pixel in video memory */
    gboolean big_endian;
} VgaMode;

/* A text cell as last drawn. */
typedef struct VgaCell {
    guint8 ch, attr;
    guint16 look; /* VGA_CELL_x; with a cursor, its shape in bits 9-0 */
} VgaCell;
#define VGA_CELL_CURSOR 0x0400
#define VGA_CELL_HIDDEN 0x0800 /* blinking, in its dark phase */
#define VGA_CELL_NEVER  0x8000 /* not drawn yet */

#define VGA_GLYPH_HEIGHT 32

typedef struct VgaText {
    VgaCell *cells;
    gsize cell_count;
    guint8 font[2][256][VGA_GLYPH_HEIGHT]; /* attribute bit 3 clear, set */
    gboolean blinks;                       /* something on screen blinks */
} VgaText;

/* Retrace timing in ns; recomputed when CRTC registers change. */
typedef struct VgaTiming {
    gboolean valid;
    gint64 line_ns, frame_ns;
    gint64 display_ns; /* displayed part of a line */
    guint lines, display_lines;
    guint sync_start, sync_end;
} VgaTiming;

/* What a card's chip has beyond a VGA. */
typedef struct VgaExtension {
    /* An access to a port of 3C0h-3DFh (the CRTC's at 3D4h and 3D5h): FALSE = the VGA's own. */
    gboolean (*port_read)(VgaCore *vga, guint port, guint8 *value);
    gboolean (*port_write)(VgaCore *vga, guint port, guint8 value);
    /* A packed-pixel mode is set: fills width, height, bpp, stride and base. FALSE = the VGA's. */
    gboolean (*decode)(const VgaCore *vga, VgaMode *mode);
    /* The VGA's registers changed that decide what the legacy window shows. */
    void (*mem_update)(VgaCore *vga);
} VgaExtension;

struct VgaCore {
    Device *dev;
    Machine *machine;
    /* Its own, unless it was there before vga_init(): then the card shows other things on it, too,
     * calls vga_source_ops while it shows the VGA, and frees it before vga_finish(). */
    Display *display;
    gboolean shared_display;
    /* memory */
    Region vram;
    guint8 *mem;
    guint32 mem_size;              /* a power of two */
    gboolean linear_only;          /* set before vga_init(): no VGA, blank without a linear mode */
    const VgaExtension *extension; /* set before vga_init(); NULL = none */
    unsigned long *dirty;          /* pages written before the present scan */
    gboolean any_dirty;
    gboolean watching;
    gint64 watch_begun;      /* host time of the last write watch */
    gint64 watch_pause;      /* how long to do without after one that ended soon */
    gint64 watch_not_before; /* host time */
    /* what the card maps: ports 3B0h-3DFh, ports 1CEh-1D1h, memory A0000h-BFFFFh */
    Region ports, mono_crtc, mono_status, main_ports, color_crtc, color_status;
    Region vbe_ports;
    Region window, window_io, window_alias;
    /* registers */
    guint8 misc, feature, enable;
    guint8 seq_index, seq[VGA_SEQ_COUNT];
    guint8 gc_index, gc[VGA_GC_COUNT];
    guint8 crtc_index, crtc[VGA_CRTC_COUNT];
    guint8 attr_index, attr[VGA_ATTR_COUNT];
    gboolean attr_data; /* the next write to 3C0h is data */
    guint8 dac[256 * 3];
    guint8 dac_mask, dac_index, dac_component;
    gboolean dac_reading;
    guint8 dac_latch[3];
    guint8 latch[4];
    guint16 vbe_index, vbe[VBE_COUNT];
    gboolean big_endian;
    VgaTiming timing;
    /* the picture */
    VgaMode mode;
    VgaText text;
    Surface *surface;
    guint32 colors[256];     /* of an eight-bit pixel, through the PEL mask */
    guint32 attr_colors[16]; /* of an attribute or four-plane pixel */
    gboolean colors_stale;
    gboolean redraw;
    /* The viewer would like another size; set by cards that can tell. NULL = cannot. */
    void (*hint)(VgaCore *vga, guint width, guint height);
};

/* ---- vga.c: lifecycle and the display source ---- */

/* From realize: `memory_mb` is rounded up to a power of two. Maps nothing. */
gboolean vga_init(VgaCore *vga, Device *dev, const char *name, guint memory_mb, GError **error);
void vga_finish(VgaCore *vga);
void vga_reset(VgaCore *vga);
extern const StateTable vga_state;

extern const DisplaySourceOps vga_source_ops; /* opaque: the VgaCore */

/* A register changed that the picture depends on. */
void vga_touch(VgaCore *vga);
/* Palette, PEL mask or attribute colours changed. */
void vga_touch_colors(VgaCore *vga);
/* Code of ours wrote video memory. */
void vga_wrote(VgaCore *vga, guint64 offset, guint64 length);

/* ---- vga-mmio.c ---- */
#define VGA_MMIO_SIZE 0x1000
typedef struct VgaMmio {
    Region page; /* VGA_MMIO_SIZE bytes; the first 400h are the card's */
    Region ports, vbe, ext;
} VgaMmio;
/* `ext`: with the register of byte order. */
void vga_mmio_init(VgaMmio *mmio, VgaCore *vga, gboolean ext);
void vga_mmio_finish(VgaMmio *mmio);
/* Where every VGA has its ports and its window. */
void vga_map_legacy(VgaCore *vga, Region *memory, Region *io);
void vga_unmap_legacy(VgaCore *vga);

/* ---- vga-regs.c ---- */
void vga_regs_init(VgaCore *vga);
void vga_regs_finish(VgaCore *vga);
void vga_regs_reset(VgaCore *vga);
guint8 vga_port_read(VgaCore *vga, guint port);
void vga_port_write(VgaCore *vga, guint port, guint8 value);
/* A VGA register's bits joined with its overflow bits. */
guint vga_v_display_end(const VgaCore *vga);
guint vga_line_compare(const VgaCore *vga);

/* ---- vga-timing.c ---- */
/* Input status 1, bits 0 and 3, at this moment of guest time. */
guint8 vga_retrace_status(VgaCore *vga);

/* ---- vga-mem.c ---- */
void vga_mem_init(VgaCore *vga);
void vga_mem_finish(VgaCore *vga);
/* Registers changed that decide how the window reaches video memory. */
void vga_mem_update(VgaCore *vga);

/* ---- vga-scan.c ---- */
gint64 vga_scan(void *opaque);
/* TRUE if any of the bytes was written before this scan; ranges wrap at the end of memory. */
gboolean vga_is_dirty(const VgaCore *vga, guint64 offset, guint64 length);
/* Plane address that the CRTC address shows in row scan `row`. */
guint vga_crtc_address(const VgaCore *vga, const VgaMode *mode, guint counter, guint row);
/* What the mode's geometry says about one scan line after the other. */
typedef struct VgaLine {
    guint y;        /* in CRTC counts; G_MAXUINT before the first vga_line_next() */
    guint counter;  /* CRTC address of its first character */
    guint row;      /* row scan */
    guint repeat;   /* 1 in the second of two equal lines */
    guint pan;      /* dots */
    guint text_row; /* which row of characters, from the top */
} VgaLine;
void vga_line_begin(VgaLine *line);
void vga_line_next(VgaLine *line, const VgaMode *mode);
/* Colour tables are brought up to date; TRUE if a colour differs. */
gboolean vga_update_colors(VgaCore *vga);
/* The mode that the registers describe. */
void vga_mode_decode(const VgaCore *vga, VgaMode *mode);
/* Marks a rectangle of CRTC lines as changed on the display. */
void vga_damage_lines(VgaCore *vga, guint first, guint count);

/* ---- renderers: redraw what changed, or all if `full` ---- */
/* Returns ns until something blinks, -1 if nothing does. */
gint64 vga_text_draw(VgaCore *vga, gboolean full);
void vga_text_reset(VgaCore *vga);
gboolean vga_text_screen(void *opaque, TextScreen *screen);
void vga_graphics_draw(VgaCore *vga, gboolean full);
void vga_linear_draw(VgaCore *vga, gboolean full);

/* ---- vbe.c ---- */
void vbe_init(VgaCore *vga);
void vbe_finish(VgaCore *vga);
void vbe_reset(VgaCore *vga);
guint16 vbe_read(VgaCore *vga, guint index);
void vbe_write(VgaCore *vga, guint index, guint16 value);
gboolean vbe_is_enabled(const VgaCore *vga);
/* Bytes from line to line. */
guint vbe_line_bytes(const VgaCore *vga);
