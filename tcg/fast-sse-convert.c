/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE instructions between vectors and general registers or flags: conversions, comparisons,
 * masks of signs.
 */
#include "tcg/fast-sse.h"

/* ---- from integers ---- */

#define FROM_INTEGER(name, mnemonic, size)                                                   \
    static const Record *name##_rr(TcgCpu *cpu, const Record *record)                        \
    {                                                                                        \
        FastVector *target = fast_xmm(cpu, record->dst);                                     \
                                                                                             \
        if (!fast_sse_live(cpu)) {                                                           \
            return fast_slow(cpu, record);                                                   \
        }                                                                                    \
        __asm__ volatile("movaps %0, %%xmm0\n\t" mnemonic " %1, %%xmm0\n\tmovaps %%xmm0, %0" \
                         : "+m"(*target)                                                     \
                         : "m"(*(const FastU64 *)fast_at(cpu, record->src))                  \
                         : "xmm0");                                                          \
        return record_next(cpu, record);                                                     \
    }                                                                                        \
                                                                                             \
    static const Record *name##_rm(TcgCpu *cpu, const Record *record)                        \
    {                                                                                        \
        FastVector *target = fast_xmm(cpu, record->dst);                                     \
        const FastU64 *source = (const FastU64 *)fast_read(cpu, record, size);               \
                                                                                             \
        if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {                                    \
            return fast_slow(cpu, record);                                                   \
        }                                                                                    \
        __asm__ volatile("movaps %0, %%xmm0\n\t" mnemonic " %1, %%xmm0\n\tmovaps %%xmm0, %0" \
                         : "+m"(*target)                                                     \
                         : "m"(*source)                                                      \
                         : "xmm0");                                                          \
        return record_next(cpu, record);                                                     \
    }

FROM_INTEGER(from_sd4, "cvtsi2sdl", 4)
FROM_INTEGER(from_sd8, "cvtsi2sdq", 8)
FROM_INTEGER(from_ss4, "cvtsi2ssl", 4)
FROM_INTEGER(from_ss8, "cvtsi2ssq", 8)

/* Size of the integer, from memory. */
static const Handler from_sd[2][2] = {{from_sd4_rr, from_sd4_rm}, {from_sd8_rr, from_sd8_rm}};
static const Handler from_ss[2][2] = {{from_ss4_rr, from_ss4_rm}, {from_ss8_rr, from_ss8_rm}};

/* ---- to integers ---- */

#define TO_INTEGER(name, mnemonic, size)                                                  \
    FAST_INLINE const Record *name(TcgCpu *cpu, const Record *record, const void *source, \
                                   gboolean wide)                                         \
    {                                                                                     \
        const struct {                                                                    \
            guint8 bytes[size];                                                           \
        } *value = source;                                                                \
        guint64 result;                                                                   \
                                                                                          \
        if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {                                 \
            return fast_slow(cpu, record);                                                \
        }                                                                                 \
        if (wide) {                                                                       \
            __asm__ volatile(mnemonic " %1, %q0" : "=r"(result) : "m"(*value));           \
        } else {                                                                          \
            __asm__ volatile(mnemonic " %1, %k0" : "=r"(result) : "m"(*value));           \
        }                                                                                 \
        fast_set_reg(cpu, record->dst, result, wide ? 8 : 4);                             \
        return record_next(cpu, record);                                                  \
    }                                                                                     \
    static const Record *name##_r4(TcgCpu *cpu, const Record *record)                     \
    {                                                                                     \
        return name(cpu, record, fast_xmm(cpu, record->src), FALSE);                      \
    }                                                                                     \
    static const Record *name##_r8(TcgCpu *cpu, const Record *record)                     \
    {                                                                                     \
        return name(cpu, record, fast_xmm(cpu, record->src), TRUE);                       \
    }                                                                                     \
    static const Record *name##_m4(TcgCpu *cpu, const Record *record)                     \
    {                                                                                     \
        return name(cpu, record, fast_read(cpu, record, size), FALSE);                    \
    }                                                                                     \
    static const Record *name##_m8(TcgCpu *cpu, const Record *record)                     \
    {                                                                                     \
        return name(cpu, record, fast_read(cpu, record, size), TRUE);                     \
    }                                                                                     \
    static const Handler name##_handlers[2][2] = {{name##_r4, name##_m4}, {name##_r8, name##_m8}};

