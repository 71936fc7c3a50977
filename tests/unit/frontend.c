/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/frontend.h"

#include <string.h>

#include "core/error.h"

typedef struct Fake {
    Frontend parent;
    guint64 port;
    guint *open_count;
} Fake;

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frontend/open", test_open);
    g_test_add_func("/frontend/bad", test_bad);
    return g_test_run();
}
