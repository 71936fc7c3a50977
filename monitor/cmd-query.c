/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries of the machine and of QMP itself. */
#include <unistd.h>

#include "core/frontend.h"
#include "core/vcpu.h"
#include "monitor/describe.h"
#include "monitor/handlers.h"
#include "monitor/qmp-call.h"
#include "monitor/schema.h"

/* The version of QEMU whose monitors and options these are. */
enum { INTERFACE_MAJOR = 7, INTERFACE_MINOR = 2, INTERFACE_MICRO = 0 };

JsonObject *qmp_version(void)
{
    JsonObject *version = json_object_new(), *triple = json_object_new();

    json_object_set_int_member(triple, "major", INTERFACE_MAJOR);
    json_object_set_int_member(triple, "minor", INTERFACE_MINOR);
    json_object_set_int_member(triple, "micro", INTERFACE_MICRO);
    json_object_set_object_member(version, "qemu", triple);
    json_object_set_string_member(version, "package", "Vitrine " VITRINE_VERSION);
    return version;
}

gboolean qmp_query_version(CommandCall *call, GError **error)
{
    command_return_object(call, qmp_version());
    return TRUE;
}

/* ---- what QMP has ---- */

static void add_command(JsonArray *list, const Command *command)
{
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "name", command->name);
    json_array_add_object_element(list, info);
}

gboolean qmp_query_commands(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    for (const Command *command = monitor_qmp_commands; command->name; command++) {
        add_command(list, command);
    }
    for (const Command *command = monitor_commands; command->name; command++) {
        if (command->qmp) {
            add_command(list, command);
        }
    }
    command_return_array(call, list);
    return TRUE;
}

gboolean qmp_query_schema(CommandCall *call, GError **error)
{
    JsonNode **kept = call->context->schema;

    if (kept && *kept) {
        command_return(call, json_node_ref(*kept));
        return TRUE;
    }
    command_return_array(call, schema_describe());
    if (kept) {
        *kept = json_node_ref(call->result);
    }
    return TRUE;
}

/* Of what this machine has none. */
gboolean qmp_query_nothing(CommandCall *call, GError **error)
{
    command_return_array(call, json_array_new());
    return TRUE;
}

/* ---- the machine ---- */

gboolean qmp_query_status(CommandCall *call, GError **error)
{
    JsonObject *status = json_object_new();

    json_object_set_string_member(status, "status", run_state_name(call->machine->run_state));
    json_object_set_boolean_member(status, "running", machine_is_running(call->machine));
    json_object_set_boolean_member(status, "singlestep",
                                   call->machine->accel && call->machine->accel->one_insn);
    command_return_object(call, status);
    return TRUE;
}

gboolean qmp_query_name(CommandCall *call, GError **error)
{
    JsonObject *name = json_object_new();

    if (call->machine->name) {
        json_object_set_string_member(name, "name", call->machine->name);
    }
    command_return_object(call, name);
    return TRUE;
}

gboolean qmp_query_uuid(CommandCall *call, GError **error)
{
    JsonObject *uuid = json_object_new();

    json_object_set_string_member(uuid, "UUID",
                                  call->machine->uuid ? call->machine->uuid
                                                      : "00000000-0000-0000-0000-000000000000");
    command_return_object(call, uuid);
    return TRUE;
}

gboolean qmp_query_kvm(CommandCall *call, GError **error)
{
    const Accel *accel = call->machine->accel;
    JsonObject *kvm = json_object_new();

    json_object_set_boolean_member(kvm, "enabled", accel && g_str_equal(accel->ops->name, "kvm"));
    json_object_set_boolean_member(kvm, "present", access("/dev/kvm", R_OK | W_OK) == 0);
    command_return_object(call, kvm);
    return TRUE;
}

gboolean qmp_query_target(CommandCall *call, GError **error)
{
    JsonObject *target = json_object_new();

    json_object_set_string_member(target, "arch", "x86_64");
    command_return_object(call, target);
    return TRUE;
}

char *qmp_cpu_path(guint index)
{
    return g_strdup_printf("/machine/unattached/device[%u]", index);
}

gboolean qmp_query_cpus_fast(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < call->machine->vcpus->len; i++) {
        const Vcpu *vcpu = g_ptr_array_index(call->machine->vcpus, i);
        g_autofree char *path = qmp_cpu_path(i);
        JsonObject *cpu = json_object_new();

        json_object_set_int_member(cpu, "cpu-index", i);
        json_object_set_string_member(cpu, "qom-path", path);
        json_object_set_int_member(cpu, "thread-id", vcpu->host_tid);
        json_object_set_object_member(cpu, "props", qmp_cpu_place(call->machine, i));
        json_object_set_string_member(cpu, "target", "x86_64");
        json_array_add_object_element(list, cpu);
    }
    command_return_array(call, list);
    return TRUE;
}

gboolean qmp_query_memory_size(CommandCall *call, GError **error)
{
    JsonObject *memory = json_object_new();

    json_object_set_int_member(memory, "base-memory", (gint64)call->machine->ram_size);
    json_object_set_int_member(memory, "plugged-memory", 0);
    command_return_object(call, memory);
    return TRUE;
}

gboolean qmp_query_frontends(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < call->machine->frontends->len; i++) {
        const Frontend *frontend = g_ptr_array_index(call->machine->frontends, i);
        JsonObject *info = json_object_new();

        json_object_set_string_member(info, "id", frontend->id);
        json_object_set_string_member(info, "type", frontend->ops->name);
        json_array_add_object_element(list, info);
    }
    command_return_array(call, list);
    return TRUE;
}
