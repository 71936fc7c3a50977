/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment registers and descriptor tables. */
#include "tcg/operand.h"
#include "tcg/ops-system.h"
#include "tcg/system-priv.h"

static void need_cpl0(TcgCpu *cpu)
{
    if (cpu->cpl != 0) {
        tcg_raise_gp(cpu);
    }
}

/* ---- segment registers ---- */

void op_mov_seg(TcgCpu *cpu, const Insn *insn)
{
    guint segment = insn->operands[0].reg;

    system_load_segment(cpu, segment, (guint16)operand_read(cpu, insn, 1));
    if (segment == CPU_SS) {
        cpu->shadow = TRUE;
    }
}

void op_mov_from_seg(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, cpu->segment[insn->operands[1].reg].selector);
}

void op_push_seg(TcgCpu *cpu, const Insn *insn)
{
    stack_push(cpu, cpu->segment[insn->operands[0].reg].selector, insn->operand_size);
}

void op_pop_seg(TcgCpu *cpu, const Insn *insn)
{
    guint segment = insn->operands[0].reg;
    guint16 selector;
    Frame frame;

    /* The width of the stack pointer is that of the old SS. */
    frame_begin(cpu, &frame, 0);
    selector = (guint16)frame_pop(cpu, &frame, insn->operand_size);
    system_load_segment(cpu, segment, selector);
    frame_commit(cpu, &frame);
    if (segment == CPU_SS) {
        cpu->shadow = TRUE;
    }
}

void op_load_far(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operands[0].size, segment;
    guint64 linear = operand_linear(cpu, insn, size + 2, MMU_READ);
    guint64 offset = mmu_load(cpu, linear, size);
    guint16 selector = (guint16)mmu_load(cpu, linear + size, 2);

    switch (insn->op) {
    case OP_LES: segment = CPU_ES; break;
    case OP_LDS: segment = CPU_DS; break;
    case OP_LSS: segment = CPU_SS; break;
    case OP_LFS: segment = CPU_FS; break;
    default: segment = CPU_GS; break;
    }
    system_load_segment(cpu, segment, selector);
    reg_write(cpu, insn->operands[0].reg, offset, size);
}

/* ---- GDTR, IDTR ---- */

static void store_table(TcgCpu *cpu, const Insn *insn, const CpuTable *table)
{
    gboolean wide = tcg_is_64bit(cpu);
    guint8 image[10];

    memcpy(image, &table->limit, 2);
    memcpy(image + 2, &table->base, 8);
    mmu_write(cpu, operand_linear(cpu, insn, wide ? 10 : 6, MMU_WRITE), image, wide ? 10 : 6);
}

static void load_table(TcgCpu *cpu, const Insn *insn, CpuTable *table)
{
    gboolean wide = tcg_is_64bit(cpu);
    guint64 linear, base;
    guint16 limit;

    need_cpl0(cpu);
    linear = operand_linear(cpu, insn, wide ? 10 : 6, MMU_READ);
    limit = (guint16)mmu_load(cpu, linear, 2);
    base = mmu_load(cpu, linear + 2, wide ? 8 : 4);
    if (wide && !tcg_is_canonical(base)) {
        tcg_raise_gp(cpu);
    }
    if (!wide && insn->operand_size == 2) {
        base &= 0xffffff;
    }
    *table = (CpuTable){.base = base, .limit = limit};
}

void op_sgdt(TcgCpu *cpu, const Insn *insn)
{
    store_table(cpu, insn, &cpu->gdt);
}

void op_sidt(TcgCpu *cpu, const Insn *insn)
{
    store_table(cpu, insn, &cpu->idt);
}

void op_lgdt(TcgCpu *cpu, const Insn *insn)
{
    load_table(cpu, insn, &cpu->gdt);
}

void op_lidt(TcgCpu *cpu, const Insn *insn)
{
    load_table(cpu, insn, &cpu->idt);
}

/* ---- LDTR, TR ---- */

void op_sldt(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, cpu->ldt.selector);
}

void op_str(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, cpu->tr.selector);
}

/* A system descriptor of the GDT, of one of the types in the bit set. */
static void fetch_system(TcgCpu *cpu, guint16 selector, guint types, Descriptor *desc)
{
    guint32 error = selector_error(selector, 0);

    if (selector & 4) {
        tcg_raise_error(cpu, EXC_GP, error);
    }
    desc_fetch(cpu, selector, EXC_GP, 0, desc);
    if (desc_is_segment(desc) || !(types >> desc_type(desc) & 1) ||
        (tcg_is_long(cpu) && !desc_find_high(cpu, desc))) {
        tcg_raise_error(cpu, EXC_GP, error);
    }
    if (!desc_is_present(desc)) {
        tcg_raise_error(cpu, EXC_NP, error);
    }
}

