/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries of what machines and processors there can be, from the program's own tables. */
#include <string.h>

#include "core/board.h"
#include "core/error.h"
#include "core/vcpu.h"
#include "cpu/feature.h"
#include "cpu/model.h"
#include "monitor/describe.h"
#include "monitor/handlers.h"

/* The type that a processor of a model has, in QEMU's manner. */
#define CPU_TYPE_SUFFIX "-x86_64-cpu"

/* ---- boards ---- */

static JsonObject *describe_board(const BoardOps *ops, gboolean is_default)
{
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "name", ops->name);
    if (is_default) {
        json_object_set_boolean_member(info, "is-default", TRUE);
    }
    json_object_set_int_member(info, "cpu-max", ops->max_cpus);
    json_object_set_boolean_member(info, "hotpluggable-cpus", FALSE);
    json_object_set_boolean_member(info, "numa-mem-supported", FALSE);
    json_object_set_boolean_member(info, "deprecated", FALSE);
    if (!ops->no_memory) {
        json_object_set_string_member(info, "default-ram-id", BOARD_RAM_ID);
    }
    /* No default-cpu-type: it names a model, of libvirt's list too, and ours, "max", is none. */
    return info;
}

gboolean qmp_query_machines(CommandCall *call, GError **error)
{
    const BoardOps *const *types = call->machine->board_types;
    JsonArray *list = json_array_new();

    for (guint i = 0; types && types[i]; i++) {
        json_array_add_object_element(list, describe_board(types[i], i == 0));
    }
    command_return_array(call, list);
    return TRUE;
}

/* ---- models ---- */

static JsonArray *words(const char *text)
{
    g_auto(GStrv) split = g_strsplit(text, " ", -1);
    JsonArray *list = json_array_new();

    for (char **word = split; *word; word++) {
        if (**word) {
            json_array_add_string_element(list, *word);
        }
    }
    return list;
}

/* What of the model this accelerator has not. NULL = it runs no processors, who can tell. */
static JsonArray *unavailable_features(const Accel *accel, const CpuModelInfo *model)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = NULL;

    if (!accel || !accel->cpuid_supported) {
        return NULL;
    }
    if (model->host_only && !g_str_equal(accel->ops->name, "kvm")) {
        return words("kvm");
    }
    entries = cpu_model_build(model->name, accel->cpuid_supported, missing, NULL);
    return words(missing->str);
}

gboolean qmp_query_cpu_definitions(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();
    CpuModelInfo model;

    for (guint i = 0; cpu_model_nth(i, &model); i++) {
        g_autofree char *type = g_strconcat(model.name, CPU_TYPE_SUFFIX, NULL);
        JsonArray *missing = unavailable_features(call->machine->accel, &model);
        JsonObject *info = json_object_new();

        json_object_set_string_member(info, "name", model.name);
        json_object_set_string_member(info, "typename", type);
        if (missing) {
            json_object_set_array_member(info, "unavailable-features", missing);
        }
        json_object_set_boolean_member(info, "static", model.is_static);
        json_object_set_boolean_member(info, "migration-safe", model.is_fixed);
        json_object_set_boolean_member(info, "deprecated", FALSE);
        if (model.alias_of) {
            json_object_set_string_member(info, "alias-of", model.alias_of);
        }
        json_array_add_object_element(list, info);
    }
    command_return_array(call, list);
    return TRUE;
}

/* ---- query-cpu-model-expansion ---- */

/* The text of -cpu that a CpuModelInfo means. `migratable`, which QEMU's models have, hides what
 * ties a processor to its host: invtsc. */
