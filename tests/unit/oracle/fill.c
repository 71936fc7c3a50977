/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inputs of an instruction: registers so that memory operands hit the sandbox, and values. */
#include <string.h>

#include "tests/unit/oracle/generate.h"

#define REACH    0x10000 /* no access goes further than this from where it begins */
#define MAX_REPS 24

guint64 oracle_segment_base(const OracleCase *test, guint segment)
{
    guint16 selector = test->in.selector[segment];

    if (test->bits == 64) {
        return segment == CPU_FS ? test->in.fs_base : segment == CPU_GS ? test->in.gs_base : 0;
    }
    return selector & 4 ? oracle_ldt[selector >> 3].base : 0;
}

static guint64 address_mask(const OracleCase *test)
{
    guint size = test->insn.address_size;

    return size == 8 ? ~0ull : (1ull << (8 * size)) - 1;
}

guint64 oracle_effective_address(const OracleCase *test)
{
    const Insn *insn = &test->insn;
    guint64 address;

    if (!(insn->flags & INSN_MODRM)) {
        return insn->imm;
    }
    address = (guint64)(gint64)insn->disp;
    if (insn->base == INSN_RIP) {
        address += test->in.rip + test->length;
    } else if (insn->base != INSN_NO_REG) {
        address += test->in.gpr[insn->base];
    }
    if (insn->index != INSN_NO_REG) {
        address += test->in.gpr[insn->index] << insn->scale;
    }
    return address & address_mask(test);
}

static guint64 linear_of(const OracleCase *test, guint segment, guint64 offset)
{
    guint64 linear = offset + oracle_segment_base(test, segment);

    return test->bits == 64 ? linear : linear & 0xffffffff;
}

/* The access hits oracle_pages[], or faults on all engines. */
static gboolean is_contained(const OracleCase *test, guint segment, guint64 offset)
{
    guint64 linear = linear_of(test, segment, offset);
    guint16 selector = test->in.selector[segment];

    if (test->bits == 64) {
        if ((guint64)((gint64)(linear << 16) >> 16) != linear) {
            return (linear >> 47) != 0 &&
                   (guint64)((gint64)((linear + REACH) << 16) >> 16) != linear + REACH;
        }
    } else if (!(selector & 4)) {
        return TRUE; /* null: #GP */
    } else if (oracle_ldt[selector >> 3].limit <= 0xffff &&
               (oracle_ldt[selector >> 3].type & 12) != 4) {
        return TRUE;
    }
    return linear >= ORACLE_DATA_LOW + REACH && linear < ORACLE_DATA_HIGH - REACH;
}

/* A place for `size` bytes, as a linear address. */
static guint64 choose_place(const OracleCase *test, guint size, gboolean aligned,
                            OracleRandom *random)
{
    guint64 offset = ORACLE_DATA_OFFSET + 0x40 + oracle_below(random, 0x1e00);
    guint kind = oracle_below(random, 24);

    if (kind == 0) { /* across an edge: between RW, to RO, to nothing, from nothing */
        offset =
            ORACLE_DATA_OFFSET + 0x1000 * oracle_below(random, 4) - oracle_below(random, size + 2);
    } else if (kind == 1) {
        offset = ORACLE_DATA_OFFSET + 0x2000 + oracle_below(random, 0x1800);
    } else if (kind == 2 && test->bits != 64) {
        offset = oracle_once_in(random, 2) ? 0x10000 - oracle_below(random, 2 * size + 2)
                                           : oracle_below(random, 16);
    } else if (kind == 3) { /* edges of limits */
        offset = ORACLE_DATA_OFFSET + 0x800 + 0x1000 * oracle_below(random, 2) -
                 oracle_below(random, size + 2);
    }
    if (aligned && !oracle_once_in(random, 12)) {
        offset &= ~15ull;
    } else if (oracle_once_in(random, 2)) {
        offset &= ~7ull;
    }
    return ORACLE_DATA_BASE + offset;
}

