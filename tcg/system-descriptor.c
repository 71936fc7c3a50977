/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors and segment registers: SDM vol. 3, 3.4 and 5.1 to 5.8. */
#include "tcg/system-priv.h"

/* ---- descriptors in memory ---- */

void desc_to_segment(const Descriptor *desc, CpuSegment *segment)
{
    guint64 low = desc->low;
    guint32 limit = (guint32)(low & 0xffff) | (guint32)(low >> 32 & 0xf0000);

    *segment = (CpuSegment){
        .selector = desc->selector,
        .base = (low >> 16 & 0xffffff) | (low >> 32 & 0xff000000),
        .type = desc_type(desc),
        .s = desc_is_segment(desc),
        .dpl = desc_dpl(desc),
        .present = desc_is_present(desc),
        .avl = (guint8)(low >> 52) & 1,
        .l = desc_is_long(desc),
        .db = (guint8)(low >> 54) & 1,
        .g = (guint8)(low >> 55) & 1,
    };
    segment->limit = segment->g ? limit << 12 | 0xfff : limit;
}

void desc_to_system_segment(const TcgCpu *cpu, const Descriptor *desc, CpuSegment *segment)
{
    desc_to_segment(desc, segment);
    if (tcg_is_long(cpu)) {
        segment->base |= desc->high << 32;
    }
}

gboolean desc_find(TcgCpu *cpu, guint16 selector, Descriptor *desc)
{
    guint64 base = cpu->gdt.base;
    guint32 limit = cpu->gdt.limit, offset = selector & ~7u;

    if (selector & 4) {
        if (cpu->ldt.unusable) {
            return FALSE;
        }
        base = cpu->ldt.base;
        limit = cpu->ldt.limit;
    }
    if (offset + 7 > limit) {
        return FALSE;
    }
    *desc = (Descriptor){.selector = selector, .linear = base + offset};
    if (!tcg_is_long(cpu)) {
        desc->linear = (guint32)desc->linear;
    }
    desc->low = mmu_load_system(cpu, desc->linear, 8);
    return TRUE;
}

gboolean desc_find_high(TcgCpu *cpu, Descriptor *desc)
{
    guint32 limit = desc->selector & 4 ? cpu->ldt.limit : cpu->gdt.limit;

    if ((desc->selector & ~7u) + 15 > limit) {
        return FALSE;
    }
    desc->high = mmu_load_system(cpu, desc->linear + 8, 8);
    return (desc->high >> 40 & 0x1f) == 0;
}

void desc_fetch(TcgCpu *cpu, guint16 selector, guint vector, guint ext, Descriptor *desc)
{
    if (!desc_find(cpu, selector, desc)) {
        tcg_raise_error(cpu, vector, selector_error(selector, ext));
    }
}

guint desc_change_type(TcgCpu *cpu, const Descriptor *desc, guint clear, guint set)
{
    TlbEntry *tlb = cpu->tlb;
    guint8 kind = cpu->mmu;
    guint64 old;
    MmuRmw rmw;

    /* The write may not fault below, where the rights are not those of the CPL. */
    mmu_load_system(cpu, desc->linear + 5, 1);
    cpu->mmu = TLB_KERNEL;
    cpu->tlb = cpu->tlbs[TLB_KERNEL];
    do {
        old = mmu_rmw_begin(cpu, desc->linear + 5, 1, TRUE, &rmw);
    } while (!mmu_rmw_end(cpu, &rmw, (old & ~(guint64)clear) | set));
    cpu->mmu = kind;
    cpu->tlb = tlb;
    return (guint)old & 15;
}

void desc_set_accessed(TcgCpu *cpu, Descriptor *desc)
{
    if (!(desc_type(desc) & TYPE_ACCESSED)) {
        desc_change_type(cpu, desc, 0, TYPE_ACCESSED);
        desc->low |= (guint64)TYPE_ACCESSED << 40;
    }
}

