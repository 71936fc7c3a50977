/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the PC boards share: the root device that owns memory, firmware and wiring.
 *
 * pc.c puts the boards together, pc-memory.c maps RAM and firmware, pc-isa.c makes what every PC
 * has on its ISA side, pc-cmos.c and pc-fwcfg.c tell the firmware about it all. Vm lock held.
 */
#pragma once

#include "core/board.h"
#include "hw/isa/isa.h"
#include "hw/pc/acpi-info.h"
#include "hw/pc/acpi-sleep.h"
#include "hw/pc/pam.h"
#include "hw/pc/pci-hotplug.h"
#include "hw/pci/pci.h"

#define PC_GSIS    24
#define PC_FLASHES 2

typedef struct PcBoard {
    Device device;
    Bus *system;        /* devices wired by hand */
    BoardConfig config; /* its strings and arrays are the caller's */
    /* options of -machine */
    gboolean usb;
    /* Memory: one RAM region, seen below and above 4 GiB. */
    Region ram, ram_below, ram_above;
    /* How much of it is below 4 GiB: all up to a size, else as much as the second says. */
    guint64 low_ram_max, low_ram_split;
    Region pci_memory; /* what PCI answers, below everything else; unused on isapc */
    Region pci_hole;   /* what answers in its legacy area where no device does */
    Region bios;       /* the whole image, ending at 4 GiB */
    Region isa_bios;   /* a copy of its last 128 KiB, ending at 1 MiB; RAM on a board without PAM */
    gboolean isa_bios_is_ram;
    PamRom isa_bios_writes;
    char *flash_drives[PC_FLASHES]; /* -machine pflash0=, pflash1= */
    /* Devices; NULL where the board has none. */
    Device *flash[PC_FLASHES];
    Device *pcihost, *piix3, *pm, *ide, *ide2; /* ide2: second ISA channel */
    Device *lpc, *ahci;                        /* of q35 */
    PciBus *pci;
    Device *pic, *ioapic, *hpet, *pit, *rtc, *i8042, *fw_cfg, *dma;
    Device **apics;            /* local APICs, config.cpus of them; NULL if they are not ours */
    const AcpiSleep *sleep;    /* of the power management; NULL = none */
    const PciHotplug *hotplug; /* likewise */
    IsaBus *isa;
    IrqLine isa_irq[ISA_IRQS];            /* inputs for devices that the board wires by hand */
    IrqLine high_irq[PC_GSIS - ISA_IRQS]; /* likewise, of the I/O APIC alone */
    guint a20_sources; /* bit 0 = 8042, bit 1 = port 92h: who enables address line 20 */
    MachineListener *listener;
    gboolean booted;   /* -boot once= has been used */
    gboolean has_hpet; /* -machine hpet= */
    char *boot_set;    /* the order set since, or NULL */
    /* For ACPI tables; NULL on a board without ACPI. */
    void (*acpi_info)(const struct PcBoard *board, AcpiInfo *info);
    gboolean acpi_made; /* since the last reset: the firmware has asked for them */
} PcBoard;

static inline PcBoard *pc_board(Device *dev)
{
    return (PcBoard *)dev;
}

/* ---- pc-memory.c ---- */

/* RAM below and above 4 GiB. */
gboolean pc_memory_init(PcBoard *board, GError **error);
/* The container for PCI memory, below everything else. */
void pc_pci_memory_init(PcBoard *board);
/* Loads the BIOS; `rom_space` is where it is mapped; `pam` NULL: the low copy becomes RAM. */
gboolean pc_firmware_init(PcBoard *board, Region *rom_space, Pam *pam, GError **error);
/* Flash chips, if there are drives for them; the first has the firmware. For pc-memory.c. */
gboolean pc_flash_init(PcBoard *board, Region *rom_space, GError **error);
/* Puts the low copy of the BIOS back where it is RAM. */
void pc_firmware_reset(PcBoard *board);
void pc_memory_finish(PcBoard *board);
/* Bytes of RAM below 4 GiB. */
guint64 pc_ram_below_4g(const PcBoard *board);
/* Where RAM above 4 GiB ends, 4 GiB if there is none. */
guint64 pc_ram_end(const PcBoard *board);
/* Where BARs below 4 GiB end: the I/O APIC. */
#define PC_PCI_END 0xfec00000u

