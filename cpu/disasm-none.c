/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/disasm.h"

gboolean cpu_can_disassemble(void)
{
    return FALSE;
}

guint cpu_disassemble(const guint8 *bytes, gsize length, guint bits, guint64 addr, GString *out)
{
    return 0;
}
