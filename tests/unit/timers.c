/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timers: dates, and that nobody wakes the host when no interrupt is to come. */
#include "core/vcpu.h"
#include "hw/intc/i8259.h"
#include "hw/timer/acpi-pm.h"
#include "hw/timer/i8254.h"
#include "hw/timer/mc146818.h"
#include "hw/timer/pcspk.h"
#include "hw/timer/rtc-date.h"
#include "tests/unit/test-board.h"

static void test_dates(void)
{
    RtcDate date;

    rtc_date_from_seconds(0, &date);
    g_assert_cmpint(date.year, ==, 1970);
    g_assert_cmpint(date.weekday, ==, 5);    /* Thursday */
    rtc_date_from_seconds(951782400, &date); /* 2000-02-29 */
    g_assert_cmpint(date.year, ==, 2000);
    g_assert_cmpint(date.month, ==, 2);
    g_assert_cmpint(date.day, ==, 29);
    g_assert_cmpint(date.weekday, ==, 3);
    for (gint64 s = -62167219200; s < 253402300800; s += 86400 * 13 + 3671) {
        rtc_date_from_seconds(s, &date);
        g_assert_cmpint(rtc_date_to_seconds(&date), ==, s);
        g_assert_cmpint(date.year, >=, 0);
        g_assert_cmpint(date.year, <=, 9999);
        g_assert_cmpint(date.month, >=, 1);
        g_assert_cmpint(date.month, <=, 12);
        g_assert_cmpint(date.day, >=, 1);
        g_assert_cmpint(date.day, <=, 31);
    }
    g_assert_cmpint(rtc_date_last_sunday(2026, 4), ==, 1777161600);  /* 2026-04-26 */
    g_assert_cmpint(rtc_date_last_sunday(2025, 12), ==, 1766880000); /* 2025-12-28 */
}

static void count_edges(void *opaque, guint n, int level)
{
    *(guint *)opaque += level != 0;
}

static void test_pit_idle(void)
{
    TestBoard *board = test_board_new();
    Device *pit = test_board_add(board, &i8254_ops, NULL);
    Clock *clock = board->machine->guest_clock;
    guint edges = 0;

    test_board_map_io(board, pit, 0, 0x40);
    device_connect_irq(pit, 0, (IrqLine){count_edges, &edges, 0});
    g_assert_cmpint(clock_next_expiry(clock), ==, -1);
    test_board_out(board, 0x43, 0xb4); /* counter 2, mode 2 */
    test_board_out(board, 0x42, 100);
    test_board_out(board, 0x42, 0);
    g_assert_cmpint(clock_next_expiry(clock), ==, -1);
    test_board_out(board, 0x43, 0x34); /* counter 0, mode 2 */
    test_board_out(board, 0x40, 0);
    test_board_out(board, 0x40, 0);
    g_assert_cmpint(clock_next_expiry(clock), >, 0);
    edges = 0;
    test_board_step(board, NS_PER_SEC);
    g_assert_cmpuint(edges, ==, 18);
    test_board_out(board, 0x43, 0x30); /* mode 0: one edge, then silence */
    test_board_out(board, 0x40, 10);
    test_board_out(board, 0x40, 0);
    edges = 0;
    test_board_step(board, NS_PER_MS);
    g_assert_cmpuint(edges, ==, 1);
    g_assert_cmpint(clock_next_expiry(clock), ==, -1);
    test_board_free(board);
}

static void test_pit_storm(void)
{
    TestBoard *board = test_board_new();
    Device *pit = test_board_add(board, &i8254_ops, NULL);
    guint edges = 0;

    test_board_map_io(board, pit, 0, 0x40);
    device_connect_irq(pit, 0, (IrqLine){count_edges, &edges, 0});
    test_board_out(board, 0x43, 0x14); /* mode 2, low byte only: 600 kHz */
    test_board_out(board, 0x40, 2);
    edges = 0;
    test_board_step(board, 10 * NS_PER_MS);
    g_assert_cmpuint(edges, >, 100);
    g_assert_cmpuint(edges, <=, 500); /* the host is spared */
    test_board_free(board);
}

/* ---- ticks of a guest that does nothing but count them ---- */

#define TICK_NS 54925415

