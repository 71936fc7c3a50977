/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine does when its guest ends, crashes or hangs; waking it when it sleeps. */
#include "core/action.h"
#include "core/error.h"
#include "monitor/handlers.h"

gboolean cmd_watchdog_action(CommandCall *call, GError **error)
{
    return options_set(machine_action_specs, &call->machine->actions, "watchdog",
                       command_string(call, "action"), error);
}

gboolean qmp_set_action(CommandCall *call, GError **error)
{
    MachineActions *actions = &call->machine->actions;

    for (const OptionSpec *spec = machine_action_specs; spec->name; spec++) {
        const char *action = command_string(call, spec->name);

        if (action && !options_set(machine_action_specs, actions, spec->name, action, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean cmd_system_wakeup(CommandCall *call, GError **error)
{
    Machine *machine = call->machine;

    if (!machine->can_sleep) {
        return error_set(error, "wake-up from suspend is not supported by this guest");
    }
    if (machine->run_state != RUN_STATE_SUSPENDED) {
        return error_set(error, "Unable to wake up: guest is not in suspended state");
    }
    machine_request_wakeup(machine, WAKE_OTHER);
    return TRUE;
}

gboolean qmp_query_current_machine(CommandCall *call, GError **error)
{
    JsonObject *params = json_object_new();

    json_object_set_boolean_member(params, "wakeup-suspend-support", call->machine->can_sleep);
    command_return_object(call, params);
    return TRUE;
}
