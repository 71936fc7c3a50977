/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal's parser: UTF-8, and the grammar of ECMA-48 (5.4), byte by byte. */
#include <stdio.h>
#include <string.h>

#include "ui/common/vt-priv.h"

#define BEL 0x07
#define CAN 0x18
#define SUB 0x1a
#define ESC 0x1b

/* No screen is larger, no repetition longer. */
#define MAX_NUMBER 9999

enum {
    IN_TEXT,
    IN_ESCAPE,     /* after ESC */
    IN_DESIGNATE,  /* after ESC and an intermediate byte */
    IN_CSI,        /* after ESC [ */
    IN_CSI_BAD,    /* one that cannot be meant; to its end */
    IN_STRING,     /* after ESC ] P X ^ _: skipped up to ESC \ or BEL */
    IN_STRING_ESC, /* after ESC in there */
};

static void answer(Vt *vt, const char *text)
{
    vt->ops->answer(vt->opaque, text, strlen(text));
}

/* ---- control characters and ESC ---- */

static void control(Vt *vt, guint8 byte)
{
    switch (byte) {
    case '\b': vt_move(vt, 0, -1); break;
    case '\t': vt_tab(vt, 1); break;
    case '\n':
    case '\v':
    case '\f': vt_line_feed(vt); break;
    case '\r': vt_go_to_column(vt, 0); break;
    case 0x0e: vt->cursor.charset = 1; break; /* SO */
    case 0x0f: vt->cursor.charset = 0; break; /* SI */
    default: break;
    }
}

static void escape(Vt *vt, guint8 byte)
{
    switch (byte) {
    case '7': vt_save_cursor(vt); break;
    case '8': vt_restore_cursor(vt); break;
    case 'D': vt_line_feed(vt); break;
    case 'E':
        vt_line_feed(vt);
        vt_go_to_column(vt, 0);
        break;
    case 'H': vt->tabs[vt->cursor.column] = TRUE; break;
    case 'M': vt_reverse_line_feed(vt); break;
    case 'Z': answer(vt, "\033[?6c"); break;
    case 'c': vt_reset(vt); break;
    default: break;
    }
}

/* ---- CSI ---- */

static void set_private_mode(Vt *vt, guint mode, gboolean on)
{
    switch (mode) {
    case 1: vt->cursor_keys_application = on; break;
    case 5:
        vt->inverse = on;
        vt_dirty_all(vt);
        break;
    case 6:
        vt->cursor.origin = on;
        vt_go_to(vt, 0, 0);
        break;
    case 7: vt->autowrap = on; break;
    case 25:
        vt->cursor_on = on;
        vt->dirty[vt->cursor.row] = TRUE;
        break;
    case 47:
    case 1047: vt_use_alternate(vt, on); break;
    case 1048:
        if (on) {
            vt_save_cursor(vt);
        } else {
            vt_restore_cursor(vt);
        }
        break;
    case 1049:
        if (on && !vt->main_cells) {
            vt->main_saved = vt->cursor;
            vt_use_alternate(vt, TRUE);
        } else if (!on && vt->main_cells) {
            vt_use_alternate(vt, FALSE);
            vt->saved = vt->main_saved;
            vt_restore_cursor(vt);
        }
        break;
    default: break;
    }
}

static void set_modes(Vt *vt, gboolean on)
{
    for (guint i = 0; i < vt->count; i++) {
        if (vt->leader == '?') {
            set_private_mode(vt, vt->numbers[i], on);
        } else if (vt->numbers[i] == 4) {
            vt->insert = on;
        } else if (vt->numbers[i] == 20) {
            vt->newline = on;
        }
    }
}

static void report(Vt *vt, guint what)
{
    char text[32];

    if (what == 5) {
        answer(vt, "\033[0n");
    } else if (what == 6) {
        snprintf(text, sizeof text, "\033[%u;%uR",
                 vt->cursor.row + 1 - (vt->cursor.origin ? MIN(vt->top, vt->cursor.row) : 0),
                 vt->cursor.column + 1);
        answer(vt, text);
    }
}

static void clear_tabs(Vt *vt, guint what)
{
    if (what == 0) {
        vt->tabs[vt->cursor.column] = FALSE;
    } else if (what == 3) {
        memset(vt->tabs, FALSE, vt->columns);
    }
}

