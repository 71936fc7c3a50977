/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The static facts of every operation, from the list in decode-ops.h. */
#include "tcg/decode.h"

/* The letters of the list. Flags: */
enum {
    C = FLAG_CF,
    P = FLAG_PF,
    A = FLAG_AF,
    Z = FLAG_ZF,
    S = FLAG_SF,
    T = FLAG_TF,
    I = FLAG_IF,
    D = FLAG_DF,
    O = FLAG_OF,
    NT = FLAG_NT,
    RF = FLAG_RF,
    VM = FLAG_VM,
    AC = FLAG_AC,
    ALL = FLAG_ARITH,
    EVERY = FLAG_ARITH | T | I | D | FLAG_IOPL | NT | RF | VM | AC,
};

/* Accesses, operand by operand: */
enum {
    NO = 0,
    R = ACCESS_READ,
    W = ACCESS_WRITE,
    RW = R | W,
    R_R = R | R << 2,
    W_R = W | R << 2 | R << 4,
    RW_R = RW | R << 2 | R << 4,
    RW_R_R = RW_R,
    RW_RW = RW | RW << 2,
};

/* Attributes: */
enum {
    LOCK = OP_LOCKABLE,
    BRANCH = OP_BRANCH,
    SERIAL = OP_SERIAL,
    CPL0 = OP_CPL0,
    IOPL = OP_IOPL,
    PROT = OP_PROTECTED,
    STRING = OP_STRING,
    STRING_ZF = OP_STRING | OP_STRING_ZF,
    UNALIGNED = OP_UNALIGNED,
    STACK64 = OP_STACK64,
    NEAR64 = OP_NEAR64,
    SHADOW = OP_SHADOW,
    SIMD = OP_MMX_XMM,
};

const OpInfo decode_op_info[OP_COUNT] = {
#define OP(name, ext, access, read, write, undef, attr) \
    {#name, EXT_##ext, access, attr, read, (write) | (undef), undef},
#include "tcg/decode-ops.h"
#undef OP
};
