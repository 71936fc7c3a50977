/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel files of -kernel, good ones and all kinds of broken ones. */
#include <elf.h>
#include <string.h>

#include "hw/pc/bzimage.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/kernel-rom.h"
#include "hw/pc/multiboot.h"

#define MIB (1u << 20)

/* ---- helpers ---- */

static guint8 *make_linux(gsize size)
{
    guint8 *data = g_malloc0(size);

    for (gsize i = 0x268; i < size; i++) {
        data[i] = (guint8)(i * 7);
    }
    data[0x1f1] = 3;
    kernel_put_u32(data + 0x1f4, (guint32)((size - 2048) / 16));
    kernel_put_u16(data + 0x1fe, 0xaa55);
    memcpy(data + 0x202, "HdrS", 4);
    kernel_put_u16(data + 0x206, 0x20f);
    data[0x211] = 1;                          /* loaded high */
    kernel_put_u32(data + 0x22c, 0x7fffffff); /* initrd_addr_max */
    kernel_put_u32(data + 0x230, 2 * MIB);    /* kernel_alignment */
    data[0x234] = 1;                          /* relocatable_kernel */
    kernel_put_u32(data + 0x238, 100);        /* cmdline_size */
    kernel_put_u32(data + 0x258, 16 * MIB);   /* pref_address */
    kernel_put_u32(data + 0x260, 10 * MIB);   /* init_size */
    return data;
}

typedef KernelPlan *(*PlanFn)(const KernelInput *input, GError **error);

static KernelPlan *plan_with(PlanFn fn, const guint8 *data, gsize size, const char *append,
                             guint64 initrd, guint64 ram_end, GError **error)
{
    g_autoptr(GBytes) file = g_bytes_new(data, size);
    g_autoptr(GBytes) disk = initrd ? g_bytes_new_take(g_malloc0(initrd), initrd) : NULL;
    g_autoptr(GArray) modules = multiboot_modules_new();
    KernelInput input = {"vmlinuz", file, append, disk, modules, ram_end};
    KernelModule module = {g_strdup("disk x"), disk ? g_bytes_ref(disk) : NULL};

    if (disk) {
        g_array_append_val(modules, module);
    } else {
        g_free(module.text);
    }
    return fn(&input, error);
}

static const KernelLoad *find_load(const KernelPlan *plan, guint16 key)
{
    for (guint i = 0; i < plan->loads->len; i++) {
        if (g_array_index(plan->loads, KernelLoad, i).key == key) {
            return &g_array_index(plan->loads, KernelLoad, i);
        }
    }
    return NULL;
}

static const guint8 *find_item(const KernelPlan *plan, guint16 key, gsize *size)
{
    for (guint i = 0; i < plan->items->len; i++) {
        const KernelItem *item = &g_array_index(plan->items, KernelItem, i);
        if (item->key == key) {
            return g_bytes_get_data(item->bytes, size);
        }
    }
    return NULL;
}

static void expect_error(PlanFn fn, const guint8 *data, gsize size, const char *append,
                         guint64 initrd, guint64 ram_end, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KernelPlan) plan = plan_with(fn, data, size, append, initrd, ram_end, &error);

    g_assert_null(plan);
    g_assert_nonnull(error);
    if (!strstr(error->message, words)) {
        g_error("'%s' does not speak of '%s'", error->message, words);
    }
}

/* ---- Linux ---- */

