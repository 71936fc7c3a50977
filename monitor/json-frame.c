/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/json-frame.h"

#include <string.h>

void json_frame_init(JsonFrame *frame)
{
    *frame = (JsonFrame){.bytes = g_byte_array_new()};
}

void json_frame_clear(JsonFrame *frame)
{
    g_byte_array_unref(frame->bytes);
}

void json_frame_reset(JsonFrame *frame)
{
    GByteArray *bytes = frame->bytes;

    g_byte_array_set_size(bytes, 0);
    *frame = (JsonFrame){.bytes = bytes};
}

static JsonFrameStatus give_up(JsonFrame *frame, JsonFrameStatus why)
{
    json_frame_reset(frame);
    frame->skipping = TRUE;
    return why;
}

static gboolean is_space(guint8 byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* TRUE if the value ends with this byte. */
static gboolean take_in_string(JsonFrame *frame, guint8 byte)
{
    if (frame->escaped) {
        frame->escaped = FALSE;
    } else if (byte == '\\') {
        frame->escaped = TRUE;
    } else if (byte == frame->in_string ||
               byte == '\n') { /* no string holds a raw newline: it is broken */
        frame->in_string = 0;
        return frame->depth == 0 || byte == '\n';
    }
    return FALSE;
}

static gboolean take_plain(JsonFrame *frame, guint8 byte)
{
    switch (byte) {
    case '"':
    case '\'': frame->in_string = byte; return FALSE;
    case '{':
    case '[': frame->depth++; return FALSE;
    case '}':
    case ']': frame->depth -= frame->depth > 0; return frame->depth == 0;
    default: frame->in_word = frame->depth == 0; return FALSE;
    }
}

/* By such a byte a client says that it begins anew (QMP specification, section 2.6). */
static gboolean never_in_json(guint8 byte)
{
    return (byte < ' ' && !is_space(byte)) || byte >= 0xfe;
}

/* Does a word (a number, true) at the top end before this byte? */
static gboolean ends_word(guint8 byte)
{
    return is_space(byte) || strchr("{}[]\"',:", byte) != NULL;
}

JsonFrameStatus json_frame_feed(JsonFrame *frame, const guint8 *data, gsize length, gsize *taken)
{
    gsize start = 0, i = 0;
    gboolean ended = FALSE;

    while (i < length && !ended) {
        guint8 byte = data[i];

        if (frame->skipping) {
            frame->skipping = byte != '\n';
            start = ++i;
        } else if (never_in_json(byte)) {
            json_frame_reset(frame);
            *taken = i + 1;
            return JSON_FRAME_BROKEN;
        } else if (frame->in_string) {
            ended = take_in_string(frame, byte);
            i++;
        } else if (frame->in_word && ends_word(byte)) {
            ended = TRUE; /* the byte is the next value's */
        } else if (is_space(byte) && frame->depth == 0 && !frame->in_word) {
            start = ++i;
        } else {
            ended = take_plain(frame, byte);
            i++;
        }
        if (frame->bytes->len + (i - start) > JSON_FRAME_MAX_SIZE) {
            *taken = i;
            return give_up(frame, JSON_FRAME_TOO_LARGE);
        }
        if (frame->depth > JSON_FRAME_MAX_DEPTH) {
            *taken = i;
            return give_up(frame, JSON_FRAME_TOO_DEEP);
        }
    }
    g_byte_array_append(frame->bytes, data + start, (guint)(i - start));
    *taken = i;
    if (ended) {
        frame->depth = 0;
        frame->in_word = frame->escaped = FALSE;
        frame->in_string = 0;
    }
    return ended ? JSON_FRAME_VALUE : JSON_FRAME_MORE;
}