void op_lldt(TcgCpu *cpu, const Insn *insn)
{
    guint16 selector;
    CpuSegment ldt;
    Descriptor desc;

    need_cpl0(cpu);
    selector = (guint16)operand_read(cpu, insn, 0);
    if (selector_is_null(selector)) {
        cpu->ldt = (CpuSegment){.selector = selector, .unusable = TRUE};
        return;
    }
    fetch_system(cpu, selector, 1 << DESC_LDT, &desc);
    desc_to_system_segment(cpu, &desc, &ldt);
    if (!tcg_is_canonical(ldt.base)) {
        tcg_raise_error(cpu, EXC_GP, selector_error(selector, 0));
    }
    cpu->ldt = ldt;
}

void op_ltr(TcgCpu *cpu, const Insn *insn)
{
    guint types = tcg_is_long(cpu) ? 1 << DESC_TSS32 : 1 << DESC_TSS32 | 1 << DESC_TSS16;
    guint16 selector;
    CpuSegment tr;
    Descriptor desc;

    need_cpl0(cpu);
    selector = (guint16)operand_read(cpu, insn, 0);
    if (selector_is_null(selector)) {
        tcg_raise_gp(cpu);
    }
    fetch_system(cpu, selector, types, &desc);
    desc_to_system_segment(cpu, &desc, &tr);
    if (!tcg_is_canonical(tr.base)) {
        tcg_raise_error(cpu, EXC_GP, selector_error(selector, 0));
    }
    desc_change_type(cpu, &desc, 0, 2);
    tr.type |= 2;
    cpu->tr = tr;
}

/* ---- looking at descriptors: ZF instead of faults ---- */

static void set_zf(TcgCpu *cpu, gboolean on)
{
    flags_change(&cpu->flags, FLAG_ZF, on ? FLAG_ZF : 0);
}

/* The descriptor of the selector, if it exists and the CPL and RPL may see it. */
static gboolean visible(TcgCpu *cpu, guint16 selector, Descriptor *desc)
{
    guint level = MAX(cpu->cpl, selector & 3u);

    if (selector_is_null(selector) || !desc_find(cpu, selector, desc)) {
        return FALSE;
    }
    return (desc_is_segment(desc) && desc_is_conforming(desc)) || desc_dpl(desc) >= level;
}

void op_verr(TcgCpu *cpu, const Insn *insn)
{
    Descriptor desc;
    gboolean good = visible(cpu, (guint16)operand_read(cpu, insn, 0), &desc);

    set_zf(cpu, good && desc_is_segment(&desc) &&
                    (desc_type(&desc) & (TYPE_CODE | TYPE_WRITABLE)) != TYPE_CODE);
}

void op_verw(TcgCpu *cpu, const Insn *insn)
{
    Descriptor desc;
    gboolean good = visible(cpu, (guint16)operand_read(cpu, insn, 0), &desc);

    set_zf(cpu, good && desc_is_writable_data(&desc));
}

void op_lar(TcgCpu *cpu, const Insn *insn)
{
    guint types =
        tcg_is_long(cpu)
            ? 1 << DESC_LDT | 1 << DESC_TSS32 | 1 << DESC_TSS32_BUSY | 1 << DESC_CALL_GATE32
            : 1 << DESC_TSS16 | 1 << DESC_LDT | 1 << DESC_TSS16_BUSY | 1 << DESC_CALL_GATE16 |
                  1 << DESC_TASK_GATE | 1 << DESC_TSS32 | 1 << DESC_TSS32_BUSY |
                  1 << DESC_CALL_GATE32;
    Descriptor desc;
    gboolean good = visible(cpu, (guint16)operand_read(cpu, insn, 1), &desc) &&
                    (desc_is_segment(&desc) || (types >> desc_type(&desc) & 1));

    if (good) {
        operand_write(cpu, insn, 0, desc.low >> 32 & 0xf0ff00);
    }
    set_zf(cpu, good);
}

void op_lsl(TcgCpu *cpu, const Insn *insn)
{
    guint types = tcg_is_long(cpu) ? 1 << DESC_LDT | 1 << DESC_TSS32 | 1 << DESC_TSS32_BUSY
                                   : 1 << DESC_TSS16 | 1 << DESC_LDT | 1 << DESC_TSS16_BUSY |
                                         1 << DESC_TSS32 | 1 << DESC_TSS32_BUSY;
    Descriptor desc;
    CpuSegment segment;
    gboolean good = visible(cpu, (guint16)operand_read(cpu, insn, 1), &desc) &&
                    (desc_is_segment(&desc) || (types >> desc_type(&desc) & 1));

    if (good) {
        desc_to_segment(&desc, &segment);
        operand_write(cpu, insn, 0, segment.limit);
    }
    set_zf(cpu, good);
}

void op_arpl(TcgCpu *cpu, const Insn *insn)
{
    guint64 target = operand_read(cpu, insn, 0), rpl = operand_read(cpu, insn, 1) & 3;
    gboolean lower = (target & 3) < rpl;

    if (lower) {
        operand_write(cpu, insn, 0, (target & ~(guint64)3) | rpl);
    }
    set_zf(cpu, lower);
}
