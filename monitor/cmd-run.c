/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running, stopping and debugging the machine as a whole. */
#include "core/error.h"
#include "core/log.h"
#include "core/vcpu.h"
#include "monitor/handlers.h"

/* A dump keeps the machine still. */
static gboolean check_not_frozen(const Machine *machine, GError **error)
{
    return !machine->frozen || error_set(error, "There is a dump in process, please wait.");
}

gboolean cmd_stop(CommandCall *call, GError **error)
{
    if (!check_not_frozen(call->machine, error)) {
        return FALSE;
    }
    if (machine_is_running(call->machine)) {
        machine_stop(call->machine, RUN_STATE_PAUSED);
    }
    return TRUE;
}

gboolean cmd_cont(CommandCall *call, GError **error)
{
    RunState state = call->machine->run_state;

    if (!check_not_frozen(call->machine, error)) {
        return FALSE;
    }
    if (state == RUN_STATE_SHUTDOWN || state == RUN_STATE_INTERNAL_ERROR) {
        return error_set(error,
                         "the machine is in state '%s' and must be reset before it can go on",
                         run_state_name(state));
    }
    machine_cont(call->machine);
    return TRUE;
}

gboolean cmd_system_reset(CommandCall *call, GError **error)
{
    machine_request_reset(call->machine, FALSE);
    return TRUE;
}

gboolean cmd_system_powerdown(CommandCall *call, GError **error)
{
    machine_request_powerdown(call->machine);
    return TRUE;
}

gboolean cmd_quit(CommandCall *call, GError **error)
{
    machine_request_shutdown(call->machine, SHUTDOWN_HOST_QMP_QUIT, 0);
    call->goodbye = TRUE;
    return TRUE;
}

gboolean cmd_nmi(CommandCall *call, GError **error)
{
    GPtrArray *vcpus = call->machine->vcpus;

    if (!vcpus || vcpus->len == 0) {
        return error_set(error, "the machine has no processor");
    }
    vcpus_inject_nmi(call->machine);
    return TRUE;
}

gboolean cmd_cpu(CommandCall *call, GError **error)
{
    gint64 index = command_int(call, "index", 0);
    GPtrArray *vcpus = call->machine->vcpus;

    if (!vcpus || index < 0 || index >= vcpus->len) {
        return error_set(error, "there is no CPU #%" G_GINT64_FORMAT " (see 'info cpus')", index);
    }
    call->context->cpu = index;
    return TRUE;
}

static void list_log_items(GString *out)
{
    guint items = log_get_items();

    g_string_append(out, "Log items (comma separated), * = on:\n");
    for (const LogItemInfo *info = log_items; info->name; info++) {
        g_string_append_printf(out, "%c %-14s %s\n", items & info->item ? '*' : ' ', info->name,
                               info->help);
    }
    g_string_append(out, "  none           turn all of them off\n"
                         "  all            turn all of them on\n");
}

gboolean cmd_log(CommandCall *call, GError **error)
{
    const char *text = command_string(call, "items");
    guint items;

    if (!text || g_str_equal(text, "help")) {
        list_log_items(call->out);
        return TRUE;
    }
    if (!log_parse_items(text, &items, error)) {
        return FALSE;
    }
    log_set_items(items);
    return TRUE;
}

gboolean cmd_logfile(CommandCall *call, GError **error)
{
    return log_set_file(command_string(call, "filename"), error);
}
