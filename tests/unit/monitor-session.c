/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A monitor session and its peer: greeting, order, back-pressure, hostile input, leaving. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/display.h"
#include "core/frontend.h"
#include "monitor/monitor.h"
#include "tests/unit/monitor-rig.h"

#define GREETING "Vitrine " VITRINE_VERSION " monitor - type 'help' for more information\r\n(qemu) "

typedef struct Fixture {
    Rig rig;
    Monitor *monitor;
} Fixture;

static void connect_peer(Fixture *f)
{
    chardev_event(&f->rig.chr, CHAR_OPENED);
    g_assert_cmpstr(f->rig.peer->str, ==, GREETING);
    g_string_truncate(f->rig.peer, 0);
}

static void setup(Fixture *f, gconstpointer data)
{
    rig_init(&f->rig);
    f->monitor = monitor_hmp_new(f->rig.machine, &f->rig.chr, NULL);
    g_assert_nonnull(f->monitor);
    connect_peer(f);
}

static void teardown(Fixture *f, gconstpointer data)
{
    monitor_free(f->monitor);
    rig_settle(&f->rig);
    rig_clear(&f->rig);
}

/* The peer types all of it and reads exactly this. */
static void check_dialogue(Fixture *f, const char *typed, const char *expected)
{
    g_string_truncate(f->rig.peer, 0);
    g_assert_cmpuint(rig_type(&f->rig, typed, strlen(typed)), ==, strlen(typed));
    rig_settle(&f->rig);
    g_assert_cmpstr(f->rig.peer->str, ==, expected);
}

static void test_dialogue(Fixture *f, gconstpointer data)
{
    check_dialogue(f, "p 1\n", "p 1\r\n0x1\r\n(qemu) ");
    check_dialogue(f, "\n", "\r\n(qemu) ");
    check_dialogue(f, "p 2\r\nfoo\r\n",
                   "p 2\r\n0x2\r\n(qemu) foo\r\nunknown command: 'foo'\r\n(qemu) ");
    check_dialogue(
        f, "info history\n",
        "info history\r\n0: 'p 1'\r\n1: 'p 2'\r\n2: 'foo'\r\n3: 'info history'\r\n(qemu) ");
    check_dialogue(f, "syst\t\t",
                   "system_\r\nsystem_powerdown  system_reset      system_wakeup\r\n"
                   "(qemu) system_");
    check_dialogue(f, "\003", "^C\r\n(qemu) ");
    /* After `quit` nothing more is said or done. */
    check_dialogue(f, "quit\n", "quit\r\n");
    g_assert_cmpuint(rig_type(&f->rig, "p 1\n", 4), ==, 0);
}

/* A pasted script: other work of the loop comes between its commands. */
static void test_script(Fixture *f, gconstpointer data)
{
    guint turns = 0;

    rig_type(&f->rig, "p 1\np 2\np 3\n", 12);
    g_assert_cmpstr(f->rig.peer->str, ==, "p 1\r\n0x1\r\n(qemu) ");
    while (event_loop_iterate(f->rig.loop, FALSE)) {
        turns++;
    }
    g_assert_cmpuint(turns, >=, 2);
    g_assert_cmpstr(f->rig.peer->str, ==,
                    "p 1\r\n0x1\r\n(qemu) p 2\r\n0x2\r\n(qemu) p 3\r\n0x3\r\n(qemu) ");
}

static void test_in_use(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(monitor_hmp_new(f->rig.machine, &f->rig.chr, &error));
    g_assert_nonnull(error);
}

/* A peer that does not read: bounded memory, nothing taken from it, and all of it goes on later. */
static void test_slow_peer(Fixture *f, gconstpointer data)
{
    static const char line[] = "help\n";
    gsize lines = 0;

    f->rig.write_room = 0;
    while (lines < 10000 && rig_type(&f->rig, line, 5) == 5) {
        lines++;
        rig_settle(&f->rig);
    }
    g_assert_cmpuint(lines, >=, 1);
    g_assert_cmpuint(lines, <, 1000); /* 4 KiB of input at most */

    for (guint i = 0; i < 100000 && f->rig.write_room == 0; i++) {
        f->rig.write_room = 1000;
        f->rig.asked_to_send = FALSE;
        chardev_writable(&f->rig.chr);
        rig_settle(&f->rig);
    }
    f->rig.write_room = G_MAXSIZE;
    chardev_writable(&f->rig.chr);
    rig_settle(&f->rig);
    g_assert_true(f->rig.asked_to_send);
    gsize prompts = 0;
    for (const char *p = f->rig.peer->str; (p = strstr(p, "(qemu) ")) != NULL; p++) {
        prompts++;
    }
    g_assert_cmpuint(prompts, ==, lines);
    check_dialogue(f, "p 7\n", "p 7\r\n0x7\r\n(qemu) ");
}

