/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA that leads back to the registers of who does it. On a PC ports are out of reach of DMA, so
 * the tests put a window of all ports into memory; whatever comes of it, the device works again
 * after a reset.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/block.h"
#include "core/log.h"
#include "tests/unit/pc-rig.h"

#define MIB     (1ull << 20)
#define SECTORS 65536
#define WINDOW  0xe0000000u /* of the ports */
#define BMIDE   0xc000u
#define PRDT    0x10000u
#define BUFFER  0x20000u

#define BM_ACTIVE 0x01
#define BM_ERROR  0x02

typedef struct Fixture {
    PcRig *rig;
    Region window;
    int fd;
} Fixture;

static void config_write(PcRig *rig, guint addr, guint32 value)
{
    pc_rig_command(rig, "outl 0xcf8 0x%x", 0x80000900 | addr);
    pc_rig_command(rig, "outl 0xcfc 0x%x", value);
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autofree char *master = NULL, *slave = NULL;

    f->fd = memfd_create("image", 0);
    g_assert_cmpint(ftruncate(f->fd, SECTORS * 512), ==, 0);
    master = g_strdup_printf("file=/proc/self/fd/%d,snapshot=on,index=0", f->fd);
    slave = g_strdup_printf("file=/proc/self/fd/%d,snapshot=on,index=1", f->fd);
    f->rig = pc_rig_new("pc", 64 * MIB, (const char *const[]){master, slave, NULL}, NULL);
    config_write(f->rig, 0x20, BMIDE);
    config_write(f->rig, 0x40, 0x80008000); /* decode both channels */
    config_write(f->rig, 0x04, 0x05);       /* ports and bus master */
    region_init_alias(&f->window, "window", &f->rig->machine->system_io, 0, 0x10000);
    region_add(&f->rig->machine->system_memory, WINDOW, &f->window, 10);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    region_remove(&f->window);
    region_finish(&f->window);
    pc_rig_free(f->rig);
    close(f->fd);
}

static void put_prd(Fixture *f, guint n, guint32 addr, guint32 count, gboolean last)
{
    pc_rig_command(f->rig, "writel 0x%x 0x%x", PRDT + 8 * n, addr);
    pc_rig_command(f->rig, "writel 0x%x 0x%x", PRDT + 8 * n + 4,
                   (count & 0xffff) | (last ? 1u << 31 : 0));
}

/* READ DMA EXT or WRITE DMA EXT of `sectors` from the first on, and Start; the loop does not run.
 */
static void start(Fixture *f, guint unit, gboolean write, guint sectors)
{
    PcRig *rig = f->rig;
    const guint8 bytes[] = {(guint8)(sectors >> 8), 0, 0, 0, (guint8)sectors, 0, 0, 0};

    pc_rig_command(rig, "outb 0x1f6 0x%x", unit ? 0xf0 : 0xe0);
    for (guint i = 0; i < sizeof(bytes); i++) {
        pc_rig_command(rig, "outb 0x%x 0x%x", 0x1f2 + i % 4, bytes[i]);
    }
    pc_rig_command(rig, "outb 0x1f7 0x%x", write ? 0x35 : 0x25);
    pc_rig_command(rig, "outb 0x%x 0", BMIDE);
    pc_rig_command(rig, "outb 0x%x 0x66", BMIDE + 2);
    pc_rig_command(rig, "outl 0x%x 0x%x", BMIDE + 4, PRDT);
    pc_rig_command(rig, "outb 0x%x 0x%x", BMIDE, write ? 0x01 : 0x09);
}

static void software_reset(Fixture *f)
{
    pc_rig_command(f->rig, "outb 0x3f6 4");
    pc_rig_command(f->rig, "outb 0x3f6 0");
}

/* Waits until the channel is idle; fails if it never is. */
static void settle(Fixture *f)
{
    for (guint i = 0; i < 100; i++) {
        pc_rig_run(f->rig, TRUE);
        if (!(pc_rig_value(f->rig, "inb 0x3f6") & 0x80)) {
            return;
        }
    }
    g_assert_not_reached();
}

/* After a reset one sector with a known word comes to memory. */
static void works_again(Fixture *f, guint unit)
{
    guint32 word = 0x600dd15c;

    software_reset(f);
    settle(f);
    pc_rig_command(f->rig, "outb 0x%x 0", BMIDE);
    pc_rig_command(f->rig, "writel 0x%x 0x%x", BUFFER, word);
    put_prd(f, 0, BUFFER, 512, TRUE);
    start(f, unit, TRUE, 1);
    settle(f);
    g_assert_cmphex(pc_rig_value(f->rig, "inb 0x1f7"), ==, 0x50);
    pc_rig_command(f->rig, "writel 0x%x 0", BUFFER);
    start(f, unit, FALSE, 1);
    settle(f);
    g_assert_cmphex(pc_rig_value(f->rig, "inb 0x1f7"), ==, 0x50);
    g_assert_cmphex(pc_rig_value(f->rig, "readl 0x%x", BUFFER), ==, word);
}

static void set_sectors(Fixture *f, const guint8 *bytes)
{
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpint(pwrite(f->fd, bytes, 512, i * 512l), ==, 512);
    }
}

