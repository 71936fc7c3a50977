/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the opcode maps (decode-tables*.c) and fills the record. */
#include "tcg/decode.h"

#include <string.h>

#include "cpu/registers.h"
#include "tcg/decode-priv.h"

typedef struct Decoder {
    const DecodeMode *mode;
    const guint8 *bytes;
    guint8 position, limit; /* limit: of what may be read, at most 15 */
    guint8 rex;
    guint8 segment; /* override, or INSN_NO_REG */
    guint8 opcode;
    DecodeStatus status; /* the first failure */
    Insn *insn;
} Decoder;

static const Form forms[FORM_COUNT] = {
#define FORM(name, method, reg_size, size, fixed) {METHOD_##method, fixed, reg_size, size},
#include "tcg/decode-forms.h"
#undef FORM
};

/* SDM vol. 2, table 2-1: base and index of 16-bit addressing. */
static const guint8 base16[8] = {CPU_RBX, CPU_RBX, CPU_RBP, CPU_RBP,
                                 CPU_RSI, CPU_RDI, CPU_RBP, CPU_RBX};
static const guint8 index16[8] = {CPU_RSI,     CPU_RDI,     CPU_RSI,     CPU_RDI,
                                  INSN_NO_REG, INSN_NO_REG, INSN_NO_REG, INSN_NO_REG};

enum { REX_B_BIT = 1, REX_X_BIT = 2, REX_R_BIT = 4, REX_W_BIT = 8 };

static G_GNUC_NO_INLINE gboolean fail(Decoder *d, DecodeStatus status)
{
    if (d->status == DECODE_OK) {
        d->status = status;
    }
    return FALSE;
}

/* The next `size` bytes (1, 2, 4, 8), little-endian; 0 and a failure noted if they are missing. */
static inline guint64 fetch(Decoder *d, unsigned size)
{
    const guint8 *at = d->bytes + d->position;
    guint16 v16;
    guint32 v32;
    guint64 v64;

    if (G_UNLIKELY(d->position + size > d->limit)) {
        fail(d, d->limit == DECODE_MAX_LENGTH ? DECODE_TOO_LONG : DECODE_MORE);
        return 0;
    }
    d->position += size;
    switch (size) {
    case 1: return *at;
    case 2: memcpy(&v16, at, 2); return GUINT16_FROM_LE(v16);
    case 4: memcpy(&v32, at, 4); return GUINT32_FROM_LE(v32);
    default: memcpy(&v64, at, 8); return GUINT64_FROM_LE(v64);
    }
}

static inline gint64 fetch_signed(Decoder *d, unsigned size)
{
    unsigned shift = 64 - 8 * size;
    return (gint64)(fetch(d, size) << shift) >> shift;
}

static void override_segment(Decoder *d, guint8 segment)
{
    /* 64-bit mode ignores all but FS and GS, and does not forget these for the others. */
    if (d->mode->bits != 64 || segment >= CPU_FS) {
        d->segment = segment;
        d->insn->prefixes |= PREFIX_SEGMENT;
    }
}

/* One legacy prefix (SDM vol. 2, 2.1.1); FALSE when the byte is something else. */
static gboolean take_prefix(Decoder *d, guint8 byte)
{
    guint8 *prefixes = &d->insn->prefixes;

    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e: override_segment(d, CPU_ES + ((byte >> 3) & 3)); return TRUE;
    case 0x64:
    case 0x65: override_segment(d, CPU_FS + (byte & 1)); return TRUE;
    case 0x66: *prefixes |= PREFIX_OPERAND; return TRUE;
    case 0x67: *prefixes |= PREFIX_ADDRESS; return TRUE;
    case 0xf0: *prefixes |= PREFIX_LOCK; return TRUE;
    case 0xf2: *prefixes = (*prefixes & ~PREFIX_REP) | PREFIX_REPNE; return TRUE;
    case 0xf3: *prefixes = (*prefixes & ~PREFIX_REPNE) | PREFIX_REP; return TRUE;
    default: return FALSE;
    }
}

