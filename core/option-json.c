/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/option-json.h"

#include <string.h>

#include "core/error.h"

gboolean option_is_json(const char *text)
{
    return text[strspn(text, " \t\n")] == '{';
}

/* ---- values ---- */

static gboolean add_node(OptionList *list, const char *key, JsonNode *node, GError **error);

static char *number_text(JsonNode *node)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (json_node_get_value_type(node) == G_TYPE_INT64) {
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    }
    return g_strdup(g_ascii_dtostr(text, sizeof(text), json_node_get_double(node)));
}

static gboolean add_value(OptionList *list, const char *key, JsonNode *node, GError **error)
{
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING: option_list_add(list, key, json_node_get_string(node)); return TRUE;
    case G_TYPE_BOOLEAN:
        option_list_add(list, key, json_node_get_boolean(node) ? "on" : "off");
        return TRUE;
    case G_TYPE_INT64:
    case G_TYPE_DOUBLE: {
        g_autofree char *text = number_text(node);

        option_list_add(list, key, text);
        return TRUE;
    }
    default: return error_set(error, "'%s' is null: a value is wanted, or the name left out", key);
    }
}

static gboolean add_object(OptionList *list, const char *prefix, JsonObject *object, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        g_autofree char *key = prefix ? g_strconcat(prefix, ".", name, NULL) : g_strdup(name);

        /* Such a name could not be told from its neighbours in the other form. */
        if (!*name || strpbrk(name, ",=")) {
            return error_set(error, "'%s' cannot be the name of an option", key);
        }
        if (!add_node(list, key, node, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean add_array(OptionList *list, const char *prefix, JsonArray *array, GError **error)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_autofree char *key = g_strdup_printf("%s.%u", prefix, i);

        if (!add_node(list, key, json_array_get_element(array, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean add_node(OptionList *list, const char *key, JsonNode *node, GError **error)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT: return add_object(list, key, json_node_get_object(node), error);
    case JSON_NODE_ARRAY: return add_array(list, key, json_node_get_array(node), error);
    default: return add_value(list, key, node, error);
    }
}

OptionList *option_list_from_json_object(JsonObject *object, GError **error)
{
    g_autoptr(OptionList) list = option_list_new();

    return add_object(list, NULL, object, error) ? g_steal_pointer(&list) : NULL;
}

/* ---- texts ---- */

/* The parser goes one call deeper for each bracket. */
static gboolean check_depth(const char *text, GError **error)
{
    gboolean quoted = FALSE;
    guint depth = 0;

    for (const char *p = text; *p; p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else if (quoted && *p == '\\' && p[1]) {
            p++;
        } else if (!quoted && (*p == '{' || *p == '[')) {
            depth++;
        } else if (!quoted && (*p == '}' || *p == ']') && depth > 0) {
            depth--;
        }
        if (depth > OPTION_JSON_MAX_DEPTH) {
            return error_set(error, "the JSON is nested more than %u times", OPTION_JSON_MAX_DEPTH);
        }
    }
    return TRUE;
}

/* The parser keeps the last one of a name: what it has seen tells which came twice. */
typedef struct Members {
    GHashTable *seen; /* of "ADDRESS NAME" */
    char *twice;
} Members;

static void on_member(JsonParser *parser, JsonObject *object, const char *name, gpointer opaque)
{
    Members *members = opaque;

    if (!g_hash_table_add(members->seen, g_strdup_printf("%p %s", (void *)object, name)) &&
        !members->twice) {
        members->twice = g_strdup(name);
    }
}

/* Takes what was seen while the text was read. */
static gboolean check_members(Members *members, GError **error)
{
    g_autofree char *twice = g_steal_pointer(&members->twice);

    g_clear_pointer(&members->seen, g_hash_table_unref);
    return !twice || error_set(error, "JSON: '%s' is there twice", twice);
}

OptionList *option_list_from_json(const char *text, GError **error)
{
    Members members = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), NULL};
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) reason = NULL;
    gboolean good;

    g_signal_connect(parser, "object-member", G_CALLBACK(on_member), &members);
    good = check_depth(text, error) &&
           (g_utf8_validate(text, -1, NULL) || error_set(error, "the JSON is not UTF-8"));
    if (good && !json_parser_load_from_data(parser, text, -1, &reason)) {
        good = error_set(error, "JSON parse error, %s", reason->message);
    }
    if (!check_members(&members, good ? error : NULL) || !good) {
        return NULL;
    }
    /* An empty text has no root. */
    if (!json_parser_get_root(parser) || !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
        error_set(error, "the JSON is not an object, as in {\"name\": \"value\"}");
        return NULL;
    }
    return option_list_from_json_object(json_node_get_object(json_parser_get_root(parser)), error);
}

OptionList *option_list_parse_either(const char *text, const char *implied_key, GError **error)
{
    return option_is_json(text) ? option_list_from_json(text, error)
                                : option_list_parse(text, implied_key, error);
}
