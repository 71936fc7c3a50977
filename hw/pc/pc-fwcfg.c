/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the firmware reads from fw_cfg; the file names are those that SeaBIOS looks for. */
#include <string.h>

#include "core/error.h"
#include "core/firmware.h"
#include "hw/block/ide.h"
#include "hw/misc/pvpanic.h"
#include "hw/pc/boot-path.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/kernel-rom.h"
#include "hw/pc/pc-priv.h"

#define E820_RAM      1
#define E820_RESERVED 2

/* The accelerator keeps the real-mode TSS and page table of older processors there. */
#define KVM_AREA_ADDR 0xfeffc000u
#define KVM_AREA_SIZE 0x4000u

#define SPLASH_MAX (4u << 20)
#define ROM_MAX    (64u << 10)

static void add_e820(GByteArray *table, guint64 addr, guint64 size, guint32 type)
{
    guint64 le_addr = GUINT64_TO_LE(addr), le_size = GUINT64_TO_LE(size);
    guint32 le_type = GUINT32_TO_LE(type);

    g_byte_array_append(table, (guint8 *)&le_addr, 8);
    g_byte_array_append(table, (guint8 *)&le_size, 8);
    g_byte_array_append(table, (guint8 *)&le_type, 4);
}

static void add_memory(PcBoard *board)
{
    g_autoptr(GByteArray) table = g_byte_array_new();
    guint64 below = pc_ram_below_4g(board);

    add_e820(table, KVM_AREA_ADDR, KVM_AREA_SIZE, E820_RESERVED);
    add_e820(table, 0, below, E820_RAM);
    if (board->config.ram_size > below) {
        add_e820(table, 1ULL << 32, board->config.ram_size - below, E820_RAM);
    }
    fw_cfg_add_file(board->fw_cfg, "etc/e820", table->data, table->len);
    fw_cfg_set_u64(board->fw_cfg, FW_CFG_RAM_SIZE, board->config.ram_size);
}

/* The sixteen bytes of machine->uuid, in the order in which they are written. */
static void add_uuid(PcBoard *board)
{
    const char *text = board->device.machine->uuid;
    guint8 uuid[16] = {0};
    guint digits = 0;

    for (; text && *text && digits < 32; text++) {
        int digit = g_ascii_xdigit_value(*text);
        if (digit >= 0) {
            uuid[digits / 2] |= (guint8)(digit << (digits % 2 ? 0 : 4));
            digits++;
        }
    }
    fw_cfg_set(board->fw_cfg, FW_CFG_UUID, uuid, sizeof(uuid));
}

static gboolean add_splash(PcBoard *board, GError **error)
{
    const BoardBoot *boot = &board->config.boot;

    if (boot->splash_time_ms >= 0) {
        fw_cfg_add_file_u64(board->fw_cfg, "etc/boot-menu-wait", boot->splash_time_ms, 2);
    }
    if (!boot->splash) {
        return TRUE;
    }
    g_autoptr(GBytes) bytes = firmware_load(board->device.machine, boot->splash, SPLASH_MAX, error);
    if (!bytes) {
        return FALSE;
    }
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    gboolean jpeg = size >= 2 && data[0] == 0xff && data[1] == 0xd8;
    gboolean bmp = size >= 2 && data[0] == 'B' && data[1] == 'M';
    if (!jpeg && !bmp) {
        return error_set(error, "the splash picture '%s' is neither a JPEG nor a BMP file",
                         boot->splash);
    }
    fw_cfg_add_file(board->fw_cfg, jpeg ? "bootsplash.jpg" : "bootsplash.bmp", data, size);
    return TRUE;
}

/* A VGA on the ISA bus has no ROM BAR; its BIOS goes this way. */
static gboolean add_vga_rom(PcBoard *board, GError **error)
{
    if (board->pcihost || g_str_equal(board->config.vga, "none")) {
        return TRUE;
    }
    g_autoptr(GBytes) bytes =
        firmware_load(board->device.machine, "vgabios-isavga.bin", ROM_MAX, error);
    if (!bytes) {
        return FALSE;
    }
    fw_cfg_add_file(board->fw_cfg, "vgaroms/vgabios.bin", g_bytes_get_data(bytes, NULL),
                    g_bytes_get_size(bytes));
    return TRUE;
}

