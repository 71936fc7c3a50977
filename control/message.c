/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/message.h"

#include <string.h>

#include "core/error.h"

/*
 * How deep brackets nest, outside of strings: json-glib's parser calls itself for each. -1 if there
 * is what JSON has not, but json-glib takes: comments, in which quotes and brackets hide.
 */
static int nesting(const char *line, gsize length)
{
    int depth = 0, deepest = 0;
    gboolean quoted = FALSE;

    for (gsize i = 0; i < length; i++) {
        char c = line[i];

        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (quoted) {
            continue;
        } else if (c == '{' || c == '[') {
            deepest = MAX(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (!g_ascii_isalnum(c) && !strchr(" \t\r:,+-.", c)) {
            return -1;
        }
    }
    return deepest;
}

JsonObject *control_message_parse(const char *line, gsize length, GError **error)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonNode *root;
    int depth;

    if (!g_utf8_validate_len(line, length, NULL)) {
        error_set(error, "not a line of UTF-8");
        return NULL;
    }
    depth = nesting(line, length);
    if (depth < 0) {
        error_set(error, "not JSON");
        return NULL;
    }
    if (depth > CONTROL_MAX_DEPTH) {
        error_set(error, "nested more than %d deep", CONTROL_MAX_DEPTH);
        return NULL;
    }
    parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, line, (gssize)length, error)) {
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        error_set(error, "not a JSON object");
        return NULL;
    }
    return json_node_dup_object(root);
}

char *control_message_format(JsonObject *message)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), message);
    g_autofree char *text = json_to_string(node, FALSE);
    /* Names from the command line may be anything, and so are json-glib's lone surrogates. */
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    return g_strconcat(valid, "\n", NULL);
}

/* The member if there is one that is not null. */
static JsonNode *find(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

gboolean control_get_string(JsonObject *object, const char *name, const char **value,
                            GError **error)
{
    JsonNode *node = find(object, name);

    *value = NULL;
    if (node && json_node_get_value_type(node) != G_TYPE_STRING) {
        return error_set(error, "'%s' must be a string", name);
    }
    *value = node ? json_node_get_string(node) : NULL;
    return TRUE;
}

gboolean control_get_boolean(JsonObject *object, const char *name, gboolean *value, GError **error)
{
    JsonNode *node = find(object, name);

    *value = FALSE;
    if (node && json_node_get_value_type(node) != G_TYPE_BOOLEAN) {
        return error_set(error, "'%s' must be true or false", name);
    }
    *value = node && json_node_get_boolean(node);
    return TRUE;
}

gboolean control_get_object(JsonObject *object, const char *name, JsonObject **value,
                            GError **error)
{
    JsonNode *node = find(object, name);

    *value = NULL;
    if (node && !JSON_NODE_HOLDS_OBJECT(node)) {
        return error_set(error, "'%s' must be an object", name);
    }
    *value = node ? json_node_get_object(node) : NULL;
    return TRUE;
}
