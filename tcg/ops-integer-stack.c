/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack, near branches, loops, BOUND (SDM vol. 1, chapter 6 and 7.3.8). Registers change after
 * the last access that may fault. */
#include "tcg/operand.h"
#include "tcg/ops-integer.h"

/* ---- push and pop ---- */

void integer_push(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = insn->operands[0].kind == OPERAND_IMM ? insn->imm : operand_read(cpu, insn, 0);

    stack_push(cpu, value, insn->operand_size);
}

/* An address by rSP is made with rSP as it is after the pop (SDM vol. 2, POP). */
static void pop_memory(TcgCpu *cpu, const Insn *insn, guint64 value)
{
    guint64 rsp = cpu->gpr[CPU_RSP], offset;
    guint size = insn->operand_size;

    stack_adjust(cpu, size);
    offset = operand_offset(cpu, insn);
    cpu->gpr[CPU_RSP] = rsp;
    mmu_store(cpu, segment_linear(cpu, insn->segment, offset, size, MMU_WRITE), value, size);
}

void integer_pop(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = stack_peek(cpu, 0, insn->operand_size);

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        pop_memory(cpu, insn, value);
        stack_adjust(cpu, insn->operand_size);
    } else {
        stack_adjust(cpu, insn->operand_size);
        operand_write(cpu, insn, 0, value);
    }
}

void integer_pusha(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operand_size;
    guint64 linear[8];

    for (guint i = 0; i < 8; i++) {
        linear[i] = stack_linear(cpu, -(guint64)((i + 1) * size), size, MMU_WRITE);
        mmu_check(cpu, linear[i], size, MMU_WRITE);
    }
    for (guint i = 0; i < 8; i++) {
        mmu_store(cpu, linear[i], cpu->gpr[i], size);
    }
    stack_adjust(cpu, -(gint64)(8 * size));
}

/* rSP changes last, so that after a fault what was popped is popped again. */
void integer_popa(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operand_size;

    for (guint i = 0; i < 8; i++) {
        guint64 value = stack_peek(cpu, i * size, size);
        if (7 - i != CPU_RSP) {
            reg_write(cpu, 7 - i, value, size);
        }
    }
    stack_adjust(cpu, 8 * size);
}

/* ---- frames ---- */

/* Copies the pointers of the enclosing frames and puts `frame`, the new one's, on top; `sp` is
 * relative to rSP. Returns where the stack is then. */
static guint64 push_display(TcgCpu *cpu, const Insn *insn, guint level, guint64 frame, guint64 sp)
{
    guint size = insn->operand_size;
    guint64 mask = flags_mask(stack_width(cpu));

    for (guint i = 1; i < level; i++) {
        guint64 from = (cpu->gpr[CPU_RBP] - i * size) & mask;
        guint64 value = mmu_load(cpu, segment_linear(cpu, CPU_SS, from, size, MMU_READ), size);

        sp -= size;
        mmu_store(cpu, stack_linear(cpu, sp, size, MMU_WRITE), value, size);
    }
    sp -= size;
    mmu_store(cpu, stack_linear(cpu, sp, size, MMU_WRITE), frame, size);
    return sp;
}

void integer_enter(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operand_size, level = (guint)insn->disp & 31;
    guint64 sp = -(guint64)size, last;
    guint64 rsp = cpu->gpr[CPU_RSP], mask = flags_mask(stack_width(cpu));
    guint64 frame = (rsp & ~mask) | ((rsp + sp) & mask);

    mmu_store(cpu, stack_linear(cpu, sp, size, MMU_WRITE), cpu->gpr[CPU_RBP], size);
    if (level) {
        sp = push_display(cpu, insn, level, frame, sp);
    }
    sp -= insn->imm & 0xffff;
    /* A write at the new top must be possible (SDM vol. 2, ENTER: exceptions). */
    last = stack_linear(cpu, sp, size, MMU_WRITE);
    mmu_check(cpu, last, size, MMU_WRITE);
    reg_write(cpu, CPU_RBP, frame, size);
    stack_adjust(cpu, (gint64)sp);
}

void integer_leave(TcgCpu *cpu, const Insn *insn)
{
    guint width = stack_width(cpu), size = insn->operand_size;
    guint64 frame = cpu->gpr[CPU_RBP] & flags_mask(width);
    guint64 value = mmu_load(cpu, segment_linear(cpu, CPU_SS, frame, size, MMU_READ), size);

    reg_write(cpu, CPU_RSP, frame + size, width);
    reg_write(cpu, CPU_RBP, value, size);
}

/* ---- branches ---- */

static guint64 branch_target(TcgCpu *cpu, const Insn *insn)
{
    if (insn->operands[0].kind == OPERAND_REL) {
        return tcg_next_rip(cpu) + insn->imm;
    }
    return operand_read(cpu, insn, 0);
}

void integer_jmp(TcgCpu *cpu, const Insn *insn)
{
    branch_near(cpu, branch_target(cpu, insn), insn->operand_size);
}

/* A push that faults undoes the branch: rip goes back to the instruction. */
void integer_call(TcgCpu *cpu, const Insn *insn)
{
    branch_near(cpu, branch_target(cpu, insn), insn->operand_size);
    stack_push(cpu, tcg_next_rip(cpu), insn->operand_size);
}

void integer_ret(TcgCpu *cpu, const Insn *insn)
{
    guint64 extra = insn->operands[0].kind == OPERAND_IMM ? insn->imm & 0xffff : 0;

    branch_near(cpu, stack_peek(cpu, 0, insn->operand_size), insn->operand_size);
    stack_adjust(cpu, (gint64)(insn->operand_size + extra));
}

G_STATIC_ASSERT(OP_JNLE == OP_JO + 15);

void integer_jcc(TcgCpu *cpu, const Insn *insn)
{
    if (flags_condition(&cpu->flags, insn->op - OP_JO)) {
        integer_jmp(cpu, insn);
    }
}

/* The counter is rCX in the address size. */
void integer_loop(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->address_size;
    guint64 count = (cpu->gpr[CPU_RCX] - 1) & flags_mask(size);
    gboolean zf = flags_zf(&cpu->flags);

    if (count && (insn->op == OP_LOOP || zf == (insn->op == OP_LOOPE))) {
        integer_jmp(cpu, insn);
    }
    reg_write(cpu, CPU_RCX, count, size);
}

void integer_jcxz(TcgCpu *cpu, const Insn *insn)
{
    if (reg_read(cpu, CPU_RCX, insn->address_size) == 0) {
        integer_jmp(cpu, insn);
    }
}

void integer_bound(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);
    guint64 linear = operand_linear(cpu, insn, 2 * size, MMU_READ);
    gint64 index = (gint64)flags_extend(operand_read(cpu, insn, 0), size);
    gint64 low = (gint64)flags_extend(mmu_load(cpu, linear, size), size);
    gint64 high = (gint64)flags_extend(mmu_load(cpu, linear + size, size), size);

    if (index < low || index > high) {
        tcg_raise(cpu, EXC_BR);
    }
}
