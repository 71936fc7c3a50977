/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: what a guest (and, for input and characters, the world outside) can do to a whole
 * machine, through the qtest dispatcher.
 *
 * An input is a byte that picks the board (bit 0: isapc, else bit 2: q35, with bit 3 a virtio-vga
 * instead of a Cirrus; bit 1: with local APICs),
 * then records of 8 bytes:
 * operation, selector, address (16 bits), value (32 bits). With VITRINE_FUZZ_TRACE in the
 * environment each command line is printed to stderr before it is carried out: a finding as a qtest
 * script, which can be piped to the real program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/apic.h"
#include "core/block.h"
#include "core/char.h"
#include "core/display.h"
#include "core/hotplug.h"
#include "core/input.h"
#include "hw/intc/apic.h"
#include "mainloop/timer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pc-rig.h"

#define RAM_SIZE    (16u << 20)
#define DISK_SIZE   (8u << 20)
#define CD_SIZE     (1u << 20)
#define FLOPPY_SIZE (1440u << 10)
#define FLASH_SIZE  (64u << 10)
#define RECORD      8
#define XHCI_BAR    0xe1000000u
#define MAX_RECORDS 2000

/* Longest step of the guest clock: a periodic interrupt may come every 20 us of it. */
#define MAX_STEP (50 * NS_PER_MS)

typedef struct Record {
    guint8 op, select;
    guint16 addr;
    guint32 value;
} Record;

/* Where devices answer, so that inputs need not find out. PCI's are set by setup_pci(). */
static const guint16 ports[] = {
    0x20,  0x40,   0x60,   0x64,   0x61,  0x70,   0x92,   0xa0,   0xb2,   0xe9,  0x170,
    0x1ce, 0x1f0,  0x278,  0x2f8,  0x376, 0x378,  0x3b0,  0x3c0,  0x3c8,  0x3d0, 0x3f6,
    0x3f8, 0x402,  0x4d0,  0x510,  0x514, 0x518,  0x600,  0x608,  0xcf8,  0xcfc, 0xc00,
    0xc08, 0xafe0, 0x5658, 0x1700, 0x620, 0xc000, 0xc008, 0xc010, 0x0e0,  0x441, 0x443,
    0x505, 0x2000, 0x3f0,  0x000,  0x080, 0x0c0,  0x0d0,  0xae00, 0xae10,
};

#define AHCI_BAR 0xfea40000
#define EHCI_BAR 0xfea80000
#define EHCI_OP  (EHCI_BAR + 0x20)
#define EHCI_RAM 0xb000 /* queue heads and descriptors; the frame list is behind them */

static const guint32 areas[] = {
    0x00000000,       0x000a0000,       0x000b0000,        0x000b8000,        0x000c0000,
    0x000e0000,       0x000f0000,       0x00100000,        0x00ff0000,        0xe0000000,
    0xe0ff0000,       0xe8000000,       0xfec00000,        0xfee00000,        0xfffe0000,
    0xffff0000,       0xe8000400,       0xe8000500,        0xe8000600,        0xfec00010,
    0x00001000,       0x00002000,       0x00003000,        0x0009f000,        XHCI_BAR,
    XHCI_BAR + 0x40,  XHCI_BAR + 0x440, XHCI_BAR + 0x1020, XHCI_BAR + 0x2000, XHCI_BAR + 0x3000,
    0xfed00000,       0xfed000f0,       0xfed00100,        0xff000000,        0xfea00000,
    0xfea0000c,       0xfea10000,       0xe2000000,        0xfea20000,        0xfea20500,
    0xfea20600,       0xfeb00000,       0xfeb02000,        0xfeb03000,        0xfeb04000,
    0xfeb06000,       0xfeb07000,       0xfeb08000,        0xfeb0a000,        0xfeb0b000,
    0xfeb0c000,       0xfeb0e000,       0xfeb0f000,        0xfeb10000,        0xfeb12000,
    0xfeb13000,       0x00004000,       0x00004400,        0x00005000,        0x00005400,
    0x00006000,       0x00006400,       0x00007000,        0x00007400,        0x00008000,
    0x00008400,       AHCI_BAR,         AHCI_BAR + 0x110,  AHCI_BAR + 0x130,  AHCI_BAR + 0x190,
    AHCI_BAR + 0x1b0, EHCI_OP,          EHCI_OP + 0x10,    EHCI_OP + 0x40,    EHCI_OP + 0x44,
    EHCI_RAM,         EHCI_RAM + 0x200, EHCI_RAM + 0x1000,
};

