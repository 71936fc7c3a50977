/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware configuration device: numbered items and named files that the firmware reads
 * through ports 510h-511h, or by DMA through 514h-51Bh (QEMU's docs/specs/fw_cfg describes the
 * interface; the numbers are its).
 *
 * Regions: 0 = selector and data (2 ports at 510h), 1 = DMA address (8 ports at 514h). Items are
 * added by the board while it makes the machine. Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps fw_cfg_ops;

#define BUS_SYSTEM "System" /* the board's own bus, where devices on no other one sit */

/* Selector keys. */
enum {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_INITRD_ADDR = 0x0a,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_NUMA = 0x0d,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_KERNEL_ENTRY = 0x10,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16,
    FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_ARCH = 0x8000,
    FW_CFG_ACPI_TABLES = FW_CFG_ARCH + 0,
    FW_CFG_SMBIOS = FW_CFG_ARCH + 1,
    FW_CFG_IRQ0_OVERRIDE = FW_CFG_ARCH + 2,
    FW_CFG_E820 = FW_CFG_ARCH + 3,
};

/* Sets the bytes of a numbered item; fw_cfg_set_bytes() shares them instead of copying. */
void fw_cfg_set(Device *dev, guint key, const void *data, gsize length);
void fw_cfg_set_bytes(Device *dev, guint key, GBytes *bytes);
void fw_cfg_set_u16(Device *dev, guint key, guint16 value);
void fw_cfg_set_u32(Device *dev, guint key, guint32 value);
void fw_cfg_set_u64(Device *dev, guint key, guint64 value);

/*
 * Adds a file, or replaces the bytes of one that has the name (at most 55 characters). The
 * directory is sorted by name. At most 0x100 files.
 */
void fw_cfg_add_file(Device *dev, const char *name, const void *data, gsize length);
/*
 * Adds a file of zeros that the guest may write, by DMA; `written` gets all its bytes after each
 * write. FALSE if there is one of the name. Forgotten, it is read-only.
 */
gboolean fw_cfg_add_writable(Device *dev, const char *name, gsize length,
                             void (*written)(void *opaque, const guint8 *data), void *opaque);
void fw_cfg_forget_writable(Device *dev, const char *name);
/*
 * Calls `selected` each time the guest selects the file, before it reads. It may give this file or
 * others new bytes, of the same number: the guest may know that already.
 */
void fw_cfg_on_select(Device *dev, const char *name, void (*selected)(void *opaque), void *opaque);
void fw_cfg_add_file_u64(Device *dev, const char *name, guint64 value, guint size);