/* All prefixes, and the first byte of the opcode. */
static guint8 take_prefixes(Decoder *d)
{
    guint8 byte;

    for (;;) {
        byte = fetch(d, 1);
        if (d->status != DECODE_OK) {
            return 0;
        }
        if (d->mode->bits == 64 && (byte & 0xf0) == 0x40) {
            d->rex = byte;
        } else if (take_prefix(d, byte)) {
            d->rex = 0; /* REX counts only just before the opcode (2.2.1) */
        } else {
            return byte;
        }
    }
}

static void set_sizes(Decoder *d)
{
    Insn *insn = d->insn;
    gboolean other_operand = !!(insn->prefixes & PREFIX_OPERAND);
    gboolean other_address = !!(insn->prefixes & PREFIX_ADDRESS);

    if (d->mode->bits == 64) {
        insn->operand_size = d->rex & REX_W_BIT ? 8 : other_operand ? 2 : 4;
        insn->address_size = other_address ? 4 : 8;
    } else {
        gboolean wide = d->mode->bits == 32;
        insn->operand_size = wide != other_operand ? 4 : 2;
        insn->address_size = wide != other_address ? 4 : 2;
    }
    if (d->rex) {
        insn->prefixes |= PREFIX_REX | (d->rex & REX_W_BIT ? PREFIX_REX_W : 0);
    }
}

/* Near branches, and what works on the stack, have a default of their own in 64-bit mode. */
static void set_size_of_op(Decoder *d, guint16 attr)
{
    gboolean keeps_66 = (attr & OP_STACK64) || d->mode->amd_near;

    if (d->mode->bits == 64 && (attr & (OP_STACK64 | OP_NEAR64))) {
        gboolean narrow = d->insn->operand_size == 2 && keeps_66;
        d->insn->operand_size = narrow ? 2 : 8;
    }
}

static inline gboolean need_modrm(Decoder *d)
{
    if (!(d->insn->flags & INSN_MODRM)) {
        d->insn->modrm = fetch(d, 1);
        d->insn->flags |= INSN_MODRM;
    }
    return d->status == DECODE_OK;
}

/* SDM vol. 2, 2.1.2: F3 and F2 win over 66, and then are no repeat prefixes. */
static unsigned take_mandatory_prefix(Insn *insn)
{
    guint8 prefixes = insn->prefixes;

    insn->prefixes &= ~(PREFIX_REP | PREFIX_REPNE);
    return prefixes & PREFIX_REP       ? 2
           : prefixes & PREFIX_REPNE   ? 3
           : prefixes & PREFIX_OPERAND ? 1
                                       : 0;
}

/* From the map's entry down to the operation; NULL when there is none. */
static const Entry *resolve(Decoder *d, const Entry *entry)
{
    Insn *insn = d->insn;

    for (;;) {
        if (entry->kind >= ENTRY_GROUP && entry->kind <= ENTRY_RM && !need_modrm(d)) {
            return NULL;
        }
        switch ((EntryKind)entry->kind) {
        case ENTRY_OP: return entry;
        case ENTRY_OP_NOT64:
        case ENTRY_OP_64:
            if ((entry->kind == ENTRY_OP_64) == (d->mode->bits == 64)) {
                return entry;
            }
            fail(d, DECODE_UNDEFINED);
            return NULL;
        case ENTRY_UNDEFINED: fail(d, DECODE_UNDEFINED); return NULL;
        case ENTRY_MODE: entry = &entry->sub[d->mode->bits == 64]; break;
        case ENTRY_REX_B: entry = &entry->sub[d->rex & REX_B_BIT]; break;
        case ENTRY_REX_W: entry = &entry->sub[!!(d->rex & REX_W_BIT)]; break;
        case ENTRY_OSIZE: entry = &entry->sub[insn->operand_size / 4]; break;
        case ENTRY_ASIZE: entry = &entry->sub[insn->address_size / 4]; break;
        case ENTRY_PREFIX: entry = &entry->sub[take_mandatory_prefix(insn)]; break;
        case ENTRY_GROUP: entry = &entry->sub[(insn->modrm >> 3) & 7]; break;
        case ENTRY_MOD: entry = &entry->sub[insn->modrm >= 0xc0]; break;
        case ENTRY_RM: entry = &entry->sub[insn->modrm & 7]; break;
        case ENTRY_MAP:
            d->opcode = fetch(d, 1);
            if (d->status != DECODE_OK) {
                return NULL;
            }
            entry = &entry->sub[d->opcode];
            break;
        }
    }
}

