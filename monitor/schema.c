/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks values against the types of QMP, and describes both to programs. */
#include "monitor/schema.h"

#include <string.h>

#include "core/error.h"
#include "monitor/command.h"

/* ---- checking ---- */

static gboolean wrong_type(const char *place, const char *expected, GError **error)
{
    return error_set(error, "Invalid parameter type for '%s', expected: %s", place, expected);
}

static gboolean is_builtin(const char *type)
{
    static const char *const names[] = {"str", "int", "number", "bool", "null", "any", NULL};

    return g_strv_contains(names, type);
}

static gboolean check_builtin(const char *type, JsonNode *value, const char *place, GError **error)
{
    GType kind = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;

    if (g_str_equal(type, "any")) {
        return TRUE;
    }
    if (g_str_equal(type, "null")) {
        return JSON_NODE_HOLDS_NULL(value) || wrong_type(place, "null", error);
    }
    if (g_str_equal(type, "str")) {
        return kind == G_TYPE_STRING || wrong_type(place, "string", error);
    }
    if (g_str_equal(type, "bool")) {
        return kind == G_TYPE_BOOLEAN || wrong_type(place, "boolean", error);
    }
    if (g_str_equal(type, "int")) {
        return kind == G_TYPE_INT64 || wrong_type(place, "integer", error);
    }
    return kind == G_TYPE_INT64 || kind == G_TYPE_DOUBLE || wrong_type(place, "number", error);
}

static gboolean check_enum(const SchemaType *type, JsonNode *value, const char *place,
                           GError **error)
{
    g_autofree char *known = NULL;

    if (!check_builtin("str", value, place, error)) {
        return FALSE;
    }
    if (g_strv_contains(type->values, json_node_get_string(value))) {
        return TRUE;
    }
    known = g_strjoinv(", ", (char **)type->values);
    return error_set(error, "Parameter '%s' does not accept value '%s' (known: %s)", place,
                     json_node_get_string(value), known);
}

static const SchemaMember *find_member(const SchemaMember *members, const char *name)
{
    for (const SchemaMember *member = members; member && member->name; member++) {
        if (g_str_equal(member->name, name)) {
            return member;
        }
    }
    return NULL;
}

/* The place of a member; arguments themselves have none. */
static char *join(const char *place, const char *member)
{
    return *place ? g_strdup_printf("%s.%s", place, member) : g_strdup(member);
}

/* What the tag's value adds; NULL = nothing. */
static const SchemaMember *variant_members(const SchemaType *type, JsonObject *object)
{
    JsonNode *tag = type->tag ? json_object_get_member(object, type->tag) : NULL;
    const char *value = tag && JSON_NODE_HOLDS_VALUE(tag) ? json_node_get_string(tag) : NULL;
    const SchemaMember *variant = value ? find_member(type->variants, value) : NULL;

    return variant ? schema_find_type(variant->type)->members : NULL;
}

