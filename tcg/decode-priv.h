/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vocabulary of the opcode maps, for decode.c and the tables alone. Operand forms are written
 * as in the SDM vol. 2, A.2: addressing method, then type ("Ev" is a ModRM operand of operand
 * size). Where a register and memory have different sizes, both are named: "Edb" is a 32-bit
 * register or a byte in memory.
 */
#pragma once

#include "tcg/decode.h"

/* Addressing methods (A.2.1), and registers that are always the same. */
typedef enum Method {
    METHOD_NONE,
    METHOD_E,  /* ModRM: general register or memory */
    METHOD_M,  /* ModRM: memory only */
    METHOD_RM, /* ModRM.rm is a general register, whatever mod says (MOV CR, MOV DR) */
    METHOD_G,  /* ModRM.reg: general register */
    METHOD_S,  /* ModRM.reg: segment register */
    METHOD_C,  /* ModRM.reg: control register */
    METHOD_D,  /* ModRM.reg: debug register */
    METHOD_P,  /* ModRM.reg: MMX */
    METHOD_Q,  /* ModRM: MMX or memory */
    METHOD_N,  /* ModRM: MMX only */
    METHOD_V,  /* ModRM.reg: XMM */
    METHOD_W,  /* ModRM: XMM or memory */
    METHOD_U,  /* ModRM: XMM only */
    METHOD_ST, /* ModRM.rm: x87 */
    METHOD_LAST_MODRM = METHOD_ST,
    METHOD_ST0,
    METHOD_Z,     /* low bits of the opcode: general register */
    METHOD_FIXED, /* general register that the form names */
    METHOD_SEG,   /* segment register that the form names */
    METHOD_I,     /* immediate */
    METHOD_I2,    /* second immediate byte */
    METHOD_ONE,   /* the constant 1 */
    METHOD_J,     /* relative branch */
    METHOD_A,     /* far pointer */
    METHOD_O,     /* memory, address in the instruction */
    METHOD_X,     /* string source */
    METHOD_Y,     /* string target */
} Method;

/* Sizes: up to 512 is bytes as such, the rest depends on prefixes and mode (A.2.2). */
enum {
    SIZE_V = 0x8000,      /* operand size: 2, 4, 8 */
    SIZE_Z,               /* 2, or 4 */
    SIZE_Y,               /* 4, or 8 with REX.W */
    SIZE_P,               /* far pointer: selector and operand size */
    SIZE_S,               /* descriptor table: 6, in 64-bit mode 10 */
    SIZE_A,               /* two of operand size (BOUND) */
    SIZE_NATURAL,         /* 4, in 64-bit mode 8 */
    SIZE_ENV,             /* x87 environment: 14 or 28 */
    SIZE_SAVE,            /* x87 state: 94 or 108 */
    SIZE_SIGNED = 0x4000, /* of an immediate: a byte or SIZE_Z, sign-extended to operand size */
};

typedef enum FormName {
#define FORM(name, method, reg_size, size, fixed) FORM_##name,
#include "tcg/decode-forms.h"
#undef FORM
    FORM_COUNT
} FormName;

typedef struct Form {
    guint8 method;
    guint8 fixed;
    guint16 reg_size, size;
} Form;

/* What an entry of a map is, and so by what the next entry is chosen. */
typedef enum EntryKind {
    ENTRY_UNDEFINED,
    ENTRY_OP,       /* the end: an operation and its forms */
    ENTRY_OP_NOT64, /* likewise; undefined in 64-bit mode */
    ENTRY_OP_64,    /* likewise; only in 64-bit mode */
    ENTRY_MODE,     /* sub[64-bit mode] */
    ENTRY_REX_B,    /* sub[REX.B] */
    ENTRY_REX_W,    /* sub[REX.W] */
    ENTRY_OSIZE,    /* sub[operand size: 2, 4, 8] */
    ENTRY_ASIZE,    /* sub[address size: 2, 4, 8] */
    ENTRY_PREFIX,   /* sub[mandatory prefix: none, 66, F3, F2] (SDM vol. 2, 2.1.2) */
    ENTRY_GROUP,    /* sub[ModRM.reg] */
    ENTRY_MOD,      /* sub[ModRM.mod is 3] */
    ENTRY_RM,       /* sub[ModRM.rm] */
    ENTRY_MAP,      /* sub[next byte]: escapes to other maps */
} EntryKind;

typedef struct Entry Entry;
struct Entry {
    guint16 op;
    guint8 kind;
    guint8 form[3];
    const Entry *sub;
};

#define UD                      \
    {                           \
        .kind = ENTRY_UNDEFINED \
    }
#define ENTRY_(kind_, name, a, b, c, ...)                                        \
    {                                                                            \
        .op = OP_##name, .kind = kind_, .form = { FORM_##a, FORM_##b, FORM_##c } \
    }
#define O(...)       ENTRY_(ENTRY_OP, __VA_ARGS__, None, None, None, )
#define O_NOT64(...) ENTRY_(ENTRY_OP_NOT64, __VA_ARGS__, None, None, None, )
#define O_64(...)    ENTRY_(ENTRY_OP_64, __VA_ARGS__, None, None, None, )
#define SUB(kind_, ...)                       \
    {                                         \
        .kind = kind_, .sub = (const Entry[]) \
        {                                     \
            __VA_ARGS__                       \
        }                                     \
    }
#define MODE(...)   SUB(ENTRY_MODE, __VA_ARGS__)
#define REX_B(...)  SUB(ENTRY_REX_B, __VA_ARGS__)
#define REX_W(...)  SUB(ENTRY_REX_W, __VA_ARGS__)
#define OSIZE(...)  SUB(ENTRY_OSIZE, __VA_ARGS__)
#define ASIZE(...)  SUB(ENTRY_ASIZE, __VA_ARGS__)
#define PREFIX(...) SUB(ENTRY_PREFIX, __VA_ARGS__)
#define GROUP(...)  SUB(ENTRY_GROUP, __VA_ARGS__)
#define MOD(...)    SUB(ENTRY_MOD, __VA_ARGS__)
#define RM(...)     SUB(ENTRY_RM, __VA_ARGS__)
#define NP(...)     PREFIX(__VA_ARGS__, UD, UD, UD)

extern const Entry decode_map_one[256];  /* one-byte opcodes: A.3, table A-2 */
extern const Entry decode_map_0f[256];   /* table A-3 */
extern const Entry decode_map_0f38[256]; /* table A-4 */
extern const Entry decode_map_0f3a[256]; /* table A-5 */
extern const Entry decode_map_x87[16];   /* escapes D8-DF, memory and register: A.5 */
