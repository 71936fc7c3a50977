/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local APICs, as the processors see them: SDM vol. 3, chapter 11. The clock is stepped. */
#include "core/apic.h"

#include <string.h>

#include "hw/intc/apic-priv.h"
#include "hw/intc/apic.h"
#include "tests/unit/test-board.h"

#define PAGE 0xfee00000ull

enum {
    ID = 0x20,
    VERSION = 0x30,
    TPR = 0x80,
    APR = 0x90,
    PPR = 0xa0,
    EOI = 0xb0,
    LDR = 0xd0,
    DFR = 0xe0,
    SVR = 0xf0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR = 0x300,
    ICR_DEST = 0x310,
    TIMER = 0x320,
    LINT0 = 0x350,
    LINT1 = 0x360,
    ERROR = 0x370,
    COUNT = 0x380,
    CURRENT = 0x390,
    DIVIDE = 0x3e0,
};

typedef struct Fixture {
    TestBoard *board;
    Device *dev[4];
    Apic *apic[4];
    guint attention[4];
    guint eoi_vector, eois, acknowledged;
} Fixture;

static void note_attention(void *opaque)
{
    ++*(guint *)opaque;
}

static void note_eoi(void *opaque, guint vector)
{
    Fixture *f = opaque;

    f->eoi_vector = vector;
    f->eois++;
}

static guint32 get(Fixture *f, guint cpu, guint offset)
{
    return lapic_read_register((LocalApic *)f->dev[cpu], offset);
}

static void put(Fixture *f, guint cpu, guint offset, guint32 value)
{
    lapic_write_register((LocalApic *)f->dev[cpu], offset, value);
}

static void set_pin(Fixture *f, guint cpu, guint n, int level)
{
    IrqLine line = device_input(f->dev[cpu], n);

    irq_set(&line, level);
}

static guint acknowledge(void *opaque)
{
    Fixture *f = opaque;

    f->acknowledged++;
    set_pin(f, 0, 0, 0);
    return 0x0b;
}

/* Four processors with enabled APICs that have left the state in which they wait for a SIPI. */
static void setup(Fixture *f, gconstpointer data)
{
    guint8 vector;

    f->board = test_board_new();
    f->board->machine->eoi = note_eoi;
    f->board->machine->eoi_opaque = f;
    f->board->machine->pic_acknowledge = acknowledge;
    f->board->machine->pic_opaque = f;
    for (guint i = 0; i < 4; i++) {
        f->dev[i] = test_board_add(f->board, &apic_ops, NULL);
        f->apic[i] = apic_of(f->board->machine, i);
        g_assert_true(f->apic[i] == &((LocalApic *)f->dev[i])->apic);
        apic_connect(f->apic[i], note_attention, &f->attention[i]);
    }
    if (data) { /* leave the power-up state as it is */
        return;
    }
    put(f, 0, ICR, 0xc4500);
    put(f, 0, ICR, 0xc4608);
    for (guint i = 0; i < 4; i++) {
        if (i) {
            g_assert_cmphex(apic_take_event(f->apic[i], APIC_PENDING_INIT, &vector), ==,
                            APIC_PENDING_INIT);
            g_assert_cmphex(apic_take_event(f->apic[i], APIC_PENDING_SIPI, &vector), ==,
                            APIC_PENDING_SIPI);
        }
        put(f, i, SVR, 0x1ff);
        f->attention[i] = 0;
    }
}

static void teardown(Fixture *f, gconstpointer data)
{
    test_board_free(f->board);
}

static void self_ipi(Fixture *f, guint cpu, guint vector)
{
    put(f, cpu, ICR, 0x44000 | vector);
}

static gboolean wants(Fixture *f, guint cpu)
{
    return (apic_pending(f->apic[cpu]) & APIC_PENDING_INTERRUPT) != 0;
}

static int take(Fixture *f, guint cpu)
{
    return apic_take_interrupt(f->apic[cpu]);
}

/* ---- power-up and events ---- */

