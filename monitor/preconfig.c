/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Before the machine is made (-preconfig): which commands there are then, and the one that ends it.
 * The list is QEMU's, so that a program finds what it expects; handlers of others may rely on a
 * machine that is complete.
 */
#include <string.h>

#include "core/error.h"
#include "monitor/handlers.h"

static const char *const allowed[] = {
    /* both */
    "quit",
    "object-add",
    "object_add",
    "object-del",
    "object_del",
    "qom-get",
    "qom-list",
    "qom-set",
    "x-exit-preconfig",
    "exit_preconfig",
    /* QMP */
    "blockdev-add",
    "blockdev-del",
    "qmp_capabilities",
    "qom-list-properties",
    "qom-list-types",
    "query-block",
    "query-block-jobs",
    "query-blockstats",
    "query-chardev",
    "query-command-line-options",
    "query-commands",
    "query-hotpluggable-cpus",
    "query-iothreads",
    "query-memdev",
    "query-name",
    "query-named-block-nodes",
    "query-qmp-schema",
    "query-status",
    "query-uuid",
    "query-version",
    "set-action",
    /* HMP */
    "closefd",
    "getfd",
    "help",
    "info",
    NULL,
};

gboolean command_check_phase(const Command *command, const Machine *machine, GError **error)
{
    if (machine->exit_preconfig && !g_strv_contains(allowed, command->name)) {
        return error_set(error,
                         "The command '%s' is permitted only after machine initialization has "
                         "completed",
                         command->name);
    }
    return TRUE;
}

gboolean cmd_exit_preconfig(CommandCall *call, GError **error)
{
    Machine *machine = call->machine;

    if (!machine->exit_preconfig) {
        return error_set(error, "The command is permitted only before machine initialization");
    }
    return machine->exit_preconfig(machine, machine->exit_preconfig_opaque, error);
}
