/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trays, media and nodes: what programs, and some people, do with drives. */
#include <string.h>

#include "core/block.h"
#include "core/error.h"
#include "monitor/handlers.h"

/* ---- which drive ---- */

static Drive *not_found(const char *name, GError **error)
{
    g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND, "Device '%s' not found",
                name);
    return NULL;
}

Drive *command_drive(CommandCall *call, GError **error)
{
    const char *device = command_string(call, "device");
    const char *id = command_string(call, "id");
    Drive *drive;

    if (!device == !id) {
        error_set(error, "Need exactly one of 'device' and 'id'");
        return NULL;
    }
    drive = device ? drive_find(call->machine, device) : drive_find_by_device(call->machine, id);
    return drive ? drive : not_found(device ? device : id, error);
}

/* The drive that the device of id= has. */
static Drive *drive_of_id(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "id");
    Drive *drive = drive_find_by_device(call->machine, id);

    return drive ? drive : not_found(id, error);
}

/* ---- trays and media ---- */

gboolean qmp_blockdev_open_tray(CommandCall *call, GError **error)
{
    Drive *drive = command_drive(call, error);

    return drive && drive_open_tray(drive, command_flag(call, "force"), error);
}

gboolean qmp_blockdev_close_tray(CommandCall *call, GError **error)
{
    Drive *drive = command_drive(call, error);

    return drive && drive_close_tray(drive, error);
}

gboolean qmp_blockdev_remove_medium(CommandCall *call, GError **error)
{
    Drive *drive = drive_of_id(call, error);

    return drive && drive_remove_medium(drive, error);
}

gboolean qmp_blockdev_insert_medium(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "node-name");
    Drive *drive = drive_of_id(call, error);
    BlockNode *node = drive ? block_node_find(call->machine, name) : NULL;

    if (drive && !node) {
        return error_set(error, "Node '%s' not found", name);
    }
    return drive && drive_insert_medium(drive, node, error);
}

/* ---- nodes ---- */

static gboolean add_member(OptionList *options, const char *key, JsonNode *value, GError **error);

static gboolean add_members(OptionList *options, const char *prefix, JsonObject *object,
                            GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, &value)) {
        g_autofree char *key = g_strdup_printf("%s.%s", prefix, name);

        if (!add_member(options, key, value, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Members of objects get dotted keys, as on the command line. */
static gboolean add_member(OptionList *options, const char *key, JsonNode *value, GError **error)
{
    GType type = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;

    if (JSON_NODE_HOLDS_OBJECT(value)) {
        return add_members(options, key, json_node_get_object(value), error);
    }
    if (type == G_TYPE_BOOLEAN) {
        option_list_add(options, key, json_node_get_boolean(value) ? "on" : "off");
    } else if (type == G_TYPE_STRING) {
        option_list_add(options, key, json_node_get_string(value));
    } else {
        return error_set(error, "Invalid parameter type for '%s'", key);
    }
    return TRUE;
}

gboolean qmp_blockdev_add(CommandCall *call, GError **error)
{
    g_autoptr(OptionList) options = option_list_new();

    for (const CommandArg *arg = call->command->args; arg->name; arg++) {
        JsonNode *value = command_json(call, arg->name);

        if (value && !add_member(options, arg->name, value, error)) {
            return FALSE;
        }
    }
    if (!call->machine->blocks) {
        return error_set(error, "the machine has no drives");
    }
    return block_node_add(call->machine, options, error) != NULL;
}

gboolean qmp_blockdev_del(CommandCall *call, GError **error)
{
    return block_node_remove(call->machine, command_string(call, "node-name"), error);
}

/* ---- drives ---- */

gboolean cmd_drive_add(CommandCall *call, GError **error)
{
    g_autoptr(OptionList) options = option_list_parse(command_string(call, "options"), NULL, error);
    const char *interface = options ? option_list_get(options, "if") : NULL;

    if (!options) {
        return FALSE;
    }
    if (!interface || !g_str_equal(interface, "none")) {
        return error_set(error, "Can't hot-add drive to type %s: only if=none, for device_add",
                         interface ? interface : "ide");
    }
    if (!call->machine->blocks) {
        return error_set(error, "the machine has no drives");
    }
    if (!drive_add(call->machine, command_string(call, "options"), error)) {
        return FALSE;
    }
    g_string_append(call->out, "OK\n");
    return TRUE;
}

gboolean cmd_drive_del(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "id");
    Drive *drive = drive_find(call->machine, id);

    if (!drive) {
        not_found(id, error);
        return FALSE;
    }
    return drive_remove(drive, error);
}

/* ---- the whole image ---- */

static void all_committed(const char *errors, void *opaque)
{
    GError *error = NULL;

    if (errors) {
        error_set(&error, "%s", errors);
    }
    command_call_finish(opaque, error);
}

static void task_done(Drive *drive, int result, void *opaque)
{
    CommandCall *call = opaque;
    GError *error = NULL;

    if (result < 0) {
        error_set(&error, "'%s' error for '%s': %s", call->command->name, drive->id,
                  g_strerror(-result));
    }
    command_call_finish(call, error);
}

gboolean cmd_commit(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "device");
    Drive *drive;

    if (g_str_equal(id, "all")) {
        command_call_hold(call);
        block_commit_all(call->machine, all_committed, call);
        return TRUE;
    }
    drive = drive_find(call->machine, id);
    if (!drive) {
        not_found(id, error);
        return FALSE;
    }
    if (!drive_commit(drive, task_done, call, error)) {
        return FALSE;
    }
    command_call_hold(call);
    return TRUE;
}

static gboolean resize(CommandCall *call, Drive *drive, gint64 size, GError **error)
{
    if (size < 0) {
        return error_set(error, "Parameter 'size' expects a >0 size");
    }
    if (!drive_resize(drive, (guint64)size, task_done, call, error)) {
        return FALSE;
    }
    command_call_hold(call);
    return TRUE;
}

gboolean qmp_block_resize(CommandCall *call, GError **error)
{
    const char *device = command_string(call, "device");
    const char *name = command_string(call, "node-name");
    BlockNode *node = name ? block_node_find(call->machine, name) : NULL;
    Drive *drive = device ? drive_find(call->machine, device) : NULL;

    if (!device && !name) {
        return error_set(error, "Need either 'device' or 'node-name'");
    }
    if (node) {
        drive = node->drive ? node->drive : node->parent ? node->parent->drive : NULL;
        if (!drive) {
            return error_set(error, "Node '%s' belongs to no device", name);
        }
    }
    if (!drive) {
        return error_set(error, "Cannot find device='%s' nor node-name='%s'", device ? device : "",
                         name ? name : "");
    }
    return resize(call, drive, command_int(call, "size", 0), error);
}

gboolean cmd_block_resize(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "device");
    Drive *drive = drive_find(call->machine, id);
    guint64 size;

    if (!drive) {
        not_found(id, error);
        return FALSE;
    }
    return option_parse_size("size", command_string(call, "size"), 'M', &size, error) &&
           resize(call, drive, (gint64)MIN(size, G_MAXINT64), error);
}

gboolean cmd_info_block_jobs(CommandCall *call, GError **error)
{
    g_string_append(call->out, "No active jobs\n");
    return TRUE;
}
