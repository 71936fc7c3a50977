/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer expressions as monitor commands take them: "($rsp + 8) & ~0xf". 64-bit, wrapping, with
 * C's operators and precedence; numbers are decimal, 0x hexadecimal, 0 octal, or 'c' a character.
 * Pure functions: any thread. The text may come from anyone; nesting is bounded.
 */
#pragma once

#include <glib.h>

/* Value of a register by name without the "$". FALSE if there is none of that name. */
typedef gboolean (*ExpressionRegisterFn)(const char *name, guint64 *value, void *opaque);

/*
 * Evaluates the expression at *text and moves *text to the first character that cannot belong to
 * it. On failure *text is unchanged.
 */
gboolean expression_parse(const char **text, ExpressionRegisterFn get_register, void *opaque,
                          gint64 *value, GError **error);
