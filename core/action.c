/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/action.h"

#include "core/event.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/vcpu.h"

const char *const reboot_action_names[] = {"reset", "shutdown", NULL};
const char *const shutdown_action_names[] = {"poweroff", "pause", NULL};
const char *const panic_action_names[] = {"pause", "shutdown", "exit-failure", "none", NULL};
const char *const watchdog_action_names[] = {"reset", "shutdown", "poweroff",   "pause",
                                             "debug", "none",     "inject-nmi", NULL};

#define FIELD(name) G_STRUCT_OFFSET(MachineActions, name)

const OptionSpec machine_action_specs[] = {
    {"reboot", OPTION_ENUM, FIELD(reboot), "reset", "the guest asks for a reset", 0, 0,
     reboot_action_names},
    {"shutdown", OPTION_ENUM, FIELD(shutdown), "poweroff", "the guest switches itself off", 0, 0,
     shutdown_action_names},
    {"panic", OPTION_ENUM, FIELD(panic), "shutdown", "the guest's system crashes (pvpanic)", 0, 0,
     panic_action_names},
    {"watchdog", OPTION_ENUM, FIELD(watchdog), "reset", "a watchdog runs out", 0, 0,
     watchdog_action_names},
    OPTION_END,
};

/* ---- panic ---- */

void machine_guest_panicked(Machine *machine)
{
    const MachineActions *actions = &machine->actions;

    log_line(LOG_GUEST_ERROR, "the guest's system has crashed");
    if (actions->panic == PANIC_ACTION_NONE) {
        event_emit(machine, "GUEST_PANICKED", "{'action': <'run'>}");
    } else if (actions->panic == PANIC_ACTION_PAUSE ||
               (actions->panic == PANIC_ACTION_SHUTDOWN &&
                actions->shutdown == SHUTDOWN_ACTION_PAUSE)) {
        event_emit(machine, "GUEST_PANICKED", "{'action': <'pause'>}");
        machine_request_stop(machine, RUN_STATE_GUEST_PANICKED);
    } else {
        event_emit(machine, "GUEST_PANICKED", "{'action': <'poweroff'>}");
        machine_request_stop(machine, RUN_STATE_GUEST_PANICKED);
        machine_request_shutdown(machine, SHUTDOWN_GUEST_PANIC,
                                 actions->panic == PANIC_ACTION_EXIT_FAILURE);
    }
}

void machine_guest_crashloaded(Machine *machine)
{
    event_emit(machine, "GUEST_CRASHLOADED", "{'action': <'run'>}");
}

/* ---- watchdog ---- */

void machine_watchdog_expired(Machine *machine)
{
    WatchdogAction action = (WatchdogAction)machine->actions.watchdog;

    event_emit(machine, "WATCHDOG", "{'action': <%s>}", watchdog_action_names[action]);
    switch (action) {
    case WATCHDOG_ACTION_RESET: machine_request_reset(machine, TRUE); break;
    case WATCHDOG_ACTION_SHUTDOWN: machine_request_powerdown(machine); break;
    case WATCHDOG_ACTION_POWEROFF:
        /* As pulling the plug: -no-shutdown does not keep it. */
        machine_request_shutdown(machine, SHUTDOWN_GUEST_EXIT, 0);
        break;
    case WATCHDOG_ACTION_PAUSE: machine_request_stop(machine, RUN_STATE_WATCHDOG); break;
    case WATCHDOG_ACTION_DEBUG: report_info("watchdog: timer fired"); break;
    case WATCHDOG_ACTION_NONE: break;
    case WATCHDOG_ACTION_INJECT_NMI: vcpus_inject_nmi(machine); break;
    }
}
