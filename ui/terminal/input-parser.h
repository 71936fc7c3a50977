/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a terminal sends, taken apart: keys (legacy sequences, xterm's modifyOtherKeys, the kitty
 * keyboard protocol), mouse (SGR, X10), focus, bracketed paste, and answers to queries. A pure
 * state machine on bytes, which may be split anywhere and may be hostile; any thread.
 *
 * Sequences are those of ECMA-48, xterm's ctlseqs, and sw.kovidgoyal.net/kitty/keyboard-protocol.
 */
#pragma once

#include <glib.h>

/* Symbols of keys beside Unicode characters. Kitty's own code points (57344-63743, private use)
 * stand for the keys that only its protocol tells apart. */
typedef enum TermKeySymbol {
    TERM_KEY_FIRST = 0x110000,
    TERM_KEY_UP = TERM_KEY_FIRST,
    TERM_KEY_DOWN,
    TERM_KEY_RIGHT,
    TERM_KEY_LEFT,
    TERM_KEY_HOME,
    TERM_KEY_END,
    TERM_KEY_BEGIN, /* keypad 5 */
    TERM_KEY_INSERT,
    TERM_KEY_DELETE,
    TERM_KEY_PAGE_UP,
    TERM_KEY_PAGE_DOWN,
    TERM_KEY_F1, /* to F20 in order */
    TERM_KEY_F20 = TERM_KEY_F1 + 19,
} TermKeySymbol;

#define TERM_KEY_IS_KITTY(symbol) ((symbol) >= 57344 && (symbol) <= 63743)

/* Kitty's bits, which are xterm's plus those that xterm lacks. */
typedef enum TermMods {
    TERM_MOD_SHIFT = 1 << 0,
    TERM_MOD_ALT = 1 << 1,
    TERM_MOD_CTRL = 1 << 2,
    TERM_MOD_SUPER = 1 << 3,
    TERM_MOD_HYPER = 1 << 4,
    TERM_MOD_META = 1 << 5,
    TERM_MOD_CAPS = 1 << 6, /* is on */
    TERM_MOD_NUM = 1 << 7,  /* is on */
} TermMods;

typedef enum TermAction { TERM_PRESS, TERM_REPEAT, TERM_RELEASE } TermAction;

typedef enum TermEventType {
    TERM_EVENT_KEY,
    TERM_EVENT_MOUSE,
    TERM_EVENT_FOCUS,      /* number[0]: 1 in, 0 out */
    TERM_EVENT_PASTE,      /* data: a part of what was pasted */
    TERM_EVENT_DA1,        /* number: attributes (VT100's 1, 2, 4 = sixel...) */
    TERM_EVENT_MODE,       /* DECRPM: number[0] mode, number[1] 0 = not recognised, 4 = never */
    TERM_EVENT_CELL_SIZE,  /* number[0] x number[1] pixels */
    TERM_EVENT_AREA_SIZE,  /* of the text area, pixels, likewise */
    TERM_EVENT_RESIZED,    /* in-band (mode 2048) */
    TERM_EVENT_KITTY_KEYS, /* the protocol is known; number[0]: flags in force */
    TERM_EVENT_GRAPHICS,   /* kitty graphics: data is "i=31;OK" */
    TERM_EVENT_CAPABILITY, /* XTGETTCAP: data is "HEXNAME[=HEXVALUE]"; only those it has */
    TERM_EVENT_VERSION,    /* XTVERSION: data is "XTerm(379)" */
    TERM_EVENT_STATUS,     /* DSR 5: everything before it has been carried out */
} TermEventType;

#define TERM_EVENT_NUMBERS 16

typedef struct TermEvent {
    TermEventType type;
    /* key */
    guint32 symbol; /* character or TERM_KEY_x */
    guint32 base;   /* the same key's character on a US keyboard, 0 = not told */
    guint mods;     /* TERM_MOD_x */
    TermAction action;
    guint32 text;    /* the character that it gives, 0 = none */
    gboolean paired; /* a TERM_RELEASE will follow a TERM_PRESS */
    /* mouse */
    guint button;    /* 0-2 left, middle, right; 3 none; 64-67 wheel up, down, left, right;
                       * 128, 129 side buttons */
    gboolean motion; /* moved, with `button` held */
    gint x, y;       /* from 0; cells, or pixels in mode 1016 */
    /* answers */
    guint number[TERM_EVENT_NUMBERS];
    guint count;
    const char *data; /* not ended by NUL; valid during the call */
    gsize length;
} TermEvent;

typedef void (*TermEventFn)(const TermEvent *event, void *opaque);

typedef struct TermParser TermParser;

/* `erase`: what Backspace sends (termios VERASE): 8 then is that key and not Ctrl+H. */
TermParser *term_parser_new(TermEventFn fn, void *opaque, guint8 erase);
void term_parser_free(TermParser *parser); /* NULL is fine */

void term_parser_feed(TermParser *parser, const guint8 *data, gsize length);

/* TRUE if an unfinished sequence waits, which may be a key of its own (Escape). */
gboolean term_parser_is_waiting(const TermParser *parser);

/* Nothing came for a while: what waits is taken as keys, or dropped. */
void term_parser_timeout(TermParser *parser);
