/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/error.h"
#include "hw/block/ide.h"
#include "hw/pc/acpi.h"
#include "hw/pc/devices.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/i440fx.h"
#include "hw/pc/pc-priv.h"
#include "hw/pc/piix3.h"
#include "hw/pc/piix4-pm.h"
#include "hw/usb/uhci.h"

/* ---- wiring ---- */

const char *pc_boot_order(const PcBoard *board)
{
    const BoardBoot *boot = &board->config.boot;

    if (board->boot_set) {
        return board->boot_set;
    }
    if (boot->once && !board->booted) {
        return boot->once;
    }
    return boot->order ? boot->order : "cad";
}

Device *pc_create_pci(PcBoard *board, const PciDeviceOps *ops, const char *addr, GError **error)
{
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "addr", addr);
    return device_create(board->device.machine, &ops->device, &board->pci->bus, NULL, options,
                         error);
}

/* The south bridge: PCI interrupts to the ISA lines, these to the interrupt controllers. */
static gboolean south_bridge_init(PcBoard *board, GError **error)
{
    board->piix3 = pc_create_pci(board, &piix3_ops, "1.0", error);
    if (!board->piix3) {
        return FALSE;
    }
    for (guint n = 0; n < ISA_IRQS; n++) {
        device_connect_irq(board->piix3, n, pc_gsi(board, n));
        board->isa_irq[n] = piix3_isa_irq(board->piix3, n);
    }
    for (guint n = ISA_IRQS; n < PC_GSIS; n++) {
        board->high_irq[n - ISA_IRQS] = pc_gsi(board, n);
    }
    for (guint n = 0; n < 4; n++) {
        board->pci->pirq[n] = device_input(board->piix3, n);
    }
    piix3_connect_host(board->piix3, i440fx_pci_host(board->pcihost));
    board->isa = piix3_isa_bus(board->piix3);
    return TRUE;
}

static gboolean south_bridge_functions_init(PcBoard *board, GError **error)
{
    board->ide = pc_create_pci(board, &piix3_ide_ops, "1.1", error);
    if (!board->ide) {
        return FALSE;
    }
    device_connect_irq(board->ide, 0, board->isa_irq[14]);
    device_connect_irq(board->ide, 1, board->isa_irq[15]);
    if (!ide_create_drives(board->ide, 0, error)) {
        return FALSE;
    }
    board->pm = pc_create_pci(board, &piix4_pm_ops, "1.3", error);
    if (!board->pm) {
        return FALSE;
    }
    board->sleep = piix4_pm_sleep(board->pm);
    board->hotplug = piix4_pm_hotplug(board->pm);
    device_connect_irq(board->pm, 0, board->isa_irq[9]);
    return !board->usb || pc_create_pci(board, &piix3_uhci_ops, "1.2", error);
}

static const DeviceOps *find_vga(const BoardVga *vgas, const char *name)
{
    for (; vgas->name; vgas++) {
        if (g_str_equal(vgas->name, name)) {
            return vgas->device ? device_type_find(vgas->device) : NULL;
        }
    }
    return NULL;
}

gboolean pc_vga_init(PcBoard *board, const BoardVga *vgas, Bus *bus, GError **error)
{
    const DeviceOps *ops = find_vga(vgas, board->config.vga);
    return !ops || device_create(board->device.machine, ops, bus, NULL, NULL, error);
}

/* ---- events ---- */

static void update_firmware(PcBoard *board)
{
    pc_cmos_update(board);
    pc_fw_cfg_update(board);
}

/* Devices of -device come after the board: what the firmware is told is brought up to date before
 * the guest runs for the first time. */
static void machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    PcBoard *board = opaque;

    if (event == MACHINE_EVENT_RESET) {
        board->booted = machine->run_state != RUN_STATE_PRELAUNCH;
        pc_cmos_set_resume(board, FALSE);
        pc_acpi_reset(board);
        update_firmware(board);
    } else if (event == MACHINE_EVENT_SUSPEND) {
        pc_cmos_set_resume(board, TRUE);
    } else if (event == MACHINE_EVENT_RUN_STATE && machine_is_running(machine)) {
        update_firmware(board);
    }
}

