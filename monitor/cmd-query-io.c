/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries of what connects the guest with the world. */
#include "core/char.h"
#include "core/input.h"
#include "monitor/handlers.h"

/* ---- mice, character devices ---- */

static void add_mouse(const InputMouse *mouse, void *opaque)
{
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "name", mouse->name);
    json_object_set_int_member(info, "index", mouse->index);
    json_object_set_boolean_member(info, "current", mouse->current);
    json_object_set_boolean_member(info, "absolute", mouse->absolute);
    json_array_add_object_element(opaque, info);
}

gboolean qmp_query_mice(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    if (call->machine->input) {
        input_foreach_mouse(call->machine->input, add_mouse, list);
    }
    command_return_array(call, list);
    return TRUE;
}

static void add_chardev(Chardev *chr, void *opaque)
{
    g_autofree char *text = chardev_describe(chr);
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "label", chr->id);
    json_object_set_string_member(info, "filename", text);
    json_object_set_boolean_member(info, "frontend-open", chardev_is_busy(chr));
    json_array_add_object_element(opaque, info);
}

gboolean qmp_query_chardev(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    chardev_foreach(call->machine, add_chardev, list);
    command_return_array(call, list);
    return TRUE;
}
