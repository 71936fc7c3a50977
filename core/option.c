/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/option.h"

#include <string.h>

#include "core/error.h"

#define FIELD(T, spec, object)       ((T *)((char *)(object) + (spec)->offset))
#define CONST_FIELD(T, spec, object) ((const T *)((const char *)(object) + (spec)->offset))

const OptionSpec *options_find(const OptionSpec *specs, const char *name)
{
    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        if (!strcmp(spec->name, name)) {
            return spec;
        }
    }
    return NULL;
}

/* Sets an integer from a number of either sign; the limits are the row's. */
static gboolean set_int(const OptionSpec *spec, gint64 *value, const char *text, GError **error)
{
    gboolean negative = text[0] == '-';
    guint64 magnitude;
    gint64 number;

    if (!option_parse_uint(spec->name, text + negative, &magnitude, error)) {
        return FALSE;
    }
    if (magnitude > G_MAXINT64) {
        return error_set(error, "%s: '%s' is too large", spec->name, text);
    }
    number = negative ? -(gint64)magnitude : (gint64)magnitude;
    if ((spec->min || spec->max) && (number < (gint64)spec->min || number > (gint64)spec->max)) {
        return error_set(error,
                         "%s: %s is out of range (%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ")",
                         spec->name, text, (gint64)spec->min, (gint64)spec->max);
    }
    *value = number;
    return TRUE;
}

static gboolean in_range(const OptionSpec *spec, guint64 value, const char *text, GError **error)
{
    if ((spec->min || spec->max) && (value < spec->min || value > spec->max)) {
        return error_set(error,
                         "%s: %s is out of range (%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ")",
                         spec->name, text, spec->min, spec->max);
    }
    return TRUE;
}

static gboolean set_enum(const OptionSpec *spec, int *value, const char *text, GError **error)
{
    g_autofree char *all = NULL;

    for (int i = 0; spec->values[i]; i++) {
        if (!strcmp(spec->values[i], text)) {
            *value = i;
            return TRUE;
        }
    }
    all = g_strjoinv(", ", (char **)spec->values);
    return error_set(error, "%s: '%s' is not one of %s", spec->name, text, all);
}

static gboolean set_field(const OptionSpec *spec, void *object, const char *text, GError **error)
{
    guint64 number;

    switch (spec->type) {
    case OPTION_BOOL:
        return option_parse_bool(spec->name, text, FIELD(gboolean, spec, object), error);
    case OPTION_INT: return set_int(spec, FIELD(gint64, spec, object), text, error);
    case OPTION_UINT:
        if (!option_parse_uint(spec->name, text, &number, error) ||
            !in_range(spec, number, text, error)) {
            return FALSE;
        }
        *FIELD(guint64, spec, object) = number;
        return TRUE;
    case OPTION_SIZE:
        if (!option_parse_size(spec->name, text, 'B', &number, error) ||
            !in_range(spec, number, text, error)) {
            return FALSE;
        }
        *FIELD(guint64, spec, object) = number;
        return TRUE;
    case OPTION_STRING:
        g_free(*FIELD(char *, spec, object));
        *FIELD(char *, spec, object) = g_strdup(text);
        return TRUE;
    case OPTION_ENUM: return set_enum(spec, FIELD(int, spec, object), text, error);
    }
    g_assert_not_reached();
}

static void set_zero(const OptionSpec *spec, void *object)
{
    switch (spec->type) {
    case OPTION_BOOL: *FIELD(gboolean, spec, object) = FALSE; return;
    case OPTION_INT: *FIELD(gint64, spec, object) = 0; return;
    case OPTION_UINT:
    case OPTION_SIZE: *FIELD(guint64, spec, object) = 0; return;
    case OPTION_STRING: *FIELD(char *, spec, object) = NULL; return;
    case OPTION_ENUM: *FIELD(int, spec, object) = 0; return;
    }
    g_assert_not_reached();
}

