/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Topics of `info` about what this program has not: they are answered as QEMU answers where the
 * machine or the host lacks it. See cmd-query-absent.c for programs.
 */
#include "core/error.h"
#include "monitor/handlers.h"

typedef struct AbsentTopic {
    const char *topic;
    const char *text;
    const char *error; /* instead; NULL = none */
} AbsentTopic;

static const AbsentTopic topics[] = {
    {"capture", ""},
    {"dirty_rate", "Status: unstarted\nStart Time: 0 (ms)\nSample Pages: 0 (per GB)\n"
                   "Period: 0 (sec)\nMode: page-sampling\nDirty rate: (not ready)\n"},
    {"network", ""},
    {"opcount", "[TCG profiler not compiled]\n"},
    {"profile", NULL, "Internal profiler not compiled"},
    {"sev", "SEV is not enabled\n"},
    {"sgx", "No EPC regions defined, SGX not available\n"},
    {"tpm", ""},
    {"usbhost", ""},
    {"usernet", ""},
    {"vcpu_dirty_limit", "Dirty page limit not enabled!\n"},
    {"vm-generation-id", NULL, "VM Generation ID device not found"},
};

gboolean cmd_info_absent(CommandCall *call, GError **error)
{
    const AbsentTopic *topic = topics;

    while (!g_str_equal(topic->topic, call->command->name)) {
        topic++; /* every row that names this handler is in the list */
    }
    if (topic->error) {
        return error_set(error, "%s", topic->error);
    }
    g_string_append(call->out, topic->text);
    return TRUE;
}
