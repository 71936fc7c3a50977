/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/grid.h"

#include <string.h>

/* Skipping over fewer equal cells than this costs more than writing them again. */
#define GAP_MAX 4

void grid_resize(Grid *grid, guint columns, guint rows, guint32 flags)
{
    grid->columns = columns;
    grid->rows = rows;
    grid->cells = g_renew(GridCell, grid->cells, (gsize)columns * rows);
    for (gsize i = 0; i < (gsize)columns * rows; i++) {
        grid->cells[i] = (GridCell){.ch = ' ', .flags = flags};
    }
}

void grid_clear(Grid *grid)
{
    g_clear_pointer(&grid->cells, g_free);
    grid->columns = grid->rows = 0;
}

guint grid_text(Grid *grid, guint column, guint row, const char *text, guint32 flags)
{
    for (; *text && column < grid->columns && row < grid->rows; text = g_utf8_next_char(text)) {
        gunichar ch = g_utf8_get_char(text);

        *grid_cell(grid, column++, row) =
            (GridCell){.ch = g_unichar_iscntrl(ch) ? ' ' : ch, .flags = flags};
        if (g_unichar_iswide(ch) && column < grid->columns) {
            *grid_cell(grid, column++, row) = (GridCell){.ch = 0, .flags = flags};
        }
    }
    return column;
}

/* ---- colours ---- */

static guint distance(guint32 a, guint32 b)
{
    gint r = (gint)(a >> 16 & 255) - (gint)(b >> 16 & 255);
    gint g = (gint)(a >> 8 & 255) - (gint)(b >> 8 & 255);
    gint blue = (gint)(a & 255) - (gint)(b & 255);

    return (guint)(2 * r * r + 4 * g * g + blue * blue);
}

/* xterm's cube has the levels 0, 95, 135, 175, 215, 255. */
static guint cube_level(guint value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

guint grid_color_256(guint32 rgb)
{
    static const guint8 levels[] = {0, 95, 135, 175, 215, 255};
    guint r = cube_level(rgb >> 16 & 255), g = cube_level(rgb >> 8 & 255);
    guint b = cube_level(rgb & 255);
    guint32 cube = (guint32)levels[r] << 16 | (guint32)levels[g] << 8 | levels[b];
    guint mean = ((rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255)) / 3;
    guint step = mean < 8 ? 0 : MIN((mean - 3) / 10, 23);
    guint32 grey = (8 + 10 * step) * 0x10101;

    return distance(rgb, grey) < distance(rgb, cube) ? 232 + step : 16 + 36 * r + 6 * g + b;
}

guint grid_color_16(guint32 rgb)
{
    /* VGA's sixteen in the order of ECMA-48. */
    static const guint32 palette[16] = {0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa,
                                        0x00aaaa, 0xaaaaaa, 0x555555, 0xff5555, 0x55ff55, 0xffff55,
                                        0x5555ff, 0xff55ff, 0x55ffff, 0xffffff};
    guint best = 0;

    for (guint i = 1; i < 16; i++) {
        if (distance(rgb, palette[i]) < distance(rgb, palette[best])) {
            best = i;
        }
    }
    return best;
}

static void color_24bit(GString *out, guint kind, guint32 rgb)
{
    g_string_append_printf(out, ";%u;2;%u;%u;%u", kind, rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255);
}

static void append_colors(GString *out, const GridCell *cell, GridColors colors)
{
    guint fg = grid_color_16(cell->fg), bg = grid_color_16(cell->bg);

    switch (colors) {
    case GRID_COLORS_AUTO:
    case GRID_COLORS_24BIT:
        color_24bit(out, 38, cell->fg);
        color_24bit(out, 48, cell->bg);
        break;
    case GRID_COLORS_256:
        g_string_append_printf(out, ";38;5;%u;48;5;%u", grid_color_256(cell->fg),
                               grid_color_256(cell->bg));
        break;
    case GRID_COLORS_16:
        g_string_append_printf(out, ";%u;%u", fg < 8 ? 30 + fg : 82 + fg,
                               bg < 8 ? 40 + bg : 92 + bg);
        break;
    case GRID_COLORS_8: /* what is bright is bold */
        g_string_append_printf(out, "%s;%u;%u", fg < 8 ? "" : ";1", 30 + fg % 8, 40 + bg % 8);
        break;
    case GRID_COLORS_MONO:
        if (distance(cell->bg, 0) > distance(cell->fg, 0)) {
            g_string_append(out, ";7");
        }
        break;
    }
}

/* ---- characters ---- */

char grid_ascii(gunichar ch)
{
    /* Box drawing by the strokes of U+2500 to U+257F; code page 437 has these. */
    if (ch < 0x80) {
        return (char)ch;
    }
    if (ch >= 0x2500 && ch <= 0x257f) {
        return ch == 0x2500 || ch == 0x2550 ? '-' : ch == 0x2502 || ch == 0x2551 ? '|' : '+';
    }
    switch (ch) {
    case 0xa0: return ' ';
    case 0x2022:
    case 0x2219:
    case 0xb7: return '.';
    case 0x2588:
    case 0x2593:
    case 0x2592: return '#';
    case 0x2591: return ':';
    case 0x2580: return '"';
    case 0x2584: return '_';
    case 0x25ba: return '>';
    case 0x25c4: return '<';
    case 0x2191:
    case 0x25b2: return '^';
    case 0x2193:
    case 0x25bc: return 'v';
    case 0x2192: return '>';
    case 0x2190: return '<';
    default: break;
    }
    /* "é" is e and an accent. */
    gunichar parts[4];
    gsize count = g_unichar_fully_decompose(ch, FALSE, parts, G_N_ELEMENTS(parts));
    return count > 1 && parts[0] < 0x80 ? (char)parts[0] : '?';
}

static void append_char(GString *out, gunichar ch, gboolean utf8)
{
    /* A terminal must never be given what it could take for a command. */
    if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || !g_unichar_validate(ch) ||
        g_unichar_iszerowidth(ch)) {
        g_string_append_c(out, ' ');
    } else if (utf8) {
        g_string_append_unichar(out, ch);
    } else {
        g_string_append_c(out, grid_ascii(ch));
    }
}

