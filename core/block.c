/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's drives: their manager, finding and claiming them, and media changes. */
#include "core/block.h"

#include <string.h>

#include "core/block-priv.h"
#include "core/error.h"

BlockManager *block_manager_new(Machine *machine, const BlockImageOps *const *formats,
                                const BlockEngineOps *const *engines)
{
    BlockManager *manager = g_new0(BlockManager, 1);

    manager->machine = machine;
    manager->formats = formats;
    manager->engine_types = engines;
    manager->engines = g_ptr_array_new();
    manager->drives = g_ptr_array_new();
    manager->nodes = g_ptr_array_new();
    block_requests_init(manager);
    return manager;
}

void drive_free(Drive *drive)
{
    drive_finish_writes(drive);
    drive_set_image(drive, NULL);
    g_free(drive->id);
    g_free(drive->serial);
    g_free(drive->format);
    g_free(drive);
}

void block_manager_free(BlockManager *manager)
{
    if (!manager) {
        return;
    }
    for (guint i = 0; i < manager->drives->len; i++) {
        drive_free(g_ptr_array_index(manager->drives, i));
    }
    block_nodes_free(manager);
    for (guint i = 0; i < manager->engines->len; i++) {
        BlockEngine *engine = g_ptr_array_index(manager->engines, i);

        engine->ops->close(engine);
        g_free(engine);
    }
    block_requests_finish(manager);
    g_ptr_array_unref(manager->nodes);
    g_ptr_array_unref(manager->drives);
    g_ptr_array_unref(manager->engines);
    if (manager->machine->blocks == manager) {
        manager->machine->blocks = NULL;
    }
    g_free(manager);
}

void block_manager_set_snapshot(BlockManager *manager, gboolean on)
{
    manager->snapshot = on;
}

/* An open engine of this type, opened now if need be. */
static BlockEngine *engine_open(BlockManager *manager, const BlockEngineOps *ops, GError **error)
{
    BlockEngine *engine;

    for (guint i = 0; i < manager->engines->len; i++) {
        engine = g_ptr_array_index(manager->engines, i);
        if (engine->ops == ops) {
            return engine;
        }
    }
    engine = g_malloc0(ops->size);
    engine->ops = ops;
    engine->machine = manager->machine;
    if (!ops->open(engine, error)) {
        g_free(engine);
        return NULL;
    }
    g_ptr_array_add(manager->engines, engine);
    return engine;
}

BlockEngine *block_engine_get(BlockManager *manager, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; manager->engine_types[i]; i++) {
        const BlockEngineOps *ops = manager->engine_types[i];

        if (name && strcmp(name, ops->name) == 0) {
            return engine_open(manager, ops, error);
        }
        if (!name) {
            BlockEngine *engine = engine_open(manager, ops, NULL);

            if (engine) {
                return engine;
            }
        }
        g_string_append_printf(known, "%s%s", known->len ? ", " : "", ops->name);
    }
    error_set(error, "unknown or unusable aio '%s' (known: %s)", name ? name : "", known->str);
    return NULL;
}

Drive *drive_find(Machine *machine, const char *id)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        Drive *drive = g_ptr_array_index(manager->drives, i);

        if (!drive->anonymous && strcmp(drive->id, id) == 0) {
            return drive;
        }
    }
    return NULL;
}

Drive *drive_find_by_device(Machine *machine, const char *id)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        Drive *drive = g_ptr_array_index(manager->drives, i);
        g_autofree char *path = drive->device ? drive_device_path(drive) : NULL;

        if (drive->device && (g_strcmp0(drive->device->id, id) == 0 || g_strcmp0(path, id) == 0)) {
            return drive;
        }
    }
    return NULL;
}

char *drive_device_path(const Drive *drive)
{
    return device_path(drive->device);
}

Drive *drive_find_place(Machine *machine, DriveInterface interface, guint bus, guint unit)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        Drive *drive = g_ptr_array_index(manager->drives, i);

        if (drive->interface == interface && drive->bus == bus && drive->unit == unit) {
            return drive;
        }
    }
    return NULL;
}

void drive_foreach(Machine *machine, void (*fn)(Drive *drive, void *opaque), void *opaque)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        fn(g_ptr_array_index(manager->drives, i), opaque);
    }
}

void drives_of_device(Device *device, GPtrArray *drives)
{
    BlockManager *manager = device->machine->blocks;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        Drive *drive = g_ptr_array_index(manager->drives, i);

        if (drive->device == device) {
            g_ptr_array_add(drives, drive);
        }
    }
}

gboolean drive_remove(Drive *drive, GError **error)
{
    if (drive->device) {
        return error_set(error, "drive '%s' is in use by device '%s'", drive->id,
                         drive->device->id ? drive->device->id : drive->device->ops->name);
    }
    g_ptr_array_remove(drive->manager->drives, drive);
    drive_free(drive);
    return TRUE;
}

gboolean block_check_claimed(Machine *machine, GError **error)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        Drive *drive = g_ptr_array_index(manager->drives, i);

        if (!drive->device && drive->interface != DRIVE_IF_NONE) {
            const char *name = drive_interface_names[drive->interface];

            return error_set(error,
                             "this machine has no place for drive '%s' (if=%s,bus=%u,unit=%u); "
                             "use if=none with a -device that takes drive=%s",
                             drive->id, name, drive->bus, drive->unit, drive->id);
        }
    }
    return TRUE;
}

gboolean drive_claim(Drive *drive, Device *device, const DriveUser *user, void *opaque,
                     GError **error)
{
    if (drive->device) {
        return error_set(error, "drive '%s' is already in use by another device", drive->id);
    }
    drive->device = device;
    drive->user = user;
    drive->user_opaque = opaque;
    return TRUE;
}

void drive_release(Drive *drive)
{
    drive_drain(drive);
    drive->device = NULL;
    drive->user = NULL;
    drive->user_opaque = NULL;
    drive->tray_locked = FALSE;
    drive->tray_open = FALSE;
    drive->io_status = DRIVE_IO_OK;
    if (drive->anonymous) {
        g_ptr_array_remove(drive->manager->drives, drive);
        drive_free(drive);
    }
}

gboolean drive_is_readonly(const Drive *drive)
{
    return drive->readonly || (drive->image && (drive->image->flags & BLOCK_OPEN_READONLY));
}

const char *drive_node_name(const Drive *drive)
{
    if (drive->node) {
        return drive->node->name;
    }
    return drive->image ? drive->image->node_name : "";
}

gboolean drive_has_medium(const Drive *drive)
{
    return drive->image != NULL;
}

gboolean drive_is_removable(const Drive *drive)
{
    return drive->media == DRIVE_MEDIA_CDROM || drive->interface == DRIVE_IF_FLOPPY ||
           (drive->user && drive->user->medium);
}
