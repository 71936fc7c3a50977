/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal's screen: what the sequences do to it. Every function keeps the cursor inside. */
#include "ui/common/vt.h"

#include <string.h>

#include "ui/common/vt-priv.h"

#define TAB_WIDTH 8

/* The first character that is not one place wide. */
#define FIRST_MARK 0x300

VtCell vt_blank(void)
{
    return (VtCell){' ', VT_FG, VT_BG, 1, 0};
}

/* ---- cells ---- */

static VtCell *cell_at(Vt *vt, guint row, guint column)
{
    return vt->cells + (gsize)row * vt->columns + column;
}

/* A cell as the pen would draw it. */
static VtCell pen_cell(const Vt *vt, gunichar ch, guint8 width)
{
    const VtPen *pen = &vt->cursor.pen;
    guint32 fg = vt_color(pen->fg, pen->bold, VT_FG), bg = vt_color(pen->bg, FALSE, VT_BG);

    return (VtCell){ch, pen->reverse ? bg : fg, pen->reverse ? fg : bg, width, pen->style};
}

/* What is erased gets the pen's background (as on a Linux console and in xterm). */
static void blank_cells(Vt *vt, guint row, guint column, guint count)
{
    VtCell blank = {' ', VT_FG, vt_color(vt->cursor.pen.bg, FALSE, VT_BG), 1, 0};

    for (guint i = 0; i < count; i++) {
        *cell_at(vt, row, column + i) = blank;
    }
    vt->dirty[row] = TRUE;
}

/* After an edit: halves of wide characters that lost the other one become blanks. */
static void mend_row(Vt *vt, guint row)
{
    for (guint column = 0; column < vt->columns; column++) {
        VtCell *cell = cell_at(vt, row, column);

        if (cell->width == 2 && column + 1 < vt->columns && cell[1].ch == 0) {
            column++;
        } else if (cell->width == 2 || cell->ch == 0) {
            cell->ch = ' ';
            cell->width = 1;
        }
    }
    vt->dirty[row] = TRUE;
}

void vt_dirty_all(Vt *vt)
{
    for (guint row = 0; row < vt->rows; row++) {
        vt->dirty[row] = TRUE;
    }
}

/* ---- scrolling ---- */

static gboolean in_region(const Vt *vt)
{
    return vt->cursor.row >= vt->top && vt->cursor.row < vt->bottom;
}

/* Moves the rows from `top` to `bottom` up (count > 0) or down; what comes in is blank. */
static void scroll_rows(Vt *vt, guint top, guint bottom, gint64 count)
{
    guint height = bottom - top;
    guint by = (guint)MIN(ABS(count), (gint64)height);
    gsize row_size = vt->columns * sizeof(VtCell), kept = (height - by) * row_size;

    if (count > 0) {
        memmove(cell_at(vt, top, 0), cell_at(vt, top, 0) + (gsize)by * vt->columns, kept);
    } else {
        memmove(cell_at(vt, top, 0) + (gsize)by * vt->columns, cell_at(vt, top, 0), kept);
    }
    for (guint row = top; row < bottom; row++) {
        vt->dirty[row] = TRUE;
    }
    for (guint i = 0; i < by; i++) {
        blank_cells(vt, count > 0 ? bottom - 1 - i : top + i, 0, vt->columns);
    }
}

void vt_scroll(Vt *vt, gint64 count)
{
    for (guint i = 0; vt->top == 0 && !vt->main_cells && i < vt->bottom && i < count; i++) {
        vt->ops->push(vt->opaque, cell_at(vt, i, 0), vt->columns);
    }
    scroll_rows(vt, vt->top, vt->bottom, count);
}

void vt_shift_lines(Vt *vt, gint64 count)
{
    if (in_region(vt)) {
        scroll_rows(vt, vt->cursor.row, vt->bottom, -count);
        vt_go_to_column(vt, 0);
    }
}

void vt_set_region(Vt *vt, guint top, guint bottom)
{
    bottom = MIN(bottom, vt->rows);
    if (top + 1 < bottom) {
        vt->top = top;
        vt->bottom = bottom;
        vt_go_to(vt, 0, 0);
    }
}

/* ---- the cursor ---- */

static void place(Vt *vt, guint row, guint column)
{
    vt->dirty[vt->cursor.row] = TRUE;
    vt->cursor.row = MIN(row, vt->rows - 1);
    vt->cursor.column = MIN(column, vt->columns - 1);
    vt->cursor.wrapping = FALSE;
    vt->dirty[vt->cursor.row] = TRUE;
}

