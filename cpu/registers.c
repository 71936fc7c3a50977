/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/registers.h"

#include <string.h>

#define X64 "%016" G_GINT64_MODIFIER "x"

/* Names without their first letter, R or E by the width. */
static const char *const gpr_names[16] = {
    "AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "8 ", "9 ", "10", "11", "12", "13", "14", "15",
};

/* The order in which people expect them. */
static const int gpr_order[16] = {
    CPU_RAX, CPU_RBX, CPU_RCX, CPU_RDX, CPU_RSI, CPU_RDI, CPU_RBP, CPU_RSP,
    8,       9,       10,      11,      12,      13,      14,      15,
};

static const char *const segment_names[6] = {"ES ", "CS ", "SS ", "DS ", "FS ", "GS "};

/* 64-bit mode is IA-32e mode (EFER.LMA) in a segment with CS.L (Intel SDM vol. 3, 5.2.1). */
static gboolean is_64bit(const CpuRegisters *regs)
{
    return (regs->efer >> 10 & 1) && regs->segment[CPU_CS].l;
}

/* An address or a register, in the width that the code has: 32 bits outside 64-bit mode. */
static void print_word(const CpuRegisters *regs, guint64 value, GString *out)
{
    if (is_64bit(regs)) {
        g_string_append_printf(out, X64, value);
    } else {
        g_string_append_printf(out, "%08x", (guint)value);
    }
}

static void print_segment(const CpuRegisters *regs, const char *name, const CpuSegment *segment,
                          GString *out)
{
    /* The second doubleword of a descriptor (Intel SDM vol. 3, figure 3-8), limit and base left
     * out, as it is usually shown. */
    guint flags = segment->type << 8 | segment->s << 12 | segment->dpl << 13 |
                  segment->present << 15 | segment->avl << 20 | segment->l << 21 |
                  segment->db << 22 | (guint)segment->g << 23;

    g_string_append_printf(out, "%s=%04x ", name, segment->selector);
    print_word(regs, segment->base, out);
    g_string_append_printf(out, " %08x %08x\n", segment->limit, flags);
}

static void print_table(const CpuRegisters *regs, const char *name, guint64 base, guint limit,
                        GString *out)
{
    g_string_append_printf(out, "%s=     ", name);
    print_word(regs, base, out);
    g_string_append_printf(out, " %08x\n", limit);
}

static void print_flags(guint64 rflags, GString *out)
{
    static const struct {
        char letter;
        guint bit;
    } flags[] = {{'D', 10}, {'O', 11}, {'S', 7}, {'Z', 6}, {'A', 4}, {'P', 2}, {'C', 0}};

    g_string_append_printf(out, "FL=%08x [", (guint)rflags);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_string_append_c(out, rflags >> flags[i].bit & 1 ? flags[i].letter : '-');
    }
    g_string_append_c(out, ']');
}

static void print_fpu(const CpuRegisters *regs, GString *out)
{
    /* FXSAVE area (Intel SDM vol. 1, table 10-2): FCW 0, FSW 2, FTW 4, MXCSR 24, ST0 32, XMM0 160.
     */
    const guint8 *area = regs->fxsave;
    guint16 control, status;
    guint32 mxcsr;

    memcpy(&control, area, 2);
    memcpy(&status, area + 2, 2);
    memcpy(&mxcsr, area + 24, 4);
    g_string_append_printf(out, "FCW=%04x FSW=%04x [ST=%d] FTW=%02x MXCSR=%08x\n", control, status,
                           status >> 11 & 7, area[4], mxcsr);
    for (int i = 0; i < 8; i++) {
        guint64 mantissa;
        guint16 exponent;
        memcpy(&mantissa, area + 32 + 16 * i, 8);
        memcpy(&exponent, area + 40 + 16 * i, 2);
        g_string_append_printf(out, "FPR%d=" X64 " %04x%s", i, mantissa, exponent,
                               i % 2 ? "\n" : " ");
    }
    for (int i = 0; i < (is_64bit(regs) ? 16 : 8); i++) {
        guint64 low, high;
        memcpy(&low, area + 160 + 16 * i, 8);
        memcpy(&high, area + 168 + 16 * i, 8);
        g_string_append_printf(out, "XMM%02d=" X64 X64 "%s", i, high, low, i % 2 ? "\n" : " ");
    }
}

static void print_general(const CpuRegisters *regs, GString *out)
{
    char width = is_64bit(regs) ? 'R' : 'E';

    for (int i = 0; i < (is_64bit(regs) ? 16 : 8); i++) {
        g_string_append_printf(out, "%c%s=", gpr_order[i] < 8 ? width : 'R',
                               gpr_names[gpr_order[i]]);
        print_word(regs, regs->gpr[gpr_order[i]], out);
        g_string_append_c(out, i % 4 == 3 ? '\n' : ' ');
    }
    g_string_append_printf(out, "%cIP=", width);
    print_word(regs, regs->rip, out);
    g_string_append_printf(out, " %c", width);
    print_flags(regs->rflags, out);
    g_string_append_printf(out, " CPL=%d HLT=%d\n", regs->segment[CPU_SS].dpl, regs->halted);
}

static void print_control(const CpuRegisters *regs, GString *out)
{
    g_string_append_printf(out, "CR0=%08x CR2=", (guint)regs->cr0);
    print_word(regs, regs->cr2, out);
    g_string_append(out, " CR3=");
    print_word(regs, regs->cr3, out);
    g_string_append_printf(out, " CR4=%08x\n", (guint)regs->cr4);
    for (int i = 0; i < 4; i++) {
        g_string_append_printf(out, "DR%d=" X64 "%s", i, regs->dr[i], i < 3 ? " " : "\n");
    }
    g_string_append_printf(out, "DR6=" X64 " DR7=" X64 "\n", regs->dr[6], regs->dr[7]);
    g_string_append_printf(out, "EFER=" X64 "\n", regs->efer);
}

void cpu_registers_print_integer(const CpuRegisters *regs, guint index, GString *out)
{
    g_string_append_printf(out, "\nCPU#%u\n", index);
    print_general(regs, out);
    for (int i = 0; i < 6; i++) {
        print_segment(regs, segment_names[i], &regs->segment[i], out);
    }
    print_segment(regs, "LDT", &regs->ldt, out);
    print_segment(regs, "TR ", &regs->tr, out);
    print_table(regs, "GDT", regs->gdt.base, regs->gdt.limit, out);
    print_table(regs, "IDT", regs->idt.base, regs->idt.limit, out);
    print_control(regs, out);
}

void cpu_registers_print(const CpuRegisters *regs, guint index, GString *out)
{
    cpu_registers_print_integer(regs, index, out);
    print_fpu(regs, out);
}
