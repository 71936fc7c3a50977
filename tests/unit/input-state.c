/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state of hw/input and hw/char: what was saved goes on in another machine, and damaged state
 * is refused or harmless.
 */
#include <string.h>

#include "core/char.h"
#include "core/input.h"
#include "hw/char/parallel.h"
#include "hw/char/serial.h"
#include "hw/input/i8042.h"
#include "hw/isa/isa.h"
#include "tests/unit/test-board.h"
#include "ui/common/key-tracker.h"

#define COM1 0x3f8
#define LPT1 0x378

static void add_isa(TestBoard *board, Bus *bus, const DeviceOps *ops, const char *chardev)
{
    g_autoptr(OptionList) options = option_list_new();
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(chardev_create_short(board->machine, "ringbuf", chardev, &error));
    option_list_add(options, "chardev", chardev);
    g_assert_nonnull(device_create(board->machine, ops, bus, NULL, options, &error));
}

static TestBoard *make_board(void)
{
    TestBoard *board = test_board_new();
    Machine *machine = board->machine;
    Device *kbc = test_board_add(board, &i8042_ops, NULL);
    IsaBus *isa =
        isa_bus_create(machine->root, "isa.0", &machine->system_memory, &machine->system_io);

    test_board_map_io(board, kbc, 0, 0x60);
    test_board_map_io(board, kbc, 1, 0x64);
    add_isa(board, &isa->bus, &isa_serial_ops, "serial0");
    add_isa(board, &isa->bus, &isa_parallel_ops, "parallel0");
    machine_cont(machine);
    return board;
}

static gboolean save_device(Device *dev, void *opaque)
{
    if (dev->ops->state) {
        state_save(dev->ops->state, dev, opaque);
    }
    return TRUE;
}

static GByteArray *save(TestBoard *board)
{
    GByteArray *bytes = g_byte_array_new();

    device_foreach(board->machine->root, save_device, bytes);
    return bytes;
}

typedef struct Loader {
    const guint8 *data;
    gsize length;
    GError *error;
} Loader;

static gboolean load_device(Device *dev, void *opaque)
{
    Loader *loader = opaque;

    return !dev->ops->state ||
           state_load(dev->ops->state, dev, &loader->data, &loader->length, &loader->error);
}

static gboolean load(TestBoard *board, const guint8 *data, gsize length)
{
    Loader loader = {data, length, NULL};
    gboolean ok = device_foreach(board->machine->root, load_device, &loader);

    g_assert_true(ok == !loader.error);
    g_clear_error(&loader.error);
    return ok;
}

static TestBoard *copy_board(TestBoard *board)
{
    TestBoard *other = make_board();
    g_autoptr(GByteArray) bytes = save(board), again = NULL;

    test_board_step(other, clock_now(board->machine->guest_clock));
    g_assert_true(load(other, bytes->data, bytes->len));
    again = save(other);
    g_assert_cmpmem(bytes->data, bytes->len, again->data, again->len);
    return other;
}

static void press(TestBoard *board, guint key, gboolean down)
{
    input_key(board->machine->input, key, down);
    input_sync(board->machine->input);
}

static void aux(TestBoard *board, guint8 byte)
{
    test_board_out(board, 0x64, 0xd4);
    test_board_out(board, 0x60, byte);
    for (int i = 0; i < 4; i++) {
        test_board_step(board, NS_PER_MS);
        test_board_in(board, 0x60);
    }
}

/* What comes from the 8042 within 100 ms, as hexadecimal digits; AUX bytes with a star. */
static char *listen(TestBoard *board)
{
    GString *out = g_string_new(NULL);

    for (int i = 0; i < 140; i++) {
        guint8 status = test_board_in(board, 0x64);

        if (status & 1) {
            g_string_append_printf(out, "%02x%s ", test_board_in(board, 0x60),
                                   status & 0x20 ? "*" : "");
        }
        test_board_step(board, 700 * NS_PER_US);
    }
    return g_string_free(out, FALSE);
}

static void note_irq(void *opaque, guint n, int level)
{
    if (level) {
        ++*(guint *)opaque;
    }
}

/* From a frontend's event to the guest's interrupt: less than a millisecond of guest time, which is
 * the byte's time on the keyboard's line, and no turn of the loop in between. (A release is two
 * bytes there, before the controller translates them.) */
static void test_latency(void)
{
    TestBoard *board = make_board();
    KeyTracker *tracker = key_tracker_new(board->machine->input);
    Device *kbc = device_find_ops(board->machine->root, &i8042_ops);
    guint irqs = 0;

    device_connect_irq(kbc, 0, (IrqLine){note_irq, &irqs, 0});
    test_board_out(board, 0x64, 0x60);
    test_board_out(board, 0x60, 0x41); /* interrupt on, translated */
    test_board_step(board, 10 * NS_PER_MS);
    for (guint i = 1; i <= 20; i++) {
        g_assert_true(key_tracker_key(tracker, KEY_A, i & 1));
        test_board_step(board, (i & 1 ? 1 : 2) * NS_PER_MS - 1);
        g_assert_cmpuint(irqs, ==, i);
        g_assert_cmphex(test_board_in(board, 0x60), ==, i & 1 ? 0x1e : 0x9e);
        test_board_step(board, 7 * NS_PER_MS);
    }
    key_tracker_free(tracker);
    test_board_free(board);
}

