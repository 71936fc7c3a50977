/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/kernel-rom.h"

#include <string.h>

/* Made from kernel-rom.asm. */
#include "hw/pc/kernel-rom-bytes.h"

/* What kernel-rom.asm leaves to be filled in, by offset. */
#define ROM_CHECKSUM 0x06
#define PNP_HEADER   0x1c
#define PNP_SIZE     0x20
#define PNP_CHECKSUM 0x25
#define PLAN_ENTRY   0x90
#define PLAN_SEGMENT 0x92
#define PLAN_STACK   0x94
#define PLAN_COUNT   0x96
#define PLAN_ADDR    0x98
#define PLAN_LOADS   0xa0
#define LOAD_SIZE    16

G_STATIC_ASSERT(PLAN_LOADS + KERNEL_MAX_LOADS * LOAD_SIZE < sizeof(kernel_rom_bytes));

/* What makes the sum of the bytes zero, if it replaces a zero. */
static guint8 checksum(const guint8 *data, gsize length)
{
    guint8 sum = 0;

    while (length--) {
        sum = (guint8)(sum + *data++);
    }
    return (guint8)-sum;
}

GBytes *kernel_rom_new(const KernelPlan *plan)
{
    guint8 *rom = g_memdup2(kernel_rom_bytes, sizeof(kernel_rom_bytes));

    kernel_put_u16(rom + PLAN_ENTRY, plan->entry);
    kernel_put_u16(rom + PLAN_SEGMENT, plan->setup_segment);
    kernel_put_u16(rom + PLAN_STACK, plan->setup_stack);
    kernel_put_u16(rom + PLAN_COUNT, (guint16)plan->loads->len);
    kernel_put_u32(rom + PLAN_ADDR, plan->entry_addr);
    for (guint i = 0; i < plan->loads->len; i++) {
        const KernelLoad *load = &g_array_index(plan->loads, KernelLoad, i);
        guint8 *at = rom + PLAN_LOADS + i * LOAD_SIZE;

        kernel_put_u32(at, load->key);
        kernel_put_u32(at + 4, load->offset);
        kernel_put_u32(at + 8, load->addr);
        kernel_put_u32(at + 12, load->length);
    }
    rom[PNP_CHECKSUM] = checksum(rom + PNP_HEADER, PNP_SIZE);
    rom[ROM_CHECKSUM] = checksum(rom, sizeof(kernel_rom_bytes));
    return g_bytes_new_take(rom, sizeof(kernel_rom_bytes));
}
