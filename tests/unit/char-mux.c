/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/char-mux: two users on one device, the escape character, an order of closing. */
#include <string.h>

#include "core/char.h"
#include "tests/unit/test-board.h"

typedef struct User {
    GString *got;
    GString *events;
    gsize room;
} User;

typedef struct Fixture {
    TestBoard *board;
    Machine *machine;
    Chardev *base, *mux, *console, *monitor;
    User console_user, monitor_user;
} Fixture;

static gsize user_can_receive(void *opaque)
{
    return ((User *)opaque)->room;
}

static void user_receive(void *opaque, const guint8 *data, gsize length)
{
    User *user = opaque;

    g_assert_cmpuint(length, <=, user->room);
    user->room -= length;
    g_string_append_len(user->got, (const char *)data, (gssize)length);
}

static void user_event(void *opaque, CharEvent event)
{
    g_string_append_c(((User *)opaque)->events, "OCB"[event]);
}

static const CharUser user_ops = {user_can_receive, user_receive, user_event, NULL};

static Chardev *create(Fixture *f, const char *type, const char *id, const char *base,
                       GError **error)
{
    g_autoptr(OptionList) list = option_list_new();

    if (base) {
        option_list_add(list, "chardev", base);
    }
    return chardev_create(f->machine, type, id, list, error);
}

static void user_init(User *user)
{
    user->got = g_string_new(NULL);
    user->events = g_string_new(NULL);
    user->room = 1000;
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    f->board = test_board_new();
    f->machine = f->board->machine;
    user_init(&f->console_user);
    user_init(&f->monitor_user);
    f->base = create(f, "ringbuf", "base", NULL, &error);
    f->mux = create(f, "mux", "mux", "base", &error);
    g_assert_no_error(error);
    f->console = chardev_claim(f->machine, "mux", &error);
    g_assert_true(chardev_attach(f->console, &user_ops, &f->console_user, &error));
    f->monitor = chardev_claim(f->machine, "mux", &error);
    g_assert_true(chardev_attach(f->monitor, &user_ops, &f->monitor_user, &error));
}

static void tear_down(Fixture *f, gconstpointer data)
{
    test_board_free(f->board);
    g_string_free(f->console_user.got, TRUE);
    g_string_free(f->console_user.events, TRUE);
    g_string_free(f->monitor_user.got, TRUE);
    g_string_free(f->monitor_user.events, TRUE);
}

static void type(Fixture *f, const char *text)
{
    chardev_ringbuf_write(f->base, (const guint8 *)text, strlen(text));
}

static void test_focus(Fixture *f, gconstpointer data)
{
    type(f, "one\001");
    type(f, "ctwo");
    g_assert_cmpstr(f->console_user.got->str, ==, "one");
    g_assert_cmpstr(f->monitor_user.got->str, ==, "two");
    /* The monitor hears of its peer when it is looked at, and once. */
    type(f, "\001c\001\001\001b\001c");
    g_assert_cmpstr(f->console_user.got->str, ==, "one\001");
    g_assert_cmpstr(f->console_user.events->str, ==, "OB");
    g_assert_cmpstr(f->monitor_user.events->str, ==, "O");
}

static void test_output(Fixture *f, gconstpointer data)
{
    guint8 out[512] = {0};

    chardev_write(f->console, (const guint8 *)"AB", 2);
    chardev_write(f->monitor, (const guint8 *)"C", 1);
    g_assert_cmpuint(chardev_ringbuf_read(f->base, out, sizeof(out)), ==, 3);
    g_assert_cmpstr((char *)out, ==, "ABC");
    type(f, "\001h");
    chardev_ringbuf_read(f->base, out, sizeof(out) - 1);
    g_assert_nonnull(strstr((char *)out, "Ctrl-A x"));
}

/* Ctrl-A t: a time before each line, whoever writes it, and in whatever parts. */
static void test_stamps(Fixture *f, gconstpointer data)
{
    g_autofree char *out = g_malloc0(512);

    type(f, "\001t");
    chardev_write(f->console, (const guint8 *)"on", 2);
    chardev_write(f->console, (const guint8 *)"e\ntwo\n", 6);
    chardev_write(f->monitor, (const guint8 *)"three", 5);
    type(f, "\001t");
    chardev_write(f->console, (const guint8 *)"\nfour\n", 6);
    chardev_ringbuf_read(f->base, (guint8 *)out, 511);
    g_assert_true(g_regex_match_simple("^\\[00:00:0\\d\\.\\d{3}\\] one\n"
                                       "\\[00:00:0\\d\\.\\d{3}\\] two\n"
                                       "\\[00:00:0\\d\\.\\d{3}\\] three\nfour\n$",
                                       out, 0, 0));
}