static void test_power_up(Fixture *f, gconstpointer data)
{
    g_assert_cmphex(get(f, 0, VERSION), ==, 0x50014);
    g_assert_cmphex(get(f, 3, ID), ==, 0x03000000);
    g_assert_cmphex(get(f, 0, SVR), ==, 0xff);
    g_assert_cmphex(get(f, 0, DFR), ==, 0xffffffff);
    g_assert_cmphex(get(f, 0, TIMER), ==, 0x10000);
    g_assert_cmphex(get(f, 0, LINT0), ==, 0x700);
    g_assert_cmphex(get(f, 1, LINT0), ==, 0x10000);
    g_assert_cmphex(apic_get_base(f->apic[0]), ==, 0xfee00900);
    g_assert_cmphex(apic_get_base(f->apic[1]), ==, 0xfee00800);
    g_assert_cmphex(apic_pending(f->apic[0]), ==, 0);
    g_assert_cmphex(apic_pending(f->apic[1]), ==, APIC_WAITS_FOR_SIPI);
    /* While disabled, entries stay masked and nothing is accepted. */
    put(f, 0, TIMER, 0x30);
    g_assert_cmphex(get(f, 0, TIMER), ==, 0x10030);
    self_ipi(f, 0, 0x40);
    g_assert_cmphex(get(f, 0, IRR + 0x20), ==, 0);
    g_assert_null(apic_of(f->board->machine, 4));
}

static void test_init_sipi(Fixture *f, gconstpointer data)
{
    guint8 vector = 0;

    put(f, 0, ICR, 0xc4699); /* no INIT before it, but they wait since power-up */
    g_assert_cmphex(apic_pending(f->apic[2]), ==, APIC_WAITS_FOR_SIPI | APIC_PENDING_SIPI);
    g_assert_cmphex(apic_pending(f->apic[0]), ==, 0);
    g_assert_cmpuint(f->attention[2], ==, 1);
    g_assert_cmphex(apic_take_event(f->apic[2], APIC_PENDING_SIPI, &vector), ==, APIC_PENDING_SIPI);
    g_assert_cmphex(vector, ==, 0x99);
    g_assert_cmphex(apic_pending(f->apic[2]), ==, 0);
    put(f, 0, ICR, 0xc4698); /* the second one of a pair: nobody waits there any more */
    g_assert_cmphex(apic_pending(f->apic[2]), ==, 0);

    put(f, 2, SVR, 0x1ff);
    put(f, 2, LDR, 0x04000000);
    put(f, 0, ICR_DEST, 0x02000000);
    put(f, 0, ICR, 0x8500); /* de-assert */
    g_assert_cmphex(apic_pending(f->apic[2]), ==, 0);
    put(f, 0, ICR, 0x4400); /* NMI */
    put(f, 0, ICR, 0xc500); /* INIT */
    put(f, 0, ICR, 0x4610); /* SIPI, before the INIT was taken */
    g_assert_cmphex(apic_pending(f->apic[2]), ==,
                    APIC_PENDING_INIT | APIC_PENDING_SIPI | APIC_PENDING_NMI);
    g_assert_cmphex(apic_take_event(f->apic[2], APIC_PENDING_NMI, &vector), ==, APIC_PENDING_NMI);
    put(f, 0, ICR, 0x4400);
    g_assert_cmphex(apic_take_event(f->apic[2], ~0u, &vector), ==, APIC_PENDING_INIT);
    g_assert_cmphex(get(f, 2, SVR), ==, 0xff);
    g_assert_cmphex(get(f, 2, LDR), ==, 0);
    g_assert_cmphex(get(f, 2, ID), ==, 0x02000000);
    g_assert_cmphex(apic_pending(f->apic[2]), ==, APIC_WAITS_FOR_SIPI | APIC_PENDING_SIPI);
    g_assert_cmphex(apic_take_event(f->apic[2], ~0u, &vector), ==, APIC_PENDING_SIPI);
    g_assert_cmphex(vector, ==, 0x10);
    g_assert_cmphex(apic_take_event(f->apic[2], ~0u, &vector), ==, 0);
    /* The boot processor starts again by itself. */
    put(f, 2, ICR_DEST, 0);
    put(f, 2, ICR, 0x4500);
    g_assert_cmphex(apic_take_event(f->apic[0], ~0u, &vector), ==, APIC_PENDING_INIT);
    g_assert_cmphex(apic_pending(f->apic[0]), ==, 0);
}

/* ---- priorities ---- */

