/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices and backends that come and go while the machine is there. */
#include <string.h>

#include "core/backend.h"
#include "core/error.h"
#include "core/hotplug.h"
#include "monitor/handlers.h"

/* ---- devices ---- */

/* "help", or "TYPE,help"; FALSE = it is neither. */
static gboolean print_device_help(CommandCall *call, const char *text, OptionList *options)
{
    Machine *machine = call->machine;
    g_autofree char *type = g_strndup(text, strcspn(text, ","));
    const DeviceOps *ops = machine_device_type(machine, type);

    if (!option_list_wants_help(options)) {
        return FALSE;
    }
    if (ops) {
        device_type_help(ops, ops->bus ? machine_bus_type(machine, ops->bus) : NULL, call->out);
    } else {
        device_types_help(machine->device_types, call->out);
    }
    return TRUE;
}

gboolean cmd_device_add(CommandCall *call, GError **error)
{
    const char *text = command_string(call, "device");
    g_autoptr(OptionList) options = option_list_parse(text, "driver", error);

    return options && (print_device_help(call, text, options) ||
                       device_add(call->machine, options, error) != NULL);
}

gboolean cmd_device_del(CommandCall *call, GError **error)
{
    Device *dev = device_find_for_user(call->machine, command_string(call, "id"), error);

    return dev && device_unplug(dev, error);
}

/* Members that are plain values, as options: QEMU takes numbers for text and the reverse. */
static gboolean add_member(OptionList *options, const char *name, JsonNode *value, GError **error)
{
    GType type = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;
    g_autofree char *number = NULL;

    if (type == G_TYPE_STRING) {
        option_list_add(options, name, json_node_get_string(value));
    } else if (type == G_TYPE_BOOLEAN) {
        option_list_add(options, name, json_node_get_boolean(value) ? "on" : "off");
    } else if (type == G_TYPE_INT64) {
        number = g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(value));
        option_list_add(options, name, number);
    } else {
        return error_set(error, "Invalid parameter type for '%s', expected: string", name);
    }
    return TRUE;
}

gboolean qmp_device_add(CommandCall *call, GError **error)
{
    static const char *const own[] = {"driver", "id", "bus"};
    g_autoptr(OptionList) options = option_list_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    for (guint i = 0; i < G_N_ELEMENTS(own); i++) {
        if (command_has(call, own[i])) {
            option_list_add(options, own[i], command_string(call, own[i]));
        }
    }
    json_object_iter_init(&iter, json_node_get_object(command_json(call, "options")));
    while (json_object_iter_next(&iter, &name, &value)) {
        if (!add_member(options, name, value, error)) {
            return FALSE;
        }
    }
    return device_add(call->machine, options, error) != NULL;
}

/* ---- backends ---- */

static void on_added(Backend *backend, const GError *error, void *opaque)
{
    command_call_finish(opaque, backend ? NULL : g_error_copy(error));
}

gboolean cmd_object_add(CommandCall *call, GError **error)
{
    const char *text = command_string(call, "object");
    g_autoptr(OptionList) options = option_list_parse(text, "qom-type", error);
    g_autofree char *type = g_strndup(text, strcspn(text, ","));

    if (!options) {
        return FALSE;
    }
    if (option_list_wants_help(options)) {
        backend_help(backend_type_find(type), call->out);
        return TRUE;
    }
    call->forget = strstr(text, "data=") != NULL;
    command_call_hold(call);
    backend_add_later(call->machine, options, on_added, call);
    return TRUE;
}

gboolean qmp_object_add(CommandCall *call, GError **error)
{
    g_autoptr(OptionList) options = NULL;
    g_autoptr(GVariant) members =
        json_gvariant_deserialize(command_json(call, "options"), "a{sv}", error);

    if (members) {
        g_variant_ref_sink(members);
        options = backend_options_from_members(members, error);
    }
    if (options) {
        command_call_hold(call);
        backend_add_later(call->machine, options, on_added, call);
    }
    return options != NULL;
}

gboolean cmd_object_del(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "id");
    Backend *backend = backend_find(call->machine, id);

    if (!backend) {
        return error_set(error, "object '%s' not found", id);
    }
    return backend_remove(backend, error);
}