/* Changes the part of a register that an address uses. */
static void set_part(OracleCase *test, guint reg, guint64 value, guint64 mask)
{
    test->in.gpr[reg] = (test->in.gpr[reg] & ~mask) | (value & mask);
}

/* 1 / (1 + 2^scale) modulo 2^64, by Newton's iteration; scale is not 0. */
static guint64 inverse(guint scale)
{
    guint64 d = 1 + (1ull << scale), x = d;

    for (guint i = 0; i < 6; i++) {
        x *= 2 - d * x;
    }
    return x;
}

/* Solves base + (index << scale) + disp = offset. */
static void aim(OracleCase *test, guint64 offset)
{
    const Insn *insn = &test->insn;
    guint64 mask = address_mask(test), rest = offset - (guint64)(gint64)insn->disp;

    if (insn->base == INSN_RIP || !(insn->flags & INSN_MODRM)) {
        return; /* done when it was encoded */
    }
    if (insn->base == INSN_NO_REG) {
        if (insn->index != INSN_NO_REG) {
            set_part(test, insn->index, rest >> insn->scale, mask);
        }
    } else if (insn->base == insn->index) {
        set_part(test, insn->base, insn->scale ? rest * inverse(insn->scale) : rest >> 1, mask);
    } else {
        if (insn->index != INSN_NO_REG) {
            rest -= test->in.gpr[insn->index] << insn->scale;
        }
        set_part(test, insn->base, rest, mask);
    }
}

static const Operand *memory_operand(const Insn *insn)
{
    for (guint i = 0; i < 3; i++) {
        if (insn->operands[i].kind == OPERAND_MEMORY) {
            return &insn->operands[i];
        }
    }
    return NULL;
}

static void choose_segments(OracleCase *test, OracleRandom *random)
{
    static const guint8 odd[] = {ORACLE_LDT_LIMIT32, ORACLE_LDT_LIMIT16,  ORACLE_LDT_DOWN32,
                                 ORACLE_LDT_DOWN16,  ORACLE_LDT_READONLY, ORACLE_LDT_FLAT,
                                 ORACLE_LDT_CODE32};
    guint16 *selector = test->in.selector;

    if (test->bits == 64) {
        gboolean fixed = test->count || test->insn.base == INSN_NO_REG;

        selector[CPU_SS] = ORACLE_SS64;
        test->in.fs_base = fixed ? 0x1000 : oracle_integer(random) & 0x7fffffff0000;
        /* Not further down: the host wants offsets to be canonical too, before GS is added. */
        test->in.gs_base = fixed ? 0x1000 : ~0ull << 46 | oracle_random(random);
        return;
    }
    for (guint i = 0; i < 6; i++) {
        guint normal = oracle_once_in(random, 2) ? ORACLE_LDT_DATA32 : ORACLE_LDT_DATA16;

        if (i == CPU_CS) {
            continue;
        }
        selector[i] = ORACLE_SELECTOR(normal);
        if (oracle_once_in(random, 6)) {
            selector[i] = ORACLE_SELECTOR(odd[oracle_below(random, i == CPU_SS ? 4 : 7)]);
        } else if (i != CPU_SS && oracle_once_in(random, 30)) {
            selector[i] = 0; /* with an RPL it may come back without it, see same_selector() */
        }
    }
}

guint16 oracle_selector(OracleRandom *random)
{
    switch (oracle_below(random, 10)) {
    case 0: return oracle_below(random, 4);
    case 1: return ORACLE_SELECTOR(ORACLE_LDT_COUNT + oracle_below(random, 40));
    case 2: return 0xff00 | oracle_below(random, 256);
    case 3:
        return (guint16)(ORACLE_SELECTOR(oracle_below(random, ORACLE_LDT_COUNT)) -
                         oracle_below(random, 4)); /* RPL */
    default: return ORACLE_SELECTOR(oracle_below(random, ORACLE_LDT_COUNT));
    }
}

