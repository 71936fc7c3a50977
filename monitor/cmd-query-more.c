/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries whose answers others make: devices, the accelerator, the command line, `info`. */
#include <string.h>

#include "core/error.h"
#include "core/vcpu.h"
#include "monitor/describe.h"
#include "monitor/handlers.h"
#include "monitor/run.h"

/* ---- query-TOPIC of devices ---- */

typedef struct DeviceQuery {
    const char *topic;
    JsonArray *list;
} DeviceQuery;

static gboolean ask_device(Device *dev, void *opaque)
{
    DeviceQuery *query = opaque;

    if (dev->realized && dev->ops->query && g_str_equal(dev->ops->info_topic, query->topic)) {
        g_autoptr(GVariant) said = g_variant_ref_sink(dev->ops->query(dev));
        g_autoptr(JsonNode) node = json_gvariant_serialize(said);
        JsonArray *items = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(items); i++) {
            json_array_add_element(query->list, json_array_dup_element(items, i));
        }
    }
    return TRUE;
}

gboolean qmp_query_devices(CommandCall *call, GError **error)
{
    DeviceQuery query = {call->command->name + strlen("query-"), json_array_new()};

    if (call->machine->root) {
        device_foreach(call->machine->root, ask_device, &query);
    }
    command_return_array(call, query.list);
    return TRUE;
}

/* ---- x-query-TOPIC: what `info TOPIC` prints ---- */

typedef struct TextCall {
    CommandContext context;
    CommandCall *call;
} TextCall;

static void text_done(const HmpResult *result, void *opaque)
{
    TextCall *text = opaque;
    JsonObject *value = json_object_new();
    GError *error = NULL;

    if (!result->ok) { /* "Error: why" and a line's end */
        g_autofree char *why = g_strstrip(g_strdup(result->text));
        error_set(&error, "%s", g_str_has_prefix(why, "Error: ") ? why + strlen("Error: ") : why);
    }
    json_object_set_string_member(value, "human-readable-text", result->text);
    command_return_object(text->call, value);
    command_call_finish(text->call, error);
    g_free(text);
}

gboolean qmp_query_text(CommandCall *call, GError **error)
{
    g_autofree char *line = g_strdup_printf("info %s", call->command->name + strlen("x-query-"));
    TextCall *text = g_new0(TextCall, 1);

    text->context.machine = call->machine;
    text->call = call;
    command_call_hold(call);
    hmp_run_start(&text->context, line, text_done, text);
    return TRUE;
}

/* ---- statistics ---- */

/* The only provider there is. */
#define PROVIDER "kvm"

/* Does the list of StatsRequests, which may be missing, ask for this? */
static gboolean is_asked_for(JsonNode *requests, const char *name)
{
    JsonArray *list = requests ? json_node_get_array(requests) : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *request = json_array_get_object_element(list, i);
        JsonArray *names = json_object_has_member(request, "names")
                               ? json_object_get_array_member(request, "names")
                               : NULL;

        for (guint j = 0; names && j < json_array_get_length(names); j++) {
            if (g_str_equal(json_array_get_string_element(names, j), name)) {
                return TRUE;
            }
        }
        if (!names) {
            return TRUE;
        }
    }
    return !list;
}

/* What is asked for of a processor's statistics, or of the machine's; an array. */
static JsonArray *read_stats(const Machine *machine, Vcpu *vcpu, JsonNode *requests)
{
    g_autoptr(GVariant) said =
        g_variant_ref_sink(machine->accel->ops->stats(machine->accel, vcpu, FALSE));
    g_autoptr(JsonNode) node = json_gvariant_serialize(said);
    JsonArray *all = json_node_get_array(node), *some = json_array_new();

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *item = json_array_get_object_element(all, i);

        if (is_asked_for(requests, json_object_get_string_member(item, "name"))) {
            json_array_add_element(some, json_array_dup_element(all, i));
        }
    }
    return some;
}

static void add_result(JsonArray *results, const char *path, JsonArray *stats)
{
    JsonObject *result = json_object_new();

    json_object_set_string_member(result, "provider", PROVIDER);
    if (path) {
        json_object_set_string_member(result, "qom-path", path);
    }
    json_object_set_array_member(result, "stats", stats);
    json_array_add_object_element(results, result);
}