void vt_move(Vt *vt, gint64 rows, gint64 columns)
{
    gboolean inside = in_region(vt);
    gint64 first = inside ? vt->top : 0, last = (inside ? vt->bottom : vt->rows) - 1;
    gint64 row = CLAMP((gint64)vt->cursor.row + rows, first, last);
    gint64 column = CLAMP((gint64)vt->cursor.column + columns, 0, (gint64)vt->columns - 1);

    place(vt, (guint)row, (guint)column);
}

void vt_go_to(Vt *vt, guint row, guint column)
{
    if (vt->cursor.origin) {
        row = MIN(row, vt->bottom - vt->top - 1) + vt->top;
    }
    place(vt, row, column);
}

void vt_go_to_column(Vt *vt, guint column)
{
    place(vt, vt->cursor.row, column);
}

void vt_line_feed(Vt *vt)
{
    guint column = vt->newline ? 0 : vt->cursor.column;

    if (vt->cursor.row + 1 == vt->bottom) {
        vt_scroll(vt, 1);
        place(vt, vt->cursor.row, column);
    } else {
        place(vt, vt->cursor.row + 1, column);
    }
}

void vt_reverse_line_feed(Vt *vt)
{
    if (vt->cursor.row == vt->top) {
        vt_scroll(vt, -1);
    } else if (vt->cursor.row > 0) {
        place(vt, vt->cursor.row - 1, vt->cursor.column);
    }
}

void vt_tab(Vt *vt, gint count)
{
    guint column = vt->cursor.column;

    for (; count > 0 && column + 1 < vt->columns; count--) {
        do {
            column++;
        } while (column + 1 < vt->columns && !vt->tabs[column]);
    }
    for (; count < 0 && column > 0; count++) {
        do {
            column--;
        } while (column > 0 && !vt->tabs[column]);
    }
    vt_go_to_column(vt, column);
}

void vt_save_cursor(Vt *vt)
{
    vt->saved = vt->cursor;
}

void vt_restore_cursor(Vt *vt)
{
    guint row = vt->saved.row, column = vt->saved.column;

    vt->dirty[vt->cursor.row] = TRUE;
    vt->cursor = vt->saved;
    place(vt, row, column);
}

void vt_use_alternate(Vt *vt, gboolean alternate)
{
    gsize count = (gsize)vt->rows * vt->columns;

    if (alternate && !vt->main_cells) {
        vt->main_cells = vt->cells;
        vt->cells = g_new(VtCell, count);
        for (guint row = 0; row < vt->rows; row++) {
            blank_cells(vt, row, 0, vt->columns);
        }
    } else if (!alternate && vt->main_cells) {
        g_free(vt->cells);
        vt->cells = g_steal_pointer(&vt->main_cells);
    }
    vt_dirty_all(vt);
}

/* ---- characters ---- */

