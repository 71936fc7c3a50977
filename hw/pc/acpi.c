/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/acpi.h"

#include <string.h>

#include "hw/pc/acpi-dsdt-pc.h"
#include "hw/pc/acpi-dsdt-q35.h"
#include "hw/pc/fw_cfg.h"

#define IOAPIC_ADDR    0xfec00000u
#define LOCAL_APICS    0xfee00000u
#define HPET_ADDR      0xfed00000u
#define RESET_PORT     0xcf9
#define RESET_VALUE    0x06 /* SRST, RCPU */
#define PM_BASE_UNSET  0x600
#define CMOS_CENTURY   0x32
#define OEM_TABLE      "VITRTBLS"
#define NO_C2_LATENCY  101     /* more than 100 us: there is no C2 */
#define NO_C3_LATENCY  1001    /* more than 1000 us */
#define PIC_LEVEL_IRQS 0x0e20u /* 5, 9, 10, 11: where the links of PCI lead, and the SCI */

/* Generic address structures (5.2.3.2). */
#define SPACE_SYSTEM_MEMORY 0
#define SPACE_SYSTEM_IO     1

static void put_address(AcpiBlob *blob, guint space, guint bits, guint access, guint64 address)
{
    acpi_put(blob, address ? space : 0, 1);
    acpi_put(blob, address ? bits : 0, 1);
    acpi_put(blob, 0, 1);
    acpi_put(blob, address ? access : 0, 1);
    acpi_put(blob, address, 8);
}

/* ---- FADT (5.2.9), revision 3 ---- */

#define FADT_WBINVD         (1u << 0)
#define FADT_PROC_C1        (1u << 2)
#define FADT_SLP_BUTTON     (1u << 5) /* none among the fixed hardware */
#define FADT_RESET_REG      (1u << 10)
#define FADT_PLATFORM_CLOCK (1u << 15) /* the PM timer or HPET counts better than the TSC */

#define BOOT_LEGACY_DEVICES (1u << 0)
#define BOOT_8042           (1u << 1)

#define FADT_FACS   36
#define FADT_DSDT   40
#define FADT_X_DSDT 140

static void put_legacy_blocks(AcpiBlob *blob, const AcpiInfo *info, guint pm_base)
{
    acpi_put(blob, pm_base, 4);     /* PM1a_EVT_BLK */
    acpi_put(blob, 0, 4);           /* PM1b */
    acpi_put(blob, pm_base + 4, 4); /* PM1a_CNT_BLK */
    acpi_put(blob, 0, 4);
    acpi_put(blob, 0, 4);           /* PM2_CNT_BLK */
    acpi_put(blob, pm_base + 8, 4); /* PM_TMR_BLK */
    acpi_put(blob, info->gpe0, 4);
    acpi_put(blob, 0, 4); /* GPE1_BLK */
    acpi_put(blob, 4, 1);
    acpi_put(blob, 2, 1);
    acpi_put(blob, 0, 1);
    acpi_put(blob, 4, 1);
    acpi_put(blob, info->gpe0_length, 1);
    acpi_put(blob, 0, 3); /* GPE1's length and base, CST_CNT */
    acpi_put(blob, NO_C2_LATENCY, 2);
    acpi_put(blob, NO_C3_LATENCY, 2);
    acpi_put(blob, 0, 8); /* cache flushing without WBINVD, duty cycle, alarm's day and month */
    acpi_put(blob, CMOS_CENTURY, 1);
}

static void put_extended_blocks(AcpiBlob *blob, const AcpiInfo *info, guint pm_base)
{
    put_address(blob, SPACE_SYSTEM_IO, 32, 2, pm_base);
    put_address(blob, SPACE_SYSTEM_IO, 0, 0, 0);
    put_address(blob, SPACE_SYSTEM_IO, 16, 2, pm_base + 4);
    put_address(blob, SPACE_SYSTEM_IO, 0, 0, 0);
    put_address(blob, SPACE_SYSTEM_IO, 0, 0, 0);
    put_address(blob, SPACE_SYSTEM_IO, 32, 3, pm_base + 8);
    put_address(blob, SPACE_SYSTEM_IO, info->gpe0_length * 8, 1, info->gpe0);
    put_address(blob, SPACE_SYSTEM_IO, 0, 0, 0);
}

