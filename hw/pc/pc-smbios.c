/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a PC board's SMBIOS tables say of it. */
#include "hw/pc/fw_cfg.h"
#include "hw/pc/pc-priv.h"
#include "hw/pc/smbios.h"

/* What guests' tools know virtual machines of this kind by. */
#define MANUFACTURER "QEMU"

/* CPUID leaf 1 of the processors that there will be: EAX, and EDX in the upper half. */
static guint64 processor_id(const Machine *machine)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    if (!machine->accel->cpuid_supported) {
        return 0;
    }
    g_autoptr(GArray) entries =
        cpu_model_build(machine->cpu_model, machine->accel->cpuid_supported, missing, NULL);
    const CpuidEntry *leaf = entries ? cpuid_find(entries, 1, 0) : NULL;
    return leaf ? (guint64)leaf->edx << 32 | leaf->eax : 0;
}

gboolean pc_smbios_init(PcBoard *board, GError **error)
{
    const BoardConfig *config = &board->config;
    const Machine *machine = board->device.machine;
    g_autoptr(Smbios) smbios = smbios_new();
    g_autoptr(GByteArray) tables = g_byte_array_new(), anchor = g_byte_array_new();
    g_autofree char *product =
        g_strdup_printf("Standard %s", machine->board ? machine->board->summary : "PC");
    SmbiosMachine about = {
        .manufacturer = MANUFACTURER,
        .product = product,
        .version = machine->board ? machine->board->name : NULL,
        .uuid = machine->uuid,
        .ram_below_4g = pc_ram_below_4g(board),
        .ram_above_4g = config->ram_size - pc_ram_below_4g(board),
        .cpus = config->cpus,
        .sockets = config->topology.sockets ? config->topology.sockets : 1,
        .cores = config->topology.cores ? config->topology.cores : config->cpus,
        .threads = config->topology.threads,
        .processor_id = processor_id(machine),
    };

    for (guint i = 0; config->smbios && config->smbios[i]; i++) {
        if (!smbios_add_option(smbios, config->smbios[i], error)) {
            return FALSE;
        }
    }
    if (!smbios_build(smbios, &about, tables, anchor, error)) {
        return FALSE;
    }
    fw_cfg_add_file(board->fw_cfg, SMBIOS_TABLES_FILE, tables->data, tables->len);
    fw_cfg_add_file(board->fw_cfg, SMBIOS_ANCHOR_FILE, anchor->data, anchor->len);
    return TRUE;
}