guint16 oracle_code_selector(OracleRandom *random)
{
    static const guint8 code[] = {ORACLE_LDT_CODE32, ORACLE_LDT_CODE16, ORACLE_LDT_CODE32_TIGHT,
                                  ORACLE_LDT_CODE16_TIGHT};

    return oracle_once_in(random, 4)
               ? oracle_selector(random)
               : ORACLE_SELECTOR(code[oracle_below(random, G_N_ELEMENTS(code))]);
}

guint64 oracle_code_target(const OracleCase *test, OracleRandom *random)
{
    guint64 own = test->in.rip & 0xffff, offset;

    do {
        offset = ORACLE_CODE_OFFSET - 8 + oracle_below(random, 0x2010);
    } while (offset + 1 > own && offset < own + 32);
    return test->bits == 64 ? ORACLE_CODE_BASE + offset : offset;
}

static void poke(OraclePoke *p, guint64 address, const void *bytes, guint length)
{
    p->address = address;
    p->length = length;
    memcpy(p->bytes, bytes, length);
}

static gboolean is_x87(const Insn *insn)
{
    return decode_op_info[insn->op].extension == EXT_X87;
}

static gboolean is_branch(const Insn *insn)
{
    return (decode_op_info[insn->op].attr & OP_BRANCH) != 0;
}

/* What memory the operand finds; the constant background is random enough for the rest. */
static void fill_memory(OracleCase *test, const Operand *operand, guint64 linear, OraclePoke *p,
                        OracleRandom *random)
{
    const Insn *insn = &test->insn;
    guint extension = decode_op_info[insn->op].extension;
    guint64 value = oracle_integer(random);
    guint16 selector = oracle_selector(random);
    guint8 bytes[512] = {0};

    switch (insn->op) {
    case OP_FXRSTOR:
        oracle_fx_image(random, bytes);
        if (oracle_once_in(random, 8)) {
            bytes[26] = 1; /* a reserved bit of MXCSR: #GP */
        }
        poke(p, linear, bytes, 512);
        return;
    case OP_FLDENV:
    case OP_FRSTOR:
    case OP_FLDCW:
        for (guint i = 0; i < 112; i += 10) {
            oracle_x87_value(random, bytes + i);
        }
        if (!oracle_once_in(random, 3)) {
            bytes[0] |= 0x3f;
            bytes[4] &= 0x40;
        }
        poke(p, linear, bytes, operand->size);
        return;
    case OP_LDMXCSR: /* bit 17 is there on AMD's */
        value &= oracle_once_in(random, 6) ? ~0x20000ull : 0xffff;
        poke(p, linear, &value, 4);
        return;
    case OP_CALL:
    case OP_JMP: value = oracle_code_target(test, random); break;
    case OP_LES:
    case OP_LDS:
    case OP_LSS:
    case OP_LFS:
    case OP_LGS:
    case OP_CALL_FAR:
    case OP_JMP_FAR:
        selector = is_branch(insn) ? oracle_code_selector(random) : selector;
        value = is_branch(insn) ? oracle_code_target(test, random) & 0xffff : value;
        memcpy(bytes, &value, 8);
        memcpy(bytes + operand->size - 2, &selector, 2);
        poke(p, linear, bytes, operand->size);
        return;
    case OP_MOV_SEG:
    case OP_LAR:
    case OP_LSL:
    case OP_VERR:
    case OP_VERW:
    case OP_ARPL: value = selector; break;
    default: break;
    }
    if (operand->size == 10 && is_x87(insn) && insn->op != OP_FBLD) {
        oracle_x87_value(random, bytes);
        poke(p, linear, bytes, 10);
    } else if (operand->size == 16 || extension == EXT_X87 || extension >= EXT_SSE) {
        oracle_floats(random, bytes);
        if (operand->size <= 4 && oracle_once_in(random, 2)) {
            memcpy(bytes, &value, 4);
        }
        poke(p, linear, bytes, MIN(operand->size, 16));
    } else {
        poke(p, linear, &value, MIN(operand->size, 8));
    }
}

