/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text console's state: the terminal, its scrollback, what is seen of the two. */
#include <string.h>

#include "ui/common/text-console-priv.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS    25

/* ---- what is seen ---- */

/* 1 = the newest. */
static const ScrollbackLine *line_back(const TextConsole *console, guint back)
{
    return console->lines[(console->next + SCROLLBACK_LINES - back) % SCROLLBACK_LINES];
}

static void swap_colors(VtCell *cell)
{
    guint32 fg = cell->fg;

    cell->fg = cell->bg;
    cell->bg = fg;
}

VtCell text_console_cell(TextConsole *console, guint column, guint row)
{
    const Vt *vt = console->vt;
    VtCell cell = vt_blank();

    if (row < console->offset) {
        const ScrollbackLine *line = line_back(console, console->offset - row);

        if (column < line->columns) {
            cell = line->cells[column];
        }
    } else {
        cell = vt_row(vt, row - console->offset)[column];
        if (vt->cursor_on && row - console->offset == vt->cursor.row &&
            column == vt->cursor.column) {
            swap_colors(&cell);
        }
    }
    if (vt->inverse) {
        swap_colors(&cell);
    }
    return cell;
}

/* ---- what changed ---- */

void text_console_dirty_all(TextConsole *console)
{
    for (guint row = 0; row < console->vt->rows; row++) {
        console->vt->dirty[row] = TRUE;
    }
    display_wake(console->display);
}

gboolean text_console_is_dirty(TextConsole *console, guint row)
{
    /* While somebody reads old lines, every change of the view marks all. */
    if (row < console->offset) {
        return console->vt->dirty[row];
    }
    return console->vt->dirty[row - console->offset] || console->vt->dirty[row];
}

/* ---- scrollback ---- */

static void on_push(void *opaque, const VtCell *cells, guint columns)
{
    TextConsole *console = opaque;
    ScrollbackLine *line = g_malloc(sizeof *line + columns * sizeof *cells);

    line->columns = columns;
    memcpy(line->cells, cells, columns * sizeof *cells);
    g_free(console->lines[console->next]);
    console->lines[console->next] = line;
    console->next = (console->next + 1) % SCROLLBACK_LINES;
    console->line_count = MIN(console->line_count + 1, SCROLLBACK_LINES);
    /* Who reads old lines goes on seeing the same ones. */
    if (console->offset > 0) {
        console->offset = MIN(console->offset + 1, console->line_count);
        text_console_dirty_all(console);
    }
}

void text_console_scroll(TextConsole *console, gint lines)
{
    gint64 offset = (gint64)console->offset + lines;

    offset = CLAMP(offset, 0, (gint64)console->line_count);
    if (offset != console->offset) {
        console->offset = (guint)offset;
        text_console_dirty_all(console);
    }
}

/* ---- to and from the vc ---- */

static void on_output(const guint8 *data, gsize length, void *opaque)
{
    TextConsole *console = opaque;

    vt_feed(console->vt, data, length);
    display_wake(console->display);
}

static void on_answer(void *opaque, const char *text, gsize length)
{
    TextConsole *console = opaque;

    vc_view_answer(console->view, (const guint8 *)text, length);
}

void text_console_input(TextConsole *console, const guint8 *data, gsize length)
{
    vc_view_input(console->view, data, length);
}

/* ---- lifecycle ---- */

static const VtOps vt_ops = {.push = on_push, .answer = on_answer};

static void start_terminal(TextConsole *console)
{
    console->vt = vt_new(console->want_columns, console->want_rows, &vt_ops, console);
    console->redraw = TRUE;
    console->view = vc_view_attach(console->chr, on_output, console);
    vc_view_set_columns(console->view, console->want_columns);
    text_console_dirty_all(console);
}

static void stop_terminal(TextConsole *console)
{
    vc_view_detach(g_steal_pointer(&console->view));
    g_clear_pointer(&console->vt, vt_free);
    for (guint i = 0; i < SCROLLBACK_LINES; i++) {
        g_clear_pointer(&console->lines[i], g_free);
    }
    console->next = console->line_count = console->offset = 0;
}

/* Another terminal gets what the vc has kept of its output: so lines are broken anew. */
void text_console_fit(TextConsole *console)
{
    gboolean fits =
        console->want_columns == console->vt->columns && console->want_rows == console->vt->rows;

    if (!fits && vc_view_has_vc(console->view)) {
        stop_terminal(console);
        start_terminal(console);
    }
}

TextConsole *text_console_new(Chardev *chr)
{
    TextConsole *console = g_new0(TextConsole, 1);

    console->chr = chr;
    console->want_columns = DEFAULT_COLUMNS;
    console->want_rows = DEFAULT_ROWS;
    chardev_vc_size(chr, &console->want_columns, &console->want_rows);
    console->num_lock = TRUE;
    console->display = display_new_unlisted(chr->machine, chr->id, &text_console_source, console);
    start_terminal(console);
    return console;
}

void text_console_free(TextConsole *console)
{
    if (!console) {
        return;
    }
    display_free(console->display);
    stop_terminal(console);
    surface_unref(console->surface);
    g_free(console->drawn);
    g_free(console);
}

Display *text_console_display(TextConsole *console)
{
    return console->display;
}
