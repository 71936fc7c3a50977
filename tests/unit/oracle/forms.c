/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All forms of the opcode maps, and instructions of a form. */
#include <string.h>

#include "tests/unit/oracle/generate.h"

#define LENGTH_OF_EXIT 8 /* jump behind the instruction: no branch may go into it */

guint64 oracle_random(OracleRandom *random)
{
    guint64 z = random->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

guint oracle_below(OracleRandom *random, guint below)
{
    return (guint)((oracle_random(random) >> 32) * below >> 32);
}

gboolean oracle_once_in(OracleRandom *random, guint n)
{
    return oracle_below(random, n) == 0;
}

OracleRandom oracle_random_for(guint64 seed, guint64 a, guint64 b, guint64 c)
{
    OracleRandom random = {seed};

    random.state = oracle_random(&random) ^ a * 0xd6e8feb86659fd93;
    random.state = oracle_random(&random) ^ b * 0xa0761d6478bd642f;
    random.state = oracle_random(&random) ^ c * 0xe7037ed1a0b428db;
    return random;
}

DecodeMode oracle_mode(guint bits)
{
    return (DecodeMode){
        .bits = bits, .protect = TRUE, .amd_near = FALSE, .extensions = (1u << EXT_COUNT) - 1};
}

/* What ring 3 cannot show: another world behind it, results of the moment, or our own way out. */
static gboolean is_out_of_reach(const Insn *insn, guint bits)
{
    switch (insn->op) {
    case OP_SYSCALL:
    case OP_SYSENTER:
    case OP_INT1:
    case OP_INT3:
    case OP_CPUID:
    case OP_RDTSC:
    case OP_RDTSCP:
    case OP_SGDT: /* UMIP: the kernel answers */
    case OP_SIDT:
    case OP_SLDT:
    case OP_STR:
    case OP_SMSW: return TRUE;
    case OP_CALL_FAR: /* with REX.W vendors differ about all that has a far pointer */
    case OP_JMP_FAR:
    case OP_LSS:
    case OP_LFS:
    case OP_LGS: return insn->operand_size == 8;
    case OP_CALL:
    case OP_JMP:
    case OP_RET: break;
    default:
        if (!(decode_op_info[insn->op].attr & OP_NEAR64)) {
            return FALSE;
        }
    }
    /* Near branches: vendors differ about 66. */
    return bits == 64 && insn->prefixes & PREFIX_OPERAND;
}

static guint put_opcode(guint8 *bytes, guint count, const OracleForm *form)
{
    if (form->map) {
        bytes[count++] = 0x0f;
    }
    if (form->map > 1) {
        bytes[count++] = form->map == 2 ? 0x38 : 0x3a;
    }
    bytes[count++] = form->opcode;
    return count;
}

static gboolean decode_form(guint bits, OracleForm *form)
{
    DecodeMode mode = oracle_mode(bits);
    guint8 bytes[32] = {0};
    guint count = 0;

    if (form->prefix) {
        bytes[count++] = form->prefix;
    }
    if (form->wide) {
        bytes[count++] = 0x48;
    }
    count = put_opcode(bytes, count, form);
    bytes[count++] = form->modrm;
    return decode_insn(&mode, bytes, sizeof(bytes), &form->insn) == DECODE_OK &&
           form->insn.op != OP_COUNT;
}

static gboolean is_prefix(guint bits, guint8 byte)
{
    return byte == 0x0f || (byte & 0xe7) == 0x26 || (byte >= 0x64 && byte <= 0x67) ||
           byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || (bits == 64 && (byte & 0xf0) == 0x40);
}

/* Two forms with the same key differ by register numbers alone. */
static char *key_of(const OracleForm *form)
{
    const Insn *insn = &form->insn;
    GString *key = g_string_new(NULL);

    g_string_printf(key, "%u %02x %u %u %u", form->map, form->opcode, insn->op, insn->operand_size,
                    insn->flags & (INSN_READS | INSN_WRITES | INSN_MODRM));
    for (guint i = 0; i < 3; i++) {
        guint kind = insn->operands[i].kind;

        g_string_append_printf(key, " %u:%u", kind == OPERAND_HIGH ? OPERAND_REG : kind,
                               insn->operands[i].size);
    }
    if (insn->flags & INSN_MODRM && insn->operands[0].kind == OPERAND_NONE) {
        g_string_append_printf(key, " /%02x", insn->modrm & 0x38);
    }
    return g_string_free(key, FALSE);
}

/* 0F 0D with a register is a NOP for Intel, #UD for AMD. */
static gboolean is_disputed(const OracleForm *form)
{
    return form->map == 1 && form->opcode == 0x0d && form->modrm >= 0xc0;
}

static void add_forms(GArray *forms, GHashTable *seen, guint bits, OracleForm form)
{
    for (guint i = 0; i < 128; i++) {
        g_autofree char *key = NULL;

        form.modrm = i < 64 ? i : 0xc0 + (i - 64);
        if (is_disputed(&form) || !decode_form(bits, &form) || is_out_of_reach(&form.insn, bits)) {
            continue;
        }
        key = key_of(&form);
        if (g_hash_table_add(seen, g_steal_pointer(&key))) {
            g_array_append_val(forms, form);
        }
        if (!(form.insn.flags & INSN_MODRM)) {
            return;
        }
    }
}

GArray *oracle_forms(guint bits)
{
    static const guint8 prefixes[] = {0, 0x66, 0xf3, 0xf2};
    GArray *forms = g_array_new(FALSE, FALSE, sizeof(OracleForm));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < 4 * 256; i++) {
        if ((i < 256 && is_prefix(bits, i)) || i == 0x138 || i == 0x13a) {
            continue; /* these lead to other maps */
        }
        for (guint wide = 0; wide <= (bits == 64); wide++) {
            for (guint p = 0; p < G_N_ELEMENTS(prefixes); p++) {
                add_forms(
                    forms, seen, bits,
                    (OracleForm){
                        .map = i / 256, .opcode = i % 256, .prefix = prefixes[p], .wide = wide});
            }
        }
    }
    return forms;
}

