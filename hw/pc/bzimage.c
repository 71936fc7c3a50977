/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/bzimage.h"

#include <string.h>

#include "core/error.h"
#include "hw/pc/fw_cfg.h"

/* Fields of the setup header (boot.rst, "Details of Header Fields"). */
#define SETUP_SECTS        0x1f1
#define SYSSIZE            0x1f4
#define VID_MODE           0x1fa
#define BOOT_FLAG          0x1fe
#define HEADER             0x202
#define VERSION            0x206
#define TYPE_OF_LOADER     0x210
#define LOADFLAGS          0x211
#define RAMDISK_IMAGE      0x218
#define RAMDISK_SIZE       0x21c
#define HEAP_END_PTR       0x224
#define CMD_LINE_PTR       0x228
#define INITRD_ADDR_MAX    0x22c
#define KERNEL_ALIGNMENT   0x230
#define RELOCATABLE_KERNEL 0x234
#define CMDLINE_SIZE       0x238
#define PREF_ADDRESS       0x258
#define INIT_SIZE          0x260
#define HEADER_END         0x268

/* Of protocols before 2.02. */
#define OLD_CMD_LINE_MAGIC  0x20
#define OLD_CMD_LINE_OFFSET 0x22
#define OLD_CMD_LINE        0xa33f

#define LOADED_HIGH      0x01
#define CAN_USE_HEAP     0x80
#define LOADER_UNDEFINED 0xff

#define SECTOR               512u
#define DEFAULT_SETUP_SECTS  4
#define MAX_SETUP            0x8000u     /* boot.rst, "Memory Layout": 32 KiB at most */
#define DEFAULT_CMDLINE_SIZE 255u        /* before 2.06 */
#define DEFAULT_INITRD_MAX   0x37ffffffu /* before 2.03 */
#define HEAP_GUARD           0x200u

#define VGA_NORMAL 0xffff
#define VGA_EXT    0xfffe
#define VGA_ASK    0xfffd

/* Where the parts of a kernel go. */
typedef struct Layout {
    guint32 setup, kernel, cmdline;
    guint32 heap_end;     /* relative to `setup`: end of heap and stack */
    guint32 cmdline_room; /* without the NUL */
    guint32 kernel_room;
} Layout;

/* boot.rst, "Memory Layout": new kernels anywhere below 9A000h. */
static const Layout new_layout = {0x10000, KERNEL_HIGH_START, 0x20000, 0xe000, 0xffff, G_MAXINT32};

/* Old ones at 90000h, with the command line in the same segment. */
static const Layout old_layout = {0x90000, KERNEL_HIGH_START, 0x99800, 0x9800, 255, G_MAXINT32};
static const Layout zimage_layout = {0x90000, 0x10000, 0x99800, 0x9800, 255, 0x80000};

typedef struct Header {
    const guint8 *data;
    gsize size;
    guint setup_size;
    guint protocol;
    gboolean high;
    Layout layout;
} Header;

gboolean bzimage_detect(const guint8 *data, gsize size)
{
    return size >= 2 * SECTOR && kernel_u16(data + BOOT_FLAG) == 0xaa55 &&
           !memcmp(data + HEADER, "HdrS", 4);
}

/* ---- header ---- */

static gboolean parse(Header *header, const KernelInput *input, GError **error)
{
    header->data = g_bytes_get_data(input->file, &header->size);
    if (!bzimage_detect(header->data, header->size)) {
        return error_set(error, "is no Linux kernel");
    }
    header->protocol = kernel_u16(header->data + VERSION);
    if (header->protocol < 0x200) {
        return error_set(error,
                         "has Linux boot protocol %u.%02u; 2.00 (Linux 1.3.73) or later would be "
                         "right",
                         header->protocol >> 8, header->protocol & 0xff);
    }
    guint sectors = header->data[SETUP_SECTS];
    header->setup_size = (1 + (sectors ? sectors : DEFAULT_SETUP_SECTS)) * SECTOR;
    if (header->setup_size > MAX_SETUP) {
        return error_set(error, "is damaged: it has %u sectors of setup code, of at most %u",
                         sectors, MAX_SETUP / SECTOR - 1);
    }
    if (header->size <= header->setup_size) {
        return error_set(error,
                         "is truncated: it has %" G_GSIZE_FORMAT
                         " bytes, and its setup code alone should have %u",
                         header->size, header->setup_size);
    }
    /* Before 2.04 the upper half of the field means nothing; the last paragraph may be cut. */
    guint64 wanted = (guint64)kernel_u32(header->data + SYSSIZE) * 16 + header->setup_size;
    if (header->protocol >= 0x204 && wanted > header->size + 15) {
        return error_set(error,
                         "is truncated: it has %" G_GSIZE_FORMAT " of %" G_GUINT64_FORMAT " bytes",
                         header->size, wanted);
    }
    header->high = header->data[LOADFLAGS] & LOADED_HIGH;
    header->layout = header->protocol >= 0x202 && header->high ? new_layout
                     : header->high                            ? old_layout
                                                               : zimage_layout;
    return TRUE;
}

