/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text modes: characters in plane 0, attributes in plane 1, glyphs in plane 2 (IBM VGA,
 * "Alphanumeric Modes").
 *
 * Every cell on screen is compared with what was drawn there last; only those that differ are
 * drawn, and each row of characters gives one rectangle of damage.
 */
#include <string.h>

#include "hw/display/vga-core.h"
#include "mainloop/timer.h"

/* The cursor is on for 16 frames and off for 16, at 70 Hz; characters blink at half that rate. */
#define CURSOR_PHASE_NS (16 * NS_PER_SEC / 70)

/* Characters C0h-DFh continue their last dot into the ninth column. */
#define IS_LINE_GRAPHICS(ch) (((ch)&0xe0) == 0xc0)

/* The lines of one row of characters. */
typedef struct Band {
    guint first, lines; /* CRTC lines */
    guint counter;
    guint row; /* row scan of the first line */
    guint pan;
} Band;

/* What this scan draws with. */
typedef struct TextPass {
    const VgaMode *mode;
    gboolean cursor_shown, blink_shown;
    guint cursor_address;
    guint cursor_first, cursor_last; /* row scans */
    gboolean has_cursor;             /* a cell on screen holds it */
    gboolean glyph_changed[2][256];
} TextPass;

/* ---- fonts ---- */

/* SR3: three bits pick one of eight 8 KiB tables in plane 2, in this order. */
static guint font_address(guint8 char_map, gboolean second)
{
    guint n =
        second ? (char_map >> 2 & 3) | (char_map >> 3 & 4) : (char_map & 3) | (char_map >> 2 & 4);
    return (n & 3) * 0x4000 + (n & 4) * 0x800;
}

/* Copies the fonts in use out of plane 2 and notes which glyphs differ. */
static void update_fonts(VgaCore *vga, TextPass *pass, gboolean full)
{
    for (guint second = 0; second < 2; second++) {
        guint base = font_address(pass->mode->char_map, second) * 4;
        if (!full && !vga_is_dirty(vga, base, 256 * VGA_GLYPH_HEIGHT * 4)) {
            continue;
        }
        const guint8 *from = vga->mem + base + 2;
        for (guint ch = 0; ch < 256; ch++) {
            guint8 *glyph = vga->text.font[second][ch];
            guint8 differs = 0;
            for (guint row = 0; row < VGA_GLYPH_HEIGHT; row++, from += 4) {
                differs |= glyph[row] ^ *from;
                glyph[row] = *from;
            }
            pass->glyph_changed[second][ch] = differs != 0;
        }
    }
}

/* ---- one cell ---- */

static void cell_colors(const VgaCore *vga, const VgaCell *cell, guint32 *fg, guint32 *bg)
{
    gboolean blink = vga->mode.attr_mode & VGA_ATTR_MODE_BLINK;
    *bg = vga->attr_colors[cell->attr >> 4 & (blink ? 7 : 15)];
    *fg = cell->look & VGA_CELL_HIDDEN ? *bg : vga->attr_colors[cell->attr & 15];
}

/* The dots of a glyph's row, the leftmost in bit 8. */
static guint glyph_dots(const VgaCore *vga, const TextPass *pass, const VgaCell *cell, guint row)
{
    const VgaMode *mode = pass->mode;
    guint dots = vga->text.font[cell->attr >> 3 & 1][cell->ch][row] << 1;
    if ((mode->attr_mode & VGA_ATTR_MODE_LINE_GFX) && IS_LINE_GRAPHICS(cell->ch)) {
        dots |= dots >> 1 & 1;
    }
    /* IBM VGA, "Underline Location": in monochrome modes blue means underlined. */
    if ((mode->attr_mode & VGA_ATTR_MODE_MONO) && (cell->attr & 7) == 1 &&
        row == (mode->crtc_underline & 0x1f)) {
        dots = 0x1ff;
    }
    if ((cell->look & VGA_CELL_CURSOR) && row >= pass->cursor_first && row <= pass->cursor_last) {
        dots = 0x1ff;
    }
    return dots;
}