/* DEC Special Graphics, 60h to 7Eh (VT220 Programmer Reference Manual, table 2-4). */
static const guint16 dec_graphics[] = {
    0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518,
    0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524,
    0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

/* An accent goes onto the character before it, if there is one character for both. */
static void put_mark(Vt *vt, gunichar mark)
{
    guint column = vt->cursor.column;
    VtCell *cell;
    gunichar both;

    if (!vt->cursor.wrapping && column == 0) {
        return;
    }
    cell = cell_at(vt, vt->cursor.row, vt->cursor.wrapping ? column : column - 1);
    if (cell->ch && g_unichar_compose(cell->ch, mark, &both)) {
        cell->ch = both;
        vt->dirty[vt->cursor.row] = TRUE;
    }
}

void vt_put(Vt *vt, gunichar ch)
{
    VtCursor *cursor = &vt->cursor;
    guint8 width;

    if (cursor->graphics[cursor->charset] && ch >= 0x60 && ch <= 0x7e) {
        ch = dec_graphics[ch - 0x60];
    }
    /* Looking these up takes longer than all the rest; below there are none. */
    if (ch >= FIRST_MARK && g_unichar_iszerowidth(ch)) {
        put_mark(vt, ch);
        return;
    }
    width = ch >= FIRST_MARK && g_unichar_iswide(ch) ? 2 : 1;
    vt->last = ch;
    if (vt->autowrap && (cursor->wrapping || cursor->column + width > vt->columns)) {
        vt_line_feed(vt);
        place(vt, cursor->row, 0);
    }
    cursor->column = MIN(cursor->column, vt->columns - width);
    if (vt->insert) {
        vt_shift_chars(vt, width);
    }
    VtCell *cell = cell_at(vt, cursor->row, cursor->column);
    gboolean mend = cell->width == 2 || cell->ch == 0 || width == 2 ||
                    (cursor->column + width < vt->columns && cell[width].ch == 0);
    cell[0] = pen_cell(vt, ch, width);
    if (width == 2) {
        cell[1] = pen_cell(vt, 0, 1);
    }
    if (mend) {
        mend_row(vt, cursor->row);
    }
    vt->dirty[cursor->row] = TRUE;
    cursor->wrapping = vt->autowrap && cursor->column + width >= vt->columns;
    cursor->column = MIN(cursor->column + width, vt->columns - 1);
}

void vt_repeat(Vt *vt, guint count)
{
    count = MIN(count, vt->columns * vt->rows);
    while (vt->last && count--) {
        vt_put(vt, vt->last);
    }
}

/* ---- editing ---- */

void vt_erase(Vt *vt, gboolean line, guint what)
{
    guint row = vt->cursor.row, column = vt->cursor.column;

    if (what > 2) {
        return;
    }
    if (what == 0) {
        blank_cells(vt, row, column, vt->columns - column);
    } else {
        blank_cells(vt, row, 0, what == 1 ? column + 1 : vt->columns);
    }
    mend_row(vt, row);
    for (guint i = 0; !line && i < vt->rows; i++) {
        if ((i < row && what != 0) || (i > row && what != 1)) {
            blank_cells(vt, i, 0, vt->columns);
        }
    }
    vt->cursor.wrapping = FALSE;
}

void vt_erase_chars(Vt *vt, guint count)
{
    guint column = vt->cursor.column;

    blank_cells(vt, vt->cursor.row, column, MIN(count, vt->columns - column));
    mend_row(vt, vt->cursor.row);
    vt->cursor.wrapping = FALSE;
}

void vt_shift_chars(Vt *vt, gint64 count)
{
    guint row = vt->cursor.row, column = vt->cursor.column, room = vt->columns - column;
    guint by = (guint)MIN(ABS(count), (gint64)room);
    VtCell *cell = cell_at(vt, row, column);

    if (count > 0) {
        memmove(cell + by, cell, (room - by) * sizeof *cell);
        blank_cells(vt, row, column, by);
    } else {
        memmove(cell, cell + by, (room - by) * sizeof *cell);
        blank_cells(vt, row, vt->columns - by, by);
    }
    mend_row(vt, row);
    vt->cursor.wrapping = FALSE;
}

/* ---- lifecycle ---- */

void vt_reset(Vt *vt)
{
    vt_use_alternate(vt, FALSE);
    vt->cursor = (VtCursor){.pen = vt_plain_pen()};
    vt->saved = vt->cursor;
    vt->cursor_on = TRUE;
    vt->cursor_keys_application = vt->inverse = FALSE;
    vt->top = 0;
    vt->bottom = vt->rows;
    vt->insert = vt->newline = FALSE;
    vt->autowrap = TRUE;
    vt->last = 0;
    for (guint column = 0; column < vt->columns; column++) {
        vt->tabs[column] = column % TAB_WIDTH == 0;
    }
    for (guint row = 0; row < vt->rows; row++) {
        blank_cells(vt, row, 0, vt->columns);
    }
}

Vt *vt_new(guint columns, guint rows, const VtOps *ops, void *opaque)
{
    Vt *vt = g_new0(Vt, 1);

    g_assert(columns >= 2 && rows >= 1 && ops->push && ops->answer);
    vt->columns = columns;
    vt->rows = rows;
    vt->ops = ops;
    vt->opaque = opaque;
    vt->cells = g_new0(VtCell, (gsize)columns * rows);
    vt->dirty = g_new0(gboolean, rows);
    vt->tabs = g_new0(guint8, columns);
    vt_reset(vt);
    return vt;
}

void vt_free(Vt *vt)
{
    if (vt) {
        g_free(vt->cells);
        g_free(vt->main_cells);
        g_free(vt->dirty);
        g_free(vt->tabs);
        g_free(vt);
    }
}
