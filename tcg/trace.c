/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/trace.h"

#include "core/log.h"
#include "cpu/disasm.h"
#include "tcg/block.h"
#include "tcg/system.h"

#define X64 "%016" G_GINT64_MODIFIER "x"

static guint code_bits(const TcgCpu *cpu)
{
    static const guint8 bits[] = {[MODE_16] = 16, [MODE_32] = 32, [MODE_64] = 64};

    return bits[cpu->mode & MODE_BITS];
}

void tcg_trace_block(TcgCpu *cpu, const guint8 *host, guint length)
{
    if (log_enabled(LOG_IN_ASM)) {
        g_autoptr(GString) text = g_string_new("----------------\nIN:\n");

        cpu_disassemble_lines(host, length, code_bits(cpu), code_linear(cpu), 0, text);
        log_line(LOG_IN_ASM, "%s", text->str);
    }
}

void tcg_trace_entry(TcgCpu *cpu)
{
    log_line(LOG_EXEC, "Trace %u: %04x:" X64 " [" X64 "/%02x]", cpu->vcpu->index,
             cpu->segment[CPU_CS].selector, cpu->rip, code_linear(cpu), cpu->mode);
    if (log_enabled(LOG_CPU)) {
        g_autoptr(GString) text = g_string_new(NULL);
        CpuRegisters regs;

        system_get_registers(cpu, &regs);
        cpu_registers_print_integer(&regs, cpu->vcpu->index, text);
        g_string_truncate(text, text->len - 1);
        log_line(LOG_CPU, "%s", text->str);
    }
}

void tcg_trace_event(TcgCpu *cpu, const TcgEvent *event)
{
    if (log_enabled(LOG_INT)) {
        gboolean fault = event->vector == EXC_PF && event->kind == EVENT_FAULT;

        log_line(LOG_INT,
                 "%6" G_GUINT64_FORMAT ": v=%02x e=%04x i=%d cpl=%u IP=%04x:" X64 " pc=" X64
                 " SP=%04x:" X64 " %s=" X64 " cpu=%u",
                 cpu->events_logged++, event->vector, event->has_error ? event->error : 0,
                 event->kind == EVENT_SOFTWARE, cpu->cpl, cpu->segment[CPU_CS].selector, cpu->rip,
                 code_linear(cpu), cpu->segment[CPU_SS].selector, cpu->gpr[CPU_RSP],
                 fault ? "CR2" : "RAX", fault ? cpu->cr2 : cpu->gpr[CPU_RAX], cpu->vcpu->index);
    }
}
