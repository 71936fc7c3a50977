/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/fast.h"

#include <stddef.h>

#include "tcg/operand.h"

const Record *fast_slow(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    tcg_ops[record->insn->op](cpu, record->insn);
    return record_next(cpu, record);
}

const Record *fast_slow_end(TcgCpu *cpu, const Record *record)
{
    cpu->current = record;
    cpu->rip = tcg_next_rip(cpu);
    tcg_ops[record->insn->op](cpu, record->insn);
    return NULL;
}

/* ---- setting up a record ---- */

static guint16 gpr_offset(guint reg)
{
    return (guint16)(offsetof(TcgCpu, gpr) + 8 * reg);
}

guint16 fast_reg_offset(const Operand *operand)
{
    return (guint16)(gpr_offset(operand->reg) + (operand->kind == OPERAND_HIGH));
}

static void set_address(const TcgCpu *cpu, const Insn *insn, Record *record)
{
    record->base = record->index = (guint16)offsetof(TcgCpu, zero);
    record->disp = insn->disp;
    if (insn->base == INSN_RIP) {
        record->base = (guint16)offsetof(TcgCpu, page_rip);
        record->disp += record->offset + record->length;
    } else if (insn->base != INSN_NO_REG) {
        record->base = gpr_offset(insn->base);
    }
    if (insn->index != INSN_NO_REG) {
        record->index = gpr_offset(insn->index);
        record->scale = insn->scale;
    }
    if (!(insn->flags & INSN_MODRM)) { /* MOV with a full address */
        record->disp = (gint64)insn->imm;
    }
    record->segment = (guint16)(offsetof(TcgCpu, base) + 8 * insn->segment);
    record->flags |= insn->address_size == 4   ? RECORD_ADDRESS32
                     : insn->address_size == 2 ? RECORD_ADDRESS16
                                               : 0;
    record->flags |= tcg_is_64bit(cpu) ? 0 : RECORD_LEGACY;
    if (record->flags == 0 && record->index == offsetof(TcgCpu, zero) && insn->segment != CPU_FS &&
        insn->segment != CPU_GS) {
        record->flags |= RECORD_PLAIN; /* the others' bases are 0 in 64-bit mode */
    }
}

/* No limit or rights to look at. Legacy modes: CS cannot be written, FS and GS may be anything. */
static gboolean is_unchecked(const TcgCpu *cpu, const Insn *insn)
{
    return (cpu->mode & MODE_FLAT_DATA) && (tcg_is_64bit(cpu) || insn->segment == CPU_ES ||
                                            insn->segment == CPU_SS || insn->segment == CPU_DS);
}

/* FALSE: an operand that fast handlers do not know. */
static gboolean set_operands(const TcgCpu *cpu, const Insn *insn, Record *record)
{
    for (guint i = 0; i < 2; i++) {
        const Operand *operand = &insn->operands[i];
        guint16 *offset = i == 0 ? &record->dst : &record->src;

        switch (operand->kind) {
        case OPERAND_REG:
        case OPERAND_HIGH: *offset = fast_reg_offset(operand); break;
        case OPERAND_MEMORY:
            if (!is_unchecked(cpu, insn) && insn->op != OP_LEA) {
                return FALSE;
            }
            set_address(cpu, insn, record);
            break;
        case OPERAND_XMM: *offset = (guint16)(offsetof(TcgCpu, fpu.xmm) + 16 * operand->reg); break;
        case OPERAND_NONE:
        case OPERAND_IMM:
        case OPERAND_REL:
        case OPERAND_ST:
        case OPERAND_MMX: break;
        default: return FALSE;
        }
    }
    record->imm = insn->imm;
    return TRUE;
}

/* A string instruction on memory, which only its own repetitions keep from going on. */
static gboolean is_repeated(const Insn *insn)
{
    return (decode_op_info[insn->op].attr & (OP_STRING | OP_IOPL)) == OP_STRING &&
           record_ends_block(insn);
}

Handler record_choose_handler(const TcgCpu *cpu, const Insn *insn, guint32 live, Record *record)
{
    gboolean flags_live = (decode_op_info[insn->op].flags_written & live) != 0;
    Handler handler = NULL;

    if (!(insn->prefixes & PREFIX_LOCK) && set_operands(cpu, insn, record)) {
        handler = fast_alu_handler(cpu, insn, flags_live, record);
        handler = handler ? handler : fast_move_handler(cpu, insn, record);
        handler = handler ? handler : fast_shift_handler(cpu, insn, flags_live, record);
        handler = handler ? handler : fast_branch_handler(cpu, insn, record);
        handler = handler ? handler : fast_bits_handler(cpu, insn, record);
        handler = handler ? handler : fast_fpu_handler(cpu, insn, record);
    }
    if (!handler) {
        handler = record_op_handler(insn, record);
        return is_repeated(insn) ? record_repeat : handler;
    }
    return handler;
}
