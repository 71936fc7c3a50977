/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves that stand one behind the other, two or three of them by one handler, and whole runs of
 * PUSH and POP, as functions begin and end with: going from one record to the next costs more than
 * the moves themselves. The records keep their places: one whose page is not in the TLB is done
 * the plain way, and those behind it go on by their own handlers. 64-bit mode alone.
 */
#include "tcg/fast.h"

/* Between registers, from memory, to memory, of a size; the address is plain (RECORD_PLAIN). */
enum { RUN_RR8, RUN_RR4, RUN_RM8, RUN_RM4, RUN_MR8, RUN_PUSH, RUNS, RUN_POP, RUN_NONE };

/* Nothing to check but the page. */
#define FLAT_MODES (MODE_FLAT_DATA | MODE_STACK32)

#define RUN_STACK_MOST 6 /* the registers that a function has to keep */

/* FALSE: not by this way; nothing has been done. */
FAST_INLINE gboolean run_one(TcgCpu *cpu, const Record *record, guint kind)
{
    guint size = kind == RUN_RR4 || kind == RUN_RM4 ? 4 : 8;
    guint64 linear = cpu->gpr[CPU_RSP] - 8;
    guint8 *host;

    if (kind == RUN_RR8 || kind == RUN_RR4) {
        fast_set_reg(cpu, record->dst, fast_reg(cpu, record->src, size), size);
        return TRUE;
    }
    if (kind == RUN_RM8 || kind == RUN_RM4) {
        host = fast_read_at(cpu, fast_linear_of(cpu, record, TRUE), size);
        if (G_UNLIKELY(!host)) {
            return FALSE;
        }
        fast_set_reg(cpu, record->dst, mmu_host_load(host, size), size);
        return TRUE;
    }
    host = fast_write_at(cpu, kind == RUN_PUSH ? linear : fast_linear_of(cpu, record, TRUE), 8);
    if (G_UNLIKELY(!host)) {
        return FALSE;
    }
    mmu_host_store(host, fast_reg(cpu, kind == RUN_PUSH ? record->dst : record->src, 8), 8);
    if (kind == RUN_PUSH) {
        cpu->gpr[CPU_RSP] = linear;
    }
    return TRUE;
}

FAST_INLINE const Record *run_two(TcgCpu *cpu, const Record *record, guint a, guint b)
{
    if (G_UNLIKELY(!run_one(cpu, record, a))) {
        return fast_slow(cpu, record);
    }
    if (G_UNLIKELY(!run_one(cpu, record + 1, b))) {
        return fast_slow(cpu, record + 1);
    }
    return record_next(cpu, record + 1);
}

FAST_INLINE const Record *run_three(TcgCpu *cpu, const Record *record, guint a, guint b, guint c)
{
    if (G_UNLIKELY(!run_one(cpu, record, a))) {
        return fast_slow(cpu, record);
    }
    if (G_UNLIKELY(!run_one(cpu, record + 1, b))) {
        return fast_slow(cpu, record + 1);
    }
    if (G_UNLIKELY(!run_one(cpu, record + 2, c))) {
        return fast_slow(cpu, record + 2);
    }
    return record_next(cpu, record + 2);
}

