/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIMD operations that are executed by one host instruction between vector registers, once each
 * and sorted by what they need. Included by C and by the assembler (tcg/fpu-stubs.S), so only
 * macros. The names are the SDM's mnemonics and those of decode-ops.h.
 */
#pragma once

/* X(name, opcode behind 0F): MMX and XMM registers; no numeric exceptions. */
#define FPU_SIMD_OPS(X) \
    X(PUNPCKLBW, 0x60)  \
    X(PUNPCKLWD, 0x61)  \
    X(PUNPCKLDQ, 0x62)  \
    X(PACKSSWB, 0x63)   \
    X(PCMPGTB, 0x64)    \
    X(PCMPGTW, 0x65)    \
    X(PCMPGTD, 0x66)    \
    X(PACKUSWB, 0x67)   \
    X(PUNPCKHBW, 0x68)  \
    X(PUNPCKHWD, 0x69)  \
    X(PUNPCKHDQ, 0x6a)  \
    X(PACKSSDW, 0x6b)   \
    X(PCMPEQB, 0x74)    \
    X(PCMPEQW, 0x75)    \
    X(PCMPEQD, 0x76)    \
    X(PSRLW, 0xd1)      \
    X(PSRLD, 0xd2)      \
    X(PSRLQ, 0xd3)      \
    X(PADDQ, 0xd4)      \
    X(PMULLW, 0xd5)     \
    X(PSUBUSB, 0xd8)    \
    X(PSUBUSW, 0xd9)    \
    X(PMINUB, 0xda)     \
    X(PAND, 0xdb)       \
    X(PADDUSB, 0xdc)    \
    X(PADDUSW, 0xdd)    \
    X(PMAXUB, 0xde)     \
    X(PANDN, 0xdf)      \
    X(PAVGB, 0xe0)      \
    X(PSRAW, 0xe1)      \
    X(PSRAD, 0xe2)      \
    X(PAVGW, 0xe3)      \
    X(PMULHUW, 0xe4)    \
    X(PMULHW, 0xe5)     \
    X(PSUBSB, 0xe8)     \
    X(PSUBSW, 0xe9)     \
    X(PMINSW, 0xea)     \
    X(POR, 0xeb)        \
    X(PADDSB, 0xec)     \
    X(PADDSW, 0xed)     \
    X(PMAXSW, 0xee)     \
    X(PXOR, 0xef)       \
    X(PSLLW, 0xf1)      \
    X(PSLLD, 0xf2)      \
    X(PSLLQ, 0xf3)      \
    X(PMULUDQ, 0xf4)    \
    X(PMADDWD, 0xf5)    \
    X(PSADBW, 0xf6)     \
    X(PSUBB, 0xf8)      \
    X(PSUBW, 0xf9)      \
    X(PSUBD, 0xfa)      \
    X(PSUBQ, 0xfb)      \
    X(PADDB, 0xfc)      \
    X(PADDW, 0xfd)      \
    X(PADDD, 0xfe)

/* The same, opcode behind 0F 38. */
#define FPU_SIMD38_OPS(X) \
    X(PSHUFB, 0x00)       \
    X(PHADDW, 0x01)       \
    X(PHADDD, 0x02)       \
    X(PHADDSW, 0x03)      \
    X(PMADDUBSW, 0x04)    \
    X(PHSUBW, 0x05)       \
    X(PHSUBD, 0x06)       \
    X(PHSUBSW, 0x07)      \
    X(PSIGNB, 0x08)       \
    X(PSIGNW, 0x09)       \
    X(PSIGND, 0x0a)       \
    X(PMULHRSW, 0x0b)     \
    X(PABSB, 0x1c)        \
    X(PABSW, 0x1d)        \
    X(PABSD, 0x1e)

/* X(name): XMM registers alone; no numeric exceptions. */
#define FPU_XMM_OPS(X) \
    X(PUNPCKLQDQ)      \
    X(PUNPCKHQDQ)      \
    X(RSQRTPS)         \
    X(RSQRTSS)         \
    X(RCPPS)           \
    X(RCPSS)           \
    X(ANDPS)           \
    X(ANDPD)           \
    X(ANDNPS)          \
    X(ANDNPD)          \
    X(ORPS)            \
    X(ORPD)            \
    X(XORPS)           \
    X(XORPD)           \
    X(UNPCKLPS)        \
    X(UNPCKLPD)        \
    X(UNPCKHPS)        \
    X(UNPCKHPD)        \
    X(CVTDQ2PD)        \
    X(MOVDDUP)         \
    X(MOVSHDUP)        \
    X(MOVSLDUP)        \
    X(PMOVSXBW)        \
    X(PMOVSXBD)        \
    X(PMOVSXBQ)        \
    X(PMOVSXWD)        \
    X(PMOVSXWQ)        \
    X(PMOVSXDQ)        \
    X(PMOVZXBW)        \
    X(PMOVZXBD)        \
    X(PMOVZXBQ)        \
    X(PMOVZXWD)        \
    X(PMOVZXWQ)        \
    X(PMOVZXDQ)        \
    X(PHMINPOSUW)      \
    X(PMULDQ)          \
    X(PCMPEQQ)         \
    X(PACKUSDW)        \
    X(PMINSB)          \
    X(PMINSD)          \
    X(PMINUW)          \
    X(PMINUD)          \
    X(PMAXSB)          \
    X(PMAXSD)          \
    X(PMAXUW)          \
    X(PMAXUD)          \
    X(PMULLD)          \
    X(PCMPGTQ)

