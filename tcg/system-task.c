/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Task switches by hardware, 16 and 32 bits wide: SDM vol. 3, chapter 7. */
#include "tcg/system-priv.h"
#include "tcg/watch.h"

/* Offsets in a TSS (SDM vol. 3, figures 7-2 and 7-10). */
typedef struct TssLayout {
    guint8 size; /* of its words */
    guint8 eip, eflags, gpr, segment, segments, ldt;
    guint8 limit; /* the least one */
} TssLayout;

enum {
    TSS_LINK = 0,
    TSS32_CR3 = 0x1c,
    TSS32_TRAP = 0x64,
};

static const TssLayout layout16 = {2, 0x0e, 0x10, 0x12, 0x22, 4, 0x2a, 0x2b};
static const TssLayout layout32 = {4, 0x20, 0x24, 0x28, 0x48, 6, 0x60, 0x67};

/* What the new TSS says. */
typedef struct TaskState {
    guint64 gpr[8];
    guint32 eip, eflags, cr3;
    guint16 segment[6], ldt;
    gboolean trap;
} TaskState;

static const TssLayout *layout_of(guint type)
{
    return type & 8 ? &layout32 : &layout16;
}

static guint32 tss_load(TcgCpu *cpu, guint64 base, guint offset, guint size)
{
    return (guint32)mmu_load_system(cpu, (guint32)(base + offset), size);
}

static void tss_store(TcgCpu *cpu, guint64 base, guint offset, guint64 value, guint size)
{
    mmu_store_system(cpu, (guint32)(base + offset), value & flags_mask(size), size);
}

static void fetch_tss(TcgCpu *cpu, guint16 selector, TaskCause cause, guint ext, Descriptor *desc)
{
    guint vector = cause == TASK_IRET ? EXC_TS : EXC_GP;
    guint32 error = selector_error(selector, ext);
    guint busy = cause == TASK_IRET ? 2 : 0, type;
    CpuSegment segment;

    if (selector_is_null(selector) || (selector & 4)) {
        tcg_raise_error(cpu, vector, error);
    }
    desc_fetch(cpu, selector, vector, ext, desc);
    type = desc_type(desc);
    if (desc_is_segment(desc) || (type & ~8u) != (DESC_TSS16 | busy)) {
        tcg_raise_error(cpu, vector, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_NP, error);
    }
    desc_to_segment(desc, &segment);
    if (segment.limit < layout_of(type)->limit) {
        tcg_raise_error(cpu, EXC_TS, error);
    }
}

static void load_state(TcgCpu *cpu, const CpuSegment *tss, TaskState *state)
{
    const TssLayout *layout = layout_of(tss->type);
    guint size = layout->size;

    *state = (TaskState){0};
    state->eip = tss_load(cpu, tss->base, layout->eip, size);
    state->eflags = tss_load(cpu, tss->base, layout->eflags, size);
    for (guint i = 0; i < 8; i++) {
        state->gpr[i] = tss_load(cpu, tss->base, layout->gpr + i * size, size);
        /* SDM vol. 3, 7.6: a 16-bit TSS leaves the upper halves alone; they read as ones on no
         * processor of this kind, so keep them. */
        if (size == 2) {
            state->gpr[i] |= cpu->gpr[i] & 0xffff0000;
        }
    }
    for (guint i = 0; i < layout->segments; i++) {
        state->segment[i] = (guint16)tss_load(cpu, tss->base, layout->segment + i * size, 2);
    }
    state->ldt = (guint16)tss_load(cpu, tss->base, layout->ldt, 2);
    if (size == 4) {
        state->cr3 = tss_load(cpu, tss->base, TSS32_CR3, 4);
        state->trap = tss_load(cpu, tss->base, TSS32_TRAP, 2) & 1;
    }
}

static void save_state(TcgCpu *cpu, TaskCause cause)
{
    const TssLayout *layout = layout_of(cpu->tr.type);
    guint64 flags = tcg_get_rflags(cpu), base = cpu->tr.base;
    guint size = layout->size;

    tss_store(cpu, base, layout->eip, cpu->rip, size);
    tss_store(cpu, base, layout->eflags, cause == TASK_IRET ? flags & ~(guint64)FLAG_NT : flags,
              size);
    for (guint i = 0; i < 8; i++) {
        tss_store(cpu, base, layout->gpr + i * size, cpu->gpr[i], size);
    }
    for (guint i = 0; i < layout->segments; i++) {
        tss_store(cpu, base, layout->segment + i * size, cpu->segment[i].selector, 2);
    }
}

/* The busy bits and the back link (SDM vol. 3, table 7-2). */
static void link_tasks(TcgCpu *cpu, TaskCause cause, const Descriptor *next, guint64 base)
{
    Descriptor old;

    if (cause == TASK_CALL || cause == TASK_EVENT) {
        tss_store(cpu, base, TSS_LINK, cpu->tr.selector, 2);
    } else if (desc_find(cpu, cpu->tr.selector, &old)) {
        desc_change_type(cpu, &old, 2, 0);
    }
    if (cause != TASK_IRET) {
        desc_change_type(cpu, next, 0, 2);
    }
}

/* ---- the new task loads its registers ---- */

/* A fault of the new task: rip is where it begins. */
static G_NORETURN void raise_in_task(TcgCpu *cpu, guint vector, guint16 selector, guint ext)
{
    TcgEvent event = {.kind = EVENT_TRAP,
                      .vector = (guint8)vector,
                      .has_error = TRUE,
                      .error = selector_error(selector, ext)};

    tcg_raise_event(cpu, &event);
}

