/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JMP, CALL and RET to another segment: SDM vol. 2, JMP, CALL, RET; vol. 3, 5.8. */
#include "tcg/ops.h"
#include "tcg/system-priv.h"

/* ---- gates ---- */

guint gate_size(const TcgCpu *cpu, const Descriptor *gate)
{
    return tcg_is_long(cpu) ? 8 : desc_type(gate) & 8 ? 4 : 2;
}

guint64 gate_offset(const TcgCpu *cpu, const Descriptor *gate)
{
    guint64 offset = gate->low & 0xffff;

    if (desc_type(gate) & 8) {
        offset |= gate->low >> 32 & 0xffff0000;
    }
    return tcg_is_long(cpu) ? offset | gate->high << 32 : offset;
}

void gate_fetch_target(TcgCpu *cpu, const Descriptor *gate, guint ext, Descriptor *target)
{
    guint16 selector = gate_selector(gate);

    if (selector_is_null(selector)) {
        tcg_raise_error(cpu, EXC_GP, ext);
    }
    desc_fetch(cpu, selector, EXC_GP, ext, target);
    if (!desc_is_code(target) || desc_dpl(target) > cpu->cpl ||
        (tcg_is_long(cpu) && (target->low >> 53 & 3) != 1)) {
        tcg_raise_error(cpu, EXC_GP, selector_error(selector, ext));
    }
    if (!desc_is_present(target)) {
        tcg_raise_error(cpu, EXC_NP, selector_error(selector, ext));
    }
}

/* A call gate, task gate or TSS: may be used from here, and is present. */
static void check_system(TcgCpu *cpu, Descriptor *desc)
{
    guint32 error = selector_error(desc->selector, 0);
    guint type = desc_type(desc);
    gboolean known = tcg_is_long(cpu)
                         ? type == DESC_CALL_GATE32
                         : type == DESC_CALL_GATE16 || type == DESC_CALL_GATE32 ||
                               type == DESC_TASK_GATE || type == DESC_TSS16 || type == DESC_TSS32;

    if (desc_is_segment(desc) || !known || desc_dpl(desc) < cpu->cpl ||
        desc_dpl(desc) < (desc->selector & 3u) ||
        (tcg_is_long(cpu) && !desc_find_high(cpu, desc))) {
        tcg_raise_error(cpu, EXC_GP, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_NP, error);
    }
}

/* JMP, CALL to a TSS or through a task gate. FALSE: it is a call gate. */
static gboolean enter_task(TcgCpu *cpu, const Descriptor *desc, TaskCause cause)
{
    switch (desc_type(desc)) {
    case DESC_TASK_GATE: task_switch(cpu, gate_selector(desc), cause, NULL, 0); return TRUE;
    case DESC_TSS16:
    case DESC_TSS32: task_switch(cpu, desc->selector, cause, NULL, 0); return TRUE;
    default: return FALSE;
    }
}

/* Real-address and virtual-8086 mode. */
static void enter_real(TcgCpu *cpu, guint16 selector, guint64 offset)
{
    if (offset > cpu->segment[CPU_CS].limit) {
        tcg_raise_gp(cpu);
    }
    segment_set_real(cpu, CPU_CS, selector);
    cpu->rip = offset;
}

static void fetch_code_or_gate(TcgCpu *cpu, guint16 selector, Descriptor *desc)
{
    if (selector_is_null(selector)) {
        tcg_raise_gp(cpu);
    }
    desc_fetch(cpu, selector, EXC_GP, 0, desc);
}

/* ---- JMP ---- */

static void jump_gate(TcgCpu *cpu, Descriptor *gate)
{
    guint64 offset = gate_offset(cpu, gate);
    Descriptor target;

    gate_fetch_target(cpu, gate, 0, &target);
    if (!desc_is_conforming(&target) && desc_dpl(&target) != cpu->cpl) {
        tcg_raise_error(cpu, EXC_GP, selector_error(target.selector, 0));
    }
    code_check_rip(cpu, &target, offset, 0);
    desc_set_accessed(cpu, &target);
    code_enter(cpu, &target, cpu->cpl, offset);
}

