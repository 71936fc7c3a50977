/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes what a command line can say. By its first byte an input is words ('w', a line each), a
 * configuration file ('f') or an option in JSON ('j'). What is accepted must come back from a file
 * that it was written to.
 */
#include <string.h>

#include "app/uses.h"
#include "core/option-json.h"
#include "tests/fuzz/fuzz.h"

#define MAX_WORDS 64

/* The text of a file is read again, and written as it was. */
static void check_file(GPtrArray *uses)
{
    g_autofree char *text = cli_config_format(uses, NULL);
    g_autoptr(GPtrArray) again = cli_uses_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *second = NULL;

    if (!text) {
        return;
    }
    cli_config_parse(again, "FILE", text, &error);
    g_assert_no_error(error);
    second = cli_config_format(again, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second, ==, text);
}

static void run_words(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, "\n", MAX_WORDS);
    g_autoptr(CliConfig) config = cli_config_new();
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(argv, (char *)"vitrine");
    g_ptr_array_add(argv, (char *)"-no-user-config");
    for (guint i = 0; words[i]; i++) {
        g_ptr_array_add(argv, words[i]);
    }
    if (cli_parse(config, (int)argv->len, (char **)argv->pdata, &error)) {
        check_file(config->uses);
    } else {
        g_assert_nonnull(error);
    }
}

static void run_file(const char *text)
{
    g_autoptr(GPtrArray) uses = cli_uses_new();
    g_autoptr(GError) error = NULL;

    if (cli_config_parse(uses, "FILE", text, &error)) {
        check_file(uses);
    } else {
        g_assert_true(g_str_has_prefix(error->message, "FILE:"));
    }
}

static void run_json(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(OptionList) list = option_list_from_json(text, &error);
    g_autofree char *flat = list ? option_list_format(list, "driver") : NULL;
    g_autoptr(OptionList) again = list ? option_list_parse(flat, "driver", &error) : NULL;

    g_assert_true(again || error);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = size ? g_strndup((const char *)data + 1, size - 1) : NULL;

    /* Those reach for files of the host. */
    if (!size || strstr(text, "readconfig") || strstr(text, "writeconfig")) {
        return 0;
    }
    switch (data[0]) {
    case 'w': run_words(text); break;
    case 'f': run_file(text); break;
    default: run_json(text); break;
    }
    return 0;
}
