/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/test-board.h"

#include "core/vcpu.h"

typedef struct TestAccel {
    Accel accel;
    TestBoard *board;
} TestAccel;

static gboolean test_accel_open(Accel *accel, GError **error)
{
    return TRUE;
}

static void test_accel_close(Accel *accel)
{
}

static void test_accel_set_slot(Accel *accel, const MemorySlot *slot)
{
}

static void test_accel_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap)
{
}

static void test_accel_set_intr(Accel *accel, int level)
{
    ((TestAccel *)accel)->board->intr = level;
}

static void test_accel_send_msi(Accel *accel, guint64 addr, guint32 data)
{
    TestMessage message = {addr, data};

    g_array_append_val(((TestAccel *)accel)->board->messages, message);
}

static void test_accel_set_route(Accel *accel, guint pin, guint64 addr, guint32 data,
                                 gboolean level)
{
    TestRoute *route = &((TestAccel *)accel)->board->routes[pin];

    *route = (TestRoute){addr, data, level, route->changes + 1};
}

static const AccelOps test_accel_ops = {
    .name = "test",
    .summary = "writes down what devices ask of it",
    .size = sizeof(TestAccel),
    .open = test_accel_open,
    .close = test_accel_close,
    .set_slot = test_accel_set_slot,
    .take_dirty = test_accel_take_dirty,
    .set_intr = test_accel_set_intr,
    .send_msi = test_accel_send_msi,
    .set_route = test_accel_set_route,
};

static gboolean root_realize(Device *dev, GError **error)
{
    return TRUE;
}

static const DeviceOps root_ops = {
    .name = "test-root",
    .summary = "root of a test's devices",
    .category = "Misc",
    .size = sizeof(Device),
    .board_only = TRUE,
    .realize = root_realize,
};

static const BusOps bus_ops = {.kind = "test-bus", .size = sizeof(Bus)};

TestBoard *test_board_new(void)
{
    TestBoard *board = g_new0(TestBoard, 1);
    g_autoptr(GMainContext) context = g_main_context_new();
    TestAccel *accel = g_new0(TestAccel, 1);
    Machine *machine;

    board->lock = vm_lock_new();
    vm_lock_take(board->lock, "test");
    board->loop = event_loop_new(context, board->lock);
    board->messages = g_array_new(FALSE, FALSE, sizeof(TestMessage));
    board->machine = machine = machine_new(board->loop);
    accel->accel = (Accel){&test_accel_ops, machine};
    accel->board = board;
    machine->accel = &accel->accel;
    clock_make_manual(machine->guest_clock);
    machine->root = device_create(machine, &root_ops, NULL, "root", NULL, NULL);
    board->bus = bus_create(machine->root, &bus_ops, "test.0");
    return board;
}

void test_board_free(TestBoard *board)
{
    machine_free(board->machine);
    event_loop_free(board->loop);
    vm_lock_drop(board->lock);
    vm_lock_free(board->lock);
    g_array_unref(board->messages);
    g_free(board);
}

Device *test_board_add(TestBoard *board, const DeviceOps *ops, const char *options)
{
    g_autoptr(OptionList) list = option_list_parse(options ? options : "", NULL, NULL);
    g_autoptr(GError) error = NULL;
    Device *dev = device_create(board->machine, ops, board->bus, NULL, list, &error);

    g_assert_no_error(error);
    return dev;
}

void test_board_map_io(TestBoard *board, Device *dev, guint n, guint16 port)
{
    region_add(&board->machine->system_io, port, device_region(dev, n), 0);
}

void test_board_map_memory(TestBoard *board, Device *dev, guint n, guint64 addr)
{
    region_add(&board->machine->system_memory, addr, device_region(dev, n), 0);
}

void test_board_out(TestBoard *board, guint16 port, guint8 value)
{
    address_space_store(board->machine->io, port, value, 1);
}

guint8 test_board_in(TestBoard *board, guint16 port)
{
    return (guint8)address_space_load(board->machine->io, port, 1);
}

gint64 test_board_step(TestBoard *board, gint64 ns)
{
    Clock *clock = board->machine->guest_clock;

    return clock_step(clock, clock_now(clock) + ns);
}
