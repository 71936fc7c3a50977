/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves of SSE: vectors, scalars and halves, to and from memory and general registers.
 */
#include "tcg/fast-sse.h"

#include <string.h>

/* ---- 16 bytes ---- */

static const Record *copy(TcgCpu *cpu, const Record *record)
{
    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    *fast_xmm(cpu, record->dst) = *fast_xmm(cpu, record->src);
    return record_next(cpu, record);
}

static const Record *load_aligned(TcgCpu *cpu, const Record *record)
{
    const FastVector *source = fast_read_vector(cpu, record);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    *fast_xmm(cpu, record->dst) = *source;
    return record_next(cpu, record);
}

static const Record *load_unaligned(TcgCpu *cpu, const Record *record)
{
    const FastUnaligned *source = (const FastUnaligned *)fast_read(cpu, record, 16);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    *fast_xmm(cpu, record->dst) = *source;
    return record_next(cpu, record);
}

static const Record *store_aligned(TcgCpu *cpu, const Record *record)
{
    guint64 linear = fast_linear(cpu, record);
    FastVector *target = (FastVector *)fast_write_at(cpu, linear, 16);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!target || linear & 15)) {
        return fast_slow(cpu, record);
    }
    *target = *fast_xmm(cpu, record->src);
    return record_next(cpu, record);
}

static const Record *store_unaligned(TcgCpu *cpu, const Record *record)
{
    FastUnaligned *target = (FastUnaligned *)fast_write(cpu, record, 16);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!target)) {
        return fast_slow(cpu, record);
    }
    *target = *fast_xmm(cpu, record->src);
    return record_next(cpu, record);
}

/* ---- 4 and 8 bytes; `record->src` of stores may be any 64-bit register ---- */

typedef guint64 FastPair __attribute__((vector_size(16), may_alias));

/* Zero-extended from memory: MOVSS, MOVSD, MOVD, MOVQ. */
FAST_INLINE const Record *load(TcgCpu *cpu, const Record *record, guint size)
{
    const guint8 *source = fast_read(cpu, record, size);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    *(FastPair *)fast_xmm(cpu, record->dst) = (FastPair){mmu_host_load(source, size), 0};
    return record_next(cpu, record);
}

FAST_INLINE const Record *store(TcgCpu *cpu, const Record *record, guint size, guint from)
{
    guint8 *target = fast_write(cpu, record, size);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!target)) {
        return fast_slow(cpu, record);
    }
    mmu_host_store(target, fast_reg(cpu, record->src + from, size), size);
    return record_next(cpu, record);
}

/* Zero-extended from a general register or the low half of a vector. */
FAST_INLINE const Record *extend(TcgCpu *cpu, const Record *record, guint size)
{
    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    *(FastPair *)fast_xmm(cpu, record->dst) = (FastPair){fast_reg(cpu, record->src, size), 0};
    return record_next(cpu, record);
}

/* To a general register, of which at least 32 bits are written. */
FAST_INLINE const Record *extract(TcgCpu *cpu, const Record *record, guint size)
{
    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    fast_set_reg(cpu, record->dst, fast_reg(cpu, record->src, size), MAX(size, 4));
    return record_next(cpu, record);
}

/* Into one lane. */
FAST_INLINE const Record *insert(TcgCpu *cpu, const Record *record, guint size)
{
    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    mmu_host_store(fast_at(cpu, record->dst), fast_reg(cpu, record->src, size), size);
    return record_next(cpu, record);
}

FAST_INLINE const Record *insert_load(TcgCpu *cpu, const Record *record, guint size)
{
    const guint8 *source = fast_read(cpu, record, size);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    mmu_host_store(fast_at(cpu, record->dst), mmu_host_load(source, size), size);
    return record_next(cpu, record);
}

#define SIZED(function, size, ...)                                            \
    static const Record *function##_##size(TcgCpu *cpu, const Record *record) \
    {                                                                         \
        return function(cpu, record, size __VA_OPT__(, ) __VA_ARGS__);        \
    }
SIZED(load, 4)
SIZED(load, 8)
SIZED(store, 1, 0)
SIZED(store, 2, 0)
SIZED(store, 4, 0)
SIZED(store, 8, 0)
SIZED(extend, 4)
SIZED(extend, 8)
SIZED(extract, 1)
SIZED(extract, 2)
SIZED(extract, 4)
SIZED(extract, 8)
SIZED(insert, 1)
SIZED(insert, 2)
SIZED(insert, 4)
SIZED(insert, 8)
SIZED(insert_load, 1)
SIZED(insert_load, 2)
SIZED(insert_load, 4)
SIZED(insert_load, 8)

static const Record *store_high(TcgCpu *cpu, const Record *record)
{
    return store(cpu, record, 8, 8);
}

/* ---- merging into a vector, which is written whole ---- */

static const Record *merge_4(TcgCpu *cpu, const Record *record)
{
    FastVector *target = fast_xmm(cpu, record->dst);

    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    __asm__("movaps %0, %%xmm0\n\tmovaps %1, %%xmm1\n\tmovss %%xmm1, %%xmm0\n\tmovaps %%xmm0, %0"
            : "+m"(*target)
            : "m"(*fast_xmm(cpu, record->src))
            : "xmm0", "xmm1");
    return record_next(cpu, record);
}

static const Record *merge_8(TcgCpu *cpu, const Record *record)
{
    FastPair *target = (FastPair *)fast_xmm(cpu, record->dst);

    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    *target = (FastPair){(*(FastPair *)fast_xmm(cpu, record->src))[0], (*target)[1]};
    return record_next(cpu, record);
}

