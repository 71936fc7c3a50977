/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/error.h"
#include "core/firmware.h"
#include "core/memdev.h"
#include "hw/block/pflash.h"
#include "hw/pc/pc-priv.h"

#define GIB (1ULL << 30)

/* The hole below 4 GiB for PCI memory, APICs and firmware: half a GiB, and a whole one where there
 * is RAM above 4 GiB anyway. */
#define LOW_RAM_MAX   (7 * GIB / 2)
#define LOW_RAM_SPLIT (3 * GIB)

#define PCI_SPACE_SIZE (1ULL << 52) /* all that a processor can address */
#define LEGACY_ADDR    0xa0000u
#define LEGACY_END     0x100000u

#define BIOS_MAX     (16u << 20)
#define BIOS_UNIT    (64u << 10)
#define ISA_BIOS_MAX (128u << 10)
#define ISA_END      (1u << 20)

/* Without PAM the firmware has only the 128 KiB below 1 MiB to run in. */
static const char *const pci_bios = "bios-256k.bin";
static const char *const isa_bios = "bios.bin";

guint64 pc_ram_below_4g(const PcBoard *board)
{
    guint64 size = board->config.ram_size;

    if (board->low_ram_max) {
        return size > board->low_ram_max ? board->low_ram_split : size;
    }
    return size > LOW_RAM_MAX ? LOW_RAM_SPLIT : size;
}

guint64 pc_ram_end(const PcBoard *board)
{
    guint64 below = pc_ram_below_4g(board);
    return 4 * GIB + board->config.ram_size - below;
}

gboolean pc_memory_init(PcBoard *board, GError **error)
{
    Machine *machine = board->device.machine;
    guint64 below = pc_ram_below_4g(board);
    guint64 above = board->config.ram_size - below;

    if (!memdev_init_ram(board->config.memory, &board->ram, BOARD_RAM_ID, board->config.ram_size,
                         error)) {
        return FALSE;
    }
    region_init_alias(&board->ram_below, "ram-below-4g", &board->ram, 0, below);
    region_add(&machine->system_memory, 0, &board->ram_below, 0);
    if (above) {
        region_init_alias(&board->ram_above, "ram-above-4g", &board->ram, below, above);
        region_add(&machine->system_memory, 4 * GIB, &board->ram_above, 0);
    }
    return TRUE;
}

/* ---- PCI memory ---- */

static guint64 hole_read(void *opaque, guint64 addr, guint size)
{
    return G_MAXUINT64; /* nobody claims the cycle: master abort */
}

static const IoOps hole_ops = {hole_read, NULL, 1, 8};

/* Below 1 MiB there is RAM under the PCI bus, which must not show where the host bridge sends
 * accesses to PCI. */
void pc_pci_memory_init(PcBoard *board)
{
    Region *system = &board->device.machine->system_memory;

    region_init_container(&board->pci_memory, "pci", PCI_SPACE_SIZE);
    region_init_io(&board->pci_hole, "pci-hole", &hole_ops, board, LEGACY_END - LEGACY_ADDR);
    region_add(&board->pci_memory, LEGACY_ADDR, &board->pci_hole, -1);
    region_add(system, 0, &board->pci_memory, -1);
}

/* ---- firmware ---- */

static gboolean init_isa_bios(PcBoard *board, gsize size, Pam *pam, GError **error)
{
    if (!pam) {
        board->isa_bios_is_ram = TRUE;
        return region_init_ram(&board->isa_bios, "isa-bios", size, error);
    }
    if (!region_init_rom(&board->isa_bios, "isa-bios", size, error)) {
        return FALSE;
    }
    board->isa_bios_writes = (PamRom){pam, ISA_END - size};
    region_set_write_ops(&board->isa_bios, &pam_rom_ops, &board->isa_bios_writes);
    return TRUE;
}

/* The end of the firmware, where it is mapped below 4 GiB. */
static void copy_isa_bios(PcBoard *board)
{
    gsize size = region_size(&board->isa_bios);
    Region *whole = board->flash[0] ? device_region(board->flash[0], 0) : &board->bios;
    const guint8 *data = board->flash[0] ? pflash_content(board->flash[0]) : region_host(whole);

    memcpy(region_host(&board->isa_bios), data + region_size(whole) - size, size);
}

static gboolean load_bios(PcBoard *board, const char *name, Region *rom_space, GError **error)
{
    g_autoptr(GBytes) bytes = firmware_load(board->device.machine, name, BIOS_MAX, error);

    if (!bytes) {
        return FALSE;
    }
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    if (size % BIOS_UNIT) {
        return error_set(error,
                         "the BIOS '%s' has %" G_GSIZE_FORMAT
                         " bytes; a multiple of 64 KiB would be right",
                         name, size);
    }
    if (!region_init_rom(&board->bios, "pc.bios", size, error)) {
        return FALSE;
    }
    memcpy(region_host(&board->bios), data, size);
    region_add(rom_space, 4 * GIB - size, &board->bios, 1);
    return TRUE;
}

gboolean pc_firmware_init(PcBoard *board, Region *rom_space, Pam *pam, GError **error)
{
    const char *own = pam ? pci_bios : isa_bios;
    const char *name = board->config.bios ? board->config.bios : own;

    if (pam && !pc_flash_init(board, rom_space, error)) {
        return FALSE;
    }
    if (!board->flash[0] && !load_bios(board, name, rom_space, error)) {
        return FALSE;
    }
    gsize size = board->flash[0] ? region_size(device_region(board->flash[0], 0))
                                 : region_size(&board->bios);
    gsize isa_size = MIN(size, ISA_BIOS_MAX);
    if (!init_isa_bios(board, isa_size, pam, error)) {
        return FALSE;
    }
    copy_isa_bios(board);
    region_add(rom_space, ISA_END - isa_size, &board->isa_bios, 1);
    return TRUE;
}

void pc_firmware_reset(PcBoard *board)
{
    if (board->isa_bios_is_ram) {
        copy_isa_bios(board);
        region_mark_dirty(&board->isa_bios, 0, region_size(&board->isa_bios));
    }
}

void pc_memory_finish(PcBoard *board)
{
    Region *regions[] = {&board->isa_bios,  &board->bios,      &board->pci_hole, &board->pci_memory,
                         &board->ram_above, &board->ram_below, &board->ram};

    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        region_remove(regions[i]);
        region_finish(regions[i]);
    }
}
