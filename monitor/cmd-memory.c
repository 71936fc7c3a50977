/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory, ports and expressions. */
#include <string.h>

#include "core/error.h"
#include "core/vcpu.h"
#include "cpu/disasm.h"
#include "cpu/paging.h"
#include "monitor/handlers.h"

/* `info mem` gives up after this many page tables: the guest can make them endless. */
#define MAX_TABLES 4096

static Vcpu *current_vcpu(const CommandCall *call, GError **error)
{
    GPtrArray *vcpus = call->machine->vcpus;

    if (!vcpus || call->context->cpu >= vcpus->len) {
        error_set(error, "the machine has no processor");
        return NULL;
    }
    return g_ptr_array_index(vcpus, call->context->cpu);
}

static gboolean read_physical(guint64 addr, void *buffer, gsize length, void *opaque)
{
    const Machine *machine = opaque;

    return address_space_read(machine->memory, addr, buffer, length);
}

/* ---- showing values ---- */

static guint64 load_value(const guint8 *bytes, guint size)
{
    guint64 value = 0;

    memcpy(&value, bytes, size);
    return GUINT64_FROM_LE(value);
}

static gint64 sign_extend(guint64 value, guint size)
{
    guint shift = 64 - size * 8;

    return (gint64)(value << shift) >> shift;
}

static void print_char(GString *out, guint8 c)
{
    switch (c) {
    case '\'': g_string_append(out, "'\\''"); break;
    case '\\': g_string_append(out, "'\\\\'"); break;
    case '\n': g_string_append(out, "'\\n'"); break;
    case '\r': g_string_append(out, "'\\r'"); break;
    default:
        if (c >= 0x20 && c < 0x7f) {
            g_string_append_printf(out, "'%c'", c);
        } else {
            g_string_append_printf(out, "'\\x%02x'", c);
        }
        break;
    }
}

/* Dumps are long and mostly hexadecimal, and the vm lock is held: no printf for these. */
static void print_hex(GString *out, guint64 value, guint digits)
{
    static const char hex[] = "0123456789abcdef";
    char text[16];

    for (guint i = digits; i-- > 0; value >>= 4) {
        text[i] = hex[value & 15];
    }
    g_string_append_len(out, text, digits);
}

/* Appends " VALUE" in columns wide enough for every value of its size. */
static void print_column(GString *out, char format, guint64 value, guint size)
{
    /* Decimal digits of size bytes: bits * log10(2), rounded up. */
    int decimal = (size * 8 * 10 + 32) / 33;
    int octal = (size * 8 + 2) / 3;

    g_string_append_c(out, ' ');
    switch (format) {
    case 'o': g_string_append_printf(out, "0%0*" G_GINT64_MODIFIER "o", octal, value); break;
    case 'd':
        g_string_append_printf(out, "%*" G_GINT64_FORMAT, decimal + 1, sign_extend(value, size));
        break;
    case 'u': g_string_append_printf(out, "%*" G_GUINT64_FORMAT, decimal, value); break;
    case 'c': print_char(out, value); break;
    default:
        g_string_append_len(out, "0x", 2);
        print_hex(out, value, size * 2);
        break;
    }
}

gboolean cmd_print(CommandCall *call, GError **error)
{
    guint64 value = command_int(call, "expression", 0);

    switch (command_format(call, "fmt").format) {
    case 'o': g_string_append_printf(call->out, "%#" G_GINT64_MODIFIER "o\n", value); break;
    case 'd': g_string_append_printf(call->out, "%" G_GINT64_FORMAT "\n", (gint64)value); break;
    case 'u': g_string_append_printf(call->out, "%" G_GUINT64_FORMAT "\n", value); break;
    case 'c':
        print_char(call->out, value);
        g_string_append_c(call->out, '\n');
        break;
    default: g_string_append_printf(call->out, "%#" G_GINT64_MODIFIER "x\n", value); break;
    }
    return TRUE;
}

/* ---- x and xp ---- */

typedef gboolean (*ReadFn)(guint64 addr, void *buffer, gsize length, void *opaque);

/* Most instructions at once: a millisecond's worth, with the vm lock held. */
#define MAX_INSTRUCTIONS 1024