#define RUN_TWO(a, b)                                                     \
    static const Record *run_##a##_##b(TcgCpu *cpu, const Record *record) \
    {                                                                     \
        return run_two(cpu, record, RUN_##a, RUN_##b);                    \
    }
#define RUN_THREE(a, b, c)                                                      \
    static const Record *run_##a##_##b##_##c(TcgCpu *cpu, const Record *record) \
    {                                                                           \
        return run_three(cpu, record, RUN_##a, RUN_##b, RUN_##c);               \
    }
#define RUN_ALL(a, b)    \
    RUN_TWO(a, b)        \
    RUN_THREE(a, b, RR8) \
    RUN_THREE(a, b, RR4) \
    RUN_THREE(a, b, RM8) \
    RUN_THREE(a, b, RM4) \
    RUN_THREE(a, b, MR8) \
    RUN_THREE(a, b, PUSH)
#define RUN_FROM(a) \
    RUN_ALL(a, RR8) \
    RUN_ALL(a, RR4) \
    RUN_ALL(a, RM8) \
    RUN_ALL(a, RM4) \
    RUN_ALL(a, MR8) \
    RUN_ALL(a, PUSH)

RUN_FROM(RR8)
RUN_FROM(RR4)
RUN_FROM(RM8)
RUN_FROM(RM4)
RUN_FROM(MR8)
RUN_FROM(PUSH)

/* First, second, third; the last is for those of two. */
#define RUN_ROW(a, b)                                                                       \
    {                                                                                       \
        run_##a##_##b##_RR8, run_##a##_##b##_RR4, run_##a##_##b##_RM8, run_##a##_##b##_RM4, \
            run_##a##_##b##_MR8, run_##a##_##b##_PUSH, run_##a##_##b,                       \
    }
#define RUN_ROWS(a)                                                                          \
    {                                                                                        \
        RUN_ROW(a, RR8), RUN_ROW(a, RR4), RUN_ROW(a, RM8), RUN_ROW(a, RM4), RUN_ROW(a, MR8), \
            RUN_ROW(a, PUSH),                                                                \
    }

static const Handler run_handlers[RUNS][RUNS][RUNS + 1] = {
    RUN_ROWS(RR8), RUN_ROWS(RR4), RUN_ROWS(RM8), RUN_ROWS(RM4), RUN_ROWS(MR8), RUN_ROWS(PUSH),
};

/* ---- the stack: all in one page, or one by one ---- */

FAST_INLINE const Record *push_run(TcgCpu *cpu, const Record *record, guint count)
{
    guint64 rsp = cpu->gpr[CPU_RSP] - 8 * count;
    guint8 *host = fast_write_at(cpu, rsp, 8 * count);

    if (G_UNLIKELY(!host)) {
        return fast_slow(cpu, record);
    }
    for (guint i = 0; i < count; i++) {
        mmu_host_store(host + 8 * (count - 1 - i), fast_reg(cpu, record[i].dst, 8), 8);
    }
    cpu->gpr[CPU_RSP] = rsp;
    return record_next(cpu, record + count - 1);
}

FAST_INLINE const Record *pop_run(TcgCpu *cpu, const Record *record, guint count)
{
    guint64 rsp = cpu->gpr[CPU_RSP];
    guint8 *host = fast_read_at(cpu, rsp, 8 * count);

    if (G_UNLIKELY(!host)) {
        return fast_slow(cpu, record);
    }
    for (guint i = 0; i < count; i++) {
        fast_set_reg(cpu, record[i].dst, mmu_host_load(host + 8 * i, 8), 8);
    }
    cpu->gpr[CPU_RSP] = rsp + 8 * count;
    return record_next(cpu, record + count - 1);
}

#define RUN_STACK(count)                                                     \
    static const Record *push_run_##count(TcgCpu *cpu, const Record *record) \
    {                                                                        \
        return push_run(cpu, record, count);                                 \
    }                                                                        \
    static const Record *pop_run_##count(TcgCpu *cpu, const Record *record)  \
    {                                                                        \
        return pop_run(cpu, record, count);                                  \
    }

RUN_STACK(2)
RUN_STACK(3)
RUN_STACK(4)
RUN_STACK(5)
RUN_STACK(6)

static const Handler push_handlers[RUN_STACK_MOST + 1] = {
    [2] = push_run_2, push_run_3, push_run_4, push_run_5, push_run_6};
static const Handler pop_handlers[RUN_STACK_MOST + 1] = {
    [2] = pop_run_2, pop_run_3, pop_run_4, pop_run_5, pop_run_6};

/* ---- choosing ---- */

static guint mov_kind(const Insn *insn, const Record *record)
{
    const Operand *to = &insn->operands[0], *from = &insn->operands[1];
    gboolean plain = (record->flags & RECORD_PLAIN) != 0, wide = to->size == 8;

    if (to->size < 4 || from->size != to->size) {
        return RUN_NONE;
    }
    if (to->kind == OPERAND_REG) {
        return from->kind == OPERAND_REG               ? (wide ? RUN_RR8 : RUN_RR4)
               : from->kind == OPERAND_MEMORY && plain ? (wide ? RUN_RM8 : RUN_RM4)
                                                       : RUN_NONE;
    }
    return to->kind == OPERAND_MEMORY && from->kind == OPERAND_REG && plain && wide ? RUN_MR8
                                                                                    : RUN_NONE;
}

/* Of rSP itself is the value before or the one popped: not in runs. */
static guint stack_kind(const Insn *insn)
{
    const Operand *operand = &insn->operands[0];

    if (insn->operand_size != 8 || operand->kind != OPERAND_REG || operand->reg == CPU_RSP) {
        return RUN_NONE;
    }
    return insn->op == OP_PUSH ? RUN_PUSH : RUN_POP;
}

static guint run_kind(const Record *record)
{
    const Insn *insn = record->insn;

    switch (insn->op) {
    case OP_MOV: return mov_kind(insn, record);
    case OP_PUSH:
    case OP_POP: return stack_kind(insn);
    default: return RUN_NONE;
    }
}

Handler fast_run_handler(const TcgCpu *cpu, Record *record, guint left)
{
    guint kind = run_kind(record), count = 1, second, third = RUNS;

    if (kind == RUN_NONE || !tcg_is_64bit(cpu) || (cpu->mode & FLAT_MODES) != FLAT_MODES) {
        return NULL;
    }
    while (count < MIN(left, RUN_STACK_MOST) && run_kind(record + count) == kind) {
        count++;
    }
    if (kind == RUN_POP) {
        return pop_handlers[count];
    }
    if (kind == RUN_PUSH && count > 2) {
        return push_handlers[count];
    }
    second = run_kind(record + 1);
    if (second >= RUNS) {
        return NULL;
    }
    if (left > 2) {
        third = MIN(run_kind(record + 2), RUNS);
    }
    return run_handlers[kind][second][third];
}
