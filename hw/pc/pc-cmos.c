/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PC's firmware finds in CMOS memory: the layout of the PC/AT (Technical Reference, 1985,
 * section 5) with the additions that SeaBIOS reads.
 */
#include "hw/block/fdc.h"
#include "hw/block/ide.h"
#include "hw/pc/pc-priv.h"
#include "hw/timer/mc146818.h"

#define CMOS_SHUTDOWN       0x0f /* what a reset is for: 0 = the usual */
#define CMOS_FLOPPY         0x10
#define CMOS_DISK_TYPES     0x12 /* high nibble disk 0, low nibble disk 1 */
#define CMOS_EQUIPMENT      0x14
#define CMOS_BASE_MEMORY    0x15 /* KiB below 640 KiB, 2 bytes */
#define CMOS_EXTENDED       0x17 /* KiB above 1 MiB, 2 bytes */
#define CMOS_DISK0_TYPE     0x19
#define CMOS_DISK1_TYPE     0x1a
#define CMOS_DISK0_GEOMETRY 0x1b /* 9 bytes */
#define CMOS_DISK1_GEOMETRY 0x24
#define CMOS_EXTENDED_FOUND 0x30 /* the same as 17h, as found by the firmware */
#define CMOS_ABOVE_16M      0x34 /* in units of 64 KiB, 2 bytes */
#define CMOS_BOOT_FLAGS     0x38 /* high nibble third boot device; bit 0: no floppy check */
#define CMOS_TRANSLATION    0x39 /* 2 bits for each of 4 disks */
#define CMOS_BOOT_DEVICES   0x3d /* low nibble first boot device, high nibble second */
#define CMOS_ABOVE_4G       0x5b /* in units of 64 KiB, 3 bytes */
#define CMOS_CPUS           0x5f /* processors minus one */

#define EQUIPMENT_FLOPPY      0x01
#define EQUIPMENT_FPU         0x02
#define EQUIPMENT_MOUSE       0x04
#define EQUIPMENT_MORE_DRIVES 0x40 /* floppy drives less one, bits 6 and 7 */

#define DISK_TYPE_EXTENDED 0x0f /* the type is in 19h or 1Ah */
#define DISK_TYPE_USER     47

#define SHUTDOWN_RESUME 0xfe /* wake from S3 */

#define KIB 1024u
#define MIB (1024u * KIB)

static void set(PcBoard *board, guint index, guint64 value, guint bytes)
{
    for (guint i = 0; i < bytes; i++) {
        mc146818_set_cmos(board->rtc, index + i, value >> (8 * i));
    }
}

static void set_memory(PcBoard *board)
{
    guint64 below = pc_ram_below_4g(board);
    guint64 above = board->config.ram_size - below;
    guint64 extended = below > MIB ? (below - MIB) / KIB : 0;
    guint64 above_16m = below > 16 * MIB ? (below - 16 * MIB) / (64 * KIB) : 0;

    set(board, CMOS_BASE_MEMORY, MIN(below / KIB, 640), 2);
    set(board, CMOS_EXTENDED, MIN(extended, 0xffff), 2);
    set(board, CMOS_EXTENDED_FOUND, MIN(extended, 0xffff), 2);
    set(board, CMOS_ABOVE_16M, MIN(above_16m, 0xffff), 2);
    set(board, CMOS_ABOVE_4G, above / (64 * KIB), 3);
}

static guint boot_code(char letter)
{
    switch (letter) {
    case 'a':
    case 'b': return 1;
    case 'c': return 2;
    case 'd': return 3;
    case 'n': return 4;
    default: return 0;
    }
}

static void set_boot_order(PcBoard *board)
{
    const char *order = pc_boot_order(board);
    guint codes = 0;

    for (guint i = 0; i < 3 && order[i]; i++) {
        codes |= boot_code(order[i]) << (4 * i);
    }
    /* Floppies without a boot signature are booted as well, as on the AT. */
    set(board, CMOS_BOOT_FLAGS, (codes >> 8 & 0xf) << 4 | 1, 1);
    set(board, CMOS_BOOT_DEVICES, codes & 0xff, 1);
}

/* Disk `n` counts units of the primary channel first; FALSE if it is not there. */
static gboolean disk_geometry(PcBoard *board, guint n, IdeGeometry *geometry)
{
    if (board->ide2) {
        return ide_geometry(n < 2 ? board->ide : board->ide2, 0, n % 2, geometry);
    }
    return board->ide && ide_geometry(board->ide, n / 2, n % 2, geometry);
}

static void set_disk(PcBoard *board, guint n, const IdeGeometry *geometry)
{
    guint base = n ? CMOS_DISK1_GEOMETRY : CMOS_DISK0_GEOMETRY;

    set(board, n ? CMOS_DISK1_TYPE : CMOS_DISK0_TYPE, DISK_TYPE_USER, 1);
    set(board, base, geometry->cylinders, 2);
    set(board, base + 2, geometry->heads, 1);
    set(board, base + 3, 0xffff, 2); /* no write precompensation */
    set(board, base + 5, 0xc0 | (geometry->heads > 8 ? 8 : 0), 1);
    set(board, base + 6, geometry->cylinders, 2); /* landing zone */
    set(board, base + 8, geometry->sectors, 1);
}

static void set_disks(PcBoard *board)
{
    guint types = 0, translations = 0;

    for (guint n = 0; n < 4; n++) {
        IdeGeometry geometry = {0};
        if (!disk_geometry(board, n, &geometry)) {
            continue;
        }
        translations |= (guint)geometry.translation << (2 * n);
        if (n < 2) {
            types |= DISK_TYPE_EXTENDED << (n ? 0 : 4);
            set_disk(board, n, &geometry);
        }
    }
    set(board, CMOS_DISK_TYPES, types, 1);
    set(board, CMOS_TRANSLATION, translations, 1);
}

/* Types of drives as the AT counts them: 2 is 1.2 MB, 4 is 1.44 MB, 5 is 2.88 MB. */
static guint floppy_code(FloppyType type)
{
    switch (type) {
    case FLOPPY_120: return 2;
    case FLOPPY_144: return 4;
    case FLOPPY_288: return 5;
    default: return 0;
    }
}

static void set_floppies(PcBoard *board)
{
    Device *fdc = device_find_ops(&board->device, &isa_fdc_ops);
    guint first = fdc ? floppy_code(fdc_drive_type(fdc, 0)) : 0;
    guint second = fdc ? floppy_code(fdc_drive_type(fdc, 1)) : 0;
    guint equipment = EQUIPMENT_FPU | EQUIPMENT_MOUSE;

    if (first || second) {
        equipment |= EQUIPMENT_FLOPPY | (first && second ? EQUIPMENT_MORE_DRIVES : 0);
    }
    set(board, CMOS_FLOPPY, first << 4 | second, 1);
    set(board, CMOS_EQUIPMENT, equipment, 1);
}

void pc_cmos_update(PcBoard *board)
{
    set_floppies(board);
    set_boot_order(board);
    set_disks(board);
}

void pc_cmos_set_resume(PcBoard *board, gboolean on)
{
    if (on) {
        set(board, CMOS_SHUTDOWN, SHUTDOWN_RESUME, 1);
    } else if (mc146818_get_cmos(board->rtc, CMOS_SHUTDOWN) == SHUTDOWN_RESUME) {
        set(board, CMOS_SHUTDOWN, 0, 1);
    }
}

void pc_cmos_init(PcBoard *board)
{
    set_memory(board);
    set(board, CMOS_CPUS, board->config.cpus - 1, 1);
    pc_cmos_update(board);
}