void desc_check_code(TcgCpu *cpu, const Descriptor *desc)
{
    guint rpl = desc->selector & 3, dpl = desc_dpl(desc);
    guint32 error = selector_error(desc->selector, 0);

    if (!desc_is_code(desc) ||
        (desc_is_conforming(desc) ? dpl > cpu->cpl : rpl > cpu->cpl || dpl != cpu->cpl)) {
        tcg_raise_error(cpu, EXC_GP, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_NP, error);
    }
}

void desc_fetch_stack(TcgCpu *cpu, guint16 selector, guint cpl, guint vector, guint ext,
                      Descriptor *desc)
{
    guint32 error = selector_error(selector, ext);

    if (selector_is_null(selector)) {
        tcg_raise_error(cpu, vector, ext);
    }
    desc_fetch(cpu, selector, vector, ext, desc);
    if ((selector & 3) != cpl || desc_dpl(desc) != cpl || !desc_is_writable_data(desc)) {
        tcg_raise_error(cpu, vector, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_SS, error);
    }
    desc_set_accessed(cpu, desc);
}

/* ---- segment registers ---- */

gboolean segment_contains(const CpuSegment *segment, guint64 offset, guint64 length)
{
    guint64 last = offset + length - 1;

    if (last < offset) {
        return FALSE;
    }
    if (segment->s && (segment->type & (TYPE_CODE | TYPE_EXPAND_DOWN)) == TYPE_EXPAND_DOWN) {
        return offset > segment->limit && last <= (segment->db ? 0xffffffffu : 0xffffu);
    }
    return last <= segment->limit;
}

void segment_set_real(TcgCpu *cpu, guint segment, guint16 selector)
{
    CpuSegment *target = &cpu->segment[segment];

    /* Limit and size stay as protected mode has left them ("unreal mode"). */
    if (target->unusable) {
        *target = (CpuSegment){.limit = 0xffff};
    }
    if (segment != CPU_CS) {
        gboolean down = (target->type & (TYPE_CODE | TYPE_EXPAND_DOWN)) == TYPE_EXPAND_DOWN;
        target->type = (down ? TYPE_EXPAND_DOWN : 0) | TYPE_WRITABLE | TYPE_ACCESSED;
        target->dpl = tcg_is_vm86(cpu) ? 3 : 0;
    }
    target->selector = selector;
    target->base = (guint64)selector << 4;
    target->s = TRUE;
    target->present = TRUE;
    cpu->base[segment] = target->base;
}

void segment_set_vm86(TcgCpu *cpu, guint segment, guint16 selector)
{
    /* SDM vol. 3, 21.2.2: limit FFFFh, rights of read/write data at level 3. */
    cpu->segment[segment] = (CpuSegment){
        .selector = selector,
        .base = (guint64)selector << 4,
        .limit = 0xffff,
        .type = TYPE_WRITABLE | TYPE_ACCESSED,
        .s = TRUE,
        .dpl = 3,
        .present = TRUE,
    };
}

void segment_set_null(TcgCpu *cpu, guint segment, guint16 selector)
{
    /* The privilege of SS goes on to count in 64-bit mode. */
    cpu->segment[segment] = (CpuSegment){
        .selector = selector,
        .unusable = TRUE,
        .dpl = segment == CPU_SS ? selector & 3 : 0,
    };
    cpu->base[segment] = 0;
}

/* SS of the current level; a null one is for 64-bit code of the inner levels alone. */
static gboolean fetch_ss(TcgCpu *cpu, guint16 selector, Descriptor *desc)
{
    if (selector_is_null(selector) && tcg_is_64bit(cpu) && cpu->cpl < 3 &&
        (selector & 3) == cpu->cpl) {
        return FALSE;
    }
    desc_fetch_stack(cpu, selector, cpu->cpl, EXC_GP, 0, desc);
    return TRUE;
}

