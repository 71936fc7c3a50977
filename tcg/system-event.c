/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts through the IVT or the IDT: SDM vol. 3, chapter 6 and 21.1.4. */
#include "tcg/system-priv.h"

/* Bit 0 of error codes: nothing that the program asked for. */
static guint event_ext(const TcgEvent *event)
{
    return event->kind != EVENT_SOFTWARE;
}

/* Error code of a fault at the gate itself: its index, and that it is in the IDT. */
static guint32 gate_error(const TcgEvent *event)
{
    return event->vector * 8u + 2 + event_ext(event);
}

/* RF is set in the image of faults, so that the instruction's own breakpoint does not hit again
 * (SDM vol. 3, 6.8.3); an instruction breakpoint itself leaves that to the debugger. */
static guint64 saved_flags(const TcgCpu *cpu, const TcgEvent *event)
{
    gboolean fault = event->kind == EVENT_FAULT && event->vector != EXC_DB &&
                     event->vector != EXC_DF && event->vector != EXC_MC;

    return tcg_get_rflags(cpu) | (fault ? FLAG_RF : 0);
}

static void deliver_real(TcgCpu *cpu, const TcgEvent *event)
{
    guint32 offset = event->vector * 4u;
    guint64 target;
    Frame frame;

    if (offset + 3 > cpu->idt.limit) {
        tcg_raise_error(cpu, EXC_GP, gate_error(event));
    }
    target = mmu_load_system(cpu, (guint32)(cpu->idt.base + offset), 4);
    frame_begin(cpu, &frame, 0);
    frame_push(cpu, &frame, tcg_get_rflags(cpu), 2);
    frame_push(cpu, &frame, cpu->segment[CPU_CS].selector, 2);
    frame_push(cpu, &frame, cpu->rip, 2);
    frame_commit(cpu, &frame);
    segment_set_real(cpu, CPU_CS, (guint16)(target >> 16));
    cpu->rip = target & 0xffff;
    cpu->rflags &= ~(guint64)(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
}

/* The gate of the vector, checked. */
static void fetch_gate(TcgCpu *cpu, const TcgEvent *event, Descriptor *gate)
{
    guint size = tcg_is_long(cpu) ? 16 : 8;
    guint32 offset = event->vector * size;
    gboolean known;

    if (offset + size - 1 > cpu->idt.limit) {
        tcg_raise_error(cpu, EXC_GP, gate_error(event));
    }
    *gate = (Descriptor){.linear = cpu->idt.base + offset};
    if (!tcg_is_long(cpu)) {
        gate->linear = (guint32)gate->linear;
    }
    gate->low = mmu_load_system(cpu, gate->linear, 8);
    gate->high = size == 16 ? mmu_load_system(cpu, gate->linear + 8, 8) : 0;
    switch (desc_type(gate)) {
    case DESC_TASK_GATE:
    case DESC_INTERRUPT_GATE16:
    case DESC_TRAP_GATE16: known = !tcg_is_long(cpu); break;
    case DESC_INTERRUPT_GATE32:
    case DESC_TRAP_GATE32: known = TRUE; break;
    default: known = FALSE; break;
    }
    if (!known || desc_is_segment(gate) ||
        (event->kind == EVENT_SOFTWARE && desc_dpl(gate) < cpu->cpl)) {
        tcg_raise_error(cpu, EXC_GP, gate_error(event));
    }
    if (!desc_is_present(gate)) {
        tcg_raise_error(cpu, EXC_NP, gate_error(event));
    }
}

/* Chooses the stack of the handler. TRUE: another than the current one. */
static gboolean choose_stack(TcgCpu *cpu, const Descriptor *gate, guint cpl, guint ext,
                             Frame *frame)
{
    guint ist = tcg_is_long(cpu) ? (guint)(gate->low >> 32) & 7 : 0;

    if (cpl < cpu->cpl || ist) {
        frame_begin_inner(cpu, frame, cpl, ist, ext);
        if (cpl == cpu->cpl) { /* IST without a change of level: SS stays */
            frame->ss = cpu->segment[CPU_SS];
        }
    } else {
        frame_begin(cpu, frame, ext);
    }
    if (tcg_is_long(cpu)) { /* SDM vol. 3, 6.14.2 */
        frame->width = 8;
        frame->sp &= ~(guint64)15;
    }
    return cpl < cpu->cpl || tcg_is_long(cpu);
}

static void push_vm86_segments(TcgCpu *cpu, Frame *frame, guint size)
{
    frame_push(cpu, frame, cpu->segment[CPU_GS].selector, size);
    frame_push(cpu, frame, cpu->segment[CPU_FS].selector, size);
    frame_push(cpu, frame, cpu->segment[CPU_DS].selector, size);
    frame_push(cpu, frame, cpu->segment[CPU_ES].selector, size);
}

static void drop_vm86_segments(TcgCpu *cpu)
{
    static const guint8 data[] = {CPU_ES, CPU_DS, CPU_FS, CPU_GS};

    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        segment_set_null(cpu, data[i], 0);
    }
}

