/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text console's state: the emulator, its scrollback, what is seen of the two. */
#include <string.h>

#include "ui/common/text-console-priv.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS    25

/* The colours of a VGA text mode, by the order of ECMA-48 (red and blue swapped). */
static const guint32 palette[16] = {
    0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
    0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
};

/* ---- cells ---- */

static guint32 resolve(TextConsole *console, VTermColor color)
{
    vterm_screen_convert_color_to_rgb(console->screen, &color);
    return (guint32)color.rgb.red << 16 | (guint32)color.rgb.green << 8 | color.rgb.blue;
}

static void convert_cell(TextConsole *console, const VTermScreenCell *from, TextConsoleCell *to)
{
    guint32 fg = resolve(console, from->fg), bg = resolve(console, from->bg);
    gboolean right_half = from->chars[0] == (guint32)-1;

    to->ch = right_half ? 0 : from->chars[0] ? from->chars[0] : ' ';
    to->fg = from->attrs.reverse ? bg : fg;
    to->bg = from->attrs.reverse ? fg : bg;
    to->width = from->width == 2 ? 2 : 1;
    to->style =
        (from->attrs.underline ? STYLE_UNDERLINE : 0) | (from->attrs.strike ? STYLE_STRIKE : 0);
}

static void blank_cell(TextConsole *console, TextConsoleCell *cell)
{
    *cell = (TextConsoleCell){' ', palette[7], palette[0], 1, 0};
}

void text_console_cell(TextConsole *console, guint column, guint row, TextConsoleCell *cell)
{
    VTermPos pos = {.row = (int)row - (int)console->offset, .col = (int)column};
    VTermScreenCell screen_cell;

    if (row < console->offset) {
        const ScrollbackLine *line =
            g_queue_peek_nth(&console->scrollback, console->offset - row - 1);

        if (line && column < line->columns) {
            *cell = line->cells[column];
        } else {
            blank_cell(console, cell);
        }
    } else if (vterm_screen_get_cell(console->screen, pos, &screen_cell)) {
        convert_cell(console, &screen_cell, cell);
    } else {
        blank_cell(console, cell);
    }
    /* A wide character that was cut off at the right has nowhere to be drawn. */
    if (column + cell->width > console->columns) {
        blank_cell(console, cell);
    }
    if (console->cursor_visible && row >= console->offset && pos.row == console->cursor.row &&
        pos.col == console->cursor.col) {
        guint32 fg = cell->fg;

        cell->fg = cell->bg;
        cell->bg = fg;
    }
}

/* ---- what changed ---- */

void text_console_dirty_all(TextConsole *console)
{
    memset(console->dirty, TRUE, console->rows);
    display_wake(console->display);
}

static void dirty_row(TextConsole *console, int row)
{
    gint64 seen_at = (gint64)row + console->offset;

    if (row >= 0 && seen_at < console->rows) {
        console->dirty[seen_at] = TRUE;
    }
}

static int on_damage(VTermRect rect, void *opaque)
{
    TextConsole *console = opaque;

    for (int row = rect.start_row; row < rect.end_row; row++) {
        dirty_row(console, row);
    }
    return 1;
}

static int on_move_cursor(VTermPos pos, VTermPos old, int visible, void *opaque)
{
    TextConsole *console = opaque;

    dirty_row(console, console->cursor.row);
    dirty_row(console, pos.row);
    console->cursor = pos;
    return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *opaque)
{
    TextConsole *console = opaque;

    if (property == VTERM_PROP_CURSORVISIBLE) {
        console->cursor_visible = value->boolean;
        dirty_row(console, console->cursor.row);
    }
    return 1;
}

/* ---- scrollback ---- */

static int on_push_line(int columns, const VTermScreenCell *cells, void *opaque)
{
    TextConsole *console = opaque;
    ScrollbackLine *line =
        g_malloc0(sizeof *line + (gsize)MAX(columns, 0) * sizeof(TextConsoleCell));

    line->columns = (guint)MAX(columns, 0);
    for (guint i = 0; i < line->columns; i++) {
        convert_cell(console, &cells[i], &line->cells[i]);
    }
    g_queue_push_head(&console->scrollback, line);
    if (console->scrollback.length > SCROLLBACK_LINES) {
        g_free(g_queue_pop_tail(&console->scrollback));
    }
    /* Who reads old lines goes on seeing the same ones. */
    if (console->offset > 0) {
        console->offset = MIN(console->offset + 1, console->scrollback.length);
        memset(console->dirty, TRUE, console->rows);
    }
    return 1;
}

