/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries of drives, their media and nodes. */
#include <sys/stat.h>

#include "core/block.h"
#include "monitor/handlers.h"

/* ---- nodes ---- */

/* What query-block and query-named-block-nodes say of an image. */
typedef struct NodeInfo {
    const BlockImage *image;
    const char *file, *node_name, *driver;
    gboolean readonly, writethrough, direct, no_flush;
} NodeInfo;

static JsonObject *describe_image(const NodeInfo *node)
{
    JsonObject *info = json_object_new();
    struct stat st;

    json_object_set_string_member(info, "filename", node->file);
    json_object_set_string_member(info, "format", node->driver);
    json_object_set_int_member(info, "virtual-size", (gint64)node->image->length);
    if (stat(node->file, &st) == 0) {
        json_object_set_int_member(info, "actual-size", (gint64)st.st_blocks * 512);
    }
    json_object_set_boolean_member(info, "dirty-flag", FALSE);
    return info;
}

static JsonObject *describe_node(const NodeInfo *node)
{
    /* Limits that are not there. */
    static const char *const limits[] = {"bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"};
    JsonObject *info = json_object_new(), *cache = json_object_new();

    json_object_set_string_member(info, "file", node->file);
    json_object_set_string_member(info, "node-name", node->node_name);
    json_object_set_boolean_member(info, "ro", node->readonly);
    json_object_set_string_member(info, "drv", node->driver);
    json_object_set_int_member(info, "backing_file_depth", node->image->base ? 1 : 0);
    if (node->image->base) {
        json_object_set_string_member(info, "backing_file", node->file);
    }
    json_object_set_boolean_member(info, "encrypted", FALSE);
    json_object_set_string_member(info, "detect_zeroes", "off");
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        json_object_set_int_member(info, limits[i], 0);
    }
    json_object_set_int_member(info, "write_threshold", 0);
    json_object_set_boolean_member(cache, "writeback", !node->writethrough);
    json_object_set_boolean_member(cache, "direct", node->direct);
    json_object_set_boolean_member(cache, "no-flush", node->no_flush);
    json_object_set_object_member(info, "cache", cache);
    json_object_set_object_member(info, "image", describe_image(node));
    return info;
}

static NodeInfo info_of_drive(const Drive *drive)
{
    DriveCache cache = drive->cache;

    return (NodeInfo){
        .image = drive->image,
        .file = drive->file,
        .node_name = drive_node_name(drive),
        .driver = drive->node ? block_driver_names[drive->node->driver] : drive->image->ops->name,
        .readonly = drive_is_readonly(drive),
        .writethrough = cache == DRIVE_CACHE_WRITETHROUGH || cache == DRIVE_CACHE_DIRECTSYNC,
        .direct = cache == DRIVE_CACHE_NONE || cache == DRIVE_CACHE_DIRECTSYNC,
        .no_flush = cache == DRIVE_CACHE_UNSAFE,
    };
}

static void add_node(BlockNode *node, void *opaque)
{
    const BlockNode *low = node->child ? node->child : node;
    NodeInfo info = {
        .image = block_node_image(node),
        .file = block_node_file(node),
        .node_name = node->name,
        .driver = block_driver_names[node->driver],
        .readonly = block_node_is_readonly(node),
        .direct = low->direct,
        .no_flush = low->no_flush,
    };

    if (info.image) {
        json_array_add_object_element(opaque, describe_node(&info));
    }
}

/* The nodes that -drive has made: image and file, and of a temporary snapshot two more. */
static void add_nodes_of_drive(Drive *drive, void *opaque)
{
    struct stat st;

    if (drive->node) {
        return;
    }
    for (const BlockImage *image = drive->image; image; image = image->base) {
        NodeInfo info = info_of_drive(drive);

        info.image = image;
        info.node_name = image->node_name;
        info.driver = image->ops->name;
        info.readonly = (image->flags & BLOCK_OPEN_READONLY) != 0;
        json_array_add_object_element(opaque, describe_node(&info));
        if (!image->base) {
            gboolean is_device = stat(image->file, &st) == 0 && S_ISBLK(st.st_mode);

            info.node_name = image->file_node_name;
            info.driver =
                block_driver_names[is_device ? BLOCK_DRIVER_HOST_DEVICE : BLOCK_DRIVER_FILE];
            json_array_add_object_element(opaque, describe_node(&info));
        }
    }
}

