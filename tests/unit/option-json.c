/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/option-json.h"

#include <string.h>

static char *flat(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(OptionList) list = option_list_from_json(text, &error);

    g_assert_no_error(error);
    return option_list_format(list, NULL);
}

static void test_values(void)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{}", ""},
        {"{\"driver\":\"VGA\",\"vgamem_mb\":32}", "driver=VGA,vgamem_mb=32"},
        {" {\"a\":true,\"b\":false,\"c\":-7,\"d\":1.5}", "a=on,b=off,c=-7,d=1.5"},
        {"{\"a\":{\"b\":{\"c\":1}},\"d\":[\"x\",{\"y\":2}]}", "a.b.c=1,d.0=x,d.1.y=2"},
        {"{\"path\":\"a,b=c\"}", "path=a,,b=c"},
        {"{\"n\":9223372036854775807}", "n=9223372036854775807"},
        {"{\"a\":{},\"b\":[],\"c\":\"\"}", "c="},
        {"{\"a\":{\"x\":1},\"b\":{\"x\":1}}", "a.x=1,b.x=1"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = flat(cases[i].json);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_bad(void)
{
    static const struct {
        const char *json, *part;
    } cases[] = {
        {"{\"driver\":\"VGA\"", "JSON parse error"},
        {"{\"driver\":null}", "'driver' is null"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "'a' is there twice"},
        {"{\"o\":{\"a\":1,\"a\":1}}", "'a' is there twice"},
        {"{\"a,b\":1}", "'a,b' cannot be the name"},
        {"{\"o\":{\"\":1}}", "'o.' cannot be the name"},
        {"{\"a\":\"\xff\"}", "not UTF-8"},
        {"[1]", "not an object"},
        {"", "not an object"},
        {"{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "nested more than 16"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(option_list_from_json(cases[i].json, &error));
        g_assert_nonnull(strstr(error->message, cases[i].part));
        g_assert_null(strchr(error->message, '\n'));
    }
}

static void test_either(void)
{
    g_autoptr(OptionList) words = option_list_parse_either("VGA,id=a", "driver", NULL);
    g_autoptr(OptionList) json =
        option_list_parse_either("{\"driver\":\"VGA\",\"id\":\"a\"}", "driver", NULL);
    g_autofree char *one = option_list_format(words, "driver");
    g_autofree char *other = option_list_format(json, "driver");

    g_assert_cmpstr(one, ==, "VGA,id=a");
    g_assert_cmpstr(other, ==, one);
    g_assert_true(option_is_json("\n{"));
    g_assert_false(option_is_json("x{"));
}

/* What is written is read again as it was. */
static void test_format(void)
{
    static const char *const texts[] = {"a,b=c", "file=x,,y,flag=on", "k==,l=,,", "a=1,a=2", ""};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(OptionList) list = option_list_parse(texts[i], "file", NULL);
        g_autofree char *once = option_list_format(list, "file");
        g_autoptr(OptionList) again = option_list_parse(once, "file", NULL);
        g_autofree char *twice = option_list_format(again, NULL);
        g_autofree char *plain = option_list_format(list, NULL);

        g_assert_cmpstr(twice, ==, plain);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/option-json/values", test_values);
    g_test_add_func("/option-json/bad", test_bad);
    g_test_add_func("/option-json/either", test_either);
    g_test_add_func("/option-json/format", test_format);
    return g_test_run();
}
