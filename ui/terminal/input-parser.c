/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/input-parser.h"

#include <string.h>

#define ESC        0x1b
#define PARAMS_MAX TERM_EVENT_NUMBERS
#define SUBS_MAX   3
#define NUMBER_MAX 0xffffff
#define STRING_MAX 512
#define PASTE_MAX  1024 /* bytes an event */

typedef enum State {
    STATE_GROUND,
    STATE_UTF8,   /* within a character */
    STATE_ESC,    /* after ESC */
    STATE_SS3,    /* after ESC O */
    STATE_CSI,    /* after ESC [ */
    STATE_LINUX,  /* after ESC [ [: the Linux console's function keys */
    STATE_X10,    /* after ESC [ M: three bytes */
    STATE_STRING, /* DCS, APC, OSC and their like */
    STATE_STRING_ESC,
    STATE_PASTE,
} State;

struct TermParser {
    TermEventFn fn;
    void *opaque;
    guint8 erase;
    State state;
    gboolean alt; /* an ESC came before */
    /* CSI */
    char lead, middle; /* '?', '<', '>', '='; '$', ' ' or 0 */
    guint value[PARAMS_MAX][SUBS_MAX];
    guint params, sub;
    gboolean bad;
    /* UTF-8 */
    guint32 ch;
    guint left;
    guint32 least;
    /* the rest */
    guint8 x10[3];
    guint x10_count;
    char kind; /* 'P', '_', ']', 'X', '^' */
    GString *text;
    guint matched; /* of the paste's end */
};

static const char paste_end[] = "\033[201~";

TermParser *term_parser_new(TermEventFn fn, void *opaque, guint8 erase)
{
    TermParser *parser = g_new0(TermParser, 1);

    parser->fn = fn;
    parser->opaque = opaque;
    parser->erase = erase;
    parser->text = g_string_sized_new(STRING_MAX);
    return parser;
}

void term_parser_free(TermParser *parser)
{
    if (parser) {
        g_string_free(parser->text, TRUE);
        g_free(parser);
    }
}

static void ground(TermParser *parser)
{
    parser->state = STATE_GROUND;
    parser->alt = FALSE;
}

/* ---- keys ---- */

static void key_event(TermParser *parser, guint32 symbol, guint mods)
{
    TermEvent event = {.type = TERM_EVENT_KEY, .symbol = symbol, .mods = mods};

    if (parser->alt) {
        event.mods |= TERM_MOD_ALT;
    }
    event.text = !event.mods && symbol >= 0x20 && symbol < TERM_KEY_FIRST ? symbol : 0;
    ground(parser);
    parser->fn(&event, parser->opaque);
}

/* A control character as the key that makes it. */
static void control_key(TermParser *parser, guint8 byte)
{
    if (byte == 0x7f || (byte == 8 && parser->erase == 8)) {
        key_event(parser, 0x7f, 0);
    } else if (byte == '\r' || byte == '\t') {
        key_event(parser, byte, 0);
    } else if (byte == 0) {
        key_event(parser, ' ', TERM_MOD_CTRL);
    } else if (byte <= 26) {
        key_event(parser, 'a' + byte - 1, TERM_MOD_CTRL);
    } else {
        key_event(parser, byte + 0x40, TERM_MOD_CTRL); /* \ ] ^ _ */
    }
}

static guint32 letter_key(guint8 byte)
{
    switch (byte) {
    case 'A': return TERM_KEY_UP;
    case 'B': return TERM_KEY_DOWN;
    case 'C': return TERM_KEY_RIGHT;
    case 'D': return TERM_KEY_LEFT;
    case 'E': return TERM_KEY_BEGIN;
    case 'F': return TERM_KEY_END;
    case 'H': return TERM_KEY_HOME;
    case 'P': return TERM_KEY_F1;
    case 'Q': return TERM_KEY_F1 + 1;
    case 'R': return TERM_KEY_F1 + 2;
    case 'S': return TERM_KEY_F1 + 3;
    default: return 0;
    }
}