static void test_linux(void)
{
    g_autofree guint8 *data = make_linux(100000);
    g_autoptr(GError) error = NULL;
    g_autoptr(KernelPlan) plan =
        plan_with(bzimage_plan, data, 100000, "a vga=ext", 5000, 64 * MIB, &error);
    gsize size;

    g_assert_no_error(error);
    const KernelLoad *kernel = find_load(plan, FW_CFG_KERNEL_DATA);
    g_assert_cmphex(kernel->addr, ==, MIB);
    g_assert_cmpuint(kernel->length, ==, 100000 - 2048);
    const guint8 *bytes = find_item(plan, FW_CFG_KERNEL_DATA, &size);
    g_assert_cmpmem(bytes, size, data + 2048, 100000 - 2048);
    const KernelLoad *initrd = find_load(plan, FW_CFG_INITRD_DATA);
    g_assert_cmphex(initrd->addr, ==, 64 * MIB - KERNEL_TABLE_ROOM - 8192);
    const guint8 *setup = find_item(plan, FW_CFG_SETUP_DATA, &size);
    g_assert_cmpuint(size, ==, 2048);
    g_assert_cmphex(kernel_u16(setup + 0x1fa), ==, 0xfffe);
    g_assert_cmphex(kernel_u32(setup + 0x218), ==, initrd->addr);
    g_assert_cmpuint(kernel_u32(setup + 0x21c), ==, 5000);
    const char *cmdline = (const char *)find_item(plan, FW_CFG_CMDLINE_DATA, &size);
    g_assert_cmpstr(cmdline, ==, "a vga=ext");
    g_assert_cmphex(kernel_u32(setup + 0x228), ==, find_load(plan, FW_CFG_CMDLINE_DATA)->addr);
}

static void test_linux_damage(void)
{
    g_autofree guint8 *data = make_linux(100000);
    PlanFn fn = bzimage_plan;

    expect_error(fn, data, 99000, "", 0, 64 * MIB, "truncated: it has 99000 of 100");
    expect_error(fn, data, 2048, "", 0, 64 * MIB, "truncated");
    expect_error(fn, data, 1000, "", 0, 64 * MIB, "is no Linux kernel");
    data[0x1f1] = 64;
    expect_error(fn, data, 100000, "", 0, 64 * MIB, "64 sectors of setup code");
    data[0x1f1] = 3;
    kernel_put_u16(data + 0x206, 0x105);
    expect_error(fn, data, 100000, "", 0, 64 * MIB, "boot protocol 1.05");
    kernel_put_u16(data + 0x206, 0x20f);
    kernel_put_u32(data + 0x1f4, 0xffffffff);
    expect_error(fn, data, 100000, "", 0, 64 * MIB, "of 68719478768 bytes");
}

static void test_linux_does_not_fit(void)
{
    g_autofree guint8 *data = make_linux(100000);
    PlanFn fn = bzimage_plan;
    char text[102];

    expect_error(fn, data, 100000, "", 0, 26 * MIB, "-m sets the size");
    expect_error(fn, data, 100000, "", 0, 0, "-m sets the size");
    expect_error(fn, data, 100000, "", 4 * MIB, 30 * MIB, "not enough room");
    expect_error(fn, data, 100000, "mem=28M", 4 * MIB, 64 * MIB, "not enough room");
    kernel_put_u32(data + 0x22c, 27 * MIB);
    expect_error(fn, data, 100000, "", 4 * MIB, 64 * MIB, "not enough room");
    kernel_put_u32(data + 0x22c, 0);
    expect_error(fn, data, 100000, "", 1, 64 * MIB, "not enough room");
    memset(text, 'x', 101);
    text[101] = 0;
    expect_error(fn, data, 100000, text, 0, 64 * MIB, "at most 100 bytes");
    /* A lying address, and a zImage that would run over its own setup. */
    memset(data + 0x258, 0xff, 12);
    expect_error(fn, data, 100000, "", 0, 64 * MIB, "does not fit");
    g_autofree guint8 *low = make_linux(MIB);
    low[0x211] = 0;
    expect_error(fn, low, MIB, "", 0, 64 * MIB, "does not fit");
    /* Behind a zImage there is room, but it is not for an initrd. */
    g_autofree guint8 *small = make_linux(10000);
    small[0x211] = 0;
    kernel_put_u16(small + 0x206, 0x204);
    kernel_put_u32(small + 0x22c, MIB - 1);
    expect_error(fn, small, 10000, "", 4096, 64 * MIB, "not enough room");
}

