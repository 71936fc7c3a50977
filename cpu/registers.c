/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/registers.h"

#include <string.h>

#define X64 "%016" G_GINT64_MODIFIER "x"

static const char *const gpr_names[16] = {
    "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
    "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15",
};

/* The order in which people expect them. */
static const int gpr_order[16] = {
    CPU_RAX, CPU_RBX, CPU_RCX, CPU_RDX, CPU_RSI, CPU_RDI, CPU_RBP, CPU_RSP,
    8,       9,       10,      11,      12,      13,      14,      15,
};

static const char *const segment_names[6] = {"ES ", "CS ", "SS ", "DS ", "FS ", "GS "};

static void print_segment(const char *name, const CpuSegment *segment, GString *out)
{
    /* The second doubleword of a descriptor (Intel SDM vol. 3, figure 3-8), limit and base left
     * out, as it is usually shown. */
    guint flags = segment->type << 8 | segment->s << 12 | segment->dpl << 13 |
                  segment->present << 15 | segment->avl << 20 | segment->l << 21 |
                  segment->db << 22 | (guint)segment->g << 23;

    g_string_append_printf(out, "%s=%04x " X64 " %08x %08x\n", name, segment->selector,
                           segment->base, segment->limit, flags);
}

static void print_flags(guint64 rflags, GString *out)
{
    static const struct {
        char letter;
        guint bit;
    } flags[] = {{'D', 10}, {'O', 11}, {'S', 7}, {'Z', 6}, {'A', 4}, {'P', 2}, {'C', 0}};

    g_string_append_printf(out, "RFL=%08x [", (guint)rflags);
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
    for (int i = 0; i < 16; i++) {
        guint64 low, high;
        memcpy(&low, area + 160 + 16 * i, 8);
        memcpy(&high, area + 168 + 16 * i, 8);
        g_string_append_printf(out, "XMM%02d=" X64 X64 "%s", i, high, low, i % 2 ? "\n" : " ");
    }
}

void cpu_registers_print(const CpuRegisters *regs, guint index, GString *out)
{
    g_string_append_printf(out, "\nCPU#%u\n", index);
    for (int i = 0; i < 16; i++) {
        g_string_append_printf(out, "%s=" X64 "%s", gpr_names[gpr_order[i]],
                               regs->gpr[gpr_order[i]], i % 4 == 3 ? "\n" : " ");
    }
    g_string_append_printf(out, "RIP=" X64 " ", regs->rip);
    print_flags(regs->rflags, out);
    g_string_append_printf(out, " CPL=%d HLT=%d\n", regs->segment[CPU_SS].dpl, regs->halted);
    for (int i = 0; i < 6; i++) {
        print_segment(segment_names[i], &regs->segment[i], out);
    }
    print_segment("LDT", &regs->ldt, out);
    print_segment("TR ", &regs->tr, out);
    g_string_append_printf(out, "GDT=     " X64 " %08x\n", regs->gdt.base, regs->gdt.limit);
    g_string_append_printf(out, "IDT=     " X64 " %08x\n", regs->idt.base, regs->idt.limit);
    g_string_append_printf(out, "CR0=%08x CR2=" X64 " CR3=" X64 " CR4=%08x\n", (guint)regs->cr0,
                           regs->cr2, regs->cr3, (guint)regs->cr4);
    for (int i = 0; i < 4; i++) {
        g_string_append_printf(out, "DR%d=" X64 "%s", i, regs->dr[i], i < 3 ? " " : "\n");
    }
    g_string_append_printf(out, "DR6=" X64 " DR7=" X64 "\n", regs->dr[6], regs->dr[7]);
    g_string_append_printf(out, "EFER=" X64 "\n", regs->efer);
    print_fpu(regs, out);
}
