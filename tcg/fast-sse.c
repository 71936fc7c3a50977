/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE instructions that compute from two vectors, or a vector and memory, to a vector: a handler
 * each and one more for memory, and for those with an immediate one that calls its stub. Targets
 * are written whole, so that the processor forwards the store to the next load.
 */
#include "tcg/fast-sse.h"
#include "tcg/fpu-list.h"

/* ---- one handler an operation ---- */

#define COMPUTE(name, source)                                        \
    __asm__ volatile("movaps %0, %%xmm0\n\t" #name " %1, %%xmm0\n\t" \
                     "movaps %%xmm0, %0"                             \
                     : "+m"(*target)                                 \
                     : "m"(source)                                   \
                     : "xmm0")

#define HANDLERS(name, size)                                                 \
    static const Record *rr_##name(TcgCpu *cpu, const Record *record)        \
    {                                                                        \
        FastVector *target = fast_xmm(cpu, record->dst);                     \
                                                                             \
        if (!fast_sse_live(cpu)) {                                           \
            return fast_slow(cpu, record);                                   \
        }                                                                    \
        COMPUTE(name, *fast_xmm(cpu, record->src));                          \
        return record_next(cpu, record);                                     \
    }                                                                        \
                                                                             \
    static const Record *rm_##name(TcgCpu *cpu, const Record *record)        \
    {                                                                        \
        FastVector *target = fast_xmm(cpu, record->dst);                     \
        const struct {                                                       \
            guint8 bytes[size];                                              \
        } *source = size == 16 ? (const void *)fast_read_vector(cpu, record) \
                               : (const void *)fast_read(cpu, record, size); \
                                                                             \
        if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {                    \
            return fast_slow(cpu, record);                                   \
        }                                                                    \
        COMPUTE(name, *source);                                              \
        return record_next(cpu, record);                                     \
    }

#define HANDLERS_SIMD(name, opcode)      HANDLERS(name, 16)
#define HANDLERS_FLOAT(name, tiny, size) HANDLERS(name, size)
FPU_SIMD_OPS(HANDLERS_SIMD)
FPU_SIMD38_OPS(HANDLERS_SIMD)
FPU_XMM_OPS(HANDLERS)
FPU_FLOAT_OPS(HANDLERS_FLOAT)

#define ROW(name, ...) [OP_##name] = {rr_##name, rm_##name},
static const Handler handlers[OP_COUNT][2] = {FPU_SIMD_OPS(ROW) FPU_SIMD38_OPS(ROW) FPU_XMM_OPS(ROW)
                                                  FPU_FLOAT_OPS(ROW)};

/* ---- with an immediate ---- */

/* The stub takes and leaves its target in xmm0; the red zone is stepped over. */
FAST_INLINE void call_stub(FastVector *target, FastVector source, const guint8 *stub)
{
    __asm__ volatile("movaps %0, %%xmm0\n\t"
                     "movaps %1, %%xmm1\n\t"
                     "lea -128(%%rsp), %%rsp\n\t"
                     "call *%2\n\t"
                     "lea 128(%%rsp), %%rsp\n\t"
                     "movaps %%xmm0, %0"
                     : "+m"(*target)
                     : "x"(source), "r"(stub)
                     : "xmm0", "xmm1", "memory");
}

static const Record *stub_rr(TcgCpu *cpu, const Record *record)
{
    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    call_stub(fast_xmm(cpu, record->dst), *fast_xmm(cpu, record->src), (const guint8 *)record->imm);
    return record_next(cpu, record);
}

static const Record *stub_rm(TcgCpu *cpu, const Record *record)
{
    const FastVector *source = fast_read_vector(cpu, record);

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    call_stub(fast_xmm(cpu, record->dst), *source, (const guint8 *)record->imm);
    return record_next(cpu, record);
}

/* CMPSS, CMPSD, ROUNDSS, ROUNDSD. */
FAST_INLINE const Record *stub_scalar(TcgCpu *cpu, const Record *record, guint size)
{
    const guint8 *source = fast_read(cpu, record, size);
    guint64 value[2] __attribute__((aligned(16))) = {0, 0};

    if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {
        return fast_slow(cpu, record);
    }
    value[0] = mmu_host_load(source, size);
    call_stub(fast_xmm(cpu, record->dst), *(FastVector *)value, (const guint8 *)record->imm);
    return record_next(cpu, record);
}

static const Record *stub_r4(TcgCpu *cpu, const Record *record)
{
    return stub_scalar(cpu, record, 4);
}

static const Record *stub_r8(TcgCpu *cpu, const Record *record)
{
    return stub_scalar(cpu, record, 8);
}

/* Shifts by an immediate, which is a vector for the host. */
static const Record *shift(TcgCpu *cpu, const Record *record)
{
    FastVector count = {(guint8)record->insn->imm};

    if (!fast_sse_live(cpu)) {
        return fast_slow(cpu, record);
    }
    call_stub(fast_xmm(cpu, record->dst), count, (const guint8 *)record->imm);
    return record_next(cpu, record);
}

static Handler stub_handler(const Insn *insn, Record *record)
{
    const Operand *source = &insn->operands[1];

    record->imm = (guint64)fpu_xmm_stub(insn->op, (guint8)insn->imm);
    switch (source->kind) {
    case OPERAND_XMM: return stub_rr;
    case OPERAND_IMM: return shift;
    default: return source->size == 16 ? stub_rm : source->size == 8 ? stub_r8 : stub_r4;
    }
}

static Handler compute_handler(const Insn *insn, Record *record)
{
    gboolean memory = insn->operands[1].kind == OPERAND_MEMORY;

    if (insn->operands[0].kind != OPERAND_XMM || !fpu_stubs[insn->op].xmm) {
        return NULL;
    }
    switch (insn->op) {
    case OP_INSERTPS:
    case OP_PCMPESTRM:
    case OP_PCMPESTRI:
    case OP_PCMPISTRM:
    case OP_PCMPISTRI: return NULL;
    default: break;
    }
    if (fpu_stubs[insn->op].count > 1 || insn->operands[1].kind == OPERAND_IMM) {
        return stub_handler(insn, record);
    }
    return handlers[insn->op][memory];
}

Handler fast_fpu_handler(const TcgCpu *cpu, const Insn *insn, Record *record)
{
    guint extension = decode_op_info[insn->op].extension;
    Handler handler;

    if (extension < EXT_X87 || extension > EXT_SSE42) {
        return NULL;
    }
    handler = fast_x87_handler(cpu, insn);
    handler = handler ? handler : fast_sse_move_handler(insn, record);
    handler = handler ? handler : fast_sse_convert_handler(insn);
    handler = handler ? handler : fast_mmx_handler(insn, record);
    return handler ? handler : compute_handler(insn, record);
}
