/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are in the terminal: text, picture, status line, prompt. */
#include <string.h>

#include "ui/terminal/terminal.h"

/* Of a terminal that does not tell; most fonts are about twice as high as wide. */
#define DEFAULT_CELL_WIDTH  8
#define DEFAULT_CELL_HEIGHT 16
#define BLOCK_PIXELS        8 /* chafa's symbols are 8x8 */
#define SIZE_MAX_CELLS      1000

gboolean screen_measure(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    const TermCaps *caps = &terminal->caps;
    guint columns = 80, rows = 24, width = 0, height = 0, cell_width, cell_height;
    gboolean changed;

    term_tty_size(terminal->tty, &columns, &rows, &width, &height);
    columns = CLAMP(columns, 1, SIZE_MAX_CELLS);
    rows = CLAMP(rows, 1, SIZE_MAX_CELLS);
    cell_width = caps->cell_width   ? caps->cell_width
                 : width >= columns ? width / columns
                                    : caps->area_width / columns;
    cell_height = caps->cell_height ? caps->cell_height
                  : height >= rows  ? height / rows
                                    : caps->area_height / rows;
    if (!cell_width || !cell_height) {
        cell_width = DEFAULT_CELL_WIDTH;
        cell_height = DEFAULT_CELL_HEIGHT;
    }
    changed = columns != screen->columns || rows != screen->rows ||
              cell_width != screen->cell_width || cell_height != screen->cell_height;
    screen->columns = columns;
    screen->rows = rows;
    screen->cell_width = cell_width;
    screen->cell_height = cell_height;
    if (changed) {
        grid_resize(&screen->wanted, columns, rows, GRID_PLAIN);
        if (terminal->console && console_is_text(terminal->console)) {
            /* Its font is 8x16; the last row is the status line's. */
            display_hint_size(screen->display, columns * 8, MAX(rows - 1, 1) * 16);
        }
    }
    return changed;
}

/* ---- pictures ---- */

/* Rows that a picture must leave free: status line or prompt, and a command's output. */
static guint bottom_rows(const Terminal *terminal)
{
    guint rows = terminal->screen.rows;

    return rows < 2 ? 0 : 1 + prompt_rows(terminal->prompt, rows / 2);
}

static PictureLayout layout_blocks(const Terminal *terminal, PictureLayout layout, guint rows)
{
    const Screen *screen = &terminal->screen;
    Viewport fit = scaler_layout(SCALE_FIT, 1, layout.guest_width, layout.guest_height,
                                 (gint)(screen->columns * screen->cell_width),
                                 (gint)(rows * screen->cell_height));

    layout.columns =
        CLAMP(((guint)fit.width + screen->cell_width / 2) / screen->cell_width, 1, screen->columns);
    layout.rows =
        CLAMP(((guint)fit.height + screen->cell_height / 2) / screen->cell_height, 1, rows);
    layout.cell_width = layout.cell_height = BLOCK_PIXELS;
    layout.width = layout.columns * BLOCK_PIXELS;
    layout.height = layout.rows * BLOCK_PIXELS;
    return layout;
}

PictureLayout screen_layout_picture(Terminal *terminal, guint width, guint height)
{
    const Screen *screen = &terminal->screen;
    guint rows = screen->rows - bottom_rows(terminal);
    PictureLayout layout = {
        .kind = terminal_graphics(terminal),
        .colors = terminal_colors(terminal),
        .guest_width = width,
        .guest_height = height,
    };

    if (layout.kind == TERM_GRAPHICS_BLOCKS) {
        layout = layout_blocks(terminal, layout, rows);
    } else {
        Viewport fit = scaler_layout(terminal->zoom_to_fit ? SCALE_FIT : SCALE_ZOOM, 1, width,
                                     height, (gint)(screen->columns * screen->cell_width),
                                     (gint)(rows * screen->cell_height));

        layout.cell_width = screen->cell_width;
        layout.cell_height = screen->cell_height;
        layout.width = (guint)fit.width;
        layout.height = (guint)fit.height;
        layout.columns = (layout.width + layout.cell_width - 1) / layout.cell_width;
        layout.rows = (layout.height + layout.cell_height - 1) / layout.cell_height;
    }
    layout.column = (screen->columns - layout.columns) / 2;
    layout.row = (rows - layout.rows) / 2;
    return layout;
}