/* The number before "~" (VT220's editing and function keys; 7 and 8 are rxvt's). */
static guint32 tilde_key(guint number)
{
    static const guint8 functions[] = {11, 12, 13, 14, 15, 17, 18, 19, 20, 21,
                                       23, 24, 25, 26, 28, 29, 31, 32, 33, 34};

    switch (number) {
    case 1:
    case 7: return TERM_KEY_HOME;
    case 2: return TERM_KEY_INSERT;
    case 3: return TERM_KEY_DELETE;
    case 4:
    case 8: return TERM_KEY_END;
    case 5: return TERM_KEY_PAGE_UP;
    case 6: return TERM_KEY_PAGE_DOWN;
    default: break;
    }
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        if (functions[i] == number) {
            return TERM_KEY_F1 + i;
        }
    }
    return 0;
}

/* The application keypad: SS3 and a letter that is its character plus 40h. */
static guint32 keypad_key(guint8 byte)
{
    if (byte == 'M') {
        return '\r';
    }
    return (byte >= 'j' && byte <= 'y') || byte == 'X' ? byte - 0x40u : 0;
}

/* Modifiers and action are the second parameter: 1 + bits, ":", 1 to 3. */
static void csi_key(TermParser *parser, guint32 symbol)
{
    TermEvent event = {.type = TERM_EVENT_KEY, .symbol = symbol};
    guint mods = parser->params > 1 ? parser->value[1][0] : 0;
    guint action = parser->params > 1 ? parser->value[1][1] : 0;

    if (!symbol) {
        ground(parser);
        return;
    }
    event.mods = mods ? (mods - 1) & 0xff : 0;
    event.mods |= parser->alt ? TERM_MOD_ALT : 0;
    event.action = action == 3 ? TERM_RELEASE : action == 2 ? TERM_REPEAT : TERM_PRESS;
    event.paired = action != 0;
    ground(parser);
    parser->fn(&event, parser->opaque);
}

/* CSI code:shifted:base ; mods:action ; text u */
static void kitty_key(TermParser *parser)
{
    TermEvent event = {.type = TERM_EVENT_KEY};
    guint mods = parser->params > 1 ? parser->value[1][0] : 0;
    guint action = parser->params > 1 ? parser->value[1][1] : 0;

    event.symbol = parser->value[0][0];
    event.base = parser->value[0][2];
    event.mods = mods ? (mods - 1) & 0xff : 0;
    event.action = action == 3 ? TERM_RELEASE : action == 2 ? TERM_REPEAT : TERM_PRESS;
    event.paired = TRUE;
    event.text = parser->params > 2 ? parser->value[2][0] : 0;
    ground(parser);
    if (event.symbol && event.symbol < TERM_KEY_FIRST && event.base < TERM_KEY_FIRST) {
        parser->fn(&event, parser->opaque);
    }
}

/* ---- mouse ---- */

static void mouse_event(TermParser *parser, guint code, gint x, gint y, gboolean up)
{
    TermEvent event = {.type = TERM_EVENT_MOUSE, .x = MAX(x, 0), .y = MAX(y, 0)};

    event.mods = (code & 4 ? TERM_MOD_SHIFT : 0) | (code & 8 ? TERM_MOD_ALT : 0) |
                 (code & 16 ? TERM_MOD_CTRL : 0);
    event.motion = (code & 32) != 0;
    event.button = code & 0xc3;
    event.action = up ? TERM_RELEASE : TERM_PRESS;
    ground(parser);
    parser->fn(&event, parser->opaque);
}

static void x10_byte(TermParser *parser, guint8 byte)
{
    parser->x10[parser->x10_count++] = byte;
    if (parser->x10_count == 3) {
        guint code = (guint)(parser->x10[0] - 32) & 0xff;
        gboolean up = (code & 0xc3) == 3 && !(code & 32);

        mouse_event(parser, code, parser->x10[1] - 33, parser->x10[2] - 33, up);
    }
}

/* ---- answers ---- */

static void answer(TermParser *parser, TermEventType type, guint from, guint count)
{
    TermEvent event = {.type = type};

    for (guint i = from; i < parser->params && event.count < count; i++) {
        event.number[event.count++] = parser->value[i][0];
    }
    ground(parser);
    parser->fn(&event, parser->opaque);
}