static void memory16(Decoder *d)
{
    Insn *insn = d->insn;
    unsigned mod = insn->modrm >> 6, rm = insn->modrm & 7;

    insn->base = base16[rm];
    insn->index = index16[rm];
    if (mod == 0 && rm == 6) {
        insn->base = INSN_NO_REG;
        mod = 2;
    }
    if (mod) {
        insn->disp = fetch_signed(d, mod);
    }
}

/* SDM vol. 2, tables 2-2 and 2-3, and 2.2.1 for what REX adds. */
static void memory32(Decoder *d)
{
    Insn *insn = d->insn;
    unsigned mod = insn->modrm >> 6, rm = insn->modrm & 7;
    unsigned extend = d->rex & REX_B_BIT ? 8 : 0;

    if (rm == 4) {
        guint8 sib = fetch(d, 1);
        unsigned index = ((sib >> 3) & 7) | (d->rex & REX_X_BIT ? 8 : 0);

        if (index != CPU_RSP) {
            insn->index = index;
            insn->scale = sib >> 6;
        }
        rm = sib & 7;
        if (rm != 5 || mod) {
            insn->base = rm | extend;
        }
    } else if (rm == 5 && mod == 0) {
        insn->base = d->mode->bits == 64 ? INSN_RIP : INSN_NO_REG;
    } else {
        insn->base = rm | extend;
    }
    if (mod == 1) {
        insn->disp = fetch_signed(d, 1);
    } else if (mod == 2 || (rm == 5 && mod == 0)) {
        insn->disp = fetch_signed(d, 4);
    }
}

static void take_memory(Decoder *d)
{
    Insn *insn = d->insn;

    if (insn->address_size == 2) {
        memory16(d);
    } else {
        memory32(d);
    }
    if (d->segment == INSN_NO_REG && (insn->base == CPU_RBP || insn->base == CPU_RSP)) {
        insn->segment = CPU_SS;
    }
}

/* What the SIZE_* of decode-priv.h are, by operand size (2, 4, 8) and in 64-bit mode. */
static const guint8 sizes[2][3][SIZE_SAVE - SIZE_V + 1] = {
    /*  V, Z, Y, P, S, A, natural, env, save */
    {{2, 2, 4, 4, 6, 4, 4, 14, 94}, {4, 4, 4, 6, 6, 8, 4, 28, 108}},
    {{2, 2, 4, 4, 10, 4, 8, 14, 94},
     {4, 4, 4, 6, 10, 8, 8, 28, 108},
     {8, 4, 8, 10, 10, 16, 8, 28, 108}},
};

static inline unsigned size_of(const Decoder *d, unsigned size)
{
    if (size < SIZE_V) {
        return size;
    }
    return sizes[d->mode->bits == 64][d->insn->operand_size >> 2][size - SIZE_V];
}

/* Without REX, byte registers 4-7 are AH, CH, DH, BH. */
static void set_general(const Decoder *d, Operand *operand, unsigned reg)
{
    operand->kind = OPERAND_REG;
    operand->reg = reg;
    if (operand->size == 1 && reg >= 4 && !d->rex) {
        operand->kind = OPERAND_HIGH;
        operand->reg = reg - 4;
    }
}

static inline gboolean is_control(unsigned reg)
{
    return reg == 0 || (reg >= 2 && reg <= 4) || reg == 8;
}

/* How ModRM names an operand. */
static const struct {
    guint8 kind; /* of a register; OPERAND_NONE: memory only */
    guint8 mask; /* of the register's number: what REX adds counts, or does not */
    guint8 in_rm;
    guint8 memory; /* mod other than 3 is memory */
} methods[METHOD_LAST_MODRM + 1] = {
    [METHOD_E] = {OPERAND_REG, 15, 1, 1},  [METHOD_M] = {OPERAND_NONE, 15, 1, 1},
    [METHOD_RM] = {OPERAND_REG, 15, 1, 0}, [METHOD_G] = {OPERAND_REG, 15, 0, 0},
    [METHOD_S] = {OPERAND_SEGMENT, 7},     [METHOD_C] = {OPERAND_CONTROL, 15},
    [METHOD_D] = {OPERAND_DEBUG, 15},      [METHOD_P] = {OPERAND_MMX, 7},
    [METHOD_Q] = {OPERAND_MMX, 7, 1, 1},   [METHOD_N] = {OPERAND_MMX, 7, 1, 0},
    [METHOD_V] = {OPERAND_XMM, 15},        [METHOD_W] = {OPERAND_XMM, 15, 1, 1},
    [METHOD_U] = {OPERAND_XMM, 15, 1, 0},  [METHOD_ST] = {OPERAND_ST, 7, 1, 0},
};

