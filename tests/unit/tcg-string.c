/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcg/ops-integer-string.c by itself: overlaps, directions, widths, turns, and where a fault or an
 * interrupt leaves the registers.
 */
#include "tests/unit/integer-rig.h"

static void fill(Rig *rig)
{
    for (guint i = 0; i < sizeof(rig->memory); i++) {
        rig->memory[i] = (guint8)(i * 7 + (i >> 8));
    }
}

static void string_registers(Rig *rig, guint64 count, guint64 source, guint64 target)
{
    rig->cpu.gpr[CPU_RCX] = count;
    rig->cpu.gpr[CPU_RSI] = source;
    rig->cpu.gpr[CPU_RDI] = target;
}

static void assert_string(const Rig *rig, guint64 count, guint64 source, guint64 target)
{
    g_assert_cmphex(rig->cpu.gpr[CPU_RCX], ==, count);
    g_assert_cmphex(rig->cpu.gpr[CPU_RSI], ==, source);
    g_assert_cmphex(rig->cpu.gpr[CPU_RDI], ==, target);
}

/* Every kind of overlap, size and direction, against one element at a time. */
static void test_movs_overlap(void)
{
    static const char *const hex[] = {"f3 a4", "f3 66 a5", "f3 a5", "f3 48 a5"};
    static const int distances[] = {-4096, -100, -9, -1, 0, 1, 2, 3, 5, 8, 9, 16, 64, 4097};

    for (guint c = 0; c < 4 * G_N_ELEMENTS(distances) * 2; c++) {
        guint size = 1u << (c & 3);
        gboolean down = (c >> 2) & 1;
        guint64 source = BASE + 0x1802, target = source + (guint64)distances[c >> 3];
        guint64 count = 3000 / size, bytes = count * size;
        g_autofree Rig *rig = rig_new(64), *want = rig_new(64);

        if (down) {
            rig->cpu.rflags |= FLAG_DF;
            source += 0x1000, target += 0x1000;
        }
        fill(rig);
        fill(want);
        string_registers(rig, count, source, target);
        for (guint64 i = 0; i < count; i++) {
            guint64 off = down ? -(i * size) : i * size;
            memmove(at(want, target + off), at(want, source + off), size);
        }
        g_assert_cmpint(execute(rig, hex[c & 3]), ==, NO_FAULT);
        g_assert_cmphex(rig->cpu.rip, ==, RIP + rig->record.length);
        assert_string(rig, 0, down ? source - bytes : source + bytes,
                      down ? target - bytes : target + bytes);
        g_assert_cmpmem(rig->memory, sizeof(rig->memory), want->memory, sizeof(want->memory));
    }
}

static void test_string_fault(void)
{
    g_autofree Rig *rig = rig_new(64);

    fill(rig);
    rig->pages[1] = PAGE_READONLY;
    string_registers(rig, 0x400, BASE + 0x2000, BASE + 0xff0);
    g_assert_cmpint(execute(rig, "f3 48 a5"), ==, EXC_PF);
    g_assert_cmphex(rig->cpu.cr2, ==, BASE + PAGE_SIZE);
    assert_string(rig, 0x3fe, BASE + 0x2010, BASE + 0x1000);
    /* Down, an element across the edge of a page that is not there. */
    rig->pages[1] = PAGE_ABSENT;
    rig->cpu.rflags |= FLAG_DF;
    rig->cpu.gpr[CPU_RAX] = 0x5555;
    string_registers(rig, 8, 0, BASE + 0x2003);
    g_assert_cmpint(execute(rig, "f3 66 ab"), ==, EXC_PF);
    assert_string(rig, 6, 0, BASE + 0x1fff);
    g_assert_cmphex(mmu_host_load(at(rig, BASE + 0x2001), 4), ==, 0x55555555);
}

