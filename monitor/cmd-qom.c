/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The object tree (core/object.h) for people and for programs. */
#include <string.h>

#include "core/error.h"
#include "core/hotplug.h"
#include "core/object.h"
#include "monitor/handlers.h"

static gboolean find_object(CommandCall *call, Object *object, GError **error)
{
    return object_resolve(call->machine, command_string(call, "path"), object, error);
}

/* ---- values ---- */

static JsonNode *to_json(GVariant *value)
{
    return json_gvariant_serialize(value);
}

static JsonObject *describe_property(const ObjectProperty *property)
{
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "name", property->name);
    json_object_set_string_member(info, "type", property->type);
    if (property->help) {
        json_object_set_string_member(info, "description", property->help);
    }
    return info;
}

/* A value of the property's type from what a person typed. */
static GVariant *value_from_text(const Object *object, const char *name, const char *text,
                                 GError **error)
{
    g_autoptr(GVariant) present = object_get(object, name, error);
    gboolean on;
    guint64 number;

    if (!present) {
        return NULL;
    }
    if (g_variant_is_of_type(present, G_VARIANT_TYPE_BOOLEAN)) {
        return option_parse_bool(name, text, &on, error) ? g_variant_new_boolean(on) : NULL;
    }
    if (g_variant_is_of_type(present, G_VARIANT_TYPE_INT64) && text[0] == '-') {
        return option_parse_uint(name, text + 1, &number, error)
                   ? g_variant_new_int64(-(gint64)MIN(number, G_MAXINT64))
                   : NULL;
    }
    if (g_variant_is_of_type(present, G_VARIANT_TYPE_INT64) ||
        g_variant_is_of_type(present, G_VARIANT_TYPE_UINT64)) {
        return option_parse_uint(name, text, &number, error) ? g_variant_new_uint64(number) : NULL;
    }
    return g_variant_new_string(text);
}

static GVariant *value_from_json(const char *text, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(text, error);

    if (!node && error && !*error) {
        error_set(error, "a JSON value is missing");
    }
    return node ? json_gvariant_deserialize(node, NULL, error) : NULL;
}

/* ---- HMP ---- */

static gboolean print_property(const ObjectProperty *property, void *opaque)
{
    g_string_append_printf(opaque, "%s (%s)\n", property->name, property->type);
    return TRUE;
}

gboolean cmd_qom_list(CommandCall *call, GError **error)
{
    Object object;

    if (!command_has(call, "path")) {
        g_string_append(call->out, "/\n");
        return TRUE;
    }
    if (!find_object(call, &object, error)) {
        return FALSE;
    }
    object_foreach_property(&object, print_property, call->out);
    return TRUE;
}

gboolean cmd_qom_get(CommandCall *call, GError **error)
{
    g_autoptr(GVariant) value = NULL;
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *text = NULL;
    Object object;

    if (!find_object(call, &object, error)) {
        return FALSE;
    }
    value = object_get(&object, command_string(call, "property"), error);
    if (!value) {
        return FALSE;
    }
    node = to_json(value);
    text = json_to_string(node, TRUE);
    g_string_append_printf(call->out, "%s\n", text);
    return TRUE;
}

gboolean cmd_qom_set(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "property");
    const char *text = command_string(call, "value");
    g_autoptr(GVariant) owned = NULL;
    GVariant *value;
    Object object;

    if (!find_object(call, &object, error)) {
        return FALSE;
    }
    value = command_flag(call, "json") ? value_from_json(text, error)
                                       : value_from_text(&object, name, text, error);
    owned = value ? g_variant_ref_sink(value) : NULL;
    return value && object_set(&object, name, value, error);
}

/* ---- info qom-tree ---- */

typedef struct Child {
    char *name;
    Object object;
} Child;

static void child_free(gpointer data)
{
    Child *child = data;

    g_free(child->name);
    g_free(child);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Child *const *)a)->name, (*(Child *const *)b)->name);
}

static gboolean collect_child(const ObjectProperty *property, void *opaque)
{
    if (property->is_child) {
        Child *child = g_new(Child, 1);

        *child = (Child){g_strdup(property->name), property->object};
        g_ptr_array_add(opaque, child);
    }
    return TRUE;
}

static void print_tree(const Object *object, const char *name, int indent, GString *out)
{
    g_autofree char *type = object_type(object);
    g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func(child_free);

    g_string_append_printf(out, "%*s/%s (%s)\n", indent, "", name, type);
    object_foreach_property(object, collect_child, children);
    g_ptr_array_sort(children, by_name);
    for (guint i = 0; i < children->len; i++) {
        const Child *child = g_ptr_array_index(children, i);

        print_tree(&child->object, child->name, indent + 2, out);
    }
}

