/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan for booting a kernel without a boot loader: what goes into fw_cfg, what the option ROM
 * (kernel-rom.asm) copies from there to which address, and where it jumps to.
 *
 * bzimage.c and multiboot.c read a kernel file, all of whose fields may be lies, and make a plan;
 * kernel-rom.c puts it into the ROM; kernel.c does the rest. No state, no thread of its own.
 */
#pragma once

#include <glib.h>

/* Copies `length` bytes from `offset` of the item to `addr`; behind the item's end are zeros. */
typedef struct KernelLoad {
    guint16 key;
    guint32 offset, length;
    guint32 addr;
} KernelLoad;

typedef struct KernelItem {
    guint16 key;
    GBytes *bytes;
} KernelItem;

typedef enum KernelEntry {
    KERNEL_ENTRY_LINUX,     /* real mode: the setup code of a bzImage */
    KERNEL_ENTRY_MULTIBOOT, /* 32-bit protected mode, with a multiboot information structure */
} KernelEntry;

typedef struct KernelPlan {
    KernelEntry entry;
    guint16 setup_segment; /* Linux: data segment; the code begins 20h above */
    guint16 setup_stack;   /* Linux: offset of the stack's end in it */
    guint32 entry_addr;    /* multiboot */
    GArray *items;         /* of KernelItem, for fw_cfg */
    GArray *loads;         /* of KernelLoad, in this order, at most KERNEL_MAX_LOADS */
} KernelPlan;

#define KERNEL_MAX_LOADS 96

/* Where the ROM and the firmware keep out of the way. Below 10000h is the ROM's scratch memory;
 * the firmware's tables are at the end of RAM below 4 GiB. */
#define KERNEL_LOW_START  0x10000u
#define KERNEL_HIGH_START 0x100000u
#define KERNEL_TABLE_ROOM 0x40000u

typedef struct KernelModule {
    char *text; /* "FILE ARGS", as the kernel gets it */
    GBytes *bytes;
} KernelModule;

/* What the user gave. */
typedef struct KernelInput {
    const char *name;   /* the kernel's path, for messages */
    GBytes *file;       /* the kernel's whole file */
    const char *append; /* never NULL */
    GBytes *initrd;     /* Linux: NULL = none */
    GArray *modules;    /* multiboot: of KernelModule; NULL = none */
    guint64 ram_end;    /* end of RAM below 4 GiB */
} KernelInput;

KernelPlan *kernel_plan_new(KernelEntry entry);
void kernel_plan_free(KernelPlan *plan); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KernelPlan, kernel_plan_free)

/* Adds an item, shared or (the second and third) copied. */
void kernel_plan_item(KernelPlan *plan, guint16 key, GBytes *bytes);
void kernel_plan_data(KernelPlan *plan, guint16 key, const void *data, gsize length);
void kernel_plan_u32(KernelPlan *plan, guint16 key, guint32 value);

/* Adds a load; one of no bytes is left out. FALSE if there are too many. */
gboolean kernel_plan_load(KernelPlan *plan, KernelLoad load, GError **error);

/* Little-endian fields of a file; the caller has checked that they are inside. */
guint16 kernel_u16(const guint8 *at);
guint32 kernel_u32(const guint8 *at);
guint64 kernel_u64(const guint8 *at);
void kernel_put_u16(guint8 *at, guint16 value);
void kernel_put_u32(guint8 *at, guint32 value);

/* The last address, a multiple of 4 KiB, at which `length` bytes end at or below `end`; 0 = none.*/
guint64 kernel_place_below(guint64 end, guint64 length);