static void test_nesting(Fixture *f, gconstpointer data)
{
    self_ipi(f, 0, 0x41);
    g_assert_cmpuint(f->attention[0], ==, 1);
    self_ipi(f, 0, 0x42);
    self_ipi(f, 0, 0x81);
    g_assert_cmpuint(f->attention[0], ==, 1); /* it knows already */
    g_assert_cmphex(get(f, 0, IRR + 0x20), ==, 6);
    g_assert_cmpint(take(f, 0), ==, 0x81);
    g_assert_cmphex(get(f, 0, PPR), ==, 0x80);
    g_assert_cmphex(get(f, 0, ISR + 0x40), ==, 2);
    g_assert_false(wants(f, 0));
    g_assert_cmpint(take(f, 0), ==, -1);
    self_ipi(f, 0, 0x8f); /* same class: waits */
    g_assert_false(wants(f, 0));
    self_ipi(f, 0, 0x90);
    g_assert_cmpint(take(f, 0), ==, 0x90);
    put(f, 0, EOI, 0);
    g_assert_false(wants(f, 0));
    put(f, 0, EOI, 0);
    g_assert_cmpint(take(f, 0), ==, 0x8f);
    put(f, 0, EOI, 0);
    g_assert_cmpint(take(f, 0), ==, 0x42);
    put(f, 0, EOI, 0);
    g_assert_cmpint(take(f, 0), ==, 0x41);
    put(f, 0, EOI, 0);
    put(f, 0, EOI, 0); /* one too many */
    g_assert_cmphex(get(f, 0, PPR), ==, 0);
    g_assert_cmpuint(f->eois, ==, 0);
}

static void test_task_priority(Fixture *f, gconstpointer data)
{
    apic_set_tpr(f->apic[0], 0x4f);
    self_ipi(f, 0, 0x45);
    g_assert_false(wants(f, 0));
    g_assert_cmpint(take(f, 0), ==, -1);
    g_assert_cmphex(get(f, 0, PPR), ==, 0x4f);
    put(f, 0, TPR, 0x30);
    g_assert_cmphex(apic_get_tpr(f->apic[0]), ==, 0x30);
    g_assert_cmpuint(f->attention[0], ==, 1);
    put(f, 0, TPR, 0x40); /* raised again before it was taken: no spurious vector */
    g_assert_cmpint(take(f, 0), ==, -1);
    put(f, 0, TPR, 0);
    g_assert_cmphex(get(f, 0, APR), ==, 0x40);
    g_assert_cmpint(take(f, 0), ==, 0x45);
    put(f, 0, TPR, 0x22);
    g_assert_cmphex(get(f, 0, PPR), ==, 0x40);
    put(f, 0, EOI, 0);
    g_assert_cmphex(get(f, 0, PPR), ==, 0x22);
}

static void test_level(Fixture *f, gconstpointer data)
{
    apic_send_message(f->board->machine, 0xfee01000, 0x8061); /* level, de-assert: nothing */
    g_assert_false(wants(f, 1));
    apic_send_message(f->board->machine, 0xfee01000, 0xc061);
    g_assert_cmphex(get(f, 1, TMR + 0x30), ==, 2);
    g_assert_cmpint(take(f, 1), ==, 0x61);
    g_assert_cmpuint(f->eois, ==, 0);
    put(f, 1, EOI, 0);
    g_assert_cmpuint(f->eois, ==, 1);
    g_assert_cmphex(f->eoi_vector, ==, 0x61);
    apic_send_message(f->board->machine, 0xfee01000, 0x61); /* the same vector as an edge */
    g_assert_cmphex(get(f, 1, TMR + 0x30), ==, 0);
    g_assert_cmpint(take(f, 1), ==, 0x61);
    put(f, 1, EOI, 0);
    g_assert_cmpuint(f->eois, ==, 1);
}

