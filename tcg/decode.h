/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86 decoder: bytes in, one compact record out. It is a pure function of the bytes and the
 * mode, so it may be called on any thread, and records can be kept for as long as the bytes of
 * their physical page and the mode stay the same.
 *
 * Encodings are those of the Intel SDM vol. 2, chapter 2 and appendix A, up to SSE4.2. VEX, EVEX
 * and XOP do not exist on this processor: what hides behind C4, C5, 62 and 8F is #UD.
 */
#pragma once

#include <glib.h>

#define DECODE_MAX_LENGTH 15 /* SDM vol. 2, 2.3.11: longer ones are #GP */

/* What is executed. Dense: an interpreter indexes its handlers with it. */
typedef enum Op {
#define OP(name, ext, access, read, write, undef, attr) OP_##name,
#include "tcg/decode-ops.h"
#undef OP
    OP_COUNT
} Op;

/* The CPUID feature without which an operation is #UD. */
typedef enum OpExtension {
    EXT_BASE,
    EXT_X87,
    EXT_MMX,
    EXT_SSE,
    EXT_SSE2,
    EXT_SSE3,
    EXT_SSSE3,
    EXT_SSE41,
    EXT_SSE42,
    EXT_POPCNT,
    EXT_CX16,
    EXT_RDTSCP,
    EXT_MOVBE,
    EXT_SMAP,
    EXT_COUNT
} OpExtension;

/* Bits of RFLAGS, where they are (SDM vol. 1, 3.4.3). */
enum {
    FLAG_CF = 1 << 0,
    FLAG_PF = 1 << 2,
    FLAG_AF = 1 << 4,
    FLAG_ZF = 1 << 6,
    FLAG_SF = 1 << 7,
    FLAG_TF = 1 << 8,
    FLAG_IF = 1 << 9,
    FLAG_DF = 1 << 10,
    FLAG_OF = 1 << 11,
    FLAG_IOPL = 3 << 12,
    FLAG_NT = 1 << 14,
    FLAG_RF = 1 << 16,
    FLAG_VM = 1 << 17,
    FLAG_AC = 1 << 18,
    FLAG_ARITH = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF,
};

/* OpInfo.attr: what holds for every form of an operation. */
enum {
    OP_LOCKABLE = 1 << 0, /* LOCK is valid when the first operand is memory */
    OP_BRANCH = 1 << 1,   /* changes RIP, always or sometimes: ends a block */
    /* Changes what later decoding or execution depends on (OUT may reset): ends a block. */
    OP_SERIAL = 1 << 2,
    OP_CPL0 = 1 << 3,      /* #GP unless CPL is 0 (CLAC, STAC: #UD) */
    OP_IOPL = 1 << 4,      /* depends on IOPL, the I/O bitmap or virtual-8086 mode */
    OP_PROTECTED = 1 << 5, /* #UD in real and virtual-8086 mode */
    OP_STRING = 1 << 6,    /* REP repeats it, CX times */
    OP_STRING_ZF = 1 << 7, /* REPE, REPNE repeat it while ZF says so */
    OP_UNALIGNED = 1 << 8, /* a 16-byte memory operand need not be aligned */
    OP_STACK64 = 1 << 9,   /* 64-bit mode: operand size is 64, or 16 with 66 */
    OP_NEAR64 = 1 << 10,   /* 64-bit mode: operand size is 64, whatever 66 says (Intel) */
    OP_SHADOW = 1 << 11,   /* interrupts wait until the next instruction is done */
    OP_MMX_XMM = 1 << 12,  /* integer SIMD: the form with XMM registers is at least SSE2 */
};

/* How explicit operands are used: the nth operand's two bits are at 2 * n. */
enum {
    ACCESS_READ = 1,
    ACCESS_WRITE = 2,
};

typedef struct OpInfo {
    const char *name;        /* lower case, as in the SDM; a suffix after '_' tells forms apart */
    guint8 extension;        /* OpExtension */
    guint8 access;           /* of explicit operands, as above; of x87, of memory */
    guint16 attr;            /* OP_LOCKABLE ... */
    guint32 flags_read;      /* FLAG_* that the result depends on */
    guint32 flags_written;   /* FLAG_* that may change, undefined ones among them */
    guint32 flags_undefined; /* of these, the ones whose value no manual tells */
} OpInfo;

