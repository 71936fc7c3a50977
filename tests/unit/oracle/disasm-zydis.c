/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disassembly in reports, by Zydis. */
#include <Zydis/Zydis.h>

#include "tests/unit/oracle/compare.h"

void oracle_disassemble(const OracleCase *test, GString *out)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[160];

    ZydisDecoderInit(&decoder,
                     test->bits == 64   ? ZYDIS_MACHINE_MODE_LONG_64
                     : test->bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32
                                        : ZYDIS_MACHINE_MODE_LEGACY_16,
                     test->bits == 64   ? ZYDIS_STACK_WIDTH_64
                     : test->bits == 32 ? ZYDIS_STACK_WIDTH_32
                                        : ZYDIS_STACK_WIDTH_16);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    if (ZYAN_SUCCESS(
            ZydisDecoderDecodeFull(&decoder, test->bytes, test->length, &insn, operands)) &&
        ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &insn, operands,
                                                     insn.operand_count_visible, text, sizeof(text),
                                                     test->in.rip, NULL))) {
        g_string_append(out, text);
    } else {
        g_string_append(out, "(invalid)");
    }
}
