/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu/paging: every paging mode over tables built here, and tables that are nonsense. */
#include "cpu/paging.h"

#include <string.h>

#define MEMORY_SIZE 0x10000

#define P  1ull
#define W  2ull
#define U  4ull
#define PS 0x80ull
#define NX (1ull << 63)

static guint8 memory[MEMORY_SIZE];

static gboolean read_memory(guint64 addr, void *buffer, gsize length, void *opaque)
{
    if (addr > MEMORY_SIZE || length > MEMORY_SIZE - addr) {
        return FALSE;
    }
    memcpy(buffer, memory + addr, length);
    return TRUE;
}

static void put64(guint64 addr, guint64 value)
{
    memcpy(memory + addr, &value, sizeof(value));
}

static void put32(guint64 addr, guint32 value)
{
    memcpy(memory + addr, &value, sizeof(value));
}

static CpuRegisters mode(guint64 cr4, guint64 efer)
{
    memset(memory, 0, sizeof(memory));
    return (CpuRegisters){.cr0 = 0x80000001, .cr3 = 0x1000, .cr4 = cr4, .efer = efer};
}

static void check_translates(const CpuRegisters *regs, guint64 linear, guint64 physical)
{
    CpuMapping mapping;

    g_assert_true(cpu_translate(regs, linear, read_memory, NULL, &mapping));
    g_assert_cmphex(mapping.physical + (linear - mapping.linear), ==, physical);
    g_assert_cmphex(linear - mapping.linear, <, mapping.size);
}

static void check_unmapped(const CpuRegisters *regs, guint64 linear)
{
    CpuMapping mapping;

    g_assert_false(cpu_translate(regs, linear, read_memory, NULL, &mapping));
}

static void append_mapping(const CpuMapping *m, void *opaque)
{
    g_string_append_printf(
        opaque, "%" G_GINT64_MODIFIER "x>%" G_GINT64_MODIFIER "x+%" G_GINT64_MODIFIER "x%s%s%s ",
        m->linear, m->physical, m->size, m->user ? "u" : "", m->writable ? "w" : "",
        m->executable ? "x" : "");
}

static void check_mappings(const CpuRegisters *regs, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_true(cpu_foreach_mapping(regs, read_memory, NULL, 100, append_mapping, text));
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_off(void)
{
    CpuRegisters regs = {.cr0 = 1};

    check_translates(&regs, 0x12345, 0x12345);
    check_unmapped(&regs, 0x100000000);
    check_mappings(&regs, "");
}

static void test_two_level(void)
{
    CpuRegisters regs = mode(0x10, 0); /* PSE */

    put32(0x1000 + 1 * 4, 0x2000 | P | W | U);            /* 4 MiB: a table */
    put32(0x2000 + 3 * 4, 0xabcde000 | P | W);            /* 0x403000: supervisor */
    put32(0x2000 + 4 * 4, 0x00111000 | P | U);            /* 0x404000: read-only */
    put32(0x1000 + 2 * 4, 0x00c00000 | 5 << 13 | PS | P); /* 8 MiB: large, above 4 GiB */
    check_translates(&regs, 0x403123, 0xabcde123);
    check_translates(&regs, 0x812345, 0x500c12345);
    check_unmapped(&regs, 0x405000);
    check_unmapped(&regs, 0);
    check_unmapped(&regs, 0x100403123);
    check_mappings(&regs, "403000>abcde000+1000wx 404000>111000+1000ux 800000>500c00000+400000x ");
    regs.cr4 = 0; /* without PSE the bit means nothing: a table that is not there */
    check_unmapped(&regs, 0x812345);
}

static void test_pae(void)
{
    CpuRegisters regs = mode(0x20, 0);

    regs.cr3 = 0x1020;                         /* aligned to 32 bytes only */
    put64(0x1020 + 3 * 8, 0x2000 | P);         /* 3 GiB; no permission bits here */
    put64(0x2000 + 0 * 8, 0x3000 | P | W | U); /* a table */
    put64(0x2000 + 1 * 8, 0x400000 | P | W | PS | NX);
    put64(0x3000 + 7 * 8, 0x123456000 | P | W | U);
    check_translates(&regs, 0xc0007fff, 0x123456fff);
    check_translates(&regs, 0xc0200000, 0x400000);
    check_unmapped(&regs, 0xc0008000);
    check_unmapped(&regs, 0x40000000);
    check_mappings(&regs, "c0007000>123456000+1000uwx c0200000>400000+200000w ");
}

static void test_four_level(void)
{
    CpuRegisters regs = mode(0x20, 0x500);

    put64(0x1000 + 0 * 8, 0x2000 | P | W | U);
    put64(0x2000 + 0 * 8, 0x3000 | P | W | U);
    put64(0x2000 + 1 * 8, 0x40000000 | P | W | PS); /* 1 GiB page */
    put64(0x3000 + 2 * 8, 0x4000 | P | U);          /* not writable */
    put64(0x4000 + 5 * 8, 0x77000 | P | W | U | NX);
    put64(0x1000 + 511 * 8, 0x2000 | P | W); /* kernel half: the same again */
    check_translates(&regs, 0x405678, 0x77678);
    check_translates(&regs, 0x7fffffff, 0x7fffffff);
    check_translates(&regs, 0xffffff8000405678, 0x77678);
    check_unmapped(&regs, 0x406000);
    check_unmapped(&regs, 0x0000ff8000405678); /* not canonical */
    check_mappings(&regs, "405000>77000+1000u 40000000>40000000+40000000wx "
                          "ffffff8000405000>77000+1000 ffffff8040000000>40000000+40000000wx ");
}

static void test_five_level(void)
{
    CpuRegisters regs = mode(0x1020, 0x500);

    put64(0x1000 + 511 * 8, 0x2000 | P | W | U);
    put64(0x2000 + 511 * 8, 0x3000 | P | W | U);
    put64(0x3000 + 511 * 8, 0xc0000000 | P | W | PS);
    check_translates(&regs, 0xffffffffc0000042, 0xc0000042);
    check_mappings(&regs, "ffffffffc0000000>c0000000+40000000wx ");
}

static void count_mapping(const CpuMapping *mapping, void *opaque)
{
    ++*(guint *)opaque;
}

static void test_nonsense(void)
{
    CpuRegisters regs = mode(0x20, 0x500);
    guint count = 0;

    /* Every entry points back to the table: 512^4 pages, of which we look at a few. */
    for (guint i = 0; i < 512; i++) {
        put64(0x1000 + i * 8, 0x1000 | P);
    }
    check_translates(&regs, 0x123456, 0x1456);
    g_assert_false(cpu_foreach_mapping(&regs, read_memory, NULL, 10, count_mapping, &count));
    g_assert_cmpuint(count, ==, 7 * 512);

    regs.cr3 = 0xfffffffff000; /* no memory there */
    check_unmapped(&regs, 0x123456);
    check_mappings(&regs, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paging/off", test_off);
    g_test_add_func("/paging/two-level", test_two_level);
    g_test_add_func("/paging/pae", test_pae);
    g_test_add_func("/paging/four-level", test_four_level);
    g_test_add_func("/paging/five-level", test_five_level);
    g_test_add_func("/paging/nonsense", test_nonsense);
    return g_test_run();
}