static void place_picture(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    const PictureLayout *layout = picture_layout(screen->picture);
    gboolean is_blocks = layout->kind == TERM_GRAPHICS_BLOCKS;
    const Grid *cells = picture_cells(screen->picture);

    screen->viewport = (Viewport){
        .guest_width = MAX(layout->guest_width, 1),
        .guest_height = MAX(layout->guest_height, 1),
        .x = (gint)(layout->column * screen->cell_width),
        .y = (gint)(layout->row * screen->cell_height),
        .width = (gint)MAX(is_blocks ? layout->columns * screen->cell_width : layout->width, 1),
        .height = (gint)MAX(is_blocks ? layout->rows * screen->cell_height : layout->height, 1),
    };
    /* The worker writes into its cells while it is busy: those on the terminal stay. */
    if (layout->kind == TERM_GRAPHICS_AUTO || layout->column + layout->columns > screen->columns ||
        layout->row + layout->rows > screen->rows) {
        return;
    }
    for (guint row = 0; row < layout->rows; row++) {
        GridCell *to = grid_cell(&screen->wanted, layout->column, layout->row + row);

        if (!is_blocks) {
            for (guint i = 0; i < layout->columns; i++) {
                to[i] = (GridCell){.ch = ' ', .flags = GRID_PICTURE};
            }
        } else if (screen->picture_ready) {
            memcpy(to, grid_cell((Grid *)cells, 0, row), layout->columns * sizeof(*to));
        } else {
            memcpy(to, grid_cell(&screen->shown, layout->column, layout->row + row),
                   layout->columns * sizeof(*to));
        }
    }
}

/* ---- text ---- */

/* So that a text cursor in a screen larger than the terminal is seen. */
static guint scroll_to(guint offset, gint cursor, guint size, guint room)
{
    if (size <= room) {
        return 0;
    }
    if (cursor >= 0 && (guint)cursor < offset) {
        offset = (guint)cursor;
    } else if (cursor >= 0 && (guint)cursor >= offset + room) {
        offset = (guint)cursor - room + 1;
    }
    return MIN(offset, size - room);
}

static void place_text(Terminal *terminal, gint *cursor_column, gint *cursor_row)
{
    Screen *screen = &terminal->screen;
    const TextScreen *text = &screen->text;
    guint columns = MIN(text->columns, screen->columns), rows = MIN(text->rows, screen->rows);
    guint left = (screen->columns - columns) / 2;
    guint top = (screen->rows - (text->rows < screen->rows) - rows) / 2;

    screen->scroll_column =
        scroll_to(screen->scroll_column, text->cursor_column, text->columns, columns);
    screen->scroll_row = scroll_to(screen->scroll_row, text->cursor_row, text->rows, rows);
    for (guint row = 0; row < rows; row++) {
        const TextCell *from =
            &text->cells[(row + screen->scroll_row) * text->columns + screen->scroll_column];

        for (guint column = 0; column < columns; column++, from++) {
            *grid_cell(&screen->wanted, left + column, top + row) = (GridCell){
                .ch = from->ch,
                .fg = from->fg & 0xffffff,
                .bg = from->bg & 0xffffff,
                .flags = from->blink ? GRID_BLINK : 0,
            };
        }
    }
    screen->viewport = (Viewport){
        .guest_width = screen->surface ? screen->surface->width : text->columns * 8,
        .guest_height = screen->surface ? screen->surface->height : text->rows * 16,
        .x = ((gint)left - (gint)screen->scroll_column) * (gint)screen->cell_width,
        .y = ((gint)top - (gint)screen->scroll_row) * (gint)screen->cell_height,
        .width = (gint)(text->columns * screen->cell_width),
        .height = (gint)(text->rows * screen->cell_height),
    };
    if (text->cursor_column >= 0 && text->cursor_row >= 0) {
        gint column = text->cursor_column - (gint)screen->scroll_column;
        gint row = text->cursor_row - (gint)screen->scroll_row;

        if (column >= 0 && column < (gint)columns && row >= 0 && row < (gint)rows) {
            *cursor_column = (gint)left + column;
            *cursor_row = (gint)top + row;
        }
    }
}

