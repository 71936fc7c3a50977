/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/block.h"

Handler record_choose_handler(const TcgCpu *cpu, const Insn *insn, guint32 live, Record *record)
{
    return record_op_handler(insn, record);
}
