/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs of instructions: what a block's optimisations may get wrong. A flag that is not needed is
 * needed after all when something faults; a register that is late; a fault in the middle.
 */
#include <string.h>

#include "tests/unit/oracle/generate.h"

#define MAX_TRIES 40

static gboolean has_operand(const Insn *insn, OperandKind kind)
{
    return insn->operands[0].kind == kind || insn->operands[1].kind == kind ||
           insn->operands[2].kind == kind;
}

/* Not: what moves control or the stack, needs a register to point somewhere, or has results that
 * compare.c would have to forgive. */
gboolean oracle_may_run(const Insn *insn)
{
    const guint16 no = OP_BRANCH | OP_SERIAL | OP_CPL0 | OP_IOPL | OP_STRING | OP_STACK64;

    if (decode_op_info[insn->op].attr & no) {
        return FALSE;
    }
    switch (insn->op) {
    case OP_PUSHA:
    case OP_POPA:
    case OP_XLAT:
    case OP_MASKMOVQ:
    case OP_MASKMOVDQU:
    case OP_LAR: /* of the host's GDT, with any register */
    case OP_LSL:
    case OP_VERR:
    case OP_VERW:
    case OP_BOUND:
    case OP_SHLD:
    case OP_SHRD:
    case OP_MOVSXD:
    case OP_BSWAP:
    case OP_CVTPI2PS:
    case OP_DPPS:
    case OP_DPPD:
    case OP_LDMXCSR:
    case OP_FNSTENV:
    case OP_FNSAVE:
    case OP_FLDENV:
    case OP_FRSTOR:
    case OP_FXSAVE:
    case OP_FXRSTOR:
    case OP_UD0:
    case OP_UD1: return FALSE;
    case OP_BT:
    case OP_BTS:
    case OP_BTR:
    case OP_BTC: return !has_operand(insn, OPERAND_MEMORY);
    default: return TRUE;
    }
}

/* Half of them are integer instructions that have to do with flags. */
static const OracleForm *choose(const GArray *forms, OracleRandom *random)
{
    const OracleForm *form = NULL;
    gboolean flags = oracle_once_in(random, 2);

    for (guint i = 0; i < MAX_TRIES; i++) {
        const OpInfo *info;

        form = &g_array_index(forms, OracleForm, oracle_below(random, forms->len));
        info = &decode_op_info[form->insn.op];
        if (!flags || info->flags_read || info->flags_written) {
            break;
        }
    }
    return form;
}

static guint32 undefined_after(const Insn *insn, guint32 before)
{
    const OpInfo *info = &decode_op_info[insn->op];

    if (insn->op >= OP_ROL && insn->op <= OP_SHRD) {
        return before | info->flags_undefined | /* by a count of 0 nothing changes */
               (insn->operands[0].size < 4 ? FLAG_CF : 0);
    }
    return (before & ~info->flags_written) | info->flags_undefined;
}

static gboolean append(OracleCase *test, const GArray *forms, OracleRandom *random)
{
    guint at = test->at[test->count];

    for (guint i = 0; i < MAX_TRIES; i++) {
        const OracleForm *form = choose(forms, random);
        guint32 undefined = test->undefined_before[test->count];
        OracleCase one;

        if (decode_op_info[form->insn.op].flags_read & undefined ||
            !oracle_encode_fixed(&one, test->bits, form, test->in.rip + at, random) ||
            !oracle_may_run(&one.insn)) {
            continue;
        }
        memcpy(test->bytes + at, one.bytes, one.length);
        test->run[test->count++] = one.insn;
        test->at[test->count] = at + one.length;
        test->undefined_before[test->count] = undefined_after(&one.insn, undefined);
        return TRUE;
    }
    return FALSE;
}

gboolean oracle_encode_run(OracleCase *test, guint bits, const GArray *forms, OracleRandom *random)
{
    guint want = 2 + oracle_below(random, ORACLE_RUN_MAX - 1);
    guint64 offset = ORACLE_CODE_OFFSET + 0x200 + oracle_below(random, 0xa00);

    if (oracle_once_in(random, 8)) { /* across the pages, or over their end */
        offset = ORACLE_CODE_OFFSET + (oracle_once_in(random, 3) ? 0x2000 : 0x1000) -
                 oracle_below(random, 30);
    }
    *test = (OracleCase){.bits = bits};
    test->in.rip = offset + (bits == 64 ? ORACLE_CODE_BASE : 0);
    test->in.selector[CPU_CS] = bits == 64   ? ORACLE_CS64
                                : bits == 32 ? ORACLE_SELECTOR(ORACLE_LDT_CODE32)
                                             : ORACLE_SELECTOR(ORACLE_LDT_CODE16);
    while (test->count < want) {
        if (!append(test, forms, random)) {
            return FALSE;
        }
    }
    test->length = test->at[test->count];
    test->insn = test->run[0];
    return TRUE;
}
