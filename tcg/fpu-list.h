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

/* X(name, size): XMM registers alone; no numeric exceptions. `size`: bytes of a memory source. */
#define FPU_XMM_OPS(X) \
    X(PUNPCKLQDQ, 16)  \
    X(PUNPCKHQDQ, 16)  \
    X(RSQRTPS, 16)     \
    X(RSQRTSS, 4)      \
    X(RCPPS, 16)       \
    X(RCPSS, 4)        \
    X(ANDPS, 16)       \
    X(ANDPD, 16)       \
    X(ANDNPS, 16)      \
    X(ANDNPD, 16)      \
    X(ORPS, 16)        \
    X(ORPD, 16)        \
    X(XORPS, 16)       \
    X(XORPD, 16)       \
    X(UNPCKLPS, 16)    \
    X(UNPCKLPD, 16)    \
    X(UNPCKHPS, 16)    \
    X(UNPCKHPD, 16)    \
    X(CVTDQ2PD, 8)     \
    X(MOVDDUP, 8)      \
    X(MOVSHDUP, 16)    \
    X(MOVSLDUP, 16)    \
    X(PMOVSXBW, 8)     \
    X(PMOVSXBD, 4)     \
    X(PMOVSXBQ, 2)     \
    X(PMOVSXWD, 8)     \
    X(PMOVSXWQ, 4)     \
    X(PMOVSXDQ, 8)     \
    X(PMOVZXBW, 8)     \
    X(PMOVZXBD, 4)     \
    X(PMOVZXBQ, 2)     \
    X(PMOVZXWD, 8)     \
    X(PMOVZXWQ, 4)     \
    X(PMOVZXDQ, 8)     \
    X(PHMINPOSUW, 16)  \
    X(PMULDQ, 16)      \
    X(PCMPEQQ, 16)     \
    X(PACKUSDW, 16)    \
    X(PMINSB, 16)      \
    X(PMINSD, 16)      \
    X(PMINUW, 16)      \
    X(PMINUD, 16)      \
    X(PMAXSB, 16)      \
    X(PMAXSD, 16)      \
    X(PMAXUW, 16)      \
    X(PMAXUD, 16)      \
    X(PMULLD, 16)      \
    X(PCMPGTQ, 16)

/* X(name, tiny, size): may raise numeric exceptions; `tiny`: lanes whose result may be denormal and
 * exact, which is an exception if underflow is unmasked (SDM vol. 1, 4.9.1.5). */
#define FPU_FLOAT_OPS(X)        \
    X(ADDPS, TINY_PS, 16)       \
    X(ADDPD, TINY_PD, 16)       \
    X(ADDSS, TINY_SS, 4)        \
    X(ADDSD, TINY_SD, 8)        \
    X(MULPS, TINY_PS, 16)       \
    X(MULPD, TINY_PD, 16)       \
    X(MULSS, TINY_SS, 4)        \
    X(MULSD, TINY_SD, 8)        \
    X(SUBPS, TINY_PS, 16)       \
    X(SUBPD, TINY_PD, 16)       \
    X(SUBSS, TINY_SS, 4)        \
    X(SUBSD, TINY_SD, 8)        \
    X(DIVPS, TINY_PS, 16)       \
    X(DIVPD, TINY_PD, 16)       \
    X(DIVSS, TINY_SS, 4)        \
    X(DIVSD, TINY_SD, 8)        \
    X(MINPS, TINY_NONE, 16)     \
    X(MINPD, TINY_NONE, 16)     \
    X(MINSS, TINY_NONE, 4)      \
    X(MINSD, TINY_NONE, 8)      \
    X(MAXPS, TINY_NONE, 16)     \
    X(MAXPD, TINY_NONE, 16)     \
    X(MAXSS, TINY_NONE, 4)      \
    X(MAXSD, TINY_NONE, 8)      \
    X(SQRTPS, TINY_NONE, 16)    \
    X(SQRTPD, TINY_NONE, 16)    \
    X(SQRTSS, TINY_NONE, 4)     \
    X(SQRTSD, TINY_NONE, 8)     \
    X(CVTPS2PD, TINY_NONE, 8)   \
    X(CVTPD2PS, TINY_PS, 16)    \
    X(CVTSS2SD, TINY_NONE, 4)   \
    X(CVTSD2SS, TINY_SS, 8)     \
    X(CVTDQ2PS, TINY_NONE, 16)  \
    X(CVTPS2DQ, TINY_NONE, 16)  \
    X(CVTTPS2DQ, TINY_NONE, 16) \
    X(CVTPD2DQ, TINY_NONE, 16)  \
    X(CVTTPD2DQ, TINY_NONE, 16) \
    X(ADDSUBPS, TINY_PS, 16)    \
    X(ADDSUBPD, TINY_PD, 16)    \
    X(HADDPS, TINY_PS, 16)      \
    X(HADDPD, TINY_PD, 16)      \
    X(HSUBPS, TINY_PS, 16)      \
    X(HSUBPD, TINY_PD, 16)

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