/* MOVHLPS, MOVLHPS. */
static const Record *high_to_low(TcgCpu *cpu, const Record *record)
{
    FastPair *target = (FastPair *)fast_xmm(cpu, record->dst);

    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    *target = (FastPair){(*(FastPair *)fast_xmm(cpu, record->src))[1], (*target)[1]};
    return record_next(cpu, record);
}

static const Record *low_to_high(TcgCpu *cpu, const Record *record)
{
    FastPair *target = (FastPair *)fast_xmm(cpu, record->dst);

    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    *target = (FastPair){(*target)[0], (*(FastPair *)fast_xmm(cpu, record->src))[0]};
    return record_next(cpu, record);
}

/* MOVLPS, MOVHPS and so on from memory. */
FAST_INLINE const Record *load_half(TcgCpu *cpu, const Record *record, guint half)
{
    FastPair *target = (FastPair *)fast_xmm(cpu, record->dst);
    const guint8 *source = fast_read(cpu, record, 8);
    guint64 value;

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    value = mmu_host_load(source, 8);
    *target = half ? (FastPair){(*target)[0], value} : (FastPair){value, (*target)[1]};
    return record_next(cpu, record);
}

static const Record *load_low(TcgCpu *cpu, const Record *record)
{
    return load_half(cpu, record, 0);
}

static const Record *load_high(TcgCpu *cpu, const Record *record)
{
    return load_half(cpu, record, 1);
}

/* ---- choosing ---- */

static Handler vector_handler(const Insn *insn)
{
    gboolean aligned = (insn->flags & INSN_ALIGNED) != 0;

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        return aligned ? store_aligned : store_unaligned;
    }
    if (insn->operands[1].kind == OPERAND_MEMORY) {
        return aligned ? load_aligned : load_unaligned;
    }
    return copy;
}

static Handler scalar_handler(const Insn *insn, gboolean wide)
{
    if (insn->operands[0].kind == OPERAND_MEMORY) {
        return wide ? store_8 : store_4;
    }
    if (insn->operands[1].kind == OPERAND_MEMORY) {
        return wide ? load_8 : load_4;
    }
    return wide ? merge_8 : merge_4;
}

/* MOVD, MOVQ. */
static Handler integer_handler(const Insn *insn)
{
    const Operand *target = &insn->operands[0], *source = &insn->operands[1];

    if (target->kind == OPERAND_MMX || source->kind == OPERAND_MMX) {
        return NULL;
    }
    switch (target->kind) {
    case OPERAND_MEMORY: return target->size == 8 ? store_8 : store_4;
    case OPERAND_REG: return target->size == 8 ? extract_8 : extract_4;
    default: break;
    }
    switch (source->kind) {
    case OPERAND_MEMORY: return source->size == 8 ? load_8 : load_4;
    case OPERAND_REG: return source->size == 8 ? extend_8 : extend_4;
    default: return extend_8;
    }
}

/* PEXTR and PINSR: the lane is part of the register's offset. */
static Handler lane_handler(const Insn *insn, Record *record, guint size)
{
    static const Handler extracts[2][4] = {{extract_1, extract_2, extract_4, extract_8},
                                           {store_1, store_2, store_4, store_8}};
    static const Handler inserts[2][4] = {
        {insert_1, insert_2, insert_4, insert_8},
        {insert_load_1, insert_load_2, insert_load_4, insert_load_8}};
    guint16 offset = (guint16)(size * ((guint)insn->imm & (16 / size - 1)));
    guint index = fast_size_index(size);

    if (insn->operands[0].kind == OPERAND_XMM) {
        record->dst += offset;
        return inserts[insn->operands[1].kind == OPERAND_MEMORY][index];
    }
    if (insn->operands[1].kind == OPERAND_XMM) {
        record->src += offset;
        return extracts[insn->operands[0].kind == OPERAND_MEMORY][index];
    }
    return NULL;
}

Handler fast_sse_move_handler(const Insn *insn, Record *record)
{
    gboolean to_memory = insn->operands[0].kind == OPERAND_MEMORY;

    switch (insn->op) {
    case OP_MOVUPS:
    case OP_MOVUPD:
    case OP_MOVAPS:
    case OP_MOVAPD:
    case OP_MOVDQA:
    case OP_MOVDQU:
    case OP_LDDQU:
    case OP_MOVNTDQA:
    case OP_MOVNTPS:
    case OP_MOVNTPD:
    case OP_MOVNTDQ: return vector_handler(insn);
    case OP_MOVSS: return scalar_handler(insn, FALSE);
    case OP_MOVSD: return scalar_handler(insn, TRUE);
    case OP_MOVD:
    case OP_MOVQ: return integer_handler(insn);
    case OP_MOVLPS:
    case OP_MOVLPD: return to_memory ? store_8 : load_low;
    case OP_MOVHPS:
    case OP_MOVHPD: return to_memory ? store_high : load_high;
    case OP_PEXTRB:
    case OP_PINSRB: return lane_handler(insn, record, 1);
    case OP_PEXTRW:
    case OP_PINSRW: return lane_handler(insn, record, 2);
    case OP_EXTRACTPS:
    case OP_PEXTRD:
    case OP_PINSRD: return lane_handler(insn, record, 4);
    case OP_PEXTRQ:
    case OP_PINSRQ: return lane_handler(insn, record, 8);
    case OP_MOVHLPS: return high_to_low;
    case OP_MOVLHPS: return low_to_high;
    default: return NULL;
    }
}