static void add_fadt(AcpiBlob *blob, const AcpiInfo *info, guint facs, guint dsdt)
{
    guint pm_base = info->pm_base ? info->pm_base : PM_BASE_UNSET;
    guint flags = FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_PLATFORM_CLOCK |
                  (info->reset_port ? FADT_RESET_REG : 0);
    guint start = acpi_begin(blob, "FACP", 3, OEM_TABLE);

    acpi_put(blob, 0, 8); /* FACS, DSDT */
    acpi_put(blob, 0, 2); /* reserved; profile: unspecified */
    acpi_put(blob, info->sci_irq, 2);
    acpi_put(blob, info->smi_command, 4);
    acpi_put(blob, info->acpi_enable, 1);
    acpi_put(blob, info->acpi_disable, 1);
    acpi_put(blob, 0, 2); /* S4BIOS_REQ, PSTATE_CNT */
    put_legacy_blocks(blob, info, pm_base);
    acpi_put(blob, BOOT_LEGACY_DEVICES | BOOT_8042, 2);
    acpi_put(blob, 0, 1);
    acpi_put(blob, flags, 4);
    put_address(blob, SPACE_SYSTEM_IO, 8, 1, info->reset_port ? RESET_PORT : 0);
    acpi_put(blob, info->reset_port ? RESET_VALUE : 0, 1);
    acpi_put(blob, 0, 3);
    acpi_put(blob, 0, 8); /* X_FIRMWARE_CTRL: the 32-bit one is set */
    acpi_put(blob, 0, 8); /* X_DSDT */
    put_extended_blocks(blob, info, pm_base);
    acpi_point(blob, start + FADT_FACS, 4, facs);
    acpi_point(blob, start + FADT_DSDT, 4, dsdt);
    acpi_point(blob, start + FADT_X_DSDT, 8, dsdt);
    acpi_end(blob, start, TRUE);
}

/* ---- MADT (5.2.12) ---- */

#define MADT_PCAT_COMPAT 1 /* there are 8259s as well */

#define MADT_LOCAL_APIC 0
#define MADT_IO_APIC    1
#define MADT_OVERRIDE   2
#define MADT_LOCAL_NMI  4

#define INTI_CONFORMS    0x0
#define INTI_HIGH_LEVEL  0xd
#define ALL_PROCESSORS   0xff
#define LOCAL_APIC_READY 1

static void put_override(AcpiBlob *blob, guint irq, guint gsi, guint flags)
{
    acpi_put(blob, MADT_OVERRIDE, 1);
    acpi_put(blob, 10, 1);
    acpi_put(blob, 0, 1); /* ISA */
    acpi_put(blob, irq, 1);
    acpi_put(blob, gsi, 4);
    acpi_put(blob, flags, 2);
}

static void add_madt(AcpiBlob *blob, const PcBoard *board, const AcpiInfo *info)
{
    guint start = acpi_begin(blob, "APIC", 1, OEM_TABLE);
    guint level = info->links > 4 ? 1u << info->sci_irq : PIC_LEVEL_IRQS;

    acpi_put(blob, LOCAL_APICS, 4);
    acpi_put(blob, MADT_PCAT_COMPAT, 4);
    for (guint i = 0; i < MAX(board->config.cpus, board->config.max_cpus); i++) {
        acpi_put(blob, MADT_LOCAL_APIC, 1);
        acpi_put(blob, 8, 1);
        acpi_put(blob, i, 1); /* its Processor object's id */
        acpi_put(blob, cpu_apic_id(&board->config.topology, i), 1);
        acpi_put(blob, i < board->config.cpus ? LOCAL_APIC_READY : 0, 4);
    }
    acpi_put(blob, MADT_IO_APIC, 1);
    acpi_put(blob, 12, 1);
    acpi_put(blob, 0, 2); /* id */
    acpi_put(blob, IOAPIC_ADDR, 4);
    acpi_put(blob, 0, 4); /* its first interrupt */
    put_override(blob, 0, 2, INTI_CONFORMS);
    for (guint irq = 1; irq < 16; irq++) {
        if (level >> irq & 1) {
            put_override(blob, irq, irq, INTI_HIGH_LEVEL);
        }
    }
    acpi_put(blob, MADT_LOCAL_NMI, 1);
    acpi_put(blob, 6, 1);
    acpi_put(blob, ALL_PROCESSORS, 1);
    acpi_put(blob, INTI_CONFORMS, 2);
    acpi_put(blob, 1, 1); /* LINT1 */
    acpi_end(blob, start, TRUE);
}