/* The screen grows: the newest line comes back to it. */
static int on_pop_line(int columns, VTermScreenCell *cells, void *opaque)
{
    TextConsole *console = opaque;
    g_autofree ScrollbackLine *line = g_queue_pop_head(&console->scrollback);

    if (!line) {
        return 0;
    }
    console->offset = MIN(console->offset, console->scrollback.length);
    for (guint i = 0; i < (guint)columns; i++) {
        TextConsoleCell cell;

        if (i < line->columns && line->cells[i].ch && i + line->cells[i].width <= (guint)columns) {
            cell = line->cells[i];
        } else {
            blank_cell(console, &cell);
        }
        cells[i] = (VTermScreenCell){.chars = {cell.ch}, .width = (char)cell.width};
        vterm_color_rgb(&cells[i].fg, cell.fg >> 16 & 255, cell.fg >> 8 & 255, cell.fg & 255);
        vterm_color_rgb(&cells[i].bg, cell.bg >> 16 & 255, cell.bg >> 8 & 255, cell.bg & 255);
        cells[i].attrs.underline = cell.style & STYLE_UNDERLINE ? 1 : 0;
        cells[i].attrs.strike = cell.style & STYLE_STRIKE ? 1 : 0;
    }
    return 1;
}

void text_console_scroll(TextConsole *console, gint lines)
{
    gint64 offset = (gint64)console->offset + lines;

    offset = CLAMP(offset, 0, (gint64)console->scrollback.length);
    if (offset != console->offset) {
        console->offset = (guint)offset;
        text_console_dirty_all(console);
    }
}

void text_console_resize(TextConsole *console, guint columns, guint rows)
{
    if (columns == console->columns && rows == console->rows) {
        return;
    }
    console->columns = columns;
    console->rows = rows;
    console->dirty = g_renew(guint8, console->dirty, rows);
    vterm_set_size(console->vterm, (int)rows, (int)columns);
    console->offset = MIN(console->offset, console->scrollback.length);
    text_console_dirty_all(console);
}

/* ---- to and from the vc ---- */

static void on_output(const guint8 *data, gsize length, void *opaque)
{
    TextConsole *console = opaque;

    vterm_input_write(console->vterm, (const char *)data, length);
    display_wake(console->display);
}

/* The emulator has bytes for the vc: of a key, or the answer to a question of the guest's. */
static void on_bytes(const char *data, size_t length, void *opaque)
{
    TextConsole *console = opaque;

    if (console->in_key) {
        text_console_input(console, (const guint8 *)data, length);
    } else {
        vc_view_answer(console->view, (const guint8 *)data, length);
    }
}

void text_console_input(TextConsole *console, const guint8 *data, gsize length)
{
    vc_view_input(console->view, data, length);
}

/* ---- lifecycle ---- */

static const VTermScreenCallbacks screen_callbacks = {
    .damage = on_damage,
    .movecursor = on_move_cursor,
    .settermprop = on_property,
    .sb_pushline = on_push_line,
    .sb_popline = on_pop_line,
};

static void set_colours(VTerm *vterm)
{
    VTermState *state = vterm_obtain_state(vterm);
    VTermColor color[16];

    for (int i = 0; i < 16; i++) {
        vterm_color_rgb(&color[i], palette[i] >> 16, palette[i] >> 8 & 255, palette[i] & 255);
        vterm_state_set_palette_color(state, i, &color[i]);
    }
    vterm_state_set_default_colors(state, &color[7], &color[0]);
    vterm_state_set_bold_highbright(state, TRUE);
}

static void start_emulator(TextConsole *console)
{
    console->vterm = vterm_new((int)console->rows, (int)console->columns);
    vterm_set_utf8(console->vterm, TRUE);
    vterm_output_set_callback(console->vterm, on_bytes, console);
    set_colours(console->vterm);
    console->screen = vterm_obtain_screen(console->vterm);
    vterm_screen_set_callbacks(console->screen, &screen_callbacks, console);
    vterm_screen_set_damage_merge(console->screen, VTERM_DAMAGE_SCREEN);
    vterm_screen_enable_altscreen(console->screen, TRUE);
    vterm_screen_reset(console->screen, TRUE);
}

TextConsole *text_console_new(Chardev *chr)
{
    TextConsole *console = g_new0(TextConsole, 1);

    console->machine = chr->machine;
    console->columns = DEFAULT_COLUMNS;
    console->rows = DEFAULT_ROWS;
    console->cursor_visible = TRUE;
    console->num_lock = TRUE;
    console->dirty = g_malloc0(console->rows);
    console->redraw = TRUE;
    g_queue_init(&console->scrollback);
    console->display = display_new_unlisted(chr->machine, chr->id, &text_console_source, console);
    start_emulator(console);
    console->view = vc_view_attach(chr, on_output, console);
    return console;
}

void text_console_free(TextConsole *console)
{
    if (!console) {
        return;
    }
    vc_view_detach(console->view);
    display_free(console->display);
    vterm_free(console->vterm);
    g_queue_clear_full(&console->scrollback, g_free);
    surface_unref(console->surface);
    g_free(console->drawn);
    g_free(console->dirty);
    g_free(console);
}

Display *text_console_display(TextConsole *console)
{
    return console->display;
}