static gboolean set_boot_order(void *opaque, const char *order, GError **error)
{
    PcBoard *board = opaque;

    for (const char *p = order; *p; p++) {
        if (!strchr("abcdn", *p)) {
            return error_set(
                error, "Invalid boot device '%c' (a: floppy, c: disk, d: CD-ROM, n: network)", *p);
        }
        if (strchr(p + 1, *p)) {
            return error_set(error, "Boot device '%c' was given twice", *p);
        }
    }
    g_free(board->boot_set);
    board->boot_set = g_strdup(order);
    update_firmware(board);
    return TRUE;
}

/* ---- root device ---- */

static void system_unplugged(Bus *bus, Device *dev)
{
    for (guint i = 0; i < dev->regions->len; i++) {
        region_remove(g_ptr_array_index(dev->regions, i));
    }
}

const BusOps pc_system_bus_ops = {
    .kind = BUS_SYSTEM,
    .size = sizeof(Bus),
    .unplugged = system_unplugged,
};

gboolean pc_root_realize(Device *dev, GError **error)
{
    pc_board(dev)->system = bus_create(dev, &pc_system_bus_ops, "main-system-bus");
    return TRUE;
}

void pc_root_unrealize(Device *dev)
{
    PcBoard *board = pc_board(dev);

    machine_unlisten(dev->machine, board->listener);
    pc_memory_finish(board);
    g_free(board->apics);
    g_free(board->boot_set);
}

void pc_root_reset(Device *dev)
{
    pc_firmware_reset(pc_board(dev));
}

static const OptionSpec pc_options[] = {
    {"usb", OPTION_BOOL, G_STRUCT_OFFSET(PcBoard, usb), "off",
     "with a USB controller (piix3-usb-uhci); -usb is the same"},
    {"hpet", OPTION_BOOL, G_STRUCT_OFFSET(PcBoard, has_hpet), "on",
     "with a high precision event timer; -no-hpet: without"},
    PC_FLASH_OPTIONS,
    OPTION_END,
};

static const DeviceOps pc_root_ops = {
    .name = "pc",
    .summary = "PC with i440FX and PIIX3",
    .category = "Board",
    .size = sizeof(PcBoard),
    .board_only = TRUE,
    .options = pc_options,
    .realize = pc_root_realize,
    .unrealize = pc_root_unrealize,
    .reset = pc_root_reset,
};

static const DeviceOps isapc_root_ops = {
    .name = "isapc",
    .summary = "PC with an ISA bus only",
    .category = "Board",
    .size = sizeof(PcBoard),
    .board_only = TRUE,
    .realize = pc_root_realize,
    .unrealize = pc_root_unrealize,
    .reset = pc_root_reset,
};

PcBoard *pc_create_root(Machine *machine, const DeviceOps *ops, const BoardConfig *config,
                        GError **error)
{
    PcBoard *board = pc_board(device_create(machine, ops, NULL, NULL, NULL, error));

    if (board) {
        machine->root = &board->device;
        board->config = *config;
    }
    if (board && ops->options && config->options &&
        !options_apply(ops->options, board, config->options, error)) {
        return NULL;
    }
    return board;
}

gboolean pc_finish(PcBoard *board, GError **error)
{
    pc_cmos_init(board);
    if (!pc_fw_cfg_init(board, error)) {
        return FALSE;
    }
    pc_acpi_init(board);
    board->device.machine->set_boot_order = set_boot_order;
    board->device.machine->boot_order_opaque = board;
    board->listener = machine_listen(board->device.machine, machine_event, board);
    return TRUE;
}

/* ---- pc ---- */

const BoardVga pc_vgas[] = {
    {"std", "VGA", "standard VGA with Bochs VBE extensions"},
    {"cirrus", "cirrus-vga", "Cirrus Logic CL-GD5446"},
    {"virtio", "virtio-vga", "virtio display with a VGA"},
    {"none", NULL, "no graphics card"},
    {NULL},
};

static void pc_acpi_info(const PcBoard *board, AcpiInfo *info)
{
    *info = (AcpiInfo){0};
    piix4_pm_acpi_info(board->pm, info);
    info->reset_port = TRUE;
    info->pci_start = pc_ram_below_4g(board);
    info->pci_end = PC_PCI_END;
    info->pci64_start = pc_ram_end(board);
    info->isa_bridge_devfn = 1 << 3;
    info->links = 4;
}