static void test_disable(Fixture *f, gconstpointer data)
{
    put(f, 0, TIMER, 0x20031);
    put(f, 0, LINT1, 0x400);
    self_ipi(f, 0, 0x50);
    put(f, 0, SVR, 0x0ff);
    g_assert_cmphex(get(f, 0, TIMER), ==, 0x30031);
    g_assert_cmphex(get(f, 0, LINT1), ==, 0x10400);
    put(f, 0, LINT1, 0x400);
    g_assert_cmphex(get(f, 0, LINT1), ==, 0x10400);
    g_assert_cmpint(take(f, 0), ==, 0x50); /* came before: kept */
    self_ipi(f, 0, 0x60);
    g_assert_cmpint(take(f, 0), ==, -1);
    put(f, 1, ICR_DEST, 0);
    put(f, 1, ICR, 0x4400); /* NMI gets through */
    g_assert_cmphex(apic_pending(f->apic[0]), ==, APIC_PENDING_NMI);
    put(f, 0, SVR, 0x1ff);
    put(f, 0, LINT1, 0x400);
    g_assert_cmphex(get(f, 0, LINT1), ==, 0x400);
}

/* ---- destinations ---- */

static guint who_got(Fixture *f, guint vector)
{
    guint who = 0;

    for (guint i = 0; i < 4; i++) {
        if (take(f, i) == (int)vector) {
            who |= 1u << i;
            put(f, i, EOI, 0);
        }
    }
    return who;
}

static void send_to(Fixture *f, guint from, guint8 dest, guint32 icr)
{
    put(f, from, ICR_DEST, (guint32)dest << 24);
    put(f, from, ICR, icr);
}

static void test_destinations(Fixture *f, gconstpointer data)
{
    send_to(f, 0, 2, 0x4070);
    g_assert_cmphex(who_got(f, 0x70), ==, 1 << 2);
    send_to(f, 0, 7, 0x4070);
    g_assert_cmphex(who_got(f, 0x70), ==, 0);
    send_to(f, 0, 0xff, 0x4070);
    g_assert_cmphex(who_got(f, 0x70), ==, 0xf);
    put(f, 1, ICR, 0x44070); /* self, all, all others */
    g_assert_cmphex(who_got(f, 0x70), ==, 1 << 1);
    put(f, 1, ICR, 0x84070);
    g_assert_cmphex(who_got(f, 0x70), ==, 0xf);
    put(f, 1, ICR, 0xc4070);
    g_assert_cmphex(who_got(f, 0x70), ==, 0xd);
    g_assert_cmphex(get(f, 1, ICR), ==, 0xc4070);
    put(f, 2, ID, 0x09000000);
    send_to(f, 0, 9, 0x4070);
    g_assert_cmphex(who_got(f, 0x70), ==, 1 << 2);
}

static void test_logical(Fixture *f, gconstpointer data)
{
    static const guint8 cluster[] = {0x11, 0x12, 0x21, 0x28};

    send_to(f, 0, 0x0f, 0x4871); /* no logical ids yet */
    g_assert_cmphex(who_got(f, 0x71), ==, 0);
    for (guint i = 0; i < 4; i++) {
        put(f, i, LDR, 0x01000000u << i);
    }
    send_to(f, 0, 0x0a, 0x4871);
    g_assert_cmphex(who_got(f, 0x71), ==, 0xa);
    for (guint i = 0; i < 4; i++) {
        put(f, i, DFR, 0);
        put(f, i, LDR, (guint32)cluster[i] << 24 | 0x123456);
    }
    g_assert_cmphex(get(f, 0, DFR), ==, 0x0fffffff);
    g_assert_cmphex(get(f, 0, LDR), ==, 0x11000000);
    send_to(f, 0, 0x13, 0x4871);
    g_assert_cmphex(who_got(f, 0x71), ==, 0x3);
    send_to(f, 0, 0x29, 0x4871);
    g_assert_cmphex(who_got(f, 0x71), ==, 0xc);
    send_to(f, 0, 0x31, 0x4871);
    g_assert_cmphex(who_got(f, 0x71), ==, 0);
    send_to(f, 0, 0xff, 0x4871);
    g_assert_cmphex(who_got(f, 0x71), ==, 0xf);
}