static gboolean names_path(JsonNode *paths, const char *path)
{
    JsonArray *list = paths ? json_node_get_array(paths) : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        if (g_str_equal(json_array_get_string_element(list, i), path)) {
            return TRUE;
        }
    }
    return !list;
}

static void add_vcpus(const CommandCall *call, JsonNode *requests, JsonArray *results)
{
    GPtrArray *vcpus = call->machine->vcpus;

    for (guint i = 0; i < vcpus->len; i++) {
        g_autofree char *path = qmp_cpu_path(i);

        if (names_path(command_json(call, "vcpus"), path)) {
            add_result(results, path,
                       read_stats(call->machine, g_ptr_array_index(vcpus, i), requests));
        }
    }
}

static gboolean has_stats(const Machine *machine)
{
    return machine->accel && machine->accel->ops->stats;
}

gboolean qmp_query_stats(CommandCall *call, GError **error)
{
    gboolean of_vm = g_str_equal(command_string(call, "target"), "vm");
    JsonNode *requests = command_json(call, "providers");
    JsonArray *results;

    if (of_vm && command_has(call, "vcpus")) {
        return error_set(error, "Parameter 'vcpus' is unexpected");
    }
    results = json_array_new();
    if (has_stats(call->machine) && of_vm) {
        add_result(results, NULL, read_stats(call->machine, NULL, requests));
    } else if (has_stats(call->machine)) {
        add_vcpus(call, requests, results);
    }
    command_return_array(call, results);
    return TRUE;
}

static void add_schema(const Machine *machine, Vcpu *vcpu, const char *target, JsonArray *list)
{
    g_autoptr(GVariant) said =
        g_variant_ref_sink(machine->accel->ops->stats(machine->accel, vcpu, TRUE));
    JsonObject *schema = json_object_new();

    json_object_set_string_member(schema, "provider", PROVIDER);
    json_object_set_string_member(schema, "target", target);
    json_object_set_member(schema, "stats", json_gvariant_serialize(said));
    json_array_add_object_element(list, schema);
}

gboolean qmp_query_stats_schemas(CommandCall *call, GError **error)
{
    const Machine *machine = call->machine;
    JsonArray *list = json_array_new();

    if (has_stats(machine)) {
        add_schema(machine, NULL, "vm", list);
        if (machine->vcpus->len > 0) {
            add_schema(machine, g_ptr_array_index(machine->vcpus, 0), "vcpu", list);
        }
    }
    command_return_array(call, list);
    return TRUE;
}

/* ---- the command line ---- */

typedef struct LineQuery {
    CommandCall *call;
    GVariant *groups;
} LineQuery;

static void describe_in_worker(void *opaque)
{
    LineQuery *query = opaque;

    query->groups = g_variant_ref_sink(query->call->machine->describe_command_line());
}

static JsonArray *choose_groups(JsonArray *all, const char *name)
{
    JsonArray *some = json_array_new();

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *group = json_array_get_object_element(all, i);

        if (!name || g_str_equal(json_object_get_string_member(group, "option"), name)) {
            json_array_add_element(some, json_array_dup_element(all, i));
        }
    }
    return some;
}

static void describe_done(void *opaque)
{
    LineQuery *query = opaque;
    const char *name = command_string(query->call, "option");
    g_autoptr(JsonNode) all = json_gvariant_serialize(query->groups);
    JsonArray *groups = choose_groups(json_node_get_array(all), name);
    GError *error = NULL;

    if (name && json_array_get_length(groups) == 0) {
        error_set(&error, "invalid option name: %s", name);
    }
    command_return_array(query->call, groups);
    command_call_finish(query->call, error);
    g_variant_unref(query->groups);
    g_free(query);
}

/* Some options are those of modules, and loading one takes long: a worker does it. */
gboolean qmp_query_command_line(CommandCall *call, GError **error)
{
    LineQuery *query;

    if (!call->machine->describe_command_line) {
        command_return_array(call, json_array_new());
        return TRUE;
    }
    query = g_new0(LineQuery, 1);
    query->call = call;
    command_call_hold(call);
    worker_submit(call->machine->workers, describe_in_worker, describe_done, query);
    return TRUE;
}
