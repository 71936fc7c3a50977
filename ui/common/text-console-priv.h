/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the text console share: cells, the scrollback, the state. */
#pragma once

#include "ui/common/text-console.h"
#include "ui/common/vt.h"

/* A line that has left the screen at the top. */
typedef struct ScrollbackLine {
    guint columns;
    VtCell cells[];
} ScrollbackLine;

#define SCROLLBACK_LINES 2000

struct TextConsole {
    Chardev *chr;
    VcView *view;
    Display *display;
    Vt *vt;
    guint want_columns, want_rows; /* from the next look at it on */
    /* lines that have left the screen: a ring */
    ScrollbackLine *lines[SCROLLBACK_LINES];
    guint next, line_count;
    guint offset; /* lines scrolled back */
    /* keyboard */
    gboolean caps_lock, num_lock;
    /* picture */
    Surface *surface;
    VtCell *drawn;   /* what the surface shows */
    gboolean redraw; /* everything is new */
};

/* text-draw.c: draws one cell at its place. */
void text_console_draw_cell(Surface *surface, guint column, guint row, const VtCell *cell);

extern const DisplaySourceOps text_console_source;

/* text-console.c */
void text_console_dirty_all(TextConsole *console);
/* TRUE if the row, as it is seen, may look different from what is drawn. */
gboolean text_console_is_dirty(TextConsole *console, guint row);
/* What is seen at this place: scrollback or screen. */
VtCell text_console_cell(TextConsole *console, guint column, guint row);
/* Becomes as large as it should be. */
void text_console_fit(TextConsole *console);
