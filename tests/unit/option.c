/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/option.h"

#include <string.h>

typedef struct Thing {
    gboolean flag;
    gint64 offset;
    guint64 count, size;
    char *path;
    int mode;
    char *names;
} Thing;

static const char *const modes[] = {"slow", "fast", NULL};

static const OptionSpec specs[] = {
    {"flag", OPTION_BOOL, G_STRUCT_OFFSET(Thing, flag), "on", "a flag"},
    {"offset", OPTION_INT, G_STRUCT_OFFSET(Thing, offset), "-5", "signed", (guint64)-10, 10},
    {"count", OPTION_UINT, G_STRUCT_OFFSET(Thing, count), "3", "how many", 1, 255},
    {"size", OPTION_SIZE, G_STRUCT_OFFSET(Thing, size), "16M", "bytes"},
    {"path", OPTION_STRING, G_STRUCT_OFFSET(Thing, path), NULL, "file"},
    {"mode", OPTION_ENUM, G_STRUCT_OFFSET(Thing, mode), "slow", "speed", 0, 0, modes},
    {"names", OPTION_STRING, G_STRUCT_OFFSET(Thing, names), NULL, "several", .glue = ":"},
    OPTION_END,
};

static void test_list_grammar(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(OptionList) list =
        option_list_parse("a,,b=c,key=x=y,,z,flag,nowait,key=last", "file", &error);

    g_assert_no_error(error);
    /* The first element has its '=' after a comma, so it is a bare word with one comma. */
    g_assert_cmpstr(option_list_get(list, "file"), ==, "a,b=c");
    g_assert_cmpstr(option_list_get(list, "key"), ==, "last");
    g_assert_cmpstr(option_list_get(list, "flag"), ==, "on");
    g_assert_false(option_list_check_used(list, "thing", &error));
    g_assert_cmpstr(error->message, ==, "thing has no option 'nowait'");
    g_clear_error(&error);
    g_assert_cmpstr(option_list_get(list, "wait"), ==, "off");
    g_assert_true(option_list_check_used(list, "thing", &error));
    g_assert_null(option_list_get(list, "missing"));
}

static void test_list_values(void)
{
    g_autoptr(OptionList) list = option_list_parse("k=1,k=a,,b,other=,,", NULL, NULL);
    g_autoptr(OptionList) copy = option_list_copy(list);
    g_autofree char *taken = option_list_take(list, "k");

    g_assert_cmpstr(taken, ==, "a,b");
    g_assert_null(option_list_get(list, "k"));
    g_assert_cmpstr(option_list_get(list, "other"), ==, ",");
    g_assert_cmpstr(option_list_get(copy, "k"), ==, "a,b");
}

static void test_list_bad(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(option_list_parse("a=1,=2", NULL, &error));
    g_assert_nonnull(strstr(error->message, "=2"));
}

static gboolean asks_for_help(const char *text, const char *implied)
{
    g_autoptr(OptionList) list = option_list_parse(text, implied, NULL);

    return option_list_wants_help(list);
}

static void test_list_help(void)
{
    g_assert_true(asks_for_help("help", "driver"));
    g_assert_true(asks_for_help("VGA,help", "driver"));
    g_assert_true(asks_for_help("?", NULL));
    g_assert_false(asks_for_help("file=help", "driver"));
    g_assert_false(asks_for_help("", "driver"));
}

static void test_defaults(void)
{
    static const char *const expected[] = {"on", "-5", "3", "16M", "", "slow", ""};
    Thing thing;

    memset(&thing, 0xee, sizeof(thing));
    options_set_defaults(specs, &thing);
    for (guint i = 0; specs[i].name; i++) {
        g_autofree char *text = options_get(specs, &thing, specs[i].name);

        g_assert_cmpstr(text, ==, expected[i]);
    }
    options_clear(specs, &thing);
}

