/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor/json-text: what is JSON and what is not, and how values are written. */
#include <string.h>

#include "monitor/json-text.h"

static char *again(const char *text, gboolean pretty)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) value = json_text_parse(text, strlen(text), &error);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!value) {
        return g_strdup(error->message);
    }
    g_assert_no_error(error);
    json_text_append(out, value, pretty);
    return g_strdup(out->str);
}

static void test_values(void)
{
    static const char *const cases[][2] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"{\"b\":1,'a':[true,false,null]}", "{\"b\": 1, \"a\": [true, false, null]}"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-0", "0"},
        {"1.5e3", "1500"},
        {"0.1", "0.10000000000000001"},
        {"\"a\\u00e9\\ud83d\\ude00\\n\\/\\'\"", "\"a\\u00E9\\uD83D\\uDE00\\n/'\""},
        {"'\"\xc3\xa9'", "\"\\\"\\u00E9\""},
        {"\"\\u001f\x7f\"", "\"\\u001F\\u007F\""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = again(cases[i][0], FALSE);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void test_errors(void)
{
    static const char *const cases[][2] = {
        {"", "expecting value"},
        {"}", "expecting value"},
        {"[1,]", "expecting value"},
        {"[1 2]", "expected separator in list"},
        {"{\"a\":1 \"b\":2}", "expected separator in dict"},
        {"{\"a\" 1}", "missing : in object pair"},
        {"{a:1}", "key is not a string in object"},
        {"{\"a\":1,\"a\":2}", "duplicate key"},
        {"nul", "invalid keyword 'nul'"},
        {"9223372036854775808", "number '9223372036854775808' is out of range"},
        {"-1e999", "number '-1e999' is out of range"},
        {"01", "stray '0'"},
        {"1.", "stray '1.'"},
        {"-", "stray '-'"},
        {"0x10", "stray '0'"},
        {"+1", "stray character"},
        {"/**/1", "stray character"},
        {"\"a", "string without end"},
        {"\"a\\", "invalid escape sequence in string"},
        {"\"\\q\"", "invalid escape sequence in string"},
        {"\"\\u00g0\"", "invalid \\u escape in string"},
        {"\"\\u0000\"", "invalid \\u escape in string"},
        {"\"\\ud83d\"", "invalid \\u escape in string"},
        {"\"\\ud83d\\u0041\"", "invalid \\u escape in string"},
        {"\"\\udc00\"", "invalid \\u escape in string"},
        {"\"a\nb\"", "stray control character in string"},
        {"\"\xff\"", "invalid UTF-8 sequence in string"},
        {"1 2", "stray text after the value"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = again(cases[i][0], FALSE);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void test_pretty(void)
{
    g_autofree char *text = again("{\"a\":[1,{}],\"b\":{\"c\":[]}}", TRUE);

    g_assert_cmpstr(text, ==,
                    "{\n    \"a\": [\n        1,\n        {}\n    ],\n"
                    "    \"b\": {\n        \"c\": []\n    }\n}");
}

/* File names may be any bytes. */
static void test_no_utf8(void)
{
    g_autoptr(JsonNode) value = json_node_init_string(json_node_alloc(), "a\xff\xc3z");
    g_autoptr(GString) out = g_string_new(NULL);

    json_text_append(out, value, FALSE);
    g_assert_cmpstr(out->str, ==, "\"a\\uFFFD\\uFFFDz\"");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-text/values", test_values);
    g_test_add_func("/json-text/errors", test_errors);
    g_test_add_func("/json-text/pretty", test_pretty);
    g_test_add_func("/json-text/no-utf8", test_no_utf8);
    return g_test_run();
}
