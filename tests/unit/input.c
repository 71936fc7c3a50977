/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/input: who gets an event, and chords. */
#include <stdio.h>
#include <string.h>

#include "core/input.h"
#include "core/keymap.h"
#include "tests/unit/test-board.h"

typedef struct Fixture {
    TestBoard *board;
    Machine *machine;
    InputRouter *router;
    GString *log;
} Fixture;

typedef struct Sink {
    Fixture *f;
    const char *tag;
    InputSinkOps ops;
    InputSink *sink;
} Sink;

static void set_up(Fixture *f, gconstpointer data)
{
    f->board = test_board_new();
    f->machine = f->board->machine;
    f->router = f->machine->input;
    f->log = g_string_new(NULL);
    machine_cont(f->machine);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    test_board_free(f->board);
    g_string_free(f->log, TRUE);
}

static void on_event(void *opaque, const InputEvent *event)
{
    Sink *sink = opaque;

    g_string_append_printf(sink->f->log, "%s:%u=%d ", sink->tag, event->code, event->value);
}

static void on_sync(void *opaque)
{
    Sink *sink = opaque;

    g_string_append_printf(sink->f->log, "%s:sync ", sink->tag);
}

static void add(Fixture *f, Sink *sink, const char *tag, guint kinds)
{
    sink->f = f;
    sink->tag = tag;
    sink->ops = (InputSinkOps){.name = tag, .kinds = kinds, .event = on_event, .sync = on_sync};
    sink->sink = input_sink_add(f->router, &sink->ops, sink);
}

static void expect(Fixture *f, const char *text)
{
    g_assert_cmpstr(f->log->str, ==, text);
    g_string_truncate(f->log, 0);
}

static void test_newest(Fixture *f, gconstpointer data)
{
    Sink old, new;

    add(f, &old, "old", INPUT_KIND_KEY);
    add(f, &new, "new", INPUT_KIND_KEY);
    input_key(f->router, KEY_A, TRUE);
    input_sync(f->router);
    expect(f, "new:30=1 new:sync ");

    /* The release goes where the press went, whoever is preferred by then. */
    input_sink_set_active(new.sink, FALSE);
    input_key(f->router, KEY_B, TRUE);
    input_key(f->router, KEY_A, FALSE);
    input_key(f->router, KEY_A, FALSE);
    expect(f, "old:48=1 new:30=0 ");
    input_sink_remove(new.sink);
    input_sink_remove(old.sink);
    input_key(f->router, KEY_B, FALSE);
    input_key(f->router, KEY_C, TRUE);
    input_key(f->router, 0xffffff, TRUE);
    expect(f, "");
}

static void test_pointers(Fixture *f, gconstpointer data)
{
    Sink mouse, tablet;

    add(f, &tablet, "tablet", INPUT_KIND_BUTTON | INPUT_KIND_ABS);
    add(f, &mouse, "mouse", INPUT_KIND_BUTTON | INPUT_KIND_REL);
    g_assert_true(input_is_absolute(f->router));
    input_abs(f->router, ABS_X, 100);
    input_abs(f->router, ABS_Y, 99999);
    input_button(f->router, BTN_LEFT, TRUE);
    input_rel(f->router, REL_WHEEL, 1);
    input_rel(f->router, REL_X, 5);
    input_rel(f->router, REL_X, 0);
    expect(f, "tablet:0=100 tablet:1=32767 tablet:272=1 tablet:8=1 mouse:0=5 ");
    input_sink_set_active(tablet.sink, FALSE);
    g_assert_false(input_is_absolute(f->router));
    input_button(f->router, BTN_RIGHT, TRUE);
    input_button(f->router, BTN_LEFT, FALSE);
    input_abs(f->router, ABS_X, 1);
    expect(f, "mouse:273=1 tablet:272=0 ");
}

static void test_stopped(Fixture *f, gconstpointer data)
{
    Sink keyboard;

    add(f, &keyboard, "k", INPUT_KIND_KEY | INPUT_KIND_BUTTON | INPUT_KIND_REL);
    input_key(f->router, KEY_A, TRUE);
    machine_stop(f->machine, RUN_STATE_PAUSED);
    input_key(f->router, KEY_A, FALSE);
    input_key(f->router, KEY_B, TRUE);
    input_rel(f->router, REL_X, 1);
    expect(f, "k:30=1 k:30=0 ");
}

static void print_mouse(const InputMouse *mouse, void *opaque)
{
    g_string_append_printf(opaque, "%s%u%s%s ", mouse->current ? "*" : "", mouse->index,
                           mouse->name, mouse->absolute ? "a" : "");
}

