/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Before the machine is made (-preconfig): which commands there are then, and the one that ends it.
 * The list is QEMU's, so that a program finds what it expects; handlers of others may rely on a
 * machine that is complete.
 */
#include <string.h>

#include "core/error.h"
#include "monitor/handlers.h"

/* clang-format off */
static const char *const allowed[] = {
    /* QMP; in HMP those of the same name */
    "block-commit", "block-dirty-bitmap-add", "block-dirty-bitmap-clear",
    "block-dirty-bitmap-disable", "block-dirty-bitmap-enable", "block-dirty-bitmap-merge",
    "block-dirty-bitmap-remove", "block-export-add", "block-export-del", "block-job-cancel",
    "block-job-complete", "block-job-dismiss", "block-job-finalize", "block-job-pause",
    "block-job-resume", "block-job-set-speed", "block-latency-histogram-set",
    "block-set-write-threshold", "block-stream", "block_resize", "block_set_io_throttle",
    "blockdev-add", "blockdev-backup", "blockdev-create", "blockdev-del", "blockdev-mirror",
    "blockdev-reopen", "blockdev-snapshot", "blockdev-snapshot-sync", "change-backing-file",
    "drive-backup", "drive-mirror", "nbd-server-add", "nbd-server-remove", "nbd-server-start",
    "nbd-server-stop", "netdev_add", "netdev_del", "object-add", "object-del", "qmp_capabilities",
    "qom-get", "qom-list", "qom-list-properties", "qom-list-types", "qom-set", "query-block",
    "query-block-exports", "query-block-jobs", "query-blockstats", "query-chardev",
    "query-command-line-options", "query-commands", "query-hotpluggable-cpus", "query-iothreads",
    "query-memdev", "query-name", "query-named-block-nodes", "query-pr-managers",
    "query-qmp-schema", "query-status", "query-uuid", "query-version", "quit", "set-action",
    "set-numa-node", "x-exit-preconfig",
    /* HMP */
    "block_job_cancel", "block_job_complete", "block_job_pause", "block_job_resume",
    "block_job_set_speed", "block_stream", "exit_preconfig", "help", "info",
    "nbd_server_add", "nbd_server_remove", "nbd_server_start", "nbd_server_stop", "object_add",
    "object_del",
    NULL,
};
/* clang-format on */

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
