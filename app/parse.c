/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of the command line to uses of options, and from these to the configuration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/uses.h"
#include "core/error.h"
#include "core/option-json.h"

/* ---- names ---- */

static gboolean named(const CliOption *option, const char *name)
{
    return !strcmp(option->name, name) || (option->alias && !strcmp(option->alias, name));
}

const CliOption *cli_option_find(const char *name)
{
    for (const CliOption *option = cli_options; option->name; option++) {
        if (named(option, name)) {
            return option;
        }
    }
    return NULL;
}

/* Edit distance of two short words (Levenshtein), for suggestions. */
static guint distance(const char *a, const char *b)
{
    guint row[32];
    gsize width = strlen(b);

    if (width >= G_N_ELEMENTS(row)) {
        return G_MAXUINT;
    }
    for (guint j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (guint i = 0; a[i]; i++) {
        guint diagonal = row[0];

        row[0] = i + 1;
        for (guint j = 0; j < width; j++) {
            guint replace = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            row[j + 1] = MIN(replace, MIN(diagonal, row[j]) + 1);
        }
    }
    return row[width];
}

static const CliOption *nearest(const char *name)
{
    const CliOption *best = NULL;
    guint best_distance = strlen(name) > 3 ? 3 : MIN(strlen(name), 2); /* farther: no likeness */

    for (const CliOption *option = cli_options; option->name; option++) {
        guint d = distance(name, option->name);

        if (d < best_distance) {
            best = option;
            best_distance = d;
        }
    }
    return best;
}

gboolean cli_option_unknown(const char *word, const char *name, GError **error)
{
    g_autofree char *bare = g_strndup(name, strcspn(name, "="));
    const CliOption *option = bare[0] ? cli_option_find(bare) : NULL;
    const char *missing = cli_missing_reason(bare);

    if (option) {
        return error_set(error, "%s: the value of -%s goes into a word of its own", word,
                         option->name);
    }
    if (missing) {
        return error_set(error, "%s: this version does not have this option of QEMU's: %s", word,
                         missing);
    }
    option = nearest(bare);
    return option ? error_set(error,
                              "%s: unknown option; did you mean -%s? (vitrine --help lists them)",
                              word, option->name)
                  : error_set(error, "%s: unknown option (vitrine --help lists them)", word);
}

/* ---- gathering ---- */

static void use_free(gpointer data)
{
    CliUse *use = data;

    g_free(use->word);
    g_free(use->value);
    g_free(use);
}

GPtrArray *cli_uses_new(void)
{
    return g_ptr_array_new_with_free_func(use_free);
}

CliUse *cli_uses_add(GPtrArray *uses, const CliOption *option, const char *word, const char *value)
{
    CliUse *use = g_new0(CliUse, 1);

    use->option = option;
    use->word = g_strdup(word);
    use->value = g_strdup(value);
    g_ptr_array_add(uses, use);
    return use;
}

/* Who opens frontends takes words: they are made of -display's JSON. */
static gboolean gather_display(GPtrArray *uses, const CliOption *option, const char *word,
                               const char *json, GError **error)
{
    g_autoptr(OptionList) list = option_list_from_json(json, error);
    g_autofree char *text = list ? option_list_format(list, "type") : NULL;

    if (!list) {
        return FALSE;
    }
    if (!option_list_get(list, "type")) {
        return error_set(error, "the type is missing, as in {\"type\": \"gtk\"}");
    }
    cli_uses_add(uses, option, word, text);
    return TRUE;
}

static gboolean gather(GPtrArray *uses, const CliOption *option, const char *word,
                       const char *value, GError **error)
{
    if (!strcmp(option->name, "readconfig")) {
        return cli_config_read(uses, value, error);
    }
    if (!strcmp(option->name, "set")) {
        return cli_config_set(uses, value, error);
    }
    if (!strcmp(option->name, "display") && option_is_json(value)) {
        return gather_display(uses, option, word, value, error);
    }
    cli_uses_add(uses, option, word, value);
    return TRUE;
}

/* An error names the option and its value, once each. */
static gboolean fail_at(const char *word, const char *value, GError **error)
{
    const char *message = error ? (*error)->message : word;

    if (g_str_has_prefix(message, word)) {
        return FALSE;
    }
    if (value && !strstr(message, value)) {
        g_prefix_error(error, "%s %s: ", word, value);
    } else {
        g_prefix_error(error, "%s: ", word);
    }
    return FALSE;
}

static gboolean gather_option(GPtrArray *uses, char **argv, int argc, int *i, GError **error)
{
    const char *word = argv[*i] + (argv[*i][1] == '-' ? 1 : 0);
    const CliOption *option = cli_option_find(word + 1);
    const char *value = NULL;

    if (!option) {
        return cli_option_unknown(word, word + 1, error);
    }
    if (option->arg) {
        if (*i + 1 >= argc) {
            return error_set(error, "%s: a value is missing: -%s %s", word, option->name,
                             option->arg);
        }
        value = argv[++*i];
    }
    return gather(uses, option, word, value, error) || fail_at(word, value, error);
}

static gboolean gather_words(GPtrArray *uses, int argc, char **argv, GError **error)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            if (!gather_option(uses, argv, argc, &i, error)) {
                return FALSE;
            }
        } else if (argv[i][0]) {
            cli_uses_add(uses, NULL, "", argv[i]);
        } else {
            return error_set(error, "an empty word is neither an option nor an image");
        }
    }
    return TRUE;
}

/* ---- applying ---- */

static gboolean apply(CliConfig *config, GPtrArray *uses, GError **error)
{
    for (guint i = 0; i < uses->len && !config->print; i++) {
        const CliUse *use = g_ptr_array_index(uses, i);

        if (!use->option) {
            CliItem item = {"", use->value};

            g_array_append_val(config->drives, item);
        } else if (cli_wants_keys(use->option, use->value)) {
            config->print = cli_print_keys;
            config->print_text = use->option->name;
        } else if (!use->option->apply(config, use->option, use->value, error)) {
            return fail_at(use->word, use->value, error);
        }
    }
    return TRUE;
}

/* What asks for a text, or for no such files, is not kept from it by one that is wrong. */
static gboolean wants_defaults(GPtrArray *uses)
{
    static const char *const without[] = {"no-user-config", "help", "version", "help-man", NULL};

    for (guint i = 0; i < uses->len; i++) {
        const CliUse *use = g_ptr_array_index(uses, i);

        if (use->option && g_strv_contains(without, use->option->name)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean write_config(const CliConfig *config, GError **error)
{
    const char *path = config->write_config;
    g_autofree char *text = cli_config_format(config->uses, error);

    if (!text) {
        g_prefix_error(error, "-writeconfig %s: ", path);
        return FALSE;
    }
    if (!strcmp(path, "-")) {
        fputs(text, stdout);
        return fflush(stdout) == 0 || error_set_errno(error, errno, "-writeconfig -");
    }
    return g_file_set_contents(path, text, -1, NULL) ||
           error_set_errno(error, errno, "-writeconfig: cannot write '%s'", path);
}

gboolean cli_parse(CliConfig *config, int argc, char **argv, GError **error)
{
    g_autoptr(GPtrArray) words = cli_uses_new();

    if (!gather_words(words, argc, argv, error) ||
        (wants_defaults(words) && !cli_config_read_defaults(config->uses, error))) {
        return FALSE;
    }
    g_ptr_array_extend_and_steal(config->uses, g_steal_pointer(&words));
    return apply(config, config->uses, error) &&
           (!config->write_config || config->print || write_config(config, error));
}