static void fill_operand(OracleCase *test, OraclePoke *p, OracleRandom *random)
{
    const Insn *insn = &test->insn;
    const Operand *operand = memory_operand(insn);
    guint64 linear, offset;

    if (!operand) {
        return;
    }
    linear = choose_place(test, MAX(operand->size, 1),
                          insn->flags & INSN_ALIGNED || operand->size == 512, random);
    if (test->bits == 64 && oracle_once_in(random, 60)) {
        linear = oracle_random(random); /* mostly not canonical */
    }
    aim(test, linear - oracle_segment_base(test, insn->segment));
    offset = oracle_effective_address(test);
    fill_memory(test, operand, linear_of(test, insn->segment, offset), p, random);
}

/* Operands that are not in ModRM. */
static void fill_implied(OracleCase *test, OracleRandom *random)
{
    const Insn *insn = &test->insn;
    guint64 mask = address_mask(test), *gpr = test->in.gpr;
    guint size = 1;

    for (guint i = 0; i < 3; i++) {
        if (insn->operands[i].kind == OPERAND_SOURCE || insn->operands[i].kind == OPERAND_TARGET) {
            size = insn->operands[i].size;
        }
    }
    switch (insn->op) {
    case OP_MOVS:
    case OP_CMPS:
    case OP_STOS:
    case OP_LODS:
    case OP_SCAS:
    case OP_INS:
    case OP_OUTS:
        set_part(test, CPU_RSI,
                 choose_place(test, size * 2, FALSE, random) -
                     oracle_segment_base(test, insn->segment),
                 mask);
        set_part(test, CPU_RDI,
                 choose_place(test, size * 2, FALSE, random) - oracle_segment_base(test, CPU_ES),
                 mask);
        if (oracle_once_in(random, 4)) { /* overlapping */
            set_part(test, CPU_RDI, gpr[CPU_RSI] + oracle_below(random, 32) - 16, mask);
        }
        if (insn->prefixes & (PREFIX_REP | PREFIX_REPNE)) {
            set_part(test, CPU_RCX, oracle_below(random, MAX_REPS), mask);
        }
        break;
    case OP_XLAT:
        set_part(test, CPU_RBX,
                 choose_place(test, 1, FALSE, random) - (gpr[CPU_RAX] & 0xff) -
                     oracle_segment_base(test, insn->segment),
                 mask);
        break;
    case OP_MASKMOVQ:
    case OP_MASKMOVDQU:
        set_part(test, CPU_RDI,
                 choose_place(test, 16, FALSE, random) - oracle_segment_base(test, insn->segment),
                 mask);
        break;
    case OP_LOOP:
    case OP_LOOPE:
    case OP_LOOPNE:
    case OP_JCXZ:
    case OP_JECXZ:
    case OP_JRCXZ: set_part(test, CPU_RCX, oracle_below(random, 3), mask); break;
    case OP_DIV:
    case OP_IDIV:
        if (!oracle_once_in(random, 3)) {
            gpr[CPU_RDX] = oracle_once_in(random, 2) ? 0 : (gint64)gpr[CPU_RAX] >> 63;
        }
        break;
    }
}

/* Register operands that must be something. */
static void fill_registers(OracleCase *test, OracleRandom *random)
{
    const Insn *insn = &test->insn;

    for (guint i = 0; i < 3; i++) {
        const Operand *operand = &insn->operands[i];

        if (operand->kind != OPERAND_REG) {
            continue;
        }
        switch (insn->op) {
        case OP_BT:
        case OP_BTS:
        case OP_BTR:
        case OP_BTC:
            if (i == 1 && memory_operand(insn)) {
                gint64 bit = (gint64)oracle_below(random, 4096) - 2048;

                test->in.gpr[operand->reg] = oracle_once_in(random, 2) ? bit & 0xff : bit;
            }
            break;
        case OP_CALL:
        case OP_JMP: test->in.gpr[operand->reg] = oracle_code_target(test, random); break;
        case OP_MOV_SEG:
        case OP_LAR:
        case OP_LSL:
        case OP_VERR:
        case OP_VERW:
        case OP_ARPL:
            test->in.gpr[operand->reg] &= ~0xffffull;
            test->in.gpr[operand->reg] |= oracle_selector(random);
            break;
        }
    }
}