static gboolean pc_build(PcBoard *board, GError **error)
{
    Machine *machine = board->device.machine;

    board->acpi_info = pc_acpi_info;
    if (!pc_memory_init(board, error) || !pc_interrupts_init(board, error)) {
        return FALSE;
    }
    pc_pci_memory_init(board);
    board->pcihost = i440fx_create(machine, board->system, &board->ram, &board->pci_memory, error);
    if (!board->pcihost) {
        return FALSE;
    }
    board->pci = i440fx_pci_bus(board->pcihost);
    return pc_firmware_init(board, board->pci->memory, i440fx_pam(board->pcihost), error) &&
           south_bridge_init(board, error) && pc_isa_init(board, error) &&
           pc_floppy_init(board, TRUE, error) && south_bridge_functions_init(board, error) &&
           pc_vga_init(board, pc_vgas, &board->pci->bus, error) && pc_finish(board, error);
}

gboolean pc_build_at_once(PcBoard *board, gboolean (*build)(PcBoard *board, GError **error),
                          GError **error)
{
    Machine *machine = board->device.machine;

    memory_transaction_begin(machine->memory);
    memory_transaction_begin(machine->io);
    gboolean built = build(board, error);
    memory_transaction_commit(machine->io);
    memory_transaction_commit(machine->memory);
    return built;
}

static gboolean pc_create(Machine *machine, const BoardConfig *config, GError **error)
{
    PcBoard *board = pc_create_root(machine, &pc_root_ops, config, error);
    return board && pc_build_at_once(board, pc_build, error);
}

const BoardOps pc_board_type = {
    .name = "pc",
    .summary = "PC (i440FX + PIIX3, 1996)",
    .max_cpus = 255,
    .max_ram = 1ULL << 40,
    .default_vga = "std",
    .vgas = pc_vgas,
    .has_floppy = TRUE,
    .options = pc_options,
    .create = pc_create,
};

/* ---- isapc ---- */

static const BoardVga isapc_vgas[] = {
    {"std", "isa-vga", "standard VGA with Bochs VBE extensions"},
    {"none", NULL, "no graphics card"},
    {NULL},
};

static void init_isa_bus(PcBoard *board)
{
    Machine *machine = board->device.machine;

    board->isa =
        isa_bus_create(&board->device, "isa.0", &machine->system_memory, &machine->system_io);
    for (guint n = 0; n < ISA_IRQS; n++) {
        board->isa_irq[n] = board->isa->irqs[n] = pc_gsi(board, n);
    }
    for (guint n = ISA_IRQS; n < PC_GSIS; n++) {
        board->high_irq[n - ISA_IRQS] = pc_gsi(board, n);
    }
}

static Device *create_isa_ide(PcBoard *board, guint channel, GError **error)
{
    static const char *const places[][3] = {{"0x1f0", "0x3f6", "14"}, {"0x170", "0x376", "15"}};
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "iobase", places[channel][0]);
    option_list_add(options, "iobase2", places[channel][1]);
    option_list_add(options, "irq", places[channel][2]);
    Device *dev =
        device_create(board->device.machine, &isa_ide_ops, &board->isa->bus, NULL, options, error);
    return dev && ide_create_drives(dev, channel, error) ? dev : NULL;
}

static gboolean isapc_build(PcBoard *board, GError **error)
{
    Machine *machine = board->device.machine;

    if (!pc_memory_init(board, error) || !pc_interrupts_init(board, error)) {
        return FALSE;
    }
    init_isa_bus(board);
    if (!pc_firmware_init(board, &machine->system_memory, NULL, error) ||
        !pc_isa_init(board, error) || !pc_floppy_init(board, TRUE, error)) {
        return FALSE;
    }
    board->ide = create_isa_ide(board, 0, error);
    board->ide2 = board->ide ? create_isa_ide(board, 1, error) : NULL;
    return board->ide2 && pc_vga_init(board, isapc_vgas, &board->isa->bus, error) &&
           pc_finish(board, error);
}

static gboolean isapc_create(Machine *machine, const BoardConfig *config, GError **error)
{
    PcBoard *board = pc_create_root(machine, &isapc_root_ops, config, error);
    return board && pc_build_at_once(board, isapc_build, error);
}

const BoardOps isapc_board_type = {
    .name = "isapc",
    .summary = "PC with an ISA bus only (1984)",
    .max_cpus = 1,
    .max_ram = 7ULL << 29, /* what fits below 4 GiB */
    .default_vga = "std",
    .vgas = isapc_vgas,
    .has_floppy = TRUE,
    .create = isapc_create,
};