static gboolean check_members(const SchemaMember *members, JsonObject *object, const char *place,
                              GError **error)
{
    for (const SchemaMember *member = members; member && member->name; member++) {
        JsonNode *value = json_object_get_member(object, member->name);
        g_autofree char *inner = join(place, member->name);

        if (!value && !member->optional) {
            return error_set(error, "Parameter '%s' is missing", inner);
        }
        if (value && !schema_check(member->type, value, inner, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_object(const SchemaType *type, JsonNode *value, const char *place,
                             GError **error)
{
    JsonObject *object;
    const SchemaMember *more;
    g_autoptr(GList) names = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(value)) {
        return wrong_type(place, "object", error);
    }
    object = json_node_get_object(value);
    if (!check_members(type->members, object, place, error)) {
        return FALSE;
    }
    more = variant_members(type, object);
    if (!check_members(more, object, place, error)) {
        return FALSE;
    }
    names = json_object_get_members(object);
    for (GList *name = names; name; name = name->next) {
        if (!find_member(type->members, name->data) && !find_member(more, name->data)) {
            g_autofree char *inner = join(place, name->data);

            return error_set(error, "Parameter '%s' is unexpected", inner);
        }
    }
    return TRUE;
}

static gboolean check_array(const char *element, JsonNode *value, const char *place, GError **error)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(value)) {
        return wrong_type(place, "array", error);
    }
    array = json_node_get_array(value);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_autofree char *inner = g_strdup_printf("%s[%u]", place, i);

        if (!schema_check(element, json_array_get_element(array, i), inner, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* "str" of "[str]". */
static char *element_of(const char *type)
{
    return g_strndup(type + 1, strlen(type) - 2);
}

gboolean schema_check(const char *type, JsonNode *value, const char *place, GError **error)
{
    const SchemaType *named;

    if (*type == '[') {
        g_autofree char *element = element_of(type);
        return check_array(element, value, place, error);
    }
    if (is_builtin(type)) {
        return check_builtin(type, value, place, error);
    }
    named = schema_find_type(type);
    g_assert(named);
    return named->values ? check_enum(named, value, place, error)
                         : check_object(named, value, place, error);
}

/* ---- describing ---- */

/* Types are numbered, so that nobody builds on their names: those asked for, in order. */
typedef struct Description {
    JsonArray *entries;
    GPtrArray *types; /* names, as in the tables; a type's number is its index */
    guint done;
    guint unnamed; /* argument objects so far */
} Description;

static char *number_type(Description *description, const char *type)
{
    guint index;

    if (is_builtin(type)) {
        return g_strdup(type);
    }
    if (*type == '[') {
        g_autofree char *element = element_of(type);
        g_autofree char *name = number_type(description, element);
        char *array = g_strdup_printf("[%s]", name);

        if (!g_ptr_array_find_with_equal_func(description->types, type, g_str_equal, NULL)) {
            g_ptr_array_add(description->types, g_strdup(type));
        }
        return array;
    }
    if (!g_ptr_array_find_with_equal_func(description->types, type, g_str_equal, &index)) {
        index = description->types->len;
        g_ptr_array_add(description->types, g_strdup(type));
    }
    return g_strdup_printf("%u", index);
}

static JsonObject *add_entry(Description *description, const char *name, const char *meta_type)
{
    JsonObject *entry = json_object_new();

    json_object_set_string_member(entry, "name", name);
    json_object_set_string_member(entry, "meta-type", meta_type);
    json_array_add_object_element(description->entries, entry);
    return entry;
}

static void set_type(Description *description, JsonObject *object, const char *member,
                     const char *type)
{
    g_autofree char *name = number_type(description, type);

    json_object_set_string_member(object, member, name);
}

static void add_member(Description *description, JsonArray *members, const char *name,
                       const char *type, gboolean optional)
{
    JsonObject *member = json_object_new();

    json_object_set_string_member(member, "name", name);
    set_type(description, member, "type", type);
    if (optional) {
        json_object_set_null_member(member, "default");
    }
    json_array_add_object_element(members, member);
}

static JsonArray *describe_members(Description *description, const SchemaMember *members)
{
    JsonArray *array = json_array_new();

    for (const SchemaMember *member = members; member && member->name; member++) {
        add_member(description, array, member->name, member->type, member->optional);
    }
    return array;
}

static void describe_enum(JsonObject *entry, const char *const *values)
{
    JsonArray *members = json_array_new(), *names = json_array_new();

    for (; *values; values++) {
        JsonObject *member = json_object_new();

        json_object_set_string_member(member, "name", *values);
        json_array_add_object_element(members, member);
        json_array_add_string_element(names, *values);
    }
    json_object_set_array_member(entry, "members", members);
    json_object_set_array_member(entry, "values", names);
}

static void describe_object(Description *description, JsonObject *entry, const SchemaType *type)
{
    json_object_set_array_member(entry, "members", describe_members(description, type->members));
    if (type->tag) {
        JsonArray *variants = json_array_new();

        for (const SchemaMember *variant = type->variants; variant->name; variant++) {
            JsonObject *one = json_object_new();
            json_object_set_string_member(one, "case", variant->name);
            set_type(description, one, "type", variant->type);
            json_array_add_object_element(variants, one);
        }
        json_object_set_string_member(entry, "tag", type->tag);
        json_object_set_array_member(entry, "variants", variants);
    }
}

static void describe_type(Description *description, const char *name)
{
    g_autofree char *number = number_type(description, name);
    const SchemaType *type;

    if (*name == '[') {
        g_autofree char *element = element_of(name);
        set_type(description, add_entry(description, number, "array"), "element-type", element);
        return;
    }
    type = schema_find_type(name);
    g_assert(type);
    if (type->values) {
        describe_enum(add_entry(description, number, "enum"), type->values);
    } else {
        describe_object(description, add_entry(description, number, "object"), type);
    }
}

static const char *arg_type(const CommandArg *arg)
{
    switch (arg->type) {
    case ARG_INT:
    case ARG_EXPR: return "int";
    case ARG_FLAG: return "bool";
    case ARG_JSON: return arg->schema;
    case ARG_ENUM: return arg->schema ? arg->schema : "str";
    default: return "str";
    }
}

/* An object without a name of its own, for arguments; its members are not described yet. */
static JsonArray *add_unnamed(Description *description, JsonObject *owner, const char *member)
{
    g_autofree char *name = g_strdup_printf("arg%u", description->unnamed++);
    JsonArray *members = json_array_new();

    json_object_set_string_member(owner, member, name);
    json_object_set_array_member(add_entry(description, name, "object"), "members", members);
    return members;
}

static void describe_command(Description *description, const Command *command)
{
    JsonObject *entry = add_entry(description, command->name, "command");
    gboolean boxed = command->args[0].name && command->args[0].type == ARG_BOXED;
    JsonArray *members = boxed ? NULL : add_unnamed(description, entry, "arg-type");

    if (boxed) {
        set_type(description, entry, "arg-type", command->args[0].schema);
    }
    for (const CommandArg *arg = command->args; members && arg->name; arg++) {
        if (arg->type == ARG_REST) {
            continue;
        }
        add_member(description, members, arg->name, arg_type(arg), arg->optional);
    }
    if (command->returns) {
        set_type(description, entry, "ret-type", command->returns);
    } else {
        add_unnamed(description, entry, "ret-type");
    }
    if (command->oob) {
        json_object_set_boolean_member(entry, "allow-oob", TRUE);
    }
}

static void describe_builtins(Description *description)
{
    static const char *const types[][2] = {
        {"str", "string"},   {"int", "int"},   {"number", "number"},
        {"bool", "boolean"}, {"null", "null"}, {"any", "value"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        JsonObject *entry = add_entry(description, types[i][0], "builtin");
        json_object_set_string_member(entry, "json-type", types[i][1]);
    }
}

JsonArray *schema_describe(void)
{
    Description description = {json_array_new(), g_ptr_array_new_with_free_func(g_free)};

    for (const Command *command = monitor_qmp_commands; command->name; command++) {
        describe_command(&description, command);
    }
    for (const Command *command = monitor_commands; command->name; command++) {
        if (command->qmp) {
            describe_command(&description, command);
        }
    }
    for (const SchemaEvent *event = schema_events; event->name; event++) {
        JsonObject *entry = add_entry(&description, event->name, "event");
        JsonArray *members = add_unnamed(&description, entry, "arg-type");

        for (const SchemaMember *member = event->members; member && member->name; member++) {
            add_member(&description, members, member->name, member->type, member->optional);
        }
    }
    for (guint i = 0; i < description.types->len; i++) { /* which grows on the way */
        g_autofree char *name = g_strdup(g_ptr_array_index(description.types, i));
        describe_type(&description, name);
    }
    describe_builtins(&description);
    g_ptr_array_unref(description.types);
    return description.entries;
}