static void test_lowest_priority(Fixture *f, gconstpointer data)
{
    guint got = 0;

    put(f, 0, TPR, 0x20);
    put(f, 1, TPR, 0x20);
    put(f, 2, TPR, 0x10);
    put(f, 3, TPR, 0x30);
    send_to(f, 0, 0xff, 0x4172);
    g_assert_cmphex(who_got(f, 0x72), ==, 1 << 2);
    put(f, 2, SVR, 0xff); /* a disabled one is out of it */
    for (guint i = 0; i < 2; i++) {
        send_to(f, 0, 0xff, 0x4172);
        got |= who_got(f, 0x72);
    }
    g_assert_cmphex(got, ==, 3); /* in turn, where priorities are equal */
    /* A message from a device with the redirection hint. */
    for (guint i = 0; i < 4; i++) {
        put(f, i, LDR, 0x01000000u << i);
    }
    apic_send_message(f->board->machine, 0xfee0800c, 0x73);
    g_assert_cmphex(who_got(f, 0x73), ==, 1 << 3);
    apic_send_message(f->board->machine, 0xfee0b00c, 0x73);
    g_assert_cmpuint(__builtin_popcount(who_got(f, 0x73)), ==, 1);
    apic_send_message(f->board->machine, 0xfee0b004, 0x73); /* without it: everyone */
    g_assert_cmphex(who_got(f, 0x73), ==, 0xb);
}

/* ---- errors ---- */

static void test_errors(Fixture *f, gconstpointer data)
{
    put(f, 0, ERROR, 0xfe);
    put(f, 0, ICR, 0x4400f);                /* vector below 16 */
    g_assert_cmphex(get(f, 0, ESR), ==, 0); /* shows after a write */
    g_assert_cmpint(take(f, 0), ==, 0xfe);
    put(f, 0, EOI, 0);
    put(f, 0, ICR, 0x4400f);
    g_assert_false(wants(f, 0)); /* once, until ESR is written */
    put(f, 0, ESR, 0xffffffff);
    g_assert_cmphex(get(f, 0, ESR), ==, ESR_SEND_VECTOR);
    put(f, 0, ESR, 0);
    g_assert_cmphex(get(f, 0, ESR), ==, 0);
    apic_send_message(f->board->machine, 0xfee00000, 0x05);
    get(f, 0, 0x40);
    put(f, 0, ESR, 0);
    g_assert_cmphex(get(f, 0, ESR), ==, ESR_RECEIVE_VECTOR | ESR_REGISTER);
    g_assert_cmpint(take(f, 0), ==, 0xfe);
    put(f, 0, EOI, 0);
    /* An error interrupt with a bad vector of its own ends. */
    put(f, 0, ERROR, 0x03);
    put(f, 0, 0x3f0, 1);
    put(f, 0, ESR, 0);
    g_assert_cmphex(get(f, 0, ESR), ==, ESR_RECEIVE_VECTOR | ESR_REGISTER);
}

/* Every offset and size that a guest can think of, with every bit set and clear. */
static void test_hostile(Fixture *f, gconstpointer data)
{
    AddressSpace *memory = f->board->machine->memory;
    GRand *rand = g_rand_new_with_seed(7);
    guint8 vector;

    for (guint round = 0; round < 20000; round++) {
        guint64 addr = PAGE + (guint)g_rand_int_range(rand, 0, 0x410);
        guint64 value = round % 3 ? g_rand_int(rand) : round & 1 ? G_MAXUINT64 : 0;
        guint size = 1u << g_rand_int_range(rand, 0, 4);

        if (round % 50 == 0) {
            addr += (guint)g_rand_int_range(rand, 0, 0x100000);
        }
        address_space_store(memory, addr, value, size);
        address_space_load(memory, addr, size);
        if (round % 7 == 0) {
            test_board_step(f->board, 1000);
        }
        for (guint i = 0; i < 4 && round % 5 == 0; i++) {
            apic_take_event(f->apic[i], g_rand_int(rand), &vector);
            g_assert_cmpint(apic_take_interrupt(f->apic[i]), <, 256);
        }
    }
    g_rand_free(rand);
    for (guint i = 0; i < 4; i++) { /* and nothing below 16 was ever accepted */
        g_assert_cmphex(get(f, i, IRR) & 0xffff, ==, 0);
        g_assert_cmphex(get(f, i, ISR) & 0xffff, ==, 0);
    }
}

/* ---- timer ---- */

static gint64 next_timer(Fixture *f)
{
    return clock_next_expiry(f->board->machine->guest_clock);
}