/* The same for q35: configuration space, root complex registers, and behind bridges. */
#define ECAM          0xb0000000u
#define RCBA          0xfed1c000u
#define BRIDGE_MEMORY 0xe1000000u /* 1 MiB for each of three */

static const guint16 q35_ports[] = {0x600, 0x620, 0x630, 0x660, 0x670, 0x700, 0xb2,  0xcf8, 0xcfc,
                                    0xc00, 0x20,  0xa0,  0x4d0, 0x40,  0x3c0, 0x3d0, 0xcc0, 0xcd0};

static const guint32 q35_areas[] = {
    0x00000000, /* the seeds' RAM */
    ECAM,
    ECAM + 0x10000,
    ECAM + 0x18000,
    ECAM + 0x20000,
    ECAM + 0xf8000,
    ECAM + 0xfa000,
    ECAM + 0xfb000,
    ECAM + 0x100000,
    ECAM + 0x200000,
    ECAM + 0x300000,
    RCBA,
    RCBA + 0x3000,
    BRIDGE_MEMORY,
    BRIDGE_MEMORY + 0x100000,
    BRIDGE_MEMORY + 0x200000,
    0x000a0000,
    0x000f0000,
    AHCI_BAR,
    0xfec00000,
    0x100000000 - FLASH_SIZE, /* flash chips */
    0x100000000 - 2 * FLASH_SIZE,
    0xe0000000, /* the card: video memory, registers */
    0xe8000000,
    0xe8004000,
};

/* Virtio devices in slots 10 to 14: where their windows are and, in memory, their queues. */
#define VIRTIO_SLOT  10
#define VIRTIO_COUNT 5
#define VIRTIO_BAR   0xfeb00000
#define VIRTIO_RINGS 0x4000

static int disk_fd = -1, cd_fd = -1, stick_fd = -1, floppy_fd = -1, flash_fd = -1;

/* ---- the machine ---- */

static int make_image(const char *name, guint size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    guint i;

    if (fd < 0 || ftruncate(fd, size) < 0) {
        perror("memfd_create");
        exit(1);
    }
    for (i = 0; i < size / 4096; i++) {
        if (pwrite(fd, &i, sizeof(i), (off_t)i * 4096) < 0) {
            perror("pwrite");
            exit(1);
        }
    }
    return fd;
}

static const char *board_name(guint8 choice)
{
    return choice & 1      ? "isapc"
           : !(choice & 4) ? "pc"
           : choice & 8    ? "q35,vga=virtio"
                           : "q35,vga=cirrus";
}

static gboolean is_q35(const PcRig *rig)
{
    return g_str_equal(rig->machine->root->ops->name, "q35");
}

