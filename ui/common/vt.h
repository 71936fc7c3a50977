/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal of text consoles: bytes in, characters with colours on a screen out. It knows the
 * sequences of ECMA-48, of DEC's VT220 and of xterm that programs on a console use; others are
 * skipped. What comes is the guest's, and trusted in nothing: no number, position or length goes
 * unbounded, and no memory grows with it.
 *
 * Of our own, since the library at hand cannot be given what a guest writes: libvterm 0.1.4 (Debian
 * 12) leaves its memory for a sequence of 17 numbers, a character U+0080, a resize at the wrong
 * time. tests/fuzz/console.c watches over this one. Vm lock held.
 */
#pragma once

#include <glib.h>

/* One place on the screen, with its colours resolved. */
typedef struct VtCell {
    guint32 ch;     /* 0 = the right half of a wide one */
    guint32 fg, bg; /* x8r8g8b8 */
    guint8 width;   /* 1 or 2 */
    guint8 style;   /* of VT_x */
} VtCell;

enum { VT_UNDERLINE = 1 << 0, VT_STRIKE = 1 << 1 };

typedef struct VtOps {
    /* A line leaves the (main) screen at the top. Required. */
    void (*push)(void *opaque, const VtCell *cells, guint columns);
    /* The terminal answers a question. Required. */
    void (*answer)(void *opaque, const char *text, gsize length);
} VtOps;

#define VT_MAX_NUMBERS 16

/* A colour: 0-255 of the palette, or the default, or VT_RGB + red, green, blue. */
#define VT_DEFAULT 0x100
#define VT_RGB     0x1000000

typedef struct VtPen {
    guint32 fg, bg;
    gboolean bold, reverse;
    guint8 style;
} VtPen;

typedef struct VtCursor {
    guint row, column;
    VtPen pen;
    gboolean wrapping; /* the last column was written: the next character begins a new line */
    gboolean origin;   /* positions count from the scrolling region */
    gboolean graphics[2];
    guint charset; /* 0 = G0, 1 = G1 */
} VtCursor;

typedef struct Vt {
    guint columns, rows;
    VtCell *cells;      /* rows * columns; read them through vt_row() */
    gboolean *dirty;    /* a row: changed since somebody cleared it */
    VtCursor cursor;    /* changes of it make their rows dirty too */
    gboolean cursor_on; /* the cursor is to be seen */
    gboolean cursor_keys_application;
    gboolean inverse; /* of the whole screen */
    /* private */
    const VtOps *ops;
    void *opaque;
    VtCell *main_cells; /* while the alternate screen is shown */
    VtCursor saved, main_saved;
    guint top, bottom; /* scrolling region, bottom exclusive */
    gboolean insert, autowrap, newline;
    guint8 *tabs; /* a column */
    guint32 last; /* character, for REP */
    /* parser */
    guint state;
    guint8 leader, intermediate;
    guint numbers[VT_MAX_NUMBERS];
    guint count;    /* of them; more are skipped */
    guint utf8_ch;  /* so far */
    guint utf8_min; /* the least that such a long sequence may say */
    guint utf8_left;
} Vt;

/* At least 2 columns and 1 row. */
Vt *vt_new(guint columns, guint rows, const VtOps *ops, void *opaque);
void vt_free(Vt *vt); /* NULL is fine */

void vt_feed(Vt *vt, const guint8 *data, gsize length);

static inline const VtCell *vt_row(const Vt *vt, guint row)
{
    return vt->cells + (gsize)row * vt->columns;
}

/* An empty place in the default colours. */
VtCell vt_blank(void);