static void answer_size(TermParser *parser, TermEventType type, guint at)
{
    TermEvent event = {.type = type, .count = 2};

    event.number[0] = at + 1 < PARAMS_MAX ? parser->value[at + 1][0] : 0; /* height comes first */
    event.number[1] = parser->value[at][0];
    ground(parser);
    parser->fn(&event, parser->opaque);
}

static void answer_text(TermParser *parser, TermEventType type, gsize skip)
{
    TermEvent event = {.type = type};

    event.data = parser->text->str + skip;
    event.length = parser->text->len - skip;
    parser->fn(&event, parser->opaque);
}

/* An ESC right before an answer, the mouse or a paste was the key: only keys have Alt. */
static void lone_escape(TermParser *parser)
{
    TermEvent event = {.type = TERM_EVENT_KEY, .symbol = ESC};

    if (parser->alt) {
        parser->alt = FALSE;
        parser->fn(&event, parser->opaque);
    }
}

static void string_end(TermParser *parser)
{
    const char *text = parser->text->str;

    lone_escape(parser);
    ground(parser);
    if (parser->kind == '_' && text[0] == 'G') {
        answer_text(parser, TERM_EVENT_GRAPHICS, 1);
    } else if (parser->kind == 'P' && g_str_has_prefix(text, "1+r")) {
        answer_text(parser, TERM_EVENT_CAPABILITY, 3);
    } else if (parser->kind == 'P' && g_str_has_prefix(text, ">|")) {
        answer_text(parser, TERM_EVENT_VERSION, 2);
    }
}

static void string_byte(TermParser *parser, guint8 byte)
{
    if (parser->state == STATE_STRING_ESC) {
        if (byte == '\\') {
            string_end(parser);
            return;
        }
        /* Not the string's end: it was broken off by another sequence. */
        parser->state = STATE_ESC;
        term_parser_feed(parser, &byte, 1);
    } else if (byte == ESC) {
        parser->state = STATE_STRING_ESC;
    } else if (byte == 7) {
        string_end(parser);
    } else if (byte == 0x18 || byte == 0x1a) {
        ground(parser);
    } else if (parser->text->len < STRING_MAX) {
        g_string_append_c(parser->text, (char)byte);
    }
}

/* ---- control sequences ---- */

static void csi_window(TermParser *parser)
{
    switch (parser->value[0][0]) {
    case 4: answer_size(parser, TERM_EVENT_AREA_SIZE, 1); break;
    case 6: answer_size(parser, TERM_EVENT_CELL_SIZE, 1); break;
    case 48: answer_size(parser, TERM_EVENT_RESIZED, 1); break;
    default: ground(parser);
    }
}

static void csi_tilde(TermParser *parser)
{
    guint number = parser->value[0][0];

    if (number == 200) {
        ground(parser);
        parser->state = STATE_PASTE;
        parser->matched = 0;
        g_string_truncate(parser->text, 0);
    } else if (number == 27 && parser->params > 2) {
        /* xterm's modifyOtherKeys */
        csi_key(parser, parser->value[2][0] < TERM_KEY_FIRST ? parser->value[2][0] : 0);
    } else {
        csi_key(parser, tilde_key(number));
    }
}

static void csi_private(TermParser *parser, guint8 final)
{
    lone_escape(parser);
    if (parser->lead == '<' && (final == 'M' || final == 'm') && parser->params >= 3) {
        mouse_event(parser, parser->value[0][0], (gint)parser->value[1][0] - 1,
                    (gint)parser->value[2][0] - 1, final == 'm');
    } else if (parser->lead == '?' && final == 'c') {
        answer(parser, TERM_EVENT_DA1, 0, PARAMS_MAX);
    } else if (parser->lead == '?' && final == 'u') {
        answer(parser, TERM_EVENT_KITTY_KEYS, 0, 1);
    } else if (parser->lead == '?' && final == 'y' && parser->middle == '$') {
        answer(parser, TERM_EVENT_MODE, 0, 2);
    } else {
        ground(parser);
    }
}

