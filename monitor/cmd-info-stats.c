/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topics of `info` about what the accelerator has counted, and which processors there can be. */
#include <string.h>

#include "core/error.h"
#include "core/vcpu.h"
#include "cpu/model.h"
#include "monitor/describe.h"
#include "monitor/handlers.h"

/* ---- info hotpluggable-cpus ---- */

static void print_place(GString *out, JsonObject *place)
{
    static const char *const names[] = {"node-id", "socket-id", "die-id", "core-id", "thread-id"};

    g_string_append(out, "  CPUInstance Properties:\n");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (json_object_has_member(place, names[i])) {
            g_string_append_printf(out, "    %s: \"%" G_GINT64_FORMAT "\"\n", names[i],
                                   json_object_get_int_member(place, names[i]));
        }
    }
}

gboolean cmd_info_hotpluggable_cpus(CommandCall *call, GError **error)
{
    JsonArray *list;

    if (!qmp_query_hotpluggable_cpus(call, error)) {
        return FALSE;
    }
    list = json_node_get_array(call->result);
    g_string_append(call->out, "Hotpluggable CPUs:\n");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *cpu = json_array_get_object_element(list, i);

        g_string_append_printf(call->out,
                               "  type: \"%s\"\n  vcpus_count: \"%" G_GINT64_FORMAT "\"\n",
                               json_object_get_string_member(cpu, "type"),
                               json_object_get_int_member(cpu, "vcpus-count"));
        g_string_append_printf(call->out, "  qom_path: \"%s\"\n",
                               json_object_get_string_member(cpu, "qom-path"));
        print_place(call->out, json_object_get_object_member(cpu, "props"));
    }
    return TRUE;
}

/* ---- info stats ---- */

/* "ns", "KiB"; a unit without a prefix has exponent 0. */
static void print_unit(GString *out, GVariant *schema)
{
    static const char *const small[] = {"", "m", "u", "n"};
    static const char *const large[] = {"", "Ki", "Mi", "Gi"};
    const char *unit = NULL;
    gint32 exponent = 0;

    if (!g_variant_lookup(schema, "unit", "&s", &unit)) {
        return;
    }
    g_variant_lookup(schema, "exponent", "i", &exponent);
    if (g_str_equal(unit, "seconds") && exponent <= 0 && exponent >= -9) {
        g_string_append_printf(out, ", %ss", small[-exponent / 3]);
    } else if (g_str_equal(unit, "bytes") && exponent >= 0 && exponent <= 30) {
        g_string_append_printf(out, ", %sB", large[exponent / 10]);
    } else {
        g_string_append_printf(out, ", %s", unit);
    }
}

static void print_value(GString *out, GVariant *value)
{
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)) {
        g_string_append(out, g_variant_get_boolean(value) ? " yes" : " no");
    } else if (g_variant_is_container(value)) {
        for (gsize i = 0; i < g_variant_n_children(value); i++) {
            g_autoptr(GVariant) item = g_variant_get_child_value(value, i);
            g_autofree char *text = g_variant_print(item, FALSE);

            g_string_append_printf(out, " [%zu]=%s", i + 1, text);
        }
    } else {
        g_autofree char *text = g_variant_print(value, FALSE);

        g_string_append_printf(out, " %s", text);
    }
}

/* Of the processor, or of the machine (NULL); those whose names are in the list, or (NULL) all. */
static void print_stats(const Machine *machine, Vcpu *vcpu, char **names, GString *out)
{
    Accel *accel = machine->accel;
    g_autoptr(GVariant) schemas = g_variant_ref_sink(accel->ops->stats(accel, vcpu, TRUE));
    g_autoptr(GVariant) values = g_variant_ref_sink(accel->ops->stats(accel, vcpu, FALSE));
    gsize count = MIN(g_variant_n_children(schemas), g_variant_n_children(values));

    g_string_append(out, "provider: kvm\n");
    for (gsize i = 0; i < count; i++) {
        g_autoptr(GVariant) schema = g_variant_get_child_value(schemas, i);
        g_autoptr(GVariant) said = g_variant_get_child_value(values, i);
        g_autoptr(GVariant) value = g_variant_lookup_value(said, "value", NULL);
        const char *name, *type;

        if (!value || !g_variant_lookup(schema, "name", "&s", &name) ||
            !g_variant_lookup(schema, "type", "&s", &type) ||
            (names && !g_strv_contains((const char *const *)names, name))) {
            continue;
        }
        g_string_append_printf(out, "    %s (%s", name, type);
        print_unit(out, schema);
        g_string_append(out, "):");
        print_value(out, value);
        g_string_append_c(out, '\n');
    }
}

gboolean cmd_info_stats(CommandCall *call, GError **error)
{
    const char *target = command_string(call, "target");
    const char *list = command_string(call, "names");
    const char *provider = command_string(call, "provider");
    g_auto(GStrv) names = list && !g_str_equal(list, "*") ? g_strsplit(list, ",", -1) : NULL;
    const Machine *machine = call->machine;
    gboolean of_vcpu = g_str_equal(target, "vcpu");

    if (!of_vcpu && !g_str_equal(target, "vm")) {
        return error_set(error, "invalid stats target %s", target);
    }
    if (provider && !g_str_equal(provider, "kvm")) {
        return error_set(error, "invalid stats provider %s", provider);
    }
    if (!machine->accel || !machine->accel->ops->stats) {
        return TRUE; /* it has no provider */
    }
    if (!of_vcpu) {
        print_stats(machine, NULL, names, call->out);
    } else if (call->context->cpu < machine->vcpus->len) {
        print_stats(machine, g_ptr_array_index(machine->vcpus, call->context->cpu), names,
                    call->out);
    }
    return TRUE;
}
