/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of one-byte opcodes (SDM vol. 2, tables) and that of x87 (A.5). */
#include "tcg/decode-priv.h"

/* The six encodings that the eight basic operations share. */
#define ALU(name)                                                                        \
    O(name, Eb, Gb), O(name, Ev, Gv), O(name, Gb, Eb), O(name, Gv, Ev), O(name, AL, Ib), \
        O(name, rAX, Iz)
#define ALU_GROUP(e, i)                                                                      \
    GROUP(O(ADD, e, i), O(OR, e, i), O(ADC, e, i), O(SBB, e, i), O(AND, e, i), O(SUB, e, i), \
          O(XOR, e, i), O(CMP, e, i))
#define ALU_GROUP_NOT64(e, i)                                                            \
    GROUP(O_NOT64(ADD, e, i), O_NOT64(OR, e, i), O_NOT64(ADC, e, i), O_NOT64(SBB, e, i), \
          O_NOT64(AND, e, i), O_NOT64(SUB, e, i), O_NOT64(XOR, e, i), O_NOT64(CMP, e, i))
/* /6 is an alias of SHL on every processor, though the SDM leaves it blank. */
#define SHIFT_GROUP(e, i)                                                                     \
    GROUP(O(ROL, e, i), O(ROR, e, i), O(RCL, e, i), O(RCR, e, i), O(SHL, e, i), O(SHR, e, i), \
          O(SHL, e, i), O(SAR, e, i))
#define EIGHT(...)                                                                  \
    O(__VA_ARGS__), O(__VA_ARGS__), O(__VA_ARGS__), O(__VA_ARGS__), O(__VA_ARGS__), \
        O(__VA_ARGS__), O(__VA_ARGS__), O(__VA_ARGS__)
#define EIGHT_NOT64(...)                                                                    \
    O_NOT64(__VA_ARGS__), O_NOT64(__VA_ARGS__), O_NOT64(__VA_ARGS__), O_NOT64(__VA_ARGS__), \
        O_NOT64(__VA_ARGS__), O_NOT64(__VA_ARGS__), O_NOT64(__VA_ARGS__), O_NOT64(__VA_ARGS__)
#define UD4 UD, UD, UD, UD

