/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal's cells: what should be on it, what is, and the bytes that lead from one to the other.
 * Values without threads; each grid belongs to its creator.
 */
#pragma once

#include <glib.h>

typedef enum GridFlags {
    GRID_BLINK = 1 << 0,
    GRID_PLAIN = 1 << 1,   /* in the terminal's own colours */
    GRID_REVERSE = 1 << 2, /* PLAIN ones only */
    GRID_PICTURE = 1 << 3, /* covered by a picture: not touched */
    GRID_UNKNOWN = 1 << 4, /* nobody knows what is there */
} GridFlags;

typedef struct GridCell {
    gunichar ch;    /* 0 = right half of the wide one before */
    guint32 fg, bg; /* 00RRGGBBh */
    guint32 flags;
} GridCell;

typedef struct Grid {
    guint columns, rows;
    GridCell *cells;
} Grid;

typedef enum GridColors {
    GRID_COLORS_AUTO,
    GRID_COLORS_24BIT,
    GRID_COLORS_256,
    GRID_COLORS_16,
    GRID_COLORS_8,
    GRID_COLORS_MONO,
} GridColors;

/* Sets the size; all cells become `fill`. */
void grid_resize(Grid *grid, guint columns, guint rows, guint32 flags);
void grid_clear(Grid *grid);
static inline GridCell *grid_cell(Grid *grid, guint column, guint row)
{
    return &grid->cells[(gsize)row * grid->columns + column];
}
/* Writes text (valid UTF-8), cut at the grid's edge; returns the column after it. */
guint grid_text(Grid *grid, guint column, guint row, const char *text, guint32 flags);

/*
 * Appends what turns `shown` into `wanted` (of the same size), and makes them equal. `colors` is
 * never AUTO. Without `utf8`, characters beyond ASCII get their nearest look.
 */
void grid_update(Grid *shown, const Grid *wanted, GridColors colors, gboolean utf8, GString *out);

/* An xterm palette index (16 to 255) and one of the 16 ANSI colours for a colour. */
guint grid_color_256(guint32 rgb);
guint grid_color_16(guint32 rgb);
/* An ASCII character that looks a little like it. */
char grid_ascii(gunichar ch);
