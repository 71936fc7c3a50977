/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/operand.h"

#include "tcg/block.h"
#include "tcg/ops.h"

/* Type bits of a descriptor of code or data (SDM vol. 3, 3.4.5.1). */
enum {
    TYPE_CODE = 8,
    TYPE_EXPAND_DOWN = 4, /* of data */
    TYPE_WRITABLE = 2,    /* of data */
    TYPE_READABLE = 2,    /* of code */
};

/* ---- where code is ---- */

static guint64 cut_rip(const TcgCpu *cpu, guint64 rip)
{
    return tcg_is_64bit(cpu) ? rip : (guint32)rip;
}

guint64 tcg_this_rip(const TcgCpu *cpu)
{
    return cut_rip(cpu, record_rip(cpu, cpu->current));
}

guint64 tcg_next_rip(const TcgCpu *cpu)
{
    return cut_rip(cpu, record_next_rip(cpu, cpu->current));
}

/* ---- addresses ---- */

guint64 operand_offset(const TcgCpu *cpu, const Insn *insn)
{
    guint64 offset = (guint64)(gint64)insn->disp;

    if (!(insn->flags & INSN_MODRM)) {
        return insn->imm; /* MOV with moffs */
    }
    if (insn->base == INSN_RIP) {
        offset += tcg_next_rip(cpu);
    } else if (insn->base != INSN_NO_REG) {
        offset += cpu->gpr[insn->base];
    }
    if (insn->index != INSN_NO_REG) {
        offset += cpu->gpr[insn->index] << insn->scale;
    }
    return offset & flags_mask(insn->address_size);
}

static G_NORETURN void raise_segment(TcgCpu *cpu, guint segment)
{
    tcg_raise_error(cpu, segment == CPU_SS ? EXC_SS : EXC_GP, 0);
}

/* Whether a descriptor's type forbids the access (SDM vol. 3, 5.5). In real and virtual-8086 mode
 * everything may be read and written. */
static gboolean is_forbidden(const TcgCpu *cpu, const CpuSegment *s, MmuAccess access)
{
    if (s->unusable) {
        return TRUE;
    }
    if (!tcg_is_protected(cpu)) {
        return FALSE;
    }
    if (access == MMU_WRITE) {
        return (s->type & TYPE_CODE) || !(s->type & TYPE_WRITABLE);
    }
    return (s->type & TYPE_CODE) && !(s->type & TYPE_READABLE);
}

/* Offsets from `first` to `last`, both included, are inside (SDM vol. 3, 5.3). */
static void segment_bounds(const CpuSegment *s, guint64 *first, guint64 *last)
{
    if (!(s->type & TYPE_CODE) && (s->type & TYPE_EXPAND_DOWN)) {
        *first = (guint64)s->limit + 1;
        *last = s->db ? G_MAXUINT32 : G_MAXUINT16;
    } else {
        *first = 0;
        *last = s->limit;
    }
}

static void check_segment(TcgCpu *cpu, guint segment, guint64 offset, gsize length,
                          MmuAccess access)
{
    const CpuSegment *s = &cpu->segment[segment];
    guint64 first, last;

    if (is_forbidden(cpu, s, access)) {
        raise_segment(cpu, segment);
    }
    segment_bounds(s, &first, &last);
    /* With all of 4 GiB inside addresses wrap: what an access across the end does is up to the
     * processor, and flat segments are not checked at all. */
    if (offset < first || offset > last ||
        ((first || last != G_MAXUINT32) && length - 1 > last - offset)) {
        raise_segment(cpu, segment);
    }
}

/* ES, SS, DS: MODE_FLAT_DATA speaks for them. CS cannot be written, FS and GS are rarely flat. */
static gboolean is_flat(const TcgCpu *cpu, guint segment)
{
    return (cpu->mode & MODE_FLAT_DATA) &&
           (segment == CPU_ES || segment == CPU_SS || segment == CPU_DS);
}

/* SDM vol. 3, 6.15, interrupt 17. */
static gboolean is_misaligned(const TcgCpu *cpu, guint64 linear, gsize length)
{
    return G_UNLIKELY(cpu->rflags & FLAG_AC) && cpu->cpl == 3 && (cpu->cr0 & CR0_AM) &&
           (length == 2 || length == 4 || length == 8) && (linear & (length - 1));
}

guint64 segment_linear(TcgCpu *cpu, guint segment, guint64 offset, gsize length, MmuAccess access)
{
    guint64 linear = cpu->base[segment] + offset;

    if (tcg_is_64bit(cpu)) {
        if (!tcg_is_canonical(linear) || !tcg_is_canonical(linear + length - 1)) {
            raise_segment(cpu, segment);
        }
    } else {
        if (!is_flat(cpu, segment)) {
            check_segment(cpu, segment, offset, length, access);
        }
        linear = (guint32)linear;
    }
    if (is_misaligned(cpu, linear, length)) {
        tcg_raise_error(cpu, EXC_AC, 0);
    }
    return linear;
}

