/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table for programs: what query-command-line-options of QMP answers. Options that take
 * "key=value,..." are listed; their keys are those of the form that the table shows, and, where
 * "PROP=VALUE" stands there, of the things that the option makes.
 */
#include <stdio.h>
#include <string.h>

#include "app/accels.h"
#include "app/frontends.h"
#include "app/listings.h"
#include "app/options.h"
#include "app/uses.h"
#include "core/block.h"
#include "core/char.h"
#include "hw/pc/board.h"

typedef struct Parameters {
    GVariantBuilder list; /* aa{sv} */
    GHashTable *seen;     /* set of names, owned */
} Parameters;

static void add_parameter(Parameters *parameters, const char *name, const char *type,
                          const char *help, const char *def)
{
    GVariantBuilder item;

    if (!g_hash_table_add(parameters->seen, g_strdup(name))) {
        return;
    }
    g_variant_builder_init(&item, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add_parsed(&item, "{'name', <%s>}", name);
    g_variant_builder_add_parsed(&item, "{'type', <%s>}", type);
    if (help && *help) {
        g_variant_builder_add_parsed(&item, "{'help', <%s>}", help);
    }
    if (def) {
        g_variant_builder_add_parsed(&item, "{'default', <%s>}", def);
    }
    g_variant_builder_add_value(&parameters->list, g_variant_builder_end(&item));
}

/* ---- keys in the form ---- */

/* The type of what stands after "key=" in a form: "on|off", "N", "MS", "SIZE". A bracket ends an
 * optional key: "[shift=]N". */
static const char *type_of_form(const char *value)
{
    g_autofree char *word = NULL;

    value += *value == ']';
    word = g_strndup(value, strcspn(value, "[],"));
    if (g_str_equal(word, "on|off")) {
        return "boolean";
    }
    if (g_str_equal(word, "N") || g_str_equal(word, "MS")) {
        return "number";
    }
    return g_str_equal(word, "SIZE") ? "size" : "string";
}

static void add_form(Parameters *parameters, const char *form)
{
    for (const char *equals = strchr(form, '='); equals; equals = strchr(equals + 1, '=')) {
        const char *start = equals;
        g_autofree char *name = NULL;

        while (start > form && (g_ascii_islower(start[-1]) || g_ascii_isdigit(start[-1]) ||
                                strchr("-_", start[-1]))) {
            start--;
        }
        name = g_strndup(start, (gsize)(equals - start));
        if (g_ascii_islower(*name)) {
            add_parameter(parameters, name, type_of_form(equals + 1), NULL, NULL);
        }
    }
}

/* ---- keys of what an option makes ---- */

static void add_specs(Parameters *parameters, const OptionSpec *specs)
{
    static const char *const types[] = {
        [OPTION_BOOL] = "boolean", [OPTION_INT] = "number",    [OPTION_UINT] = "number",
        [OPTION_SIZE] = "size",    [OPTION_STRING] = "string", [OPTION_ENUM] = "string",
    };

    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        add_parameter(parameters, spec->name, types[spec->type], spec->help, spec->def);
    }
}

static void add_actions(Parameters *parameters)
{
    add_specs(parameters, machine_action_specs);
}

static void add_boards(Parameters *parameters)
{
    for (guint i = 0; board_types[i]; i++) {
        add_specs(parameters, board_types[i]->options);
    }
}

static void add_accels(Parameters *parameters)
{
    for (guint i = 0; accel_types[i]; i++) {
        add_specs(parameters, accel_types[i]->options);
    }
}

static void add_drives(Parameters *parameters)
{
    add_specs(parameters, drive_options);
}

static void add_chardevs(Parameters *parameters)
{
    for (guint i = 0; chardev_types[i]; i++) {
        add_specs(parameters, chardev_types[i]->options);
    }
}

static void add_frontend(Parameters *parameters, const char *name)
{
    const FrontendOps *ops = frontends_load(name, NULL);

    if (ops) {
        add_specs(parameters, ops->options);
    }
}