/* Those that move; FALSE if it is none. `n`: the first number, at least 1. */
static gboolean move_sequence(Vt *vt, guint8 final, guint n)
{
    guint column = vt->count > 1 ? MAX(vt->numbers[1], 1) : 1;

    switch (final) {
    case 'A': vt_move(vt, -(gint64)n, 0); return TRUE;
    case 'B':
    case 'e': vt_move(vt, n, 0); return TRUE;
    case 'C':
    case 'a': vt_move(vt, 0, n); return TRUE;
    case 'D': vt_move(vt, 0, -(gint64)n); return TRUE;
    case 'E':
    case 'F':
        vt_move(vt, final == 'E' ? (gint64)n : -(gint64)n, 0);
        vt_go_to_column(vt, 0);
        return TRUE;
    case 'G':
    case '`': vt_go_to_column(vt, n - 1); return TRUE;
    case 'H':
    case 'f': vt_go_to(vt, n - 1, column - 1); return TRUE;
    case 'I': vt_tab(vt, (gint)n); return TRUE;
    case 'Z': vt_tab(vt, -(gint)n); return TRUE;
    case 'd': vt_go_to(vt, n - 1, vt->cursor.column); return TRUE;
    default: return FALSE;
    }
}

static void plain_sequence(Vt *vt, guint8 final)
{
    guint first = vt->numbers[0], n = MAX(first, 1);
    guint bottom = vt->count > 1 && vt->numbers[1] ? vt->numbers[1] : vt->rows;

    if (move_sequence(vt, final, n)) {
        return;
    }
    switch (final) {
    case '@': vt_shift_chars(vt, n); break;
    case 'J': vt_erase(vt, FALSE, first); break;
    case 'K': vt_erase(vt, TRUE, first); break;
    case 'L': vt_shift_lines(vt, n); break;
    case 'M': vt_shift_lines(vt, -(gint64)n); break;
    case 'P': vt_shift_chars(vt, -(gint64)n); break;
    case 'S': vt_scroll(vt, n); break;
    case 'T': vt_scroll(vt, -(gint64)n); break;
    case 'X': vt_erase_chars(vt, n); break;
    case 'b': vt_repeat(vt, n); break;
    case 'c': answer(vt, "\033[?6c"); break;
    case 'g': clear_tabs(vt, first); break;
    case 'h':
    case 'l': set_modes(vt, final == 'h'); break;
    case 'm': vt_select_rendition(vt); break;
    case 'n': report(vt, first); break;
    case 'r': vt_set_region(vt, n - 1, bottom); break;
    case 's': vt_save_cursor(vt); break;
    case 'u': vt_restore_cursor(vt); break;
    default: break;
    }
}

static void csi(Vt *vt, guint8 final)
{
    vt->count = MIN(vt->count, VT_MAX_NUMBERS);
    if (vt->intermediate) {
        if (vt->intermediate == '!' && final == 'p') { /* DECSTR: soft reset */
            vt->cursor.pen = vt_plain_pen();
            vt->cursor.origin = vt->insert = FALSE;
            vt->cursor_on = vt->autowrap = TRUE;
            vt->top = 0;
            vt->bottom = vt->rows;
        }
    } else if (vt->leader == 0) {
        plain_sequence(vt, final);
    } else if (vt->leader == '?' && (final == 'h' || final == 'l')) {
        set_modes(vt, final == 'h');
    } else if (vt->leader == '?' && (final == 'J' || final == 'K')) {
        vt_erase(vt, final == 'K', vt->numbers[0]);
    } else if (vt->leader == '>' && final == 'c') {
        answer(vt, "\033[>0;0;0c");
    }
}