/* One row of dots at pixel `x`, which may be partly outside the line. */
static void put_dots(guint32 *line, const VgaMode *mode, int x, guint dots, guint32 fg, guint32 bg)
{
    guint width = mode->dots * mode->scale_x;
    if (mode->scale_x == 1 && x >= 0 && x + width <= mode->width) {
        for (guint i = 0; i < width; i++) {
            line[x + i] = dots >> (8 - i) & 1 ? fg : bg;
        }
        return;
    }
    for (guint i = 0; i < width; i++) {
        int at = x + (int)i;
        if (at >= 0 && at < (int)mode->width) {
            line[at] = dots >> (8 - i / mode->scale_x) & 1 ? fg : bg;
        }
    }
}

static void draw_cell(VgaCore *vga, const TextPass *pass, const Band *band, guint column,
                      const VgaCell *cell)
{
    const VgaMode *mode = pass->mode;
    int x = ((int)(column * mode->dots) - (int)band->pan) * (int)mode->scale_x;
    guint32 fg, bg;
    cell_colors(vga, cell, &fg, &bg);
    for (guint i = 0; i < band->lines; i++) {
        guint row = (band->row + i / mode->row_repeat) & 0x1f;
        guint dots = glyph_dots(vga, pass, cell, row);
        guint y = (band->first + i) * mode->scale_y;
        for (guint j = 0; j < mode->scale_y; j++) {
            guint32 *line = (guint32 *)(vga->surface->data + (gsize)(y + j) * vga->surface->stride);
            put_dots(line, mode, x, dots, fg, bg);
        }
    }
}

/* ---- rows of cells ---- */

static VgaCell read_cell(VgaCore *vga, TextPass *pass, guint counter)
{
    const guint8 *planes = vga->mem + (gsize)vga_crtc_address(vga, pass->mode, counter, 0) * 4;
    VgaCell cell = {.ch = planes[0], .attr = planes[1]};
    if ((counter & 0xffff) == pass->cursor_address) {
        pass->has_cursor = TRUE;
        if (pass->cursor_shown) {
            cell.look |= VGA_CELL_CURSOR | pass->cursor_first << 5 | pass->cursor_last;
        }
    }
    if ((pass->mode->attr_mode & VGA_ATTR_MODE_BLINK) && (cell.attr & 0x80)) {
        vga->text.blinks = TRUE;
        if (!pass->blink_shown) {
            cell.look |= VGA_CELL_HIDDEN;
        }
    }
    return cell;
}

static void draw_band(VgaCore *vga, TextPass *pass, const Band *band, VgaCell *cells)
{
    const VgaMode *mode = pass->mode;
    guint columns = mode->columns + (band->pan ? 1 : 0);
    guint first = columns, last = 0;
    for (guint column = 0; column < columns; column++) {
        VgaCell cell = read_cell(vga, pass, band->counter + (column >> mode->count_shift));
        if (memcmp(&cell, &cells[column], sizeof(cell)) == 0 &&
            !pass->glyph_changed[cell.attr >> 3 & 1][cell.ch]) {
            continue;
        }
        cells[column] = cell;
        draw_cell(vga, pass, band, column, &cell);
        first = MIN(first, column);
        last = column;
    }
    if (first < columns) {
        guint width = mode->dots * mode->scale_x;
        int x = (int)(first * width) - (int)(band->pan * mode->scale_x);
        display_damage(vga->display, x, band->first * mode->scale_y, (last - first + 1) * width,
                       band->lines * mode->scale_y);
    }
}

/* The next row of characters from line `y` on; FALSE at the end. `line` is at `y` already. */
static gboolean next_band(const VgaMode *mode, VgaLine *line, guint lines, Band *band)
{
    if (line->y >= lines) {
        return FALSE;
    }
    guint text_row = line->text_row;
    *band = (Band){line->y, 0, line->counter, line->row, line->pan};
    while (line->y < lines && line->text_row == text_row) {
        band->lines++;
        vga_line_next(line, mode);
    }
    return TRUE;
}

