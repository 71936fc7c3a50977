/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The size of the guest's memory, by its balloon. */
#include "core/balloon.h"
#include "core/error.h"
#include "monitor/handlers.h"

#define MIB (1 << 20)

gboolean cmd_balloon(CommandCall *call, GError **error)
{
    return balloon_set_target(call->machine, (guint64)command_int(call, "value", 1) * MIB, error);
}

gboolean qmp_balloon(CommandCall *call, GError **error)
{
    gint64 value = command_int(call, "value", 0);

    if (call->machine->balloon && value <= 0) {
        return error_set(error, "Parameter 'target' expects a size");
    }
    return balloon_set_target(call->machine, (guint64)value, error);
}

gboolean cmd_info_balloon(CommandCall *call, GError **error)
{
    guint64 size;

    if (!balloon_actual(call->machine, &size, error)) {
        return FALSE;
    }
    g_string_append_printf(call->out, "balloon: actual=%" G_GUINT64_FORMAT "\n", size / MIB);
    return TRUE;
}

gboolean qmp_query_balloon(CommandCall *call, GError **error)
{
    JsonObject *info;
    guint64 size;

    if (!balloon_actual(call->machine, &size, error)) {
        return FALSE;
    }
    info = json_object_new();
    json_object_set_int_member(info, "actual", (gint64)size);
    command_return_object(call, info);
    return TRUE;
}