static void csi_byte(Vt *vt, guint8 byte)
{
    guint *number = &vt->numbers[MIN(vt->count, VT_MAX_NUMBERS) - 1];

    if (byte >= 0x40 && byte <= 0x7e) {
        gboolean good = vt->state == IN_CSI;

        vt->state = IN_TEXT;
        if (good) {
            csi(vt, byte);
        }
    } else if (g_ascii_isdigit(byte) && !vt->intermediate) {
        if (vt->count <= VT_MAX_NUMBERS) {
            *number = MIN(*number * 10 + (byte - '0'), MAX_NUMBER);
        }
    } else if ((byte == ';' || byte == ':') && !vt->intermediate) {
        vt->count = MIN(vt->count + 1, VT_MAX_NUMBERS + 1);
    } else if (byte >= 0x3c && byte <= 0x3f && vt->count == 1 && !*number && !vt->leader) {
        vt->leader = byte;
    } else if (byte >= 0x20 && byte <= 0x2f && !vt->intermediate) {
        vt->intermediate = byte;
    } else {
        vt->state = IN_CSI_BAD;
    }
}

static void escape_byte(Vt *vt, guint8 byte)
{
    vt->state = IN_TEXT;
    if (byte == '[') {
        vt->state = IN_CSI;
        vt->leader = vt->intermediate = 0;
        memset(vt->numbers, 0, sizeof vt->numbers);
        vt->count = 1;
    } else if (byte && strchr("]PX^_", byte)) {
        vt->state = IN_STRING;
    } else if (byte >= 0x20 && byte <= 0x2f) {
        vt->state = IN_DESIGNATE;
        vt->intermediate = byte;
    } else {
        escape(vt, byte);
    }
}

/* ---- bytes ---- */

/* A byte in a sequence. */
static void sequence_byte(Vt *vt, guint8 byte)
{
    gboolean in_string = vt->state == IN_STRING || vt->state == IN_STRING_ESC;

    if (byte == CAN || byte == SUB) {
        vt->state = IN_TEXT; /* cancels whatever it was */
    } else if (in_string && vt->state == IN_STRING) {
        vt->state = byte == ESC ? IN_STRING_ESC : byte == BEL ? IN_TEXT : IN_STRING;
    } else if (in_string) {
        if (byte == '\\') {
            vt->state = IN_TEXT;
        } else {
            escape_byte(vt, byte); /* the string ended without its terminator */
        }
    } else if (byte == ESC) {
        vt->state = IN_ESCAPE;
    } else if (byte < 0x20) {
        control(vt, byte); /* these work in the middle of a sequence too */
    } else if (vt->state == IN_ESCAPE) {
        escape_byte(vt, byte);
    } else if (vt->state == IN_DESIGNATE) {
        if (vt->intermediate == '(' || vt->intermediate == ')') {
            vt->cursor.graphics[vt->intermediate == ')'] = byte == '0';
        }
        vt->state = IN_TEXT;
    } else {
        csi_byte(vt, byte);
    }
}

/* UTF-8 (RFC 3629); what is none becomes U+FFFD. */
static void text_byte(Vt *vt, guint8 byte)
{
    if (vt->utf8_left && (byte & 0xc0) == 0x80) {
        vt->utf8_ch = vt->utf8_ch << 6 | (byte & 0x3f);
        if (--vt->utf8_left == 0) {
            gboolean good = vt->utf8_ch >= vt->utf8_min && g_unichar_validate(vt->utf8_ch);

            /* U+0080 to U+009F are control characters, which UTF-8 terminals leave out. */
            if (!good || vt->utf8_ch >= 0xa0) {
                vt_put(vt, good ? vt->utf8_ch : 0xfffd);
            }
        }
        return;
    }
    if (vt->utf8_left) {
        vt->utf8_left = 0;
        vt_put(vt, 0xfffd);
    }
    if (byte == ESC) {
        vt->state = IN_ESCAPE;
    } else if (byte < 0x20) {
        control(vt, byte);
    } else if (byte < 0x7f) {
        vt_put(vt, byte);
    } else if (byte >= 0xc2 && byte <= 0xf4) {
        vt->utf8_left = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        vt->utf8_min = byte >= 0xf0 ? 0x10000 : byte >= 0xe0 ? 0x800 : 0x80;
        vt->utf8_ch = byte & (0x3f >> vt->utf8_left);
    } else if (byte > 0x7f) {
        vt_put(vt, 0xfffd);
    }
}

void vt_feed(Vt *vt, const guint8 *data, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (vt->state == IN_TEXT) {
            text_byte(vt, data[i]);
        } else {
            sequence_byte(vt, data[i]);
        }
    }
}
