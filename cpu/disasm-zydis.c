/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <Zydis/Zydis.h>
#include <string.h>

#include "cpu/disasm.h"

gboolean cpu_can_disassemble(void)
{
    return TRUE;
}

static gboolean init_decoder(ZydisDecoder *decoder, guint bits)
{
    switch (bits) {
    case 64:
        return ZYAN_SUCCESS(
            ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
    case 32:
        return ZYAN_SUCCESS(
            ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32));
    default:
        return ZYAN_SUCCESS(
            ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16));
    }
}

static gboolean init_formatter(ZydisFormatter *formatter)
{
    return ZYAN_SUCCESS(ZydisFormatterInit(formatter, ZYDIS_FORMATTER_STYLE_ATT)) &&
           ZYAN_SUCCESS(ZydisFormatterSetProperty(formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE,
                                                  ZYAN_FALSE)) &&
           ZYAN_SUCCESS(ZydisFormatterSetProperty(
               formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED)) &&
           ZYAN_SUCCESS(ZydisFormatterSetProperty(formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING,
                                                  ZYDIS_PADDING_DISABLED)) &&
           ZYAN_SUCCESS(ZydisFormatterSetProperty(formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING,
                                                  ZYDIS_PADDING_DISABLED));
}

guint cpu_disassemble(const guint8 *bytes, gsize length, guint bits, guint64 addr, GString *out)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[256];

    if (!init_decoder(&decoder, bits) || !init_formatter(&formatter) ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, MIN(length, CPU_MAX_INSTRUCTION),
                                             &insn, operands)) ||
        !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &insn, operands,
                                                      insn.operand_count_visible, text,
                                                      sizeof(text), addr, NULL))) {
        return 0;
    }
    /* Operands in a column, where prefixes leave one. */
    char *space = strrchr(text, ' ');
    for (char *p = text; insn.operand_count_visible > 0 && (p = strchr(p, ' ')); p++) {
        if (strchr("$%*(-+", p[1]) || g_ascii_isdigit(p[1])) {
            space = p;
            break;
        }
    }
    if (space && insn.operand_count_visible > 0) {
        *space = '\0';
        g_string_append_printf(out, "%-8s %s", text, space + 1);
    } else {
        g_string_append(out, text);
    }
    return insn.length;
}