/* `size` of the register is set. */
static gboolean take_modrm_operand(Decoder *d, const Form *form, Operand *operand)
{
    unsigned modrm = d->insn->modrm;
    unsigned reg = ((modrm >> 3) & 7) | (d->rex & REX_R_BIT ? 8 : 0);
    unsigned rm = (modrm & 7) | (d->rex & REX_B_BIT ? 8 : 0);
    unsigned method = form->method;

    if (methods[method].memory && modrm < 0xc0) {
        operand->kind = OPERAND_MEMORY;
        operand->size = size_of(d, form->size);
        return TRUE;
    }
    operand->kind = methods[method].kind;
    operand->reg = (methods[method].in_rm ? rm : reg) & methods[method].mask;
    switch (operand->kind) {
    case OPERAND_REG: set_general(d, operand, operand->reg); return TRUE;
    case OPERAND_SEGMENT: return operand->reg <= CPU_GS || fail(d, DECODE_UNDEFINED);
    case OPERAND_CONTROL: return is_control(operand->reg) || fail(d, DECODE_UNDEFINED);
    case OPERAND_DEBUG: return operand->reg < 8 || fail(d, DECODE_UNDEFINED);
    case OPERAND_NONE: return fail(d, DECODE_UNDEFINED);
    default:
        /* N and U: a register or nothing. */
        return modrm >= 0xc0 || !methods[method].in_rm || fail(d, DECODE_UNDEFINED);
    }
}

static void take_immediate(Decoder *d, const Form *form, Operand *operand)
{
    operand->kind = OPERAND_IMM;
    if (form->size & SIZE_SIGNED && form->size < SIZE_V) {
        operand->size = d->insn->operand_size;
        d->insn->imm = fetch_signed(d, form->size & 1 ? 1 : size_of(d, SIZE_Z));
    } else {
        operand->size = size_of(d, form->size);
        d->insn->imm = fetch(d, operand->size);
    }
}

/* Operands that ModRM has no part in. */
static void take_other_operand(Decoder *d, const Form *form, Operand *operand)
{
    Insn *insn = d->insn;
    unsigned size = size_of(d, form->size);

    switch ((Method)form->method) {
    case METHOD_ST0: operand->kind = OPERAND_ST; return;
    case METHOD_Z: set_general(d, operand, (d->opcode & 7) | (d->rex & REX_B_BIT ? 8 : 0)); return;
    case METHOD_FIXED: operand->kind = OPERAND_REG, operand->reg = form->fixed; return;
    case METHOD_SEG: operand->kind = OPERAND_SEGMENT, operand->reg = form->fixed; return;
    case METHOD_I: take_immediate(d, form, operand); return;
    case METHOD_I2: operand->kind = OPERAND_IMM2, insn->disp = fetch(d, 1); break;
    case METHOD_ONE: operand->kind = OPERAND_IMM, insn->imm = 1; break;
    case METHOD_J: operand->kind = OPERAND_REL, insn->imm = fetch_signed(d, size); break;
    case METHOD_A:
        operand->kind = OPERAND_FAR;
        insn->imm = fetch(d, insn->operand_size);
        insn->disp = fetch(d, 2);
        break;
    case METHOD_O:
        operand->kind = OPERAND_MEMORY;
        insn->imm = fetch(d, insn->address_size);
        break;
    case METHOD_X: operand->kind = OPERAND_SOURCE; break;
    default: operand->kind = OPERAND_TARGET; break;
    }
    operand->size = size;
}

static inline gboolean has_modrm(const Form *form)
{
    return form->method != METHOD_NONE && form->method <= METHOD_LAST_MODRM;
}