/* X(name, tiny): may raise numeric exceptions; `tiny`: lanes whose result may be denormal and
 * exact, which is an exception if underflow is unmasked (SDM vol. 1, 4.9.1.5). */
#define FPU_FLOAT_OPS(X)    \
    X(ADDPS, TINY_PS)       \
    X(ADDPD, TINY_PD)       \
    X(ADDSS, TINY_SS)       \
    X(ADDSD, TINY_SD)       \
    X(MULPS, TINY_PS)       \
    X(MULPD, TINY_PD)       \
    X(MULSS, TINY_SS)       \
    X(MULSD, TINY_SD)       \
    X(SUBPS, TINY_PS)       \
    X(SUBPD, TINY_PD)       \
    X(SUBSS, TINY_SS)       \
    X(SUBSD, TINY_SD)       \
    X(DIVPS, TINY_PS)       \
    X(DIVPD, TINY_PD)       \
    X(DIVSS, TINY_SS)       \
    X(DIVSD, TINY_SD)       \
    X(MINPS, TINY_NONE)     \
    X(MINPD, TINY_NONE)     \
    X(MINSS, TINY_NONE)     \
    X(MINSD, TINY_NONE)     \
    X(MAXPS, TINY_NONE)     \
    X(MAXPD, TINY_NONE)     \
    X(MAXSS, TINY_NONE)     \
    X(MAXSD, TINY_NONE)     \
    X(SQRTPS, TINY_NONE)    \
    X(SQRTPD, TINY_NONE)    \
    X(SQRTSS, TINY_NONE)    \
    X(SQRTSD, TINY_NONE)    \
    X(CVTPS2PD, TINY_NONE)  \
    X(CVTPD2PS, TINY_PS)    \
    X(CVTSS2SD, TINY_NONE)  \
    X(CVTSD2SS, TINY_SS)    \
    X(CVTDQ2PS, TINY_NONE)  \
    X(CVTPS2DQ, TINY_NONE)  \
    X(CVTTPS2DQ, TINY_NONE) \
    X(CVTPD2DQ, TINY_NONE)  \
    X(CVTTPD2DQ, TINY_NONE) \
    X(ADDSUBPS, TINY_PS)    \
    X(ADDSUBPD, TINY_PD)    \
    X(HADDPS, TINY_PS)      \
    X(HADDPD, TINY_PD)      \
    X(HSUBPS, TINY_PS)      \
    X(HSUBPD, TINY_PD)

/*
 * X(name, count): with an immediate byte, of which `count` values differ: the low bits if it is a
 * power of two; otherwise all from count - 1 on do the same.
 */
#define FPU_XMM_IMM_OPS(X) \
    X(PSHUFD, 256)         \
    X(PSHUFHW, 256)        \
    X(PSHUFLW, 256)        \
    X(SHUFPS, 256)         \
    X(SHUFPD, 4)           \
    X(PALIGNR, 33)         \
    X(BLENDPS, 16)         \
    X(BLENDPD, 4)          \
    X(PBLENDW, 256)        \
    X(INSERTPS, 256)       \
    X(MPSADBW, 8)

/* Likewise, the register alone. */
#define FPU_SHIFT_OPS(X) \
    X(PSLLDQ, 17)        \
    X(PSRLDQ, 17)

/* Likewise, X(name, count, tiny), with numeric exceptions. */
#define FPU_FLOAT_IMM_OPS(X)  \
    X(CMPPS, 8, TINY_NONE)    \
    X(CMPPD, 8, TINY_NONE)    \
    X(CMPSS, 8, TINY_NONE)    \
    X(CMPSD, 8, TINY_NONE)    \
    X(ROUNDPS, 16, TINY_NONE) \
    X(ROUNDPD, 16, TINY_NONE) \
    X(ROUNDSS, 16, TINY_NONE) \
    X(ROUNDSD, 16, TINY_NONE) \
    X(DPPS, 256, TINY_PS)     \
    X(DPPD, 64, TINY_PD)

/* X(name): XMM0 chooses (SSE4.1). */
#define FPU_BLEND_OPS(X) \
    X(PBLENDVB)          \
    X(BLENDVPS)          \
    X(BLENDVPD)

/* X(name): sets the arithmetic flags from two vectors. */
#define FPU_FLAG_OPS(X) \
    X(COMISS)           \
    X(COMISD)           \
    X(UCOMISS)          \
    X(UCOMISD)          \
    X(PTEST)

/* X(name, opcode behind 0F 3A): SSE4.2 string comparison, 128 immediates. */
#define FPU_STRING_OPS(X) \
    X(PCMPESTRM, 0x60)    \
    X(PCMPESTRI, 0x61)    \
    X(PCMPISTRM, 0x62)    \
    X(PCMPISTRI, 0x63)