static void test_slow_user(Fixture *f, gconstpointer data)
{
    g_autofree char *much = g_strnfill(10000, 'x');
    gsize taken;

    f->console_user.room = 2;
    taken = chardev_ringbuf_write(f->base, (const guint8 *)much, 10000);
    g_assert_cmpuint(taken, <=, 4096);
    g_assert_cmpstr(f->console_user.got->str, ==, "xx");
    f->console_user.room = 10000;
    chardev_accept(f->console);
    g_assert_cmpuint(f->console_user.got->len, ==, taken);
    /* What was meant for one user is not given to the other. */
    f->console_user.room = 0;
    type(f, "ab\001cd");
    g_assert_cmpstr(f->monitor_user.got->str, ==, "d");
    f->console_user.room = 10;
    chardev_accept(f->console);
    g_assert_true(g_str_has_suffix(f->console_user.got->str, "xab"));
}

static void test_bad(Fixture *f, gconstpointer data)
{
    static const char *const cases[][2] = {
        {NULL, "mux needs chardev=ID"},
        {"nobody", "mux needs chardev=ID"},
        {"mux", "'mux' is a mux itself"},
        {"other", "'other' is in use"},
    };
    Chardev *other = create(f, "null", "other", NULL, NULL);

    g_assert_true(chardev_attach(other, &user_ops, &f->console_user, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(create(f, "mux", "new", cases[i][0], &error));
        g_assert_nonnull(strstr(error->message, cases[i][1]));
    }
}

static void test_close(Fixture *f, gconstpointer data)
{
    type(f, "\001c");
    chardev_detach(f->monitor);
    type(f, "back");
    g_assert_cmpstr(f->console_user.got->str, ==, "back");
    g_assert_false(chardev_destroy(f->base, NULL)); /* its user is the mux */
    g_assert_false(chardev_destroy(f->mux, NULL));
    chardev_detach(f->console);
    type(f, "unheard");
    g_assert_true(chardev_destroy(f->mux, NULL));
    g_assert_true(chardev_destroy(f->base, NULL));
}

/* mux=on makes both; the end that is claimed before it is attached to is the same one. */
static void test_option(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Chardev *serial = chardev_create_short(f->machine, "mon:ringbuf", "serial0", &error);
    Chardev *mux = chardev_find(f->machine, "serial0"), *last = NULL;
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    g_assert_true(chardev_is_mux(mux));
    text = chardev_describe(mux);
    g_assert_cmpstr(text, ==, "mux");
    g_assert_true(chardev_claim(f->machine, "serial0", NULL) == serial);
    for (guint i = 0; i < 16; i++) {
        last = chardev_claim(f->machine, "serial0", &error);
        g_assert_no_error(error);
        g_assert_true(chardev_attach(last, &user_ops, &f->console_user, NULL));
    }
    g_assert_null(chardev_claim(f->machine, "serial0", &error));
    g_assert_nonnull(strstr(error->message, "has 16 users"));
    g_assert_nonnull(chardev_find(f->machine, "serial0-base"));
    g_clear_error(&error);
    g_assert_null(chardev_create_short(f->machine, "mon:null", "serial0", &error));
    g_assert_nonnull(strstr(error->message, "'serial0' already"));
}

/* -echr */
static void test_escape(Fixture *f, gconstpointer data)
{
    f->machine->mux_escape = 0x14;
    type(f, "\001c\024cx\024\024");
    g_assert_cmpstr(f->console_user.got->str, ==, "\001c");
    g_assert_cmpstr(f->monitor_user.got->str, ==, "x\024");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/char-mux/focus", Fixture, NULL, set_up, test_focus, tear_down);
    g_test_add("/char-mux/output", Fixture, NULL, set_up, test_output, tear_down);
    g_test_add("/char-mux/stamps", Fixture, NULL, set_up, test_stamps, tear_down);
    g_test_add("/char-mux/slow-user", Fixture, NULL, set_up, test_slow_user, tear_down);
    g_test_add("/char-mux/bad", Fixture, NULL, set_up, test_bad, tear_down);
    g_test_add("/char-mux/option", Fixture, NULL, set_up, test_option, tear_down);
    g_test_add("/char-mux/escape", Fixture, NULL, set_up, test_escape, tear_down);
    g_test_add("/char-mux/close", Fixture, NULL, set_up, test_close, tear_down);
    return g_test_run();
}