TO_INTEGER(sd2si, "cvtsd2si", 8)
TO_INTEGER(ttsd2si, "cvttsd2si", 8)
TO_INTEGER(ss2si, "cvtss2si", 4)
TO_INTEGER(ttss2si, "cvttss2si", 4)

/* ---- to flags ---- */

#define COMPARE(name, size)                                                               \
    FAST_INLINE const Record *name(TcgCpu *cpu, const Record *record, const void *source) \
    {                                                                                     \
        const struct {                                                                    \
            guint8 bytes[size];                                                           \
        } *value = source;                                                                \
        gboolean cf, zf, pf;                                                              \
                                                                                          \
        if (!fast_sse_live(cpu) || G_UNLIKELY(!source)) {                                 \
            return fast_slow(cpu, record);                                                \
        }                                                                                 \
        __asm__ volatile("movaps %3, %%xmm0\n\t" #name " %4, %%xmm0"                      \
                         : "=@ccc"(cf), "=@ccz"(zf), "=@ccp"(pf)                          \
                         : "m"(*fast_xmm(cpu, record->dst)), "m"(*value)                  \
                         : "xmm0");                                                       \
        fast_set_comparison(cpu, cf, zf, pf);                                             \
        return record_next(cpu, record);                                                  \
    }                                                                                     \
    static const Record *name##_rr(TcgCpu *cpu, const Record *record)                     \
    {                                                                                     \
        return name(cpu, record, fast_xmm(cpu, record->src));                             \
    }                                                                                     \
    static const Record *name##_rm(TcgCpu *cpu, const Record *record)                     \
    {                                                                                     \
        return name(cpu, record,                                                          \
                    size == 16 ? (const void *)fast_read_vector(cpu, record)              \
                               : (const void *)fast_read(cpu, record, size));             \
    }                                                                                     \
    static const Handler name##_handlers[2] = {name##_rr, name##_rm};

COMPARE(comiss, 4)
COMPARE(ucomiss, 4)
COMPARE(comisd, 8)
COMPARE(ucomisd, 8)
COMPARE(ptest, 16)

/* ---- signs ---- */

#define SIGNS(mnemonic)                                              \
    static const Record *mnemonic(TcgCpu *cpu, const Record *record) \
    {                                                                \
        guint64 mask;                                                \
                                                                     \
        if (!fast_sse_live(cpu)) {                                   \
            return fast_slow(cpu, record);                           \
        }                                                            \
        __asm__("movaps %1, %%xmm0\n\t" #mnemonic " %%xmm0, %k0"     \
                : "=r"(mask)                                         \
                : "m"(*fast_xmm(cpu, record->src))                   \
                : "xmm0");                                           \
        fast_set_reg(cpu, record->dst, mask, 4);                     \
        return record_next(cpu, record);                             \
    }

SIGNS(pmovmskb)
SIGNS(movmskps)
SIGNS(movmskpd)

Handler fast_sse_convert_handler(const Insn *insn)
{
    gboolean memory = insn->operands[1].kind == OPERAND_MEMORY;
    gboolean wide = insn->operands[0].size == 8;

    switch (insn->op) {
    case OP_CVTSI2SD: return from_sd[insn->operands[1].size == 8][memory];
    case OP_CVTSI2SS: return from_ss[insn->operands[1].size == 8][memory];
    case OP_CVTSD2SI: return sd2si_handlers[wide][memory];
    case OP_CVTTSD2SI: return ttsd2si_handlers[wide][memory];
    case OP_CVTSS2SI: return ss2si_handlers[wide][memory];
    case OP_CVTTSS2SI: return ttss2si_handlers[wide][memory];
    case OP_COMISS: return comiss_handlers[memory];
    case OP_UCOMISS: return ucomiss_handlers[memory];
    case OP_COMISD: return comisd_handlers[memory];
    case OP_UCOMISD: return ucomisd_handlers[memory];
    case OP_PTEST: return ptest_handlers[memory];
    case OP_PMOVMSKB: return insn->operands[1].kind == OPERAND_XMM ? pmovmskb : NULL;
    case OP_MOVMSKPS: return movmskps;
    case OP_MOVMSKPD: return movmskpd;
    default: return NULL;
    }
}
