/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt controllers: vectors as a processor gets them, messages as a local APIC does. */
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "tests/unit/test-board.h"

/* ---- 8259 pair ---- */

typedef struct PicTest {
    TestBoard *board;
    Device *pic;
} PicTest;

static void pic_setup(PicTest *t, guint8 icw4)
{
    t->board = test_board_new();
    t->pic = test_board_add(t->board, &i8259_ops, NULL);
    test_board_map_io(t->board, t->pic, 0, 0x20);
    test_board_map_io(t->board, t->pic, 1, 0xa0);
    test_board_map_io(t->board, t->pic, 2, 0x4d0);
    for (guint i = 0; i < 2; i++) {
        guint16 port = i ? 0xa0 : 0x20;

        test_board_out(t->board, port, 0x11);
        test_board_out(t->board, port + 1, i ? 0x70 : 0x08);
        test_board_out(t->board, port + 1, i ? 2 : 4);
        test_board_out(t->board, port + 1, icw4);
        test_board_out(t->board, port + 1, 0);
    }
}

static void set_line(Device *dev, guint n, int level)
{
    IrqLine line = device_input(dev, n);

    irq_set(&line, level);
}

static void test_pic_acknowledge(void)
{
    PicTest t;
    Machine *machine;

    pic_setup(&t, 0x01);
    machine = t.board->machine;
    g_assert_cmpint(t.board->intr, ==, 0);
    set_line(t.pic, 3, 1);
    g_assert_cmpint(t.board->intr, ==, 1);
    set_line(t.pic, 1, 1);
    g_assert_cmphex(machine->pic_acknowledge(machine->pic_opaque), ==, 0x09);
    g_assert_cmpint(t.board->intr, ==, 0); /* IRQ 3 waits behind IRQ 1 */
    test_board_out(t.board, 0x20, 0x20);
    g_assert_cmpint(t.board->intr, ==, 1);
    g_assert_cmphex(machine->pic_acknowledge(machine->pic_opaque), ==, 0x0b);
    test_board_free(t.board);
}

static void test_pic_cascade(void)
{
    PicTest t;

    pic_setup(&t, 0x01);
    set_line(t.pic, 12, 1);
    set_line(t.pic, 8, 1);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x70);
    g_assert_cmpint(t.board->intr, ==, 0);
    set_line(t.pic, 1, 1);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x09); /* above the cascade */
    test_board_out(t.board, 0x20, 0x61);
    test_board_out(t.board, 0xa0, 0x20);
    g_assert_cmpint(t.board->intr, ==, 0); /* the master still serves the slave */
    test_board_out(t.board, 0x20, 0x20);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x74);
    test_board_free(t.board);
}

static void test_pic_spurious(void)
{
    PicTest t;

    pic_setup(&t, 0x01);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x0f);
    test_board_out(t.board, 0x20, 0x0b); /* ISR */
    g_assert_cmphex(test_board_in(t.board, 0x20), ==, 0);
    /* A level that goes away before the acknowledge. */
    test_board_out(t.board, 0x4d0, 0x20);
    set_line(t.pic, 5, 1);
    g_assert_cmpint(t.board->intr, ==, 1);
    set_line(t.pic, 5, 0);
    g_assert_cmpint(t.board->intr, ==, 0);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x0f);
    test_board_free(t.board);
}

static void test_pic_auto_eoi(void)
{
    PicTest t;

    pic_setup(&t, 0x03);
    test_board_out(t.board, 0x20, 0x80); /* rotate in automatic EOI mode */
    set_line(t.pic, 0, 1);
    set_line(t.pic, 1, 1);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x08);
    set_line(t.pic, 0, 0);
    set_line(t.pic, 0, 1);
    /* IRQ 0 is the lowest now, so IRQ 1 comes first. */
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x09);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x08);
    g_assert_cmpint(t.board->intr, ==, 0);
    test_board_free(t.board);
}

static void test_pic_special_nested(void)
{
    PicTest t;

    pic_setup(&t, 0x11);
    set_line(t.pic, 13, 1);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x75);
    set_line(t.pic, 14, 1);
    g_assert_cmpint(t.board->intr, ==, 0);
    set_line(t.pic, 9, 1); /* higher within the slave that is in service */
    g_assert_cmpint(t.board->intr, ==, 1);
    g_assert_cmphex(i8259_acknowledge(t.pic), ==, 0x71);
    test_board_free(t.board);

    pic_setup(&t, 0x01); /* fully nested: it would have to wait */
    set_line(t.pic, 13, 1);
    i8259_acknowledge(t.pic);
    set_line(t.pic, 9, 1);
    g_assert_cmpint(t.board->intr, ==, 0);
    test_board_free(t.board);
}

/* ---- I/O APIC ---- */

#define APIC 0xfec00000ull

typedef struct ApicTest {
    TestBoard *board;
    Device *apic;
} ApicTest;

