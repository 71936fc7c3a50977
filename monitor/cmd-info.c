/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topics of `info`: the machine, its processors and memory. */
#include "core/apic.h"
#include "core/error.h"
#include "core/vcpu.h"
#include "monitor/handlers.h"

gboolean cmd_info_status(CommandCall *call, GError **error)
{
    Machine *machine = call->machine;
    RunState state = machine->run_state;

    g_string_append_printf(call->out, "VM status: %s",
                           state == RUN_STATE_RUNNING ? "running" : "paused");
    if (machine->accel && machine->accel->one_insn) {
        g_string_append(call->out, " (single step mode)");
    }
    if (state != RUN_STATE_RUNNING && state != RUN_STATE_PAUSED) {
        g_string_append_printf(call->out, " (%s)", run_state_name(state));
    }
    g_string_append_c(call->out, '\n');
    for (guint i = 0; machine->vcpus && i < machine->vcpus->len; i++) {
        const Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        if (state == RUN_STATE_INTERNAL_ERROR && vcpu->error) {
            g_string_append_printf(call->out, "CPU #%u: %s\n", i, vcpu->error);
        }
    }
    return TRUE;
}

gboolean cmd_info_version(CommandCall *call, GError **error)
{
    /* The version whose commands these are comes first, as in QMP: scripts compare it. */
    g_string_append(call->out, "7.2.0 (Vitrine " VITRINE_VERSION ")\n");
    return TRUE;
}

gboolean cmd_info_name(CommandCall *call, GError **error)
{
    if (call->machine->name) {
        g_string_append_printf(call->out, "%s\n", call->machine->name);
    }
    return TRUE;
}

gboolean cmd_info_uuid(CommandCall *call, GError **error)
{
    const char *uuid = call->machine->uuid;

    g_string_append_printf(call->out, "%s\n", uuid ? uuid : "00000000-0000-0000-0000-000000000000");
    return TRUE;
}

gboolean cmd_info_kvm(CommandCall *call, GError **error)
{
    const Accel *accel = call->machine->accel;
    gboolean enabled = accel && g_str_equal(accel->ops->name, "kvm");

    g_string_append_printf(call->out, "kvm support: %s\n", enabled ? "enabled" : "disabled");
    return TRUE;
}

gboolean cmd_info_cpus(CommandCall *call, GError **error)
{
    GPtrArray *vcpus = call->machine->vcpus;

    for (guint i = 0; vcpus && i < vcpus->len; i++) {
        const Vcpu *vcpu = g_ptr_array_index(vcpus, i);
        g_string_append_printf(call->out, "%c CPU #%u: thread_id=%d%s\n",
                               i == call->context->cpu ? '*' : ' ', i, vcpu->host_tid,
                               vcpu->halted ? " (halted)" : "");
    }
    return TRUE;
}

static void print_registers(const CommandCall *call, guint index)
{
    CpuRegisters regs;

    vcpu_get_regs(g_ptr_array_index(call->machine->vcpus, index), &regs);
    cpu_registers_print(&regs, index, call->out);
}

gboolean cmd_info_registers(CommandCall *call, GError **error)
{
    guint count = call->machine->vcpus ? call->machine->vcpus->len : 0;
    gint64 index = command_int(call, "vcpu", call->context->cpu);

    if (command_flag(call, "all")) {
        for (guint i = 0; i < count; i++) {
            print_registers(call, i);
        }
        return TRUE;
    }
    if (index < 0 || index >= count) {
        return error_set(error, "there is no CPU #%" G_GINT64_FORMAT " (see 'info cpus')", index);
    }
    print_registers(call, index);
    return TRUE;
}

gboolean cmd_info_mtree(CommandCall *call, GError **error)
{
    gboolean flat = command_flag(call, "flat");

    address_space_print(call->machine->memory, call->out, flat);
    address_space_print(call->machine->io, call->out, flat);
    return TRUE;
}

gboolean cmd_info_qtree(CommandCall *call, GError **error)
{
    if (call->machine->root) {
        device_print_tree(call->machine->root, call->out);
    }
    return TRUE;
}

gboolean cmd_info_irq(CommandCall *call, GError **error)
{
    device_print_irq_counts(call->machine->root, call->out);
    return TRUE;
}

gboolean cmd_info_lapic(CommandCall *call, GError **error)
{
    gint64 index = command_int(call, "apic-id", call->context->cpu);
    Apic *apic = index >= 0 && index < 256 ? apic_of(call->machine, (guint)index) : NULL;

    if (call->machine->apics->len == 0) {
        return error_set(error, "the local APICs are not ours under this accelerator");
    }
    if (!apic) {
        return error_set(error, "there is no local APIC %" G_GINT64_FORMAT " (see 'info cpus')",
                         index);
    }
    apic->ops->print(apic, call->out);
    return TRUE;
}

gboolean cmd_info_lock(CommandCall *call, GError **error)
{
    VmLockStats stats;

    vm_lock_stats(call->machine->lock, &stats, command_flag(call, "reset"));
    g_string_append_printf(
        call->out,
        "taken: %" G_GUINT64_FORMAT " times, %" G_GUINT64_FORMAT " of them after waiting\n"
        "longest wait: %.3f ms\n"
        "longest hold: %.3f ms%s%s\n",
        stats.takes, stats.contended, stats.longest_wait_ns / 1e6, stats.longest_hold_ns / 1e6,
        stats.longest_who ? " by " : "", stats.longest_who ? stats.longest_who : "");
    return TRUE;
}

gboolean cmd_info_history(CommandCall *call, GError **error)
{
    guint n = 0;

    if (!call->context->history) {
        return TRUE;
    }
    for (const GList *line = call->context->history->head; line; line = line->next) {
        g_string_append_printf(call->out, "%u: '%s'\n", n++, (const char *)line->data);
    }
    return TRUE;
}