const Entry decode_map_one[256] = {
    /* 00 */ ALU(ADD),
    /* 06 */ O_NOT64(PUSH_SEG, ES),
    O_NOT64(POP_SEG, ES),
    /* 08 */ ALU(OR),
    /* 0E */ O_NOT64(PUSH_SEG, CS),
    {.kind = ENTRY_MAP, .sub = decode_map_0f},
    /* 10 */ ALU(ADC),
    /* 16 */ O_NOT64(PUSH_SEG, SS),
    O_NOT64(POP_SEG, SS),
    /* 18 */ ALU(SBB),
    /* 1E */ O_NOT64(PUSH_SEG, DS),
    O_NOT64(POP_SEG, DS),
    /* 20 */ ALU(AND),
    /* 26 */ UD, /* prefix */
    O_NOT64(DAA),
    /* 28 */ ALU(SUB),
    /* 2E */ UD, /* prefix */
    O_NOT64(DAS),
    /* 30 */ ALU(XOR),
    /* 36 */ UD, /* prefix */
    O_NOT64(AAA),
    /* 38 */ ALU(CMP),
    /* 3E */ UD, /* prefix */
    O_NOT64(AAS),
    /* 40, in 64-bit mode REX */ EIGHT_NOT64(INC, Zv),
    /* 48 */ EIGHT_NOT64(DEC, Zv),
    /* 50 */ EIGHT(PUSH, Zv),
    /* 58 */ EIGHT(POP, Zv),
    /* 60 */ O_NOT64(PUSHA),
    O_NOT64(POPA),
    MOD(O_NOT64(BOUND, Gv, Ma), UD),
    MODE(O(ARPL, Ew, Gw), O(MOVSXD, Gv, Ez)),
    /* 64 */ UD4, /* prefixes */
    /* 68 */ O(PUSH, Iz),
    O(IMUL_3, Gv, Ev, Iz),
    O(PUSH, Ibs),
    O(IMUL_3, Gv, Ev, Ibs),
    /* 6C */ O(INS, Yb, DX),
    O(INS, Yz, DX),
    O(OUTS, DX, Xb),
    O(OUTS, DX, Xz),
    /* 70 */ O(JO, Jb),
    O(JNO, Jb),
    O(JB, Jb),
    O(JNB, Jb),
    O(JZ, Jb),
    O(JNZ, Jb),
    O(JBE, Jb),
    O(JNBE, Jb),
    /* 78 */ O(JS, Jb),
    O(JNS, Jb),
    O(JP, Jb),
    O(JNP, Jb),
    O(JL, Jb),
    O(JNL, Jb),
    O(JLE, Jb),
    O(JNLE, Jb),
    /* 80 */ ALU_GROUP(Eb, Ib),
    ALU_GROUP(Ev, Iz),
    ALU_GROUP_NOT64(Eb, Ib),
    ALU_GROUP(Ev, Ibs),
    /* 84 */ O(TEST, Eb, Gb),
    O(TEST, Ev, Gv),
    O(XCHG, Eb, Gb),
    O(XCHG, Ev, Gv),
    /* 88 */ O(MOV, Eb, Gb),
    O(MOV, Ev, Gv),
    O(MOV, Gb, Eb),
    O(MOV, Gv, Ev),
    /* 8C */ O(MOV_FROM_SEG, Evw, Sw),
    MOD(O(LEA, Gv, M), UD),
    O(MOV_SEG, Sw, Ew),
    GROUP(O(POP, Ev), UD, UD, UD, UD, UD, UD, UD), /* the rest is XOP */
    /* 90 */ REX_B(PREFIX(O(NOP), O(NOP), O(PAUSE), O(NOP)), O(XCHG, Zv, rAX)),
    O(XCHG, Zv, rAX),
    O(XCHG, Zv, rAX),
    O(XCHG, Zv, rAX),
    O(XCHG, Zv, rAX),
    O(XCHG, Zv, rAX),
    O(XCHG, Zv, rAX),
    O(XCHG, Zv, rAX),
    /* 98 */ OSIZE(O(CBW), O(CWDE), O(CDQE)),
    OSIZE(O(CWD), O(CDQ), O(CQO)),
    O_NOT64(CALL_FAR, Ap),
    O(FWAIT),
    /* 9C */ O(PUSHF),
    O(POPF),
    O(SAHF),
    O(LAHF),
    /* A0 */ O(MOV, AL, Ob),
    O(MOV, rAX, Ov),
    O(MOV, Ob, AL),
    O(MOV, Ov, rAX),
    /* A4 */ O(MOVS, Yb, Xb),
    O(MOVS, Yv, Xv),
    O(CMPS, Xb, Yb),
    O(CMPS, Xv, Yv),
    /* A8 */ O(TEST, AL, Ib),
    O(TEST, rAX, Iz),
    O(STOS, Yb, AL),
    O(STOS, Yv, rAX),
    /* AC */ O(LODS, AL, Xb),
    O(LODS, rAX, Xv),
    O(SCAS, AL, Yb),
    O(SCAS, rAX, Yv),
    /* B0 */ EIGHT(MOV, Zb, Ib),
    /* B8 */ EIGHT(MOV, Zv, Iv),
    /* C0 */ SHIFT_GROUP(Eb, Ib),
    SHIFT_GROUP(Ev, Ib),
    O(RET, Iw),
    O(RET),
    /* C4, C5: a register form, or any in 64-bit mode, is VEX */ MOD(O_NOT64(LES, Gz, Mp), UD),
    MOD(O_NOT64(LDS, Gz, Mp), UD),
    GROUP(O(MOV, Eb, Ib), UD, UD, UD, UD, UD, UD, UD),
    GROUP(O(MOV, Ev, Iz), UD, UD, UD, UD, UD, UD, UD),
    /* C8 */ O(ENTER, Iw, Ib2),
    O(LEAVE),
    O(RET_FAR, Iw),
    O(RET_FAR),
    /* CC */ O(INT3),
    O(INT, Ib),
    O_NOT64(INTO),
    O(IRET),
    /* D0 */ SHIFT_GROUP(Eb, One),
    SHIFT_GROUP(Ev, One),
    SHIFT_GROUP(Eb, CL),
    SHIFT_GROUP(Ev, CL),
    /* D4 */ O_NOT64(AAM, Ib),
    O_NOT64(AAD, Ib),
    O_NOT64(SALC),
    O(XLAT),
    /* D8 */ {.kind = ENTRY_MOD, .sub = decode_map_x87},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 2},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 4},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 6},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 8},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 10},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 12},
    {.kind = ENTRY_MOD, .sub = decode_map_x87 + 14},
    /* E0 */ O(LOOPNE, Jb),
    O(LOOPE, Jb),
    O(LOOP, Jb),
    ASIZE(O(JCXZ, Jb), O(JECXZ, Jb), O(JRCXZ, Jb)),
    /* E4 */ O(IN, AL, Ib),
    O(IN, eAX, Ib),
    O(OUT, Ib, AL),
    O(OUT, Ib, eAX),
    /* E8 */ O(CALL, Jz),
    O(JMP, Jz),
    O_NOT64(JMP_FAR, Ap),
    O(JMP, Jb),
    /* EC */ O(IN, AL, DX),
    O(IN, eAX, DX),
    O(OUT, DX, AL),
    O(OUT, DX, eAX),
    /* F0 */ UD, /* prefix */
    O(INT1),
    UD, /* prefixes */
    UD,
    /* F4 */ O(HLT),
    O(CMC),
    /* /1 is an alias of /0 */
    GROUP(O(TEST, Eb, Ib), O(TEST, Eb, Ib), O(NOT, Eb), O(NEG, Eb), O(MUL, Eb), O(IMUL, Eb),
          O(DIV, Eb), O(IDIV, Eb)),
    GROUP(O(TEST, Ev, Iz), O(TEST, Ev, Iz), O(NOT, Ev), O(NEG, Ev), O(MUL, Ev), O(IMUL, Ev),
          O(DIV, Ev), O(IDIV, Ev)),
    /* F8 */ O(CLC),
    O(STC),
    O(CLI),
    O(STI),
    /* FC */ O(CLD),
    O(STD),
    GROUP(O(INC, Eb), O(DEC, Eb), UD, UD, UD, UD, UD, UD),
    GROUP(O(INC, Ev), O(DEC, Ev), O(CALL, Ev), O(CALL_FAR, Mp), O(JMP, Ev), O(JMP_FAR, Mp),
          O(PUSH, Ev), UD),
};