static void add_sleep_states(PcBoard *board)
{
    guint8 states[ACPI_SLEEP_STATES];

    if (board->sleep) {
        acpi_sleep_states(board->sleep, states);
        fw_cfg_add_file(board->fw_cfg, "etc/system-states", states, sizeof(states));
    }
}

/* ---- boot order by bootindex= ---- */

typedef struct BootEntry {
    gint64 index;
    char *path; /* as firmware names the device */
} BootEntry;

static void boot_entry_clear(gpointer data)
{
    g_free(((BootEntry *)data)->path);
}

static gboolean collect_boot_entry(Device *dev, void *opaque)
{
    GArray *entries = opaque;
    BootEntry entry;

    entry.path = boot_path(dev, &entry.index);
    if (entry.path) {
        g_array_append_val(entries, entry);
    }
    return TRUE;
}

static gint compare_boot_entries(gconstpointer a, gconstpointer b)
{
    gint64 first = ((const BootEntry *)a)->index, second = ((const BootEntry *)b)->index;
    return first < second ? -1 : first > second;
}

static void update_boot_order(PcBoard *board)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(BootEntry));
    g_autoptr(GString) text = g_string_new(NULL);

    g_array_set_clear_func(entries, boot_entry_clear);
    device_foreach(&board->device, collect_boot_entry, entries);
    g_array_sort(entries, compare_boot_entries);
    if (board->config.kernel) {
        g_string_append(text, KERNEL_ROM_BOOT_PATH);
    }
    for (guint i = 0; i < entries->len; i++) {
        g_string_append_printf(text, "%s%s", text->len ? "\n" : "",
                               g_array_index(entries, BootEntry, i).path);
    }
    if (board->config.boot.strict) {
        g_string_append_printf(text, "%sHALT", text->len ? "\n" : "");
    }
    /* The list ends with a NUL byte. */
    fw_cfg_add_file(board->fw_cfg, "bootorder", text->str, text->len ? text->len + 1 : 0);
}

/* ---- all of it ---- */

/* Where the guest finds pvpanic, which may come with -device. */
static void update_pvpanic(PcBoard *board)
{
    Device *dev = device_find_ops(&board->device, &pvpanic_ops);

    if (dev) {
        fw_cfg_add_file_u64(board->fw_cfg, "etc/pvpanic-port", pvpanic_port(dev), 2);
    }
}

void pc_fw_cfg_update(PcBoard *board)
{
    update_boot_order(board);
    update_pvpanic(board);
}

gboolean pc_fw_cfg_init(PcBoard *board, GError **error)
{
    const BoardBoot *boot = &board->config.boot;
    Device *dev = board->fw_cfg;

    fw_cfg_set_u16(dev, FW_CFG_NB_CPUS, board->config.cpus);
    /* The firmware sizes its tables by the highest APIC id plus one. */
    fw_cfg_set_u16(dev, FW_CFG_MAX_CPUS,
                   (guint16)(cpu_apic_id(&board->config.topology,
                                         MAX(board->config.cpus, board->config.max_cpus) - 1) +
                             1));
    fw_cfg_set_u16(dev, FW_CFG_NOGRAPHIC, g_str_equal(board->config.vga, "none"));
    fw_cfg_set_u16(dev, FW_CFG_BOOT_MENU, boot->menu);
    fw_cfg_set_u32(dev, FW_CFG_IRQ0_OVERRIDE, 1);
    fw_cfg_set_u64(dev, FW_CFG_NUMA, 0);
    /* All ones: stay at "No bootable device" for ever. */
    fw_cfg_add_file_u64(
        dev, "etc/boot-fail-wait",
        boot->reboot_timeout_ms >= 0 ? (guint64)boot->reboot_timeout_ms : G_MAXUINT32, 4);
    if (board->config.serial_console && board->config.serial[0]) {
        fw_cfg_add_file_u64(dev, "etc/sercon-port", 0x3f8, 2); /* COM1 */
    }
    add_memory(board);
    add_uuid(board);
    add_sleep_states(board);
    pc_fw_cfg_update(board);
    return add_splash(board, error) && add_vga_rom(board, error) && pc_smbios_init(board, error) &&
           pc_kernel_init(board, error);
}