static void load_ldt(TcgCpu *cpu, guint16 selector, guint ext)
{
    Descriptor desc;

    if (selector_is_null(selector)) {
        return;
    }
    if ((selector & 4) || !desc_find(cpu, selector, &desc) || desc_is_segment(&desc) ||
        desc_type(&desc) != DESC_LDT || !desc_is_present(&desc)) {
        raise_in_task(cpu, EXC_TS, selector, ext);
    }
    desc_to_segment(&desc, &cpu->ldt);
}

static void load_task_code(TcgCpu *cpu, guint16 selector, guint ext)
{
    guint rpl = selector & 3;
    Descriptor desc;

    if (selector_is_null(selector) || !desc_find(cpu, selector, &desc) || !desc_is_code(&desc) ||
        (desc_is_conforming(&desc) ? desc_dpl(&desc) > rpl : desc_dpl(&desc) != rpl)) {
        raise_in_task(cpu, EXC_TS, selector, ext);
    }
    if (!desc_is_present(&desc)) {
        raise_in_task(cpu, EXC_NP, selector, ext);
    }
    desc_set_accessed(cpu, &desc);
    code_enter(cpu, &desc, rpl, cpu->rip);
}

static void load_task_data(TcgCpu *cpu, guint index, guint16 selector, guint ext)
{
    gboolean good, stack = index == CPU_SS;
    guint rpl = selector & 3;
    Descriptor desc;

    if (selector_is_null(selector) && !stack) {
        return;
    }
    good = !selector_is_null(selector) && desc_find(cpu, selector, &desc) && desc_is_segment(&desc);
    if (good && stack) {
        good = desc_is_writable_data(&desc) && rpl == cpu->cpl && desc_dpl(&desc) == cpu->cpl;
    } else if (good) {
        good =
            (desc_type(&desc) & (TYPE_CODE | TYPE_WRITABLE)) != TYPE_CODE &&
            (desc_is_conforming(&desc) || (desc_dpl(&desc) >= rpl && desc_dpl(&desc) >= cpu->cpl));
    }
    if (!good) {
        raise_in_task(cpu, EXC_TS, selector, ext);
    }
    if (!desc_is_present(&desc)) {
        raise_in_task(cpu, stack ? EXC_SS : EXC_NP, selector, ext);
    }
    desc_set_accessed(cpu, &desc);
    desc_to_segment(&desc, &cpu->segment[index]);
    tcg_update_mode(cpu);
}

static void load_task_segments(TcgCpu *cpu, const TaskState *state, guint ext)
{
    static const guint8 order[] = {CPU_SS, CPU_ES, CPU_DS, CPU_FS, CPU_GS};

    if (tcg_is_vm86(cpu)) {
        for (guint i = 0; i < 6; i++) {
            segment_set_vm86(cpu, i, state->segment[i]);
        }
        cpu->cpl = 3;
        load_ldt(cpu, state->ldt, ext);
        tcg_update_mode(cpu);
        return;
    }
    load_ldt(cpu, state->ldt, ext);
    load_task_code(cpu, state->segment[CPU_CS], ext);
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        load_task_data(cpu, order[i], state->segment[order[i]], ext);
    }
}

/* Past the point of no return: everything but the hidden parts (SDM vol. 3, 7.3, step 10). */
static void begin_task(TcgCpu *cpu, const Descriptor *desc, const TaskState *state, guint64 flags)
{
    fpu_leave(cpu);
    desc_to_segment(desc, &cpu->tr);
    cpu->tr.type |= 2;
    cpu->cr0 |= CR0_TS;
    if (cpu->dr[7] & 0x155) { /* L0-L3, LE */
        cpu->dr[7] &= ~(guint64)0x155;
        tcg_watch_update(cpu);
    }
    for (guint i = 0; i < 8; i++) {
        cpu->gpr[i] = state->gpr[i];
    }
    cpu->rip = state->eip;
    tcg_set_rflags(cpu, flags);
    cpu->ldt = (CpuSegment){.selector = state->ldt, .unusable = TRUE};
    for (guint i = 0; i < 6; i++) {
        segment_set_null(cpu, i, state->segment[i]);
    }
    cpu->cpl = tcg_is_vm86(cpu) ? 3 : state->segment[CPU_CS] & 3;
    if (state->trap) {
        cpu->pending_db |= DR6_BT;
    }
    tcg_update_mode(cpu);
}

static void push_error(TcgCpu *cpu, const TcgEvent *event)
{
    guint size = layout_of(cpu->tr.type)->size;
    Frame frame;

    frame_begin(cpu, &frame, 1);
    if (!segment_contains(&frame.ss, (frame.sp - size) & flags_mask(frame.width), size)) {
        raise_in_task(cpu, EXC_SS, 0, 1);
    }
    frame_push(cpu, &frame, event->error, size);
    frame_commit(cpu, &frame);
}

void task_switch(TcgCpu *cpu, guint16 selector, TaskCause cause, const TcgEvent *event, guint ext)
{
    gboolean paging = (cpu->cr0 & CR0_PG) != 0, nested = cause == TASK_CALL || cause == TASK_EVENT;
    Descriptor desc;
    CpuSegment next;
    TaskState state;

    fetch_tss(cpu, selector, cause, ext, &desc);
    desc_to_segment(&desc, &next);
    load_state(cpu, &next, &state);
    save_state(cpu, cause);
    link_tasks(cpu, cause, &desc, next.base);
    begin_task(cpu, &desc, &state, nested ? state.eflags | FLAG_NT : state.eflags);
    if (paging && layout_of(next.type)->size == 4 && state.cr3 != cpu->cr3) {
        control_set_cr3(cpu, state.cr3);
    }
    load_task_segments(cpu, &state, ext);
    if (cpu->rip > cpu->segment[CPU_CS].limit) {
        raise_in_task(cpu, EXC_GP, 0, ext);
    }
    if (event && event->has_error) {
        push_error(cpu, event);
    }
}