gboolean cmd_info_qom_tree(CommandCall *call, GError **error)
{
    const char *path = command_has(call, "path") ? command_string(call, "path") : "/machine";
    g_autofree char *full = NULL;
    Object object;

    if (!object_resolve(call->machine, path, &object, error)) {
        return FALSE;
    }
    full = object_path(&object);
    print_tree(&object, strrchr(full, '/') + 1, 0, call->out);
    return TRUE;
}

gboolean cmd_info_qdm(CommandCall *call, GError **error)
{
    device_types_help(call->machine->device_types, call->out);
    return TRUE;
}

/* ---- QMP ---- */

/* Of objects: only what differs from one to the next; types have the descriptions. */
static gboolean add_name(const ObjectProperty *property, void *opaque)
{
    ObjectProperty bare = {property->name, property->type};

    json_array_add_object_element(opaque, describe_property(&bare));
    return TRUE;
}

static gboolean add_property(const ObjectProperty *property, void *opaque)
{
    json_array_add_object_element(opaque, describe_property(property));
    return TRUE;
}

gboolean qmp_qom_list(CommandCall *call, GError **error)
{
    JsonArray *list;
    Object object;

    if (!find_object(call, &object, error)) {
        return FALSE;
    }
    list = json_array_new();
    object_foreach_property(&object, add_name, list);
    command_return_array(call, list);
    return TRUE;
}

gboolean qmp_qom_get(CommandCall *call, GError **error)
{
    g_autoptr(GVariant) value = NULL;
    Object object;

    if (!find_object(call, &object, error)) {
        return FALSE;
    }
    value = object_get(&object, command_string(call, "property"), error);
    if (value) {
        command_return(call, to_json(value));
    }
    return value != NULL;
}

gboolean qmp_qom_set(CommandCall *call, GError **error)
{
    g_autoptr(GVariant) owned = NULL;
    GVariant *value;
    Object object;

    if (!find_object(call, &object, error)) {
        return FALSE;
    }
    value = json_gvariant_deserialize(command_json(call, "value"), NULL, error);
    owned = value ? g_variant_ref_sink(value) : NULL;
    return value && object_set(&object, command_string(call, "property"), value, error);
}

typedef struct TypeList {
    CommandCall *call;
    JsonArray *list;
} TypeList;

static gboolean add_type(const char *name, const char *parent, gboolean is_abstract, void *opaque)
{
    TypeList *types = opaque;
    const char *kind = command_string(types->call, "implements");
    JsonObject *info;

    if ((is_abstract && !command_flag(types->call, "abstract")) ||
        (kind && !object_type_is(types->call->machine, name, kind))) {
        return TRUE;
    }
    info = json_object_new();
    json_object_set_string_member(info, "name", name);
    if (is_abstract) {
        json_object_set_boolean_member(info, "abstract", TRUE);
    }
    if (parent) {
        json_object_set_string_member(info, "parent", parent);
    }
    json_array_add_object_element(types->list, info);
    return TRUE;
}

gboolean qmp_qom_list_types(CommandCall *call, GError **error)
{
    TypeList types = {call, json_array_new()};

    object_foreach_type(call->machine, add_type, &types);
    command_return_array(call, types.list);
    return TRUE;
}

gboolean qmp_qom_list_properties(CommandCall *call, GError **error)
{
    const char *type = command_string(call, "typename");
    g_autoptr(JsonArray) list = json_array_new();
    ObjectProperty own_type = {.name = "type", .type = "string"};

    add_property(&own_type, list);
    if (!object_foreach_option(call->machine, type, add_property, list)) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND, "Class '%s' not found",
                    type);
        return FALSE;
    }
    command_return_array(call, g_steal_pointer(&list));
    return TRUE;
}

static gboolean add_option(const ObjectProperty *property, void *opaque)
{
    JsonObject *info = describe_property(property);

    if (property->value) {
        json_object_set_member(info, "default-value", to_json(property->value));
    }
    json_array_add_object_element(opaque, info);
    return TRUE;
}

gboolean qmp_device_list_properties(CommandCall *call, GError **error)
{
    const char *type = command_string(call, "typename");
    JsonArray *list;

    if (!machine_device_type(call->machine, type)) {
        if (object_type_is(call->machine, type, "object") ||
            object_type_is(call->machine, type, "interface")) {
            return error_set(error, "Parameter 'typename' expects a non-abstract device type");
        }
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND, "Device '%s' not found",
                    type);
        return FALSE;
    }
    list = json_array_new();
    object_foreach_option(call->machine, type, add_option, list);
    command_return_array(call, list);
    return TRUE;
}
