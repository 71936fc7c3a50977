/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text console as the source of a display: pixels and characters. */
#include <string.h>

#include "ui/common/console-font.h"
#include "ui/common/text-console-priv.h"

#define MIN_COLUMNS 20
#define MIN_ROWS    5
#define MAX_COLUMNS 240
#define MAX_ROWS    100

#define UNDERLINE_ROW 14
#define STRIKE_ROW    7

void text_console_draw_cell(Surface *surface, guint column, guint row, const VtCell *cell)
{
    ConsoleGlyph glyph = console_font_glyph(cell->ch);
    guint width = cell->width * CONSOLE_FONT_WIDTH;
    gsize start = (gsize)row * CONSOLE_FONT_HEIGHT * surface->stride;

    for (guint y = 0; y < CONSOLE_FONT_HEIGHT; y++) {
        guint32 *pixels = (guint32 *)(void *)(surface->data + start + y * surface->stride) +
                          column * CONSOLE_FONT_WIDTH;
        guint bits = glyph.rows[y * glyph.bytes] << 8;

        bits |= glyph.bytes == 2 ? glyph.rows[y * 2 + 1] : 0;
        if ((y == UNDERLINE_ROW && (cell->style & VT_UNDERLINE)) ||
            (y == STRIKE_ROW && (cell->style & VT_STRIKE))) {
            bits = 0xffff;
        }
        for (guint x = 0; x < width; x++) {
            pixels[x] = bits >> (15 - x) & 1 ? cell->fg : cell->bg;
        }
    }
}

static gboolean same_cell(const VtCell *a, const VtCell *b)
{
    return a->ch == b->ch && a->fg == b->fg && a->bg == b->bg && a->width == b->width &&
           a->style == b->style;
}

/* Draws what differs in a row; damages it as one piece. */
static void draw_row(TextConsole *console, guint row)
{
    guint first = G_MAXUINT, end = 0, columns = console->vt->columns;

    for (guint column = 0; column < columns; column++) {
        VtCell *drawn = &console->drawn[row * columns + column];
        VtCell cell = text_console_cell(console, column, row);

        if (!console->redraw && same_cell(&cell, drawn)) {
            continue;
        }
        *drawn = cell;
        if (cell.ch) {
            text_console_draw_cell(console->surface, column, row, &cell);
        }
        first = MIN(first, column);
        end = MAX(end, column + cell.width);
    }
    if (end > 0) {
        display_damage(console->display, (int)(first * CONSOLE_FONT_WIDTH),
                       (int)(row * CONSOLE_FONT_HEIGHT), (int)((end - first) * CONSOLE_FONT_WIDTH),
                       CONSOLE_FONT_HEIGHT);
    }
}

static void fit_surface(TextConsole *console)
{
    guint columns = console->vt->columns, rows = console->vt->rows;
    guint width = columns * CONSOLE_FONT_WIDTH, height = rows * CONSOLE_FONT_HEIGHT;

    if (!console->surface || console->surface->width != width ||
        console->surface->height != height) {
        surface_unref(console->surface);
        console->surface = surface_new(width, height);
        console->drawn = g_renew(VtCell, console->drawn, columns * rows);
        console->redraw = TRUE;
    }
}

static gint64 text_scan(void *opaque)
{
    TextConsole *console = opaque;

    text_console_fit(console);
    fit_surface(console);
    if (console->redraw) {
        display_set_surface(console->display, console->surface);
    }
    for (guint row = 0; row < console->vt->rows; row++) {
        if (console->redraw || text_console_is_dirty(console, row)) {
            draw_row(console, row);
        }
    }
    memset(console->vt->dirty, FALSE, console->vt->rows * sizeof *console->vt->dirty);
    console->redraw = FALSE;
    return -1;
}

static void text_invalidate(void *opaque)
{
    ((TextConsole *)opaque)->redraw = TRUE;
}

/* The vc's output and whoever scrolls or resizes wake the display. */
static gboolean text_watch(void *opaque)
{
    return TRUE;
}

static void text_hint_size(void *opaque, guint width, guint height)
{
    TextConsole *console = opaque;

    console->want_columns = CLAMP(width / CONSOLE_FONT_WIDTH, MIN_COLUMNS, MAX_COLUMNS);
    console->want_rows = CLAMP(height / CONSOLE_FONT_HEIGHT, MIN_ROWS, MAX_ROWS);
    display_wake(console->display);
}

static gboolean text_text(void *opaque, TextScreen *screen)
{
    TextConsole *console = opaque;

    text_console_fit(console);
    const Vt *vt = console->vt;
    screen->columns = vt->columns;
    screen->rows = vt->rows;
    screen->cells = g_new0(TextCell, (gsize)vt->columns * vt->rows);
    for (guint i = 0; i < vt->columns * vt->rows; i++) {
        VtCell cell = text_console_cell(console, i % vt->columns, i / vt->columns);

        screen->cells[i] = (TextCell){cell.ch ? cell.ch : ' ', 0x07, cell.fg, cell.bg};
    }
    if (vt->cursor_on && vt->cursor.row + console->offset < vt->rows) {
        screen->cursor_column = (gint)vt->cursor.column;
        screen->cursor_row = (gint)(vt->cursor.row + console->offset);
    }
    return TRUE;
}

const DisplaySourceOps text_console_source = {
    .scan = text_scan,
    .invalidate = text_invalidate,
    .watch = text_watch,
    .hint_size = text_hint_size,
    .text = text_text,
};