static guint64 stack_mask(const OracleCase *test)
{
    guint16 selector = test->in.selector[CPU_SS];

    return test->bits == 64 ? ~0ull : oracle_ldt[selector >> 3].db ? 0xffffffff : 0xffff;
}

/* What far returns pop: IP, CS, FLAGS, SP, SS. */
static void make_frame(const OracleCase *test, guint8 frame[40], guint size, OracleRandom *random)
{
    guint64 values[5];

    values[0] = oracle_code_target(test, random) & 0xffff;
    values[1] = oracle_code_selector(random);
    values[2] = oracle_integer(random) & ~(guint64)FLAG_TF; /* no trap behind it */
    values[3] = oracle_integer(random);
    values[4] =
        oracle_once_in(random, 4) ? oracle_selector(random) : ORACLE_SELECTOR(ORACLE_LDT_DATA32);
    for (guint i = 0; i < 5; i++) {
        memcpy(frame + i * size, &values[i], size);
    }
}

/* Stack pointer, and what stands at the top. */
static void fill_stack(OracleCase *test, OraclePoke *p, OracleRandom *random)
{
    guint64 mask = stack_mask(test), base = oracle_segment_base(test, CPU_SS);
    guint64 linear = choose_place(test, 8, FALSE, random);
    guint64 value = oracle_integer(random);
    guint size = test->insn.operand_size;
    guint8 frame[40];

    if (test->bits != 64 && oracle_once_in(random, 30)) {
        linear = base + oracle_below(random, 2) * 0xffff + oracle_below(random, 8);
    }
    set_part(test, CPU_RSP, linear - base, mask);
    switch (test->insn.op) {
    case OP_POPF: value &= ~(guint64)FLAG_TF; break; /* no trap behind it */
    case OP_RET: value = oracle_code_target(test, random); break;
    case OP_POP_SEG: value = oracle_selector(random); break;
    case OP_ENTER:
    case OP_LEAVE:
        set_part(test, CPU_RBP, choose_place(test, 8, FALSE, random) - base, mask);
        if (oracle_once_in(random, 4)) {
            test->in.gpr[CPU_RBP] = test->in.gpr[CPU_RSP];
        }
        break;
    default: break;
    }
    linear = linear_of(test, CPU_SS, test->in.gpr[CPU_RSP] & mask);
    if (test->insn.op == OP_RET_FAR || test->insn.op == OP_IRET) {
        make_frame(test, frame, size, random);
        poke(p, linear, frame, 5 * size);
        return;
    }
    poke(p, linear, &value, 8);
}

static gboolean uses_stack(const Insn *insn)
{
    switch (insn->op) {
    case OP_PUSH:
    case OP_PUSH_SEG:
    case OP_POP:
    case OP_POP_SEG:
    case OP_PUSHA:
    case OP_POPA:
    case OP_PUSHF:
    case OP_POPF:
    case OP_ENTER:
    case OP_LEAVE:
    case OP_CALL:
    case OP_RET:
    case OP_CALL_FAR:
    case OP_RET_FAR:
    case OP_IRET: return TRUE;
    default: return FALSE;
    }
}

static gboolean uses_string(const Insn *insn)
{
    return (decode_op_info[insn->op].attr & OP_STRING) != 0;
}

