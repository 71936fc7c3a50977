/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/trace.h"

#include "core/log.h"

void tcg_trace_block(TcgCpu *cpu, const guint8 *host, guint length)
{
    if (log_enabled(LOG_IN_ASM)) {
        GString *bytes = g_string_new(NULL);
        for (guint i = 0; i < length; i++) {
            g_string_append_printf(bytes, " %02x", host[i]);
        }
        log_line(LOG_IN_ASM, "CPU %u block at %04x:%" G_GINT64_MODIFIER "x mode %x:%s",
                 cpu->vcpu->index, cpu->segment[CPU_CS].selector, cpu->rip, cpu->mode, bytes->str);
        g_string_free(bytes, TRUE);
    }
}

void tcg_trace_event(TcgCpu *cpu, const TcgEvent *event)
{
    if (log_enabled(LOG_INT)) {
        log_line(LOG_INT,
                 "CPU %u event %02x kind %d error %x at %04x:%" G_GINT64_MODIFIER
                 "x cpl %u cr2 %" G_GINT64_MODIFIER "x rax %" G_GINT64_MODIFIER "x",
                 cpu->vcpu->index, event->vector, event->kind, event->error,
                 cpu->segment[CPU_CS].selector, cpu->rip, cpu->cpl, cpu->cr2, cpu->gpr[CPU_RAX]);
    }
}