static void test_mice(Fixture *f, gconstpointer data)
{
    Sink a, b, tablet;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    input_foreach_mouse(f->router, print_mouse, out);
    g_assert_cmpstr(out->str, ==, "");
    add(f, &a, "A", INPUT_KIND_REL);
    add(f, &b, "B", INPUT_KIND_REL);
    add(f, &tablet, "T", INPUT_KIND_ABS);
    input_foreach_mouse(f->router, print_mouse, out);
    g_assert_cmpstr(out->str, ==, "1A 2B *3Ta ");
    g_assert_true(input_select_mouse(f->router, 1, &error));
    input_rel(f->router, REL_X, 1);
    expect(f, "A:0=1 ");
    g_assert_false(input_is_absolute(f->router));
    g_assert_true(input_select_mouse(f->router, 3, &error));
    g_assert_true(input_is_absolute(f->router));
    g_assert_false(input_select_mouse(f->router, 4, &error));
    g_assert_nonnull(error);
}

static void on_leds(void *opaque, guint leds)
{
    g_string_append_printf(opaque, "leds=%u ", leds);
}

static void on_mode(void *opaque, gboolean absolute)
{
    g_string_append_printf(opaque, "abs=%d ", absolute);
}

static void test_listener(Fixture *f, gconstpointer data)
{
    static const InputListenerOps ops = {.leds = on_leds, .pointer_mode = on_mode};
    InputListener *listener = input_listen(f->router, &ops, f->log);
    Sink keyboard, tablet;

    add(f, &keyboard, "k", INPUT_KIND_KEY);
    input_sink_set_leds(keyboard.sink, 1 << LED_CAPSL);
    input_sink_set_leds(keyboard.sink, 1 << LED_CAPSL);
    add(f, &tablet, "t", INPUT_KIND_ABS);
    g_assert_cmpuint(input_leds(f->router), ==, 1 << LED_CAPSL);
    input_sink_remove(tablet.sink);
    input_unlisten(listener);
    input_sink_remove(keyboard.sink);
    expect(f, "leds=2 abs=1 abs=0 ");
}

static void test_chord(Fixture *f, gconstpointer data)
{
    static const guint chord[] = {KEY_LEFTCTRL, KEY_C}, single[] = {KEY_X}, many[20] = {0};
    Clock *clock = f->machine->guest_clock;
    Sink keyboard;

    add(f, &keyboard, "k", INPUT_KIND_KEY);
    g_assert_true(input_send_chord(f->router, chord, 2, 50));
    g_assert_true(input_send_chord(f->router, single, 1, 0));
    g_assert_false(input_send_chord(f->router, many, 20, 0));
    g_assert_false(input_send_chord(f->router, many, 0, 0));
    expect(f, "k:29=1 k:sync k:46=1 k:sync ");
    clock_step(clock, 49 * NS_PER_MS);
    expect(f, "");
    clock_step(clock, 50 * NS_PER_MS);
    expect(f, "k:46=0 k:sync k:29=0 k:sync ");
    clock_step(clock, 100 * NS_PER_MS);
    expect(f, "k:45=1 k:sync ");
    clock_step(clock, 1000 * NS_PER_MS);
    expect(f, "k:45=0 k:sync ");

    guint accepted = 0;
    while (input_send_chord(f->router, single, 1, 10)) {
        g_assert_cmpuint(++accepted, <=, INPUT_QUEUE_MAX);
    }
    g_assert_cmpuint(accepted, >=, 100);
}

/* A chord that is sent to a stopped machine arrives when it goes on. */
static void test_chord_stopped(Fixture *f, gconstpointer data)
{
    static const guint single[] = {KEY_X};
    Sink keyboard;

    add(f, &keyboard, "k", INPUT_KIND_KEY);
    machine_stop(f->machine, RUN_STATE_PAUSED);
    g_assert_true(input_send_chord(f->router, single, 1, 10));
    expect(f, "");
    machine_cont(f->machine);
    clock_step(f->machine->guest_clock, 20 * NS_PER_MS);
    expect(f, "k:45=1 k:sync k:45=0 k:sync ");
}

/* ---- typed text ---- */

/* Lets all be typed; returns the keys as "29+ 46+ 46- 29-". */
static char *typed(Fixture *f)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) words = NULL;

    clock_step(f->machine->guest_clock,
               clock_now(f->machine->guest_clock) + 60 * (gint64)NS_PER_SEC);
    words = g_strsplit(f->log->str, " ", -1);
    for (guint i = 0; words[i]; i++) {
        guint key, down;

        if (sscanf(words[i], "k:%u=%u", &key, &down) == 2) {
            g_string_append_printf(out, "%s%u%s", out->len ? " " : "", key, down ? "+" : "-");
        }
    }
    g_string_truncate(f->log, 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void check_typed(Fixture *f, const char *text, const char *keys)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    g_test_message("%s", text);
    g_assert_true(input_type(f->router, text, &error));
    g_assert_no_error(error);
    got = typed(f);
    g_assert_cmpstr(got, ==, keys);
}

