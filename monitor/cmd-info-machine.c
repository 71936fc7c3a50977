/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topics of `info`: what the machine has, and jobs that scripts ask for, of which it has none. */
#include "core/error.h"
#include "core/vcpu.h"
#include "monitor/handlers.h"

gboolean cmd_info_memory_size_summary(CommandCall *call, GError **error)
{
    g_string_append_printf(call->out, "base memory: %" G_GUINT64_FORMAT "\nplugged memory: 0\n",
                           call->machine->ram_size);
    return TRUE;
}

/* No NUMA nodes, plugged memory, I/O threads: an empty list. */
gboolean cmd_info_empty(CommandCall *call, GError **error)
{
    return TRUE;
}

gboolean cmd_info_numa(CommandCall *call, GError **error)
{
    g_string_append(call->out, "0 nodes\n");
    return TRUE;
}

gboolean cmd_info_replay(CommandCall *call, GError **error)
{
    g_string_append(call->out, "Record/replay is not active\n");
    return TRUE;
}

gboolean cmd_info_migrate(CommandCall *call, GError **error)
{
    g_string_append(call->out, "Migration status: none\n");
    return TRUE;
}

gboolean cmd_info_snapshots(CommandCall *call, GError **error)
{
    g_string_append(call->out, "no block device can store vmstate for snapshot\n");
    return TRUE;
}

static void print_statistics(Vcpu *vcpu, void *opaque)
{
    vcpu->accel->ops->print_statistics(vcpu->accel, vcpu, opaque);
}

gboolean cmd_info_jit(CommandCall *call, GError **error)
{
    Accel *accel = call->machine->accel;

    if (!accel || !accel->ops->print_statistics) {
        return error_set(error, "JIT information is only available with accel=tcg");
    }
    for (guint i = 0; i < call->machine->vcpus->len; i++) {
        g_string_append_printf(call->out, "CPU #%u\n", i);
        vcpu_call(g_ptr_array_index(call->machine->vcpus, i), print_statistics, call->out);
    }
    return TRUE;
}

gboolean cmd_singlestep(CommandCall *call, GError **error)
{
    const char *option = command_string(call, "option");
    Accel *accel = call->machine->accel;

    if (!accel || !accel->ops->set_one_insn) {
        return error_set(error, "the processors decide themselves how they run (only accel=tcg "
                                "can do one instruction a block)");
    }
    accel->ops->set_one_insn(accel, !option || g_str_equal(option, "on"));
    return TRUE;
}

gboolean cmd_boot_set(CommandCall *call, GError **error)
{
    Machine *machine = call->machine;
    const char *order = command_string(call, "bootdevice");

    if (!machine->set_boot_order) {
        return error_set(error,
                         "no function defined to set boot device list for this architecture");
    }
    if (!machine->set_boot_order(machine->boot_order_opaque, order, error)) {
        return FALSE;
    }
    g_string_append_printf(call->out, "boot device list now set to %s\n", order);
    return TRUE;
}
