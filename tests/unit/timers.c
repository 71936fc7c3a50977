/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timers: dates, and that nobody wakes the host when no interrupt is to come. */
#include "hw/timer/acpi-pm.h"
#include "hw/timer/i8254.h"
#include "hw/timer/mc146818.h"
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
    g_test_add_func("/acpi-pm/timer", test_pm_timer);
    return g_test_run();
}