typedef struct TickTest {
    TestBoard *board;
    Vcpu vcpu; /* stands for a processor: the test itself */
    Device *pic, *pit;
    guint counted, wakes;
} TickTest;

static void tick_setup(TickTest *t)
{
    *t = (TickTest){.board = test_board_new()};
    t->vcpu.posix_thread = pthread_self();
    g_ptr_array_add(t->board->machine->vcpus, &t->vcpu);
    t->pic = test_board_add(t->board, &i8259_ops, NULL);
    test_board_map_io(t->board, t->pic, 0, 0x20);
    t->pit = test_board_add(t->board, &i8254_ops, NULL);
    test_board_map_io(t->board, t->pit, 0, 0x40);
    device_connect_irq(t->pit, 0, device_input(t->pic, 0));
    test_board_out(t->board, 0x43, 0x36);
    test_board_out(t->board, 0x40, 0);
    test_board_out(t->board, 0x40, 0);
    test_board_out(t->board, 0x20, 0x13); /* ICW1: single, ICW4 follows */
    test_board_out(t->board, 0x21, 0x08);
    test_board_out(t->board, 0x21, 0x01);
    test_board_out(t->board, 0x21, 0);
}

static void tick_teardown(TickTest *t)
{
    g_ptr_array_remove(t->board->machine->vcpus, &t->vcpu);
    test_board_free(t->board);
}

/* Halted until `ns` of guest time have passed; takes interrupts as they come. */
static void tick_halt(TickTest *t, gint64 ns)
{
    Clock *clock = t->board->machine->guest_clock;
    gint64 end = clock_now(clock) + ns;

    while (clock_now(clock) < end) {
        gint64 next = clock_next_expiry(clock);

        clock_step(clock, next < 0 || next > end ? end : next);
        t->wakes += t->board->intr;
        while (t->board->intr) {
            if (i8259_acknowledge(t->pic) == 8) {
                t->counted++;
            }
            test_board_out(t->board, 0x20, 0x20);
        }
    }
}

static void test_idle_ticks(void)
{
    TickTest t;
    gint64 before, after;

    tick_setup(&t);
    tick_halt(&t, 10 * NS_PER_SEC);
    before = t.counted;
    g_assert_cmpint(before, >=, 170);
    t.wakes = 0;
    tick_halt(&t, 100 * NS_PER_SEC);
    g_assert_cmpuint(t.wakes, <, 200); /* instead of 1820 */
    /* Reading the timer brings what is late. */
    test_board_in(t.board, 0x40);
    tick_halt(&t, 1);
    after = t.counted;
    g_assert_cmpint(after, ==, 110 * NS_PER_SEC / TICK_NS);
    /* From here on ticks come one by one for some seconds. */
    t.wakes = 0;
    tick_halt(&t, 3 * NS_PER_SEC);
    g_assert_cmpuint(t.wakes, >=, 54);
    tick_teardown(&t);
}

static void test_idle_ticks_end(void)
{
    TickTest t;
    IrqLine key;

    tick_setup(&t);
    tick_halt(&t, 20 * NS_PER_SEC + 300 * NS_PER_MS);
    key = device_input(t.pic, 1);
    irq_raise(&key);
    tick_halt(&t, 1); /* the key's interrupt, and the late ticks behind it */
    g_assert_cmpuint(t.counted, ==, (20 * NS_PER_SEC + 300 * NS_PER_MS) / TICK_NS);
    tick_teardown(&t);
}

/* Ticks that are late when the machine is reset are not told to who comes after. */
static void test_idle_ticks_reset(void)
{
    TickTest t;
    guint counted;

    tick_setup(&t);
    tick_halt(&t, 20 * NS_PER_SEC + 300 * NS_PER_MS);
    counted = t.counted;
    i8254_ops.reset(t.pit);
    test_board_out(t.board, 0x43, 0x36);
    tick_halt(&t, NS_PER_SEC);
    g_assert_cmpuint(t.counted, ==, counted);
    test_board_out(t.board, 0x40, 0);
    test_board_out(t.board, 0x40, 0);
    tick_halt(&t, NS_PER_SEC);
    g_assert_cmpuint(t.counted, ==, counted + 18);
    tick_teardown(&t);
}