static void test_type(Fixture *f, gconstpointer data)
{
    Sink keyboard;

    add(f, &keyboard, "k", INPUT_KIND_KEY);
    check_typed(f, "", "");
    check_typed(f, "aA", "30+ 30- 42+ 30+ 30- 42-");
    check_typed(f, "1!\t\x1b\b", "2+ 2- 42+ 2+ 2- 42- 15+ 15- 1+ 1- 14+ 14-");
    check_typed(f, "\r\n\n\r", "28+ 28- 28+ 28- 28+ 28-");
    input_sink_set_leds(keyboard.sink, 1 << LED_CAPSL);
    check_typed(f, "aA;", "42+ 30+ 30- 42- 30+ 30- 39+ 39-");
    input_sink_set_leds(keyboard.sink, 0);

    /* Paced: 20 ms down, 20 ms up, on the guest's clock; after what was queued before. */
    static const guint x[] = {KEY_X};
    gint64 now = clock_now(f->machine->guest_clock);
    g_assert_true(input_type(f->router, "a", NULL));
    g_assert_true(input_send_chord(f->router, x, 1, 10));
    g_assert_true(input_type(f->router, "b", NULL));
    clock_step(f->machine->guest_clock, now + 19 * NS_PER_MS);
    expect(f, "k:30=1 k:sync ");
    clock_step(f->machine->guest_clock, now + 39 * NS_PER_MS);
    expect(f, "k:30=0 k:sync ");
    g_autofree char *rest = typed(f);
    g_assert_cmpstr(rest, ==, "45+ 45- 48+ 48-");
}

static void test_type_layout(Fixture *f, gconstpointer data)
{
    Sink keyboard;

    f->machine->keymap_layout = "de";
    add(f, &keyboard, "k", INPUT_KIND_KEY);
    check_typed(f, "zy", "21+ 21- 44+ 44-");
    check_typed(f, "\xc3\xb6", "39+ 39-");                                  /* o diaeresis: a key */
    check_typed(f, "@\xe2\x82\xac", "100+ 16+ 16- 100- 100+ 18+ 18- 100-"); /* AltGr */
    check_typed(f, "\xc3\xa9", "13+ 13- 18+ 18-");         /* e acute: a dead key */
    check_typed(f, "\xc3\x8a", "41+ 41- 42+ 18+ 18- 42-"); /* E circumflex */
    check_typed(f, "^", "41+ 41- 57+ 57-"); /* which is dead itself on this keyboard */
}

static void test_type_bad(Fixture *f, gconstpointer data)
{
    Sink keyboard;
    g_autoptr(GError) error = NULL;
    g_autofree char *much = g_strnfill(INPUT_QUEUE_MAX + 1, 'x');
    static const guint x[] = {KEY_X};

    add(f, &keyboard, "k", INPUT_KIND_KEY);
    g_assert_false(input_type(f->router, "ab\xe2\x82\xac", &error));
    g_assert_cmpstr(
        error->message, ==,
        "the keyboard layout 'us' has no key for '\xe2\x82\xac' (U+20AC, character 3 of "
        "the text)");
    g_clear_error(&error);
    g_assert_false(input_type(f->router, "\x01", &error));
    g_assert_cmpstr(error->message, ==,
                    "the keyboard layout 'us' has no key for '' (U+0001, character 1 of the text)");
    g_clear_error(&error);
    g_assert_false(input_type(f->router, "\xff\xfe", &error));
    g_assert_cmpstr(error->message, ==, "the text is not UTF-8");
    g_clear_error(&error);
    g_assert_false(input_type(f->router, much, &error));
    g_assert_nonnull(strstr(error->message, "65536"));
    g_clear_error(&error);
    expect(f, ""); /* nothing of all that */

    much[INPUT_QUEUE_MAX] = '\0';
    g_assert_true(input_type(f->router, much, &error));
    g_assert_false(input_type(f->router, "x", NULL));
    g_assert_false(input_send_chord(f->router, x, 1, 10));
    g_assert_cmpuint(input_type_cancel(f->router), ==, INPUT_QUEUE_MAX - 1); /* one is down */
    g_autofree char *rest = typed(f);
    g_assert_cmpstr(rest, ==, "45+ 45-");
    f->machine->keymap_layout = "xx-none";
    keymap_free(g_steal_pointer(&f->machine->keymap));
    g_assert_false(input_type(f->router, "x", &error));
    g_assert_nonnull(strstr(error->message, "xx-none"));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/input/newest", test_newest},
        {"/input/pointers", test_pointers},
        {"/input/stopped", test_stopped},
        {"/input/mice", test_mice},
        {"/input/listener", test_listener},
        {"/input/chord", test_chord},
        {"/input/chord-stopped", test_chord_stopped},
        {"/input/type", test_type},
        {"/input/type-layout", test_type_layout},
        {"/input/type-bad", test_type_bad},
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].fn, tear_down);
    }
    return g_test_run();
}
