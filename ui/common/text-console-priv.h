/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the text console share: cells, the scrollback, the state. */
#pragma once

#include <vterm.h>

#include "ui/common/text-console.h"

/* One place on the screen, with its colours resolved. */
typedef struct TextConsoleCell {
    guint32 ch;     /* 0 = the right half of a wide one */
    guint32 fg, bg; /* x8r8g8b8 */
    guint8 width;   /* 1 or 2 */
    guint8 style;   /* of STYLE_x */
} TextConsoleCell;

enum { STYLE_UNDERLINE = 1 << 0, STYLE_STRIKE = 1 << 1 };

/* A line that has left the screen at the top. */
typedef struct ScrollbackLine {
    guint columns;
    TextConsoleCell cells[];
} ScrollbackLine;

#define SCROLLBACK_LINES 2000

struct TextConsole {
    Machine *machine;
    VcView *view;
    Display *display;
    VTerm *vterm;
    VTermScreen *screen;
    guint columns, rows;
    VTermPos cursor;
    gboolean cursor_visible;
    gboolean in_key;   /* the emulator spells a key */
    GQueue scrollback; /* of ScrollbackLine*, the newest first */
    guint offset;      /* lines scrolled back */
    /* keyboard */
    gboolean caps_lock, num_lock;
    /* picture */
    Surface *surface;
    TextConsoleCell *drawn; /* columns * rows: what the surface shows */
    guint8 *dirty;          /* a byte a row: may differ from what is drawn */
    gboolean redraw;        /* everything is new */
};

/* text-draw.c: draws one cell at its place. */
void text_console_draw_cell(Surface *surface, guint column, guint row, const TextConsoleCell *cell);

extern const DisplaySourceOps text_console_source;

/* text-console.c */
void text_console_dirty_all(TextConsole *console);
/* What is seen at this place: scrollback or screen. */
void text_console_cell(TextConsole *console, guint column, guint row, TextConsoleCell *cell);
void text_console_resize(TextConsole *console, guint columns, guint rows);
