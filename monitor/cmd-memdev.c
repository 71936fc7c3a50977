/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory backends. */
#include "core/memdev.h"
#include "monitor/handlers.h"

static const char *yes_no(gboolean value)
{
    return value ? "true" : "false";
}

gboolean cmd_info_memdev(CommandCall *call, GError **error)
{
    GPtrArray *backends = call->machine->backends;

    for (guint i = 0; i < backends->len; i++) {
        const MemDev *memdev = memdev_of(g_ptr_array_index(backends, i));

        if (memdev) {
            g_string_append_printf(
                call->out,
                "memory backend: %s\n  size:  %" G_GUINT64_FORMAT
                "\n  merge: %s\n  dump: %s\n  prealloc: %s\n  share: %s\n  reserve: %s\n"
                "  policy: default\n  host nodes: \n",
                memdev->backend.id, memdev->size, yes_no(memdev->merge), yes_no(memdev->dump),
                yes_no(memdev->prealloc), yes_no(memdev->share), yes_no(memdev->reserve));
        }
    }
    g_string_append(call->out, "\n");
    return TRUE;
}

gboolean qmp_query_memdev(CommandCall *call, GError **error)
{
    GPtrArray *backends = call->machine->backends;
    JsonArray *list = json_array_new();

    for (guint i = 0; i < backends->len; i++) {
        const MemDev *memdev = memdev_of(g_ptr_array_index(backends, i));
        JsonObject *info = memdev ? json_object_new() : NULL;

        if (!memdev) {
            continue;
        }
        json_object_set_string_member(info, "id", memdev->backend.id);
        json_object_set_int_member(info, "size", (gint64)memdev->size);
        json_object_set_boolean_member(info, "merge", memdev->merge);
        json_object_set_boolean_member(info, "dump", memdev->dump);
        json_object_set_boolean_member(info, "prealloc", memdev->prealloc);
        json_object_set_boolean_member(info, "share", memdev->share);
        json_object_set_boolean_member(info, "reserve", memdev->reserve);
        json_object_set_array_member(info, "host-nodes", json_array_new());
        json_object_set_string_member(info, "policy", "default");
        json_array_add_object_element(list, info);
    }
    command_return_array(call, list);
    return TRUE;
}