static void apic_write(ApicTest *t, guint reg, guint32 value)
{
    address_space_store(t->board->machine->memory, APIC, reg, 4);
    address_space_store(t->board->machine->memory, APIC + 0x10, value, 4);
}

static guint32 apic_read(ApicTest *t, guint reg)
{
    address_space_store(t->board->machine->memory, APIC, reg, 4);
    return (guint32)address_space_load(t->board->machine->memory, APIC + 0x10, 4);
}

static void apic_setup(ApicTest *t, const char *options)
{
    t->board = test_board_new();
    t->apic = test_board_add(t->board, &ioapic_ops, options);
    test_board_map_memory(t->board, t->apic, 0, APIC);
}

static void assert_message(ApicTest *t, guint n, guint64 addr, guint32 data)
{
    g_assert_cmpuint(t->board->messages->len, ==, n + 1);
    g_assert_cmphex(g_array_index(t->board->messages, TestMessage, n).addr, ==, addr);
    g_assert_cmphex(g_array_index(t->board->messages, TestMessage, n).data, ==, data);
}

static void test_apic_edge(void)
{
    ApicTest t;

    apic_setup(&t, NULL);
    set_line(t.apic, 4, 1); /* masked: lost */
    apic_write(&t, 0x19, 0x03000000);
    apic_write(&t, 0x18, 0x0834); /* logical destination 3, vector 34h */
    g_assert_cmpuint(t.board->messages->len, ==, 0);
    set_line(t.apic, 4, 1); /* no edge */
    g_assert_cmpuint(t.board->messages->len, ==, 0);
    set_line(t.apic, 4, 0);
    set_line(t.apic, 4, 1);
    assert_message(&t, 0, 0xfee03004, 0x34);
    g_assert_cmphex(t.board->routes[4].addr, ==, 0xfee03004);
    g_assert_cmpint(t.board->routes[4].level, ==, FALSE);
    test_board_free(t.board);
}

static void test_apic_level(void)
{
    ApicTest t;
    Machine *machine;

    apic_setup(&t, NULL);
    machine = t.board->machine;
    set_line(t.apic, 10, 1);
    apic_write(&t, 0x24, 0xa141); /* level, active low, lowest priority, vector 41h */
    assert_message(&t, 0, 0xfee00000, 0xc141);
    g_assert_cmpint(t.board->routes[10].level, ==, TRUE);
    g_assert_cmphex(apic_read(&t, 0x24), ==, 0xe141); /* remote IRR */
    apic_write(&t, 0x24, 0xa141);                     /* cannot be written away */
    g_assert_cmpuint(t.board->messages->len, ==, 1);
    machine->eoi(machine->eoi_opaque, 0x40); /* somebody else's */
    g_assert_cmpuint(t.board->messages->len, ==, 1);
    machine->eoi(machine->eoi_opaque, 0x41); /* still asserted: again */
    assert_message(&t, 1, 0xfee00000, 0xc141);
    set_line(t.apic, 10, 0);
    machine->eoi(machine->eoi_opaque, 0x41);
    g_assert_cmpuint(t.board->messages->len, ==, 2);
    g_assert_cmphex(apic_read(&t, 0x24), ==, 0xa141);
    apic_write(&t, 0x24, 0x1a141); /* masked */
    g_assert_cmpint(t.board->routes[10].level, ==, FALSE);
    set_line(t.apic, 10, 1);
    g_assert_cmpuint(t.board->messages->len, ==, 2);
    test_board_free(t.board);
}

static void test_apic_version(void)
{
    ApicTest t;

    apic_setup(&t, "version=0x11");
    g_assert_cmphex(apic_read(&t, 1), ==, 0x170011);
    set_line(t.apic, 0, 1);
    apic_write(&t, 0x10, 0x8041);
    g_assert_cmpuint(t.board->messages->len, ==, 1);
    address_space_store(t.board->machine->memory, APIC + 0x40, 0x41, 4); /* has no such register */
    g_assert_cmpuint(t.board->messages->len, ==, 1);
    test_board_free(t.board);

    apic_setup(&t, NULL);
    g_assert_cmphex(apic_read(&t, 1), ==, 0x170020);
    set_line(t.apic, 0, 1);
    apic_write(&t, 0x10, 0x8041);
    address_space_store(t.board->machine->memory, APIC + 0x40, 0x41, 4);
    g_assert_cmpuint(t.board->messages->len, ==, 2);
    test_board_free(t.board);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8259/acknowledge", test_pic_acknowledge);
    g_test_add_func("/i8259/cascade", test_pic_cascade);
    g_test_add_func("/i8259/spurious", test_pic_spurious);
    g_test_add_func("/i8259/auto-eoi", test_pic_auto_eoi);
    g_test_add_func("/i8259/special-fully-nested", test_pic_special_nested);
    g_test_add_func("/ioapic/edge", test_apic_edge);
    g_test_add_func("/ioapic/level", test_apic_level);
    g_test_add_func("/ioapic/version", test_apic_version);
    return g_test_run();
}