/* ---- pc-isa.c ---- */

/* A global system interrupt, 0 to 23: to the PIC (below 16) and the I/O APIC. */
IrqLine pc_gsi(PcBoard *board, guint n);
/* Interrupt controllers; first of all. */
gboolean pc_interrupts_init(PcBoard *board, GError **error);
/* Timers, RTC, DMA, keyboard controller, port 92h, firmware configuration, serial and parallel
 * ports, debug console. */
gboolean pc_isa_init(PcBoard *board, GError **error);
/* Floppy controller and the drives of -drive if=floppy; not `always`: if there are any. */
gboolean pc_floppy_init(PcBoard *board, gboolean always, GError **error);
/* Makes a device on the system bus and maps its regions at the ports, ended by 0. */
Device *pc_system_device(PcBoard *board, const DeviceOps *ops, OptionList *options,
                         const guint *ports, GError **error);

/* ---- what the firmware is told ---- */

void pc_cmos_init(PcBoard *board);
/* Disks and boot order, which may change after the board was made. */
void pc_cmos_update(PcBoard *board);
/* Whether the next reset is that of waking from S3. */
void pc_cmos_set_resume(PcBoard *board, gboolean on);
gboolean pc_fw_cfg_init(PcBoard *board, GError **error);
void pc_fw_cfg_update(PcBoard *board);
/* SMBIOS tables: what -smbios says and what the machine is. */
gboolean pc_smbios_init(PcBoard *board, GError **error);
/* -kernel, -initrd and -append, into fw_cfg. Does nothing without -kernel. */
gboolean pc_kernel_init(PcBoard *board, GError **error);
/* The order of this boot: letters, -boot once= the first time. */
const char *pc_boot_order(const PcBoard *board);

/* ---- pc.c ---- */

/* The root device, with -machine's options set. */
PcBoard *pc_create_root(Machine *machine, const DeviceOps *ops, const BoardConfig *config,
                        GError **error);
/* Runs `build` such that there is one new layout of memory and ports for the whole board, not one
 * for each of its regions. */
gboolean pc_build_at_once(PcBoard *board, gboolean (*build)(PcBoard *board, GError **error),
                          GError **error);
/* A device of the board on its PCI bus. */
Device *pc_create_pci(PcBoard *board, const PciDeviceOps *ops, const char *addr, GError **error);
/* The graphics card that -vga names. */
gboolean pc_vga_init(PcBoard *board, const BoardVga *vgas, Bus *bus, GError **error);
/* Last: what the firmware is told. */
gboolean pc_finish(PcBoard *board, GError **error);

/* Parts of the root device's ops, which all boards share. */
gboolean pc_root_realize(Device *dev, GError **error);
void pc_root_unrealize(Device *dev);
void pc_root_reset(Device *dev);

extern const BoardVga pc_vgas[];
/* The options of -machine for flash chips. */
#define PC_FLASH_OPTIONS                                                           \
    {"pflash0", OPTION_STRING, G_STRUCT_OFFSET(PcBoard, flash_drives[0]), NULL,    \
     "a -blockdev as the flash memory with the firmware"},                         \
    {                                                                              \
        "pflash1", OPTION_STRING, G_STRUCT_OFFSET(PcBoard, flash_drives[1]), NULL, \
            "a -blockdev as the flash memory with the firmware's variables"        \
    }

extern const BoardOps pc_board_type, isapc_board_type, q35_board_type;
extern const DeviceOps q35_root_ops;
extern const BusOps pc_system_bus_ops;