static void test_hostile(Fixture *f, gconstpointer data)
{
    g_autofree char *big = g_strnfill(1 << 20, 'A');
    static const char nuls[] = "p \0\0 5\0\n";
    guint32 seed = 7;

    g_assert_cmpuint(rig_type(&f->rig, big, 1 << 20), ==, 1 << 20);
    g_assert_cmpuint(f->rig.peer->len, <, 8192);
    check_dialogue(f, "\n",
                   "\r\nError: the line is longer than 4095 bytes and was not run\r\n"
                   "(qemu) ");
    g_assert_cmpuint(rig_type(&f->rig, nuls, sizeof(nuls) - 1), ==, sizeof(nuls) - 1);
    rig_settle(&f->rig);
    g_assert_nonnull(strstr(f->rig.peer->str, "0x5\r\n"));
    for (guint i = 0; i < 50000; i++) {
        char byte = (seed = seed * 1664525 + 1013904223) >> 24;
        rig_type(&f->rig, &byte, 1);
        rig_settle(&f->rig);
        g_string_truncate(f->rig.peer, 0);
    }
}

/* What the peer sent before it left still runs, unseen. */
static void test_leaving(Fixture *f, gconstpointer data)
{
    chardev_event(&f->rig.chr, CHAR_CLOSED);
    check_dialogue(f, "cont\n", "");
    g_assert_true(machine_is_running(f->rig.machine));
    rig_type(&f->rig, "sto", 3);
    connect_peer(f);
    check_dialogue(f, "p\n",
                   "p\r\nprint: expression expected\r\n"
                   "Try \"help print\" for more information\r\n(qemu) ");
}

/* ---- commands that take their time ---- */

static gint64 black_scan(void *opaque)
{
    return -1;
}

static void black_invalidate(void *opaque)
{
}

static const DisplaySourceOps black_ops = {.scan = black_scan, .invalidate = black_invalidate};

static void test_background(Fixture *f, gconstpointer data)
{
    Display *display = display_new(f->rig.machine, "black", &black_ops, NULL);

    /* The prompt comes when the file is there; what is typed meanwhile waits. */
    g_assert_cmpuint(rig_type(&f->rig, "screendump /dev/null\np 1\n", 25), ==, 25);
    g_assert_cmpstr(f->rig.peer->str, ==, "screendump /dev/null\r\n");
    g_assert_cmpuint(chardev_user_room(&f->rig.chr), ==, 0);
    rig_settle(&f->rig);
    g_assert_cmpstr(f->rig.peer->str, ==, "screendump /dev/null\r\n(qemu) p 1\r\n0x1\r\n(qemu) ");

    /* The peer leaves in the middle; so does the whole session. */
    rig_type(&f->rig, "screendump /dev/null\n", 21);
    chardev_event(&f->rig.chr, CHAR_CLOSED);
    g_string_truncate(f->rig.peer, 0);
    connect_peer(f);
    rig_settle(&f->rig);
    rig_type(&f->rig, "screendump /dev/null\n", 21);
    g_clear_pointer(&f->monitor, monitor_free);
    rig_settle(&f->rig);
    display_free(display);
}

static void test_file_completion(Fixture *f, gconstpointer data)
{
    g_autofree char *dir = g_dir_make_tmp("monitor-XXXXXX", NULL);
    g_autofree char *sub = g_build_filename(dir, "subdir", NULL);
    g_autofree char *typed = g_strdup_printf("logfile %s/s\t", dir);
    g_autofree char *expected = g_strdup_printf("logfile %s/subdir/", dir);

    g_mkdir(sub, 0700);
    g_assert_cmpuint(rig_type(&f->rig, typed, strlen(typed)), ==, strlen(typed));
    rig_settle(&f->rig);
    g_assert_cmpstr(f->rig.peer->str, ==, expected);
    g_rmdir(sub);
    rig_type(&f->rig, "\t", 1);
    g_clear_pointer(&f->monitor, monitor_free); /* with the question open */
    rig_settle(&f->rig);
    g_rmdir(dir);
}

