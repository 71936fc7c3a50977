/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 and MMX: the instruction itself on the live registers, memory operands in place. Protected
 * mode only; elsewhere the pointers to the last instruction want more.
 */
#include "tcg/fast-sse.h"
#include "tcg/fpu-priv.h"

FAST_INLINE gboolean is_live(const TcgCpu *cpu)
{
    return G_LIKELY(cpu->fpu.x87 == FPU_LIVE);
}

FAST_INLINE void note_ip(TcgCpu *cpu, const Record *record)
{
    cpu->fpu.last_ip = record_rip(cpu, record);
}

/* ---- register forms: every one of escapes D8-DF ---- */

#define X87_ROW(X, escape, high) \
    X(escape, high##0)           \
    X(escape, high##1)           \
    X(escape, high##2)           \
    X(escape, high##3)           \
    X(escape, high##4)           \
    X(escape, high##5)           \
    X(escape, high##6)           \
    X(escape, high##7)           \
    X(escape, high##8)           \
    X(escape, high##9)           \
    X(escape, high##A)           \
    X(escape, high##B) X(escape, high##C) X(escape, high##D) X(escape, high##E) X(escape, high##F)
#define X87_ESCAPE(X, escape) \
    X87_ROW(X, escape, C) X87_ROW(X, escape, D) X87_ROW(X, escape, E) X87_ROW(X, escape, F)
#define X87_ESCAPES(X) \
    X87_ESCAPE(X, D8)  \
    X87_ESCAPE(X, D9)  \
    X87_ESCAPE(X, DA)  \
    X87_ESCAPE(X, DB) X87_ESCAPE(X, DC) X87_ESCAPE(X, DD) X87_ESCAPE(X, DE) X87_ESCAPE(X, DF)

#define REGISTER(escape, modrm)                                                      \
    static const Record *register_##escape##modrm(TcgCpu *cpu, const Record *record) \
    {                                                                                \
        if (!is_live(cpu)) {                                                         \
            return fast_slow(cpu, record);                                           \
        }                                                                            \
        note_ip(cpu, record);                                                        \
        __asm__ volatile(".byte 0x" #escape ", 0x" #modrm);                          \
        return record_next(cpu, record);                                             \
    }
X87_ESCAPES(REGISTER)

#define REGISTER_ROW(escape, modrm) register_##escape##modrm,
static const Handler register_handlers[8 * 64] = {X87_ESCAPES(REGISTER_ROW)};

/* ---- memory forms ---- */

#define MEMORY(escape, reg, size, access)                                                \
    static const Record *memory_##escape##reg(TcgCpu *cpu, const Record *record)         \
    {                                                                                    \
        guint8 *host = access(cpu, record, size);                                        \
                                                                                         \
        if (!is_live(cpu) || G_UNLIKELY(!host)) {                                        \
            return fast_slow(cpu, record);                                               \
        }                                                                                \
        note_ip(cpu, record);                                                            \
        __asm__ volatile(".byte 0x" #escape ", " #reg " << 3" : : "a"(host) : "memory"); \
        return record_next(cpu, record);                                                 \
    }

/* X(escape, ModRM.reg, bytes, access): what op_x87() executes (SDM vol. 2, appendix A.5). */
#define X87_ARITHMETIC(X, escape, size) \
    X(escape, 0, size, fast_read)       \
    X(escape, 1, size, fast_read)       \
    X(escape, 2, size, fast_read)       \
    X(escape, 3, size, fast_read)       \
    X(escape, 4, size, fast_read)       \
    X(escape, 5, size, fast_read)       \
    X(escape, 6, size, fast_read)       \
    X(escape, 7, size, fast_read)
#define X87_MEMORY(X)        \
    X87_ARITHMETIC(X, D8, 4) \
    X87_ARITHMETIC(X, DA, 4) \
    X87_ARITHMETIC(X, DC, 8) \
    X87_ARITHMETIC(X, DE, 2) \
    X(D9, 0, 4, fast_read)   \
    X(D9, 2, 4, fast_write)  \
    X(D9, 3, 4, fast_write)  \
    X(DB, 0, 4, fast_read)   \
    X(DB, 1, 4, fast_write)  \
    X(DB, 2, 4, fast_write)  \
    X(DB, 3, 4, fast_write)  \
    X(DB, 5, 10, fast_read)  \
    X(DB, 7, 10, fast_write) \
    X(DD, 0, 8, fast_read)   \
    X(DD, 1, 8, fast_write)  \
    X(DD, 2, 8, fast_write)  \
    X(DD, 3, 8, fast_write)  \
    X(DF, 0, 2, fast_read)   \
    X(DF, 1, 2, fast_write)  \
    X(DF, 2, 2, fast_write)  \
    X(DF, 3, 2, fast_write)  \
    X(DF, 4, 10, fast_read)  \
    X(DF, 5, 8, fast_read)   \
    X(DF, 6, 10, fast_write) \
    X(DF, 7, 8, fast_write)
X87_MEMORY(MEMORY)

#define MEMORY_ROW(escape, reg, size, access) [(0x##escape & 7) * 8 + reg] = memory_##escape##reg,
static const Handler memory_handlers[8 * 8] = {X87_MEMORY(MEMORY_ROW)};

/* ---- control and flags ---- */

/* With all exceptions masked none can become pending. */
static const Record *fldcw(TcgCpu *cpu, const Record *record)
{
    const FastU16 *fcw = (const FastU16 *)fast_read(cpu, record, 2);

    if (!is_live(cpu) || G_UNLIKELY(!fcw) || G_UNLIKELY((*fcw & FCW_MASKS) != FCW_MASKS)) {
        return fast_slow(cpu, record);
    }
    __asm__ volatile("fldcw %0" : : "m"(*fcw));
    return record_next(cpu, record);
}

static const Record *fnstcw(TcgCpu *cpu, const Record *record)
{
    FastU16 *fcw = (FastU16 *)fast_write(cpu, record, 2);

    if (!is_live(cpu) || G_UNLIKELY(!fcw)) {
        return fast_slow(cpu, record);
    }
    __asm__ volatile("fnstcw %0" : "=m"(*fcw));
    return record_next(cpu, record);
}

static const Record *fnstsw_ax(TcgCpu *cpu, const Record *record)
{
    if (!is_live(cpu)) {
        return fast_slow(cpu, record);
    }
    fast_set_reg(cpu, record->dst, fpu_host_fsw(), 2);
    return record_next(cpu, record);
}

static const Record *fwait(TcgCpu *cpu, const Record *record)
{
    return is_live(cpu) ? record_next(cpu, record) : fast_slow(cpu, record);
}

/* FCOMI and so on clear OF, SF and AF. */
#define COMPARE(escape, modrm)                                                      \
    static const Record *compare_##escape##modrm(TcgCpu *cpu, const Record *record) \
    {                                                                               \
        gboolean cf, zf, pf;                                                        \
                                                                                    \
        if (!is_live(cpu)) {                                                        \
            return fast_slow(cpu, record);                                          \
        }                                                                           \
        note_ip(cpu, record);                                                       \
        __asm__ volatile(".byte 0x" #escape ", 0x" #modrm                           \
                         : "=@ccc"(cf), "=@ccz"(zf), "=@ccp"(pf));                  \
        fast_set_comparison(cpu, cf, zf, pf);                                       \
        return record_next(cpu, record);                                            \
    }
#define X87_COMPARE(X) X87_ROW(X, DB, E) X87_ROW(X, DB, F) X87_ROW(X, DF, E) X87_ROW(X, DF, F)
X87_COMPARE(COMPARE)

#define COMPARE_ROW(escape, modrm) \
    [(0x##escape & 7) * 64 + (0x##modrm & 63)] = compare_##escape##modrm,
static const Handler compare_handlers[8 * 64] = {X87_COMPARE(COMPARE_ROW)};

/* ---- MMX, by stubs ---- */

static const Record *mmx_rr(TcgCpu *cpu, const Record *record)
{
    if (!is_live(cpu)) {
        return fast_slow(cpu, record);
    }
    fpu_call_live((const guint8 *)record->imm, NULL);
    return record_next(cpu, record);
}

static const Record *mmx_rm(TcgCpu *cpu, const Record *record)
{
    guint8 *source = fast_read(cpu, record, 8);

    if (!is_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    fpu_call_live((const guint8 *)record->imm, source);
    return record_next(cpu, record);
}

static const Record *mmx_mr(TcgCpu *cpu, const Record *record)
{
    guint8 *target = fast_write(cpu, record, 8);

    if (!is_live(cpu) || G_UNLIKELY(!target)) {
        return fast_slow(cpu, record);
    }
    fpu_call_live((const guint8 *)record->imm, target);
    return record_next(cpu, record);
}

Handler fast_mmx_handler(const Insn *insn, Record *record)
{
    const Operand *target = &insn->operands[0], *source = &insn->operands[1];
    gboolean move = insn->op == OP_MOVQ || insn->op == OP_MOVNTQ;

    if (move && source->kind == OPERAND_MMX && target->kind == OPERAND_MEMORY) {
        record->imm = (guint64)(fpu_mmx_store + 4 * (64 + source->reg));
        return mmx_mr;
    }
    if (target->kind != OPERAND_MMX || !(move || fpu_stubs[insn->op].mmx)) {
        return NULL;
    }
    if (source->kind == OPERAND_MMX) {
        guint slot = target->reg * 8 + source->reg;
        record->imm = (guint64)(move ? fpu_mmx_load + 4 * slot : fpu_mmx_stub(insn->op, slot));
        return mmx_rr;
    }
    if (source->kind == OPERAND_MEMORY && source->size == 8) {
        guint slot = 64 + target->reg;
        record->imm = (guint64)(move ? fpu_mmx_load + 4 * slot : fpu_mmx_stub(insn->op, slot));
        return mmx_rm;
    }
    return NULL;
}

Handler fast_x87_handler(const TcgCpu *cpu, const Insn *insn)
{
    gboolean memory = insn->operands[0].kind == OPERAND_MEMORY;

    if (!tcg_is_protected(cpu)) {
        return NULL;
    }
    switch (insn->op) {
    case OP_FLDCW: return fldcw;
    case OP_FNSTCW: return fnstcw;
    case OP_FNSTSW: return memory ? NULL : fnstsw_ax;
    case OP_FWAIT: return fwait;
    default: break;
    }
    if (tcg_ops[insn->op] == op_x87) {
        return memory ? memory_handlers[(insn->opcode & 7) * 8 + (insn->modrm >> 3 & 7)]
                      : register_handlers[(insn->opcode & 7) * 64 + (insn->modrm & 63)];
    }
    if (tcg_ops[insn->op] == op_x87_flags) {
        return compare_handlers[(insn->opcode & 7) * 64 + (insn->modrm & 63)];
    }
    return NULL;
}
