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

void text_console_draw_cell(Surface *surface, guint column, guint row, const TextConsoleCell *cell)
{
    ConsoleGlyph glyph = console_font_glyph(cell->ch);
    guint width = cell->width * CONSOLE_FONT_WIDTH;
    gsize start = (gsize)row * CONSOLE_FONT_HEIGHT * surface->stride;

    for (guint y = 0; y < CONSOLE_FONT_HEIGHT; y++) {
        guint32 *pixels = (guint32 *)(void *)(surface->data + start + y * surface->stride) +
                          column * CONSOLE_FONT_WIDTH;
        guint bits = glyph.rows[y * glyph.bytes] << 8;

        bits |= glyph.bytes == 2 ? glyph.rows[y * 2 + 1] : 0;
        if ((y == UNDERLINE_ROW && (cell->style & STYLE_UNDERLINE)) ||
            (y == STRIKE_ROW && (cell->style & STYLE_STRIKE))) {
            bits = 0xffff;
        }
        for (guint x = 0; x < width; x++) {
            pixels[x] = bits >> (15 - x) & 1 ? cell->fg : cell->bg;
        }
    }
}

static gboolean same_cell(const TextConsoleCell *a, const TextConsoleCell *b)
{
    return a->ch == b->ch && a->fg == b->fg && a->bg == b->bg && a->width == b->width &&
           a->style == b->style;
}

/* Draws what differs in a row; damages it as one piece. */
static void draw_row(TextConsole *console, guint row)
{
    guint first = G_MAXUINT, end = 0, last_width = 1;

    for (guint column = 0; column < console->columns; column++) {
        TextConsoleCell *drawn = &console->drawn[row * console->columns + column];
        TextConsoleCell cell;

        text_console_cell(console, column, row, &cell);
        if (!cell.ch && last_width != 2) {
            cell.ch = ' '; /* its left half was overwritten */
        }
        last_width = cell.width;
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

static gint64 text_scan(void *opaque)
{
    TextConsole *console = opaque;
    guint width = console->columns * CONSOLE_FONT_WIDTH;
    guint height = console->rows * CONSOLE_FONT_HEIGHT;

    vterm_screen_flush_damage(console->screen);
    if (!console->surface || console->surface->width != width ||
        console->surface->height != height) {
        surface_unref(console->surface);
        console->surface = surface_new(width, height);
        console->drawn = g_renew(TextConsoleCell, console->drawn, console->columns * console->rows);
        console->redraw = TRUE;
    }
    if (console->redraw) {
        display_set_surface(console->display, console->surface);
        text_console_dirty_all(console);
    }
    for (guint row = 0; row < console->rows; row++) {
        if (console->dirty[row]) {
            draw_row(console, row);
            console->dirty[row] = FALSE;
        }
    }
    console->redraw = FALSE;
    return -1;
}

static void text_invalidate(void *opaque)
{
    ((TextConsole *)opaque)->redraw = TRUE;
}

/* Every change goes through text_console_dirty_all() or the vc's output, which wake the display. */
static gboolean text_watch(void *opaque)
{
    return TRUE;
}

static void text_hint_size(void *opaque, guint width, guint height)
{
    text_console_resize(opaque, CLAMP(width / CONSOLE_FONT_WIDTH, MIN_COLUMNS, MAX_COLUMNS),
                        CLAMP(height / CONSOLE_FONT_HEIGHT, MIN_ROWS, MAX_ROWS));
}

static gboolean text_text(void *opaque, TextScreen *screen)
{
    TextConsole *console = opaque;

    screen->columns = console->columns;
    screen->rows = console->rows;
    screen->cells = g_new0(TextCell, (gsize)console->columns * console->rows);
    for (guint row = 0; row < console->rows; row++) {
        for (guint column = 0; column < console->columns; column++) {
            TextCell *to = &screen->cells[row * console->columns + column];
            TextConsoleCell cell;

            text_console_cell(console, column, row, &cell);
            *to = (TextCell){cell.ch ? cell.ch : ' ', 0x07, cell.fg, cell.bg};
        }
    }
    if (console->cursor_visible && console->offset == 0) {
        screen->cursor_column = console->cursor.col;
        screen->cursor_row = console->cursor.row;
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