/* Room for every cell of the mode, marked as not drawn. */
static void reset_cells(VgaCore *vga, guint lines)
{
    const VgaMode *mode = &vga->mode;
    VgaLine line;
    Band band;
    gsize rows = 0;
    vga_line_begin(&line);
    vga_line_next(&line, mode);
    while (next_band(mode, &line, lines, &band)) {
        rows++;
    }
    vga->text.cell_count = rows * (mode->columns + 1);
    vga->text.cells = g_renew(VgaCell, vga->text.cells, vga->text.cell_count);
    for (gsize i = 0; i < vga->text.cell_count; i++) {
        vga->text.cells[i].look = VGA_CELL_NEVER;
    }
}

/* Where the cursor is, how it looks, and what blinks now. */
static void begin_pass(VgaCore *vga, TextPass *pass, gint64 now)
{
    const guint8 *crtc = vga->crtc;
    gint64 phase = now / CURSOR_PHASE_NS;
    guint skew = crtc[VGA_CRTC_CURSOR_END] >> 5 & 3;

    memset(pass, 0, sizeof(*pass));
    pass->mode = &vga->mode;
    pass->cursor_first = crtc[VGA_CRTC_CURSOR_START] & 0x1f;
    pass->cursor_last = crtc[VGA_CRTC_CURSOR_END] & 0x1f;
    pass->cursor_address = G_MAXUINT;
    if (!(crtc[VGA_CRTC_CURSOR_START] & 0x20) && pass->cursor_first <= pass->cursor_last &&
        pass->cursor_first < vga->mode.cell_height) {
        pass->cursor_address =
            ((crtc[VGA_CRTC_CURSOR_HIGH] << 8 | crtc[VGA_CRTC_CURSOR_LOW]) + skew) & 0xffff;
    }
    pass->cursor_shown = !(phase & 1);
    pass->blink_shown = !(phase & 2);
}

gint64 vga_text_draw(VgaCore *vga, gboolean full)
{
    const VgaMode *mode = &vga->mode;
    gint64 now = clock_now(vga->machine->guest_clock);
    guint lines = mode->height / mode->scale_y;
    VgaCell *cells;
    TextPass pass;
    VgaLine line;
    Band band;

    begin_pass(vga, &pass, now);
    update_fonts(vga, &pass, full);
    if (full) {
        reset_cells(vga, lines);
    }
    vga->text.blinks = FALSE;
    cells = vga->text.cells;
    vga_line_begin(&line);
    vga_line_next(&line, mode);
    while (next_band(mode, &line, lines, &band)) {
        draw_band(vga, &pass, &band, cells);
        cells += mode->columns + 1;
    }
    if (!clock_is_running(vga->machine->guest_clock) || !(pass.has_cursor || vga->text.blinks)) {
        return -1;
    }
    gint64 period = pass.has_cursor ? CURSOR_PHASE_NS : 2 * CURSOR_PHASE_NS;
    return period - now % period;
}

void vga_text_reset(VgaCore *vga)
{
    g_clear_pointer(&vga->text.cells, g_free);
    vga->text.cell_count = 0;
    vga->redraw = TRUE;
}

/* ---- characters for those who want them ---- */