/* How the operands of a record are found. */
typedef enum OperandKind {
    OPERAND_NONE,
    OPERAND_REG,     /* general register `reg` (CPU_RAX...), `size` bytes from bit 0 */
    OPERAND_HIGH,    /* AH, CH, DH, BH: bits 15-8 of register `reg` (0-3) */
    OPERAND_SEGMENT, /* CPU_ES... */
    OPERAND_CONTROL, /* CR0, 2, 3, 4, 8 */
    OPERAND_DEBUG,   /* DR0-7 */
    OPERAND_ST,      /* x87 stack register, relative to the top */
    OPERAND_MMX,
    OPERAND_XMM,
    OPERAND_MEMORY, /* Insn.segment : base + index * scale + disp, `size` bytes; 0: address only */
    OPERAND_SOURCE, /* string source, Insn.segment : rSI */
    OPERAND_TARGET, /* string destination, ES : rDI */
    OPERAND_IMM,    /* Insn.imm, sign-extended to 64 bits where the SDM extends */
    OPERAND_IMM2,   /* Insn.disp: the second byte of ENTER */
    OPERAND_REL,    /* Insn.imm, from the next instruction */
    OPERAND_FAR,    /* selector Insn.disp, offset Insn.imm */
} OperandKind;

typedef struct Operand {
    guint8 kind; /* OperandKind */
    guint8 reg;
    guint16 size; /* bytes; of IMM, what it was extended to */
} Operand;

enum {
    INSN_NO_REG = 0xff, /* Insn.base or .index is not there */
    INSN_RIP = 0x10,    /* Insn.base: the address of the next instruction */
};

/* Insn.prefixes. Of REP and REPNE at most one is set, and neither when it is a mandatory prefix. */
enum {
    PREFIX_LOCK = 1 << 0,
    PREFIX_REP = 1 << 1, /* F3, also REPE */
    PREFIX_REPNE = 1 << 2,
    PREFIX_OPERAND = 1 << 3, /* 66 */
    PREFIX_ADDRESS = 1 << 4, /* 67 */
    PREFIX_SEGMENT = 1 << 5, /* an override that counts in this mode */
    PREFIX_REX = 1 << 6,
    PREFIX_REX_W = 1 << 7,
};

/* Insn.flags */
enum {
    INSN_MODRM = 1 << 0,
    INSN_READS = 1 << 1,     /* the explicit memory operand is read */
    INSN_WRITES = 1 << 2,    /* ... is written */
    INSN_ALIGNED = 1 << 3,   /* ... must be aligned to 16 bytes: #GP */
    INSN_ENDS_BLOCK = 1 << 4 /* OP_BRANCH, OP_SERIAL */
};

typedef struct Insn {
    guint16 op; /* Op */
    guint8 length;
    guint8 prefixes;
    guint8 flags;        /* INSN_* */
    guint8 operand_size; /* effective, in bytes: 2, 4, 8 */
    guint8 address_size; /* likewise */
    guint8 segment;      /* of the memory operand: CPU_DS... */
    guint8 modrm;        /* valid with INSN_MODRM */
    guint8 base, index;  /* general registers, INSN_NO_REG, or base INSN_RIP */
    guint8 scale;        /* the index is shifted left by it: 0-3 */
    gint32 disp;         /* also: second immediate of ENTER, selector of a far pointer */
    guint64 imm;         /* also: branch distance, full address of MOV with moffs (base, index
                            are absent then, disp is 0: INSN_MODRM is clear) */
    Operand operands[3]; /* explicit ones, in the SDM's order; implied ones follow from the op */
    guint8 opcode;       /* the byte before ModRM: D8-DF of x87 */
} Insn;

typedef enum DecodeStatus {
    DECODE_OK,
    DECODE_MORE,      /* `count` bytes are not enough, and fewer than 15: fetch the next page */
    DECODE_UNDEFINED, /* #UD */
    DECODE_TOO_LONG,  /* #GP(0) */
} DecodeStatus;

/* What decoding depends on beside the bytes; part of the key of cached blocks. */
typedef struct DecodeMode {
    guint8 bits;        /* of the code segment: 16, 32, 64 */
    gboolean protect;   /* FALSE in real and virtual-8086 mode: OP_PROTECTED is #UD */
    gboolean amd_near;  /* 66 makes near branches of 64-bit mode 16 bits wide, as on AMD */
    guint32 extensions; /* bit 1 << OpExtension: there; EXT_BASE always is */
} DecodeMode;

/*
 * Decodes the instruction at `bytes`, of which `count` may be read. *insn is whole only with
 * DECODE_OK. #UD is reported when the opcode has decided it, without asking for operands' bytes.
 */
DecodeStatus decode_insn(const DecodeMode *mode, const guint8 *bytes, gsize count, Insn *insn);

/* The static facts of an operation; valid for op < OP_COUNT. */
extern const OpInfo decode_op_info[OP_COUNT];