static void test_linux_options(void)
{
    static const struct {
        const char *append;
        guint mode;
    } cases[] = {{"vga=0x317", 0x317},  {"vga=791 x", 791},       {"xvga=791", 0},
                 {"vga=", 0},           {"vga=70000", 0},         {"vga=1x", 0},
                 {"vga=normal", 65535}, {"vga=1 vga=ask", 0xfffd}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree guint8 *data = make_linux(10000);
        g_autoptr(GError) error = NULL;
        g_autoptr(KernelPlan) plan =
            plan_with(bzimage_plan, data, 10000, cases[i].append, 0, 64 * MIB, &error);
        gsize size;

        g_assert_no_error(error);
        g_assert_cmphex(kernel_u16(find_item(plan, FW_CFG_SETUP_DATA, &size) + 0x1fa), ==,
                        cases[i].mode);
    }
}

/* ---- multiboot ---- */

#define ELF_SIZE 0x3000

/* A segment of a page at 1 MiB, and one of half a page that becomes 64 KiB at 2 MiB. */
static void make_elf(guint8 *data)
{
    Elf32_Ehdr elf = {
        .e_machine = EM_386,
        .e_entry = 0xc0100020,
        .e_phoff = sizeof(Elf32_Ehdr),
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 2,
    };
    Elf32_Phdr segments[] = {
        {PT_LOAD, 0x1000, 0xc0100000, 0x100000, 0x1000, 0x1000, 5, 4096},
        {PT_LOAD, 0x2000, 0xc0200000, 0x200000, 0x800, 0x10000, 6, 4096},
    };

    memset(data, 0, ELF_SIZE);
    memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS32;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    memcpy(data, &elf, sizeof(elf));
    memcpy(data + sizeof(elf), segments, sizeof(segments));
    kernel_put_u32(data + 0x1000, 0x1badb002);
    kernel_put_u32(data + 0x1004, 3);
    kernel_put_u32(data + 0x1008, -(0x1badb002u + 3));
}

static guint8 *segment_field(guint8 *data, guint n, gsize field)
{
    return data + sizeof(Elf32_Ehdr) + n * sizeof(Elf32_Phdr) + field;
}

static void test_elf(void)
{
    guint8 data[ELF_SIZE];
    g_autoptr(GError) error = NULL;
    gsize size;

    make_elf(data);
    g_assert_true(multiboot_detect(data, sizeof(data)));
    g_assert_false(bzimage_detect(data, sizeof(data)));
    g_autoptr(KernelPlan) plan =
        plan_with(multiboot_plan, data, sizeof(data), "-v", 5000, 16 * MIB, &error);
    g_assert_no_error(error);
    g_assert_cmphex(plan->entry_addr, ==, 0x100020);
    /* Two segments, zeros, module, information structure. */
    g_assert_cmpuint(plan->loads->len, ==, 5);
    const KernelLoad *zero = &g_array_index(plan->loads, KernelLoad, 2);
    g_assert_cmphex(zero->addr, ==, 0x200800);
    g_assert_cmphex(zero->length, ==, 0xf800);
    g_assert_cmphex(zero->offset, ==, sizeof(data));
    g_assert_cmphex(find_load(plan, FW_CFG_INITRD_DATA)->addr, ==, 0x210000);
    const guint8 *info = find_item(plan, FW_CFG_SETUP_DATA, &size);
    g_assert_cmphex(kernel_u32(info), ==, 0x24d);
    g_assert_cmpstr((const char *)info + kernel_u32(info + 16) - KERNEL_LOW_START, ==,
                    "vmlinuz -v");
    g_assert_cmpuint(kernel_u32(info + 20), ==, 1);
    const guint8 *module = info + kernel_u32(info + 24) - KERNEL_LOW_START;
    g_assert_cmphex(kernel_u32(module), ==, 0x210000);
    g_assert_cmphex(kernel_u32(module + 4), ==, 0x210000 + 5000);
    g_assert_cmpstr((const char *)info + kernel_u32(module + 8) - KERNEL_LOW_START, ==, "disk x");
}