static gboolean fetch_data(TcgCpu *cpu, guint16 selector, Descriptor *desc)
{
    guint32 error = selector_error(selector, 0);
    guint rpl = selector & 3;

    if (selector_is_null(selector)) {
        return FALSE;
    }
    desc_fetch(cpu, selector, EXC_GP, 0, desc);
    if (!desc_is_segment(desc) || (desc_is_code(desc) && !(desc_type(desc) & TYPE_WRITABLE)) ||
        (!desc_is_conforming(desc) && (rpl > desc_dpl(desc) || cpu->cpl > desc_dpl(desc)))) {
        tcg_raise_error(cpu, EXC_GP, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_NP, error);
    }
    desc_set_accessed(cpu, desc);
    return TRUE;
}

void system_load_segment(TcgCpu *cpu, guint segment, guint16 selector)
{
    Descriptor desc;

    if (!tcg_is_protected(cpu)) {
        segment_set_real(cpu, segment, selector);
        return;
    }
    if (segment == CPU_SS ? fetch_ss(cpu, selector, &desc) : fetch_data(cpu, selector, &desc)) {
        desc_to_segment(&desc, &cpu->segment[segment]);
    } else {
        segment_set_null(cpu, segment, selector);
    }
    tcg_update_mode(cpu);
}

void segments_drop_inner(TcgCpu *cpu)
{
    static const guint8 data[] = {CPU_ES, CPU_DS, CPU_FS, CPU_GS};

    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        const CpuSegment *segment = &cpu->segment[data[i]];
        gboolean conforming =
            (segment->type & (TYPE_CODE | TYPE_EXPAND_DOWN)) == (TYPE_CODE | TYPE_EXPAND_DOWN);
        if (!segment->unusable && segment->dpl < cpu->cpl && !conforming) {
            segment_set_null(cpu, data[i], 0);
        }
    }
}

/* ---- CS ---- */

void code_check_rip(TcgCpu *cpu, const Descriptor *desc, guint64 rip, guint ext)
{
    CpuSegment segment;

    if (tcg_is_long(cpu) && desc_is_long(desc)) {
        if (desc->low >> 54 & 1) { /* both L and D: reserved */
            tcg_raise_error(cpu, EXC_GP, selector_error(desc->selector, ext));
        }
        if (!tcg_is_canonical(rip)) {
            tcg_raise_error(cpu, EXC_GP, ext);
        }
        return;
    }
    desc_to_segment(desc, &segment);
    if (rip > segment.limit) {
        tcg_raise_error(cpu, EXC_GP, ext);
    }
}

void code_enter(TcgCpu *cpu, const Descriptor *desc, guint cpl, guint64 rip)
{
    desc_to_segment(desc, &cpu->segment[CPU_CS]);
    cpu->segment[CPU_CS].selector = (guint16)((desc->selector & ~3u) | cpl);
    cpu->cpl = (guint8)cpl;
    cpu->rip = rip;
    tcg_update_mode(cpu);
}

/* ---- frames ---- */

TlbKind tlb_kind_of(const TcgCpu *cpu, guint cpl)
{
    if (cpl == 3) {
        return TLB_USER;
    }
    return (cpu->cr4 & CR4_SMAP) && (cpu->rflags & FLAG_AC) ? TLB_KERNEL_AC : TLB_KERNEL;
}

void frame_begin(TcgCpu *cpu, Frame *frame, guint ext)
{
    *frame = (Frame){
        .ss = cpu->segment[CPU_SS],
        .width = tcg_is_64bit(cpu)         ? 8
                 : cpu->segment[CPU_SS].db ? 4
                                           : 2,
        .kind = tlb_kind_of(cpu, cpu->cpl),
        .error = ext,
    };
    frame->sp = cpu->gpr[CPU_RSP] & flags_mask(frame->width);
}

/* 64-bit TSS: RSP of the level, or of the interrupt stack table (SDM vol. 3, 7.7). */
static void begin_inner_long(TcgCpu *cpu, Frame *frame, guint cpl, guint ist, guint ext)
{
    guint offset = ist ? 0x24 + 8 * (ist - 1) : 4 + 8 * cpl;

    if (offset + 7 > cpu->tr.limit) {
        tcg_raise_error(cpu, EXC_TS, selector_error(cpu->tr.selector, ext));
    }
    frame->sp = mmu_load_system(cpu, cpu->tr.base + offset, 8);
    frame->width = 8;
    frame->error = ext;
    if (!tcg_is_canonical(frame->sp)) {
        tcg_raise_error(cpu, EXC_SS, ext);
    }
    frame->ss = (CpuSegment){.selector = (guint16)cpl, .dpl = (guint8)cpl, .unusable = TRUE};
}