gboolean qmp_query_named_block_nodes(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    block_node_foreach(call->machine, add_node, list);
    drive_foreach(call->machine, add_nodes_of_drive, list);
    command_return_array(call, list);
    return TRUE;
}

/* ---- drives ---- */

/* Says whose it is. */
static void set_names(JsonObject *info, const Drive *drive)
{
    json_object_set_string_member(info, "device", drive->anonymous ? "" : drive->id);
    if (drive->device) {
        g_autofree char *path = drive_device_path(drive);

        json_object_set_string_member(info, "qdev", path);
    }
}

static void add_drive(Drive *drive, void *opaque)
{
    static const char *const status[] = {"ok", "failed", "nospace"};
    JsonObject *info = json_object_new();

    set_names(info, drive);
    json_object_set_string_member(info, "type", "unknown");
    json_object_set_boolean_member(info, "removable", drive_is_removable(drive));
    json_object_set_boolean_member(info, "locked", drive->tray_locked);
    if (drive->user && drive->user->tray) {
        json_object_set_boolean_member(info, "tray_open", drive->tray_open);
    }
    if (drive->device) {
        json_object_set_string_member(info, "io-status", status[drive->io_status]);
    }
    if (drive->image) {
        NodeInfo node = info_of_drive(drive);

        json_object_set_object_member(info, "inserted", describe_node(&node));
    }
    json_array_add_object_element(opaque, info);
}

static gboolean list_drives(CommandCall *call, void (*add)(Drive *drive, void *opaque))
{
    JsonArray *list = json_array_new();

    drive_foreach(call->machine, add, list);
    command_return_array(call, list);
    return TRUE;
}

gboolean qmp_query_block(CommandCall *call, GError **error)
{
    return list_drives(call, add_drive);
}

/* ---- statistics ---- */

static JsonObject *describe_stats(const DriveStats *stats)
{
    static const char *const names[BLOCK_OP_COUNT] = {"rd", "wr", "flush", "unmap"};
    JsonObject *values = json_object_new();

    for (guint op = 0; op < BLOCK_OP_COUNT; op++) {
        const struct {
            const char *format;
            guint64 value;
        } members[] = {
            {"%s_operations", stats->operations[op]},
            {"%s_total_time_ns", stats->time_ns[op]},
            {"failed_%s_operations", stats->failed[op]},
            {"invalid_%s_operations", stats->invalid[op]},
            {"%s_bytes", stats->bytes[op]},
            {"%s_merged", 0},
        };
        /* A flush has neither bytes nor neighbours. */
        for (guint i = 0; i < (op == BLOCK_OP_FLUSH ? 4 : G_N_ELEMENTS(members)); i++) {
            g_autoptr(GString) name = g_string_new(members[i].format);

            g_string_replace(name, "%s", names[op], 1);
            json_object_set_int_member(values, name->str, (gint64)members[i].value);
        }
    }
    json_object_set_int_member(values, "wr_highest_offset", (gint64)stats->highest_write);
    json_object_set_boolean_member(values, "account_invalid", TRUE);
    json_object_set_boolean_member(values, "account_failed", TRUE);
    json_object_set_array_member(values, "timed_stats", json_array_new());
    return values;
}

static void add_stats(Drive *drive, void *opaque)
{
    JsonObject *info = json_object_new();

    set_names(info, drive);
    if (drive->image) {
        json_object_set_string_member(info, "node-name", drive_node_name(drive));
    }
    json_object_set_object_member(info, "stats", describe_stats(&drive->stats));
    json_array_add_object_element(opaque, info);
}

static void add_node_stats(BlockNode *node, void *opaque)
{
    static const DriveStats nothing;
    const BlockNode *top = node->parent ? node->parent : node;
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "node-name", node->name);
    json_object_set_object_member(info, "stats",
                                  describe_stats(top->drive ? &top->drive->stats : &nothing));
    json_array_add_object_element(opaque, info);
}

gboolean qmp_query_blockstats(CommandCall *call, GError **error)
{
    if (command_flag(call, "query-nodes")) {
        JsonArray *list = json_array_new();

        block_node_foreach(call->machine, add_node_stats, list);
        command_return_array(call, list);
        return TRUE;
    }
    return list_drives(call, add_stats);
}
