/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How media come and go, at the wish of somebody at the host: the tray is opened, if the guest lets
 * it or by force, the medium taken out, another one put in, and the tray closed.
 */
#include "core/block-priv.h"
#include "core/error.h"
#include "core/event.h"

void drive_set_tray(Drive *drive, gboolean locked, gboolean open)
{
    g_autofree char *path = NULL;

    drive->tray_locked = locked;
    if (drive->tray_open == open) {
        return;
    }
    drive->tray_open = open;
    path = drive_device_path(drive);
    event_emit(drive->manager->machine, "DEVICE_TRAY_MOVED",
               "{'device': <%s>, 'id': <%s>, 'tray-open': <%b>}", drive->anonymous ? "" : drive->id,
               path, open);
}

static gboolean has_tray(const Drive *drive)
{
    return drive->user && drive->user->tray;
}

static gboolean check_removable(const Drive *drive, GError **error)
{
    return drive_is_removable(drive) ||
           error_set(error, "Device '%s' is not removable: it is a fixed disk", drive->id);
}

static Drive *find_drive(Machine *machine, const char *id, GError **error)
{
    Drive *drive = drive_find(machine, id);

    if (!drive) {
        drive = drive_find_by_device(machine, id);
    }
    if (!drive) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND,
                    "Device '%s' not found ('info block' lists drives)", id);
    }
    return drive;
}

/* FALSE, and the guest is asked, if the guest holds the tray. */
static gboolean tray_lets_go(Drive *drive, gboolean force, GError **error)
{
    if (!drive->tray_locked || drive->tray_open) {
        return TRUE;
    }
    if (drive->user && drive->user->eject_request) {
        drive->user->eject_request(drive->user_opaque);
    }
    return force || error_set(error,
                              "the guest has locked the tray of '%s' and was asked to open it; try "
                              "again in a moment, or use force (-f)",
                              drive->id);
}

static void move_tray(Drive *drive, gboolean open)
{
    if (has_tray(drive) && drive->tray_open != open) {
        drive->user->tray(drive->user_opaque, open);
    }
}

static void medium_out(Drive *drive)
{
    if (!drive->image) {
        return;
    }
    drive_finish_writes(drive);
    drive_set_image(drive, NULL);
    if (drive->user && drive->user->medium) {
        drive->user->medium(drive->user_opaque, FALSE);
    }
}

static void tell_medium_in(Drive *drive)
{
    if (drive->user && drive->user->medium) {
        drive->user->medium(drive->user_opaque, TRUE);
    }
}

gboolean drive_eject_medium(Drive *drive, gboolean force, GError **error)
{
    if (!check_removable(drive, error) || !tray_lets_go(drive, force, error)) {
        return FALSE;
    }
    move_tray(drive, TRUE);
    medium_out(drive);
    return TRUE;
}

gboolean drive_change_medium(Drive *drive, const char *file, const char *format,
                             DriveReadonly readonly, gboolean force, GError **error)
{
    BlockImage *image;
    gboolean ro;

    if (!check_removable(drive, error) || !tray_lets_go(drive, force, error)) {
        return FALSE;
    }
    ro = readonly == DRIVE_RETAIN ? drive->readonly : readonly == DRIVE_READ_ONLY;
    if (drive->media == DRIVE_MEDIA_CDROM) {
        if (readonly == DRIVE_READ_WRITE) {
            return error_set(error, "a CD-ROM cannot be written: use read-only mode");
        }
        ro = TRUE;
    }
    image = drive_open_image(drive, file, format, ro, error);
    if (!image) {
        return FALSE;
    }
    move_tray(drive, TRUE);
    medium_out(drive);
    drive->readonly = ro;
    drive_set_image(drive, image);
    tell_medium_in(drive);
    move_tray(drive, FALSE);
    return TRUE;
}

gboolean drive_eject(Machine *machine, const char *id, gboolean force, GError **error)
{
    Drive *drive = find_drive(machine, id, error);

    return drive && drive_eject_medium(drive, force, error);
}

gboolean drive_change(Machine *machine, const char *id, const char *file, const char *format,
                      DriveReadonly readonly, GError **error)
{
    Drive *drive = find_drive(machine, id, error);

    return drive && drive_change_medium(drive, file, format, readonly, FALSE, error);
}

gboolean drive_open_tray(Drive *drive, gboolean force, GError **error)
{
    if (!check_removable(drive, error)) {
        return FALSE;
    }
    /* That the guest was asked is all that was wanted, as in QEMU. */
    if (tray_lets_go(drive, force, NULL)) {
        move_tray(drive, TRUE);
    }
    return TRUE;
}

gboolean drive_close_tray(Drive *drive, GError **error)
{
    if (!check_removable(drive, error)) {
        return FALSE;
    }
    move_tray(drive, FALSE);
    return TRUE;
}

static gboolean check_tray_open(const Drive *drive, GError **error)
{
    return !has_tray(drive) || drive->tray_open ||
           error_set(error, "Tray of device '%s' is not open", drive->id);
}

gboolean drive_remove_medium(Drive *drive, GError **error)
{
    if (!check_removable(drive, error) || !check_tray_open(drive, error)) {
        return FALSE;
    }
    medium_out(drive);
    return TRUE;
}

gboolean drive_insert_medium(Drive *drive, BlockNode *node, GError **error)
{
    if (!check_removable(drive, error) || !check_tray_open(drive, error)) {
        return FALSE;
    }
    if (drive->image) {
        return error_set(error, "There already is a medium in device '%s'", drive->id);
    }
    drive_drain(drive);
    if (!block_node_attach(node, drive, error)) {
        return FALSE;
    }
    tell_medium_in(drive);
    return TRUE;
}