static PcRig *make_rig(guint8 choice)
{
    static const char *const q35_devices[] = {
        "pcie-root-port,id=rp1,addr=2,slot=1",
        "pcie-root-port,id=rp2,addr=3,slot=2",
        "pci-bridge,id=b,addr=4,chassis_nr=3",
        "virtio-rng-pci,bus=rp1,id=leaves",
        "qemu-xhci,bus=b,addr=1",
        "piix3-usb-uhci,bus=b,addr=2",
        NULL,
    };
    static const char *const isa_devices[] = {"isa-debug-exit,iobase=0x501", "pc-testdev",
                                              "pvpanic", "ib700", NULL};
    static const char *const pci_devices[] = {
        "isa-debug-exit,iobase=0x501",
        "piix3-usb-uhci,addr=1.2",
        "usb-kbd",
        "usb-tablet",
        "pc-testdev",
        "pvpanic",
        "ib700",
        "i6300esb,addr=5",
        "pvpanic-pci,addr=6",
        "virtio-balloon-pci,addr=0xa,free-page-reporting=on",
        "virtio-keyboard-pci,addr=0xb",
        "virtio-tablet-pci,addr=0xc",
        "virtio-rng-pci,addr=0xd",
        "virtio-gpu-pci,addr=0xe,max_outputs=2,max_hostmem=8M",
        "bochs-display,addr=7,vgamem=4M",
        "ramfb",
        "ahci,id=sata,addr=8",
        "ide-hd,bus=sata.0,drive=sata-disk",
        "ide-cd,bus=sata.1,drive=sata-cd",
        "ich9-usb-ehci1,id=e,addr=f.7,multifunction=on",
        "ich9-usb-uhci1,masterbus=e.0,addr=f.0,multifunction=on",
        "usb-kbd,bus=e.0,port=1",
        "usb-mouse,bus=e.0,port=2,usb_version=1",
        "usb-storage,bus=e.0,port=3,drive=stick2",
        "pci-bridge,id=b,addr=0x11,chassis_nr=1",
        "qemu-xhci,id=x,addr=9",
        "usb-kbd,bus=x.0,port=1",
        "usb-hub,bus=x.0,port=2",
        "usb-tablet,bus=x.0,port=2.1",
        "usb-storage,bus=x.0,port=3,drive=stick,removable=on",
        NULL,
    };
    PcRig *rig;
    g_autofree char *disk = NULL, *cd = NULL, *stick = NULL, *sata_disk = NULL, *sata_cd = NULL;
    g_autofree char *stick2 = NULL, *floppy = NULL, *flash = NULL, *flash2 = NULL;

    if (disk_fd < 0) {
        disk_fd = make_image("disk", DISK_SIZE);
        cd_fd = make_image("cd", CD_SIZE);
        stick_fd = make_image("stick", CD_SIZE);
        floppy_fd = make_image("floppy", FLOPPY_SIZE);
        flash_fd = make_image("flash", FLASH_SIZE);
    }
    disk =
        g_strdup_printf("file=/proc/self/fd/%d,if=ide,index=0,format=raw,snapshot=on,discard=unmap,"
                        "aio=threads",
                        disk_fd);
    cd = g_strdup_printf(
        "file=/proc/self/fd/%d,if=ide,index=2,media=cdrom,format=raw,readonly=on,aio=threads",
        cd_fd);
    stick2 = g_strdup_printf(
        "file=/proc/self/fd/%d,if=none,id=stick2,format=raw,snapshot=on,aio=threads", stick_fd);
    stick = g_strdup_printf(
        "file=/proc/self/fd/%d,if=none,id=stick,format=raw,snapshot=on,aio=threads", stick_fd);
    sata_disk = g_strdup_printf(
        "file=/proc/self/fd/%d,if=none,id=sata-disk,format=raw,snapshot=on,aio=threads", disk_fd);
    sata_cd = g_strdup_printf("file=/proc/self/fd/%d,if=none,id=sata-cd,media=cdrom,format=raw,"
                              "readonly=on,aio=threads",
                              cd_fd);
    floppy = g_strdup_printf(
        "file=/proc/self/fd/%d,if=floppy,id=fd,format=raw,snapshot=on,aio=threads", floppy_fd);
    flash = g_strdup_printf("file=/proc/self/fd/%d,if=pflash,format=raw,snapshot=on,aio=threads",
                            flash_fd);
    flash2 = g_strdup_printf("file=/proc/self/fd/%d,if=pflash,unit=1,format=raw,readonly=on,"
                             "aio=threads",
                             flash_fd);
    rig = pc_rig_new(board_name(choice), RAM_SIZE,
                     (const char *const[]){disk, cd, stick, stick2, sata_disk, sata_cd, floppy,
                                           choice & 4 ? flash : NULL, flash2, NULL},
                     choice & 1   ? isa_devices
                     : choice & 4 ? q35_devices
                                  : pci_devices);
    rig->machine->assembled = TRUE;                  /* what comes is hot-plugged */
    rig->machine->actions.panic = PANIC_ACTION_NONE; /* it is not to end there */
    return rig;
}

/* Local APICs of two processors, which the board makes only for an accelerator that runs code. */
static void add_apics(PcRig *rig)
{
    Bus *bus = bus_find(rig->machine->root, "main-system-bus");

    device_create(rig->machine, &apic_ops, bus, NULL, NULL, NULL);
    device_create(rig->machine, &apic_ops, bus, NULL, NULL, NULL);
}

