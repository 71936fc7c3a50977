/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/multiboot.h"

#include <elf.h>
#include <string.h>

#include "core/error.h"
#include "hw/pc/fw_cfg.h"

/* Header (3.1). */
#define SEARCH        8192u
#define MAGIC         0x1badb002u
#define HEADER_SIZE   12u
#define AOUT_SIZE     32u /* with the address fields */
#define FLAG_VIDEO    0x00000004u
#define FLAGS_UNKNOWN 0x0000fff8u /* that a loader must know */
#define FLAG_AOUT     0x00010000u

/* Information structure (3.3). Fields on memory are the ROM's. */
#define INFO_ADDR       KERNEL_LOW_START
#define INFO_SIZE       116u
#define INFO_MAX        0x40000u /* with all strings */
#define FLAGS           0
#define CMDLINE         16
#define MODS_COUNT      20
#define MODS_ADDR       24
#define LOADER_NAME     64
#define FRAMEBUFFER     88
#define MODULE_SIZE     16u
#define HAS_MEMORY      0x001u
#define HAS_CMDLINE     0x004u
#define HAS_MODS        0x008u
#define HAS_MAP         0x040u
#define HAS_NAME        0x200u
#define HAS_FRAMEBUFFER 0x1000u

#define LOADER "Vitrine"
#define PAGE   4096u

typedef struct Loader {
    const KernelInput *input;
    const guint8 *data;
    gsize size;
    gsize header; /* offset of the multiboot header */
    guint32 flags;
    KernelPlan *plan;
    guint64 limit; /* end of usable RAM */
    guint64 end;   /* of what is loaded */
} Loader;

/* ---- header ---- */