static void test_keys(void)
{
    TestBoard *board = make_board(), *other;
    g_autofree char *here = NULL, *there = NULL;

    test_board_out(board, 0x64, 0x60);
    test_board_out(board, 0x60, 0x43);
    press(board, KEY_UP, TRUE);
    press(board, KEY_UP, FALSE);
    press(board, KEY_A, TRUE);
    press(board, KEY_A, FALSE);
    test_board_step(board, NS_PER_MS);
    g_assert_cmpuint(test_board_in(board, 0x60), ==, 0xe0);
    other = copy_board(board);
    here = listen(board);
    there = listen(other);
    g_assert_cmpstr(here, ==, "48 e0 c8 1e 9e ");
    g_assert_cmpstr(here, ==, there);
    test_board_free(board);
    test_board_free(other);
}

/* A key that was held when the state was saved is not held by anybody after loading. */
static void test_held_key(void)
{
    TestBoard *board = make_board(), *other = make_board();
    g_autoptr(GByteArray) bytes = NULL;
    g_autofree char *there = NULL;

    press(board, KEY_A, TRUE);
    test_board_step(board, NS_PER_MS);
    test_board_in(board, 0x60);
    bytes = save(board);
    test_board_step(other, clock_now(board->machine->guest_clock));
    g_assert_true(load(other, bytes->data, bytes->len));
    there = listen(other);
    g_assert_cmpstr(there, ==, "f0 1c ");
    test_board_free(board);
    test_board_free(other);
}

static void test_mouse(void)
{
    TestBoard *board = make_board(), *other;
    InputRouter *router = board->machine->input;
    g_autofree char *here = NULL, *there = NULL;

    for (const guint8 *p = (const guint8 *)"\363\310\363\144\363\120\364"; *p; p++) {
        aux(board, *p);
    }
    for (int i = 0; i < 6; i++) {
        input_button(router, BTN_LEFT, i % 2 == 0);
        input_rel(router, REL_X, 5);
        input_rel(router, REL_WHEEL, i & 1);
        input_sync(router);
    }
    test_board_step(board, NS_PER_MS);
    other = copy_board(board);
    here = listen(board);
    there = listen(other);
    g_assert_true(g_str_has_prefix(here, "09* 05* 00* 00* 08* 05* 00* ff* 09* "));
    g_assert_cmpstr(here, ==, there);
    test_board_free(board);
    test_board_free(other);
}

static void test_ports(void)
{
    TestBoard *board = make_board(), *other;

    test_board_out(board, COM1 + 3, 0x83);
    test_board_out(board, COM1, 3);
    test_board_out(board, COM1 + 3, 0x03);
    test_board_out(board, COM1 + 2, 0xc1);
    test_board_out(board, COM1 + 1, 0x05);
    test_board_out(board, COM1 + 4, 0x0b);
    chardev_ringbuf_write(chardev_find(board->machine, "serial0"), (const guint8 *)"abc", 3);
    test_board_out(board, LPT1, 0x41);
    test_board_out(board, LPT1 + 2, 0x1d);
    test_board_out(board, LPT1 + 2, 0x1c);
    other = copy_board(board);
    test_board_step(other, 3 * NS_PER_MS);
    g_assert_cmpuint(test_board_in(other, COM1 + 2), ==, 0xcc); /* the timeout was under way */
    g_assert_cmpuint(test_board_in(other, COM1), ==, 'a');
    g_assert_cmpuint(test_board_in(other, COM1), ==, 'b');
    g_assert_cmpuint(test_board_in(other, LPT1), ==, 0x41);
    g_assert_cmpuint(test_board_in(other, LPT1 + 1) & 4, ==, 0); /* and so was the interrupt */
    test_board_free(board);
    test_board_free(other);
}

/* Does what a guest and a person might do next; nothing may break. */
static void exercise(TestBoard *board, GRand *rand)
{
    static const guint16 ports[] = {0x60, 0x64, COM1, LPT1};

    for (int i = 0; i < 200; i++) {
        guint16 base = ports[g_rand_int_range(rand, 0, G_N_ELEMENTS(ports))];
        guint16 port = base + (base == COM1 ? g_rand_int_range(rand, 0, 8) : base == LPT1);

        press(board, g_rand_int_range(rand, 1, KEY_CNT), g_rand_boolean(rand));
        input_rel(board->machine->input, REL_X, g_rand_int_range(rand, -99999, 99999));
        input_button(board->machine->input, BTN_LEFT, g_rand_boolean(rand));
        input_sync(board->machine->input);
        test_board_in(board, port);
        if (port != 0x64 || i % 8 == 0) {
            test_board_out(board, port, (guint8)g_rand_int(rand));
        }
        test_board_step(board, g_rand_int_range(rand, 0, 2000) * NS_PER_US);
    }
}

static void test_damaged(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(42);
    TestBoard *board = make_board();
    g_autoptr(GByteArray) good = NULL;
    guint refused = 0;

    exercise(board, rand);
    good = save(board);
    test_board_free(board);
    for (guint length = 0; length < good->len; length += 7) {
        board = make_board();
        g_assert_false(load(board, good->data, length));
        test_board_free(board);
    }
    for (int i = 0; i < 300; i++) {
        g_autofree guint8 *bad = g_memdup2(good->data, good->len);

        for (int j = 0; j < 1 + i / 10; j++) {
            bad[g_rand_int_range(rand, 0, (gint)good->len)] = (guint8)g_rand_int(rand);
        }
        board = make_board();
        if (!load(board, bad, good->len)) {
            refused++;
            device_reset_tree(board->machine->root); /* what a failed load asks for */
        }
        exercise(board, rand);
        test_board_free(board);
    }
    g_assert_cmpuint(refused, >, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/input-state/latency", test_latency);
    g_test_add_func("/input-state/keys", test_keys);
    g_test_add_func("/input-state/held-key", test_held_key);
    g_test_add_func("/input-state/mouse", test_mouse);
    g_test_add_func("/input-state/ports", test_ports);
    g_test_add_func("/input-state/damaged", test_damaged);
    return g_test_run();
}