static void run(PcRig *rig, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void run(PcRig *rig, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    if (getenv("VITRINE_FUZZ_TRACE")) {
        fprintf(stderr, "%s\n", line);
    }
    qtest_command(rig->qtest, line);
}

static void config_write(PcRig *rig, guint function, guint reg, guint32 value)
{
    run(rig, "outl 0xcf8 0x%x", 0x80000000u | function << 8 | reg);
    run(rig, "outl 0xcfc 0x%x", value);
}

/* Makes a virtio device ready, with one chain in each of two queues, as a driver does. */
static void setup_virtio(PcRig *rig, guint n)
{
    guint window = VIRTIO_BAR + n * 0x4000, rings = VIRTIO_RINGS + n * 0x1000;

    config_write(rig, (VIRTIO_SLOT + n) << 3, 0x20, window);
    config_write(rig, (VIRTIO_SLOT + n) << 3, 0x04, 6);
    run(rig, "writeb 0x%x 3", window + 0x14);
    run(rig, "writel 0x%x 0", window + 0x08);
    run(rig, "writel 0x%x 0x30000000", window + 0x0c);
    run(rig, "writel 0x%x 1", window + 0x08);
    run(rig, "writel 0x%x 1", window + 0x0c);
    run(rig, "writeb 0x%x 0xb", window + 0x14);
    for (guint queue = 0; queue < 2; queue++) {
        run(rig, "writew 0x%x %u", window + 0x16, queue);
        run(rig, "writew 0x%x 8", window + 0x18);
        run(rig, "writel 0x%x 0x%x", window + 0x20, rings + queue * 0x80);
        run(rig, "writel 0x%x 0x%x", window + 0x28, rings + 0x400 + queue * 0x80);
        run(rig, "writel 0x%x 0x%x", window + 0x30, rings + 0x800 + queue * 0x80);
        run(rig, "writew 0x%x 1", window + 0x1c);
        run(rig, "writeq 0x%x 0x100000", rings + queue * 0x80);
        run(rig, "writeq 0x%x 0x200000040", rings + queue * 0x80 + 8);
        run(rig, "writew 0x%x 1", rings + 0x402 + queue * 0x80);
    }
    run(rig, "writeb 0x%x 0xf", window + 0x14);
}

/* Gives the PCI functions the places where `ports` and `areas` look for them. */
static void setup_pci(PcRig *rig)
{
    config_write(rig, 0x09, 0x20, 0x0c01);     /* PIIX3 IDE: bus master */
    config_write(rig, 0x09, 0x40, 0x80008000); /* and legacy ports */
    config_write(rig, 0x09, 0x04, 7);
    config_write(rig, 0x08, 0x60, 0x0b0a0b0a); /* PIIX3: PCI interrupts */
    config_write(rig, 0x0b, 0x40, 0x0601);     /* PIIX4 PM */
    config_write(rig, 0x0b, 0x80, 1);
    config_write(rig, 0x0b, 0x90, 0x1701);
    config_write(rig, 0x0b, 0xd0, 0x00010000);
    config_write(rig, 0x0b, 0x04, 7);
    config_write(rig, 0x0a, 0x20, 0xc001); /* UHCI */
    config_write(rig, 0x0a, 0x04, 7);
    config_write(rig, 0x28, 0x10, 0xfea00000); /* i6300esb */
    config_write(rig, 0x28, 0x04, 2);
    for (guint n = 0; n < VIRTIO_COUNT; n++) {
        setup_virtio(rig, n);
    }
    config_write(rig, 0x30, 0x10, 0xfea10000); /* pvpanic */
    config_write(rig, 0x30, 0x04, 2);
    config_write(rig, 0x38, 0x10, 0xe2000000); /* bochs-display */
    config_write(rig, 0x38, 0x18, 0xfea20000);
    config_write(rig, 0x38, 0x04, 2);
    config_write(rig, 0x40, 0x24, AHCI_BAR);
    config_write(rig, 0x40, 0x04, 7);
    config_write(rig, 0x7f, 0x10, EHCI_BAR);
    config_write(rig, 0x7f, 0x04, 7);
    config_write(rig, 0x78, 0x20, 0xc041); /* its companion */
    config_write(rig, 0x78, 0x04, 7);
    config_write(rig, 0x48, 0x10, XHCI_BAR);
    config_write(rig, 0x48, 0x14, 0);
    config_write(rig, 0x48, 0x04, 7);
    config_write(rig, 0x10, 0x10, 0xe0000000); /* VGA */
    config_write(rig, 0x10, 0x18, 0xe8000000);
    config_write(rig, 0x10, 0x04, 7);
}

/* As far as the firmware goes; bridges 2 to 4 have buses 1 to 3. */
static void setup_q35(PcRig *rig)
{
    config_write(rig, 0x00, 0x60, ECAM | 1);
    config_write(rig, 0xf8, 0x40, 0x600); /* ICH9: PM ports, interrupts, root complex */
    config_write(rig, 0xf8, 0x44, 0x80);
    config_write(rig, 0xf8, 0x60, 0x0b0a0b0a);
    config_write(rig, 0xf8, 0xf0, RCBA | 1);
    config_write(rig, 0x08, 0x10, 0xe0000000); /* Cirrus VGA, or virtio's */
    config_write(rig, 0x08, 0x14, 0xe8000000);
    config_write(rig, 0x08, 0x18, 0xe8000000);
    config_write(rig, 0x08, 0x04, 7);
    config_write(rig, 0xfa, 0x24, AHCI_BAR);
    config_write(rig, 0xfa, 0x04, 7);
    config_write(rig, 0xfb, 0x20, 0x700); /* SMBus */
    config_write(rig, 0xfb, 0x40, 1);
    config_write(rig, 0xfb, 0x04, 7);
    for (guint n = 0; n < 3; n++) {
        guint32 memory = BRIDGE_MEMORY + n * 0x100000;

        config_write(rig, (2 + n) << 3, 0x18, (n + 1) << 16 | (n + 1) << 8);
        config_write(rig, (2 + n) << 3, 0x20, memory | memory >> 16);
        config_write(rig, (2 + n) << 3, 0x24, 0x0000fff0); /* closed */
        config_write(rig, (2 + n) << 3, 0x1c, 0x0000c0c0);
        config_write(rig, (2 + n) << 3, 0x04, 7);
    }
    run(rig, "writel 0x%x 0x%x", ECAM + 0x100020, BRIDGE_MEMORY); /* virtio-rng */
    run(rig, "writew 0x%x 7", ECAM + 0x100004);
    run(rig, "writel 0x%x 0x%x", ECAM + 0x308010, BRIDGE_MEMORY + 0x200000); /* xHCI */
    run(rig, "writew 0x%x 7", ECAM + 0x308004);
    run(rig, "writew 0x%x 7", ECAM + 0x310004);
}

/* Commands in slots 0 to 7 of the disk's and the CD-ROM's port; the table of one is the list. */
static void setup_ahci(PcRig *rig)
{
    static const guint8 commands[2][8] = {
        {0xec, 0x25, 0x35, 0x60, 0x61, 0x24, 0x2f, 0x06},
        {0xa1, 0xa0, 0xa0, 0x08, 0xec, 0x00, 0xef, 0x90},
    };

    for (guint i = 0; i < 2; i++) {
        guint32 port = AHCI_BAR + 0x100 + 0x80 * i, list = 0x2000 + 0x1000 * i;

        for (guint n = 0; n < 8; n++) {
            guint32 table = n == 7 ? list : list + 0x400 + 0x100 * n;

            run(rig, "writel 0x%x 0x%x", list + 32 * n, 0x00020005 | (i && n ? 0x20 : 0));
            run(rig, "writel 0x%x 0x%x", list + 32 * n + 8, table);
            run(rig, "writel 0x%x 0x%x", table, 0x01008027 | (guint32)commands[i][n] << 16);
            run(rig, "writel 0x%x 0x%x", table + 4, 0x40000000);
            run(rig, "writel 0x%x 0x%x", table + 12, n << 3 | 1);
            run(rig, "writel 0x%x 0x28", table + 0x40);
            run(rig, "writel 0x%x 0x%x", table + 0x80, 0x1000 + 0x800 * n);
            run(rig, "writel 0x%x 0x3ff", table + 0x8c);
            run(rig, "writel 0x%x 0x%x", table + 0x90, n & 1 ? AHCI_BAR : list);
            run(rig, "writel 0x%x 0xffff", table + 0x9c);
        }
        run(rig, "writel 0x%x 0x%x", port, list);
        run(rig, "writel 0x%x 0x%x", port + 8, list + 0x300);
        run(rig, "writel 0x%x 0x11", port + 0x18);
    }
}

static void write_words(PcRig *rig, guint32 addr, const guint32 *words, guint count)
{
    for (guint i = 0; i < count; i++) {
        run(rig, "writel 0x%x 0x%x", addr + 4 * i, words[i]);
    }
}

/* Both lists run: a control transfer to the keyboard and an empty queue in the one, each kind of
 * periodic descriptor in the other. */
static void setup_ehci(PcRig *rig)
{
    static const guint32 async[] = {0xb042, 0x00408000, 1u << 30, 0, 1, 1, 0x40};
    static const guint32 control[] = {0xb002, 0x40406000, 1u << 30, 0, 0xb200, 1, 0};
    static const guint32 poll[] = {0xb104, 0x00082101, 0x40000011, 0, 0xb2c0, 1, 0};
    static const guint32 split[] = {0xb140, 0x80000501, 1, 0x80640080, 0x9000, 0, 1};
    static const guint32 iso[] = {1, 0x80648000, 0, 0x8fff7fff, 0, 0, 0, 0, 0, 0x9501, 0xa864, 1};
    static const guint32 setup[] = {0xb240, 1, 0x00080e80, 0xb300};
    static const guint32 in[] = {0xb280, 0xb280, 0x80400d80, 0x9ff8, 0xa000};
    static const guint32 status[] = {1, 1, 0x80008c80};
    static const guint32 report[] = {1, 1, 0x00088d80, 0x9000};
    static const guint32 request[] = {0x01000680, 0x00120000};
    g_autoptr(GString) frames = g_string_new(NULL);

    write_words(rig, EHCI_RAM, async, G_N_ELEMENTS(async));
    write_words(rig, EHCI_RAM + 0x40, control, G_N_ELEMENTS(control));
    write_words(rig, EHCI_RAM + 0xc0, poll, G_N_ELEMENTS(poll));
    write_words(rig, EHCI_RAM + 0x100, split, G_N_ELEMENTS(split));
    write_words(rig, EHCI_RAM + 0x140, iso, G_N_ELEMENTS(iso));
    write_words(rig, EHCI_RAM + 0x200, setup, G_N_ELEMENTS(setup));
    write_words(rig, EHCI_RAM + 0x240, in, G_N_ELEMENTS(in));
    write_words(rig, EHCI_RAM + 0x280, status, G_N_ELEMENTS(status));
    write_words(rig, EHCI_RAM + 0x2c0, report, G_N_ELEMENTS(report));
    write_words(rig, EHCI_RAM + 0x300, request, G_N_ELEMENTS(request));
    for (guint i = 0; i < 256; i++) {
        g_string_append(frames, "c2b00000");
    }
    run(rig, "write 0x%x 0x400 0x%s", EHCI_RAM + 0x1000, frames->str);
    run(rig, "writel 0x%x 0x%x", EHCI_OP + 0x14, EHCI_RAM + 0x1000);
    run(rig, "writel 0x%x 0x%x", EHCI_OP + 0x18, EHCI_RAM);
    run(rig, "writel 0x%x 1", EHCI_OP + 0x40);
    run(rig, "writel 0x%x 0x1100", EHCI_OP + 0x44);
    run(rig, "writel 0x%x 0x1000", EHCI_OP + 0x44);
    run(rig, "writel 0x%x 0x3000", EHCI_OP + 0x48); /* the mouse: the companion's */
    run(rig, "writel 0x%x 0x80039", EHCI_OP);
}

/* ---- operations ---- */

static char width(guint8 select)
{
    return "bwlb"[select & 3];
}

static guint32 cut(guint32 value, guint8 select)
{
    return (select & 3) == 1 ? value & 0xffff : (select & 3) == 2 ? value : value & 0xff;
}

static void op_port(PcRig *rig, const Record *r, guint16 port, gboolean write)
{
    if (write) {
        run(rig, "out%c 0x%x 0x%x", width(r->select), port, cut(r->value, r->select));
    } else {
        run(rig, "in%c 0x%x", width(r->select), port);
    }
}

static guint16 known_port(const PcRig *rig, const Record *r)
{
    guint n = r->addr & 0xff;

    return (guint16)((is_q35(rig) ? q35_ports[n % G_N_ELEMENTS(q35_ports)]
                                  : ports[n % G_N_ELEMENTS(ports)]) +
                     (r->addr >> 8) % 16);
}

/* A byte names 64 of them, and another operation (`more`) the others. */
static guint64 known_area(const PcRig *rig, const Record *r, gboolean more)
{
    guint n = (r->select >> 2) + (more ? 64 : 0);

    return (guint64)(is_q35(rig) ? q35_areas[n % G_N_ELEMENTS(q35_areas)]
                                 : areas[n % G_N_ELEMENTS(areas)]) +
           r->addr;
}

static void op_memory(PcRig *rig, const Record *r, guint64 addr, gboolean write)
{
    char size = "bwlq"[r->select & 3];

    if (write) {
        run(rig, "write%c 0x%" G_GINT64_MODIFIER "x 0x%x", size, addr, r->value);
    } else {
        run(rig, "read%c 0x%" G_GINT64_MODIFIER "x", size, addr);
    }
}

static void op_config(PcRig *rig, const Record *r)
{
    guint function = r->addr & 0xff, reg = r->addr >> 8;

    run(rig, "outl 0xcf8 0x%x", 0x80000000u | function << 8 | (reg & 0xfc));
    op_port(rig, r, (guint16)(0xcfc + (reg & 3)), !(r->select & 0x80));
}

/* Many accesses to one port, as INS and OUTS make them. */
static void op_string(PcRig *rig, const Record *r)
{
    guint32 value = r->value;
    guint n;

    for (n = 0; n < 256; n++) {
        Record one = *r;

        one.value = value;
        op_port(rig, &one, known_port(rig, r), r->select & 4);
        value = value << 7 | value >> 25;
    }
}

static void on_surface(void *opaque, Surface *surface)
{
    /* The border of what a listener may read. */
    for (guint y = 0; y < surface->height; y++) {
        const guint8 *row = surface->data + (gsize)y * surface->stride;

        *(guint32 *)opaque += row[0] + row[4 * surface->width - 1];
    }
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
}

static const DisplayListenerOps listener_ops = {
    .name = "fuzz", .surface = on_surface, .damage = on_damage};

static void op_display(PcRig *rig, const Record *r)
{
    GPtrArray *displays = rig->machine->displays;
    TextScreen screen = {0};
    guint32 sum = 0;
    Display *display;

    if (!displays->len) {
        return;
    }
    display = g_ptr_array_index(displays, (r->select >> 4) % displays->len);
    if (r->select & 1) {
        display_detach(display_attach(display, &listener_ops, &sum, 0));
    }
    if (r->select & 2) {
        display_hint_size(display, r->addr, r->value & 0xffff);
    }
    display_update(display);
    if ((r->select & 4) && display_text(display, &screen)) {
        text_screen_clear(&screen);
    }
}

/* Somebody at the host takes the CD out or puts it in. */
static void change_cd(PcRig *rig, const Record *r)
{
    Drive *drive = drive_find_place(rig->machine, DRIVE_IF_IDE, 1, 0);
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", cd_fd);

    if (r->value & 1) {
        drive_eject(rig->machine, drive->id, r->value & 2, NULL);
    } else {
        drive_change(rig->machine, drive->id, file, "raw", DRIVE_RETAIN, NULL);
    }
}

static void change_floppy(PcRig *rig, const Record *r)
{
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", r->value & 2 ? floppy_fd : cd_fd);

    if (r->value & 1) {
        drive_eject(rig->machine, "fd", FALSE, NULL);
    } else {
        drive_change(rig->machine, "fd", file, "raw", DRIVE_RETAIN, NULL);
    }
}

static void outside(PcRig *rig, const Record *r)
{
    InputRouter *input = rig->machine->input;
    Chardev *serial = chardev_find(rig->machine, "serial0");
    guint8 byte = (guint8)r->value;

    switch (r->select % 10) {
    case 0:
    case 1: input_key(input, r->addr & 0x1ff, r->select % 10); break;
    case 2: input_button(input, 0x110 + r->addr % 8, r->value & 1); break;
    case 3: input_rel(input, r->addr % 9, (gint)r->value); break;
    case 4:
        if (serial && chardev_user_room(serial)) {
            chardev_receive(serial, &byte, 1);
        }
        break;
    case 5:
        if (serial) {
            chardev_event(serial, CHAR_BREAK);
        }
        break;
    case 6: machine_request_powerdown(rig->machine); break;
    case 7: machine_request_reset(rig->machine, FALSE); break;
    case 8: change_cd(rig, r); break;
    case 9: change_floppy(rig, r); break;
    }
    input_sync(input);
}

/* A device comes behind a root port or a bridge, or somebody wants it gone. */
static void op_hotplug(PcRig *rig, const Record *r)
{
    static const char *const ids[] = {"leaves", "comes"};
    const char *id = ids[r->value & 1];
    Device *dev = device_find(rig->machine->root, id);
    g_autofree char *text = NULL;
    g_autoptr(OptionList) options = NULL;

    if (dev) {
        device_unplug(dev, NULL);
        return;
    }
    if (!is_q35(rig) || (r->value & 2)) {
        text = g_strdup_printf("virtio-rng-pci,id=%s,bus=b,addr=%u", id, 10 + (r->value & 1));
    } else {
        text = g_strdup_printf("virtio-rng-pci,id=%s,bus=rp%u", id, 1 + (r->value & 1));
    }
    options = option_list_parse(text, "driver", NULL);
    device_add(rig->machine, options, NULL);
}

static void op_outside(PcRig *rig, const Record *r)
{
    if (r->select & 0x40) {
        op_hotplug(rig, r);
        return;
    }
    outside(rig, r);
}

/* What a processor does with its local APIC, beside accesses to the registers. */
static void op_apic(PcRig *rig, const Record *r)
{
    Apic *apic = apic_of(rig->machine, r->addr & 1);
    g_autoptr(GString) text = g_string_new(NULL);
    guint8 vector = 0;

    if (!apic) {
        return;
    }
    switch (r->addr >> 1 & 7) {
    case 0: apic_take_event(apic, r->value, &vector); break;
    case 1: apic_set_tpr(apic, (guint8)r->value); break;
    case 2: apic_set_base(apic, r->value & ~0xffull); break;
    case 3: apic_raise_nmi(apic); break;
    case 4: apic_send_message(rig->machine, 0xfee00000ull | r->select << 12, r->value); break;
    case 5: apic->ops->print(apic, text); break;
    default: apic_take_interrupt(apic);
    }
}

static void op_processor(PcRig *rig, const Record *r)
{
    if (r->select & 0x80) {
        op_apic(rig, r);
        return;
    }
    switch (r->select & 3) {
    case 0: run(rig, "pic_acknowledge"); break;
    case 1: run(rig, "eoi 0x%x", r->value & 0xff); break;
    case 2: run(rig, "clock_step"); break;
    case 3: run(rig, "memset 0x%x 0x%x 0x%x", r->value & (RAM_SIZE - 1), 1 + r->addr, r->select);
    }
}

static void carry_out(PcRig *rig, const Record *r)
{
    switch (r->op % 16) {
    case 0: op_port(rig, r, r->addr, TRUE); break;
    case 1: op_port(rig, r, r->addr, FALSE); break;
    case 2:
    case 3: op_port(rig, r, known_port(rig, r), TRUE); break;
    case 4: op_port(rig, r, known_port(rig, r), FALSE); break;
    case 5:
    case 6: op_memory(rig, r, known_area(rig, r, r->op % 16 == 6), TRUE); break;
    case 7: op_memory(rig, r, known_area(rig, r, FALSE), FALSE); break;
    case 8:
        op_memory(rig, r, (guint64)r->addr << ((r->select >> 2) % 48) | r->value, r->select & 0x80);
        break;
    case 9: op_config(rig, r); break;
    case 10: run(rig, "clock_step %u", r->value % (guint32)MAX_STEP); break;
    case 11: pc_rig_run(rig, TRUE); break;
    case 12: op_display(rig, r); break;
    case 13: op_outside(rig, r); break;
    case 14: op_string(rig, r); break;
    case 15: op_processor(rig, r); break;
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    PcRig *rig;
    guint n;

    if (size < 1 + RECORD) {
        return 0;
    }
    rig = make_rig(data[0]);
    if (is_q35(rig)) {
        setup_q35(rig);
        setup_ahci(rig);
    } else if (!(data[0] & 1)) {
        setup_pci(rig);
        setup_ahci(rig);
        setup_ehci(rig);
    }
    if (data[0] & 2) {
        add_apics(rig);
    }
    data++;
    size--;
    for (n = 0; n < MAX_RECORDS && size >= RECORD && !rig->shut_down; n++) {
        Record r = {data[0], data[1], (guint16)(data[2] | data[3] << 8), 0};

        memcpy(&r.value, data + 4, 4);
        carry_out(rig, &r);
        pc_rig_run(rig, FALSE);
        data += RECORD;
        size -= RECORD;
    }
    pc_rig_free(rig);
    return 0;
}