/*
 * First address behind what the kernel uses before it reads its memory map: the file where it is
 * loaded and, from 2.10 on, where it unpacks itself (boot.rst, init_size).
 */
static guint64 kernel_end(const Header *header)
{
    guint64 start = header->layout.kernel;
    guint64 end = start + header->size - header->setup_size;

    if (header->protocol >= 0x20a && header->setup_size >= HEADER_END) {
        guint64 wish = kernel_u64(header->data + PREF_ADDRESS);
        guint64 align = kernel_u32(header->data + KERNEL_ALIGNMENT);
        guint64 unpacked = wish;

        if (header->data[RELOCATABLE_KERNEL]) {
            unpacked = MAX(start, wish);
            if (align && !(align & (align - 1)) && unpacked <= G_MAXINT64) {
                unpacked = (unpacked + align - 1) & ~(align - 1);
            }
        }
        unpacked = MIN(unpacked, G_MAXINT64);
        end = MAX(end, unpacked + kernel_u32(header->data + INIT_SIZE));
    }
    return end;
}

/* ---- command line ---- */

/* The value of "name=" in the command line, at the start of a word; NULL = it is not there. */
static const char *find_word(const char *append, const char *name)
{
    const char *found = NULL;

    for (const char *at = append; (at = strstr(at, name)); at++) {
        if (at == append || at[-1] == ' ') {
            found = at + strlen(name);
        }
    }
    return found;
}

/* boot.rst, "Special Command Line Options". FALSE: there is no (good) vga=. */
static gboolean video_mode(const char *append, guint16 *mode)
{
    static const struct {
        const char *name;
        guint16 mode;
    } names[] = {{"normal", VGA_NORMAL}, {"ext", VGA_EXT}, {"ask", VGA_ASK}};
    const char *value = find_word(append, "vga=");
    gsize length = value ? strcspn(value, " ") : 0;
    char *end = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (length == strlen(names[i].name) && !strncmp(value, names[i].name, length)) {
            *mode = names[i].mode;
            return TRUE;
        }
    }
    if (!length || !g_ascii_isdigit(*value)) {
        return FALSE;
    }
    guint64 number = g_ascii_strtoull(value, &end, 0);
    *mode = (guint16)number;
    return end == value + length && number <= G_MAXUINT16;
}

/* The end of the memory that mem= leaves to the kernel. */
static guint64 memory_limit(const char *append)
{
    const char *value = find_word(append, "mem=");
    guint64 limit = 0;
    char *end = NULL;

    if (value && g_ascii_isdigit(*value)) {
        const char *suffixes = "KMGTPE";

        limit = g_ascii_strtoull(value, &end, 0);
        const char *suffix = *end ? strchr(suffixes, g_ascii_toupper(*end)) : NULL;
        for (const char *at = suffixes; suffix && at <= suffix; at++) {
            limit = limit <= G_MAXUINT64 >> 10 ? limit << 10 : G_MAXUINT64;
        }
    }
    return limit ? limit : G_MAXUINT64;
}

static gboolean check_cmdline(const Header *header, const char *append, GError **error)
{
    guint32 most = DEFAULT_CMDLINE_SIZE;
    gsize length = strlen(append);

    if (header->protocol >= 0x206) {
        most = kernel_u32(header->data + CMDLINE_SIZE);
    }
    most = MIN(most, header->layout.cmdline_room);
    if (length > most) {
        return error_set(error,
                         "takes a command line of at most %u bytes, and that of -append has "
                         "%" G_GSIZE_FORMAT,
                         most, length);
    }
    return TRUE;
}

/* ---- initrd ---- */

static gboolean place_initrd(const Header *header, const KernelInput *input, guint32 *addr,
                             GError **error)
{
    guint64 length = g_bytes_get_size(input->initrd);
    guint64 end = input->ram_end - MIN(input->ram_end, KERNEL_TABLE_ROOM);
    guint64 limit = DEFAULT_INITRD_MAX;

    if (header->protocol >= 0x203) {
        limit = kernel_u32(header->data + INITRD_ADDR_MAX);
    }
    end = MIN(MIN(end, limit + 1), memory_limit(input->append));
    guint64 start = kernel_place_below(end, length);
    guint64 first = MAX(kernel_end(header), KERNEL_HIGH_START); /* behind a zImage is the BIOS */
    if (start < first) {
        return error_set(error,
                         "and an initrd of %" G_GUINT64_FORMAT
                         " bytes do not fit into memory: from %" G_GUINT64_FORMAT
                         " KiB, behind the kernel, to %" G_GUINT64_FORMAT
                         " KiB there is not enough room (-m sets the size of memory)",
                         length, first >> 10, end >> 10);
    }
    *addr = (guint32)start;
    return TRUE;
}

