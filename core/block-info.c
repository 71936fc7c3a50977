/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `info block` and `info blockstats` print, in QEMU's words. */
#include "core/block-priv.h"

/* What people know it by. */
static const char *label(const Drive *drive)
{
    return drive->anonymous && drive->node                          ? drive->node->name
           : drive->anonymous && drive->device && drive->device->id ? drive->device->id
                                                                    : drive->id;
}

static void print_drive(const Drive *drive, gboolean verbose, GString *out)
{
    if (drive->image) {
        g_string_append_printf(out, "%s: %s (%s%s%s)\n", label(drive), drive->file,
                               drive->image->base ? drive->image->base->ops->name
                                                  : drive->image->ops->name,
                               drive_is_readonly(drive) ? ", read-only" : "",
                               drive->image->base ? ", temporary snapshot" : "");
    } else {
        g_string_append_printf(out, "%s: [not inserted]\n", label(drive));
    }
    if (drive->device) {
        g_autofree char *path = drive_device_path(drive);

        g_string_append_printf(out, "    Attached to:      %s\n",
                               drive->device->id ? drive->device->id : path);
    }
    if (drive_is_removable(drive)) {
        g_string_append_printf(out, "    Removable device: %slocked, tray %s\n",
                               drive->tray_locked ? "" : "not ",
                               drive->tray_open ? "open" : "closed");
    }
    if (!drive->image) {
        return;
    }
    g_string_append_printf(out, "    Cache mode:       %s\n", drive_cache_names[drive->cache]);
    if (verbose) {
        g_string_append_printf(out, "    Size:             %" G_GUINT64_FORMAT " bytes\n",
                               drive->length);
        g_string_append_printf(out, "    I/O:              %s, %u in flight\n",
                               drive->engine->ops->name, drive->stats.in_flight);
        if (drive->image->ops->info) {
            drive->image->ops->info(drive->image, out);
        }
    }
}

gboolean block_print_info(Machine *machine, const char *id, gboolean verbose, GString *out)
{
    BlockManager *manager = machine->blocks;
    gboolean found = FALSE;

    for (guint i = 0; manager && i < manager->drives->len; i++) {
        const Drive *drive = g_ptr_array_index(manager->drives, i);

        if (id && g_strcmp0(label(drive), id) != 0) {
            continue;
        }
        if (found) {
            g_string_append_c(out, '\n');
        }
        print_drive(drive, verbose, out);
        found = TRUE;
    }
    return found || !id;
}

static void print_stats(Drive *drive, void *opaque)
{
    const DriveStats *s = &drive->stats;

    g_string_append_printf(
        opaque,
        "%s: rd_bytes=%" G_GUINT64_FORMAT " wr_bytes=%" G_GUINT64_FORMAT
        " rd_operations=%" G_GUINT64_FORMAT " wr_operations=%" G_GUINT64_FORMAT
        " flush_operations=%" G_GUINT64_FORMAT " unmap_operations=%" G_GUINT64_FORMAT
        " wr_total_time_ns=%" G_GUINT64_FORMAT " rd_total_time_ns=%" G_GUINT64_FORMAT
        " flush_total_time_ns=%" G_GUINT64_FORMAT " failed_rd_operations=%" G_GUINT64_FORMAT
        " failed_wr_operations=%" G_GUINT64_FORMAT " invalid_rd_operations=%" G_GUINT64_FORMAT
        " invalid_wr_operations=%" G_GUINT64_FORMAT " rd_merged=0 wr_merged=0\n",
        drive->id, s->bytes[BLOCK_OP_READ], s->bytes[BLOCK_OP_WRITE], s->operations[BLOCK_OP_READ],
        s->operations[BLOCK_OP_WRITE], s->operations[BLOCK_OP_FLUSH],
        s->operations[BLOCK_OP_DISCARD], s->time_ns[BLOCK_OP_WRITE], s->time_ns[BLOCK_OP_READ],
        s->time_ns[BLOCK_OP_FLUSH], s->failed[BLOCK_OP_READ], s->failed[BLOCK_OP_WRITE],
        s->invalid[BLOCK_OP_READ], s->invalid[BLOCK_OP_WRITE]);
}

void block_print_stats(Machine *machine, GString *out)
{
    drive_foreach(machine, print_stats, out);
}