static gboolean find_header(const guint8 *data, gsize size, gsize *offset)
{
    for (gsize at = 0; at + HEADER_SIZE <= MIN(size, SEARCH); at += 4) {
        if (kernel_u32(data + at) == MAGIC &&
            (guint32)(MAGIC + kernel_u32(data + at + 4) + kernel_u32(data + at + 8)) == 0) {
            *offset = at;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean multiboot_detect(const guint8 *data, gsize size)
{
    gsize offset;
    return find_header(data, size, &offset);
}

/* ---- loading ---- */

/* Adds `file_size` bytes from `offset` of the file and zeros up to `size`. */
static gboolean add_segment(Loader *loader, guint64 offset, guint64 file_size, guint64 addr,
                            guint64 size, GError **error)
{
    if (offset > loader->size || file_size > loader->size - offset) {
        return error_set(error,
                         "is truncated: it has %" G_GSIZE_FORMAT
                         " bytes, and wants %" G_GUINT64_FORMAT " from %" G_GUINT64_FORMAT
                         " on loaded",
                         loader->size, file_size, offset);
    }
    if (file_size > size) {
        return error_set(error, "is damaged: a segment is larger in the file than in memory");
    }
    if (addr < KERNEL_HIGH_START || addr > loader->limit || size > loader->limit - addr) {
        return error_set(error,
                         "does not fit: %" G_GUINT64_FORMAT " bytes at %" G_GINT64_MODIFIER
                         "xh are not between 1 MiB and the end of memory, %" G_GINT64_MODIFIER
                         "xh (-m sets the size of memory)",
                         size, addr, loader->limit);
    }
    KernelLoad load = {FW_CFG_KERNEL_DATA, (guint32)offset, (guint32)file_size, (guint32)addr};
    KernelLoad zero = {FW_CFG_KERNEL_DATA, (guint32)loader->size, (guint32)(size - file_size),
                       (guint32)(addr + file_size)};
    loader->end = MAX(loader->end, addr + size);
    return kernel_plan_load(loader->plan, load, error) &&
           kernel_plan_load(loader->plan, zero, error);
}

/* The address fields of the header (3.1.3). */
static gboolean load_by_header(Loader *loader, GError **error)
{
    const guint8 *header = loader->data + loader->header;

    if (loader->size - loader->header < AOUT_SIZE) {
        return error_set(error, "is truncated in its multiboot header");
    }
    guint32 header_addr = kernel_u32(header + 12), load_addr = kernel_u32(header + 16);
    guint32 load_end = kernel_u32(header + 20), bss_end = kernel_u32(header + 24);
    if (load_addr > header_addr || header_addr - load_addr > loader->header) {
        return error_set(error,
                         "is damaged: by its multiboot header, which it puts to %xh, it begins at "
                         "%xh, but in the file the header is at byte %" G_GSIZE_FORMAT,
                         header_addr, load_addr, loader->header);
    }
    guint64 offset = loader->header - (header_addr - load_addr);
    guint64 size = load_end ? (guint64)load_end - load_addr : loader->size - offset;
    if (load_end && load_end < load_addr) {
        return error_set(error,
                         "is damaged: by its multiboot header it ends at %xh, before its "
                         "start at %xh",
                         load_end, load_addr);
    }
    guint64 whole = bss_end > load_addr + size ? bss_end - load_addr : size;
    loader->plan->entry_addr = kernel_u32(header + 28);
    return add_segment(loader, offset, size, load_addr, whole, error);
}

/* ---- ELF (System V ABI, chapter 4 and 5) ---- */

typedef struct Segment {
    guint32 type;
    guint64 offset, vaddr, paddr, file_size, size;
} Segment;

static Segment segment32(const guint8 *at)
{
    return (Segment){
        .type = kernel_u32(at + offsetof(Elf32_Phdr, p_type)),
        .offset = kernel_u32(at + offsetof(Elf32_Phdr, p_offset)),
        .vaddr = kernel_u32(at + offsetof(Elf32_Phdr, p_vaddr)),
        .paddr = kernel_u32(at + offsetof(Elf32_Phdr, p_paddr)),
        .file_size = kernel_u32(at + offsetof(Elf32_Phdr, p_filesz)),
        .size = kernel_u32(at + offsetof(Elf32_Phdr, p_memsz)),
    };
}

/* The entry is a virtual address; kernels that run elsewhere than they are loaded may give the
 * physical one instead. TRUE if it is in the segment. */
static gboolean note_entry(Loader *loader, const Segment *segment, guint32 entry)
{
    if (entry >= segment->vaddr && entry - segment->vaddr < segment->size) {
        loader->plan->entry_addr = (guint32)(entry - segment->vaddr + segment->paddr);
        return TRUE;
    }
    if (loader->plan->entry_addr || entry < segment->paddr ||
        entry - segment->paddr >= segment->size) {
        return FALSE;
    }
    loader->plan->entry_addr = entry;
    return TRUE;
}

static gboolean load_elf_segments(Loader *loader, guint32 table, guint entry_size, guint count,
                                  GError **error)
{
    guint32 entry = kernel_u32(loader->data + offsetof(Elf32_Ehdr, e_entry));
    gboolean found = FALSE;

    for (guint i = 0; i < count; i++) {
        Segment segment = segment32(loader->data + table + (gsize)i * entry_size);

        if (segment.type != PT_LOAD || !segment.size) {
            continue;
        }
        if (!add_segment(loader, segment.offset, segment.file_size, segment.paddr, segment.size,
                         error)) {
            return FALSE;
        }
        found |= note_entry(loader, &segment, entry);
    }
    return found || error_set(error, "is damaged: its entry, %xh, is in no segment", entry);
}

static gboolean load_elf(Loader *loader, GError **error)
{
    const guint8 *elf = loader->data;

    if (loader->size < sizeof(Elf32_Ehdr) || memcmp(elf, ELFMAG, SELFMAG)) {
        return error_set(error, "has a multiboot header without addresses, and is no ELF file");
    }
    if (elf[EI_CLASS] != ELFCLASS32 || elf[EI_DATA] != ELFDATA2LSB ||
        kernel_u16(elf + offsetof(Elf32_Ehdr, e_machine)) != EM_386) {
        return error_set(error, "is an ELF file for another processor: multiboot kernels are "
                                "started in 32-bit mode, as ELF32 for the i386");
    }
    guint32 table = kernel_u32(elf + offsetof(Elf32_Ehdr, e_phoff));
    guint entry_size = kernel_u16(elf + offsetof(Elf32_Ehdr, e_phentsize));
    guint count = kernel_u16(elf + offsetof(Elf32_Ehdr, e_phnum));
    if (entry_size < sizeof(Elf32_Phdr) || table > loader->size ||
        (guint64)entry_size * count > loader->size - table) {
        return error_set(error, "is damaged: its ELF program headers are not in the file");
    }
    return load_elf_segments(loader, table, entry_size, count, error);
}

/* ---- modules ---- */

static void module_clear(gpointer data)
{
    KernelModule *module = data;
    g_free(module->text);
    g_clear_pointer(&module->bytes, g_bytes_unref);
}

GArray *multiboot_modules_new(void)
{
    GArray *modules = g_array_new(FALSE, TRUE, sizeof(KernelModule));
    g_array_set_clear_func(modules, module_clear);
    return modules;
}

gboolean multiboot_split_modules(GArray *modules, const char *text, GError **error)
{
    g_autoptr(GString) word = g_string_new(NULL);

    for (const char *at = text;; at++) {
        gboolean twice = at[0] == ',' && at[1] == ',';

        if (*at && (*at != ',' || twice)) {
            g_string_append_c(word, *at);
            at += twice;
            continue;
        }
        if (!word->len || word->str[0] == ' ') {
            return error_set(error, "'%s' has a module without a file", text);
        }
        KernelModule module = {g_strdup(word->str), NULL};
        g_array_append_val(modules, module);
        g_string_truncate(word, 0);
        if (!*at) {
            return TRUE;
        }
    }
}

/* All of them in one item, each from a page of its own on; `starts` gets their addresses. */
static gboolean load_modules(Loader *loader, GArray *starts, GError **error)
{
    GArray *modules = loader->input->modules;
    g_autoptr(GByteArray) all = g_byte_array_new();
    guint64 base = (loader->end + PAGE - 1) & ~(guint64)(PAGE - 1);
    guint64 room = base < loader->limit ? loader->limit - base : 0;

    for (guint i = 0; i < modules->len; i++) {
        GBytes *bytes = g_array_index(modules, KernelModule, i).bytes;
        guint64 start = ((guint64)all->len + PAGE - 1) & ~(guint64)(PAGE - 1);
        gsize length;
        const guint8 *data = g_bytes_get_data(bytes, &length);

        if (start > room || length > room - start) {
            return error_set(error,
                             "and its modules do not fit into memory: behind the kernel "
                             "%" G_GUINT64_FORMAT " KiB are left (-m sets the size of memory)",
                             room >> 10);
        }
        guint32 addr = (guint32)(base + start);
        guint was = all->len;
        g_byte_array_set_size(all, (guint)start);
        if (start > was) {
            memset(all->data + was, 0, start - was);
        }
        g_byte_array_append(all, data, (guint)length);
        g_array_append_val(starts, addr);
    }
    KernelLoad load = {FW_CFG_INITRD_DATA, 0, all->len, (guint32)base};
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&all));
    kernel_plan_item(loader->plan, FW_CFG_INITRD_DATA, bytes);
    return kernel_plan_load(loader->plan, load, error);
}

/* ---- information structure ---- */

static guint32 add_string(GByteArray *info, const char *text)
{
    guint32 addr = INFO_ADDR + info->len;
    g_byte_array_append(info, (const guint8 *)text, (guint)strlen(text) + 1);
    return addr;
}

/* The text screen, for kernels that ask which video mode is set. */
static void describe_screen(guint8 *info)
{
    kernel_put_u32(info + FRAMEBUFFER, 0xb8000);
    kernel_put_u32(info + FRAMEBUFFER + 8, 160); /* bytes a line */
    kernel_put_u32(info + FRAMEBUFFER + 12, 80);
    kernel_put_u32(info + FRAMEBUFFER + 16, 25);
    info[FRAMEBUFFER + 20] = 16; /* bits a cell */
    info[FRAMEBUFFER + 21] = 2;  /* EGA text */
}

static gboolean load_info(Loader *loader, GArray *starts, GError **error)
{
    const KernelInput *input = loader->input;
    g_autoptr(GByteArray) info = g_byte_array_new();
    guint modules = starts->len;
    guint32 flags = HAS_MEMORY | HAS_CMDLINE | HAS_MAP | HAS_NAME;
    g_autofree char *cmdline =
        g_strdup_printf("%s%s%s", input->name, *input->append ? " " : "", input->append);

    if (modules > INFO_MAX / MODULE_SIZE) {
        return error_set(error, "gets more modules than can be listed");
    }
    g_byte_array_set_size(info, INFO_SIZE + modules * MODULE_SIZE);
    memset(info->data, 0, info->len);
    for (guint i = 0; i < modules; i++) {
        const KernelModule *module = &g_array_index(input->modules, KernelModule, i);
        guint32 start = g_array_index(starts, guint32, i);
        guint32 text = add_string(info, module->text);
        guint8 *at = info->data + INFO_SIZE + i * MODULE_SIZE;

        kernel_put_u32(at, start);
        kernel_put_u32(at + 4, start + (guint32)g_bytes_get_size(module->bytes));
        kernel_put_u32(at + 8, text);
    }
    guint32 cmdline_addr = add_string(info, cmdline), name_addr = add_string(info, LOADER);
    if (info->len > INFO_MAX) {
        return error_set(error, "gets too long command lines: %u bytes of at most %u", info->len,
                         INFO_MAX);
    }
    if (modules) {
        flags |= HAS_MODS;
        kernel_put_u32(info->data + MODS_COUNT, modules);
        kernel_put_u32(info->data + MODS_ADDR, INFO_ADDR + INFO_SIZE);
    }
    if (loader->flags & FLAG_VIDEO) {
        flags |= HAS_FRAMEBUFFER;
        describe_screen(info->data);
    }
    kernel_put_u32(info->data + FLAGS, flags);
    kernel_put_u32(info->data + CMDLINE, cmdline_addr);
    kernel_put_u32(info->data + LOADER_NAME, name_addr);
    KernelLoad load = {FW_CFG_SETUP_DATA, 0, info->len, INFO_ADDR};
    kernel_plan_data(loader->plan, FW_CFG_SETUP_DATA, info->data, info->len);
    return kernel_plan_load(loader->plan, load, error);
}

/* ---- plan ---- */

KernelPlan *multiboot_plan(const KernelInput *input, GError **error)
{
    g_autoptr(KernelPlan) plan = kernel_plan_new(KERNEL_ENTRY_MULTIBOOT);
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(guint32));
    Loader loader = {.input = input, .plan = plan};

    loader.data = g_bytes_get_data(input->file, &loader.size);
    loader.limit = input->ram_end - MIN(input->ram_end, KERNEL_TABLE_ROOM);
    if (!find_header(loader.data, loader.size, &loader.header)) {
        error_set(error, "is no multiboot kernel");
        return NULL;
    }
    loader.flags = kernel_u32(loader.data + loader.header + 4);
    if (loader.flags & FLAGS_UNKNOWN) {
        error_set(error, "asks its loader for what multiboot 0.6.96 does not know (flags %xh)",
                  loader.flags);
        return NULL;
    }
    kernel_plan_item(plan, FW_CFG_KERNEL_DATA, input->file);
    gboolean loaded =
        loader.flags & FLAG_AOUT ? load_by_header(&loader, error) : load_elf(&loader, error);
    if (!loaded || (input->modules && !load_modules(&loader, starts, error)) ||
        !load_info(&loader, starts, error)) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}
