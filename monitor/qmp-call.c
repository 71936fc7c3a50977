/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/qmp-call.h"

#include "core/error.h"
#include "monitor/fds.h"
#include "monitor/json-text.h"
#include "monitor/schema.h"

/* ---- requests ---- */

void qmp_request_free(QmpRequest *request)
{
    if (request) {
        g_free(request->command);
        g_clear_pointer(&request->arguments, json_object_unref);
        g_clear_pointer(&request->id, json_node_unref);
        fd_list_free(request->fds);
        g_clear_error(&request->error);
        g_free(request);
    }
}

static gboolean take_command(QmpRequest *request, const char *member, JsonNode *value,
                             GError **error)
{
    if (request->command) {
        return error_set(error, "QMP input has both 'execute' and 'exec-oob'");
    }
    if (!JSON_NODE_HOLDS_VALUE(value) || json_node_get_value_type(value) != G_TYPE_STRING) {
        return error_set(error, "QMP input member '%s' must be a string", member);
    }
    request->command = json_node_dup_string(value);
    request->oob = g_str_equal(member, "exec-oob");
    return TRUE;
}

static gboolean take_member(QmpRequest *request, const char *member, JsonNode *value,
                            GError **error)
{
    if (g_str_equal(member, "execute") || g_str_equal(member, "exec-oob")) {
        return take_command(request, member, value, error);
    }
    if (g_str_equal(member, "id")) {
        request->id = json_node_ref(value);
        return TRUE;
    }
    if (!g_str_equal(member, "arguments")) {
        return error_set(error, "QMP input member '%s' is unexpected", member);
    }
    if (!JSON_NODE_HOLDS_OBJECT(value)) {
        return error_set(error, "QMP input member 'arguments' must be an object");
    }
    request->arguments = json_object_ref(json_node_get_object(value));
    return TRUE;
}

static gboolean read_request(QmpRequest *request, JsonNode *root, GError **error)
{
    JsonObject *object;
    JsonObjectIter iter;
    const char *member;
    JsonNode *value;

    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        return error_set(error, "QMP input must be a JSON object");
    }
    object = json_node_get_object(root);
    /* First, so that any complaint comes back with it. */
    if ((value = json_object_get_member(object, "id"))) {
        request->id = json_node_ref(value);
        json_object_remove_member(object, "id");
    }
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &member, &value)) {
        if (!take_member(request, member, value, error)) {
            return FALSE;
        }
    }
    return request->command || error_set(error, "QMP input lacks member 'execute'");
}

QmpRequest *qmp_request_parse(const guint8 *data, gsize length)
{
    QmpRequest *request = g_new0(QmpRequest, 1);
    g_autoptr(GError) reason = NULL;
    g_autoptr(JsonNode) root = NULL;

    root = json_text_parse((const char *)data, length, &reason);
    if (!root) {
        error_set(&request->error, "JSON parse error, %s", reason->message);
    } else if (!read_request(request, root, &request->error)) {
        g_clear_pointer(&request->command, g_free);
    }
    return request;
}

/* ---- calls ---- */

const Command *qmp_find_command(const char *name)
{
    const Command *command = command_find(monitor_qmp_commands, name);

    if (command) {
        return command;
    }
    command = command_find(monitor_commands, name);
    return command && command->qmp && g_str_equal(command->name, name) ? command : NULL;
}

static int find_arg(const Command *command, const char *name)
{
    for (int i = 0; command->args[i].name; i++) {
        const CommandArg *arg = &command->args[i];

        if (g_str_equal(arg->name, name) && arg->type != ARG_FORMAT && arg->type != ARG_REST) {
            return i;
        }
    }
    return -1;
}

/* The argument that gets what no other takes; -1 = there is none. */
static int find_rest(const Command *command)
{
    for (int i = 0; command->args[i].name; i++) {
        if (command->args[i].type == ARG_REST) {
            return i;
        }
    }
    return -1;
}

static gboolean set_boxed(CommandCall *call, JsonObject *arguments, GError **error)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    if (arguments) {
        json_node_set_object(node, arguments);
    } else {
        json_node_take_object(node, json_object_new());
    }
    command_set_json(call, 0, node);
    return schema_check(call->command->args[0].schema, node, "", error);
}

static gboolean set_enum(CommandCall *call, guint index, JsonNode *value, GError **error)
{
    const CommandArg *arg = &call->command->args[index];
    const char *text = json_node_get_string(value);
    g_autofree char *known = NULL;

    if (g_strv_contains(arg->values, text)) {
        command_set_string(call, index, text);
        return TRUE;
    }
    known = g_strjoinv(", ", (char **)arg->values);
    return error_set(error, "Parameter '%s' does not accept value '%s' (known: %s)", arg->name,
                     text, known);
}