/* D8 and, with the operands the other way round, DC. */
#define FPU_GROUP(form)                                                               \
    GROUP(O(FADD, form), O(FMUL, form), O(FCOM, form), O(FCOMP, form), O(FSUB, form), \
          O(FSUBR, form), O(FDIV, form), O(FDIVR, form))
#define FPU_INT_GROUP(form)                                                                \
    GROUP(O(FIADD, form), O(FIMUL, form), O(FICOM, form), O(FICOMP, form), O(FISUB, form), \
          O(FISUBR, form), O(FIDIV, form), O(FIDIVR, form))

/* For D8-DF: the memory form, the register form. Aliases that no manual lists any more (DC D0, DC
 * D8, DD C8, DE D0, DF C8, DF D0, DF D8, D9 D8) are kept, as processors keep them. */
const Entry decode_map_x87[16] = {
    /* D8 */ FPU_GROUP(Md),
    GROUP(O(FADD, ST0, STi), O(FMUL, ST0, STi), O(FCOM, STi), O(FCOMP, STi), O(FSUB, ST0, STi),
          O(FSUBR, ST0, STi), O(FDIV, ST0, STi), O(FDIVR, ST0, STi)),
    /* D9 */
    GROUP(O(FLD, Md), UD, O(FST, Md), O(FSTP, Md), O(FLDENV, Menv), O(FLDCW, Mw), O(FNSTENV, Menv),
          O(FNSTCW, Mw)),
    GROUP(
        O(FLD, STi), O(FXCH, STi), RM(O(FNOP), UD, UD, UD, UD, UD, UD, UD), O(FSTP, STi),
        RM(O(FCHS), O(FABS), UD, UD, O(FTST), O(FXAM), UD, UD),
        RM(O(FLD1), O(FLDL2T), O(FLDL2E), O(FLDPI), O(FLDLG2), O(FLDLN2), O(FLDZ), UD),
        RM(O(F2XM1), O(FYL2X), O(FPTAN), O(FPATAN), O(FXTRACT), O(FPREM1), O(FDECSTP), O(FINCSTP)),
        RM(O(FPREM), O(FYL2XP1), O(FSQRT), O(FSINCOS), O(FRNDINT), O(FSCALE), O(FSIN), O(FCOS))),
    /* DA */ FPU_INT_GROUP(Md),
    GROUP(O(FCMOVB, ST0, STi), O(FCMOVE, ST0, STi), O(FCMOVBE, ST0, STi), O(FCMOVU, ST0, STi), UD,
          RM(UD, O(FUCOMPP), UD, UD, UD, UD, UD, UD), UD, UD),
    /* DB */
    GROUP(O(FILD, Md), O(FISTTP, Md), O(FIST, Md), O(FISTP, Md), UD, O(FLD, Mt), UD, O(FSTP, Mt)),
    GROUP(O(FCMOVNB, ST0, STi), O(FCMOVNE, ST0, STi), O(FCMOVNBE, ST0, STi), O(FCMOVNU, ST0, STi),
          RM(O(FNENI), O(FNDISI), O(FNCLEX), O(FNINIT), O(FNSETPM), UD, UD, UD),
          O(FUCOMI, ST0, STi), O(FCOMI, ST0, STi), UD),
    /* DC */ FPU_GROUP(Mq),
    GROUP(O(FADD, STi, ST0), O(FMUL, STi, ST0), O(FCOM, STi), O(FCOMP, STi), O(FSUBR, STi, ST0),
          O(FSUB, STi, ST0), O(FDIVR, STi, ST0), O(FDIV, STi, ST0)),
    /* DD */
    GROUP(O(FLD, Mq), O(FISTTP, Mq), O(FST, Mq), O(FSTP, Mq), O(FRSTOR, Msave), UD,
          O(FNSAVE, Msave), O(FNSTSW, Mw)),
    GROUP(O(FFREE, STi), O(FXCH, STi), O(FST, STi), O(FSTP, STi), O(FUCOM, STi), O(FUCOMP, STi), UD,
          UD),
    /* DE */ FPU_INT_GROUP(Mw),
    GROUP(O(FADDP, STi, ST0), O(FMULP, STi, ST0), O(FCOMP, STi),
          RM(UD, O(FCOMPP), UD, UD, UD, UD, UD, UD), O(FSUBRP, STi, ST0), O(FSUBP, STi, ST0),
          O(FDIVRP, STi, ST0), O(FDIVP, STi, ST0)),
    /* DF */
    GROUP(O(FILD, Mw), O(FISTTP, Mw), O(FIST, Mw), O(FISTP, Mw), O(FBLD, Mt), O(FILD, Mq),
          O(FBSTP, Mt), O(FISTP, Mq)),
    GROUP(O(FFREEP, STi), O(FXCH, STi), O(FSTP, STi), O(FSTP, STi),
          RM(O(FNSTSW, AX), UD, UD, UD, UD, UD, UD, UD), O(FUCOMIP, ST0, STi), O(FCOMIP, ST0, STi),
          UD),
};
