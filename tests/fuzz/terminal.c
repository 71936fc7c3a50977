/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes what terminals send: any bytes, in pieces whose lengths are in the input, with time-outs
 * between some. Events must be in their ranges, and each must lead to a key or to none.
 */
#include "tests/fuzz/fuzz.h"
#include "ui/terminal/caps.h"
#include "ui/terminal/input-keys.h"

typedef struct Sink {
    TermCaps caps;
    Keymap *keymap;
} Sink;

static void on_event(const TermEvent *event, void *opaque)
{
    Sink *sink = opaque;
    TermStroke stroke;
    char text[6];

    g_assert(event->count <= TERM_EVENT_NUMBERS);
    g_assert(event->x >= 0 && event->y >= 0);
    term_caps_take(&sink->caps, event);
    term_caps_graphics(&sink->caps);
    if (event->type == TERM_EVENT_KEY) {
        term_key_text(event, text);
        if (term_stroke(event, sink->keymap, &stroke)) {
            g_assert(stroke.key > 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static Keymap *keymap; /* dear to make */
    Sink sink = {.caps = {.answered = FALSE}};
    TermParser *parser;

    if (!keymap) {
        keymap = keymap_new("de", NULL);
    }
    sink.keymap = keymap;
    parser = term_parser_new(on_event, &sink, size ? data[0] : 0);
    while (size > 0) {
        size_t length = MIN((size_t)data[0] % 64 + 1, size);

        term_parser_feed(parser, data, length);
        if (data[0] & 0x80) {
            term_parser_timeout(parser);
        }
        data += length;
        size -= length;
    }
    term_parser_timeout(parser);
    term_parser_free(parser);
    return 0;
}
