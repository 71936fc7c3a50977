/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The board q35: MCH and ICH9, with what every PC has on its ISA side. */
#include "core/error.h"
#include "hw/block/ahci.h"
#include "hw/pc/ich9.h"
#include "hw/pc/pc-priv.h"
#include "hw/pc/q35-mch.h"
#include "hw/usb/ehci.h"
#include "hw/usb/uhci.h"

/* RAM below 4 GiB ends where the firmware puts configuration space, or, where there is RAM above
 * 4 GiB anyway, leaves room for BARs. */
#define LOW_RAM_MAX   0xb0000000u
#define LOW_RAM_SPLIT 0x80000000u

/* The south bridge: PCI interrupts to global system interrupts, these to the controllers. */
static gboolean lpc_init(PcBoard *board, GError **error)
{
    board->lpc = pc_create_pci(board, &ich9_lpc_ops, "1f.0", error);
    if (!board->lpc) {
        return FALSE;
    }
    for (guint n = 0; n < PC_GSIS; n++) {
        device_connect_irq(board->lpc, n, pc_gsi(board, n));
        *(n < ISA_IRQS ? &board->isa_irq[n] : &board->high_irq[n - ISA_IRQS]) =
            ich9_lpc_gsi(board->lpc, n);
    }
    for (guint n = 0; n < PCI_PIRQS; n++) {
        board->pci->pirq[n] = device_input(board->lpc, n);
    }
    board->pci->map_irq = ich9_lpc_map_irq;
    board->pci->map_opaque = board->lpc;
    ich9_lpc_connect_host(board->lpc, q35_pci_host(board->pcihost));
    board->isa = ich9_lpc_isa_bus(board->lpc);
    board->sleep = ich9_lpc_sleep(board->lpc);
    board->hotplug = ich9_lpc_hotplug(board->lpc);
    return TRUE;
}

static gboolean functions_init(PcBoard *board, GError **error)
{
    board->ahci = pc_create_pci(board, &ich9_ahci_ops, "1f.2", error);
    return board->ahci && ide_create_drives(board->ahci, 0, error) &&
           pc_create_pci(board, &ich9_smbus_ops, "1f.3", error);
}

static Device *create_usb(PcBoard *board, const PciDeviceOps *ops, const char *addr,
                          const Device *master, const char *first_port, GError **error)
{
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "addr", addr);
    option_list_add(options, "multifunction", "on");
    if (master) {
        const Bus *bus = g_ptr_array_index(master->buses, 0);

        option_list_add(options, "masterbus", bus->name);
        option_list_add(options, "firstport", first_port);
    }
    return device_create(board->device.machine, &ops->device, &board->pci->bus, NULL, options,
                         error);
}

/* USB 2 at 1d.7, and three companions for what is slower. */
static gboolean usb_init(PcBoard *board, GError **error)
{
    Device *ehci;

    if (!board->usb) {
        return TRUE;
    }
    ehci = create_usb(board, &ich9_ehci1_ops, "1d.7", NULL, NULL, error);
    return ehci && create_usb(board, &ich9_uhci1_ops, "1d.0", ehci, "0", error) &&
           create_usb(board, &ich9_uhci2_ops, "1d.1", ehci, "2", error) &&
           create_usb(board, &ich9_uhci3_ops, "1d.2", ehci, "4", error);
}

static void acpi_info(const PcBoard *board, AcpiInfo *info)
{
    *info = (AcpiInfo){0};
    ich9_lpc_acpi_info(board->lpc, info);
    q35_acpi_info(board->pcihost, info);
    info->reset_port = TRUE;
    info->pci_start = pc_ram_below_4g(board);
    info->pci_end = PC_PCI_END;
    if (info->ecam_base >= info->pci_start && info->ecam_base < info->pci_end) {
        info->pci_start = info->ecam_base + info->ecam_size;
    }
    info->pci64_start = pc_ram_end(board);
    info->express = TRUE;
}

static gboolean build(PcBoard *board, GError **error)
{
    Machine *machine = board->device.machine;

    board->acpi_info = acpi_info;
    board->low_ram_max = LOW_RAM_MAX;
    board->low_ram_split = LOW_RAM_SPLIT;
    if (!pc_memory_init(board, error) || !pc_interrupts_init(board, error)) {
        return FALSE;
    }
    pc_pci_memory_init(board);
    board->pcihost = q35_create(machine, board->system, &board->ram, &board->pci_memory, error);
    if (!board->pcihost) {
        return FALSE;
    }
    board->pci = q35_pci_bus(board->pcihost);
    return pc_firmware_init(board, board->pci->memory, q35_pam(board->pcihost), error) &&
           lpc_init(board, error) && pc_isa_init(board, error) &&
           pc_floppy_init(board, FALSE, error) && functions_init(board, error) &&
           usb_init(board, error) && pc_vga_init(board, pc_vgas, &board->pci->bus, error) &&
           pc_finish(board, error);
}

static gboolean create(Machine *machine, const BoardConfig *config, GError **error)
{
    PcBoard *board = pc_create_root(machine, &q35_root_ops, config, error);
    return board && pc_build_at_once(board, build, error);
}

static const OptionSpec q35_options[] = {
    {"usb", OPTION_BOOL, G_STRUCT_OFFSET(PcBoard, usb), "off",
     "with USB controllers (ich9-usb-ehci1 and its companions); -usb is the same"},
    {"hpet", OPTION_BOOL, G_STRUCT_OFFSET(PcBoard, has_hpet), "on",
     "with a high precision event timer; -no-hpet: without"},
    PC_FLASH_OPTIONS,
    OPTION_END,
};

const DeviceOps q35_root_ops = {
    .name = "q35",
    .summary = "PC with Q35 and ICH9",
    .category = "Board",
    .size = sizeof(PcBoard),
    .board_only = TRUE,
    .options = q35_options,
    .realize = pc_root_realize,
    .unrealize = pc_root_unrealize,
    .reset = pc_root_reset,
};

const BoardOps q35_board_type = {
    .name = "q35",
    .summary = "PC (Q35 + ICH9, 2009)",
    .max_cpus = 255,
    .max_ram = 1ULL << 40,
    .default_vga = "std",
    .vgas = pc_vgas,
    .units_per_ide_bus = 1,
    .options = q35_options,
    .create = create,
};
