/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: kernel files of -kernel.
 *
 * An input is a byte that picks a good file and a size of memory, then records of 8 bytes, changes
 * to that file: place (16 bits), kind, width, value (32 bits). Whatever comes out is refused, or
 * its plan keeps to the memory that there is.
 */
#include "tests/fuzz/fuzz.h"

#include <elf.h>
#include <string.h>

#include "hw/pc/bzimage.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/kernel-rom.h"
#include "hw/pc/multiboot.h"

#define FILE_SIZE 0x3000
#define INITRD    5000
#define MULTIBOOT 0x400 /* the header's place */
#define RECORD    8
#define MIB       (1u << 20)

enum { LINUX, ELF, BY_HEADER, BASES };

/* ---- good files ---- */

static void make_linux(guint8 *data)
{
    data[0x1f1] = 3;
    kernel_put_u32(data + 0x1f4, (FILE_SIZE - 2048) / 16);
    kernel_put_u16(data + 0x1fe, 0xaa55);
    memcpy(data + 0x202, "HdrS", 4);
    kernel_put_u16(data + 0x206, 0x20f);
    data[0x211] = 1;
    kernel_put_u32(data + 0x22c, 0x7fffffff);
    kernel_put_u32(data + 0x230, 2 * MIB);
    data[0x234] = 1;
    kernel_put_u32(data + 0x238, 100);
    kernel_put_u32(data + 0x258, 2 * MIB);
    kernel_put_u32(data + 0x260, 1 * MIB);
}

static void make_multiboot(guint8 *data, guint32 flags)
{
    guint8 *header = data + MULTIBOOT;

    kernel_put_u32(header, 0x1badb002);
    kernel_put_u32(header + 4, flags);
    kernel_put_u32(header + 8, -(0x1badb002u + flags));
    kernel_put_u32(header + 12, MIB + MULTIBOOT);
    kernel_put_u32(header + 16, MIB);
    kernel_put_u32(header + 24, 2 * MIB);
    kernel_put_u32(header + 28, MIB + 0x100);
}

static void make_elf(guint8 *data)
{
    Elf32_Ehdr elf = {
        .e_machine = EM_386,
        .e_entry = MIB,
        .e_phoff = sizeof(Elf32_Ehdr),
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 2,
    };
    Elf32_Phdr segments[] = {
        {PT_LOAD, 0x1000, MIB, MIB, 0x1000, 0x1000, 5, 4096},
        {PT_LOAD, 0x2000, 2 * MIB, 2 * MIB, 0x800, 0x10000, 6, 4096},
    };

    memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS32;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    memcpy(data, &elf, sizeof(elf));
    memcpy(data + sizeof(elf), segments, sizeof(segments));
    make_multiboot(data, 7);
}

/* ---- changes ---- */

/* Where the headers are, a change is worth more than elsewhere. */
static gsize place_of(guint base, guint kind, guint place)
{
    static const gsize header[] = {0x1f0, 0, MULTIBOOT};

    return kind % 8 ? header[base] + place % 0x80 : place % (FILE_SIZE - 4);
}

static gsize change(guint8 *data, guint base, const guint8 *record, gsize size)
{
    guint kind = record[2], width = record[3] % 5;
    gsize at = place_of(base, kind, kernel_u16(record));
    guint32 value = kernel_u32(record + 4);

    if (kind == 0xff) {
        return value % (FILE_SIZE + 1);
    }
    if (kind & 0x40) {
        value %= 0x100;
    } else if (kind & 0x20) {
        value %= 4 * MIB;
    }
    for (guint i = 0; i < width; i++) {
        data[at + i] = (guint8)(value >> (8 * i));
    }
    return size;
}

/* ---- what must be so ---- */

static void check_load(const KernelPlan *plan, const KernelLoad *load, guint64 ram_end)
{
    gboolean there = FALSE;

    for (guint i = 0; i < plan->items->len; i++) {
        there |= g_array_index(plan->items, KernelItem, i).key == load->key;
    }
    g_assert_true(there);
    g_assert_cmpuint(load->length, >, 0);
    g_assert_cmphex(load->addr, >=, KERNEL_LOW_START);
    g_assert_cmphex((guint64)load->addr + load->length, <=, ram_end - KERNEL_TABLE_ROOM);
    if (load->addr < KERNEL_HIGH_START) {
        g_assert_cmphex(load->addr + load->length, <=, 0x9a000);
    }
}

static void check(KernelPlan *plan, GError *error, guint64 ram_end)
{
    g_assert_true(!plan == !!error);
    if (plan) {
        g_autoptr(GBytes) rom = kernel_rom_new(plan);

        for (guint i = 0; i < plan->loads->len; i++) {
            check_load(plan, &g_array_index(plan->loads, KernelLoad, i), ram_end);
        }
        g_assert_nonnull(rom);
    }
}

static void run(guint8 *data, gsize size, guint64 ram_end)
{
    g_autoptr(GBytes) file = g_bytes_new(data, size); /* exactly: the sanitizer watches its end */
    g_autoptr(GBytes) initrd = g_bytes_new_take(g_malloc0(INITRD), INITRD);
    g_autoptr(GArray) modules = multiboot_modules_new();
    g_autoptr(GError) error = NULL, other = NULL;
    KernelModule module = {g_strdup("module"), g_bytes_ref(initrd)};
    KernelInput input = {"kernel", file, "mem=100M vga=1", initrd, modules, ram_end};

    g_array_append_val(modules, module);
    g_autoptr(KernelPlan) plan = bzimage_plan(&input, &error);
    check(plan, error, ram_end);
    g_autoptr(KernelPlan) multiboot = multiboot_plan(&input, &other);
    check(multiboot, other, ram_end);
    g_assert_true(!multiboot || multiboot_detect(data, size));
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    guint8 file[FILE_SIZE] = {0};
    gsize length = FILE_SIZE;
    guint choice = size ? data[0] : 0, base = choice % BASES;
    static const guint64 ram[] = {8 * MIB, 1ULL << 30, MIB, 7ULL << 29};

    if (base == LINUX) {
        make_linux(file);
    } else if (base == ELF) {
        make_elf(file);
    } else {
        make_multiboot(file, 0x10003);
    }
    /* Few changes: after many, nothing is left to be read. */
    for (gsize at = 1; at + RECORD <= size && at < 8 * RECORD; at += RECORD) {
        length = change(file, base, data + at, length);
    }
    run(file, length, ram[choice / 64]);
    return 0;
}