static void test_elf_damage(void)
{
    static const struct {
        guint segment;
        gsize field;
        guint32 value;
        const char *words;
    } cases[] = {
        {0, offsetof(Elf32_Phdr, p_offset), 0x2001, "truncated"},
        {0, offsetof(Elf32_Phdr, p_offset), 0xffffffff, "truncated"},
        {1, offsetof(Elf32_Phdr, p_filesz), 0x1001, "truncated"},
        {1, offsetof(Elf32_Phdr, p_memsz), 0x7ff, "larger in the file"},
        {1, offsetof(Elf32_Phdr, p_memsz), 0xffffffff, "does not fit"},
        {1, offsetof(Elf32_Phdr, p_paddr), 0xfffff, "does not fit"},
        {1, offsetof(Elf32_Phdr, p_paddr), 0xffffffff, "does not fit"},
        {1, offsetof(Elf32_Phdr, p_paddr), 16 * MIB - KERNEL_TABLE_ROOM, "does not fit"},
        {0, offsetof(Elf32_Phdr, p_vaddr), 0xc0100021, "entry, c0100020h, is in no segment"},
        {0, offsetof(Elf32_Phdr, p_type), PT_NOTE, "is in no segment"},
    };
    guint8 data[ELF_SIZE];

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        make_elf(data);
        kernel_put_u32(segment_field(data, cases[i].segment, cases[i].field), cases[i].value);
        expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, cases[i].words);
    }
    make_elf(data);
    kernel_put_u32(data + offsetof(Elf32_Ehdr, e_phoff), ELF_SIZE - 63);
    expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, "program headers");
    make_elf(data);
    kernel_put_u16(data + offsetof(Elf32_Ehdr, e_phentsize), 31);
    expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, "program headers");
    make_elf(data);
    data[EI_CLASS] = ELFCLASS64;
    expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, "another processor");
    make_elf(data);
    data[0] = 0;
    expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, "no ELF file");
    expect_error(multiboot_plan, data, sizeof(data), "", 0, 0, "no ELF file");
    make_elf(data);
    expect_error(multiboot_plan, data, sizeof(data), "", 14 * MIB, 16 * MIB, "modules do not fit");
    expect_error(multiboot_plan, data, 0x1000, "", 0, 16 * MIB, "no multiboot kernel");
}

static void test_many_segments(void)
{
    gsize size = ELF_SIZE;
    g_autofree guint8 *data = g_malloc0(size);
    guint count = 100;

    make_elf(data);
    kernel_put_u16(data + offsetof(Elf32_Ehdr, e_phnum), count);
    for (guint i = 2; i < count; i++) {
        memcpy(segment_field(data, i, 0), segment_field(data, 0, 0), sizeof(Elf32_Phdr));
    }
    expect_error(multiboot_plan, data, size, "", 0, 16 * MIB, "pieces");
}

/* A header at 100h with address fields: the file from 80h on is loaded to 1 MiB. */
static void make_by_header(guint8 *data)
{
    const guint32 header[] = {0x1badb002, 0x10000,  -(0x1badb002u + 0x10000),
                              0x100080,   0x100000, 0x100f80,
                              0x102000,   0x100010};

    memset(data, 0, 0x1000);
    for (guint i = 0; i < G_N_ELEMENTS(header); i++) {
        kernel_put_u32(data + 0x100 + 4 * i, header[i]);
    }
}

static void test_by_header(void)
{
    guint8 data[0x1000];
    g_autoptr(GError) error = NULL;

    make_by_header(data);
    g_autoptr(KernelPlan) plan =
        plan_with(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, &error);
    g_assert_no_error(error);
    const KernelLoad *load = find_load(plan, FW_CFG_KERNEL_DATA);
    g_assert_cmphex(load->offset, ==, 0x80);
    g_assert_cmphex(load->length, ==, 0xf80);
    g_assert_cmphex(plan->entry_addr, ==, 0x100010);
    kernel_put_u32(data + 0x114, 0); /* load_end_addr: all of the file */
    kernel_put_u32(data + 0x118, 0); /* bss_end_addr: none */
    g_autoptr(KernelPlan) whole =
        plan_with(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, &error);
    g_assert_no_error(error);
    g_assert_cmphex(find_load(whole, FW_CFG_KERNEL_DATA)->length, ==, 0xf80);
    g_assert_cmpuint(whole->loads->len, ==, 2);
}