void far_jump(TcgCpu *cpu, guint16 selector, guint64 offset, guint size)
{
    Descriptor desc;

    offset &= flags_mask(size);
    if (!tcg_is_protected(cpu)) {
        enter_real(cpu, selector, offset);
        return;
    }
    fetch_code_or_gate(cpu, selector, &desc);
    if (desc_is_segment(&desc)) {
        desc_check_code(cpu, &desc);
        code_check_rip(cpu, &desc, offset, 0);
        desc_set_accessed(cpu, &desc);
        code_enter(cpu, &desc, cpu->cpl, offset);
        return;
    }
    check_system(cpu, &desc);
    if (!enter_task(cpu, &desc, TASK_JMP)) {
        jump_gate(cpu, &desc);
    }
}

/* ---- CALL ---- */

/* Parameters of a 16- or 32-bit gate are copied from the old stack, in their order. */
static void copy_parameters(TcgCpu *cpu, Frame *from, Frame *to, guint count, guint size)
{
    guint64 values[31];

    for (guint i = 0; i < count; i++) {
        values[i] = frame_pop(cpu, from, size);
    }
    while (count--) {
        frame_push(cpu, to, values[count], size);
    }
}

static void call_inner(TcgCpu *cpu, const Descriptor *gate, Descriptor *target)
{
    guint size = gate_size(cpu, gate), cpl = desc_dpl(target);
    guint64 offset = gate_offset(cpu, gate);
    Frame outer, inner;

    frame_begin(cpu, &outer, 0);
    frame_begin_inner(cpu, &inner, cpl, 0, 0);
    frame_push(cpu, &inner, outer.ss.selector, size);
    frame_push(cpu, &inner, cpu->gpr[CPU_RSP] & flags_mask(size), size);
    if (size != 8) {
        copy_parameters(cpu, &outer, &inner, (guint)(gate->low >> 32) & 31, size);
    }
    frame_push(cpu, &inner, cpu->segment[CPU_CS].selector, size);
    frame_push(cpu, &inner, tcg_next_rip(cpu), size);
    code_check_rip(cpu, target, offset, 0);
    desc_set_accessed(cpu, target);
    frame_commit_inner(cpu, &inner);
    code_enter(cpu, target, cpl, offset);
}

static void call_gate(TcgCpu *cpu, const Descriptor *gate)
{
    guint size = gate_size(cpu, gate);
    guint64 offset = gate_offset(cpu, gate);
    Descriptor target;
    Frame frame;

    gate_fetch_target(cpu, gate, 0, &target);
    if (!desc_is_conforming(&target) && desc_dpl(&target) < cpu->cpl) {
        call_inner(cpu, gate, &target);
        return;
    }
    frame_begin(cpu, &frame, 0);
    if (size == 8) { /* the stack of the 64-bit code that is called */
        frame.width = 8;
    }
    frame_push(cpu, &frame, cpu->segment[CPU_CS].selector, size);
    frame_push(cpu, &frame, tcg_next_rip(cpu), size);
    code_check_rip(cpu, &target, offset, 0);
    desc_set_accessed(cpu, &target);
    frame_commit(cpu, &frame);
    code_enter(cpu, &target, cpu->cpl, offset);
}

