/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/block.h"
#include "core/error.h"
#include "hw/block/fdc.h"
#include "hw/char/debugcon.h"
#include "hw/char/parallel.h"
#include "hw/char/serial.h"
#include "hw/input/i8042.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/i8237.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/pc-priv.h"
#include "hw/pc/port92.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "hw/timer/mc146818.h"
#include "hw/timer/pcspk.h"
#include "mainloop/timer.h"

#define IOAPIC_ADDR 0xfec00000u
#define HPET_ADDR   0xfed00000u

/* Inputs of the I/O APIC for the HPET: those that no ISA card has. */
#define HPET_ROUTES_FIRST 16
#define HPET_INTCAP       "0xff0000"

enum { IRQ_TIMER = 0, IRQ_KEYBOARD = 1, IRQ_RTC = 8, IRQ_MOUSE = 12 };

/* ---- interrupts ---- */

/* The PIT's interrupt comes in at pin 2 of the I/O APIC, where the PC's PIC cascade leaves room;
 * the firmware's tables say so. */
static void gsi_set(void *opaque, guint n, int level)
{
    PcBoard *board = opaque;
    IrqLine pin;

    if (n < ISA_IRQS) {
        IrqLine input = i8259_input(board->pic, n);
        irq_set(&input, level);
    }
    if (board->ioapic) {
        pin = ioapic_input(board->ioapic, n == IRQ_TIMER ? 2 : n);
        irq_set(&pin, level);
    }
}

IrqLine pc_gsi(PcBoard *board, guint n)
{
    g_assert(n < PC_GSIS);
    return (IrqLine){gsi_set, board, n};
}

Device *pc_system_device(PcBoard *board, const DeviceOps *ops, OptionList *options,
                         const guint *ports, GError **error)
{
    Machine *machine = board->device.machine;
    Device *dev = device_create(machine, ops, board->system, NULL, options, error);

    for (guint n = 0; dev && ports[n]; n++) {
        region_add(&machine->system_io, ports[n], device_region(dev, n), 0);
    }
    return dev;
}

/* The 8259's INTR is wired to LINT0 of every processor (MP specification, 3.6.2.2). */
static void lint0_set(void *opaque, guint n, int level)
{
    PcBoard *board = opaque;

    for (guint i = 0; i < board->config.cpus; i++) {
        IrqLine lint0 = device_input(board->apics[i], 0);
        irq_set(&lint0, level);
    }
}

/* Local APICs, where the accelerator runs code and has none of its own. */
static gboolean apics_init(PcBoard *board, GError **error)
{
    Machine *machine = board->device.machine;
    guint caps = machine->accel->ops->caps;

    if (!(caps & ACCEL_RUNS_CODE) || (caps & ACCEL_KERNEL_LAPIC)) {
        return TRUE;
    }
    board->apics = g_new0(Device *, board->config.cpus);
    for (guint i = 0; i < board->config.cpus; i++) {
        board->apics[i] = device_create(machine, &apic_ops, board->system, NULL, NULL, error);
        if (!board->apics[i]) {
            return FALSE;
        }
    }
    device_connect_irq(board->pic, 0, (IrqLine){lint0_set, board, 0});
    return TRUE;
}

gboolean pc_interrupts_init(PcBoard *board, GError **error)
{
    static const guint pic_ports[] = {0x20, 0xa0, 0x4d0, 0}, none[] = {0};
    Machine *machine = board->device.machine;

    board->pic = pc_system_device(board, &i8259_ops, NULL, pic_ports, error);
    if (!board->pic) {
        return FALSE;
    }
    board->ioapic = pc_system_device(board, &ioapic_ops, NULL, none, error);
    if (!board->ioapic) {
        return FALSE;
    }
    region_add(&machine->system_memory, IOAPIC_ADDR, device_region(board->ioapic, 0), 0);
    return apics_init(board, error);
}

/* ---- timers ---- */

/* What -rtc says, as options of the clock. */
static OptionList *rtc_options(const BoardConfig *config)
{
    OptionList *options = option_list_new();

    if (config->rtc_start >= 0) {
        g_autofree char *start = g_strdup_printf("%" G_GINT64_FORMAT, config->rtc_start);
        option_list_add(options, "start", start);
    } else if (config->rtc_localtime) {
        g_autoptr(GDateTime) local = g_date_time_new_now_local();
        g_autofree char *zone = g_strdup_printf(
            "%" G_GINT64_FORMAT, g_date_time_get_utc_offset(local) * (gint64)NS_PER_US);
        option_list_add(options, "base-offset-ns", zone);
    }
    if (config->rtc_clock) {
        option_list_add(options, "clock", config->rtc_clock);
    }
    return options;
}

/* The HPET sits in the lines of 8254 and RTC, which it takes over if the guest says so. */
static gboolean hpet_init(PcBoard *board, GError **error)
{
    static const guint none[] = {0};
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "hpet-intcap", HPET_INTCAP);
    board->hpet = pc_system_device(board, &hpet_ops, options, none, error);
    if (!board->hpet) {
        return FALSE;
    }
    region_add(&board->device.machine->system_memory, HPET_ADDR, device_region(board->hpet, 0), 0);
    device_connect_irq(board->hpet, 0, board->isa_irq[IRQ_TIMER]);
    device_connect_irq(board->hpet, 1, board->isa_irq[IRQ_RTC]);
    for (guint n = HPET_ROUTES_FIRST; n < PC_GSIS; n++) {
        device_connect_irq(board->hpet, 2 + n, board->high_irq[n - ISA_IRQS]);
    }
    return TRUE;
}