/* Instructions, as the current processor would decode them. */
static gboolean disassemble(CommandCall *call, ReadFn read, void *opaque, guint bits,
                            GError **error)
{
    guint64 addr = command_int(call, "addr", 0);

    if (!cpu_can_disassemble()) {
        return error_set(error, "this program was built without a disassembler (Zydis); show the "
                                "bytes with 'x/16xb'");
    }
    if (command_format(call, "fmt").count > MAX_INSTRUCTIONS) {
        return error_set(error, "at most %d instructions are shown at once", MAX_INSTRUCTIONS);
    }
    for (guint count = command_format(call, "fmt").count; count > 0; count--) {
        guint8 bytes[CPU_MAX_INSTRUCTION];
        gsize length = read(addr, bytes, sizeof(bytes), opaque) ? sizeof(bytes) : 0;

        while (length < sizeof(bytes) && read(addr + length, bytes + length, 1, opaque)) {
            length++;
        }
        gsize shown = cpu_disassemble_lines(bytes, length, bits, addr, 1, call->out);
        if (shown == 0) {
            print_hex(call->out, addr, 16);
            g_string_append(call->out, ": Cannot access memory\n");
            return TRUE;
        }
        addr += shown;
    }
    return TRUE;
}

static gboolean dump(CommandCall *call, ReadFn read, void *opaque)
{
    CommandFormat format = command_format(call, "fmt");
    guint64 addr = command_int(call, "addr", 0);
    guint size = format.format == 'c' ? 1 : format.size ? format.size : 4;
    guint per_line = size == 1 ? 8 : 16 / size;

    for (guint done = 0; done < format.count;) {
        guint n = MIN(per_line, format.count - done);
        guint8 bytes[16];
        gboolean ok = read(addr, bytes, n * size, opaque);

        /* Where a line cannot be read as a whole, its values are tried one by one. */
        if (!ok && n > 1) {
            n = per_line = 1;
            ok = read(addr, bytes, size, opaque);
        }
        print_hex(call->out, addr, 16);
        g_string_append_c(call->out, ':');
        if (!ok) {
            g_string_append(call->out, " Cannot access memory\n");
            return TRUE;
        }
        for (guint i = 0; i < n; i++) {
            print_column(call->out, format.format, load_value(bytes + i * size, size), size);
        }
        g_string_append_c(call->out, '\n');
        addr += n * size;
        done += n;
    }
    return TRUE;
}

typedef struct VirtualReader {
    Machine *machine;
    CpuRegisters regs;
    CpuMapping page; /* the last one found; size 0 = none yet */
} VirtualReader;

static gboolean read_virtual(guint64 addr, void *buffer, gsize length, void *opaque)
{
    VirtualReader *reader = opaque;
    guint8 *bytes = buffer;

    while (length) {
        CpuMapping *page = &reader->page;
        if (addr - page->linear >= page->size &&
            !cpu_translate(&reader->regs, addr, read_physical, reader->machine, page)) {
            page->size = 0;
            return FALSE;
        }
        gsize offset = addr - page->linear;
        gsize n = MIN(length, page->size - offset);
        if (!read_physical(page->physical + offset, bytes, n, reader->machine)) {
            return FALSE;
        }
        addr += n;
        bytes += n;
        length -= n;
    }
    return TRUE;
}

gboolean cmd_x(CommandCall *call, GError **error)
{
    VirtualReader reader = {.machine = call->machine};
    Vcpu *vcpu = current_vcpu(call, error);

    if (!vcpu) {
        return FALSE;
    }
    vcpu_get_regs(vcpu, &reader.regs);
    if (command_format(call, "fmt").format == 'i') {
        return disassemble(call, read_virtual, &reader, cpu_code_bits(&reader.regs), error);
    }
    return dump(call, read_virtual, &reader);
}

gboolean cmd_xp(CommandCall *call, GError **error)
{
    CpuRegisters regs;
    Vcpu *vcpu;

    if (command_format(call, "fmt").format != 'i') {
        return dump(call, read_physical, call->machine);
    }
    vcpu = current_vcpu(call, error);
    if (!vcpu) {
        return FALSE;
    }
    vcpu_get_regs(vcpu, &regs);
    return disassemble(call, read_physical, call->machine, cpu_code_bits(&regs), error);
}

/* ---- ports ---- */

static gboolean port_size(const CommandFormat *format, char *suffix, guint *size, GError **error)
{
    if (format->size == 8) {
        return error_set(error, "a port access is 1, 2 or 4 bytes: /b, /h or /w");
    }
    *size = format->size ? format->size : 4;
    *suffix = *size == 1 ? 'b' : *size == 2 ? 'w' : 'l';
    return TRUE;
}

gboolean cmd_port_in(CommandCall *call, GError **error)
{
    CommandFormat format = command_format(call, "fmt");
    guint16 port = command_int(call, "addr", 0);
    char suffix = 0;
    guint size = 0;

    if (!port_size(&format, &suffix, &size, error)) {
        return FALSE;
    }
    guint64 value = address_space_load(call->machine->io, port, size);
    g_string_append_printf(call->out, "port%c[0x%04x] = 0x%0*" G_GINT64_MODIFIER "x\n", suffix,
                           port, (int)size * 2, value);
    return TRUE;
}

