/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/keynames: names, codes and chords. */
#include <linux/input-event-codes.h>
#include <string.h>

#include "core/keynames.h"

static void test_names(void)
{
    g_assert_cmpuint(key_from_name("ret"), ==, KEY_ENTER);
    g_assert_cmpuint(key_from_name("ctrl_r"), ==, KEY_RIGHTCTRL);
    g_assert_cmpuint(key_from_name("kp_add"), ==, KEY_KPPLUS);
    g_assert_cmpuint(key_from_name("print"), ==, KEY_SYSRQ);
    g_assert_cmpuint(key_from_name("sysrq"), ==, KEY_SYSRQ);
    g_assert_cmpuint(key_from_name("f12"), ==, KEY_F12);
    g_assert_cmpuint(key_from_name("enter"), ==, 0);
    g_assert_cmpuint(key_from_name(""), ==, 0);
    g_assert_cmpstr(key_name(KEY_ENTER), ==, "ret");
    g_assert_cmpstr(key_name(KEY_LEFTMETA), ==, "meta_l");
    g_assert_null(key_name(KEY_RESERVED));
    g_assert_null(key_name(0x10000));
}

static void test_numbers(void)
{
    g_assert_cmpuint(key_from_name("0x1e"), ==, KEY_A);
    g_assert_cmpuint(key_from_name("0xc8"), ==, KEY_UP); /* QEMU's mark of E0h is bit 7 */
    g_assert_cmpuint(key_from_name("0x148"), ==, KEY_UP);
    g_assert_cmpuint(key_from_name("0x0"), ==, 0);
    g_assert_cmpuint(key_from_name("0x"), ==, 0);
    g_assert_cmpuint(key_from_name("0xfffffffff"), ==, 0);
    g_assert_cmpuint(key_from_name("1e"), ==, 0);
}

/* Every name has a code, every code leads back to its first name, no scan code is used twice. */
static void test_table(void)
{
    guint n = 0;
    guint seen[0x200] = {0};

    for (const char *name; (name = key_nth_name(n)); n++) {
        guint code = key_from_name(name), scancode = key_to_scancode(code);

        g_assert_cmpuint(code, !=, 0);
        g_assert_cmpuint(key_from_name(key_name(code)), ==, code);
        g_assert_cmpuint(scancode, <, 0x200);
        g_assert_cmpuint(scancode & 0x80, ==, 0);
        if (scancode) {
            g_assert_true(seen[scancode] == 0 || seen[scancode] == code);
            seen[scancode] = code;
            g_assert_cmpuint(key_from_scancode(scancode), ==, code);
        } else {
            g_assert_cmpuint(code, ==, KEY_PAUSE);
        }
    }
    g_assert_cmpuint(n, >, 140);
    g_assert_cmpuint(key_to_scancode(KEY_A), ==, 0x1e);
    g_assert_cmpuint(key_to_scancode(KEY_DELETE), ==, 0x153);
    g_assert_cmpuint(key_from_scancode(0), ==, 0);
    g_assert_cmpuint(key_from_scancode(0x1ff), ==, 0);
    g_assert_cmpuint(key_from_scancode(0x137), ==, KEY_SYSRQ);
}

static void test_chords(void)
{
    guint codes[4];
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(key_parse_chord("ctrl-alt-delete", codes, 4, &error), ==, 3);
    g_assert_no_error(error);
    g_assert_cmpuint(codes[0], ==, KEY_LEFTCTRL);
    g_assert_cmpuint(codes[2], ==, KEY_DELETE);
    g_assert_cmpuint(key_parse_chord("minus", codes, 4, &error), ==, 1);

    g_assert_cmpuint(key_parse_chord("ctrl-bogus", codes, 4, &error), ==, 0);
    g_assert_nonnull(strstr(error->message, "'bogus'"));
    g_clear_error(&error);
    g_assert_cmpuint(key_parse_chord("a-b-c-d-e", codes, 4, &error), ==, 0);
    g_assert_nonnull(strstr(error->message, "more than 4"));
    g_clear_error(&error);
    g_assert_cmpuint(key_parse_chord("", codes, 4, &error), ==, 0);
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_cmpuint(key_parse_chord("ctrl--a", codes, 4, &error), ==, 0);
    g_assert_nonnull(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keynames/names", test_names);
    g_test_add_func("/keynames/numbers", test_numbers);
    g_test_add_func("/keynames/table", test_table);
    g_test_add_func("/keynames/chords", test_chords);
    return g_test_run();
}
