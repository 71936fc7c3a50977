/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor/json-frame: the same values whatever the chunks; limits. */
#include "monitor/json-frame.h"

#include <string.h>

/* Feeds `text` in chunks of `chunk` bytes; values are joined by '|', broken limits are '!'. */
static char *cut(const char *text, gsize chunk)
{
    gsize length = strlen(text);
    GString *out = g_string_new(NULL);
    JsonFrame frame;

    json_frame_init(&frame);
    for (gsize at = 0; at < length;) {
        gsize taken, room = MIN(chunk, length - at);
        JsonFrameStatus status = json_frame_feed(&frame, (const guint8 *)text + at, room, &taken);

        g_assert_cmpuint(taken, <=, room);
        at += taken;
        if (status == JSON_FRAME_VALUE) {
            g_string_append_len(out, (const char *)frame.bytes->data, frame.bytes->len);
            g_string_append_c(out, '|');
            json_frame_reset(&frame);
        } else if (status != JSON_FRAME_MORE) {
            g_string_append_c(out, '!');
        } else {
            g_assert_cmpuint(taken, ==, room);
        }
    }
    g_string_append_len(out, (const char *)frame.bytes->data, frame.bytes->len);
    json_frame_clear(&frame);
    return g_string_free(out, FALSE);
}

static void expect(const char *text, const char *values)
{
    for (gsize chunk = 1; chunk <= 16; chunk++) {
        g_autofree char *got = cut(text, chunk);
        g_assert_cmpstr(got, ==, values);
    }
}

static void test_values(void)
{
    expect("{} [] \"x\" 12 true ", "{}|[]|\"x\"|12|true|");
    expect("{\"a\": [1, {\"b\": \"}\"}]}{\"c\"", "{\"a\": [1, {\"b\": \"}\"}]}|{\"c\"");
    expect("\"a\\\"}\\\\\"\r\n{ }", "\"a\\\"}\\\\\"|{ }|");
    expect("1{}", "1|{}|");
    expect("", "");
    expect("  \t\r\n ", "");
}

/* What is no JSON ends somewhere, and the next line is good again. */
static void test_broken(void)
{
    expect("}{}\n", "}|{}|");
    expect("{\"open\n{}", "{\"open\n|{}|");
    expect("xyz {}", "xyz|{}|");
}

static void test_limits(void)
{
    g_autoptr(GString) deep = g_string_new(NULL), large = g_string_new("\"");
    g_autofree char *from_deep = NULL, *from_large = NULL;

    for (guint i = 0; i <= JSON_FRAME_MAX_DEPTH; i++) {
        g_string_append_c(deep, '[');
    }
    g_string_append(deep, "]]]]{}\n{}");
    from_deep = cut(deep->str, 4096);
    g_assert_cmpstr(from_deep, ==, "!{}|");
    while (large->len <= JSON_FRAME_MAX_SIZE) {
        g_string_append(large, "0123456789abcdef");
    }
    g_string_append(large, "\"\n{}");
    from_large = cut(large->str, 4096);
    g_assert_cmpstr(from_large, ==, "!{}|");
}

/* A client begins anew with a byte that JSON never has. */
static void test_begin_anew(void)
{
    expect("{\"a\": \"b\033{}", "!{}|");
    expect("{\"a\":[\377{}\377", "!{}|!");
    expect("{'}': \"'\"}1\t", "{'}': \"'\"}|1|");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-frame/values", test_values);
    g_test_add_func("/json-frame/broken", test_broken);
    g_test_add_func("/json-frame/limits", test_limits);
    g_test_add_func("/json-frame/begin-anew", test_begin_anew);
    return g_test_run();
}