/* ---- updates ---- */

static gboolean same_look(const GridCell *a, const GridCell *b)
{
    if (a->flags != b->flags) {
        return FALSE;
    }
    return (a->flags & GRID_PLAIN) || (a->fg == b->fg && a->bg == b->bg);
}

static gboolean same_cell(const GridCell *a, const GridCell *b)
{
    return a->ch == b->ch && same_look(a, b);
}

static void append_look(GString *out, const GridCell *cell, GridColors colors)
{
    g_string_append(out, "\033[0");
    if (cell->flags & GRID_BLINK) {
        g_string_append(out, ";5");
    }
    if (!(cell->flags & GRID_PLAIN)) {
        append_colors(out, cell, colors);
    } else if (cell->flags & GRID_REVERSE) {
        g_string_append(out, ";7");
    }
    g_string_append_c(out, 'm');
}

typedef struct Pen {
    GridCell look;
    gboolean has_look;
    gint column; /* where the cursor stands in this row, -1 = elsewhere */
} Pen;

static void put_cell(Grid *grid, guint column, guint row, Pen *pen, GridColors colors,
                     gboolean utf8, GString *out)
{
    const GridCell *cell = grid_cell(grid, column, row);
    gboolean wide = utf8 && g_unichar_iswide(cell->ch);
    gboolean fits = column + 1 < grid->columns && grid_cell(grid, column + 1, row)->ch == 0;

    if (pen->column != (gint)column) {
        g_string_append_printf(out, "\033[%u;%uH", row + 1, column + 1);
    }
    if (!pen->has_look || !same_look(&pen->look, cell)) {
        append_look(out, cell, colors);
        pen->look = *cell;
        pen->has_look = TRUE;
    }
    append_char(out, wide && !fits ? '?' : cell->ch ? cell->ch : ' ', utf8);
    pen->column = (gint)column + (wide && fits ? 2 : 1);
    if (pen->column >= (gint)grid->columns) {
        pen->column = -1; /* terminals differ in where the cursor is now */
    }
}

static void update_row(Grid *shown, const Grid *wanted, guint row, Pen *pen, GridColors colors,
                       gboolean utf8, GString *out)
{
    gint last = -1; /* the last cell that was equal and skipped begins a gap after it */

    pen->column = -1;
    for (guint column = 0; column < shown->columns; column++) {
        const GridCell *want = grid_cell((Grid *)wanted, column, row);
        GridCell *have = grid_cell(shown, column, row);

        if (same_cell(want, have)) {
            continue;
        }
        *have = *want;
        if (want->flags & GRID_PICTURE) {
            continue;
        }
        if (want->ch == 0 && column > 0 && pen->column == (gint)column + 1) {
            last = (gint)column;
            continue; /* written with its left half */
        }
        if (last >= 0 && pen->column == last + 1 && column - (guint)last <= GAP_MAX) {
            for (guint i = (guint)last + 1; i < column; i++) {
                if (!(grid_cell(shown, i, row)->flags & GRID_PICTURE)) {
                    put_cell((Grid *)wanted, i, row, pen, colors, utf8, out);
                }
            }
        }
        put_cell((Grid *)wanted, column, row, pen, colors, utf8, out);
        last = pen->column > 0 ? pen->column - 1 : (gint)column;
    }
}

void grid_update(Grid *shown, const Grid *wanted, GridColors colors, gboolean utf8, GString *out)
{
    Pen pen = {.has_look = FALSE};

    g_assert(shown->columns == wanted->columns && shown->rows == wanted->rows);
    for (guint row = 0; row < shown->rows; row++) {
        update_row(shown, wanted, row, &pen, colors, utf8, out);
    }
    if (pen.has_look) {
        g_string_append(out, "\033[0m");
    }
}
