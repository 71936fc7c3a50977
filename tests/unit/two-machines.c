/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines with different boards live in one process and do not know of each other. */
#include "core/display.h"
#include "mainloop/timer.h"
#include "tests/unit/pc-rig.h"

#define MIB (1ull << 20)

static guint8 cmos(PcRig *rig, guint8 reg)
{
    pc_rig_command(rig, "outb 0x70 0x%x", reg);
    return (guint8)pc_rig_value(rig, "inb 0x71");
}

static void test_memory_and_ports(void)
{
    PcRig *pc = pc_rig_new("pc", 16 * MIB, NULL, NULL);
    PcRig *isapc = pc_rig_new("isapc", 8 * MIB, NULL, NULL);
    PcRig *none = pc_rig_new("none", 0, NULL, NULL);

    pc_rig_command(pc, "writel 0x100000 0x11111111");
    pc_rig_command(isapc, "writel 0x100000 0x22222222");
    g_assert_cmphex(pc_rig_value(pc, "readl 0x100000"), ==, 0x11111111);
    g_assert_cmphex(pc_rig_value(isapc, "readl 0x100000"), ==, 0x22222222);
    g_assert_cmphex(pc_rig_value(none, "readl 0x100000"), ==, 0xffffffff);
    pc_rig_command(pc, "writel 0x900000 1");
    g_assert_cmphex(pc_rig_value(pc, "readl 0x900000"), ==, 1);
    g_assert_cmphex(pc_rig_value(isapc, "readl 0x900000"), ==, 0xffffffff);
    /* Only one of them has PCI. */
    pc_rig_command(pc, "outl 0xcf8 0x80000000");
    g_assert_cmphex(pc_rig_value(pc, "inl 0xcfc"), ==, 0x12378086);
    pc_rig_command(isapc, "outl 0xcf8 0x80000000");
    g_assert_cmphex(pc_rig_value(isapc, "inl 0xcfc"), ==, 0xffffffff);
    /* CMOS: each its own memory size. */
    g_assert_cmphex(cmos(pc, 0x31), !=, cmos(isapc, 0x31));
    pc_rig_free(pc);
    pc_rig_command(isapc, "writel 0x100000 0x33333333");
    g_assert_cmphex(pc_rig_value(isapc, "readl 0x100000"), ==, 0x33333333);
    pc_rig_free(isapc);
    pc_rig_free(none);
}

static void test_clocks_and_interrupts(void)
{
    PcRig *pc = pc_rig_new("pc", 16 * MIB, NULL, NULL);
    PcRig *isapc = pc_rig_new("isapc", 8 * MIB, NULL, NULL);

    pc_rig_command(pc, "irq_intercept_in isa-i8259");
    pc_rig_command(isapc, "irq_intercept_in isa-i8259");
    pc_rig_command(pc, "outb 0x43 0x14"); /* PIT: 100 ticks */
    pc_rig_command(pc, "outb 0x40 100");
    pc_rig_command(isapc, "clock_step %" G_GINT64_FORMAT, (gint64)NS_PER_SEC);
    g_assert_cmpuint(isapc->raised, ==, 0);
    g_assert_cmpuint(pc_rig_value(pc, "clock_step 0"), ==, 0);
    pc->raised = 0;
    pc_rig_command(pc, "clock_step %" G_GINT64_FORMAT, (gint64)NS_PER_MS);
    g_assert_cmpuint(pc->raised, ==, 11);
    g_assert_cmpuint(isapc->raised, ==, 0);
    g_assert_cmphex(cmos(isapc, 0), ==, 0x41); /* 01:46:40 and the second that was stepped */
    g_assert_cmphex(cmos(pc, 0), ==, 0x40);
    pc_rig_free(isapc);
    pc_rig_free(pc);
}

static guint32 pixel(PcRig *rig)
{
    Display *display = g_ptr_array_index(rig->machine->displays, 0);
    Surface *surface;

    display_update(display);
    surface = display_surface(display);
    return *(guint32 *)(void *)surface->data & 0xffffff;
}

/* 320x240x32 through the VBE ports; the frame buffer is where `addr` says. */
static void vbe_mode(PcRig *rig)
{
    static const guint16 settings[][2] = {{4, 0}, {1, 320}, {2, 240}, {3, 32}, {4, 0x41}};

    /* The PCI card must be told to answer; on the other machine these ports are nobody's. */
    pc_rig_command(rig, "outl 0xcf8 0x80001004");
    pc_rig_command(rig, "outl 0xcfc 3");
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        pc_rig_command(rig, "outw 0x1ce %u", settings[i][0]);
        pc_rig_command(rig, "outw 0x1d0 %u", settings[i][1]);
    }
    /* What a VGA BIOS does for the window at A0000h: memory on, graphics, all planes, chain 4. */
    pc_rig_command(rig, "outb 0x3c2 0x63");
    pc_rig_command(rig, "outw 0x3ce 0x0506");
    pc_rig_command(rig, "outw 0x3c4 0x0f02");
    pc_rig_command(rig, "outw 0x3c4 0x0e04");
    pc_rig_command(rig, "outw 0x3ce 0xff08");
    pc_rig_command(rig, "inb 0x3da");
    pc_rig_command(rig, "outb 0x3c0 0x20"); /* video on */
}

static void test_displays(void)
{
    PcRig *pc = pc_rig_new("pc", 16 * MIB, NULL, NULL);
    PcRig *isapc = pc_rig_new("isapc", 8 * MIB, NULL, NULL);

    vbe_mode(pc);
    vbe_mode(isapc);
    /* The bank window at A0000h reaches both. */
    pc_rig_command(pc, "writel 0xa0000 0x123456");
    pc_rig_command(isapc, "writel 0xa0000 0xabcdef");
    g_assert_cmphex(pixel(pc), ==, 0x123456);
    g_assert_cmphex(pixel(isapc), ==, 0xabcdef);
    pc_rig_command(pc, "outb 0x92 1"); /* resets one of them */
    pc_rig_run(pc, TRUE);
    g_assert_cmphex(pixel(isapc), ==, 0xabcdef);
    g_assert_false(isapc->shut_down);
    pc_rig_free(pc);
    g_assert_cmphex(pixel(isapc), ==, 0xabcdef);
    pc_rig_free(isapc);
}

static void test_one_ends(void)
{
    static const char *const exit_device[] = {"isa-debug-exit,iobase=0x501", NULL};
    PcRig *pc = pc_rig_new("pc", 16 * MIB, NULL, NULL);
    PcRig *isapc = pc_rig_new("isapc", 8 * MIB, NULL, exit_device);

    pc_rig_command(isapc, "outb 0x501 21");
    pc_rig_run(isapc, TRUE);
    pc_rig_run(pc, TRUE);
    g_assert_true(isapc->shut_down);
    g_assert_cmpint(isapc->machine->exit_status, ==, 43);
    g_assert_false(pc->shut_down);
    g_assert_true(machine_is_running(pc->machine));
    pc_rig_free(isapc);
    pc_rig_free(pc);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/two-machines/memory-and-ports", test_memory_and_ports);
    g_test_add_func("/two-machines/clocks-and-interrupts", test_clocks_and_interrupts);
    g_test_add_func("/two-machines/displays", test_displays);
    g_test_add_func("/two-machines/one-ends", test_one_ends);
    return g_test_run();
}