void options_set_defaults(const OptionSpec *specs, void *object)
{
    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        set_zero(spec, object);
        if (spec->def) {
            gboolean parsed = set_field(spec, object, spec->def, NULL);

            g_assert(parsed);
        }
    }
}

static char *known_names(const OptionSpec *specs)
{
    GString *names = g_string_new(NULL);

    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", spec->name);
    }
    return g_string_free(names, FALSE);
}

gboolean options_set(const OptionSpec *specs, void *object, const char *name, const char *value,
                     GError **error)
{
    const OptionSpec *spec = options_find(specs, name);

    if (!spec) {
        g_autofree char *names = known_names(specs);

        return names[0] ? error_set(error, "unknown option '%s' (known: %s)", name, names)
                        : error_set(error, "unknown option '%s' (there are none)", name);
    }
    return set_field(spec, object, value, error);
}

char *option_format(const OptionSpec *spec, const void *object)
{
    switch (spec->type) {
    case OPTION_BOOL: return g_strdup(*CONST_FIELD(gboolean, spec, object) ? "on" : "off");
    case OPTION_INT:
        return g_strdup_printf("%" G_GINT64_FORMAT, *CONST_FIELD(gint64, spec, object));
    case OPTION_UINT:
        return g_strdup_printf("%" G_GUINT64_FORMAT, *CONST_FIELD(guint64, spec, object));
    case OPTION_SIZE: {
        guint64 size = *CONST_FIELD(guint64, spec, object);
        guint unit = 0;

        while (unit < 4 && size && size % 1024 == 0) {
            size /= 1024;
            unit++;
        }
        return g_strdup_printf("%" G_GUINT64_FORMAT "%.1s", size, &"\0KMGT"[unit]);
    }
    case OPTION_STRING: {
        const char *text = *CONST_FIELD(char *, spec, object);

        return g_strdup(text ? text : "");
    }
    case OPTION_ENUM: return g_strdup(spec->values[*CONST_FIELD(int, spec, object)]);
    }
    g_assert_not_reached();
}

char *options_get(const OptionSpec *specs, const void *object, const char *name)
{
    const OptionSpec *spec = options_find(specs, name);

    return spec ? option_format(spec, object) : NULL;
}

void options_clear(const OptionSpec *specs, void *object)
{
    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        if (spec->type == OPTION_STRING) {
            g_clear_pointer(FIELD(char *, spec, object), g_free);
        }
    }
}

static char *type_name(const OptionSpec *spec)
{
    switch (spec->type) {
    case OPTION_BOOL: return g_strdup("bool (on/off)");
    case OPTION_INT: return g_strdup("int");
    case OPTION_UINT: return g_strdup("uint");
    case OPTION_SIZE: return g_strdup("size");
    case OPTION_STRING: return g_strdup("str");
    case OPTION_ENUM: return g_strjoinv("|", (char **)spec->values);
    }
    g_assert_not_reached();
}

void options_help(const OptionSpec *specs, GString *out)
{
    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        g_autofree char *type = type_name(spec);
        g_autofree char *left = g_strdup_printf("%s=<%s>", spec->name, type);

        g_string_append_printf(out, "  %-23s", left);
        if (spec->help) {
            g_string_append_printf(out, " - %s", spec->help);
        }
        if (spec->def) {
            g_string_append_printf(out, " (default: %s)", spec->def);
        }
        g_string_append_c(out, '\n');
    }
}

gboolean options_apply(const OptionSpec *specs, void *object, OptionList *list, GError **error)
{
    for (const OptionSpec *spec = specs; spec && spec->name; spec++) {
        g_autofree char *all = spec->glue ? option_list_join(list, spec->name, spec->glue) : NULL;
        const char *value = spec->glue ? all : option_list_get(list, spec->name);

        if (value && !set_field(spec, object, value, error)) {
            return FALSE;
        }
    }
    return TRUE;
}