/* ---- plan ---- */

static void fill_setup(const Header *header, const KernelInput *input, guint8 *setup,
                       guint32 initrd)
{
    const Layout *layout = &header->layout;
    guint16 mode;

    setup[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    if (header->protocol >= 0x201) {
        setup[LOADFLAGS] |= CAN_USE_HEAP;
        kernel_put_u16(setup + HEAP_END_PTR, (guint16)(layout->heap_end - HEAP_GUARD));
    }
    if (header->protocol >= 0x202) {
        kernel_put_u32(setup + CMD_LINE_PTR, layout->cmdline);
    } else {
        kernel_put_u16(setup + OLD_CMD_LINE_MAGIC, OLD_CMD_LINE);
        kernel_put_u16(setup + OLD_CMD_LINE_OFFSET, (guint16)(layout->cmdline - layout->setup));
    }
    if (video_mode(input->append, &mode)) {
        kernel_put_u16(setup + VID_MODE, mode);
    }
    if (input->initrd) {
        kernel_put_u32(setup + RAMDISK_IMAGE, initrd);
        kernel_put_u32(setup + RAMDISK_SIZE, (guint32)g_bytes_get_size(input->initrd));
    }
}

/* One part: its item, the items that tell its place and size, and its load. */
static gboolean add_part(KernelPlan *plan, guint16 addr_key, guint16 size_key, guint16 data_key,
                         guint32 addr, GBytes *bytes, GError **error)
{
    KernelLoad load = {data_key, 0, (guint32)g_bytes_get_size(bytes), addr};

    kernel_plan_u32(plan, addr_key, addr);
    kernel_plan_u32(plan, size_key, load.length);
    kernel_plan_item(plan, data_key, bytes);
    return kernel_plan_load(plan, load, error);
}

static gboolean add_parts(KernelPlan *plan, const Header *header, const KernelInput *input,
                          guint32 initrd, GError **error)
{
    const Layout *layout = &header->layout;
    g_autofree guint8 *setup = g_memdup2(header->data, header->setup_size);

    fill_setup(header, input, setup, initrd);
    g_autoptr(GBytes) setup_bytes = g_bytes_new_take(g_steal_pointer(&setup), header->setup_size);
    g_autoptr(GBytes) kernel =
        g_bytes_new_from_bytes(input->file, header->setup_size, header->size - header->setup_size);
    g_autoptr(GBytes) cmdline = g_bytes_new(input->append, strlen(input->append) + 1);
    return add_part(plan, FW_CFG_SETUP_ADDR, FW_CFG_SETUP_SIZE, FW_CFG_SETUP_DATA, layout->setup,
                    setup_bytes, error) &&
           add_part(plan, FW_CFG_KERNEL_ADDR, FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA,
                    layout->kernel, kernel, error) &&
           add_part(plan, FW_CFG_CMDLINE_ADDR, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA,
                    layout->cmdline, cmdline, error) &&
           (!input->initrd || add_part(plan, FW_CFG_INITRD_ADDR, FW_CFG_INITRD_SIZE,
                                       FW_CFG_INITRD_DATA, initrd, input->initrd, error));
}

KernelPlan *bzimage_plan(const KernelInput *input, GError **error)
{
    g_autoptr(KernelPlan) plan = kernel_plan_new(KERNEL_ENTRY_LINUX);
    Header header = {0};
    guint32 initrd = 0;

    if (!parse(&header, input, error) || !check_cmdline(&header, input->append, error)) {
        return NULL;
    }
    guint64 length = header.size - header.setup_size;
    if (length > header.layout.kernel_room ||
        kernel_end(&header) + KERNEL_TABLE_ROOM > input->ram_end) {
        error_set(error,
                  "does not fit into memory: it needs %" G_GUINT64_FORMAT
                  " KiB (-m sets the size of memory)",
                  (kernel_end(&header) + KERNEL_TABLE_ROOM) >> 10);
        return NULL;
    }
    if (input->initrd && !place_initrd(&header, input, &initrd, error)) {
        return NULL;
    }
    plan->setup_segment = (guint16)(header.layout.setup >> 4);
    plan->setup_stack = (guint16)header.layout.heap_end;
    if (!add_parts(plan, &header, input, initrd, error)) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}