/* ---- the small ones ---- */

/* IA-PC HPET specification 1.0a, 3.2.4. */
static void add_hpet(AcpiBlob *blob, const PcBoard *board)
{
    const Region *region = device_region(board->hpet, 0);
    guint start = acpi_begin(blob, "HPET", 1, OEM_TABLE);

    acpi_put(blob, region->ops->read(region->opaque, 0, 4), 4); /* capabilities */
    put_address(blob, SPACE_SYSTEM_MEMORY, 64, 0, HPET_ADDR);
    acpi_put(blob, 0, 1); /* number */
    acpi_put(blob, 0, 2); /* shortest period without lost ticks: as the guest likes */
    acpi_put(blob, 0, 1); /* page protection: none */
    acpi_end(blob, start, TRUE);
}

/* PCI Firmware Specification 3.0, 4.1.2. */
static void add_mcfg(AcpiBlob *blob, const AcpiInfo *info)
{
    guint start = acpi_begin(blob, "MCFG", 1, OEM_TABLE);

    acpi_put(blob, 0, 8);
    acpi_put(blob, info->ecam_base, 8);
    acpi_put(blob, 0, 2); /* segment */
    acpi_put(blob, 0, 1); /* first bus */
    acpi_put(blob, (info->ecam_size >> 20) - 1, 1);
    acpi_put(blob, 0, 4);
    acpi_end(blob, start, TRUE);
}

/* Windows ACPI Emulated Devices Table: the PM timer needs reading but once. */
#define WAET_PM_TIMER_GOOD 2

static void add_waet(AcpiBlob *blob)
{
    guint start = acpi_begin(blob, "WAET", 1, OEM_TABLE);

    acpi_put(blob, WAET_PM_TIMER_GOOD, 4);
    acpi_end(blob, start, TRUE);
}

/* ---- all of them ---- */

static void build(PcBoard *board, AcpiBlob *blob)
{
    AcpiInfo info;

    board->acpi_info(board, &info);
    guint facs = acpi_append_facs(blob);
    guint dsdt = info.express ? acpi_append(blob, acpi_dsdt_q35, sizeof(acpi_dsdt_q35), FALSE)
                              : acpi_append(blob, acpi_dsdt_pc, sizeof(acpi_dsdt_pc), FALSE);
    add_fadt(blob, &info, facs, dsdt);
    acpi_add_ssdt(blob, board, &info);
    add_madt(blob, board, &info);
    if (board->hpet) {
        add_hpet(blob, board);
    }
    if (info.ecam_size) {
        add_mcfg(blob, &info);
    }
    add_waet(blob);
    acpi_finish_tables(blob);
}

static void put_file(PcBoard *board, const char *name, GByteArray *bytes, guint size)
{
    guint used = bytes->len;

    g_assert(used <= size);
    g_byte_array_set_size(bytes, size);
    memset(bytes->data + used, 0, size - used);
    fw_cfg_add_file(board->fw_cfg, name, bytes->data, size);
}

static void make_files(PcBoard *board)
{
    AcpiBlob blob;

    acpi_blob_init(&blob);
    build(board, &blob);
    put_file(board, ACPI_TABLES_FILE, blob.tables, ACPI_TABLES_SIZE);
    put_file(board, ACPI_RSDP_FILE, blob.rsdp, blob.rsdp->len);
    put_file(board, ACPI_LOADER_FILE, blob.loader, ACPI_LOADER_SIZE);
    acpi_blob_finish(&blob);
}

/* Once a boot: what the firmware has read and what it reads next must fit together. */
static void selected(void *opaque)
{
    PcBoard *board = opaque;

    if (!board->acpi_made) {
        board->acpi_made = TRUE;
        make_files(board);
    }
}

void pc_acpi_init(PcBoard *board)
{
    static const char *const files[] = {ACPI_TABLES_FILE, ACPI_RSDP_FILE, ACPI_LOADER_FILE};

    if (!board->acpi_info) {
        return;
    }
    make_files(board);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        fw_cfg_on_select(board->fw_cfg, files[i], selected, board);
    }
}

void pc_acpi_reset(PcBoard *board)
{
    board->acpi_made = FALSE;
}