/* A guest that does something with each tick gets each in time. */
static void test_busy_ticks(void)
{
    TickTest t;
    Device *speaker;

    tick_setup(&t);
    speaker = test_board_add(t.board, &pcspk_ops, NULL);
    test_board_map_io(t.board, speaker, 0, 0x61);
    for (guint i = 0; i < 200; i++) {
        tick_halt(&t, TICK_NS);
        test_board_in(t.board, 0x61);
    }
    g_assert_cmpuint(t.wakes, >=, 199);
    tick_teardown(&t);
}

static void rtc_write(TestBoard *board, guint8 reg, guint8 value)
{
    test_board_out(board, 0x70, reg);
    test_board_out(board, 0x71, value);
}

static guint8 rtc_read(TestBoard *board, guint8 reg)
{
    test_board_out(board, 0x70, reg);
    return test_board_in(board, 0x71);
}

static void test_rtc_idle(void)
{
    TestBoard *board = test_board_new();
    Device *rtc = test_board_add(board, &mc146818_ops, "start=1000000000,clock=vm");
    Clock *clock = board->machine->guest_clock;
    guint edges = 0;

    test_board_map_io(board, rtc, 0, 0x70);
    device_connect_irq(rtc, 0, (IrqLine){count_edges, &edges, 0});
    g_assert_cmpint(clock_next_expiry(clock), ==, -1);
    test_board_step(board, 3 * NS_PER_SEC);
    g_assert_cmphex(rtc_read(board, 0), ==, 0x43);  /* 01:46:43 */
    g_assert_cmphex(rtc_read(board, 12), ==, 0x50); /* PF and UF, polled */
    g_assert_cmpint(clock_next_expiry(clock), ==, -1);
    rtc_write(board, 11, 0x12); /* UIE */
    g_assert_cmpint(clock_next_expiry(clock), ==, 4 * NS_PER_SEC);
    test_board_step(board, 10 * NS_PER_SEC);
    g_assert_cmpuint(edges, >=, 1);
    g_assert_cmpint(clock_next_expiry(clock), ==, -1); /* nothing more until C is read */
    rtc_read(board, 12);
    g_assert_cmpint(clock_next_expiry(clock), ==, 14 * NS_PER_SEC);
    test_board_free(board);
}

static void test_pm_timer(void)
{
    TestBoard *board = test_board_new();
    Clock *clock = board->machine->guest_clock;
    AcpiPm pm = {0};
    guint edges = 0;

    acpi_pm_init(&pm, board->machine, NULL, NULL);
    pm.sci = (IrqLine){count_edges, &edges, 0};
    region_add(&board->machine->system_io, 0x600, &pm.evt, 0);
    region_add(&board->machine->system_io, 0x604, &pm.cnt, 0);
    region_add(&board->machine->system_io, 0x608, &pm.tmr, 0);
    acpi_pm_reset(&pm);
    test_board_step(board, NS_PER_SEC);
    g_assert_cmpuint(address_space_load(board->machine->io, 0x608, 4), ==, 3579545);
    g_assert_cmpint(clock_next_expiry(clock), ==, -1);
    address_space_store(board->machine->io, 0x604, 1, 2);
    address_space_store(board->machine->io, 0x602, 1, 2);
    g_assert_cmpint(clock_next_expiry(clock), ==, 2343484438); /* 2^23 ticks */
    g_assert_cmpuint(edges, ==, 0);
    test_board_step(board, 2 * NS_PER_SEC);
    g_assert_cmpuint(edges, >, 0);
    g_assert_cmphex(address_space_load(board->machine->io, 0x600, 2), ==, 1);
    acpi_pm_finish(&pm);
    test_board_free(board);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtc/dates", test_dates);
    g_test_add_func("/rtc/idle", test_rtc_idle);
    g_test_add_func("/pit/idle", test_pit_idle);
    g_test_add_func("/pit/storm", test_pit_storm);
    g_test_add_func("/pit/idle-ticks", test_idle_ticks);
    g_test_add_func("/pit/idle-ticks-end", test_idle_ticks_end);
    g_test_add_func("/pit/idle-ticks-reset", test_idle_ticks_reset);
    g_test_add_func("/pit/busy-ticks", test_busy_ticks);
    g_test_add_func("/acpi-pm/timer", test_pm_timer);
    return g_test_run();
}