static void csi_public(TermParser *parser, guint8 final)
{
    if (strchr("tnMIO", final) || (final == '~' && parser->value[0][0] == 200)) {
        lone_escape(parser);
    }
    switch (final) {
    case '~': csi_tilde(parser); break;
    case 'u': kitty_key(parser); break;
    case 't': csi_window(parser); break;
    case 'Z': key_event(parser, '\t', TERM_MOD_SHIFT); break;
    case 'n':
        parser->value[0][0] == 0 ? answer(parser, TERM_EVENT_STATUS, 0, 0) : ground(parser);
        break;
    case 'M':
        parser->state = STATE_X10;
        parser->x10_count = 0;
        break;
    case 'I':
    case 'O':
        parser->value[0][0] = final == 'I';
        parser->params = 1;
        answer(parser, TERM_EVENT_FOCUS, 0, 1);
        break;
    case 'R':
        /* A cursor position report looks alike; we ask for none, and F3 has 1 in front. */
        csi_key(parser, parser->value[0][0] <= 1 ? letter_key(final) : 0);
        break;
    default: csi_key(parser, letter_key(final));
    }
}

static void csi_digit(TermParser *parser, guint8 byte)
{
    guint *value;

    if (parser->params == 0) {
        parser->params = 1;
    }
    if (parser->params > PARAMS_MAX || parser->sub >= SUBS_MAX) {
        return;
    }
    value = &parser->value[parser->params - 1][parser->sub];
    *value = MIN(*value * 10 + (byte - '0'), NUMBER_MAX);
}

static void csi_byte(TermParser *parser, guint8 byte)
{
    if (byte >= '0' && byte <= '9') {
        csi_digit(parser, byte);
    } else if (byte == ';') {
        parser->params = MIN(MAX(parser->params, 1) + 1, PARAMS_MAX + 1);
        parser->sub = 0;
    } else if (byte == ':') {
        parser->params = MAX(parser->params, 1);
        parser->sub = MIN(parser->sub + 1, SUBS_MAX);
    } else if (byte >= '<' && byte <= '?') {
        parser->bad |= parser->lead || parser->params;
        parser->lead = (char)byte;
    } else if (byte == '[' && !parser->lead && !parser->params) {
        parser->state = STATE_LINUX;
    } else if (byte >= 0x20 && byte <= 0x2f) {
        parser->middle = (char)byte;
    } else if (byte < 0x40 || byte > 0x7e) {
        ground(parser); /* a control character, or no ASCII at all: broken off */
        if (byte == ESC) {
            parser->state = STATE_ESC;
        }
    } else {
        parser->params = MIN(parser->params, PARAMS_MAX);
        if (parser->bad) {
            ground(parser);
        } else if (parser->lead) {
            csi_private(parser, byte);
        } else if (parser->middle) {
            ground(parser);
        } else {
            csi_public(parser, byte);
        }
    }
}

static void csi_begin(TermParser *parser)
{
    parser->state = STATE_CSI;
    parser->lead = parser->middle = 0;
    parser->params = parser->sub = 0;
    parser->bad = FALSE;
    memset(parser->value, 0, sizeof(parser->value));
}

/* ---- characters ---- */

static void utf8_begin(TermParser *parser, guint8 byte)
{
    gboolean alt = parser->alt;

    if (byte >= 0xf0 && byte <= 0xf4) {
        parser->left = 3;
        parser->ch = byte & 7;
        parser->least = 0x10000;
    } else if (byte >= 0xe0 && byte < 0xf0) {
        parser->left = 2;
        parser->ch = byte & 15;
        parser->least = 0x800;
    } else if (byte >= 0xc2 && byte < 0xe0) {
        parser->left = 1;
        parser->ch = byte & 31;
        parser->least = 0x80;
    } else {
        ground(parser);
        return;
    }
    parser->state = STATE_UTF8;
    parser->alt = alt;
}

static void plain_byte(TermParser *parser, guint8 byte)
{
    if (byte < 0x20 || byte == 0x7f) {
        control_key(parser, byte);
    } else if (byte < 0x80) {
        key_event(parser, byte, 0);
    } else {
        utf8_begin(parser, byte);
    }
}

static void utf8_byte(TermParser *parser, guint8 byte)
{
    if ((byte & 0xc0) != 0x80) {
        ground(parser); /* cut short: the byte begins something else */
        term_parser_feed(parser, &byte, 1);
        return;
    }
    parser->ch = parser->ch << 6 | (byte & 0x3f);
    if (--parser->left == 0) {
        if (parser->ch >= parser->least && g_unichar_validate(parser->ch)) {
            key_event(parser, parser->ch, 0);
        } else {
            ground(parser);
        }
    }
}