static void test_one_shot(Fixture *f, gconstpointer data)
{
    put(f, 0, DIVIDE, 0x3); /* by 16 */
    put(f, 0, COUNT, 1000);
    g_assert_cmpint(next_timer(f), ==, -1); /* masked: nobody wakes up for it */
    test_board_step(f->board, 1600);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 900);
    test_board_step(f->board, 15);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 900);
    test_board_step(f->board, 1);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 899);
    put(f, 0, TIMER, 0x31);
    g_assert_cmpint(next_timer(f), ==, 16000);
    test_board_step(f->board, 16000 - 1617);
    g_assert_false(wants(f, 0));
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 1);
    test_board_step(f->board, 1);
    g_assert_cmpint(take(f, 0), ==, 0x31);
    put(f, 0, EOI, 0);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 0);
    g_assert_cmpuint(get(f, 0, COUNT), ==, 1000);
    test_board_step(f->board, 100000);
    g_assert_false(wants(f, 0));
    /* What expires masked is lost. */
    put(f, 0, TIMER, 0x10031);
    put(f, 0, COUNT, 10);
    test_board_step(f->board, 1000);
    put(f, 0, TIMER, 0x31);
    g_assert_false(wants(f, 0));
    put(f, 0, COUNT, 10);
    put(f, 0, COUNT, 0); /* stops it */
    test_board_step(f->board, 1000);
    g_assert_false(wants(f, 0));
}

static void test_periodic(Fixture *f, gconstpointer data)
{
    put(f, 0, DIVIDE, 0xb); /* by 1 */
    put(f, 0, TIMER, 0x20031);
    put(f, 0, COUNT, 1000);
    for (guint i = 0; i < 3; i++) {
        test_board_step(f->board, 1000);
        g_assert_cmpint(take(f, 0), ==, 0x31);
        put(f, 0, EOI, 0);
        g_assert_false(wants(f, 0));
    }
    /* Nobody takes it: one request, and no more wake-ups. */
    test_board_step(f->board, 1000);
    g_assert_true(wants(f, 0));
    g_assert_cmpint(next_timer(f), ==, -1);
    test_board_step(f->board, 5300);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 700);
    g_assert_cmpint(take(f, 0), ==, 0x31);
    put(f, 0, EOI, 0);
    g_assert_false(wants(f, 0));
    g_assert_cmpint(next_timer(f), ==, 10000); /* in step with the first */
    put(f, 0, TIMER, 0x31);                    /* one-shot from here */
    test_board_step(f->board, 700);
    g_assert_cmpint(take(f, 0), ==, 0x31);
    g_assert_cmpint(next_timer(f), ==, -1);
}

static void test_timer_limits(Fixture *f, gconstpointer data)
{
    static const guint8 codes[] = {0, 1, 2, 3, 8, 9, 10, 11};
    static const guint divisors[] = {2, 4, 8, 16, 32, 64, 128, 1};

    put(f, 0, TIMER, 0x31);
    for (guint i = 0; i < 8; i++) {
        gint64 now = clock_now(f->board->machine->guest_clock);

        put(f, 0, DIVIDE, codes[i] | 0xfffffff4);
        g_assert_cmphex(get(f, 0, DIVIDE), ==, codes[i]);
        put(f, 0, COUNT, 0xffffffff);
        g_assert_cmpint(next_timer(f) - now, ==, 0xffffffffll * divisors[i]);
        g_assert_cmphex(get(f, 0, CURRENT), ==, 0xffffffff);
    }
    /* The divisor changes on the way: the count goes on from where it was. */
    put(f, 0, DIVIDE, 0x0);
    put(f, 0, COUNT, 100);
    test_board_step(f->board, 100);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 50);
    put(f, 0, DIVIDE, 0xa);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 50);
    test_board_step(f->board, 50 * 128);
    g_assert_cmpint(take(f, 0), ==, 0x31);
    put(f, 0, EOI, 0);
    /* A periodic one faster than anything, with a vector that is an error. */
    put(f, 0, DIVIDE, 0xb);
    put(f, 0, TIMER, 0x20001);
    put(f, 0, COUNT, 1);
    test_board_step(f->board, 100);
    g_assert_cmpint(next_timer(f), ==, -1);
    put(f, 0, TIMER, 0x30001);
    put(f, 0, ESR, 0);
    g_assert_cmphex(get(f, 0, ESR), ==, ESR_RECEIVE_VECTOR);
}

