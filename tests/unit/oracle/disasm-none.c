/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where Zydis is not installed, reports have the name of the operation. */
#include "tests/unit/oracle/compare.h"

void oracle_disassemble(const OracleCase *test, GString *out)
{
    g_string_append(out, test->invalid ? "(invalid)" : decode_op_info[test->insn.op].name);
}