static void add_vnc(Parameters *parameters)
{
    add_frontend(parameters, "vnc");
}

static void add_spice(Parameters *parameters)
{
    add_frontend(parameters, "spice");
}

/* Options of things, and options whose group QEMU calls by another name. */
static const struct {
    const char *option, *group;
    void (*add)(Parameters *parameters); /* NULL = the form says it all */
} groups[] = {
    {"action", "action", add_actions},
    {"machine", "machine", add_boards},
    {"accel", "accel", add_accels},
    {"drive", "drive", add_drives},
    {"chardev", "chardev", add_chardevs},
    {"vnc", "vnc", add_vnc},
    {"spice", "spice", add_spice},
    {"m", "memory", NULL},
    {"smp", "smp-opts", NULL},
    {"boot", "boot-opts", NULL},
};

static GVariant *describe(const CliOption *option)
{
    Parameters parameters = {.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    const char *name = option->name;

    g_variant_builder_init(&parameters.list, G_VARIANT_TYPE("aa{sv}"));
    add_form(&parameters, option->arg);
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (g_str_equal(groups[i].option, option->name)) {
            name = groups[i].group;
            if (groups[i].add) {
                groups[i].add(&parameters);
            }
        }
    }
    g_hash_table_unref(parameters.seen);
    return g_variant_new_parsed("{'option': <%s>, 'parameters': <%@aa{sv}>}", name,
                                g_variant_builder_end(&parameters.list));
}

GVariant *cli_describe(void)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
    for (const CliOption *option = cli_options; option->name; option++) {
        if (option->arg && strchr(option->arg, '=')) {
            g_variant_builder_add_value(&list, describe(option));
        }
    }
    return g_variant_builder_end(&list);
}

/* ---- help ---- */

/* They have an answer of their own, or "help" is a value. */
static const char *const no_keys[] = {"accel",   "blockdev", "chardev", "cpu",  "device",
                                      "display", "drive",    "machine", "name", "net",
                                      "nic",     "object",   NULL};

gboolean cli_wants_keys(const CliOption *option, const char *value)
{
    g_autoptr(OptionList) list = NULL;

    if (!option->arg || !strchr(option->arg, '=') || !value ||
        g_strv_contains(no_keys, option->name)) {
        return FALSE;
    }
    list = option_list_parse(value, "", NULL);
    return list && option_list_wants_help(list);
}

static void print_key(GVariant *parameter)
{
    const char *name, *type, *help = "";
    g_autofree char *left = NULL;

    g_variant_lookup(parameter, "name", "&s", &name);
    g_variant_lookup(parameter, "type", "&s", &type);
    g_variant_lookup(parameter, "help", "&s", &help);
    left = g_strdup_printf("%s=<%s>", name,
                           g_str_equal(type, "boolean")  ? "bool (on/off)"
                           : g_str_equal(type, "number") ? "num"
                           : g_str_equal(type, "string") ? "str"
                                                         : "size");
    if (*help) {
        printf("  %-22s - %s\n", left, help);
    } else {
        printf("  %s\n", left);
    }
}

/* -vnc and -spice are frontends: their modules tell values and defaults, too. */
static int print_frontend(const char *name)
{
    g_autofree char *text = g_strconcat(name, ",help", NULL);
    return list_displays(text);
}

int cli_print_keys(const char *name)
{
    if (g_strv_contains(frontend_names, name)) {
        return print_frontend(name);
    }
    g_autoptr(GVariant) group = g_variant_ref_sink(describe(cli_option_find(name)));
    g_autoptr(GVariant) parameters = g_variant_lookup_value(group, "parameters", NULL);
    const char *title = name;
    GVariantIter iter;
    GVariant *parameter;

    g_variant_lookup(group, "option", "&s", &title);
    printf("%s options:\n", title);
    g_variant_iter_init(&iter, parameters);
    while ((parameter = g_variant_iter_next_value(&iter)) != NULL) {
        print_key(parameter);
        g_variant_unref(parameter);
    }
    return 0;
}