void far_call(TcgCpu *cpu, guint16 selector, guint64 offset, guint size)
{
    gboolean segment = TRUE;
    Descriptor desc;
    Frame frame;

    offset &= flags_mask(size);
    if (tcg_is_protected(cpu)) {
        fetch_code_or_gate(cpu, selector, &desc);
        segment = desc_is_segment(&desc);
    }
    if (!segment) {
        check_system(cpu, &desc);
        if (!enter_task(cpu, &desc, TASK_CALL)) {
            call_gate(cpu, &desc);
        }
        return;
    }
    if (tcg_is_protected(cpu)) {
        desc_check_code(cpu, &desc);
    }
    frame_begin(cpu, &frame, 0);
    frame_push(cpu, &frame, cpu->segment[CPU_CS].selector, size);
    frame_push(cpu, &frame, tcg_next_rip(cpu), size);
    if (!tcg_is_protected(cpu)) {
        enter_real(cpu, selector, offset);
    } else {
        code_check_rip(cpu, &desc, offset, 0);
        desc_set_accessed(cpu, &desc);
        code_enter(cpu, &desc, cpu->cpl, offset);
    }
    frame_commit(cpu, &frame);
}

/* ---- RET, and the end of IRET ---- */

void return_fetch_code(TcgCpu *cpu, guint16 selector, Descriptor *desc)
{
    guint rpl = selector & 3;
    guint32 error = selector_error(selector, 0);

    if (selector_is_null(selector)) {
        tcg_raise_gp(cpu);
    }
    desc_fetch(cpu, selector, EXC_GP, 0, desc);
    if (rpl < cpu->cpl || !desc_is_code(desc) ||
        (desc_is_conforming(desc) ? desc_dpl(desc) > rpl : desc_dpl(desc) != rpl)) {
        tcg_raise_error(cpu, EXC_GP, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_NP, error);
    }
}

void return_fetch_stack(TcgCpu *cpu, const Descriptor *code, guint16 selector, guint64 sp,
                        Frame *frame)
{
    gboolean wide = tcg_is_long(cpu) && desc_is_long(code);
    guint rpl = code->selector & 3;
    Descriptor desc;

    *frame = (Frame){.width = 8};
    if (selector_is_null(selector) && wide && rpl != 3 && (selector & 3u) == rpl) {
        frame->ss = (CpuSegment){.selector = selector, .dpl = (guint8)rpl, .unusable = TRUE};
    } else {
        desc_fetch_stack(cpu, selector, rpl, EXC_GP, 0, &desc);
        desc_to_segment(&desc, &frame->ss);
        frame->width = wide ? 8 : frame->ss.db ? 4 : 2;
    }
    frame->sp = sp & flags_mask(frame->width);
}

static void return_outer(TcgCpu *cpu, Descriptor *code, guint64 rip, Frame *inner, guint size,
                         guint64 release)
{
    guint64 sp;
    guint16 ss;
    Frame outer;

    inner->sp = (inner->sp + release) & flags_mask(inner->width);
    sp = frame_pop(cpu, inner, size);
    ss = (guint16)frame_pop(cpu, inner, size);
    return_fetch_stack(cpu, code, ss, sp, &outer);
    outer.sp = (outer.sp + release) & flags_mask(outer.width);
    code_check_rip(cpu, code, rip, 0);
    desc_set_accessed(cpu, code);
    frame_commit_inner(cpu, &outer);
    code_enter(cpu, code, code->selector & 3, rip);
    segments_drop_inner(cpu);
    tcg_update_mode(cpu);
}

void far_return(TcgCpu *cpu, guint size, guint64 release)
{
    Descriptor code;
    Frame frame;
    guint64 rip;
    guint16 cs;

    frame_begin(cpu, &frame, 0);
    rip = frame_pop(cpu, &frame, size);
    cs = (guint16)frame_pop(cpu, &frame, size);
    if (!tcg_is_protected(cpu)) {
        enter_real(cpu, cs, rip);
    } else {
        return_fetch_code(cpu, cs, &code);
        if ((cs & 3) > cpu->cpl) {
            return_outer(cpu, &code, rip, &frame, size, release);
            return;
        }
        code_check_rip(cpu, &code, rip, 0);
        desc_set_accessed(cpu, &code);
        code_enter(cpu, &code, cpu->cpl, rip);
    }
    frame.sp = (frame.sp + release) & flags_mask(frame.width);
    frame_commit(cpu, &frame);
}
