/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP's queries of what this program has not: they are answered as QEMU answers where the host or
 * the machine lacks it, since managers ask whether they need it or not.
 */
#include <string.h>

#include "core/error.h"
#include "monitor/handlers.h"

typedef struct AbsentAnswer {
    const char *command;
    const char *value; /* JSON; NULL = an error: */
    VitrineError code;
    const char *message;
} AbsentAnswer;

static const AbsentAnswer answers[] = {
    {"query-acpi-ospm-status", "[]"},
    {"query-block-exports", "[]"},
    {"query-block-jobs", "[]"},
    {"query-dirty-rate", "{\"status\": \"unstarted\", \"start-time\": 0, \"calc-time\": 0, "
                         "\"sample-pages\": 0, \"mode\": \"page-sampling\"}"},
    {"query-memory-devices", "[]"},
    {"query-migrate", "{}"},
    {"query-migrate-parameters", "{}"},
    {"query-pr-managers", "[]"},
    {"query-replay", "{\"mode\": \"none\", \"icount\": 0}"},
    {"query-rx-filter", "[]"},
    {"query-sev", "{\"enabled\": false, \"api-major\": 0, \"api-minor\": 0, \"build-id\": 0, "
                  "\"policy\": 0, \"state\": \"uninit\", \"handle\": 0}"},
    {"query-tpm", "[]"},
    {"query-tpm-models", "[]"},
    {"query-tpm-types", "[]"},
    {"query-yank", "[]"},
    {"query-sev-capabilities", NULL, VITRINE_ERROR_GENERIC, "SEV is not enabled in KVM"},
    {"query-sgx", NULL, VITRINE_ERROR_GENERIC, "No EPC regions defined, SGX not available"},
    {"query-sgx-capabilities", NULL, VITRINE_ERROR_GENERIC, "SGX is not enabled in KVM"},
    {"query-vm-generation-id", NULL, VITRINE_ERROR_GENERIC, "VM Generation ID device not found"},
};

gboolean qmp_absent(CommandCall *call, GError **error)
{
    const AbsentAnswer *answer = answers;

    while (!g_str_equal(answer->command, call->command->name)) {
        answer++; /* every row that names this handler is in the list */
    }
    if (answer->value) {
        command_return(call, json_from_string(answer->value, NULL));
        return TRUE;
    }
    g_set_error(error, VITRINE_ERROR, (int)answer->code, "%s", answer->message);
    return FALSE;
}

/* Ticks that a guest has lost are not kept (-rtc driftfix=none): nothing is to be forgotten. */
gboolean qmp_rtc_reset_reinjection(CommandCall *call, GError **error)
{
    return TRUE;
}

/* Switching off what does not exist is no mistake. */
gboolean qmp_migrate_set_capabilities(CommandCall *call, GError **error)
{
    JsonArray *list = json_node_get_array(command_json(call, "capabilities"));

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *item = json_array_get_object_element(list, i);

        /* Events of what never happens can be promised: libvirt asks for them. */
        if (json_object_get_boolean_member(item, "state") &&
            strcmp(json_object_get_string_member(item, "capability"), "events")) {
            return error_set(error, "there is no migration: the capability '%s' cannot be set",
                             json_object_get_string_member(item, "capability"));
        }
    }
    return TRUE;
}
