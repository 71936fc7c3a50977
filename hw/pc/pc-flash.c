/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flash chips with the firmware and its variables, one below the other from 4 GiB down. */
#include "core/block.h"
#include "core/error.h"
#include "hw/block/pflash.h"
#include "hw/pc/pc-priv.h"

#define FLASH_END 0x100000000ULL
#define FLASH_MAX (16u << 20) /* of both: below lie the local APICs */

static const char *const names[PC_FLASHES] = {"system.flash0", "system.flash1"};

/* What -machine pflashN= or -drive if=pflash says for the chip; NULL = there is none. */
static const char *flash_drive(const PcBoard *board, guint unit)
{
    const Drive *drive = drive_find_place(board->device.machine, DRIVE_IF_PFLASH, 0, unit);

    return board->flash_drives[unit] ? board->flash_drives[unit] : drive ? drive->id : NULL;
}

static gboolean add_flash(PcBoard *board, guint unit, const char *drive, Region *space,
                          guint64 *end, GError **error)
{
    static const guint no_ports[] = {0};
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "drive", drive);
    option_list_add(options, "name", names[unit]);
    board->flash[unit] = pc_system_device(board, &pflash_ops, options, no_ports, error);
    if (!board->flash[unit]) {
        g_prefix_error(error, "pflash%u: ", unit);
        return FALSE;
    }
    guint64 size = region_size(device_region(board->flash[unit], 0));
    if (size > *end - (FLASH_END - FLASH_MAX)) {
        return error_set(error, "the flash images have more than %u MiB", FLASH_MAX >> 20);
    }
    *end -= size;
    region_add(space, *end, device_region(board->flash[unit], 0), 1);
    return TRUE;
}

gboolean pc_flash_init(PcBoard *board, Region *rom_space, GError **error)
{
    guint64 end = FLASH_END;

    if (!flash_drive(board, 0)) {
        return !flash_drive(board, 1) ||
               error_set(error, "there is a second flash (pflash1, if=pflash,unit=1) but no first "
                                "one, which would have the firmware");
    }
    if (board->config.bios) {
        return error_set(error, "the firmware '%s' has no place: there is flash memory with one",
                         board->config.bios);
    }
    for (guint unit = 0; unit < PC_FLASHES; unit++) {
        const char *drive = flash_drive(board, unit);

        if (drive && !add_flash(board, unit, drive, rom_space, &end, error)) {
            return FALSE;
        }
    }
    return TRUE;
}
