/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of tcg/ops-integer*.c: moves, arithmetic, logic, shifts, bits, strings, near
 * branches, stack.
 */
#pragma once

#include "tcg/ops.h"

/* X(OP_NAME without OP_, function), one row an operation. */
#define TCG_INTEGER_OPS(X)            \
    X(ADD, integer_add)               \
    X(OR, integer_or)                 \
    X(ADC, integer_adc)               \
    X(SBB, integer_sbb)               \
    X(AND, integer_and)               \
    X(SUB, integer_sub)               \
    X(XOR, integer_xor)               \
    X(CMP, integer_cmp)               \
    X(TEST, integer_test)             \
    X(INC, integer_inc)               \
    X(DEC, integer_dec)               \
    X(NEG, integer_neg)               \
    X(NOT, integer_not)               \
    X(XCHG, integer_xchg)             \
    X(XADD, integer_xadd)             \
    X(CMPXCHG, integer_cmpxchg)       \
    X(CMPXCHG8B, integer_cmpxchg8b)   \
    X(CMPXCHG16B, integer_cmpxchg16b) \
    X(MUL, integer_mul)               \
    X(IMUL, integer_imul)             \
    X(IMUL_2, integer_imul_2)         \
    X(IMUL_3, integer_imul_3)         \
    X(DIV, integer_div)               \
    X(IDIV, integer_idiv)             \
    X(AAA, integer_aaa)               \
    X(AAS, integer_aas)               \
    X(DAA, integer_daa)               \
    X(DAS, integer_das)               \
    X(AAM, integer_aam)               \
    X(AAD, integer_aad)               \
    X(SHL, integer_shl)               \
    X(SHR, integer_shr)               \
    X(SAR, integer_sar)               \
    X(ROL, integer_rol)               \
    X(ROR, integer_ror)               \
    X(RCL, integer_rcl)               \
    X(RCR, integer_rcr)               \
    X(SHLD, integer_shld)             \
    X(SHRD, integer_shrd)             \
    X(BT, integer_bt)                 \
    X(BTS, integer_bts)               \
    X(BTR, integer_btr)               \
    X(BTC, integer_btc)               \
    X(BSF, integer_bsf)               \
    X(BSR, integer_bsr)               \
    X(POPCNT, integer_popcnt)         \
    X(BSWAP, integer_bswap)           \
    X(MOVBE, integer_movbe)           \
    X(CRC32, integer_crc32)           \
    X(MOV, integer_mov)               \
    X(MOVZX, integer_mov)             \
    X(MOVNTI, integer_mov)            \
    X(MOVSX, integer_movsx)           \
    X(MOVSXD, integer_movsx)          \
    X(LEA, integer_lea)               \
    X(XLAT, integer_xlat)             \
    X(CBW, integer_cbw)               \
    X(CWDE, integer_cwde)             \
    X(CDQE, integer_cdqe)             \
    X(CWD, integer_cwd)               \
    X(CDQ, integer_cdq)               \
    X(CQO, integer_cqo)               \
    X(CMOVO, integer_cmov)            \
    X(CMOVNO, integer_cmov)           \
    X(CMOVB, integer_cmov)            \
    X(CMOVNB, integer_cmov)           \
    X(CMOVZ, integer_cmov)            \
    X(CMOVNZ, integer_cmov)           \
    X(CMOVBE, integer_cmov)           \
    X(CMOVNBE, integer_cmov)          \
    X(CMOVS, integer_cmov)            \
    X(CMOVNS, integer_cmov)           \
    X(CMOVP, integer_cmov)            \
    X(CMOVNP, integer_cmov)           \
    X(CMOVL, integer_cmov)            \
    X(CMOVNL, integer_cmov)           \
    X(CMOVLE, integer_cmov)           \
    X(CMOVNLE, integer_cmov)          \
    X(SETO, integer_set)              \
    X(SETNO, integer_set)             \
    X(SETB, integer_set)              \
    X(SETNB, integer_set)             \
    X(SETZ, integer_set)              \
    X(SETNZ, integer_set)             \
    X(SETBE, integer_set)             \
    X(SETNBE, integer_set)            \
    X(SETS, integer_set)              \
    X(SETNS, integer_set)             \
    X(SETP, integer_set)              \
    X(SETNP, integer_set)             \
    X(SETL, integer_set)              \
    X(SETNL, integer_set)             \
    X(SETLE, integer_set)             \
    X(SETNLE, integer_set)            \
    X(CLC, integer_clc)               \
    X(STC, integer_stc)               \
    X(CMC, integer_cmc)               \
    X(CLD, integer_cld)               \
    X(STD, integer_std)               \
    X(LAHF, integer_lahf)             \
    X(SAHF, integer_sahf)             \
    X(SALC, integer_salc)             \
    X(NOP, integer_nop)               \
    X(PREFETCH, integer_nop)          \
    X(PREFETCHW, integer_nop)         \
    X(PREFETCHNTA, integer_nop)       \
    X(PREFETCHT0, integer_nop)        \
    X(PREFETCHT1, integer_nop)        \
    X(PREFETCHT2, integer_nop)        \
    X(LFENCE, integer_nop)            \
    X(SFENCE, integer_nop)            \
    X(PAUSE, integer_pause)           \
    X(MFENCE, integer_mfence)         \
    X(CLFLUSH, integer_clflush)       \
    X(UD0, integer_ud)                \
    X(UD1, integer_ud)                \
    X(UD2, integer_ud)                \
    X(PUSH, integer_push)             \
    X(POP, integer_pop)               \
    X(PUSHA, integer_pusha)           \
    X(POPA, integer_popa)             \
    X(ENTER, integer_enter)           \
    X(LEAVE, integer_leave)           \
    X(JMP, integer_jmp)               \
    X(CALL, integer_call)             \
    X(RET, integer_ret)               \
    X(JO, integer_jcc)                \
    X(JNO, integer_jcc)               \
    X(JB, integer_jcc)                \
    X(JNB, integer_jcc)               \
    X(JZ, integer_jcc)                \
    X(JNZ, integer_jcc)               \
    X(JBE, integer_jcc)               \
    X(JNBE, integer_jcc)              \
    X(JS, integer_jcc)                \
    X(JNS, integer_jcc)               \
    X(JP, integer_jcc)                \
    X(JNP, integer_jcc)               \
    X(JL, integer_jcc)                \
    X(JNL, integer_jcc)               \
    X(JLE, integer_jcc)               \
    X(JNLE, integer_jcc)              \
    X(LOOPNE, integer_loop)           \
    X(LOOPE, integer_loop)            \
    X(LOOP, integer_loop)             \
    X(JCXZ, integer_jcxz)             \
    X(JECXZ, integer_jcxz)            \
    X(JRCXZ, integer_jcxz)            \
    X(BOUND, integer_bound)           \
    X(MOVS, integer_movs)             \
    X(STOS, integer_stos)             \
    X(LODS, integer_lods)             \
    X(SCAS, integer_scas)             \
    X(CMPS, integer_cmps)