/* ---- passwords ---- */

static char *password;

static gint64 expiry;

static PasswordAction action;

static gboolean set_password(Frontend *frontend, const char *text, PasswordAction connected,
                             GError **error)
{
    action = connected;
    g_free(password);
    password = g_strdup(text);
    return TRUE;
}

static void expire_password(Frontend *frontend, gint64 seconds)
{
    expiry = seconds;
}

static void test_password(Fixture *f, gconstpointer data)
{
    static const FrontendOps ops = {
        .name = "vnc", .set_password = set_password, .expire_password = expire_password};
    Frontend frontend = {.ops = &ops, .machine = f->rig.machine, .id = (char *)"vnc"};

    check_dialogue(f, "change vnc password\n",
                   "change vnc password\r\nError: there is no frontend 'vnc' open\r\n(qemu) ");
    g_ptr_array_add(f->rig.machine->frontends, &frontend);
    check_dialogue(f, "change vnc password\n", "change vnc password\r\nPassword: ");
    check_dialogue(f, "geheim\n", "\r\n(qemu) ");
    g_assert_cmpstr(password, ==, "geheim");
    check_dialogue(f, "change vnc password\n\003",
                   "change vnc password\r\nPassword: \r\n"
                   "Error: no password given; it stays as it was\r\n(qemu) ");
    g_assert_cmpstr(password, ==, "geheim");
    check_dialogue(f, "change vnc password pw2\n", "change vnc password pw2\r\n(qemu) ");
    check_dialogue(f, "set_password vnc pw3\n", "set_password vnc pw3\r\n(qemu) ");
    g_assert_cmpstr(password, ==, "pw3");
    g_assert_cmpint(action, ==, PASSWORD_KEEP);
    check_dialogue(f, "set_password vnc pw3 -d vnc fail\n",
                   "set_password vnc pw3 -d vnc fail\r\n(qemu) ");
    g_assert_cmpint(action, ==, PASSWORD_FAIL);
    check_dialogue(f, "set_password vnc pw3 disconnect\n",
                   "set_password vnc pw3 disconnect\r\n(qemu) ");
    g_assert_cmpint(action, ==, PASSWORD_DISCONNECT);
    check_dialogue(f, "set_password spice pw3 -d vnc\n",
                   "set_password spice pw3 -d vnc\r\nError: the frontend 'vnc' is no spice\r\n"
                   "(qemu) ");
    check_dialogue(f, "info history\n",
                   "info history\r\n0: 'change vnc password'\r\n"
                   "1: 'info history'\r\n(qemu) ");
    check_dialogue(f, "expire_password vnc +60\n", "expire_password vnc +60\r\n(qemu) ");
    g_assert_cmpint(expiry, ==, 60);
    check_dialogue(f, "expire_password vnc never\n", "expire_password vnc never\r\n(qemu) ");
    g_assert_cmpint(expiry, ==, -1);
    check_dialogue(f, "expire_password vnc 5\n", "expire_password vnc 5\r\n(qemu) ");
    g_assert_cmpint(expiry, ==, 0); /* 1970 is over */
    check_dialogue(f, "expire_password vnc soon\n",
                   "expire_password vnc soon\r\nError: 'soon' is no time: now, never, +SECONDS, "
                   "or seconds since 1970\r\n(qemu) ");
    rig_type(&f->rig, "change vnc password\n", 20);
    chardev_event(&f->rig.chr, CHAR_CLOSED);
    g_string_truncate(f->rig.peer, 0);
    connect_peer(f); /* the question is gone with the one who was asked */
    rig_type(&f->rig, "change vnc password\n", 20);
    g_clear_pointer(&f->monitor, monitor_free);
    g_assert_cmpstr(password, ==, "pw3");
    g_clear_pointer(&password, g_free);
    g_ptr_array_set_size(f->rig.machine->frontends, 0);
}

#define ADD(name, fn) g_test_add("/session/" name, Fixture, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("dialogue", test_dialogue);
    ADD("script", test_script);
    ADD("in-use", test_in_use);
    ADD("slow-peer", test_slow_peer);
    ADD("hostile", test_hostile);
    ADD("leaving", test_leaving);
    ADD("background", test_background);
    ADD("file-completion", test_file_completion);
    ADD("password", test_password);
    return g_test_run();
}
