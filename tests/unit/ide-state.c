/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDE state that is saved in the middle of a transfer goes on in another machine. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/block.h"
#include "core/log.h"
#include "core/state.h"
#include "hw/block/ide.h"
#include "tests/unit/pc-rig.h"

#define MIB     (1ull << 20)
#define SECTORS 400 /* of 2048 bytes */

/* An image whose 32-bit word n is n. */
static int make_image(void)
{
    int fd = memfd_create("image", 0);

    for (guint32 n = 0; n < SECTORS * 512; n++) {
        g_assert_cmpint(pwrite(fd, &n, 4, 4l * n), ==, 4);
    }
    return fd;
}

static PcRig *make_machine(int fd)
{
    g_autofree char *disk = g_strdup_printf("file=/proc/self/fd/%d,snapshot=on,index=0", fd);
    g_autofree char *cd = g_strdup_printf("file=/proc/self/fd/%d,media=cdrom,index=2", fd);
    const char *const drives[] = {disk, cd, NULL};

    return pc_rig_new("isapc", 8 * MIB, drives, NULL);
}

/* Sends a command to a device that has been set up, and waits while it is busy. */
static void command(PcRig *rig, guint port, guint8 opcode)
{
    pc_rig_command(rig, "outb 0x%x 0x%x", port + 7, opcode);
    while (pc_rig_value(rig, "inb 0x%x", port + 0x206) & 0x80) {
        pc_rig_run(rig, TRUE);
    }
}

static guint32 next_word(PcRig *rig, guint port)
{
    while (pc_rig_value(rig, "inb 0x%x", port + 0x206) & 0x80) {
        pc_rig_run(rig, TRUE);
    }
    return (guint32)pc_rig_value(rig, "inl 0x%x", port);
}

static Device *controller(PcRig *rig, guint n)
{
    Bus *bus = bus_find(rig->machine->root, n ? "ide.1" : "ide.0");

    g_assert_nonnull(bus);
    return bus->parent;
}

static Device *unit(PcRig *rig, guint n)
{
    return g_ptr_array_index(ide_bus(controller(rig, n), 0)->children, 0);
}

static void copy_state(Device *from, Device *to)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    const guint8 *data;
    gsize length;

    state_save(from->ops->state, from, bytes);
    data = bytes->data;
    length = bytes->len;
    g_assert_true(state_load(to->ops->state, to, &data, &length, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(length, ==, 0);
}

/* Puts the first machine's channel `n` into a new machine, and frees the first. */
static PcRig *move(PcRig *rig, int fd, guint n)
{
    PcRig *other = make_machine(fd);

    copy_state(controller(rig, n), controller(other, n));
    copy_state(unit(rig, n), unit(other, n));
    pc_rig_free(rig);
    return other;
}

static void test_disk(void)
{
    int fd = make_image();
    PcRig *rig = make_machine(fd);

    pc_rig_command(rig, "outb 0x1f6 0xe0");
    pc_rig_command(rig, "outb 0x1f2 0"); /* 256 sectors from 3 on */
    pc_rig_command(rig, "outb 0x1f3 3");
    pc_rig_command(rig, "outb 0x1f4 0");
    pc_rig_command(rig, "outb 0x1f5 0");
    command(rig, 0x1f0, 0xc4);
    for (guint32 n = 0; n < 256 * 128; n++) {
        if (n == 100 || n == 16 * 128 || n == 17 * 128 + 5) {
            rig = move(rig, fd, 0);
        }
        g_assert_cmphex(next_word(rig, 0x1f0), ==, 3 * 128 + n);
    }
    g_assert_cmphex(pc_rig_value(rig, "inb 0x1f7"), ==, 0x50);
    pc_rig_free(rig);
    close(fd);
}

static void packet(PcRig *rig, const guint8 *cdb)
{
    pc_rig_command(rig, "outb 0x176 0xa0");
    pc_rig_command(rig, "outb 0x171 0");
    pc_rig_command(rig, "outb 0x174 0");
    pc_rig_command(rig, "outb 0x175 8"); /* blocks of 2048 bytes */
    command(rig, 0x170, 0xa0);
    for (guint i = 0; i < 12; i += 2) {
        pc_rig_command(rig, "outw 0x170 0x%x", cdb[i] | cdb[i + 1] << 8);
    }
    command(rig, 0x170, 0x00); /* is ignored: only waits */
}

static void test_cdrom(void)
{
    static const guint8 ready[12] = {0}, read[12] = {0x28, 0, 0, 0, 0, 7, 0, 0, 100};
    int fd = make_image();
    PcRig *rig = make_machine(fd);

    packet(rig, ready); /* takes the unit attention of power-on */
    packet(rig, read);
    for (guint32 n = 0; n < 100 * 512; n++) {
        if (n == 1 || n == 512 || n == 64 * 512 + 3) {
            rig = move(rig, fd, 1);
        }
        g_assert_cmphex(next_word(rig, 0x170), ==, 7 * 512 + n);
    }
    pc_rig_run(rig, TRUE);
    g_assert_cmphex(pc_rig_value(rig, "inb 0x177") & 0x89, ==, 0);
    pc_rig_free(rig);
    close(fd);
}

/* All bytes before the buffer and after it, few of its own. */
static guint next_place(guint at, guint tail)
{
    return at > 40 && at < tail ? MIN(at + 9973, tail) : at + 1;
}

/* Whatever is loaded, nothing leaves the buffer: every byte of a saved state is made wrong in turn
 * (of the buffer's only some), and the machine used. */
static void test_bad_state(void)
{
    int fd = make_image();
    PcRig *rig = make_machine(fd);
    g_autoptr(GByteArray) good = g_byte_array_new();
    Device *dev;
    guint refused = 0, tail;

    pc_rig_command(rig, "outb 0x1f6 0xe0");
    pc_rig_command(rig, "outb 0x1f2 9");
    command(rig, 0x1f0, 0x20);
    dev = unit(rig, 0);
    state_save(dev->ops->state, dev, good);
    tail = good->len - 200;
    for (guint at = 4; at < good->len; at = next_place(at, tail)) {
        for (guint bit = 0; bit < 8; bit++) {
            g_autofree guint8 *bad = g_memdup2(good->data, good->len);
            const guint8 *data = bad;
            gsize length = good->len;

            bad[at] ^= (guint8)(1 << bit);
            refused += !state_load(dev->ops->state, dev, &data, &length, NULL);
            for (guint i = 0; i < 4; i++) {
                pc_rig_command(rig, "outl 0x1f0 0");
                pc_rig_command(rig, "inl 0x1f0");
                pc_rig_run(rig, FALSE);
            }
            drive_drain(drive_find(rig->machine, "ide0-hd0"));
        }
    }
    g_assert_cmpuint(refused, >, 100);
    pc_rig_free(rig);
    close(fd);
}

static void quiet(const char *line, void *opaque)
{
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    report_redirect(quiet, NULL);
    g_test_add_func("/ide-state/disk", test_disk);
    g_test_add_func("/ide-state/cdrom", test_cdrom);
    g_test_add_func("/ide-state/bad", test_bad_state);
    return g_test_run();
}
