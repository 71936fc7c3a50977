/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts a stream of bytes into JSON values (RFC 8259), in whatever chunks it comes. It only finds
 * where each value ends and bounds its size and depth, so that what a peer sends can neither fill
 * memory nor a parser's stack; whether it is JSON is for the parser to say. Pure; any thread.
 */
#pragma once

#include <glib.h>

#define JSON_FRAME_MAX_SIZE  (1u << 20) /* bytes of one value */
#define JSON_FRAME_MAX_DEPTH 128        /* arrays and objects in each other */

typedef struct JsonFrame {
    GByteArray *bytes; /* of the value under way */
    guint depth;
    guint8 in_string; /* the quote that it began with; 0 = in none */
    gboolean in_word, escaped;
    gboolean skipping; /* the value broke a limit: dropped up to the end of its line */
} JsonFrame;

typedef enum JsonFrameStatus {
    JSON_FRAME_MORE,      /* all bytes were taken, no value is complete */
    JSON_FRAME_VALUE,     /* frame->bytes is a value */
    JSON_FRAME_BROKEN,    /* a byte that JSON never has: the value is dropped up to it */
    JSON_FRAME_TOO_LARGE, /* these two: the value is dropped, and the rest of its line */
    JSON_FRAME_TOO_DEEP,
} JsonFrameStatus;

void json_frame_init(JsonFrame *frame);
void json_frame_clear(JsonFrame *frame);

/*
 * Takes bytes up to the end of a value and says how many. After JSON_FRAME_VALUE the caller looks
 * at frame->bytes before it feeds the rest.
 */
JsonFrameStatus json_frame_feed(JsonFrame *frame, const guint8 *data, gsize length, gsize *taken);

/* Drops the value under way: another peer begins. */
void json_frame_reset(JsonFrame *frame);
