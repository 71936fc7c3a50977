/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/frontend.h"

#include <string.h>

#include "core/error.h"
#include "core/log.h"

typedef struct Fake {
    Frontend parent;
    guint64 port;
    guint *open_count;
} Fake;

static void ignore_report(const char *line, void *opaque)
{
}

static guint open_count; /* of this test program */
static gboolean can_open;

static gboolean fake_probe(GError **error)
{
    return can_open || error_set(error, "no display here");
}

static gboolean fake_open(Frontend *frontend, GError **error)
{
    open_count++;
    return TRUE;
}

static void fake_close(Frontend *frontend)
{
    open_count--;
}

static const OptionSpec fake_options[] = {
    {"port", OPTION_UINT, G_STRUCT_OFFSET(Fake, port), "1", "a port", 0, 65535},
    OPTION_END,
};

static const FrontendOps fake_ops = {
    .abi = FRONTEND_ABI,
    .name = "fake",
    .summary = "does nothing",
    .size = sizeof(Fake),
    .options = fake_options,
    .implied_option = "port",
    .probe = fake_probe,
    .open = fake_open,
    .close = fake_close,
};

static void test_open(void)
{
    Machine machine = {.frontends = g_ptr_array_new()};
    g_autoptr(GError) error = NULL;
    Frontend *first, *second;

    can_open = TRUE;
    first = frontend_open(&machine, &fake_ops, "7", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(((Fake *)first)->port, ==, 7);
    g_assert_cmpstr(first->id, ==, "fake");
    second = frontend_open(&machine, &fake_ops, NULL, &error);
    g_assert_cmpstr(second->id, ==, "fake1");
    g_assert_true(frontend_find(&machine, "fake1") == second);
    g_assert_cmpuint(open_count, ==, 2);
    frontend_close(first);
    g_assert_true(frontend_find(&machine, "fake") == second); /* by name now */
    frontend_close(second);
    g_assert_null(frontend_find(&machine, "fake"));
    g_assert_cmpuint(open_count, ==, 0);
    g_ptr_array_unref(machine.frontends);
}

static void test_bad(void)
{
    static const char *const cases[][2] = {
        {"70000", "port: 70000 is out of range (0 to 65535)"},
        {"1,colour=red", "fake has no option 'colour'"},
        {"", "no display here"},
    };
    Machine machine = {.frontends = g_ptr_array_new()};

    can_open = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(frontend_open(&machine, &fake_ops, cases[i][0], &error));
        g_assert_cmpstr(error->message, ==, cases[i][1]);
    }
    g_assert_cmpuint(open_count, ==, 0);
    g_assert_cmpuint(machine.frontends->len, ==, 0);
    g_ptr_array_unref(machine.frontends);
}

/* ---- closing, and those who watch ---- */

typedef struct Watched {
    guint opened, closed;
    char *why;
    FrontendWatch *watch;
} Watched;

static void on_frontend(Frontend *frontend, gboolean is_open, const char *why, void *opaque)
{
    Watched *watched = opaque;

    watched->opened += is_open;
    watched->closed += !is_open;
    if (!is_open) {
        g_free(watched->why);
        watched->why = g_strdup(why);
    }
    if (watched->watch) { /* leaves in its own call */
        frontend_unwatch(frontend->machine, g_steal_pointer(&watched->watch));
    }
}

static void test_request_close(void)
{
    VmLock *lock = vm_lock_new();
    g_autoptr(GError) error = NULL;
    Watched watched = {0}, once = {0};
    FrontendWatch *watch;
    Machine machine = {.frontends = g_ptr_array_new()};
    Frontend *frontend;

    vm_lock_take(lock, "test");
    machine.loop = event_loop_new(NULL, lock);
    once.watch = frontend_watch(&machine, on_frontend, &once);
    watch = frontend_watch(&machine, on_frontend, &watched);
    can_open = TRUE;
    frontend = frontend_open(&machine, &fake_ops, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(watched.opened, ==, 1);
    g_assert_cmpuint(once.opened, ==, 1);
    report_redirect(ignore_report, NULL);
    frontend_request_close(frontend, "the X server has gone");
    frontend_request_close(frontend, NULL); /* changes nothing */
    g_assert_true(frontend_is_closing(frontend));
    g_assert_cmpuint(open_count, ==, 1); /* not yet */
    event_loop_iterate(machine.loop, FALSE);
    report_redirect(NULL, NULL);
    g_assert_cmpuint(open_count, ==, 0);
    g_assert_cmpuint(machine.frontends->len, ==, 0);
    g_assert_cmpuint(watched.closed, ==, 1);
    g_assert_cmpuint(once.closed, ==, 0);
    g_assert_cmpstr(watched.why, ==, "the X server has gone");

    /* Closed at once with a request under way: once, and quietly. */
    frontend = frontend_open(&machine, &fake_ops, NULL, &error);
    frontend_request_close(frontend, NULL);
    frontend_close(frontend);
    event_loop_iterate(machine.loop, FALSE);
    g_assert_cmpuint(watched.closed, ==, 2);
    g_assert_null(watched.why);
    g_assert_cmpuint(open_count, ==, 0);

    frontend_unwatch(&machine, watch);
    g_ptr_array_unref(machine.frontend_watches);
    g_ptr_array_unref(machine.frontends);
    event_loop_free(machine.loop);
    vm_lock_drop(lock);
    vm_lock_free(lock);
}

static Frontend *fake_loader(Machine *machine, const char *name, const char *options, void *opaque,
                             GError **error)
{
    g_string_append_printf(opaque, "%s|%s;", name, options ? options : "NULL");
    return NULL;
}

static void test_text(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Machine machine = {0};

    g_assert_null(frontend_open_text(&machine, "vnc", &error));
    g_assert_nonnull(error);
    machine.open_frontend = fake_loader;
    machine.open_frontend_opaque = seen;
    frontend_open_text(&machine, "gtk", NULL);
    frontend_open_text(&machine, "gtk,full-screen=on", NULL);
    frontend_open_text(&machine, "vnc=:1,password=on", NULL);
    frontend_open_text(&machine, "", NULL);
    g_assert_cmpstr(seen->str, ==, "gtk|NULL;gtk|full-screen=on;vnc|:1,password=on;|NULL;");
}

/* display= says where: then the process's own environment does not matter. */
static void test_place(void)
{
    static const OptionSpec options[] = {
        {"display", OPTION_STRING, G_STRUCT_OFFSET(Fake, open_count), NULL, "a display"},
        OPTION_END,
    };
    FrontendOps ops = fake_ops;
    g_autoptr(GError) error = NULL;
    Machine machine = {.frontends = g_ptr_array_new()};

    ops.options = options;
    ops.implied_option = NULL;
    can_open = FALSE;
    g_assert_null(frontend_open(&machine, &ops, "display=", &error));
    g_assert_cmpstr(error->message, ==, "no display here");
    g_clear_error(&error);
    frontend_close(frontend_open(&machine, &ops, "display=:1", &error));
    g_assert_no_error(error);
    g_ptr_array_unref(machine.frontends);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frontend/open", test_open);
    g_test_add_func("/frontend/bad", test_bad);
    g_test_add_func("/frontend/request-close", test_request_close);
    g_test_add_func("/frontend/text", test_text);
    g_test_add_func("/frontend/place", test_place);
    return g_test_run();
}