/* ---- the bottom ---- */

static char *status_text(const Terminal *terminal)
{
    const Screen *screen = &terminal->screen;
    Machine *machine = terminal->frontend.machine;
    g_autofree char *size = NULL;

    if (terminal->notice) {
        return g_strdup(terminal->notice);
    }
    if (screen->view == VIEW_TEXT) {
        size = g_strdup_printf("%ux%u characters", screen->text.columns, screen->text.rows);
    } else if (screen->surface) {
        size = g_strdup_printf("%ux%u", screen->surface->width, screen->surface->height);
    }
    return g_strdup_printf(
        "%s | %s %s%s%s | Ctrl+%c: commands", machine_title(machine),
        terminal->console ? console_title(terminal->console) : "no display", size ? size : "",
        machine->run_state == RUN_STATE_RUNNING ? "" : " | ",
        machine->run_state == RUN_STATE_RUNNING ? "" : run_state_name(machine->run_state),
        (char)g_ascii_toupper((char)terminal->escape_key));
}

static void place_status(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    gboolean has_row = screen->view != VIEW_TEXT || screen->text.rows < screen->rows;
    g_autofree char *text = status_text(terminal);

    if (screen->rows < 2 || (!has_row && !terminal->notice)) {
        return;
    }
    for (guint column = 0; column < screen->columns; column++) {
        *grid_cell(&screen->wanted, column, screen->rows - 1) =
            (GridCell){.ch = ' ', .flags = GRID_PLAIN | (terminal->notice ? GRID_REVERSE : 0)};
    }
    grid_text(&screen->wanted, 0, screen->rows - 1, text,
              GRID_PLAIN | (terminal->notice ? GRID_REVERSE : 0));
}

static void place_nothing(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    g_autofree char *text = g_strdup("no display");
    guint length;

    if (screen->surface) {
        g_free(text);
        text = g_strdup_printf("graphics mode, %ux%u", screen->surface->width,
                               screen->surface->height);
    }
    length = (guint)strlen(text);
    grid_text(&screen->wanted, screen->columns > length ? (screen->columns - length) / 2 : 0,
              screen->rows / 2, text, GRID_PLAIN);
    screen->viewport = scaler_layout(SCALE_STRETCH, 1, screen->surface ? screen->surface->width : 1,
                                     screen->surface ? screen->surface->height : 1,
                                     (gint)(screen->columns * screen->cell_width),
                                     (gint)(screen->rows * screen->cell_height));
}

void screen_compose(Terminal *terminal, gint *cursor_column, gint *cursor_row)
{
    Screen *screen = &terminal->screen;

    *cursor_column = *cursor_row = -1;
    grid_resize(&screen->wanted, screen->columns, screen->rows, GRID_PLAIN);
    switch (screen->view) {
    case VIEW_TEXT: place_text(terminal, cursor_column, cursor_row); break;
    case VIEW_PICTURE: place_picture(terminal); break;
    case VIEW_NOTHING: place_nothing(terminal); break;
    }
    if (prompt_is_open(terminal->prompt)) {
        prompt_draw(terminal->prompt, &screen->wanted, cursor_column, cursor_row);
    } else {
        place_status(terminal);
    }
}