/* ---- pins ---- */

static void test_extint(Fixture *f, gconstpointer data)
{
    put(f, 0, LINT0, 0x10700);
    set_pin(f, 0, 0, 1);
    g_assert_false(wants(f, 0));
    put(f, 0, LINT0, 0x700);
    g_assert_true(wants(f, 0));
    self_ipi(f, 0, 0x20); /* this APIC's own come first */
    g_assert_cmpint(take(f, 0), ==, 0x20);
    put(f, 0, TPR, 0xff); /* task priority does not hold the 8259 back */
    g_assert_true(wants(f, 0));
    g_assert_cmpint(take(f, 0), ==, 0x0b);
    g_assert_cmpuint(f->acknowledged, ==, 1);
    g_assert_cmphex(get(f, 0, ISR), ==, 0);
    g_assert_false(wants(f, 0));
    g_assert_cmpint(take(f, 0), ==, -1);
    set_pin(f, 0, 0, 1);
    set_pin(f, 0, 0, 0); /* gone before it was taken */
    g_assert_cmpint(take(f, 0), ==, -1);
    g_assert_cmpuint(f->acknowledged, ==, 1);
}

static void test_pins(Fixture *f, gconstpointer data)
{
    guint8 vector;

    apic_raise_nmi(f->apic[0]); /* masked */
    g_assert_cmphex(apic_pending(f->apic[0]), ==, 0);
    put(f, 0, LINT1, 0x400);
    apic_raise_nmi(f->apic[0]);
    g_assert_cmphex(apic_take_event(f->apic[0], APIC_PENDING_NMI, &vector), ==, APIC_PENDING_NMI);
    /* A level at LINT0 as a fixed interrupt. */
    put(f, 1, LINT0, 0x8055);
    set_pin(f, 1, 0, 1);
    g_assert_cmphex(get(f, 1, LINT0), ==, 0xc055);
    g_assert_cmpint(take(f, 1), ==, 0x55);
    put(f, 1, EOI, 0); /* still high: again */
    g_assert_cmpint(take(f, 1), ==, 0x55);
    set_pin(f, 1, 0, 0);
    put(f, 1, EOI, 0);
    g_assert_false(wants(f, 1));
    g_assert_cmphex(get(f, 1, LINT0), ==, 0x8055);
    put(f, 1, LINT0, 0x56); /* an edge */
    set_pin(f, 1, 0, 1);
    g_assert_cmpint(take(f, 1), ==, 0x56);
    put(f, 1, EOI, 0);
    g_assert_false(wants(f, 1));
}

/* ---- IA32_APIC_BASE ---- */

static void test_base(Fixture *f, gconstpointer data)
{
    Machine *machine = f->board->machine;
    Apic *apic = f->apic[0];

    g_assert_cmphex(address_space_load(machine->memory, PAGE + VERSION, 4), ==, 0x50014);
    g_assert_false(apic_set_base(apic, 0xfee00900 | APIC_BASE_X2APIC));
    g_assert_false(apic_set_base(apic, 0xfee00901));
    g_assert_cmphex(apic_get_base(apic), ==, 0xfee00900);
    put(f, 0, TPR, 0x33);
    g_assert_true(apic_set_base(apic, 0xd0000800)); /* moved; the BSP bit stays */
    g_assert_cmphex(apic_get_base(apic), ==, 0xd0000900);
    g_assert_cmphex(address_space_load(machine->memory, 0xd0000000 + TPR, 4), ==, 0x33);
    g_assert_cmphex(address_space_load(machine->memory, PAGE + TPR, 4), ==, 0xffffffff);
    g_assert_true(apic_set_base(apic, 0xd0001900));
    address_space_store(machine->memory, 0xd0001000 + TPR, 0x44, 4);
    g_assert_cmphex(apic_get_tpr(apic), ==, 0x44);
    /* Switched off: no registers, INTR and NMI go straight through. */
    g_assert_true(apic_set_base(apic, 0xfee00100));
    g_assert_cmphex(address_space_load(machine->memory, PAGE + VERSION, 4), ==, 0xffffffff);
    send_to(f, 1, 0, 0x4070);
    g_assert_cmpint(take(f, 0), ==, -1);
    set_pin(f, 0, 0, 1);
    g_assert_cmpint(take(f, 0), ==, 0x0b);
    apic_raise_nmi(apic);
    g_assert_cmphex(apic_pending(apic), ==, APIC_PENDING_NMI);
    g_assert_true(apic_set_base(apic, 0xfee00900));
    g_assert_cmphex(address_space_load(machine->memory, PAGE + SVR, 4), ==, 0xff);
    g_assert_cmphex(get(f, 0, TPR), ==, 0);
}