/* Several operations share a function; declared once each. */
void integer_add(TcgCpu *cpu, const Insn *insn);
void integer_or(TcgCpu *cpu, const Insn *insn);
void integer_adc(TcgCpu *cpu, const Insn *insn);
void integer_sbb(TcgCpu *cpu, const Insn *insn);
void integer_and(TcgCpu *cpu, const Insn *insn);
void integer_sub(TcgCpu *cpu, const Insn *insn);
void integer_xor(TcgCpu *cpu, const Insn *insn);
void integer_cmp(TcgCpu *cpu, const Insn *insn);
void integer_test(TcgCpu *cpu, const Insn *insn);
void integer_inc(TcgCpu *cpu, const Insn *insn);
void integer_dec(TcgCpu *cpu, const Insn *insn);
void integer_neg(TcgCpu *cpu, const Insn *insn);
void integer_not(TcgCpu *cpu, const Insn *insn);
void integer_xchg(TcgCpu *cpu, const Insn *insn);
void integer_xadd(TcgCpu *cpu, const Insn *insn);
void integer_cmpxchg(TcgCpu *cpu, const Insn *insn);
void integer_cmpxchg8b(TcgCpu *cpu, const Insn *insn);
void integer_cmpxchg16b(TcgCpu *cpu, const Insn *insn);
void integer_mul(TcgCpu *cpu, const Insn *insn);
void integer_imul(TcgCpu *cpu, const Insn *insn);
void integer_imul_2(TcgCpu *cpu, const Insn *insn);
void integer_imul_3(TcgCpu *cpu, const Insn *insn);
void integer_div(TcgCpu *cpu, const Insn *insn);
void integer_idiv(TcgCpu *cpu, const Insn *insn);
void integer_aaa(TcgCpu *cpu, const Insn *insn);
void integer_aas(TcgCpu *cpu, const Insn *insn);
void integer_daa(TcgCpu *cpu, const Insn *insn);
void integer_das(TcgCpu *cpu, const Insn *insn);
void integer_aam(TcgCpu *cpu, const Insn *insn);
void integer_aad(TcgCpu *cpu, const Insn *insn);
void integer_shl(TcgCpu *cpu, const Insn *insn);
void integer_shr(TcgCpu *cpu, const Insn *insn);
void integer_sar(TcgCpu *cpu, const Insn *insn);
void integer_rol(TcgCpu *cpu, const Insn *insn);
void integer_ror(TcgCpu *cpu, const Insn *insn);
void integer_rcl(TcgCpu *cpu, const Insn *insn);
void integer_rcr(TcgCpu *cpu, const Insn *insn);
void integer_shld(TcgCpu *cpu, const Insn *insn);
void integer_shrd(TcgCpu *cpu, const Insn *insn);
void integer_bt(TcgCpu *cpu, const Insn *insn);
void integer_bts(TcgCpu *cpu, const Insn *insn);
void integer_btr(TcgCpu *cpu, const Insn *insn);
void integer_btc(TcgCpu *cpu, const Insn *insn);
void integer_bsf(TcgCpu *cpu, const Insn *insn);
void integer_bsr(TcgCpu *cpu, const Insn *insn);
void integer_popcnt(TcgCpu *cpu, const Insn *insn);
void integer_bswap(TcgCpu *cpu, const Insn *insn);
void integer_movbe(TcgCpu *cpu, const Insn *insn);
void integer_crc32(TcgCpu *cpu, const Insn *insn);
void integer_mov(TcgCpu *cpu, const Insn *insn);
void integer_movsx(TcgCpu *cpu, const Insn *insn);
void integer_lea(TcgCpu *cpu, const Insn *insn);
void integer_xlat(TcgCpu *cpu, const Insn *insn);
void integer_cbw(TcgCpu *cpu, const Insn *insn);
void integer_cwde(TcgCpu *cpu, const Insn *insn);
void integer_cdqe(TcgCpu *cpu, const Insn *insn);
void integer_cwd(TcgCpu *cpu, const Insn *insn);
void integer_cdq(TcgCpu *cpu, const Insn *insn);
void integer_cqo(TcgCpu *cpu, const Insn *insn);
void integer_cmov(TcgCpu *cpu, const Insn *insn);
void integer_set(TcgCpu *cpu, const Insn *insn);
void integer_clc(TcgCpu *cpu, const Insn *insn);
void integer_stc(TcgCpu *cpu, const Insn *insn);
void integer_cmc(TcgCpu *cpu, const Insn *insn);
void integer_cld(TcgCpu *cpu, const Insn *insn);
void integer_std(TcgCpu *cpu, const Insn *insn);
void integer_lahf(TcgCpu *cpu, const Insn *insn);
void integer_sahf(TcgCpu *cpu, const Insn *insn);
void integer_salc(TcgCpu *cpu, const Insn *insn);
void integer_nop(TcgCpu *cpu, const Insn *insn);
void integer_pause(TcgCpu *cpu, const Insn *insn);
void integer_mfence(TcgCpu *cpu, const Insn *insn);
void integer_clflush(TcgCpu *cpu, const Insn *insn);
void integer_ud(TcgCpu *cpu, const Insn *insn);
void integer_push(TcgCpu *cpu, const Insn *insn);
void integer_pop(TcgCpu *cpu, const Insn *insn);
void integer_pusha(TcgCpu *cpu, const Insn *insn);
void integer_popa(TcgCpu *cpu, const Insn *insn);
void integer_enter(TcgCpu *cpu, const Insn *insn);
void integer_leave(TcgCpu *cpu, const Insn *insn);
void integer_jmp(TcgCpu *cpu, const Insn *insn);
void integer_call(TcgCpu *cpu, const Insn *insn);
void integer_ret(TcgCpu *cpu, const Insn *insn);
void integer_jcc(TcgCpu *cpu, const Insn *insn);
void integer_loop(TcgCpu *cpu, const Insn *insn);
void integer_jcxz(TcgCpu *cpu, const Insn *insn);
void integer_bound(TcgCpu *cpu, const Insn *insn);
void integer_movs(TcgCpu *cpu, const Insn *insn);
void integer_stos(TcgCpu *cpu, const Insn *insn);
void integer_lods(TcgCpu *cpu, const Insn *insn);
void integer_scas(TcgCpu *cpu, const Insn *insn);
void integer_cmps(TcgCpu *cpu, const Insn *insn);