static void test_by_header_damage(void)
{
    static const struct {
        gsize field;
        guint32 value;
        const char *words;
    } cases[] = {
        {0x110, 0x100081, "puts to 100080h"}, {0x110, 0xffe00, "puts to 100080h"},
        {0x114, 0x101000, "truncated"},       {0x114, 0xfffff, "before its start"},
        {0x118, 0xffffffff, "does not fit"},  {0x10c, 0, "puts to 0h"},
    };
    guint8 data[0x1000];

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        make_by_header(data);
        kernel_put_u32(data + cases[i].field, cases[i].value);
        expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, cases[i].words);
    }
    make_by_header(data);
    expect_error(multiboot_plan, data, 0x11f, "", 0, 16 * MIB, "truncated in its");
    kernel_put_u32(data + 0x104, 8);
    kernel_put_u32(data + 0x108, -(0x1badb002u + 8));
    expect_error(multiboot_plan, data, sizeof(data), "", 0, 16 * MIB, "flags 8h");
}

static void test_modules(void)
{
    static const char *const bad[] = {"", ",", "a,", ",,,a,,,", "a, b", " a"};
    g_autoptr(GArray) modules = multiboot_modules_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(multiboot_split_modules(modules, "a b=c,,d,e", &error));
    g_assert_cmpuint(modules->len, ==, 2);
    g_assert_cmpstr(g_array_index(modules, KernelModule, 0).text, ==, "a b=c,d");
    g_assert_cmpstr(g_array_index(modules, KernelModule, 1).text, ==, "e");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GArray) none = multiboot_modules_new();

        g_assert_false(multiboot_split_modules(none, bad[i], &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
}

/* ---- the ROM ---- */

static void test_rom(void)
{
    g_autoptr(KernelPlan) plan = kernel_plan_new(KERNEL_ENTRY_LINUX);
    KernelLoad load = {0x11, 1, 2, 3};
    g_autoptr(GError) error = NULL;
    guint8 sum = 0, pnp_sum = 0;
    gsize size;

    for (guint i = 0; i < KERNEL_MAX_LOADS; i++) {
        g_assert_true(kernel_plan_load(plan, load, &error));
    }
    g_assert_false(kernel_plan_load(plan, load, &error));
    g_autoptr(GBytes) rom = kernel_rom_new(plan);
    const guint8 *bytes = g_bytes_get_data(rom, &size);
    g_assert_cmpuint(size, ==, bytes[2] * 512u);
    g_assert_cmpmem(bytes, 2, "\x55\xaa", 2);
    for (gsize i = 0; i < size; i++) {
        sum = (guint8)(sum + bytes[i]);
    }
    guint pnp = kernel_u16(bytes + 0x1a);
    g_assert_cmpmem(bytes + pnp, 4, "$PnP", 4);
    for (gsize i = 0; i < bytes[pnp + 5] * 16u; i++) {
        pnp_sum = (guint8)(pnp_sum + bytes[pnp + i]);
    }
    g_assert_cmpuint(sum, ==, 0);
    g_assert_cmpuint(pnp_sum, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel/linux", test_linux);
    g_test_add_func("/kernel/linux-damage", test_linux_damage);
    g_test_add_func("/kernel/linux-does-not-fit", test_linux_does_not_fit);
    g_test_add_func("/kernel/linux-options", test_linux_options);
    g_test_add_func("/kernel/elf", test_elf);
    g_test_add_func("/kernel/elf-damage", test_elf_damage);
    g_test_add_func("/kernel/many-segments", test_many_segments);
    g_test_add_func("/kernel/by-header", test_by_header);
    g_test_add_func("/kernel/by-header-damage", test_by_header_damage);
    g_test_add_func("/kernel/modules", test_modules);
    g_test_add_func("/kernel/rom", test_rom);
    return g_test_run();
}