static void esc_byte(TermParser *parser, guint8 byte)
{
    switch (byte) {
    case '[': csi_begin(parser); break;
    case 'O': parser->state = STATE_SS3; break;
    case 'P':
    case '_':
    case ']':
    case 'X':
    case '^':
        parser->kind = (char)byte;
        parser->state = STATE_STRING;
        g_string_truncate(parser->text, 0);
        break;
    case ESC:
        if (parser->alt) { /* three in a row: the first was the key */
            parser->alt = FALSE;
            key_event(parser, ESC, 0);
        }
        parser->alt = TRUE;
        parser->state = STATE_ESC;
        break;
    default:
        parser->alt = TRUE;
        parser->state = STATE_GROUND;
        plain_byte(parser, byte);
    }
}

static void ss3_byte(TermParser *parser, guint8 byte)
{
    guint32 symbol = letter_key(byte) ? letter_key(byte) : keypad_key(byte);

    if (symbol) {
        key_event(parser, symbol, 0);
    } else {
        parser->alt = TRUE; /* Alt+O, and something else */
        key_event(parser, 'O', 0);
        term_parser_feed(parser, &byte, 1);
    }
}

/* ---- paste ---- */

static void paste_flush(TermParser *parser)
{
    if (parser->text->len) {
        answer_text(parser, TERM_EVENT_PASTE, 0);
        g_string_truncate(parser->text, 0);
    }
}

static void paste_byte(TermParser *parser, guint8 byte)
{
    if (byte == (guint8)paste_end[parser->matched]) {
        if (++parser->matched == sizeof(paste_end) - 1) {
            paste_flush(parser);
            ground(parser);
        }
        return;
    }
    /* Only its first character is ESC, so a failed match can begin anew with this byte alone. */
    g_string_append_len(parser->text, paste_end, parser->matched);
    parser->matched = byte == ESC;
    if (!parser->matched) {
        g_string_append_c(parser->text, (char)byte);
    }
    if (parser->text->len >= PASTE_MAX) {
        paste_flush(parser);
    }
}

/* ---- the machine ---- */

static void parse_byte(TermParser *parser, guint8 byte)
{
    switch (parser->state) {
    case STATE_GROUND:
        if (byte == ESC) {
            parser->state = STATE_ESC;
        } else {
            plain_byte(parser, byte);
        }
        break;
    case STATE_UTF8: utf8_byte(parser, byte); break;
    case STATE_ESC: esc_byte(parser, byte); break;
    case STATE_SS3: ss3_byte(parser, byte); break;
    case STATE_CSI: csi_byte(parser, byte); break;
    case STATE_LINUX:
        if (byte >= 'A' && byte <= 'E') {
            key_event(parser, TERM_KEY_F1 + byte - 'A', 0);
        } else {
            ground(parser);
        }
        break;
    case STATE_X10: x10_byte(parser, byte); break;
    case STATE_STRING:
    case STATE_STRING_ESC: string_byte(parser, byte); break;
    case STATE_PASTE: paste_byte(parser, byte); break;
    }
}

void term_parser_feed(TermParser *parser, const guint8 *data, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        parse_byte(parser, data[i]);
    }
}

gboolean term_parser_is_waiting(const TermParser *parser)
{
    return parser->state != STATE_GROUND && parser->state != STATE_PASTE;
}

void term_parser_timeout(TermParser *parser)
{
    gboolean alt = parser->alt;

    switch (parser->state) {
    case STATE_ESC:
        ground(parser);
        if (alt) {
            key_event(parser, ESC, 0);
        }
        key_event(parser, ESC, 0);
        break;
    case STATE_SS3:
        parser->alt = TRUE;
        key_event(parser, 'O', 0);
        break;
    case STATE_CSI:
        if (!parser->params && !parser->lead) {
            parser->alt = TRUE;
            key_event(parser, '[', 0);
            break;
        }
        ground(parser);
        break;
    case STATE_PASTE: break; /* a slow link; only its end ends it */
    default: ground(parser);
    }
}
