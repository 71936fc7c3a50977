/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/disasm.h"

#include <string.h>

#define EFER_LMA (1u << 10)

/* Bytes of an instruction on one line; the rest goes on the next. */
#define BYTES_PER_LINE 8

guint cpu_code_bits(const CpuRegisters *regs)
{
    const CpuSegment *cs = &regs->segment[CPU_CS];

    if ((regs->efer & EFER_LMA) && cs->l) {
        return 64;
    }
    return cs->db ? 32 : 16;
}

/* One line, without its end: the address and up to eight bytes, padded. */
static void print_bytes(const guint8 *bytes, gsize length, guint64 addr, GString *out)
{
    static const char hex[] = "0123456789abcdef";
    char columns[3 * BYTES_PER_LINE + 2];

    memset(columns, ' ', sizeof(columns));
    for (gsize i = 0; i < length; i++) {
        columns[3 * i] = hex[bytes[i] >> 4];
        columns[3 * i + 1] = hex[bytes[i] & 15];
    }
    columns[sizeof(columns) - 1] = '\0';
    g_string_append_printf(out, "0x%08" G_GINT64_MODIFIER "x:  %s", addr, columns);
}

static void print_line(const guint8 *bytes, gsize length, guint64 addr, const char *text,
                       GString *out)
{
    gsize first = MIN(length, BYTES_PER_LINE);

    print_bytes(bytes, first, addr, out);
    g_string_append(out, text);
    g_string_append_c(out, '\n');
    if (length > first) {
        print_bytes(bytes + first, length - first, addr + first, out);
        g_string_truncate(out, out->len - 3 * (2 * BYTES_PER_LINE - length) - 2);
        g_string_append_c(out, '\n');
    }
}

gsize cpu_disassemble_lines(const guint8 *bytes, gsize length, guint bits, guint64 addr,
                            guint count, GString *out)
{
    gboolean all = count == 0;
    g_autoptr(GString) text = g_string_new(NULL);
    gsize at = 0;

    while (at < length && (all || count-- > 0)) {
        g_string_truncate(text, 0);
        guint size = cpu_disassemble(bytes + at, length - at, bits, addr + at, text);
        if (size == 0 && !all && length - at < CPU_MAX_INSTRUCTION) {
            break; /* its end may lie behind */
        }
        if (size == 0) {
            g_string_printf(text, "%-8s 0x%02x", ".byte", bytes[at]);
            size = 1;
        }
        print_line(bytes + at, size, addr + at, text->str, out);
        at += size;
    }
    return at;
}