static void deliver_gate(TcgCpu *cpu, const TcgEvent *event, const Descriptor *gate)
{
    guint ext = event_ext(event), size = gate_size(cpu, gate), cpl = cpu->cpl;
    guint64 offset = gate_offset(cpu, gate), clear = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;
    gboolean vm86 = tcg_is_vm86(cpu);
    Descriptor target;
    Frame frame;

    gate_fetch_target(cpu, gate, ext, &target);
    if (!desc_is_conforming(&target)) {
        cpl = desc_dpl(&target);
    }
    if (vm86 && cpl != 0) {
        tcg_raise_error(cpu, EXC_GP, selector_error(target.selector, ext));
    }
    if (choose_stack(cpu, gate, cpl, ext, &frame)) {
        if (vm86) {
            push_vm86_segments(cpu, &frame, size);
        }
        frame_push(cpu, &frame, cpu->segment[CPU_SS].selector, size);
        frame_push(cpu, &frame, cpu->gpr[CPU_RSP], size);
    }
    frame_push(cpu, &frame, saved_flags(cpu, event), size);
    frame_push(cpu, &frame, cpu->segment[CPU_CS].selector, size);
    frame_push(cpu, &frame, cpu->rip, size);
    if (event->has_error) {
        frame_push(cpu, &frame, event->error, size);
    }
    code_check_rip(cpu, &target, offset, ext);
    desc_set_accessed(cpu, &target);
    clear |= desc_type(gate) & 1 ? 0 : FLAG_IF;
    cpu->rflags &= ~clear;
    frame_commit_inner(cpu, &frame);
    if (vm86) {
        drop_vm86_segments(cpu);
    }
    code_enter(cpu, &target, cpl, offset);
}

void system_deliver(TcgCpu *cpu, const TcgEvent *event)
{
    Descriptor gate;

    if (!(cpu->cr0 & CR0_PE)) {
        deliver_real(cpu, event);
    } else {
        fetch_gate(cpu, event, &gate);
        if (desc_type(&gate) == DESC_TASK_GATE) {
            task_switch(cpu, gate_selector(&gate), TASK_EVENT, event, event_ext(event));
        } else {
            deliver_gate(cpu, event, &gate);
        }
    }
    cpu->shadow = FALSE;
    if (event->kind == EVENT_NMI) {
        cpu->nmi_masked = TRUE;
    }
}

/* ---- the double fault ---- */

typedef enum FaultClass {
    CLASS_BENIGN,
    CLASS_CONTRIBUTORY,
    CLASS_PAGE_FAULT,
    CLASS_DOUBLE,
} FaultClass;

/* SDM vol. 3, table 6-4. */
static FaultClass fault_class(guint vector)
{
    switch (vector) {
    case EXC_DE:
    case EXC_TS:
    case EXC_NP:
    case EXC_SS:
    case EXC_GP: return CLASS_CONTRIBUTORY;
    case EXC_PF: return CLASS_PAGE_FAULT;
    case EXC_DF: return CLASS_DOUBLE;
    default: return CLASS_BENIGN;
    }
}

int system_combine_faults(guint8 first, guint8 second)
{
    FaultClass a = fault_class(first), b = fault_class(second);

    if (a == CLASS_DOUBLE && b != CLASS_BENIGN) {
        return -1;
    }
    if ((a == CLASS_CONTRIBUTORY && b == CLASS_CONTRIBUTORY) ||
        (a == CLASS_PAGE_FAULT && (b == CLASS_CONTRIBUTORY || b == CLASS_PAGE_FAULT))) {
        return EXC_DF;
    }
    return second;
}