static gboolean set_arg(CommandCall *call, guint index, JsonNode *value, GError **error)
{
    const CommandArg *arg = &call->command->args[index];

    switch (arg->type) {
    case ARG_INT:
    case ARG_EXPR:
        if (!schema_check("int", value, arg->name, error) ||
            !command_check_int(arg, json_node_get_int(value), error)) {
            return FALSE;
        }
        command_set_int(call, index, json_node_get_int(value));
        return TRUE;
    case ARG_FLAG:
        if (!schema_check("bool", value, arg->name, error)) {
            return FALSE;
        }
        if (json_node_get_boolean(value)) {
            command_set_int(call, index, 1);
        }
        return TRUE;
    case ARG_JSON:
        if (!schema_check(arg->schema, value, arg->name, error)) {
            return FALSE;
        }
        command_set_json(call, index, value);
        return TRUE;
    case ARG_REST:
    case ARG_BOXED: g_assert_not_reached();
    default:
        if (!schema_check("str", value, arg->name, error)) {
            return FALSE;
        }
        if (arg->type == ARG_ENUM) {
            return set_enum(call, index, value, error);
        }
        command_set_string(call, index, json_node_get_string(value));
        return TRUE;
    }
}

static gboolean set_args(CommandCall *call, JsonObject *arguments, GError **error)
{
    g_autoptr(JsonNode) rest = NULL;
    int rest_index = find_rest(call->command);
    JsonObjectIter iter;
    const char *member;
    JsonNode *value;

    if (call->command->args[0].type == ARG_BOXED) {
        return set_boxed(call, arguments, error);
    }
    if (rest_index >= 0) {
        rest = json_node_init_object(json_node_alloc(), json_object_new());
        json_object_unref(json_node_get_object(rest));
        command_set_json(call, (guint)rest_index, rest);
    }
    if (arguments) {
        json_object_iter_init(&iter, arguments);
        while (json_object_iter_next(&iter, &member, &value)) {
            int index = find_arg(call->command, member);
            if (index < 0 && rest) {
                json_object_set_member(json_node_get_object(rest), member, json_node_ref(value));
                continue;
            }
            if (index < 0) {
                return error_set(error, "Parameter '%s' is unexpected", member);
            }
            if (!set_arg(call, (guint)index, value, error)) {
                return FALSE;
            }
        }
    }
    for (const CommandArg *arg = call->command->args; arg->name; arg++) {
        if (!arg->optional && !(arguments && json_object_has_member(arguments, arg->name))) {
            return error_set(error, "Parameter '%s' is missing", arg->name);
        }
    }
    return TRUE;
}

CommandCall *qmp_make_call(CommandContext *context, const QmpRequest *request, GError **error)
{
    const Command *command = qmp_find_command(request->command);
    CommandCall *call;

    if (!command) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_COMMAND_NOT_FOUND,
                    "The command %s has not been found", request->command);
        return NULL;
    }
    if (request->oob && !command->oob) {
        error_set(error, "The command %s does not support OOB", request->command);
        return NULL;
    }
    if (!command_check_phase(command, context->machine, error)) {
        return NULL;
    }
    call = command_call_new(context, command);
    if (!set_args(call, request->arguments, error)) {
        g_clear_pointer(&call, command_call_free);
    }
    return call;
}

/* ---- answers and events ---- */

static const char *error_class(const GError *error)
{
    static const char *const names[] = {
        [VITRINE_ERROR_GENERIC] = "GenericError",
        [VITRINE_ERROR_COMMAND_NOT_FOUND] = "CommandNotFound",
        [VITRINE_ERROR_DEVICE_NOT_ACTIVE] = "DeviceNotActive",
        [VITRINE_ERROR_DEVICE_NOT_FOUND] = "DeviceNotFound",
    };

    return error->domain == VITRINE_ERROR ? names[error->code] : names[VITRINE_ERROR_GENERIC];
}

static JsonNode *object_node(JsonObject *object)
{
    return json_node_init_object(json_node_alloc(), object);
}

JsonNode *qmp_make_answer(JsonNode *result, const GError *error, JsonNode *id)
{
    g_autoptr(JsonObject) answer = json_object_new();

    if (error) {
        JsonObject *what = json_object_new();
        json_object_set_string_member(what, "class", error_class(error));
        json_object_set_string_member(what, "desc", error->message);
        json_object_set_object_member(answer, "error", what);
    } else if (result) {
        json_object_set_member(answer, "return", json_node_ref(result));
    } else {
        json_object_set_object_member(answer, "return", json_object_new());
    }
    if (id) {
        json_object_set_member(answer, "id", json_node_ref(id));
    }
    return object_node(answer);
}

JsonNode *qmp_make_event(const char *name, GVariant *data)
{
    g_autoptr(JsonObject) event = json_object_new();
    JsonObject *stamp = json_object_new();
    gint64 now = g_get_real_time();

    json_object_set_int_member(stamp, "seconds", now / G_USEC_PER_SEC);
    json_object_set_int_member(stamp, "microseconds", now % G_USEC_PER_SEC);
    json_object_set_object_member(event, "timestamp", stamp);
    json_object_set_string_member(event, "event", name);
    if (data) {
        json_object_set_member(event, "data", json_gvariant_serialize(data));
    }
    return object_node(event);
}
