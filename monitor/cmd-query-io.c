/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries of what connects the guest with the world. */
#include "core/block.h"
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

/* ---- drives ---- */

static JsonObject *describe_medium(const Drive *drive)
{
    const BlockImage *image = drive->image->base ? drive->image->base : drive->image;
    JsonObject *inserted = json_object_new(), *info = json_object_new();

    json_object_set_string_member(info, "filename", drive->file);
    json_object_set_string_member(info, "format", image->ops->name);
    json_object_set_int_member(info, "virtual-size", (gint64)drive->length);
    json_object_set_string_member(inserted, "file", drive->file);
    json_object_set_boolean_member(inserted, "ro", drive_is_readonly(drive));
    json_object_set_string_member(inserted, "drv", image->ops->name);
    json_object_set_object_member(inserted, "image", info);
    return inserted;
}

static void add_drive(Drive *drive, void *opaque)
{
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "device", drive->id);
    if (drive->device && drive->device->id) {
        json_object_set_string_member(info, "qdev", drive->device->id);
    }
    json_object_set_string_member(info, "type", "unknown");
    json_object_set_boolean_member(info, "removable", drive_is_removable(drive));
    json_object_set_boolean_member(info, "locked", drive->tray_locked);
    if (drive_is_removable(drive)) {
        json_object_set_boolean_member(info, "tray_open", drive->tray_open);
    }
    if (drive->image) {
        json_object_set_string_member(info, "io-status",
                                      g_queue_is_empty(&drive->parked) ? "ok" : "failed");
        json_object_set_object_member(info, "inserted", describe_medium(drive));
    }
    json_array_add_object_element(opaque, info);
}

static gboolean list_drives(CommandCall *call, void (*add)(Drive *drive, void *opaque))
{
    JsonArray *list = json_array_new();

    if (call->machine->blocks) {
        drive_foreach(call->machine, add, list);
    }
    command_return_array(call, list);
    return TRUE;
}

gboolean qmp_query_block(CommandCall *call, GError **error)
{
    return list_drives(call, add_drive);
}

static void add_stats(Drive *drive, void *opaque)
{
    static const struct {
        BlockOp op;
        const char *name;
    } ops[] = {{BLOCK_OP_READ, "rd"}, {BLOCK_OP_WRITE, "wr"}, {BLOCK_OP_FLUSH, "flush"}};
    const DriveStats *stats = &drive->stats;
    JsonObject *info = json_object_new(), *values = json_object_new();

    for (guint i = 0; i < G_N_ELEMENTS(ops); i++) {
        const struct {
            const char *format;
            guint64 value;
        } members[] = {
            {"%s_operations", stats->operations[ops[i].op]},
            {"%s_total_time_ns", stats->time_ns[ops[i].op]},
            {"%s_bytes", stats->bytes[ops[i].op]},
            {"failed_%s_operations", stats->failed[ops[i].op]},
            {"invalid_%s_operations", stats->invalid[ops[i].op]},
        };
        /* Of a flush there are the first two only. */
        for (guint j = 0; j < (ops[i].op == BLOCK_OP_FLUSH ? 2 : G_N_ELEMENTS(members)); j++) {
            g_autoptr(GString) name = g_string_new(members[j].format);
            g_string_replace(name, "%s", ops[i].name, 1);
            json_object_set_int_member(values, name->str, (gint64)members[j].value);
        }
    }
    json_object_set_string_member(info, "device", drive->id);
    json_object_set_object_member(info, "stats", values);
    json_array_add_object_element(opaque, info);
}

gboolean qmp_query_blockstats(CommandCall *call, GError **error)
{
    return list_drives(call, add_stats);
}