/* The disk's bytes are what is written to its own registers: random ones, and nasty ones. */
static void test_own_registers(Fixture *f, gconstpointer data)
{
    static const guint32 targets[] = {BMIDE, BMIDE + 2, 0x1f0, 0x1f6, 0x3f6, 0x1f2, 0xcf8};
    static const guint8 nasty[] = {0x09, 0x08, 0x00, 0x04, 0x25, 0x35, 0xc8, 0x90, 0xe7, 0xec};
    guint8 bytes[512];

    for (guint round = 0; round < 300; round++) {
        guint32 target = targets[round % G_N_ELEMENTS(targets)];

        for (guint i = 0; i < sizeof(bytes); i++) {
            bytes[i] = round % 3 ? nasty[(guint)g_test_rand_int_range(0, G_N_ELEMENTS(nasty))]
                                 : (guint8)g_test_rand_int();
        }
        if (target == 0xcf8) {
            memset(bytes, 0, sizeof(bytes)); /* configuration cycles that lead nowhere */
        }
        set_sectors(f, bytes);
        for (guint n = 0; n < 128; n++) {
            put_prd(f, n, WINDOW + target, round % 2 ? 8 : 2, n == 127);
        }
        start(f, round / 2 % 2, round % 5 == 0, round % 2 ? 2 : 1);
        for (guint i = 0; i < 3; i++) {
            pc_rig_run(f->rig, TRUE);
        }
        config_write(f->rig, 0x20, BMIDE);
        if (round % 30 == 29) {
            works_again(f, round / 30 % 2);
        }
        software_reset(f);
        settle(f);
        pc_rig_command(f->rig, "outb 0x%x 0", BMIDE);
    }
}

/* A reset ends when both devices are through: meanwhile the other one takes no command. */
static void test_reset_of_the_other(Fixture *f, gconstpointer data)
{
    put_prd(f, 0, BUFFER, 512, TRUE);
    start(f, 1, FALSE, 1);
    g_assert_cmphex(pc_rig_value(f->rig, "inb 0x3f6"), ==, 0x80);
    software_reset(f);
    g_assert_cmphex(pc_rig_value(f->rig, "inb 0x3f6"), ==, 0x80);
    start(f, 0, FALSE, 1);
    settle(f);
    g_assert_cmphex(pc_rig_value(f->rig, "inb 0x3f6"), ==, 0x50);
    pc_rig_command(f->rig, "outb 0x%x 0", BMIDE);
    works_again(f, 0);
    works_again(f, 1);
}

/* 32 MiB into the VGA's window would keep the lock for long: that is an error of the bus. */
static void test_much_to_a_device(Fixture *f, gconstpointer data)
{
    for (guint n = 0; n < 512; n++) {
        put_prd(f, n, 0xa0000, 0, n == 511);
    }
    start(f, 0, FALSE, 65536);
    pc_rig_run(f->rig, TRUE);
    g_assert_cmphex(pc_rig_value(f->rig, "inb 0x%x", BMIDE + 2) & (BM_ERROR | BM_ACTIVE), ==,
                    BM_ERROR);
    works_again(f, 0);
}

/* ---- fw_cfg ---- */

/* The first four bytes of the signature's item, by ports. */
static void check_fw_cfg(Fixture *f)
{
    pc_rig_command(f->rig, "outw 0x510 0");
    for (const char *at = "QEMU"; *at; at++) {
        g_assert_cmphex(pc_rig_value(f->rig, "inb 0x511"), ==, (guint8)*at);
    }
}

/* `request` is where control, length and address are, big-endian. */
static void put_request(Fixture *f, guint32 request, guint32 control, guint32 length, guint64 addr)
{
    const guint32 words[] = {control, length, (guint32)(addr >> 32), (guint32)addr};

    for (guint i = 0; i < 4; i++) {
        pc_rig_command(f->rig, "writel 0x%x 0x%x", request + 4 * i, GUINT32_SWAP_LE_BE(words[i]));
    }
}

static void run_request(Fixture *f, guint32 request)
{
    pc_rig_command(f->rig, "outl 0x514 0");
    pc_rig_command(f->rig, "outl 0x518 0x%x", GUINT32_SWAP_LE_BE(request));
}

static void test_fw_cfg(Fixture *f, gconstpointer data)
{
    /* Reads the file directory into the very registers that start a request. */
    for (guint32 target = 0x50c; target <= 0x51c; target++) {
        put_request(f, BUFFER, 0x19 << 16 | 0x0a, 256, WINDOW + target);
        run_request(f, BUFFER);
        check_fw_cfg(f);
    }
    /* Nobody answers at the address register while it is being written. */
    put_request(f, BUFFER, 0x0a, 4, WINDOW + 0x514);
    run_request(f, BUFFER);
    g_assert_cmphex(pc_rig_value(f->rig, "readl 0x%x", BUFFER), ==, GUINT32_SWAP_LE_BE(1));
    /* The request itself is in the registers, then another is behind the answer to this. */
    run_request(f, WINDOW + 0x514);
    run_request(f, WINDOW + 0x508);
    check_fw_cfg(f);
    /* And one that is good. */
    put_request(f, BUFFER, 0x0a, 4, BUFFER + 0x100);
    run_request(f, BUFFER);
    g_assert_cmphex(pc_rig_value(f->rig, "readl 0x%x", BUFFER), ==, 0);
    g_assert_cmphex(pc_rig_value(f->rig, "readl 0x%x", BUFFER + 0x100), ==, 0x554d4551);
}

static void quiet(const char *line, void *opaque)
{
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*fn)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/hostile-dma/ide-own-registers", test_own_registers},
        {"/hostile-dma/ide-reset-of-the-other", test_reset_of_the_other},
        {"/hostile-dma/ide-much-to-a-device", test_much_to_a_device},
        {"/hostile-dma/fw-cfg", test_fw_cfg},
    };

    g_test_init(&argc, &argv, NULL);
    report_redirect(quiet, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].fn, tear_down);
    }
    return g_test_run();
}
