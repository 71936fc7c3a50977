/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor/expression: values, precedence, where it stops, and what it refuses. */
#include "monitor/expression.h"

#include <string.h>

#include "core/error.h"
#include "monitor/registers.h"

static gboolean get_register(const char *name, guint64 *value, void *opaque)
{
    return monitor_register_value(opaque, name, value);
}

static CpuRegisters test_registers(void)
{
    CpuRegisters regs = {.rip = 0xfff0, .cr3 = 0x1000, .gdt = {.base = 0xf5b80, .limit = 0x37}};

    regs.gpr[CPU_RAX] = 0x1122334455667788;
    regs.gpr[CPU_RSP] = 0x7c00;
    regs.gpr[15] = 15;
    regs.segment[CPU_CS] = (CpuSegment){.selector = 0xf000, .base = 0xf0000, .limit = 0xffff};
    return regs;
}

static void check(const char *text, gint64 expected, const char *rest)
{
    CpuRegisters regs = test_registers();
    g_autoptr(GError) error = NULL;
    const char *p = text;
    gint64 value;

    g_test_message("%s", text);
    g_assert_true(expression_parse(&p, get_register, &regs, &value, &error));
    g_assert_no_error(error);
    g_assert_cmphex(value, ==, expected);
    g_assert_cmpstr(p, ==, rest);
}

static void check_fails(const char *text, const char *message)
{
    CpuRegisters regs = test_registers();
    g_autoptr(GError) error = NULL;
    const char *p = text;
    gint64 value;

    g_assert_false(expression_parse(&p, get_register, &regs, &value, &error));
    g_assert_error(error, VITRINE_ERROR, VITRINE_ERROR_GENERIC);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_true(p == text);
}

static void test_numbers(void)
{
    check("0", 0, "");
    check("42", 42, "");
    check("0x1F", 31, "");
    check("017", 15, "");
    check("18446744073709551615", -1, "");
    check("'A'", 'A', "");
    check("'\\n'", '\n', "");
    check("'\\''", '\'', "");
    check_fails("18446744073709551616", "number too large: '18446744073709551616'");
    check_fails("09", "invalid char '9' in number");
    check_fails("0x", "invalid char 'x' in number");
    check_fails("12ab", "invalid char 'a' in number");
    check_fails("''", "character constant expected");
    check_fails("'ab'", "missing terminating ' character");
    check_fails("'\\q'", "unknown escape '\\q' in character constant");
}

static void test_operators(void)
{
    check("1 + 2 * 3", 7, "");
    check("(1 + 2) * 3", 9, "");
    check("10 - 3 - 2", 5, "");
    check("7 / 2 + 7 % 2", 4, "");
    check("-7 / 2", -3, "");
    check("1 << 4 | 1", 17, "");
    check("1 << 2 + 1", 8, "");
    check("6 ^ 3 & 1", 7, "");
    check("~0xf & 0xff", 0xf0, "");
    check("- - 5", 5, "");
    check("!5 + !0", 1, "");
    check("1 << 64", 0, "");
    check("-1 >> 60", 15, "");
    check("0x8000000000000000 / -1", G_MININT64, "");
    check("5 % -1", 0, "");
    check_fails("1 / 0", "division by zero");
    check_fails("1 % (2 - 2)", "division by zero");
}

static void test_registers_by_name(void)
{
    check("$rax", 0x1122334455667788, "");
    check("$eax", 0x55667788, "");
    check("$RSP + 8", 0x7c08, "");
    check("$r15", 15, "");
    check("$cs", 0xf000, "");
    check("$cs.base", 0xf0000, "");
    check("$cs.limit", 0xffff, "");
    check("$gdt.limit", 0x37, "");
    check("$cr3", 0x1000, "");
    check("$rip", 0xfff0, "");
    check("$eip", 0xfff0, "");
    check("$pc", 0xffff0, "");
    check_fails("$foo", "unknown register '$foo'");
    check_fails("$", "register name expected after '$'");
    check_fails("$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "register name is too long");
}

static void test_ends(void)
{
    check("1 2", 1, " 2");
    check("1 + 2  3", 3, "  3");
}

static void test_errors(void)
{
    g_autofree char *deep = g_strnfill(4000, '(');

    check_fails("", "unexpected end of expression");
    check_fails("1 +", "unexpected end of expression");
    check_fails("(1", "')' expected");
    check_fails("abc", "invalid char 'a' in expression");
    check_fails(deep, "expression is nested more than 64 deep");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expression/numbers", test_numbers);
    g_test_add_func("/expression/operators", test_operators);
    g_test_add_func("/expression/registers", test_registers_by_name);
    g_test_add_func("/expression/ends", test_ends);
    g_test_add_func("/expression/errors", test_errors);
    return g_test_run();
}
