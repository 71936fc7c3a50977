/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/state.h"

#include <stdbool.h>
#include <string.h>

#include "core/error.h"
#include "mainloop/timer.h"

typedef struct Channel {
    guint16 count;
    bool on;
} Channel;

typedef struct Chip {
    guint8 regs[4];
    guint32 address;
    guint64 wide;
    gboolean flag;
    Channel channels[2];
    Timer timer;
    guint8 late;
} Chip;

static const StateField channel_fields[] = {
    STATE_FIELD(U16, Channel, count),
    STATE_FIELD(BOOL, Channel, on),
    STATE_END,
};
static const StateTable channel_table = {1, channel_fields, NULL};

static gboolean chip_loaded(void *object, GError **error)
{
    Chip *chip = object;

    return chip->regs[0] != 0xff || error_set(error, "regs[0] is impossible");
}

static const StateField chip_fields[] = {
    STATE_ARRAY(U8, Chip, regs),
    STATE_FIELD(U32, Chip, address),
    STATE_FIELD(U64, Chip, wide),
    STATE_FIELD(BOOL, Chip, flag),
    {"channels", STATE_STRUCT, G_STRUCT_OFFSET(Chip, channels), 2, sizeof(Channel), 1,
     &channel_table},
    STATE_FIELD(TIMER, Chip, timer),
    {"late", STATE_U8, G_STRUCT_OFFSET(Chip, late), 1, 1, 2, NULL},
    STATE_END,
};
static const StateTable chip_table = {2, chip_fields, chip_loaded};
static const StateTable chip_table_v1 = {1, chip_fields, NULL};

static void no_op(void *opaque)
{
}

typedef struct Fixture {
    EventLoop *loop;
    Clock *clock;
    Chip chip;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GMainContext) context = g_main_context_new();

    f->loop = event_loop_new(context, NULL);
    f->clock = clock_new_guest(f->loop);
    timer_init(&f->chip.timer, f->clock, no_op, NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    timer_cancel(&f->chip.timer);
    clock_free(f->clock);
    event_loop_free(f->loop);
}

static void test_round_trip(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    const guint8 *p;
    gsize length;

    memcpy(f->chip.regs, "\1\2\3\4", 4);
    f->chip.address = 0xfee00000;
    f->chip.wide = 0x0123456789abcdefULL;
    f->chip.flag = TRUE;
    f->chip.channels[1] = (Channel){1193, true};
    f->chip.late = 7;
    timer_set(&f->chip.timer, 5000000);
    state_save(&chip_table, &f->chip, saved);
    /* Version, 4 + 4 + 8 + 1, two channels of 4 + 2 + 1, timer, late. */
    g_assert_cmpuint(saved->len, ==, 4 + 17 + 14 + 8 + 1);

    memset(f->chip.regs, 0, 4);
    f->chip.address = 0;
    f->chip.wide = 0;
    f->chip.flag = FALSE;
    f->chip.channels[1] = (Channel){0, false};
    f->chip.late = 0;
    timer_cancel(&f->chip.timer);
    p = saved->data;
    length = saved->len;
    g_assert_true(state_load(&chip_table, &f->chip, &p, &length, &error));
    g_assert_cmpuint(length, ==, 0);
    g_assert_cmpmem(f->chip.regs, 4, "\1\2\3\4", 4);
    g_assert_cmphex(f->chip.address, ==, 0xfee00000);
    g_assert_cmphex(f->chip.wide, ==, 0x0123456789abcdefULL);
    g_assert_true(f->chip.flag);
    g_assert_cmpuint(f->chip.channels[1].count, ==, 1193);
    g_assert_true(f->chip.channels[1].on);
    g_assert_cmpint(timer_expiry(&f->chip.timer), ==, 5000000);
    g_assert_cmpuint(f->chip.late, ==, 7);
}

static void test_bad(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();

    state_save(&chip_table, &f->chip, saved);
    for (guint cut = 0; cut < saved->len; cut++) {
        g_autoptr(GError) error = NULL;
        const guint8 *p = saved->data;
        gsize length = cut;

        g_assert_false(state_load(&chip_table, &f->chip, &p, &length, &error));
        g_assert_nonnull(strstr(error->message, "ends here"));
    }
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        const guint8 *p = saved->data;
        gsize length = saved->len;

        saved->data[0] = i ? 2 : 3; /* version, then a value that loaded() refuses */
        saved->data[4] = 0xff;
        g_assert_false(state_load(&chip_table, &f->chip, &p, &length, &error));
        g_assert_nonnull(strstr(error->message, i ? "impossible" : "saved as 3"));
    }
}

static void test_older(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    const guint8 *p;
    gsize length;

    state_save(&chip_table_v1, &f->chip, saved);
    f->chip.late = 9;
    p = saved->data;
    /* Version 1 had no `late`: it keeps its value and its bytes are not looked for. */
    length = saved->len - 1;
    g_assert_true(state_load(&chip_table, &f->chip, &p, &length, NULL));
    g_assert_cmpuint(f->chip.late, ==, 9);
    g_assert_cmpuint(length, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/state/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
    g_test_add("/state/bad", Fixture, NULL, set_up, test_bad, tear_down);
    g_test_add("/state/older", Fixture, NULL, set_up, test_older, tear_down);
    return g_test_run();
}
