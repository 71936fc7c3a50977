/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/command.h"

#include <string.h>

#include "core/error.h"

typedef struct CommandValue {
    gboolean given;
    char *string;
    gint64 integer;
    CommandFormat format;
    JsonNode *json;
} CommandValue;

const Command *command_find(const Command *table, const char *name)
{
    for (const Command *command = table; command->name; command++) {
        if (strcmp(command->name, name) == 0 ||
            (command->alias && strcmp(command->alias, name) == 0)) {
            return command;
        }
    }
    return NULL;
}

/* ---- arguments ---- */

static const CommandValue *find_value(const CommandCall *call, const char *name)
{
    for (guint i = 0; call->command->args[i].name; i++) {
        if (strcmp(call->command->args[i].name, name) == 0) {
            return &call->values[i];
        }
    }
    g_assert_not_reached();
}

gboolean command_has(const CommandCall *call, const char *name)
{
    return find_value(call, name)->given;
}

const char *command_string(const CommandCall *call, const char *name)
{
    return find_value(call, name)->string;
}

gint64 command_int(const CommandCall *call, const char *name, gint64 if_missing)
{
    const CommandValue *value = find_value(call, name);

    return value->given ? value->integer : if_missing;
}

gboolean command_flag(const CommandCall *call, const char *name)
{
    return find_value(call, name)->given;
}

CommandFormat command_format(const CommandCall *call, const char *name)
{
    const CommandValue *value = find_value(call, name);

    return value->given ? value->format : (CommandFormat){.count = 1, .format = 'x'};
}

JsonNode *command_json(const CommandCall *call, const char *name)
{
    return find_value(call, name)->json;
}

void command_return(CommandCall *call, JsonNode *value)
{
    g_clear_pointer(&call->result, json_node_unref);
    call->result = value;
}

void command_return_object(CommandCall *call, JsonObject *value)
{
    command_return(call, json_node_init_object(json_node_alloc(), value));
    json_object_unref(value);
}

void command_return_array(CommandCall *call, JsonArray *value)
{
    command_return(call, json_node_init_array(json_node_alloc(), value));
    json_array_unref(value);
}

void command_set_string(CommandCall *call, guint arg, const char *value)
{
    g_free(call->values[arg].string);
    call->values[arg].string = g_strdup(value);
    call->values[arg].given = TRUE;
}

void command_set_int(CommandCall *call, guint arg, gint64 value)
{
    call->values[arg].integer = value;
    call->values[arg].given = TRUE;
}

void command_set_format(CommandCall *call, guint arg, const CommandFormat *format)
{
    call->values[arg].format = *format;
    call->values[arg].given = TRUE;
}

void command_set_json(CommandCall *call, guint arg, JsonNode *value)
{
    g_clear_pointer(&call->values[arg].json, json_node_unref);
    call->values[arg].json = json_node_ref(value);
    call->values[arg].given = TRUE;
}

gboolean command_check_int(const CommandArg *arg, gint64 value, GError **error)
{
    if ((arg->min || arg->max) && (value < arg->min || value > arg->max)) {
        return error_set(error,
                         "%s is %" G_GINT64_FORMAT ", but must be from %" G_GINT64_FORMAT
                         " to %" G_GINT64_FORMAT,
                         arg->name, value, arg->min, arg->max);
    }
    return TRUE;
}

/* ---- calls ---- */

CommandCall *command_call_new(CommandContext *context, const Command *command)
{
    CommandCall *call = g_new0(CommandCall, 1);

    call->command = command;
    call->context = context;
    call->machine = context->machine;
    call->out = g_string_new(NULL);
    call->values = g_new0(CommandValue, COMMAND_MAX_ARGS);
    return call;
}

void command_call_free(CommandCall *call)
{
    for (guint i = 0; i < COMMAND_MAX_ARGS; i++) {
        g_free(call->values[i].string);
        g_clear_pointer(&call->values[i].json, json_node_unref);
    }
    g_free(call->values);
    g_clear_pointer(&call->result, json_node_unref);
    g_string_free(call->out, TRUE);
    g_free(call);
}

void command_call_hold(CommandCall *call)
{
    call->held = TRUE;
}

/* Tells the caller and frees; takes the error. */
static void complete(CommandCall *call, GError *error)
{
    if (call->done) {
        call->done(call, error, call->done_opaque);
    }
    g_clear_error(&error);
    command_call_free(call);
}

void command_call_finish(CommandCall *call, GError *error)
{
    g_assert(call->held);
    if (call->running) {
        /* The handler itself is still on the stack: command_call_run() goes on from here. */
        call->finished = TRUE;
        call->error = error;
    } else {
        complete(call, error);
    }
}

void command_call_run(CommandCall *call,
                      void (*done)(CommandCall *call, GError *error, void *opaque), void *opaque)
{
    GError *error = NULL;

    call->done = done;
    call->done_opaque = opaque;
    call->running = TRUE;
    gboolean ok = call->command->run(call, &error);
    call->running = FALSE;
    g_assert(ok ? !error : error && !call->held);
    if (!ok || !call->held) {
        complete(call, error);
    } else if (call->finished) {
        complete(call, call->error);
    }
}

gboolean command_call_is_orphan(const CommandCall *call)
{
    return !call->context || (call->context->outer && !call->context->outer->context);
}

void command_call_detach(CommandCall *call)
{
    call->done = NULL;
    call->context = NULL;
}