static gboolean timers_init(PcBoard *board, GError **error)
{
    static const guint pit_ports[] = {0x40, 0}, rtc_ports[] = {0x70, 0x72, 0},
                       spk_ports[] = {0x61, 0};
    g_autoptr(OptionList) options = rtc_options(&board->config);

    if (board->has_hpet && !hpet_init(board, error)) {
        return FALSE;
    }
    board->pit = pc_system_device(board, &i8254_ops, NULL, pit_ports, error);
    if (!board->pit) {
        return FALSE;
    }
    device_connect_irq(board->pit, 0,
                       board->hpet ? device_input(board->hpet, 0) : board->isa_irq[IRQ_TIMER]);
    if (board->hpet) {
        device_connect_irq(board->hpet, HPET_LINE_REPLACES, device_input(board->pit, 0));
    }
    Device *speaker = pc_system_device(board, &pcspk_ops, NULL, spk_ports, error);
    if (!speaker) {
        return FALSE;
    }
    pcspk_connect_pit(speaker, board->pit);
    board->rtc = pc_system_device(board, &mc146818_ops, options, rtc_ports, error);
    if (!board->rtc) {
        return FALSE;
    }
    device_connect_irq(board->rtc, 0,
                       board->hpet ? device_input(board->hpet, 1) : board->isa_irq[IRQ_RTC]);
    return TRUE;
}

/* ---- keyboard controller and address line 20 ---- */

/*
 * Each source enables the line on its own, as on the PS/2. No accelerator masks addresses: KVM
 * cannot, and nothing written since the 1980s needs it. What is kept is what the ports read back.
 */
static void a20_set(void *opaque, guint n, int level)
{
    PcBoard *board = opaque;
    board->a20_sources = (board->a20_sources & ~(1u << n)) | (level ? 1u : 0) << n;
}

static gboolean keyboard_init(PcBoard *board, GError **error)
{
    static const guint i8042_ports[] = {0x60, 0x64, 0}, port92_ports[] = {0x92, 0};

    board->i8042 = pc_system_device(board, &i8042_ops, NULL, i8042_ports, error);
    if (!board->i8042) {
        return FALSE;
    }
    device_connect_irq(board->i8042, 0, board->isa_irq[IRQ_KEYBOARD]);
    device_connect_irq(board->i8042, 1, board->isa_irq[IRQ_MOUSE]);
    device_connect_irq(board->i8042, 2, (IrqLine){a20_set, board, 0});
    Device *port92 = pc_system_device(board, &port92_ops, NULL, port92_ports, error);
    if (!port92) {
        return FALSE;
    }
    device_connect_irq(port92, 0, (IrqLine){a20_set, board, 1});
    return TRUE;
}

/* ---- cards on the ISA bus ---- */

/* Makes a card that talks to a chardev; iobase 0 = the usual place. */
static gboolean char_card(PcBoard *board, const DeviceOps *ops, Chardev *chr, guint iobase,
                          GError **error)
{
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "chardev", chr->id);
    if (iobase) {
        g_autofree char *text = g_strdup_printf("0x%x", iobase);
        option_list_add(options, "iobase", text);
    }
    return device_create(board->device.machine, ops, &board->isa->bus, NULL, options, error) !=
           NULL;
}

static gboolean cards_init(PcBoard *board, GError **error)
{
    static const guint serial_ports[BOARD_MAX_SERIAL] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    static const guint parallel_ports[BOARD_MAX_PARALLEL] = {0x378, 0x278, 0x3bc};
    const BoardConfig *config = &board->config;

    for (guint n = 0; n < BOARD_MAX_SERIAL; n++) {
        if (config->serial[n] &&
            !char_card(board, &isa_serial_ops, config->serial[n], serial_ports[n], error)) {
            return FALSE;
        }
    }
    for (guint n = 0; n < BOARD_MAX_PARALLEL; n++) {
        if (config->parallel[n] &&
            !char_card(board, &isa_parallel_ops, config->parallel[n], parallel_ports[n], error)) {
            return FALSE;
        }
    }
    return !config->debugcon ||
           char_card(board, &isa_debugcon_ops, config->debugcon, config->debugcon_port, error);
}

/* ---- DMA and floppies ---- */

static gboolean dma_init(PcBoard *board, GError **error)
{
    static const guint dma_ports[] = {0x00, 0xc0, 0x80};
    static const guint none[] = {0};

    board->dma = pc_system_device(board, &i8237_ops, NULL, none, error);
    for (guint n = 0; board->dma && n < G_N_ELEMENTS(dma_ports); n++) {
        region_add(&board->device.machine->system_io, dma_ports[n], device_region(board->dma, n),
                   0);
    }
    board->isa->dma = board->dma;
    return board->dma != NULL;
}

gboolean pc_floppy_init(PcBoard *board, gboolean always, GError **error)
{
    Machine *machine = board->device.machine;

    if (!always && !drive_find_place(machine, DRIVE_IF_FLOPPY, 0, 0) &&
        !drive_find_place(machine, DRIVE_IF_FLOPPY, 0, 1)) {
        return TRUE;
    }
    Device *fdc = device_create(machine, &isa_fdc_ops, &board->isa->bus, NULL, NULL, error);

    return fdc && fdc_create_drives(fdc, error);
}

gboolean pc_isa_init(PcBoard *board, GError **error)
{
    static const guint fw_cfg_ports[] = {0x510, 0x514, 0};

    if (!timers_init(board, error) || !dma_init(board, error) || !keyboard_init(board, error)) {
        return FALSE;
    }
    board->fw_cfg = pc_system_device(board, &fw_cfg_ops, NULL, fw_cfg_ports, error);
    return board->fw_cfg && cards_init(board, error);
}
