/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as typed values, for programs: see option.h. */
#include <string.h>

#include "core/error.h"
#include "core/option.h"

#define FIELD(T, spec, object) (*(const T *)((const char *)(object) + (spec)->offset))

const char *option_type(const OptionSpec *spec)
{
    static const char *const on_off_auto[] = {"on", "off", "auto", NULL};

    switch (spec->type) {
    case OPTION_BOOL: return "bool";
    case OPTION_INT:
        return (gint64)spec->min >= G_MININT32 && spec->max && (gint64)spec->max <= G_MAXINT32
                   ? "int32"
                   : "int64";
    case OPTION_UINT: return spec->max && spec->max <= G_MAXUINT32 ? "uint32" : "uint64";
    case OPTION_SIZE: return "size";
    case OPTION_STRING: return "str";
    case OPTION_ENUM:
        for (guint i = 0; spec->values[i]; i++) {
            if (!g_strv_contains(on_off_auto, spec->values[i])) {
                return "str";
            }
        }
        return "OnOffAuto";
    }
    g_assert_not_reached();
}

GVariant *option_value(const OptionSpec *spec, const void *object)
{
    switch (spec->type) {
    case OPTION_BOOL: return g_variant_new_boolean(FIELD(gboolean, spec, object) != FALSE);
    case OPTION_INT: return g_variant_new_int64(FIELD(gint64, spec, object));
    case OPTION_UINT:
    case OPTION_SIZE: return g_variant_new_uint64(FIELD(guint64, spec, object));
    case OPTION_STRING: {
        const char *text = FIELD(char *, spec, object);

        /* A path of the command line may be no UTF-8, which a value must be. */
        return g_variant_new_take_string(text ? g_utf8_make_valid(text, -1) : g_strdup(""));
    }
    case OPTION_ENUM: return g_variant_new_string(spec->values[FIELD(int, spec, object)]);
    }
    g_assert_not_reached();
}

GVariant *option_default(const OptionSpec *spec)
{
    union {
        gint64 integer;
        gpointer pointer;
    } field = {0};
    OptionSpec rows[2] = {*spec, {NULL}}; /* the same, of an object that is the field alone */
    GVariant *value;

    if (spec->type == OPTION_STRING && !spec->def) {
        return NULL;
    }
    rows[0].offset = 0;
    options_set_defaults(rows, &field);
    value = option_value(rows, &field);
    options_clear(rows, &field);
    return value;
}

static gboolean wrong_type(const char *name, const char *expected, GError **error)
{
    return error_set(error, "Invalid parameter type for '%s', expected: %s", name, expected);
}

/* A value as a person would type it; NULL if it is not of the option's type. */
static char *value_text(const OptionSpec *spec, GVariant *value, GError **error)
{
    switch (spec->type) {
    case OPTION_BOOL:
        if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)) {
            wrong_type(spec->name, "boolean", error);
            return NULL;
        }
        return g_strdup(g_variant_get_boolean(value) ? "on" : "off");
    case OPTION_SIZE:
    case OPTION_UINT:
    case OPTION_INT:
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT64)) {
            return g_strdup_printf("%" G_GUINT64_FORMAT, g_variant_get_uint64(value));
        }
        if (!g_variant_is_of_type(value, G_VARIANT_TYPE_INT64)) {
            wrong_type(spec->name, "integer", error);
            return NULL;
        }
        return g_strdup_printf("%" G_GINT64_FORMAT, g_variant_get_int64(value));
    case OPTION_STRING:
    case OPTION_ENUM:
        if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
            wrong_type(spec->name, "string", error);
            return NULL;
        }
        return g_variant_dup_string(value, NULL);
    }
    g_assert_not_reached();
}

gboolean option_set_value(const OptionSpec *spec, void *object, GVariant *value, GError **error)
{
    g_autofree char *text = value_text(spec, value, error);

    return text && options_set(spec, object, spec->name, text, error);
}

gboolean option_list_add_value(OptionList *list, const OptionSpec *spec, GVariant *value,
                               GError **error)
{
    g_autofree char *text = value_text(spec, value, error);

    if (text) {
        option_list_add(list, spec->name, text);
    }
    return text != NULL;
}

gboolean option_check_id(const char *id, GError **error)
{
    gboolean good = g_ascii_isalpha(id[0]);

    for (const char *p = id; *p && good; p++) {
        good = g_ascii_isalnum(*p) || strchr("-._", *p);
    }
    return good || error_set(error, "Parameter 'id' expects an identifier: letters, digits, '-', "
                                    "'.' and '_', starting with a letter");
}