/* The last word on a case: nothing that it touches belongs to the harness. */
static gboolean is_safe(const OracleCase *test)
{
    const Insn *insn = &test->insn;
    const guint64 *gpr = test->in.gpr;
    guint64 mask = address_mask(test);
    const Operand *operand = memory_operand(insn);

    if (operand && operand->size) {
        guint64 offset = oracle_effective_address(test);

        if (!is_contained(test, insn->segment, offset)) {
            return FALSE;
        }
        if (insn->op >= OP_BT && insn->op <= OP_BTC && insn->operands[1].kind == OPERAND_REG) {
            gint64 bit = gpr[insn->operands[1].reg];

            bit = insn->operand_size == 8   ? bit
                  : insn->operand_size == 4 ? (gint32)bit
                                            : (gint16)bit;
            if (!is_contained(test, insn->segment, (offset + (bit >> 3)) & mask)) {
                return FALSE;
            }
        }
    }
    if (uses_string(insn) && (!is_contained(test, insn->segment, gpr[CPU_RSI] & mask) ||
                              !is_contained(test, CPU_ES, gpr[CPU_RDI] & mask))) {
        return FALSE;
    }
    if (insn->op == OP_XLAT) {
        return is_contained(test, insn->segment, (gpr[CPU_RBX] + (gpr[CPU_RAX] & 0xff)) & mask);
    }
    if (insn->op == OP_MASKMOVQ || insn->op == OP_MASKMOVDQU) {
        return is_contained(test, insn->segment, gpr[CPU_RDI] & mask);
    }
    if (insn->op == OP_ENTER || insn->op == OP_LEAVE) {
        if (!is_contained(test, CPU_SS, gpr[CPU_RBP] & stack_mask(test))) {
            return FALSE;
        }
    }
    return !uses_stack(insn) || is_contained(test, CPU_SS, gpr[CPU_RSP] & stack_mask(test));
}

/* Registers may be anything: addresses are in the instructions. */
static gboolean fill_run(OracleCase *test, OraclePoke pokes[ORACLE_POKES], OracleRandom *random)
{
    guint used = 0;
    gboolean safe = TRUE;

    for (guint i = 0; i < test->count && safe; i++) {
        const Operand *operand;
        guint64 offset;

        test->insn = test->run[i];
        operand = memory_operand(&test->insn);
        if (operand && operand->size) {
            test->in.rip += test->at[i + 1];
            test->length = 0; /* RIP-relative: from its own end */
            offset = oracle_effective_address(test);
            safe = is_contained(test, test->insn.segment, offset);
            if (used < ORACLE_POKES) {
                fill_memory(test, operand, linear_of(test, test->insn.segment, offset),
                            &pokes[used++], random);
            }
            test->in.rip -= test->at[i + 1];
        }
    }
    test->length = test->at[test->count];
    test->insn = test->run[0];
    if (test->bits != 64) {
        for (guint i = 0; i < 16; i++) {
            test->in.gpr[i] = i < 8 ? (guint32)test->in.gpr[i] : 0;
        }
    }
    return safe;
}

gboolean oracle_fill(OracleCase *test, OraclePoke pokes[ORACLE_POKES], OracleRandom *random)
{
    const guint64 flags = FLAG_ARITH;
    const Insn *insn = &test->insn;

    pokes[0].length = pokes[1].length = 0;
    choose_segments(test, random);
    for (guint i = 0; i < 16; i++) {
        test->in.gpr[i] = oracle_integer(random);
    }
    test->in.rflags = FLAG_IF | 2 | (oracle_random(random) & flags);
    test->in.rflags |= oracle_once_in(random, uses_string(insn) ? 2 : 6) ? FLAG_DF : 0;
    test->in.rflags |= !test->count && oracle_once_in(random, 20) ? FLAG_AC : 0;
    oracle_fx_image(random, test->in.fx);
    if (test->invalid) {
        return TRUE;
    }
    if (test->count) {
        return fill_run(test, pokes, random);
    }
    if (uses_stack(insn)) {
        fill_stack(test, &pokes[0], random);
    }
    fill_registers(test, random);
    fill_implied(test, random);
    fill_operand(test, &pokes[1], random);
    if (test->bits != 64) {
        for (guint i = 0; i < 16; i++) {
            test->in.gpr[i] = i < 8 ? (guint32)test->in.gpr[i] : 0;
        }
    }
    return is_safe(test);
}