static char *model_text(JsonObject *model, GError **error)
{
    g_autoptr(GString) text = g_string_new(json_object_get_string_member(model, "name"));
    JsonNode *props = json_object_get_member(model, "props"), *value;
    JsonObjectIter iter;
    const char *name;

    if (!props) {
        return g_string_free(g_steal_pointer(&text), FALSE);
    }
    if (!JSON_NODE_HOLDS_OBJECT(props)) {
        error_set(error, "Invalid parameter type for 'model.props', expected: object");
        return NULL;
    }
    json_object_iter_init(&iter, json_node_get_object(props));
    while (json_object_iter_next(&iter, &name, &value)) {
        if (!JSON_NODE_HOLDS_VALUE(value) || json_node_get_value_type(value) != G_TYPE_BOOLEAN) {
            error_set(error, "Invalid parameter type for 'model.props.%s', expected: boolean",
                      name);
            return NULL;
        }
        if (!g_str_equal(name, "migratable")) {
            g_string_append_printf(text, ",%s=%s", name,
                                   json_node_get_boolean(value) ? "on" : "off");
        } else if (json_node_get_boolean(value)) {
            g_string_append(text, ",invtsc=off");
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

typedef struct Expansion {
    const GArray *entries;
    JsonObject *props;
} Expansion;

static void add_feature(const CpuFeature *feature, void *opaque)
{
    Expansion *expansion = opaque;

    json_object_set_boolean_member(expansion->props, feature->name,
                                   cpu_model_has(expansion->entries, feature));
}

static JsonObject *expand(const GArray *entries)
{
    Expansion expansion = {entries, json_object_new()};
    CpuIdentity identity;

    cpu_feature_foreach(add_feature, &expansion);
    cpu_model_identify(entries, &identity);
    json_object_set_string_member(expansion.props, "vendor", identity.vendor);
    json_object_set_string_member(expansion.props, "model-id", identity.name);
    json_object_set_int_member(expansion.props, "family", identity.family);
    json_object_set_int_member(expansion.props, "model", identity.model);
    json_object_set_int_member(expansion.props, "stepping", identity.stepping);
    json_object_set_int_member(expansion.props, "level", identity.level);
    json_object_set_int_member(expansion.props, "xlevel", identity.xlevel);
    return expansion.props;
}

/* As in QEMU a static expansion is of the model `base`, a full one of the model itself. */
gboolean qmp_query_cpu_model_expansion(CommandCall *call, GError **error)
{
    JsonObject *model = json_node_get_object(command_json(call, "model"));
    const Accel *accel = call->machine->accel;
    g_autofree char *text = model_text(model, error);
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = NULL;
    JsonObject *result, *expanded;

    if (!text) {
        return FALSE;
    }
    if (!accel || !accel->cpuid_supported) {
        return error_set(error, "the accelerator runs no processors: there are no CPU models");
    }
    entries = cpu_model_build(text, accel->cpuid_supported, missing, error);
    if (!entries) {
        if (error && g_str_has_prefix((*error)->message, "-cpu: ")) { /* there is no such option */
            g_autofree char *message = g_strdup((*error)->message + strlen("-cpu: "));

            g_clear_error(error);
            error_set(error, "CPU model '%s' not found: %s",
                      json_object_get_string_member(model, "name"), message);
        }
        return FALSE;
    }
    expanded = json_object_new();
    json_object_set_string_member(expanded, "name",
                                  g_str_equal(command_string(call, "type"), "static")
                                      ? "base"
                                      : json_object_get_string_member(model, "name"));
    json_object_set_object_member(expanded, "props", expand(entries));
    result = json_object_new();
    json_object_set_object_member(result, "model", expanded);
    command_return_object(call, result);
    return TRUE;
}

/* ---- processors ---- */

/* As -smp says; else a processor is a core of the one package. See cpu_model_set_topology(). */
JsonObject *qmp_cpu_place(const Machine *machine, guint index)
{
    const BoardConfig *board = machine->board_config;
    guint threads = board ? MAX(board->topology.threads, 1) : 1;
    guint cores = board && board->topology.cores ? board->topology.cores : G_MAXUINT / threads;
    JsonObject *props = json_object_new();

    json_object_set_int_member(props, "socket-id", index / (cores * threads));
    json_object_set_int_member(props, "core-id", index / threads % cores);
    json_object_set_int_member(props, "thread-id", index % threads);
    return props;
}

/* All that there is room for; those that are there have a path. */
gboolean qmp_query_hotpluggable_cpus(CommandCall *call, GError **error)
{
    const Machine *machine = call->machine;
    const char *model = machine->cpu_model ? machine->cpu_model : CPU_MODEL_DEFAULT;
    g_autofree char *name = g_strndup(model, strcspn(model, ","));
    g_autofree char *type = g_strconcat(name, CPU_TYPE_SUFFIX, NULL);
    guint count = machine->vcpus->len;
    JsonArray *list;

    if (!machine->root) {
        return error_set(error, "The feature 'query-hotpluggable-cpus' is not enabled");
    }
    if (machine->board_config) {
        count = MAX(count, machine->board_config->max_cpus);
    }
    list = json_array_new();
    for (guint i = count; i-- > 0;) {
        JsonObject *info = json_object_new();

        json_object_set_string_member(info, "type", type);
        json_object_set_int_member(info, "vcpus-count", 1);
        json_object_set_object_member(info, "props", qmp_cpu_place(machine, i));
        if (i < machine->vcpus->len) {
            g_autofree char *path = qmp_cpu_path(i);
            json_object_set_string_member(info, "qom-path", path);
        }
        json_array_add_object_element(list, info);
    }
    command_return_array(call, list);
    return TRUE;
}