static gboolean take_operands(Decoder *d, const Entry *entry)
{
    const Form *form[3] = {&forms[entry->form[0]], &forms[entry->form[1]], &forms[entry->form[2]]};
    Insn *insn = d->insn;

    if ((has_modrm(form[0]) || has_modrm(form[1])) && !need_modrm(d)) {
        return FALSE;
    }
    if (insn->flags & INSN_MODRM) {
        gboolean any_mod = form[0]->method == METHOD_RM || form[1]->method == METHOD_RM;

        if (insn->modrm < 0xc0 && !any_mod) {
            take_memory(d);
        }
    }
    for (unsigned i = 0; i < 3 && form[i]->method != METHOD_NONE; i++) {
        Operand *operand = &insn->operands[i];

        operand->size = size_of(d, form[i]->reg_size);
        if (!has_modrm(form[i])) {
            take_other_operand(d, form[i], operand);
        } else if (!take_modrm_operand(d, form[i], operand)) {
            return FALSE;
        }
    }
    return d->status == DECODE_OK;
}

/* Whether this processor and this mode have the operation. */
static gboolean is_there(Decoder *d, const OpInfo *info)
{
    const Insn *insn = d->insn;
    unsigned extension = info->extension;

    if (info->attr & OP_PROTECTED && !d->mode->protect) {
        return FALSE;
    }
    if (info->attr & OP_MMX_XMM && extension < EXT_SSE2 &&
        (insn->operands[0].kind == OPERAND_XMM || insn->operands[1].kind == OPERAND_XMM)) {
        extension = EXT_SSE2;
    }
    if (insn->op == OP_PEXTRW && insn->operands[0].kind == OPERAND_MEMORY) {
        extension = EXT_SSE41;
    }
    return extension == EXT_BASE || (d->mode->extensions >> extension & 1);
}

static void note_memory(Insn *insn, const OpInfo *info)
{
    for (unsigned i = 0; i < 3 && insn->operands[i].kind != OPERAND_NONE; i++) {
        const Operand *operand = &insn->operands[i];

        if (operand->kind == OPERAND_MEMORY && operand->size) {
            unsigned access = info->access >> (2 * i) & 3;
            gboolean simd = info->extension >= EXT_SSE && !(info->attr & OP_UNALIGNED);

            insn->flags |= access & ACCESS_READ ? INSN_READS : 0;
            insn->flags |= access & ACCESS_WRITE ? INSN_WRITES : 0;
            if (operand->size == 16 && (simd || info->attr & OP_MMX_XMM)) {
                insn->flags |= INSN_ALIGNED;
            }
        }
    }
}

static gboolean decode(Decoder *d)
{
    Insn *insn = d->insn;
    const OpInfo *info;
    const Entry *entry;

    d->opcode = take_prefixes(d);
    if (d->status != DECODE_OK) {
        return FALSE;
    }
    set_sizes(d);
    insn->segment = d->segment == INSN_NO_REG ? CPU_DS : d->segment;
    entry = resolve(d, &decode_map_one[d->opcode]);
    if (!entry) {
        return FALSE;
    }
    insn->op = entry->op;
    info = &decode_op_info[entry->op];
    set_size_of_op(d, info->attr);
    if (!take_operands(d, entry)) {
        return FALSE;
    }
    if (!is_there(d, info) || (insn->op == OP_MOV_SEG && insn->operands[0].reg == CPU_CS) ||
        (insn->prefixes & PREFIX_LOCK &&
         (!(info->attr & OP_LOCKABLE) || insn->operands[0].kind != OPERAND_MEMORY))) {
        return fail(d, DECODE_UNDEFINED);
    }
    note_memory(insn, info);
    insn->flags |= info->attr & (OP_BRANCH | OP_SERIAL) ? INSN_ENDS_BLOCK : 0;
    insn->opcode = d->opcode;
    insn->length = d->position;
    return TRUE;
}

DecodeStatus decode_insn(const DecodeMode *mode, const guint8 *bytes, gsize count, Insn *insn)
{
    Decoder d = {
        .mode = mode,
        .bytes = bytes,
        .limit = MIN(count, DECODE_MAX_LENGTH),
        .segment = INSN_NO_REG,
        .insn = insn,
    };

    *insn = (Insn){.base = INSN_NO_REG, .index = INSN_NO_REG};
    decode(&d);
    return d.status;
}