void frame_begin_inner(TcgCpu *cpu, Frame *frame, guint cpl, guint ist, guint ext)
{
    gboolean wide = (cpu->tr.type & 8) != 0;
    guint offset = wide ? 4 + 8 * cpl : 2 + 4 * cpl, size = wide ? 4 : 2;
    guint64 linear = cpu->tr.base + offset;
    Descriptor desc;
    guint16 selector;

    *frame = (Frame){.kind = tlb_kind_of(cpu, cpl)};
    if (tcg_is_long(cpu)) {
        begin_inner_long(cpu, frame, cpl, ist, ext);
        return;
    }
    if (offset + size + 1 > cpu->tr.limit) {
        tcg_raise_error(cpu, EXC_TS, selector_error(cpu->tr.selector, ext));
    }
    frame->sp = mmu_load_system(cpu, (guint32)linear, size);
    selector = (guint16)mmu_load_system(cpu, (guint32)(linear + size), 2);
    desc_fetch_stack(cpu, selector, cpl, EXC_TS, ext, &desc);
    desc_to_segment(&desc, &frame->ss);
    frame->width = frame->ss.db ? 4 : 2;
    frame->sp &= flags_mask(frame->width);
    frame->error = selector_error(selector, ext);
}

static guint64 frame_linear(TcgCpu *cpu, const Frame *frame, guint64 sp, guint size)
{
    if (frame->width == 8) {
        if (!tcg_is_canonical(sp) || !tcg_is_canonical(sp + size - 1)) {
            tcg_raise_error(cpu, EXC_SS, frame->error);
        }
        return sp;
    }
    if (!segment_contains(&frame->ss, sp, size)) {
        tcg_raise_error(cpu, EXC_SS, frame->error);
    }
    return (guint32)(frame->ss.base + sp);
}

void frame_push(TcgCpu *cpu, Frame *frame, guint64 value, guint size)
{
    guint64 sp = (frame->sp - size) & flags_mask(frame->width);
    guint64 linear = frame_linear(cpu, frame, sp, size);
    const TlbEntry *entry = &cpu->tlbs[frame->kind][tlb_index(linear)];

    if (linear - entry->write_tag <= PAGE_SIZE - size) {
        mmu_host_store((void *)(linear + entry->addend), value, size);
    } else {
        mmu_store_slow(cpu, linear, value, size, frame->kind);
    }
    frame->sp = sp;
}

guint64 frame_pop(TcgCpu *cpu, Frame *frame, guint size)
{
    guint64 linear = frame_linear(cpu, frame, frame->sp, size);
    const TlbEntry *entry = &cpu->tlbs[frame->kind][tlb_index(linear)];
    guint64 value;

    if (linear - entry->read_tag <= PAGE_SIZE - size) {
        value = mmu_host_load((const void *)(linear + entry->addend), size);
    } else {
        value = mmu_load_slow(cpu, linear, size, frame->kind);
    }
    frame->sp = (frame->sp + size) & flags_mask(frame->width);
    return value;
}

void frame_commit(TcgCpu *cpu, const Frame *frame)
{
    guint64 mask = flags_mask(frame->width);

    /* As with any register: 32 bits clear the upper half, 16 keep the rest. */
    if (frame->width == 2) {
        cpu->gpr[CPU_RSP] = (cpu->gpr[CPU_RSP] & ~mask) | frame->sp;
    } else {
        cpu->gpr[CPU_RSP] = frame->sp & mask;
    }
}

void frame_commit_inner(TcgCpu *cpu, const Frame *frame)
{
    cpu->segment[CPU_SS] = frame->ss;
    frame_commit(cpu, frame);
}
