/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/error.h"

G_DEFINE_QUARK(vitrine - error - quark, vitrine_error)

gboolean error_set(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error) {
        g_autofree char *text = g_strdup_vprintf(format, args);

        g_set_error_literal(error, VITRINE_ERROR, VITRINE_ERROR_GENERIC, text);
    }
    va_end(args);
    return FALSE;
}

gboolean error_set_errno(GError **error, int errnum, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error) {
        g_autofree char *text = g_strdup_vprintf(format, args);

        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_GENERIC, "%s: %s", text,
                    g_strerror(errnum));
    }
    va_end(args);
    return FALSE;
}