/* Code page 437; its lower 32 as the symbols that a screen shows. */
static const gunichar code_page_437[256] = {
#define ASCII_ROW(n)                                                                          \
    n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9, n + 10, n + 11, n + 12, \
        n + 13, n + 14, n + 15
    0x0020,          0x263a, 0x263b,          0x2665,          0x2666,          0x2663,
    0x2660,          0x2022, 0x25d8,          0x25cb,          0x25d9,          0x2642,
    0x2640,          0x266a, 0x266b,          0x263c,          0x25ba,          0x25c4,
    0x2195,          0x203c, 0x00b6,          0x00a7,          0x25ac,          0x21a8,
    0x2191,          0x2193, 0x2192,          0x2190,          0x221f,          0x2194,
    0x25b2,          0x25bc, ASCII_ROW(0x20), ASCII_ROW(0x30), ASCII_ROW(0x40), ASCII_ROW(0x50),
    ASCII_ROW(0x60), 0x0070, 0x0071,          0x0072,          0x0073,          0x0074,
    0x0075,          0x0076, 0x0077,          0x0078,          0x0079,          0x007a,
    0x007b,          0x007c, 0x007d,          0x007e,          0x2302,          0x00c7,
    0x00fc,          0x00e9, 0x00e2,          0x00e4,          0x00e0,          0x00e5,
    0x00e7,          0x00ea, 0x00eb,          0x00e8,          0x00ef,          0x00ee,
    0x00ec,          0x00c4, 0x00c5,          0x00c9,          0x00e6,          0x00c6,
    0x00f4,          0x00f6, 0x00f2,          0x00fb,          0x00f9,          0x00ff,
    0x00d6,          0x00dc, 0x00a2,          0x00a3,          0x00a5,          0x20a7,
    0x0192,          0x00e1, 0x00ed,          0x00f3,          0x00fa,          0x00f1,
    0x00d1,          0x00aa, 0x00ba,          0x00bf,          0x2310,          0x00ac,
    0x00bd,          0x00bc, 0x00a1,          0x00ab,          0x00bb,          0x2591,
    0x2592,          0x2593, 0x2502,          0x2524,          0x2561,          0x2562,
    0x2556,          0x2555, 0x2563,          0x2551,          0x2557,          0x255d,
    0x255c,          0x255b, 0x2510,          0x2514,          0x2534,          0x252c,
    0x251c,          0x2500, 0x253c,          0x255e,          0x255f,          0x255a,
    0x2554,          0x2569, 0x2566,          0x2560,          0x2550,          0x256c,
    0x2567,          0x2568, 0x2564,          0x2565,          0x2559,          0x2558,
    0x2552,          0x2553, 0x256b,          0x256a,          0x2518,          0x250c,
    0x2588,          0x2584, 0x258c,          0x2590,          0x2580,          0x03b1,
    0x00df,          0x0393, 0x03c0,          0x03a3,          0x03c3,          0x00b5,
    0x03c4,          0x03a6, 0x0398,          0x03a9,          0x03b4,          0x221e,
    0x03c6,          0x03b5, 0x2229,          0x2261,          0x00b1,          0x2265,
    0x2264,          0x2320, 0x2321,          0x00f7,          0x2248,          0x00b0,
    0x2219,          0x00b7, 0x221a,          0x207f,          0x00b2,          0x25a0,
    0x00a0,
#undef ASCII_ROW
};

static void fill_row(VgaCore *vga, TextPass *pass, const Band *band, TextScreen *screen, guint row)
{
    for (guint column = 0; column < screen->columns; column++) {
        guint counter = band->counter + (column >> pass->mode->count_shift);
        VgaCell cell = read_cell(vga, pass, counter);
        TextCell *out = &screen->cells[row * screen->columns + column];
        out->ch = code_page_437[cell.ch];
        out->attr = cell.attr;
        cell.look &= ~VGA_CELL_HIDDEN;
        out->blink = (pass->mode->attr_mode & VGA_ATTR_MODE_BLINK) && (cell.attr & 0x80);
        cell_colors(vga, &cell, &out->fg, &out->bg);
        if ((counter & 0xffff) == pass->cursor_address) {
            screen->cursor_column = column;
            screen->cursor_row = row;
            screen->cursor_height = 100 * (pass->cursor_last - pass->cursor_first + 1) /
                                    MAX(pass->mode->cell_height, 1);
        }
    }
}

gboolean vga_text_screen(void *opaque, TextScreen *screen)
{
    VgaCore *vga = opaque;
    TextPass pass;
    VgaLine line;
    Band band;

    const VgaMode *mode = &vga->mode;
    if (mode->kind != VGA_TEXT) {
        return FALSE;
    }
    guint lines = mode->height / mode->scale_y;
    begin_pass(vga, &pass, 0);
    screen->columns = mode->columns;
    screen->rows = vga->text.cell_count / (mode->columns + 1);
    screen->cells = g_new0(TextCell, (gsize)screen->columns * screen->rows);
    screen->cursor_column = screen->cursor_row = -1;
    vga_line_begin(&line);
    vga_line_next(&line, mode);
    for (guint row = 0; row < screen->rows && next_band(mode, &line, lines, &band); row++) {
        fill_row(vga, &pass, &band, screen, row);
    }
    return TRUE;
}
