/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frontend "terminal": the machine in a character terminal. Text modes are shown as characters,
 * graphics as images where the terminal can, else as block characters; keys and mouse go to the
 * guest, and an escape key leads to a command line.
 *
 * terminal.c is the frontend and its options; screen.c decides what is to be seen and when it is
 * written; picture.c encodes graphics in a worker; grid.c writes cells that have changed;
 * keyboard.c sends keys and mouse to the guest; prompt.c is the command line; messages.c keeps
 * stderr off the screen; tty.c, input-parser.c and caps.c know terminals.
 *
 * All of it: vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/frontend.h"
#include "ui/common/console.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/terminal/caps.h"
#include "ui/terminal/grid.h"
#include "ui/terminal/input-parser.h"
#include "ui/terminal/messages.h"
#include "ui/terminal/picture.h"
#include "ui/terminal/tty.h"

typedef struct Keyboard Keyboard;
typedef struct Prompt Prompt;

/* What is in the terminal beside status and prompt. */
typedef enum ViewKind {
    VIEW_NOTHING, /* graphics with graphics=off */
    VIEW_TEXT,
    VIEW_PICTURE,
} ViewKind;

/* screen.c's. */
typedef struct Screen {
    Display *display;
    DisplayListener *listener;
    Surface *surface;
    pixman_region32_t damage; /* not yet encoded, guest pixels */
    gboolean all_damaged;
    Picture *picture;
    gboolean picture_ready;     /* a frame waits to be written */
    PictureCursor cursor_drawn; /* into the last frame */
    gboolean wipe;              /* the terminal may show anything */
    PictureLayout on_terminal;  /* of images that are there; kind AUTO = none */
    ViewKind view;
    Viewport viewport; /* of the guest's picture, in the terminal's pixels */
    TextScreen text;
    guint scroll_column, scroll_row; /* of a text screen larger than the terminal */
    guint columns, rows;
    guint cell_width, cell_height; /* pixels, never 0 */
    Grid shown, wanted;
    char cursor[64]; /* the cursor's sequence as written last */
    gboolean dirty;
    Deferred *update;
    Timer clock;      /* not before this: max-hz */
    gint64 next;      /* host time */
    guint unanswered; /* status reports asked for */
    gboolean answers; /* the terminal has answered one */
    gboolean silent;  /* it does not */
    Timer patience;
    guint64 frames, bytes, encode_ns, encoded;
} Screen;

typedef struct Terminal {
    Frontend frontend;
    /* options, constant after open */
    char *place, *term, *colorterm, *lang;
    int graphics; /* TermGraphics */
    int colors;   /* GridColors */
    char *escape;
    gboolean mouse, zoom_to_fit;
    guint64 max_hz;
    char *console_name;
    int hang_up; /* WindowClose */

    TermTty *tty;
    TermParser *parser;
    TermCaps caps;
    guint32 escape_key; /* with Ctrl */
    gboolean asking;    /* for caps: nothing is shown yet */
    gboolean shown;     /* the terminal is set up */
    gboolean told_resize;
    Timer ask_timer, parse_timer;
    guint winch;        /* GSource id, 0 = none */
    guint takes_hangup; /* 1: counted in machine->hangups_taken */
    ConsoleList *consoles;
    Console *console;
    Messages *messages;
    char *notice; /* for the status line, or NULL */
    Timer notice_timer;
    Keyboard *keyboard;
    Prompt *prompt;
    MachineListener *machine_listener;
    Screen screen;
} Terminal;

/* ---- terminal.c ---- */

/* Says something in the status line for a while. */
void terminal_notice(Terminal *terminal, const char *text);
void terminal_show_console(Terminal *terminal, Console *console);
/* By number, from 1; FALSE if there is none. */
gboolean terminal_show_number(Terminal *terminal, guint number);
/* The next (or, step -1, the previous) one. */
void terminal_step_console(Terminal *terminal, gint step);
void terminal_suspend(Terminal *terminal);
TermGraphics terminal_graphics(const Terminal *terminal);
GridColors terminal_colors(const Terminal *terminal);

/* ---- screen.c ---- */

void screen_init(Terminal *terminal);
void screen_fini(Terminal *terminal);
/* Shows another display; NULL = none. */
void screen_set_display(Terminal *terminal, Display *display);
/* Something to be seen has changed (prompt, status, size). */
void screen_changed(Terminal *terminal);
/* Everything is to be written anew: the terminal may show anything. */
void screen_redraw(Terminal *terminal);
/* The terminal has taken all that was written; it has answered a status report. */
void screen_drained(Terminal *terminal);
void screen_answered(Terminal *terminal);

/* ---- screen-layout.c ---- */

/* Reads the terminal's size; TRUE if it is another one. */
gboolean screen_measure(Terminal *terminal);
/* How a picture of this size lies in the terminal. */
PictureLayout screen_layout_picture(Terminal *terminal, guint width, guint height);
/* Puts text, picture, status and prompt into screen.wanted; sets screen.cursor's place. */
void screen_compose(Terminal *terminal, gint *cursor_column, gint *cursor_row);

/* ---- keyboard.c ---- */

Keyboard *keyboard_new(Terminal *terminal);
void keyboard_free(Keyboard *keyboard);
void keyboard_set_console(Keyboard *keyboard, Console *console);
void keyboard_key(Keyboard *keyboard, const TermEvent *event);
void keyboard_mouse(Keyboard *keyboard, const TermEvent *event);
void keyboard_paste(Keyboard *keyboard, const char *text, gsize length);
void keyboard_release_all(Keyboard *keyboard);
/* Presses these KEY_x (ended by 0) together for a moment. */
void keyboard_chord(Keyboard *keyboard, const guint *keys);

/* ---- prompt.c ---- */

Prompt *prompt_new(Terminal *terminal);
void prompt_free(Prompt *prompt);
gboolean prompt_is_open(const Prompt *prompt);
void prompt_open(Prompt *prompt);
void prompt_key(Prompt *prompt, const TermEvent *event);
/* A command's output: rows that it wants above the prompt, at most `most`. */
guint prompt_rows(const Prompt *prompt, guint most);
/* Draws prompt and output into the bottom of the grid; says where the cursor is. */
void prompt_draw(Prompt *prompt, Grid *grid, gint *cursor_column, gint *cursor_row);
