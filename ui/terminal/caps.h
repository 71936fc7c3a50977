/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a terminal can do: first guessed from its environment, then asked. Every terminal answers
 * DA1, so its answer, which comes last, ends the asking; one that does not answer at all ends it
 * by a time-out of the caller. Pure functions on values; any thread.
 */
#pragma once

#include "ui/terminal/grid.h"
#include "ui/terminal/input-parser.h"

typedef enum TermGraphics {
    TERM_GRAPHICS_AUTO,
    TERM_GRAPHICS_KITTY,
    TERM_GRAPHICS_SIXEL,
    TERM_GRAPHICS_ITERM,
    TERM_GRAPHICS_BLOCKS,
    TERM_GRAPHICS_OFF,
} TermGraphics;

typedef struct TermCaps {
    gboolean utf8;
    gboolean simple;     /* the Linux console, a real VT: no private sequences */
    gboolean other_keys; /* xterm's modifyOtherKeys helps */
    GridColors colors;
    gboolean kitty_keyboard, kitty_graphics, sixel, iterm;
    gboolean sync;                 /* mode 2026 */
    gboolean pixel_mouse;          /* mode 1016 */
    gboolean in_band_size;         /* mode 2048 */
    guint cell_width, cell_height; /* pixels, 0 = not known */
    guint area_width, area_height;
    gboolean answered;
} TermCaps;

/* Its TERM, COLORTERM, LC_CTYPE and TERM_PROGRAM; NULL = not set. */
void term_caps_guess(TermCaps *caps, const char *term, const char *colorterm, const char *lang,
                     const char *program);

/* TRUE if TERM names a terminal that cannot place characters ("dumb", "", unset). */
gboolean term_caps_is_dumb(const char *term);

/* Appends the questions. */
void term_caps_ask(const TermCaps *caps, GString *out);

/* Takes an answer; TRUE if it told something new. */
gboolean term_caps_take(TermCaps *caps, const TermEvent *event);

TermGraphics term_caps_graphics(const TermCaps *caps);
const char *term_graphics_name(TermGraphics graphics);
const char *grid_colors_name(GridColors colors);

/* For options of these names. */
extern const char *const term_graphics_values[];
extern const char *const grid_colors_values[];
