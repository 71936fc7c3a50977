/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/pam.h"

#include <string.h>

#define PAM_FIRST 0xc0000u
#define PAM_END   0x100000u

#define PAM_READ  1 /* reads go to RAM */
#define PAM_WRITE 2 /* writes go to RAM */

#define SMRAM_D_OPEN   0x40
#define SMRAM_D_CLS    0x20
#define SMRAM_G_SMRAME 0x08

#define SMRAM_ADDR 0xa0000u
#define SMRAM_SIZE 0x20000u

/* Area 0 is F0000h-FFFFFh, the others are 16 KiB each from C0000h on. */
static guint area_addr(guint area)
{
    return area == 0 ? 0xf0000 : PAM_FIRST + (area - 1) * 0x4000;
}

static guint area_size(guint area)
{
    return area == 0 ? 0x10000 : 0x4000;
}

static guint area_of(guint64 addr)
{
    return addr >= 0xf0000 ? 0 : 1 + (guint)(addr - PAM_FIRST) / 0x4000;
}

/* ---- writes that reach RAM below what is read ---- */

static void write_ram(Pam *pam, guint64 addr, guint64 value, guint size)
{
    guint64 little = GUINT64_TO_LE(value);

    if (addr < PAM_FIRST || addr + size > PAM_END || addr + size > region_size(pam->ram) ||
        !(pam->modes[area_of(addr)] & PAM_WRITE)) {
        return;
    }
    memcpy(region_host(pam->ram) + addr, &little, size);
    region_mark_dirty(pam->ram, addr, size);
}

static void write_only_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    write_ram(opaque, PAM_FIRST + addr, value, size);
}

static const IoOps write_only_ops = {NULL, write_only_write, 1, 8};

static void rom_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PamRom *rom = opaque;
    write_ram(rom->pam, rom->addr + addr, value, size);
}

const IoOps pam_rom_ops = {NULL, rom_write, 1, 8};

/* ---- areas ---- */

static gboolean has_rom(guint area)
{
    return area == 0 || area_addr(area) >= 0xe0000;
}

static void set_area(Pam *pam, guint area, guint mode)
{
    Region *region = &pam->areas[area];
    guint addr = area_addr(area);

    pam->modes[area] = mode;
    if (mode & PAM_READ) {
        region_set_alias_target(region, pam->ram);
        region_set_alias_offset(region, addr);
        region_set_readonly(region, !(mode & PAM_WRITE));
    } else if ((mode & PAM_WRITE) && !has_rom(area)) {
        region_set_alias_target(region, &pam->write_only);
        region_set_alias_offset(region, addr - PAM_FIRST);
        region_set_readonly(region, FALSE);
    } else {
        region_set_alias_target(region, pam->pci);
        region_set_alias_offset(region, addr);
        region_set_readonly(region, FALSE);
    }
}

void pam_set_registers(Pam *pam, const guint8 registers[7], guint8 smram)
{
    gboolean open = (smram & SMRAM_D_OPEN) && (smram & SMRAM_G_SMRAME);

    memory_transaction_begin(pam->space);
    set_area(pam, 0, registers[0] >> 4 & 3);
    for (guint i = 1; i < PAM_AREAS; i++) {
        guint8 reg = registers[(i + 1) / 2];
        set_area(pam, i, (i & 1 ? reg : reg >> 4) & 3);
    }
    region_set_alias_target(&pam->smram, open ? pam->ram : pam->pci);
    memory_transaction_commit(pam->space);
}

/* D_LCK is set for good: it closes the space and freezes the bits that could open it (82441FX
 * datasheet 3.2.21; 3 Series Express 5.1.26). */
guint8 pam_smram_written(guint8 old, guint8 value)
{
    if (old & PAM_SMRAM_LOCKED) {
        return (old & ~SMRAM_D_CLS) | (value & SMRAM_D_CLS);
    }
    value &= SMRAM_D_OPEN | SMRAM_D_CLS | PAM_SMRAM_LOCKED | SMRAM_G_SMRAME;
    return (value & PAM_SMRAM_LOCKED ? value & ~SMRAM_D_OPEN : value) | PAM_SMRAM_DEFAULT;
}

void pam_init(Pam *pam, Machine *machine, Region *ram, Region *pci)
{
    pam->ram = ram;
    pam->pci = pci;
    pam->space = machine->memory;
    region_init_io(&pam->write_only, "pam-write-only", &write_only_ops, pam, PAM_END - PAM_FIRST);
    memory_transaction_begin(pam->space);
    region_init_alias(&pam->smram, "smram", pci, SMRAM_ADDR, SMRAM_SIZE);
    region_add(&machine->system_memory, SMRAM_ADDR, &pam->smram, 1);
    for (guint i = 0; i < PAM_AREAS; i++) {
        region_init_alias(&pam->areas[i], "pam", pci, area_addr(i), area_size(i));
        region_add(&machine->system_memory, area_addr(i), &pam->areas[i], 1);
    }
    memory_transaction_commit(pam->space);
}

void pam_finish(Pam *pam)
{
    memory_transaction_begin(pam->space);
    region_remove(&pam->smram);
    region_finish(&pam->smram);
    for (guint i = 0; i < PAM_AREAS; i++) {
        region_remove(&pam->areas[i]);
        region_finish(&pam->areas[i]);
    }
    memory_transaction_commit(pam->space);
    region_finish(&pam->write_only);
}