static void test_apply(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(OptionList) list =
        option_list_parse("/a b,flag=off,offset=-10,count=0xff,size=1.5K,mode=fast", "path", NULL);
    Thing thing;

    options_set_defaults(specs, &thing);
    g_assert_true(options_apply(specs, &thing, list, &error));
    g_assert_true(option_list_check_used(list, "thing", &error));
    g_assert_false(thing.flag);
    g_assert_cmpint(thing.offset, ==, -10);
    g_assert_cmpuint(thing.count, ==, 255);
    g_assert_cmpuint(thing.size, ==, 1536);
    g_assert_cmpstr(thing.path, ==, "/a b");
    g_assert_cmpint(thing.mode, ==, 1);
    options_clear(specs, &thing);
    g_assert_null(thing.path);
}

/* Of an option that is given again the last value counts, or all do. */
static void test_apply_again(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(OptionList) list =
        option_list_parse("path=a,names=x,path=b,names=y:z,names=w", NULL, NULL);
    Thing thing;

    options_set_defaults(specs, &thing);
    g_assert_true(options_apply(specs, &thing, list, &error));
    g_assert_true(option_list_check_used(list, "thing", &error));
    g_assert_cmpstr(thing.path, ==, "b");
    g_assert_cmpstr(thing.names, ==, "x:y:z:w");
    options_clear(specs, &thing);
}

static void test_set_bad(void)
{
    static const struct {
        const char *name, *value, *message;
    } cases[] = {
        {"flag", "maybe", "flag: 'maybe' is neither on nor off"},
        {"offset", "11", "offset: 11 is out of range (-10 to 10)"},
        {"offset", "--1", "offset: '-1' is not a number (decimal, or hexadecimal after 0x)"},
        {"count", "0", "count: 0 is out of range (1 to 255)"},
        {"count", " 1", "count: ' 1' is not a number (decimal, or hexadecimal after 0x)"},
        {"count", "18446744073709551616", "count: '18446744073709551616' is too large"},
        {"size", "12Q", "size: '12Q' is not a size (a number with an optional K, M, G or T)"},
        {"size", "", "size: '' is not a size (a number with an optional K, M, G or T)"},
        {"size", "1.5", "size: '1.5' is not a size (a number with an optional K, M, G or T)"},
        {"size", "16E", "size: '16E' is too large"},
        {"mode", "warp", "mode: 'warp' is not one of slow, fast"},
        {"mood", "x",
         "unknown option 'mood' (known: flag, offset, count, size, path, mode, names)"},
    };
    Thing thing;

    options_set_defaults(specs, &thing);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(options_set(specs, &thing, cases[i].name, cases[i].value, &error));
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
    g_assert_cmpuint(thing.count, ==, 3);
    options_clear(specs, &thing);
}

static void test_sizes(void)
{
    static const struct {
        const char *text;
        char unit;
        guint64 size;
    } cases[] = {
        {"0", 'M', 0},           {"512", 'M', 512ULL << 20},
        {"1g", 'M', 1ULL << 30}, {"1.5G", 'M', 3ULL << 29},
        {"0x1000", 'M', 4096},   {"7b", 'M', 7},
        {"0.25k", 'B', 256},     {"15E", 'B', 15ULL << 60},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 size = 1;

        g_assert_true(option_parse_size("x", cases[i].text, cases[i].unit, &size, &error));
        g_assert_cmpuint(size, ==, cases[i].size);
    }
}

static void test_help(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    options_help(specs, out);
    g_assert_nonnull(strstr(out->str, "  count=<uint>            - how many (default: 3)\n"));
    g_assert_nonnull(strstr(out->str, "  mode=<slow|fast>        - speed (default: slow)\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/option/list/grammar", test_list_grammar);
    g_test_add_func("/option/list/values", test_list_values);
    g_test_add_func("/option/list/bad", test_list_bad);
    g_test_add_func("/option/list/help", test_list_help);
    g_test_add_func("/option/defaults", test_defaults);
    g_test_add_func("/option/apply", test_apply);
    g_test_add_func("/option/apply-again", test_apply_again);
    g_test_add_func("/option/set-bad", test_set_bad);
    g_test_add_func("/option/sizes", test_sizes);
    g_test_add_func("/option/help", test_help);
    return g_test_run();
}
