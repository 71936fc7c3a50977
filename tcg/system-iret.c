/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IRET in all modes: SDM vol. 2, IRET. */
#include "tcg/system-priv.h"

#define FLAGS_ALWAYS (FLAG_ARITH | FLAG_TF | FLAG_DF | FLAG_NT)
#define FLAGS_WIDE   (FLAG_RF | FLAG_AC | (guint64)FLAG_ID)

/* Real-address mode, and virtual-8086 mode with IOPL 3. */
static void iret_real(TcgCpu *cpu, guint size)
{
    guint64 mask = FLAGS_ALWAYS | FLAG_IF | (size == 4 ? FLAGS_WIDE : 0);
    guint64 rip, flags;
    guint16 cs;
    Frame frame;

    if (tcg_is_vm86(cpu) && tcg_iopl(cpu) < 3) {
        tcg_raise_gp(cpu);
    }
    frame_begin(cpu, &frame, 0);
    rip = frame_pop(cpu, &frame, size);
    cs = (guint16)frame_pop(cpu, &frame, size);
    flags = frame_pop(cpu, &frame, size);
    if (rip > cpu->segment[CPU_CS].limit) {
        tcg_raise_gp(cpu);
    }
    segment_set_real(cpu, CPU_CS, cs);
    cpu->rip = rip;
    frame_commit(cpu, &frame);
    rflags_change(cpu, flags, mask | (tcg_is_vm86(cpu) ? 0 : FLAG_IOPL));
}

/* The image of a virtual-8086 task: CS and IP have been popped. */
static void iret_to_vm86(TcgCpu *cpu, Frame *frame, guint64 rip, guint16 cs, guint64 flags)
{
    static const guint8 order[] = {CPU_ES, CPU_DS, CPU_FS, CPU_GS};
    guint64 sp = frame_pop(cpu, frame, 4);
    guint16 ss = (guint16)frame_pop(cpu, frame, 4), selectors[4];

    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        selectors[i] = (guint16)frame_pop(cpu, frame, 4);
    }
    if (rip > 0xffff) {
        tcg_raise_gp(cpu);
    }
    cpu->gpr[CPU_RSP] = sp;
    cpu->rip = rip;
    segment_set_vm86(cpu, CPU_CS, cs);
    segment_set_vm86(cpu, CPU_SS, ss);
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        segment_set_vm86(cpu, order[i], selectors[i]);
    }
    cpu->cpl = 3;
    rflags_change(cpu, flags, ~(guint64)0);
    tcg_update_mode(cpu);
}

/* NT: back to the task that was interrupted (SDM vol. 3, 7.4). */
static void iret_task(TcgCpu *cpu)
{
    guint16 link = (guint16)mmu_load_system(cpu, (guint32)cpu->tr.base, 2);

    task_switch(cpu, link, TASK_IRET, NULL, 0);
}

static guint64 writable_flags(const TcgCpu *cpu, guint size)
{
    guint64 mask = FLAGS_ALWAYS;

    if (size != 2) {
        mask |= FLAGS_WIDE;
    }
    if (cpu->cpl <= tcg_iopl(cpu)) {
        mask |= FLAG_IF;
    }
    if (cpu->cpl == 0) {
        mask |= FLAG_IOPL;
        mask |= size != 2 ? (guint64)(FLAG_VIF | FLAG_VIP) : 0;
    }
    return mask;
}

static void iret_protected(TcgCpu *cpu, guint size)
{
    guint64 mask = writable_flags(cpu, size), rip, flags, sp;
    gboolean outer;
    Descriptor code;
    Frame frame, target;
    guint16 cs;

    frame_begin(cpu, &frame, 0);
    rip = frame_pop(cpu, &frame, size);
    cs = (guint16)frame_pop(cpu, &frame, size);
    flags = frame_pop(cpu, &frame, size);
    if (size == 4 && (flags & FLAG_VM) && cpu->cpl == 0 && !tcg_is_long(cpu)) {
        iret_to_vm86(cpu, &frame, rip, cs, flags);
        return;
    }
    return_fetch_code(cpu, cs, &code);
    outer = (cs & 3) > cpu->cpl;
    if (outer || tcg_is_64bit(cpu)) { /* 64-bit mode: the stack is always in the image */
        sp = frame_pop(cpu, &frame, size);
        return_fetch_stack(cpu, &code, (guint16)frame_pop(cpu, &frame, size), sp, &target);
    } else {
        target = frame;
    }
    code_check_rip(cpu, &code, rip, 0);
    desc_set_accessed(cpu, &code);
    frame_commit_inner(cpu, &target);
    code_enter(cpu, &code, cs & 3, rip);
    rflags_change(cpu, flags, mask);
    if (outer) {
        segments_drop_inner(cpu);
        tcg_update_mode(cpu);
    }
}

void far_iret(TcgCpu *cpu, guint size)
{
    if (!tcg_is_protected(cpu)) {
        iret_real(cpu, size);
    } else if (!(cpu->rflags & FLAG_NT)) {
        iret_protected(cpu, size);
    } else if (tcg_is_long(cpu)) {
        tcg_raise_gp(cpu);
    } else {
        iret_task(cpu);
    }
    cpu->nmi_masked = FALSE;
}