gsize segment_room(const TcgCpu *cpu, guint segment, guint64 offset, guint address_size,
                   gboolean down)
{
    guint64 first = 0, last = flags_mask(address_size), begin, end;

    if (!tcg_is_64bit(cpu) && !is_flat(cpu, segment)) {
        segment_bounds(&cpu->segment[segment], &begin, &end);
        first = begin;
        last = MIN(last, end);
    }
    return down ? offset - first : last - offset;
}

guint64 operand_linear(TcgCpu *cpu, const Insn *insn, gsize length, MmuAccess access)
{
    return segment_linear(cpu, insn->segment, operand_offset(cpu, insn), length, access);
}

/* ---- explicit operands ---- */

static guint64 read_high(const TcgCpu *cpu, guint reg)
{
    return (cpu->gpr[reg] >> 8) & 0xff;
}

static void write_high(TcgCpu *cpu, guint reg, guint64 value)
{
    cpu->gpr[reg] = (cpu->gpr[reg] & ~(guint64)0xff00) | (value & 0xff) << 8;
}

guint64 operand_read(TcgCpu *cpu, const Insn *insn, guint n)
{
    const Operand *operand = &insn->operands[n];
    guint size = operand->size;

    switch (operand->kind) {
    case OPERAND_REG: return reg_read(cpu, operand->reg, size);
    case OPERAND_HIGH: return read_high(cpu, operand->reg);
    case OPERAND_SEGMENT: return cpu->segment[operand->reg].selector;
    case OPERAND_MEMORY: return mmu_load(cpu, operand_linear(cpu, insn, size, MMU_READ), size);
    case OPERAND_IMM: return insn->imm & flags_mask(size);
    default: g_assert_not_reached();
    }
}

void operand_write(TcgCpu *cpu, const Insn *insn, guint n, guint64 value)
{
    const Operand *operand = &insn->operands[n];
    guint size = operand->size;

    switch (operand->kind) {
    case OPERAND_REG: reg_write(cpu, operand->reg, value, size); break;
    case OPERAND_HIGH: write_high(cpu, operand->reg, value); break;
    case OPERAND_MEMORY:
        mmu_store(cpu, operand_linear(cpu, insn, size, MMU_WRITE), value, size);
        break;
    default: g_assert_not_reached();
    }
}

guint64 operand_modify(TcgCpu *cpu, const Insn *insn, MmuRmw *rmw)
{
    guint size = operand_size(insn, 0);

    if (insn->operands[0].kind != OPERAND_MEMORY) {
        return operand_read(cpu, insn, 0);
    }
    return mmu_rmw_begin(cpu, operand_linear(cpu, insn, size, MMU_WRITE), size,
                         (insn->prefixes & PREFIX_LOCK) != 0, rmw);
}

gboolean operand_commit(TcgCpu *cpu, const Insn *insn, MmuRmw *rmw, guint64 value)
{
    if (insn->operands[0].kind == OPERAND_MEMORY) {
        return mmu_rmw_end(cpu, rmw, value);
    }
    operand_write(cpu, insn, 0, value);
    return TRUE;
}

/* ---- the stack ---- */

guint64 stack_linear(TcgCpu *cpu, guint64 offset, guint size, MmuAccess access)
{
    guint64 sp = (cpu->gpr[CPU_RSP] + offset) & flags_mask(stack_width(cpu));

    return segment_linear(cpu, CPU_SS, sp, size, access);
}

void stack_push(TcgCpu *cpu, guint64 value, guint size)
{
    mmu_store(cpu, stack_linear(cpu, -(guint64)size, size, MMU_WRITE), value, size);
    stack_adjust(cpu, -(gint64)size);
}

guint64 stack_pop(TcgCpu *cpu, guint size)
{
    guint64 value = stack_peek(cpu, 0, size);

    stack_adjust(cpu, size);
    return value;
}

guint64 stack_peek(TcgCpu *cpu, guint64 offset, guint size)
{
    return mmu_load(cpu, stack_linear(cpu, offset, size, MMU_READ), size);
}

void stack_adjust(TcgCpu *cpu, gint64 bytes)
{
    reg_write(cpu, CPU_RSP, cpu->gpr[CPU_RSP] + (guint64)bytes, stack_width(cpu));
}

/* ---- branches ---- */

void branch_near(TcgCpu *cpu, guint64 target, guint size)
{
    target &= flags_mask(size);
    if (tcg_is_64bit(cpu)) {
        if (!tcg_is_canonical(target)) {
            tcg_raise_gp(cpu);
        }
    } else if (!(cpu->mode & MODE_FLAT_CODE) && target > cpu->segment[CPU_CS].limit) {
        tcg_raise_gp(cpu);
    }
    cpu->rip = target;
}