/* ---- messages through memory, saved state ---- */

static void test_window(Fixture *f, gconstpointer data)
{
    AddressSpace *memory = f->board->machine->memory;

    address_space_store(memory, 0xfee02000, 0x62, 4);
    g_assert_cmpint(take(f, 2), ==, 0x62);
    address_space_store(memory, 0xfee00000, 0x63, 4); /* destination 0: beside the registers */
    g_assert_cmpint(take(f, 0), ==, 0x63);
    address_space_store(memory, 0xfeeff000, 0x64, 4);
    g_assert_cmphex(who_got(f, 0x64), ==, 0xa);             /* two still serve that class */
    apic_send_message(f->board->machine, 0xfed00000, 0x65); /* none for us */
    apic_send_message(f->board->machine, 0xffffffffffffffff, 0xffffffff);
    g_assert_false(wants(f, 1));
}

static void test_state(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const guint8 *bytes;
    gsize length;

    put(f, 0, DIVIDE, 0xb);
    put(f, 0, TIMER, 0x20031);
    put(f, 0, COUNT, 1000);
    put(f, 0, TPR, 0x10);
    self_ipi(f, 0, 0x99);
    test_board_step(f->board, 300);
    state_save(apic_ops.state, f->dev[0], saved);
    apic_ops.reset(f->dev[0]);
    g_assert_false(wants(f, 0));
    bytes = saved->data;
    length = saved->len;
    g_assert_true(state_load(apic_ops.state, f->dev[0], &bytes, &length, &error));
    g_assert_no_error(error);
    g_assert_cmpint(take(f, 0), ==, 0x99);
    g_assert_cmpuint(get(f, 0, CURRENT), ==, 700);
    g_assert_cmpint(next_timer(f), ==, 1000);
    f->apic[0]->ops->print(f->apic[0], text);
    g_assert_nonnull(strstr(text->str, "ISR      153\n"));
    g_assert_nonnull(strstr(text->str, "periodic"));
    /* A stranger's. */
    memset(saved->data + 4, 0xff, saved->len - 4);
    bytes = saved->data;
    length = saved->len;
    if (state_load(apic_ops.state, f->dev[0], &bytes, &length, NULL)) {
        g_assert_cmphex(get(f, 0, IRR) & 0xffff, ==, 0);
        g_assert_cmphex(get(f, 0, ISR) & 0xffff, ==, 0);
        put(f, 0, ICR, 0x84141);
    }
}

static void add(const char *path, void (*fn)(Fixture *f, gconstpointer data), gboolean power_up)
{
    g_test_add(path, Fixture, GINT_TO_POINTER(power_up), setup, fn, teardown);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/apic/power-up", test_power_up, TRUE);
    add("/apic/init-sipi", test_init_sipi, TRUE);
    add("/apic/nesting", test_nesting, FALSE);
    add("/apic/task-priority", test_task_priority, FALSE);
    add("/apic/level", test_level, FALSE);
    add("/apic/disable", test_disable, FALSE);
    add("/apic/destinations", test_destinations, FALSE);
    add("/apic/logical", test_logical, FALSE);
    add("/apic/lowest-priority", test_lowest_priority, FALSE);
    add("/apic/errors", test_errors, FALSE);
    add("/apic/hostile", test_hostile, FALSE);
    add("/apic/timer/one-shot", test_one_shot, FALSE);
    add("/apic/timer/periodic", test_periodic, FALSE);
    add("/apic/timer/limits", test_timer_limits, FALSE);
    add("/apic/extint", test_extint, FALSE);
    add("/apic/pins", test_pins, FALSE);
    add("/apic/base", test_base, FALSE);
    add("/apic/window", test_window, FALSE);
    add("/apic/state", test_state, FALSE);
    return g_test_run();
}