gboolean cmd_port_out(CommandCall *call, GError **error)
{
    CommandFormat format = command_format(call, "fmt");
    char suffix = 0;
    guint size = 0;

    if (!port_size(&format, &suffix, &size, error)) {
        return FALSE;
    }
    address_space_store(call->machine->io, command_int(call, "addr", 0) & 0xffff,
                        command_int(call, "value", 0), size);
    return TRUE;
}

/* ---- info mem ---- */

/* Neighbouring pages with the same permissions make one line. */
typedef struct MemoryLines {
    GString *out;
    guint64 start, end;
    CpuMapping last;
} MemoryLines;

static void end_line(void *opaque)
{
    MemoryLines *lines = opaque;
    const CpuMapping *last = &lines->last;

    if (last->size) {
        g_string_append_printf(lines->out,
                               "%016" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER
                               "x %016" G_GINT64_MODIFIER "x %cr%c\n",
                               lines->start, lines->end, lines->end - lines->start,
                               last->user ? 'u' : '-', last->writable ? 'w' : '-');
    }
}

static void add_mapping(const CpuMapping *mapping, void *opaque)
{
    MemoryLines *lines = opaque;

    if (!lines->last.size || mapping->linear != lines->end || mapping->user != lines->last.user ||
        mapping->writable != lines->last.writable) {
        end_line(lines);
        lines->start = mapping->linear;
    }
    lines->end = mapping->linear + mapping->size;
    lines->last = *mapping;
}

/* Prints the mappings of the current processor by `add`; then their end is `finish`'s. */
static gboolean list_mappings(CommandCall *call,
                              void (*add)(const CpuMapping *mapping, void *opaque),
                              void (*finish)(void *opaque), void *opaque, GError **error)
{
    Vcpu *vcpu = current_vcpu(call, error);
    CpuRegisters regs;

    if (!vcpu) {
        return FALSE;
    }
    vcpu_get_regs(vcpu, &regs);
    if (!cpu_paging_enabled(&regs)) {
        g_string_append(call->out, "PG disabled\n");
        return TRUE;
    }
    gboolean complete =
        cpu_foreach_mapping(&regs, read_physical, call->machine, MAX_TABLES, add, opaque);
    finish(opaque);
    if (!complete) {
        g_string_append_printf(call->out, "(there is more: stopped after %d page tables)\n",
                               MAX_TABLES);
    }
    return TRUE;
}

gboolean cmd_info_mem(CommandCall *call, GError **error)
{
    MemoryLines lines = {.out = call->out};

    return list_mappings(call, add_mapping, end_line, &lines, error);
}

/* ---- info tlb ---- */

/* A kernel's map of all memory by small pages would make more lines than anybody reads. */
#define MAX_PAGES 32768

typedef struct PageLines {
    GString *out;
    guint count;
} PageLines;

static void add_page(const CpuMapping *mapping, void *opaque)
{
    /* Bits of an entry (Intel SDM vol. 3, tables 4-15 to 4-20), in the order in which they are
     * usually shown. */
    static const struct {
        char letter;
        guint bit;
    } flags[] = {{'X', 63}, {'G', 8}, {'P', 7}, {'D', 6}, {'A', 5},
                 {'C', 4},  {'T', 3}, {'U', 2}, {'W', 1}};
    PageLines *lines = opaque;

    if (lines->count++ >= MAX_PAGES) {
        return;
    }
    print_hex(lines->out, mapping->linear, 16);
    g_string_append(lines->out, ": ");
    print_hex(lines->out, mapping->physical, 16);
    g_string_append_c(lines->out, ' ');
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        /* Bit 7 of a small page's entry is PAT. */
        gboolean set = (mapping->entry >> flags[i].bit & 1) &&
                       (flags[i].letter != 'P' || mapping->size > 4096);
        g_string_append_c(lines->out, set ? flags[i].letter : '-');
    }
    g_string_append_c(lines->out, '\n');
}

static void end_pages(void *opaque)
{
    PageLines *lines = opaque;

    if (lines->count > MAX_PAGES) {
        g_string_append_printf(lines->out, "(%u more pages are not shown)\n",
                               lines->count - MAX_PAGES);
    }
}

gboolean cmd_info_tlb(CommandCall *call, GError **error)
{
    PageLines lines = {.out = call->out};

    return list_mappings(call, add_page, end_pages, &lines, error);
}