static void test_string_turns(void)
{
    g_autofree Rig *rig = rig_new(64);

    /* A step does one element, and comes back to itself. */
    rig->cpu.attention = ATTENTION_STEP;
    string_registers(rig, 2, 0, BASE);
    g_assert_cmpint(execute(rig, "f3 aa"), ==, NO_FAULT);
    assert_string(rig, 1, 0, BASE + 1);
    g_assert_cmphex(rig->cpu.rip, ==, RIP);
    g_assert_cmpint(execute(rig, "f3 aa"), ==, NO_FAULT);
    assert_string(rig, 0, 0, BASE + 2);
    g_assert_cmphex(rig->cpu.rip, ==, RIP + 2);
    /* Something else comes up: after a page at the latest. */
    rig->cpu.attention = ATTENTION_KICK;
    string_registers(rig, 0x3000, 0, BASE + 0x800);
    g_assert_cmpint(execute(rig, "f3 aa"), ==, NO_FAULT);
    g_assert_cmphex(rig->cpu.rip, ==, RIP);
    assert_string(rig, 0x2800, 0, BASE + 0x1000);
    rig->cpu.attention = 0;
    /* None at all changes nothing. */
    string_registers(rig, 0, 1, 2);
    g_assert_cmpint(execute(rig, "f3 a6"), ==, NO_FAULT);
    assert_string(rig, 0, 1, 2);
}

static void test_string_width(void)
{
    g_autofree Rig *rig = rig_new(16);

    /* 16-bit addresses wrap, in the middle of a page of ours. */
    fill(rig);
    rig->cpu.base[CPU_ES] = BASE + 0x2000 - 0xfff8;
    rig->pages[2] = PAGE_ABSENT;
    rig->cpu.gpr[CPU_RAX] = 0xaa;
    string_registers(rig, 0xdead0010, 0, 0xbeeffff0);
    g_assert_cmpint(execute(rig, "f3 aa"), ==, EXC_PF); /* 8 fit into the page below */
    assert_string(rig, 0xdead0008, 0, 0xbeeffff8);
    rig->pages[2] = PAGE_PLAIN;
    /* The word at FFFF crosses the limit, whatever is behind it. */
    rig->cpu.base[CPU_ES] = BASE + 0x1000 - 0xfff0;
    string_registers(rig, 8, 0, 0xfff9);
    g_assert_cmpint(execute(rig, "f3 ab"), ==, EXC_GP);
    assert_string(rig, 5, 0, 0xffff);
    /* By ECX and EDI in 64-bit mode the upper halves go. */
    g_autofree Rig *wide = rig_new(64);
    string_registers(wide, 0xffffffff00000002, 0, 0xffffffff00000000 | BASE);
    g_assert_cmpint(execute(wide, "67 f3 ab"), ==, NO_FAULT);
    assert_string(wide, 0, 0, BASE + 8);
}

static void test_string_compare(void)
{
    g_autofree Rig *rig = rig_new(64);

    memset(rig->memory, 'x', sizeof(rig->memory));
    *at(rig, BASE + 0x1234) = 0;
    string_registers(rig, G_MAXUINT64, 0, BASE + 4);
    g_assert_cmpint(execute(rig, "f2 ae"), ==, NO_FAULT); /* strlen */
    g_assert_cmphex(rig->cpu.gpr[CPU_RDI], ==, BASE + 0x1235);
    g_assert_true(flags_zf(&rig->cpu.flags));
    string_registers(rig, 0x100, BASE, BASE + 0x1200);
    g_assert_cmpint(execute(rig, "f3 48 a7"), ==, NO_FAULT);
    assert_string(rig, 0xf9, BASE + 0x38, BASE + 0x1238);
    g_assert_false(flags_zf(&rig->cpu.flags));
    /* A device is read element by element, and only as far as needed. */
    rig->pages[1] = PAGE_DEVICE;
    rig->accesses = 0;
    string_registers(rig, 0x100, 0, BASE + 0x1232);
    rig->cpu.gpr[CPU_RAX] = 'x';
    g_assert_cmpint(execute(rig, "f3 ae"), ==, NO_FAULT);
    assert_string(rig, 0xfd, 0, BASE + 0x1235);
    g_assert_cmpuint(rig->accesses, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-string/movs-overlap", test_movs_overlap);
    g_test_add_func("/tcg-string/fault", test_string_fault);
    g_test_add_func("/tcg-string/turns", test_string_turns);
    g_test_add_func("/tcg-string/width", test_string_width);
    g_test_add_func("/tcg-string/compare", test_string_compare);
    return g_test_run();
}