static gboolean is_same_form(const Insn *a, const Insn *b)
{
    if (a->op != b->op || a->operand_size != b->operand_size) {
        return FALSE;
    }
    for (guint i = 0; i < 3; i++) {
        guint kind_a = a->operands[i].kind, kind_b = b->operands[i].kind;

        if ((kind_a == OPERAND_HIGH ? OPERAND_REG : kind_a) !=
                (kind_b == OPERAND_HIGH ? OPERAND_REG : kind_b) ||
            a->operands[i].size != b->operands[i].size) {
            return FALSE;
        }
    }
    return TRUE;
}

typedef struct Encoder {
    guint8 bytes[40];
    guint count;
    guint opcode; /* where prefixes end */
    guint memory; /* where ModRM is, or the address of MOV's moffs */
} Encoder;

static void put_prefixes(Encoder *e, guint bits, const OracleForm *form, OracleRandom *random)
{
    static const guint8 segments[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    guint16 attr = decode_op_info[form->insn.op].attr;
    gboolean is_memory = form->insn.operands[0].kind == OPERAND_MEMORY;

    if (attr & OP_STRING && (form->prefix == 0 || form->prefix == 0x66) &&
        !oracle_once_in(random, 3)) {
        e->bytes[e->count++] = oracle_once_in(random, 2) ? 0xf2 : 0xf3;
    }
    if (oracle_once_in(random, 6)) {
        e->bytes[e->count++] = segments[oracle_below(random, G_N_ELEMENTS(segments))];
    }
    if (oracle_once_in(random, bits == 64 ? 10 : 4)) {
        e->bytes[e->count++] = 0x67;
    }
    if (oracle_once_in(random, attr & OP_LOCKABLE && is_memory ? 4 : 200)) {
        e->bytes[e->count++] = 0xf0;
    }
}

/* Legacy prefixes in any order, then REX. */
static void put_all_prefixes(Encoder *e, guint bits, const OracleForm *form, gboolean plain,
                             OracleRandom *random)
{
    if (!plain) {
        put_prefixes(e, bits, form, random);
    }
    if (form->prefix) {
        guint at = oracle_below(random, e->count + 1);

        memmove(e->bytes + at + 1, e->bytes + at, e->count - at);
        e->bytes[at] = form->prefix;
        e->count++;
    }
    if (form->wide || (bits == 64 && !plain && oracle_once_in(random, 2))) {
        guint low = plain ? 0 : oracle_below(random, 8);

        e->bytes[e->count++] = 0x40 | form->wide << 3 | low;
    }
}

static void encode_once(Encoder *e, guint bits, const OracleForm *form, gboolean plain,
                        OracleRandom *random)
{
    e->count = 0;
    put_all_prefixes(e, bits, form, plain, random);
    e->opcode = e->count;
    e->count = put_opcode(e->bytes, e->count, form);
    e->memory = e->count;
    if (form->insn.flags & INSN_MODRM) {
        guint8 modrm = form->modrm;

        if (!plain) {
            guint mod = modrm >= 0xc0 ? 3 : oracle_below(random, 3);

            modrm = mod << 6 | (modrm & 0x3f);
            if (!oracle_once_in(random, 4)) {
                modrm = (modrm & 0xf8) | oracle_below(random, 8);
            }
            if (!oracle_once_in(random, 4)) {
                modrm = (modrm & 0xc7) | oracle_below(random, 8) << 3;
            }
        }
        e->bytes[e->count++] = modrm;
    }
    while (e->count < sizeof(e->bytes)) {
        guint64 value = oracle_integer(random);
        guint length = 1u << oracle_below(random, 4);

        length = MIN(length, sizeof(e->bytes) - e->count);
        memcpy(e->bytes + e->count, &value, length);
        e->count += length;
    }
}

/* Where to put it: in the open, or at an edge of the code pages. */
static void place(OracleCase *test, OracleRandom *random)
{
    guint64 offset = ORACLE_CODE_OFFSET + 0x200 + oracle_below(random, 0xa00);
    gboolean is_branch = !!(decode_op_info[test->insn.op].attr & OP_BRANCH);
    gboolean tight = oracle_once_in(random, 8);

    /* Of UD0 and UD1 nobody knows the length. */
    if (!test->invalid && test->insn.op != OP_UD0 && test->insn.op != OP_UD1 &&
        oracle_once_in(random, 24)) {
        offset = ORACLE_CODE_OFFSET + (oracle_once_in(random, 2) ? 0x2000 : 0x1000) -
                 oracle_below(random, test->length + 2);
    }
    if (tight && offset >= ORACLE_CODE_OFFSET + (is_branch ? 0xff0 : 0x1000)) {
        tight = FALSE; /* a host of AMD's gives #GP to a taken branch behind which the limit is */
    }
    test->in.rip = offset + (test->bits == 64 ? ORACLE_CODE_BASE : 0);
    test->in.selector[CPU_CS] =
        test->bits == 64   ? ORACLE_CS64
        : test->bits == 32 ? ORACLE_SELECTOR(tight ? ORACLE_LDT_CODE32_TIGHT : ORACLE_LDT_CODE32)
                           : ORACLE_SELECTOR(tight ? ORACLE_LDT_CODE16_TIGHT : ORACLE_LDT_CODE16);
}

/* A relative branch: near by, but not into itself or the way out. */
static gboolean aim_branch(OracleCase *test, OracleRandom *random)
{
    guint size = test->insn.operands[0].size;
    gint64 distance = 0;

    for (guint i = 0; i < 16; i++) {
        guint64 end = (test->in.rip & 0xffff) + test->length, target;

        distance = size == 1 ? (gint8)oracle_random(random)
                             : (gint64)oracle_below(random, 0x2000) - 0x1000;
        target = end + distance;
        if (oracle_once_in(random, 16)) {
            target = end; /* taken or not looks the same */
        }
        distance = target - end;
        if (target >= ORACLE_CODE_OFFSET && target < ORACLE_CODE_OFFSET + 0x2000 &&
            (target == end || target >= end + LENGTH_OF_EXIT || target + test->length < end)) {
            memcpy(test->bytes + test->length - size, &distance, size);
            return TRUE;
        }
    }
    return FALSE;
}

/* INT n is #GP for all but these, whose gates are open to ring 3 under Linux. */
static void avoid_gates(OracleCase *test)
{
    guint8 *vector = &test->bytes[test->length - 1];

    if (*vector == 3 || *vector == 4 || *vector == 0x80) {
        *vector ^= 0x40;
    }
}

/* The far pointer in an instruction. */
static void aim_far(OracleCase *test, OracleRandom *random)
{
    guint size = test->insn.operand_size;
    guint64 target = oracle_code_target(test, random) & 0xffff;
    guint16 selector = oracle_code_selector(random);

    memcpy(test->bytes + test->length - 2 - size, &target, size);
    memcpy(test->bytes + test->length - 2, &selector, 2);
}

/* An address without registers has to be right by its displacement. */
static gboolean aim_address(OracleCase *test, const Encoder *e, OracleRandom *random)
{
    const Insn *insn = &test->insn;
    gboolean moffs = !(insn->flags & INSN_MODRM);
    guint size = moffs || insn->address_size == 2 ? insn->address_size : 4;
    guint64 target = ORACLE_DATA_OFFSET + oracle_below(random, 0x2000);
    guint position = e->memory;

    if (oracle_once_in(random, 12)) {
        target = ORACLE_DATA_OFFSET + 0x1000 * (oracle_below(random, 4)) - oracle_below(random, 20);
    }
    if (insn->flags & INSN_ALIGNED && !oracle_once_in(random, 8)) {
        target &= ~15;
    }
    if (test->bits == 64) {
        target += ORACLE_DATA_BASE;
        if (insn->segment >= CPU_FS && insn->prefixes & PREFIX_SEGMENT) {
            target -= 0x1000; /* see oracle_segment_base() */
        }
    }
    if (insn->base == INSN_RIP) {
        target -= test->in.rip + test->length;
    }
    if (!moffs) {
        position += 1 + (insn->address_size != 2 && (insn->modrm & 7) == 4);
    }
    if (position + size > test->length) {
        return FALSE;
    }
    memcpy(test->bytes + position, &target, size);
    return TRUE;
}

static gboolean has_memory(const Insn *insn)
{
    for (guint i = 0; i < 3; i++) {
        if (insn->operands[i].kind == OPERAND_MEMORY) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean oracle_encode_fixed(OracleCase *test, guint bits, const OracleForm *form, guint64 rip,
                             OracleRandom *random)
{
    const gboolean memory = has_memory(&form->insn);
    DecodeMode mode = oracle_mode(bits);
    Insn *insn = &test->insn;
    Encoder e;

    *test = (OracleCase){.bits = bits, .in.rip = rip};
    encode_once(&e, bits, form, FALSE, random);
    if (memory && form->insn.flags & INSN_MODRM) {
        gboolean narrow = (bits == 16) != !!memchr(e.bytes, 0x67, e.opcode);

        e.bytes[e.memory] = (e.bytes[e.memory] & 0x38) | (narrow && bits != 64 ? 6 : 5);
    }
    if (decode_insn(&mode, e.bytes, sizeof(e.bytes), insn) != DECODE_OK ||
        !is_same_form(insn, &form->insn)) {
        return FALSE;
    }
    test->length = insn->length;
    memcpy(test->bytes, e.bytes, test->length);
    if (memory && !aim_address(test, &e, random)) {
        return FALSE;
    }
    return decode_insn(&mode, test->bytes, test->length, insn) == DECODE_OK;
}

gboolean oracle_encode(OracleCase *test, guint bits, const OracleForm *form, OracleRandom *random)
{
    DecodeMode mode = oracle_mode(bits);
    DecodeStatus status = DECODE_UNDEFINED;
    Encoder e;

    *test = (OracleCase){.bits = bits};
    for (guint i = 0; i < 8; i++) {
        encode_once(&e, bits, form, i == 7, random);
        status = decode_insn(&mode, e.bytes, sizeof(e.bytes), &test->insn);
        if (status == DECODE_OK && is_same_form(&test->insn, &form->insn)) {
            break;
        }
        /* LOCK where it must not be: we want to see that too. */
        if (status == DECODE_UNDEFINED && memchr(e.bytes, 0xf0, e.opcode) &&
            form->insn.op != OP_MOV_CR) { /* on AMD that is CR8 */
            test->invalid = TRUE;
            test->insn = form->insn;
            test->insn.length = 15;
            break;
        }
    }
    if (!test->invalid && (status != DECODE_OK || !is_same_form(&test->insn, &form->insn) ||
                           is_out_of_reach(&test->insn, bits))) {
        return FALSE;
    }
    test->length = test->insn.length;
    memcpy(test->bytes, e.bytes, test->length);
    place(test, random);
    if (test->invalid) {
        return TRUE;
    }
    if (test->insn.op == OP_INT) {
        avoid_gates(test);
    }
    for (guint i = 0; i < 3; i++) {
        if (test->insn.operands[i].kind == OPERAND_REL && !aim_branch(test, random)) {
            return FALSE;
        }
        if (test->insn.operands[i].kind == OPERAND_FAR) {
            aim_far(test, random);
        }
        if (test->insn.operands[i].kind == OPERAND_MEMORY && test->insn.index == INSN_NO_REG &&
            (test->insn.base == INSN_NO_REG || test->insn.base == INSN_RIP) &&
            !aim_address(test, &e, random)) {
            return FALSE;
        }
    }
    return decode_insn(&mode, test->bytes, test->length, &test->insn) == DECODE_OK;
}
